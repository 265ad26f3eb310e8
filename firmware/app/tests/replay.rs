//! A replay with a scripted network, a mock clock and mock pins: when it reads, when it sleeps, what it counts.

use app::{
    Markers, Meter, Replay, ReplayError, SequenceFile, SequenceHeader, SequenceRecord, Summary,
    record::{Fingerprint, Tally},
    replay::UNKNOWN_PERIOD_NS,
};
use embedded_hal_mock::eh1::digital::{Mock as PinMock, State, Transaction};
use fixed::types::{I16F16, U0F32};
use skiprnn_nostd::{Network, Step, budget::Controller, runner::Clock};
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
    /// An update on the sample with this index, which is its value.
    Step {
        sample: i16,
        at: u64,
    },
    Sleep {
        from: u64,
        to: u64,
    },
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

    fn sequence_length(&self) -> u32 {
        0
    }

    fn set_dial(&mut self, dial: I16F16) {
        assert_eq!(dial, I16F16::ZERO);
    }

    fn reset(&mut self) -> Result<(), &'static str> {
        self.world.borrow_mut().events.push(Event::Reset);
        (self.updates, self.sum) = (0, 0);
        Ok(())
    }

    fn step(&mut self, counts: &[i16]) -> Result<Step, &'static str> {
        let &(skip, ticks) = self.script.get(self.updates).ok_or("the script has ended")?;
        self.updates += 1;
        self.sum += counts.iter().map(|&count| i32::from(count)).sum::<i32>();
        let mut world = self.world.borrow_mut();
        let (sample, at) = (counts[0], world.now);
        world.events.push(Event::Step { sample, at });
        world.now += ticks;
        Ok(Step {
            delta: U0F32::MAX,
            skip,
        })
    }

    fn logits(&self, out: &mut [i32]) -> Result<(), &'static str> {
        out.copy_from_slice(&[-self.sum, self.sum]);
        Ok(())
    }

    fn decide(&self, logits: &[i32]) -> usize {
        usize::from(logits[1] > logits[0])
    }
}

