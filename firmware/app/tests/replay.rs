//! A replay with a scripted network, a mock clock and mock pins: when it reads, when it sleeps, what it counts.

use app::{
    Clock, Markers, Meter, Network, Replay, ReplayError, SampleSource, SequenceFile, Summary, record::Tally,
    replay::UNKNOWN_PERIOD_NS, stored::SampleError,
};
use embedded_hal_mock::eh1::digital::{Mock as PinMock, State, Transaction};
use std::{cell::RefCell, rc::Rc};

/// Ticks of a sample period: 20 ms at 1 kHz.
const PERIOD: u64 = 20;

/// The one thing that all mocks share: the time, and what happened when.
#[derive(Default)]
struct World {
    now: u64,
    events: Vec<Event>,
}

type Shared = Rc<RefCell<World>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Read { sample: u32, at: u64 },
    Sleep { from: u64, to: u64 },
    Reset,
}

struct MockClock {
    world: Shared,
    fails: bool,
    /// Ticks by which every wake-up comes too late.
    oversleeps: u64,
}

impl Clock for MockClock {
    type Error = &'static str;

    fn ticks_per_second(&self) -> u32 {
        1000
    }

    fn now(&mut self) -> u64 {
        self.world.borrow().now
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), &'static str> {
        if self.fails {
            return Err("the alarm does not start");
        }
        let mut world = self.world.borrow_mut();
        let from = world.now;
        world.now = from.max(tick) + self.oversleeps;
        world.events.push(Event::Sleep { from, to: tick });
        Ok(())
    }
}

/// Counts ten ticks for each of the clock's.
struct MockMeter {
    world: Shared,
    started: u64,
}

impl Meter for MockMeter {
    fn start(&mut self) {
        self.started = self.world.borrow().now;
    }

    fn stop(&mut self) -> u32 {
        ((self.world.borrow().now - self.started) * 10) as u32
    }
}

/// Skips and takes as long as its script says, update by update; the script starts over with every sequence.
struct Scripted {
    world: Shared,
    /// (N_skip, ticks of the clock that the update takes).
    script: Vec<(u32, u64)>,
    updates: usize,
    sum: i32,
    inputs: usize,
    period_ns: u64,
}

impl Network for Scripted {
    type Error = &'static str;

    fn inputs(&self) -> usize {
        self.inputs
    }

    fn outputs(&self) -> usize {
        2
    }

    fn sample_period_ns(&self) -> u64 {
        self.period_ns
    }

    fn reset(&mut self) -> Result<(), &'static str> {
        self.world.borrow_mut().events.push(Event::Reset);
        (self.updates, self.sum) = (0, 0);
        Ok(())
    }

    fn step(&mut self, counts: &[i16]) -> Result<u32, &'static str> {
        let &(skip, ticks) = self.script.get(self.updates).ok_or("the script has ended")?;
        self.updates += 1;
        self.sum += counts.iter().map(|&count| i32::from(count)).sum::<i32>();
        self.world.borrow_mut().now += ticks;
        Ok(skip)
    }

    fn logits(&self, out: &mut [i32]) -> Result<(), &'static str> {
        out.copy_from_slice(&[-self.sum, self.sum]);
        Ok(())
    }

    fn decide(&self, logits: &[i32]) -> usize {
        usize::from(logits[1] > logits[0])
    }

    fn state_crc(&self) -> u32 {
        self.updates as u32
    }
}

/// Gives the sample's index as its count, and notes when it was asked.
struct MockSource {
    world: Shared,
    ends_at: u32,
}

impl SampleSource for MockSource {
    fn read(&mut self, sample: u32, counts: &mut [i16]) -> Result<(), SampleError> {
        let mut world = self.world.borrow_mut();
        let at = world.now;
        world.events.push(Event::Read { sample, at });
        if sample >= self.ends_at {
            return Err(SampleError::EndOfRecording);
        }
        counts.fill(sample as i16);
        Ok(())
    }
}

type Pins = Markers<PinMock, PinMock, PinMock>;

