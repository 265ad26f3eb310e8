//! Measurements with a mock clock and pins that remember: what is marked, when the core wakes, how often it updates.

use app::{
    IdleClock, Markers, Meter, SequenceFile, SequenceHeader,
    measure::{Calibration, Measure, MeasureError, Mode, Window},
};
use embedded_hal::digital::{ErrorType, OutputPin};
use fixed::types::{I16F16, U0F32};
use skiprnn_nostd::{Network, Step, runner::Clock};
use std::{cell::RefCell, convert::Infallible, rc::Rc};

/// 20 ms at 1 kHz.
const PERIOD: u64 = 20;
/// Ticks of an update.
const UPDATE: u64 = 3;

#[derive(Default)]
struct World {
    now: u64,
    /// (tick, pin, high).
    edges: Vec<(u64, &'static str, bool)>,
}

type Shared = Rc<RefCell<World>>;

struct MockClock(Shared);

impl Clock for MockClock {
    type Error = Infallible;

    fn ticks_per_second(&self) -> u32 {
        1000
    }

    /// Asking takes a tick, so that busy loops end.
    fn now(&mut self) -> u64 {
        let mut world = self.0.borrow_mut();
        world.now += 1;
        world.now - 1
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Infallible> {
        let mut world = self.0.borrow_mut();
        world.now = world.now.max(tick);
        Ok(())
    }
}

impl IdleClock for MockClock {
    fn idle_until(&mut self, tick: u64) -> Result<(), Infallible> {
        self.sleep_until(tick)
    }
}

/// Counts ten ticks for each of the clock's.
struct MockMeter(Shared, u64);

impl Meter for MockMeter {
    fn start(&mut self) {
        self.1 = self.0.borrow().now;
    }

    fn stop(&mut self) -> u32 {
        ((self.0.borrow().now - self.1) * 10) as u32
    }
}

struct MockPin(Shared, &'static str, bool);

impl ErrorType for MockPin {
    type Error = Infallible;
}

impl OutputPin for MockPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.set(false)
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.set(true)
    }
}

impl MockPin {
    fn set(&mut self, high: bool) -> Result<(), Infallible> {
        if self.2 != high {
            self.2 = high;
            let mut world = self.0.borrow_mut();
            let now = world.now;
            world.edges.push((now, self.1, high));
        }
        Ok(())
    }
}

/// Skips two samples after every update.
struct Skipping(Shared);

impl Network for Skipping {
    type Error = &'static str;

    fn inputs(&self) -> usize {
        1
    }

    fn outputs(&self) -> usize {
        1
    }

    fn sample_period_ns(&self) -> u64 {
        20_000_000
    }

    fn sequence_length(&self) -> u32 {
        8
    }

    fn set_dial(&mut self, _: I16F16) {}

    fn reset(&mut self) -> Result<(), &'static str> {
        Ok(())
    }

    fn step(&mut self, counts: &[i16]) -> Result<Step, &'static str> {
        if counts.len() != 1 {
            return Err("length");
        }
        self.0.borrow_mut().now += UPDATE;
        Ok(Step {
            delta: U0F32::from_num(0.2),
            skip: 2,
        })
    }

    fn logits(&self, _: &mut [i32]) -> Result<(), &'static str> {
        Ok(())
    }

    fn decide(&self, _: &[i32]) -> usize {
        0
    }
}

type Mocked = Measure<Skipping, MockClock, MockMeter, MockPin, MockPin, MockPin>;

fn measure() -> (Shared, Mocked) {
    let world = Shared::default();
    let pin = |name| MockPin(world.clone(), name, false);
    let markers = Markers {
        seq: pin("SEQ"),
        awake: pin("AWAKE"),
        update: pin("UPDATE"),
    };
    let (network, clock, meter) = (
        Skipping(world.clone()),
        MockClock(world.clone()),
        MockMeter(world.clone(), 0),
    );
    let measure = Measure::new(network, clock, meter, markers).unwrap();
    (world, measure)
}

/// Two sequences of eight samples.
fn file() -> Vec<u8> {
    let samples: Vec<u8> = (0..16i16).flat_map(i16::to_le_bytes).collect();
    let header = SequenceHeader::of([2, 8, 1], &samples).unwrap();
    [header.to_bytes().as_slice(), &samples].concat()
}