impl Fingerprint for Scripted {
    fn state_crc(&self) -> u32 {
        self.updates as u32
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
    let pins_again = Markers {
        seq: markers.seq.clone(),
        awake: markers.awake.clone(),
        update: markers.update.clone(),
    };
    (markers, pins_again)
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

fn steps(world: &Shared) -> Vec<(i16, u64)> {
    let step = |event: &Event| match event {
        Event::Step { sample, at } => Some((*sample, *at)),
        _ => None,
    };
    world.borrow().events.iter().filter_map(step).collect()
}

/// Replays all of a file, on pins that nobody looks at.
fn replay(
    (network, clock, meter): (Scripted, MockClock, MockMeter),
    bytes: &[u8],
) -> Result<(Summary, Vec<SequenceRecord>), ReplayError<&'static str, &'static str>> {
    let file = SequenceFile::find(bytes).unwrap();
    let mut records = Vec::new();
    let summary = Replay::new(network, file, clock, meter, any_pins(), Controller::default())?
        .run(|record| records.push(record.clone()))?;
    Ok((summary, records))
}

/// `n` sequences of `t` samples of one channel, each sample its own index.
fn file(n: u32, t: u32) -> Vec<u8> {
    let samples: Vec<u8> = (0..n)
        .flat_map(|_| 0..t)
        .flat_map(|k| (k as i16).to_le_bytes())
        .collect();
    let header = SequenceHeader::of([n, t, 1], &samples).unwrap();
    [header.to_bytes().as_slice(), &samples].concat()
}

#[test]
fn samples_are_used_at_their_instants_and_none_between() {
    let (world, network, clock, meter) = parts(&[(2, 3), (0, 3), (9, 3)]);
    let (_, records) = replay((network, clock, meter), &file(1, 10)).unwrap();
    // The grid's origin is the tick at which the replay was made.
    assert_eq!(
        steps(&world),
        [(0, 1003), (3, 1003 + 3 * PERIOD), (4, 1003 + 4 * PERIOD)]
    );
    let record = &records[0];
    assert_eq!(record.schedule.samples().collect::<Vec<_>>(), [0, 3, 4]);
    assert_eq!(
        (
            record.sequence,
            record.decision,
            record.logits.as_slice(),
            record.state_crc
        ),
        (0, 1, &[-7, 7][..], 3)
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
            Event::Reset,
            Event::Step { sample: 0, at: 1003 },
            Event::Sleep { from: 1006, to: 1063 },
            Event::Step { sample: 3, at: 1063 },
            Event::Sleep { from: 1066, to: 1083 },
            Event::Step { sample: 4, at: 1083 },
            Event::Sleep { from: 1086, to: 1203 },
        ]
    );
}

#[test]
fn sequences_lie_on_one_grid_without_drift() {
    let (world, network, clock, meter) = parts(&[(4, 1), (99, 1)]);
    let bytes = file(1000, 8);
    let mut replay = Replay::new(
        network,
        SequenceFile::find(&bytes).unwrap(),
        clock,
        meter,
        any_pins(),
        Controller::default(),
    )
    .unwrap();
    let mut decided = Vec::new();
    let summary = replay
        .run(|record| decided.push((record.sequence, world.borrow().now)))
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
    let (summary, records) = replay((network, clock, meter), &file(1, 8)).unwrap();
    assert_eq!(steps(&world), [(0, 1003), (1, 1053), (2, 1083), (6, 1123)]);
    assert_eq!((records[0].late_updates, summary.late_updates), (2, 2));
    assert_eq!(records[0].schedule.samples().collect::<Vec<_>>(), [0, 1, 2, 6]);
}

#[test]
fn after_an_overrun_the_next_sequence_starts_at_a_grid_point() {
    // The second update ends at 1084, a tick behind the point at which the next sequence might have started.
    let (world, network, clock, meter) = parts(&[(0, 5), (0, 61)]);
    replay((network, clock, meter), &file(2, 2)).unwrap();
    assert_eq!(steps(&world), [(0, 1003), (1, 1023), (0, 1103), (1, 1123)]);
}

#[test]
fn a_clock_that_oversleeps_does_not_drift() {
    let (world, network, mut clock, meter) = parts(&[(1, 1), (9, 1)]);
    clock.oversleeps = 4;
    let (summary, _) = replay((network, clock, meter), &file(500, 4)).unwrap();
    assert_eq!((summary.wake_delay_ticks, summary.late_updates), (4, 0));
    assert_eq!(summary.total_ticks, 500 * 4 * PERIOD + 4);
    let late = |(k, at): (usize, &(i16, u64))| at.1 - (1003 + ((k as u64 / 2) * 4 + at.0 as u64) * PERIOD);
    // Nobody slept before the very first one.
    assert!(
        steps(&world)
            .iter()
            .enumerate()
            .skip(1)
            .map(late)
            .all(|ticks| ticks == 4)
    );
}

#[test]
fn markers_show_sequence_sleep_and_update() {
    let (_, network, clock, meter) = parts(&[(1, 3), (9, 3)]);
    let (markers, mut pins_again) = pins(
        &[false, true, false],
        // Awake but for the waits for sample 2 and for the end.
        &[true, false, true, false, true],
        &[false, true, false, true, false],
    );
    let bytes = file(1, 4);
    let mut replay = Replay::new(
        network,
        SequenceFile::find(&bytes).unwrap(),
        clock,
        meter,
        markers,
        Controller::default(),
    )
    .unwrap();
    replay.run(|_| ()).unwrap();
    pins_again.seq.done();
    pins_again.awake.done();
    pins_again.update.done();
}

#[test]
fn a_model_without_a_period_is_replayed_at_a_stated_one() {
    let (world, mut network, clock, meter) = parts(&[(0, 0), (0, 0)]);
    network.period_ns = 0;
    replay((network, clock, meter), &file(1, 2)).unwrap();
    assert_eq!(steps(&world), [(0, 1003), (1, 1003 + UNKNOWN_PERIOD_NS / 1_000_000)]);
}

#[test]
fn what_does_not_fit_is_refused_beforehand() {
    let refused = |inputs: usize, period_ns: u64, length: u32| {
        let (_, mut network, clock, meter) = parts(&[]);
        (network.inputs, network.period_ns) = (inputs, period_ns);
        replay((network, clock, meter), &file(1, length))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused(17, 1_000_000, 4), "inputs: 17, this image holds 1 to 16");
    assert_eq!(
        refused(1, 999_999, 4),
        "a sample period of 999999 ns on a clock of 1000 Hz: it must be known, and 1 to 2^32 ticks"
    );
    assert_eq!(refused(2, 1_000_000, 4), "the sequences have 1 channels, the model 2");
    assert_eq!(
        refused(1, 1_000_000, 4097),
        "samples of a sequence: 4097, this image holds 1 to 4096"
    );
}

#[test]
fn failures_are_named() {
    let (_, network, mut clock, meter) = parts(&[(3, 1)]);
    clock.fails = true;
    let error = replay((network, clock, meter), &file(1, 8)).unwrap_err();
    assert_eq!(error.to_string(), "clock: Part(\"the alarm does not start\")");

    let (_, network, clock, meter) = parts(&[]);
    let error = replay((network, clock, meter), &file(1, 8)).unwrap_err();
    assert_eq!(error.to_string(), "network: Part(\"the script has ended\")");
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
    let bytes = file(1, 1);
    let file = SequenceFile::find(&bytes).unwrap();
    let error = Replay::new(network, file, clock, meter, markers, Controller::default())
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error, ReplayError::Marker);
    done.done();
}

#[test]
fn a_wake_up_that_is_a_whole_period_late_loses_nothing() {
    let (_, network, mut clock, meter) = parts(&[(1, 1), (9, 1)]);
    clock.oversleeps = 3 * PERIOD;
    let (summary, records) = replay((network, clock, meter), &file(20, 4)).unwrap();
    assert_eq!(summary.sequences, 20);
    assert!(
        records
            .iter()
            .all(|r| r.schedule.samples().eq([0, 2]) && r.logits[1] == 2)
    );
}