/// Pins that accept a script of levels each, in order, and nothing else.
fn pins(seq: &[bool], awake: &[bool], update: &[bool]) -> (Pins, Pins) {
    let pin = |levels: &[bool]| {
        let level = |high: &bool| Transaction::set(if *high { State::High } else { State::Low });
        PinMock::new(&levels.iter().map(level).collect::<Vec<_>>())
    };
    let markers = Markers {
        seq: pin(seq),
        awake: pin(awake),
        update: pin(update),
    };
    let twin = Markers {
        seq: markers.seq.clone(),
        awake: markers.awake.clone(),
        update: markers.update.clone(),
    };
    (markers, twin)
}

/// Pins that nobody looks at.
#[derive(Clone)]
struct AnyPin;

impl embedded_hal::digital::ErrorType for AnyPin {
    type Error = std::convert::Infallible;
}

impl embedded_hal::digital::OutputPin for AnyPin {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

fn any_pins() -> Markers<AnyPin, AnyPin, AnyPin> {
    Markers {
        seq: AnyPin,
        awake: AnyPin,
        update: AnyPin,
    }
}

/// A network with this script, and the clocks beside it, at tick 1003.
fn parts(script: &[(u32, u64)]) -> (Shared, Scripted, MockClock, MockMeter) {
    let world = Rc::new(RefCell::new(World {
        now: 1003,
        ..World::default()
    }));
    let network = Scripted {
        world: world.clone(),
        script: script.to_vec(),
        updates: 0,
        sum: 0,
        inputs: 1,
        period_ns: 1_000_000 * PERIOD,
    };
    let clock = MockClock {
        world: world.clone(),
        fails: false,
        oversleeps: 0,
    };
    let meter = MockMeter {
        world: world.clone(),
        started: 0,
    };
    (world, network, clock, meter)
}

fn reads(world: &Shared) -> Vec<(u32, u64)> {
    let read = |event: &Event| match event {
        Event::Read { sample, at } => Some((*sample, *at)),
        _ => None,
    };
    world.borrow().events.iter().filter_map(read).collect()
}

/// `n` sequences of `t` samples of one channel, each sample its own index.
fn file(n: u32, t: u32) -> Vec<u8> {
    let samples: Vec<u8> = (0..n)
        .flat_map(|_| 0..t)
        .flat_map(|k| (k as i16).to_le_bytes())
        .collect();
    let mut bytes = b"SRSQ\x01\x00\x20\x00".to_vec();
    for field in [
        n,
        t,
        1,
        0,
        samples.len() as u32,
        crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&samples),
    ] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(samples);
    bytes
}

#[test]
fn samples_are_read_at_their_instants_and_never_between() {
    let (world, network, clock, meter) = parts(&[(2, 3), (0, 3), (9, 3)]);
    let mut source = MockSource {
        world: world.clone(),
        ends_at: 10,
    };
    let mut replay = Replay::new(network, clock, meter, any_pins()).unwrap();
    let record = replay.sequence(7, 10, &mut source).unwrap();
    // The grid's origin is the tick at which the replay was made.
    assert_eq!(
        reads(&world),
        [(0, 1003), (3, 1003 + 3 * PERIOD), (4, 1003 + 4 * PERIOD)]
    );
    assert_eq!(record.sequence, 7);
    assert_eq!(record.schedule.samples().collect::<Vec<_>>(), [0, 3, 4]);
    assert_eq!(
        (record.decision, record.logits.as_slice(), record.state_crc),
        (1, &[-7, 7][..], 3)
    );
    assert_eq!(
        record.update_ticks,
        Tally {
            count: 3,
            sum: 90,
            min: 30,
            max: 30
        }
    );
    assert_eq!(record.asleep_ticks, 3 * PERIOD - 3 + PERIOD - 3);
    assert_eq!(record.late_updates, 0);
    assert_eq!(
        world.borrow().events,
        [
            Event::Sleep { from: 1003, to: 1003 },
            Event::Reset,
            Event::Read { sample: 0, at: 1003 },
            Event::Sleep { from: 1006, to: 1063 },
            Event::Read { sample: 3, at: 1063 },
            Event::Sleep { from: 1066, to: 1083 },
            Event::Read { sample: 4, at: 1083 },
        ]
    );
}