fn run(mode: Mode, seconds: u32) -> (Window, Vec<(u64, &'static str, bool)>) {
    let (world, mut measure) = measure();
    let bytes = file();
    let recording = SequenceFile::find(&bytes).unwrap();
    let window = measure.window(mode, || recording, seconds).unwrap();
    let edges = std::mem::take(&mut world.borrow_mut().edges);
    (window, edges)
}

/// How long a pin was high.
fn high(edges: &[(u64, &'static str, bool)], name: &str) -> u64 {
    let ticks = |level: bool| -> u64 {
        let of = |edge: &&(u64, &'static str, bool)| edge.1 == name && edge.2 == level;
        edges.iter().filter(of).map(|edge| edge.0).sum()
    };
    ticks(false) - ticks(true)
}

#[test]
fn three_ways_over_the_same_sequences() {
    // Updates at samples 0, 3 and 6 of each sequence, or at all eight; a wake for each, and one for the end. The very first
    // wake lies before the window.
    for (mode, updates, wakes) in [(Mode::Dense, 16, 17), (Mode::SkipPoll, 6, 17), (Mode::SkipSleep, 6, 7)] {
        let (window, edges) = run(mode, 0);
        assert_eq!(
            (window.sequences, window.updates.count, window.wakes),
            (2, updates, wakes),
            "{mode:?}"
        );
        assert_eq!(window.updates.sum, updates * UPDATE * 10, "{mode:?}");
        // The window reaches from the first sample to the end of the second sequence; what is not slept is spent on
        // updates, and on asking the time.
        assert!(
            (17 * PERIOD..17 * PERIOD + 4).contains(&window.ticks),
            "{mode:?}: {window:?}"
        );
        let awake = window.ticks - window.asleep_ticks;
        let asked = 4 * wakes + 4;
        assert!(
            (updates * UPDATE..updates * UPDATE + asked).contains(&awake),
            "{mode:?}: {awake}"
        );
        // SEQ is high from a sequence's first sample to the end of its last one: eight periods, but for a wake's delay.
        let seq = high(&edges, "SEQ");
        assert!(
            (2 * 8 * PERIOD - 4..=2 * 8 * PERIOD + 4).contains(&seq),
            "{mode:?}: {seq}"
        );
        assert_eq!(high(&edges, "UPDATE"), updates * UPDATE, "{mode:?}");
        let rises: Vec<u64> = edges.iter().filter(|e| e.1 == "SEQ" && e.2).map(|e| e.0).collect();
        // The second begins nine points after the first, which was a question or two after its instant.
        assert!(
            (9 * PERIOD - 2..=9 * PERIOD).contains(&(rises[1] - rises[0])),
            "{mode:?}: {rises:?}"
        );
    }
}

#[test]
fn a_window_lasts_as_long_as_it_should() {
    // Two sequences of 180 ms a pass.
    let (window, edges) = run(Mode::SkipSleep, 1);
    assert_eq!((window.sequences, window.updates.count), (6, 18));
    let rises: Vec<u64> = edges.iter().filter(|e| e.1 == "SEQ" && e.2).map(|e| e.0).collect();
    assert_eq!(rises.len(), 6);
    for (index, rise) in rises.iter().enumerate().skip(1) {
        assert_eq!(
            rise - rises[1],
            (index as u64 - 1) * 9 * PERIOD,
            "one grid for all passes"
        );
    }
}

#[test]
fn calibrations_mark_their_window() {
    for (calibration, updates, wakes, ticks) in [
        (Calibration::Busy(2), 0, 0, 2000),
        (Calibration::Idle(2), 0, 0, 2000),
        (Calibration::Asleep(2), 0, 1, 2000),
        (Calibration::Wakes(100), 0, 100, 1000),
        (Calibration::Updates(100), 100, 0, 300),
    ] {
        let (world, mut measure) = measure();
        let window = measure.calibrate(calibration, &[1]).unwrap();
        assert_eq!(
            (window.updates.count, window.wakes),
            (updates, wakes),
            "{calibration:?}"
        );
        assert!(
            (ticks..ticks + 5).contains(&window.ticks),
            "{calibration:?}: {window:?}"
        );
        let edges = &world.borrow().edges;
        assert!(high(edges, "SEQ").abs_diff(ticks) < 5, "{calibration:?}");
        assert_eq!(high(edges, "UPDATE"), updates * UPDATE, "{calibration:?}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let (_, mut measure) = measure();
    let error = measure.calibrate(Calibration::Updates(1), &[1, 2]).unwrap_err();
    assert_eq!(error, MeasureError::Network("length"));
    assert!(error.to_string().contains("length"));
    let mut bytes = file();
    bytes[12] = 4;
    bytes[16] = 2;
    let recording = SequenceFile::find(&bytes).unwrap();
    let error = measure.window(Mode::Dense, || recording, 0).unwrap_err();
    assert_eq!(error, MeasureError::Inputs);
}