#[test]
fn sequences_lie_on_one_grid_without_drift() {
    let (world, network, clock, meter) = parts(&[(4, 1), (99, 1)]);
    let bytes = file(1000, 8);
    let mut replay = Replay::new(network, clock, meter, any_pins()).unwrap();
    let mut decided = Vec::new();
    let summary = replay
        .run(&mut SequenceFile::find(&bytes).unwrap(), |record| {
            decided.push((record.sequence, world.borrow().now))
        })
        .unwrap();
    // Each decision falls one tick after sample 5 was due, in the last sequence as in the first.
    let expected: Vec<_> = (0..1000)
        .map(|k| (k, 1003 + (u64::from(k) * 8 + 5) * PERIOD + 1))
        .collect();
    assert_eq!(decided, expected);
    assert_eq!(
        summary,
        Summary {
            sequences: 1000,
            update_ticks: Tally {
                count: 2000,
                sum: 20_000,
                min: 10,
                max: 10
            },
            asleep_ticks: 8000 * PERIOD - 2000,
            total_ticks: 8000 * PERIOD,
            late_updates: 0,
            wake_delay_ticks: 0,
        }
    );
    let resets = world
        .borrow()
        .events
        .iter()
        .filter(|event| **event == Event::Reset)
        .count();
    assert_eq!(resets, 1000);
}

#[test]
fn an_update_that_outlasts_the_period_delays_but_changes_nothing() {
    // Sample 1 waits for the first update, 2 for the second; sample 6 comes in time again.
    let (world, network, clock, meter) = parts(&[(0, 50), (0, 30), (3, 1), (9, 1)]);
    let mut source = MockSource {
        world: world.clone(),
        ends_at: 8,
    };
    let mut replay = Replay::new(network, clock, meter, any_pins()).unwrap();
    let record = replay.sequence(0, 8, &mut source).unwrap();
    assert_eq!(reads(&world), [(0, 1003), (1, 1053), (2, 1083), (6, 1123)]);
    assert_eq!(record.late_updates, 2);
    assert_eq!(record.schedule.samples().collect::<Vec<_>>(), [0, 1, 2, 6]);
    assert_eq!(replay.finish().unwrap().late_updates, 2);
}

#[test]
fn after_an_overrun_the_next_sequence_starts_at_a_grid_point() {
    // The second update ends at 1084, a tick behind the point at which the next sequence might have started.
    let (world, network, clock, meter) = parts(&[(0, 5), (0, 61)]);
    let mut source = MockSource {
        world: world.clone(),
        ends_at: 2,
    };
    let mut replay = Replay::new(network, clock, meter, any_pins()).unwrap();
    replay.sequence(0, 2, &mut source).unwrap();
    replay.sequence(1, 2, &mut source).unwrap();
    assert_eq!(reads(&world), [(0, 1003), (1, 1023), (0, 1103), (1, 1123)]);
}

#[test]
fn a_clock_that_oversleeps_does_not_drift() {
    let (world, network, mut clock, meter) = parts(&[(1, 1), (9, 1)]);
    clock.oversleeps = 4;
    let bytes = file(500, 4);
    let mut replay = Replay::new(network, clock, meter, any_pins()).unwrap();
    let summary = replay.run(&mut SequenceFile::find(&bytes).unwrap(), |_| ()).unwrap();
    assert_eq!((summary.wake_delay_ticks, summary.late_updates), (4, 0));
    assert_eq!(summary.total_ticks, 500 * 4 * PERIOD + 4);
    let late = |(k, at): (usize, &(u32, u64))| at.1 - (1003 + ((k as u64 / 2) * 4 + u64::from(at.0)) * PERIOD);
    assert!(reads(&world).iter().enumerate().map(late).all(|ticks| ticks == 4));
}

#[test]
fn markers_show_sequence_sleep_and_update() {
    let (_, network, clock, meter) = parts(&[(1, 3), (9, 3)]);
    let (markers, mut twin) = pins(
        &[false, true, false],
        // Awake but for the waits for sample 0, for sample 2 and for the end.
        &[true, false, true, false, true, false, true],
        &[false, true, false, true, false],
    );
    let bytes = file(1, 4);
    let mut replay = Replay::new(network, clock, meter, markers).unwrap();
    replay.run(&mut SequenceFile::find(&bytes).unwrap(), |_| ()).unwrap();
    twin.seq.done();
    twin.awake.done();
    twin.update.done();
}

#[test]
fn a_model_without_a_period_is_replayed_at_a_stated_one() {
    let (world, mut network, clock, meter) = parts(&[(0, 0), (0, 0)]);
    network.period_ns = 0;
    let mut source = MockSource {
        world: world.clone(),
        ends_at: 2,
    };
    Replay::new(network, clock, meter, any_pins())
        .unwrap()
        .sequence(0, 2, &mut source)
        .unwrap();
    assert_eq!(reads(&world), [(0, 1003), (1, 1003 + UNKNOWN_PERIOD_NS / 1_000_000)]);
}

#[test]
fn what_does_not_fit_is_refused_beforehand() {
    let (_, mut network, clock, meter) = parts(&[]);
    network.inputs = 17;
    let error = Replay::new(network, clock, meter, any_pins()).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "inputs: 17, this image holds 1 to 16");

    let (_, mut network, clock, meter) = parts(&[]);
    network.period_ns = 999_999;
    let error = Replay::new(network, clock, meter, any_pins()).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "a sample period of 999999 ns on a clock of 1000 Hz");

    let (world, mut network, clock, meter) = parts(&[]);
    network.inputs = 2;
    let mut replay = Replay::new(network, clock, meter, any_pins()).unwrap();
    let bytes = file(1, 4);
    let error = replay
        .run(&mut SequenceFile::find(&bytes).unwrap(), |_| ())
        .unwrap_err();
    assert_eq!(error, ReplayError::Inputs { sequences: 1, model: 2 });
    let mut source = MockSource { world, ends_at: 1 };
    let error = replay.sequence(0, 4097, &mut source).unwrap_err();
    assert_eq!(
        error.to_string(),
        "samples of a sequence: 4097, this image holds 1 to 4096"
    );
}

#[test]
fn failures_are_named() {
    let (world, network, clock, meter) = parts(&[(3, 1), (0, 1)]);
    let mut source = MockSource { world, ends_at: 4 };
    let mut replay = Replay::new(network, clock, meter, any_pins()).unwrap();
    let error = replay.sequence(0, 8, &mut source).unwrap_err();
    assert_eq!(error.to_string(), "sample 4: the recording ends before it");

    let (world, network, mut clock, meter) = parts(&[(3, 1)]);
    clock.fails = true;
    let mut source = MockSource { world, ends_at: 4 };
    let error = Replay::new(network, clock, meter, any_pins())
        .unwrap()
        .sequence(0, 8, &mut source)
        .unwrap_err();
    assert_eq!(error, ReplayError::Clock("the alarm does not start"));

    let (world, network, clock, meter) = parts(&[]);
    let mut source = MockSource { world, ends_at: 4 };
    let error = Replay::new(network, clock, meter, any_pins())
        .unwrap()
        .sequence(0, 8, &mut source)
        .unwrap_err();
    assert_eq!(error, ReplayError::Network("the script has ended"));
}

#[test]
fn a_marker_pin_that_fails_ends_the_replay() {
    let (_, network, clock, meter) = parts(&[]);
    let failing = embedded_hal_mock::eh1::MockError::Io(std::io::ErrorKind::NotConnected);
    let seq = PinMock::new(&[Transaction::set(State::Low).with_error(failing)]);
    let (mut done, markers) = (
        seq.clone(),
        Markers {
            seq,
            awake: AnyPin,
            update: AnyPin,
        },
    );
    let error = Replay::new(network, clock, meter, markers).map(|_| ()).unwrap_err();
    assert_eq!(error, ReplayError::Marker);
    done.done();
}
