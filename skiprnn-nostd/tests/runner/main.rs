//! The runner in simulated time, at 1 kHz and a sample period of 20 ticks where nothing else is said.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[cfg(feature = "async")]
mod asynch;
mod capture;
mod control;
mod fit;
mod mock;
mod parts;
mod stream;

use mock::{Answer, Event::*, MockClock, MockNetwork, MockSensor, Shared};
use skiprnn_nostd::{
    Sequence,
    runner::{Config, Counters, Decision, Profile, Runner, RunnerError, Update},
};
use std::{collections::VecDeque, num::NonZeroU32, time::Duration};

const PERIOD: u64 = 20;

/// Five ticks to turn on; off where a pause has 30 or more.
const PROFILE: Profile = Profile {
    turn_on: Duration::from_millis(5),
    off_pays: Duration::from_millis(30),
    always_on: false,
    keeps_samples: false,
};

/// Updates are known to fit into the period.
fn fits() -> Config {
    longest(Some(Duration::from_millis(3)))
}

/// It is not known whether updates fit into the period.
fn unknown() -> Config {
    longest(None)
}

fn longest(longest_update: Option<Duration>) -> Config {
    let mut config = Config::default();
    config.longest_update = longest_update;
    config
}

/// Updates that take up to four periods: they use samples that were gone when they began.
const SLOW: [u64; 5] = [3, 70, 41, 19, 85];

type Mocked = Runner<MockSensor, MockClock, MockNetwork>;

fn runner(shared: &Shared, length: u32, script: &[u32]) -> Mocked {
    let network = MockNetwork::new(shared, length, script);
    Runner::new(
        Sequence::new(network),
        MockSensor::new(shared, PROFILE),
        MockClock::new(shared),
        &fits(),
    )
    .unwrap()
}

fn samples(updates: &[Update]) -> Vec<(u64, u64)> {
    updates.iter().map(|u| (u.sequence, u.sample)).collect()
}

#[test]
fn powered_exactly_when_it_must_be_and_read_at_its_instants() {
    let shared = Shared::at(1003);
    let mut runner = runner(&shared, 8, &[2, 0, 9]);
    let decision: Decision<2> = runner.decide().unwrap();
    assert_eq!((decision.updates, decision.sample, decision.logits.len()), (3, 4, 2));
    let second = runner.update().unwrap();
    // The grid begins at tick 1003; sample 0 of the first sequence falls on the first point that leaves time to turn on.
    let zero = 1003 + PERIOD;
    let at = |sample: u64| zero + sample * PERIOD;
    assert_eq!(
        shared.events(),
        [
            Sleep(1003, at(0) - 5),
            On(at(0) - 5),
            Sleep(at(0) - 5, at(0)),
            Read(0, at(0)),
            Off(at(0) + 3), // after the update: sample 3 is 57 ticks away
            Sleep(at(0) + 3, at(3) - 5),
            On(at(3) - 5),
            Sleep(at(3) - 5, at(3)),
            Read(3, at(3)),
            Sleep(at(3) + 3, at(4)), // on: 17 ticks are too short to pay
            Read(4, at(4)),
            Off(at(4) + 3), // the decision is final; the next sequence begins at sample 8 of this grid
            Sleep(at(4) + 3, at(8) - 5),
            On(at(8) - 5),
            Sleep(at(8) - 5, at(8)),
            Read(0, at(8)),
            Off(at(8) + 3),
        ]
    );
    assert_eq!((second.sequence, second.sample, second.due), (1, 0, at(8)));
    let mut expected = Counters::default();
    (expected.sequences, expected.decisions) = (2, 1);
    (expected.updates, expected.samples) = (4, 4);
    (expected.power_ups, expected.powered_ticks) = (3, 8 + 28 + 8);
    (expected.wakes, expected.asleep_ticks) = (7, at(8) - 1003 - 9);
    assert_eq!(runner.counters(), expected);
}

#[test]
fn a_sensor_that_must_stay_on_does() {
    let shared = Shared::at(0);
    let sensor = MockSensor::new(
        &shared,
        Profile {
            always_on: true,
            ..PROFILE
        },
    );
    let network = MockNetwork::new(&shared, 8, &[3, 9]);
    let mut runner = Runner::new(Sequence::new(network), sensor, MockClock::new(&shared), &fits()).unwrap();
    for _ in 0..3 {
        runner.decide::<2>().unwrap();
    }
    assert!(!shared.events().iter().any(|event| matches!(event, Off(_))));
    let counters = runner.counters();
    assert_eq!((counters.power_ups, counters.powered_ticks), (1, shared.now() - 15));
}

#[test]
#[cfg_attr(miri, ignore = "takes minutes under Miri")]
fn no_drift_over_10_000_sequences() {
    // 1 ms on a watch crystal: 32.768 ticks, so that rounding would add up. Every wake-up comes two ticks late.
    let shared = Shared::at(77);
    let mut clock = MockClock::new(&shared);
    clock.rate = 32_768;
    clock.oversleeps = VecDeque::from([2]);
    let mut network = MockNetwork::new(&shared, 100, &[6, 40, 60]);
    network.period_ns = 1_000_000;
    let profile = Profile {
        turn_on: Duration::ZERO,
        ..PROFILE
    };
    let mut runner = Runner::new(
        Sequence::new(network),
        MockSensor::new(&shared, profile),
        clock,
        &longest(Some(Duration::from_micros(100))),
    )
    .unwrap();
    for sequence in 0..10_000u64 {
        let decision: Decision<2> = runner.decide().unwrap();
        assert_eq!((decision.sequence, decision.updates), (sequence, 3));
    }
    let reads = shared.reads();
    assert_eq!(reads.len(), 30_000);
    for (k, (sample, at)) in reads.into_iter().enumerate() {
        let point = (k as u64 / 3) * 100 + sample;
        let late = if k == 0 { 0 } else { 2 };
        assert_eq!(at, 77 + point * 32_768 / 1000 + late, "read {k}");
    }
    let counters = runner.counters();
    assert_eq!(
        (counters.latest_wake_ticks, counters.late_wakes, counters.missed),
        (2, 0, 0)
    );
}

#[test]
fn late_wakes_are_counted_and_lost_instants_are_errors() {
    let shared = Shared::at(0);
    let mut runner = runner(&shared, 8, &[3, 9]);
    // The sleeps: to the turn-on, to sample 0, to the turn-on, to sample 4.
    runner.parts_mut().1.oversleeps = VecDeque::from([0, 1, 0, 2, 0]);
    runner.decide::<2>().unwrap();
    let counters = runner.counters();
    // A sixteenth of the period is one tick.
    assert_eq!((counters.late_wakes, counters.latest_wake_ticks), (1, 2));
    assert_eq!(shared.reads(), [(0, 21), (4, 102)]);

    runner.parts_mut().1.oversleeps = VecDeque::from([0, PERIOD, 0]);
    let state = runner.sequence().network().state;
    let error = runner.update().unwrap_err();
    assert_eq!(
        error,
        RunnerError::Missed {
            sample: 0,
            late_ticks: PERIOD
        }
    );
    assert_eq!(error.to_string(), "sample 0: missed, it fell due 20 ticks ago");
    assert_eq!(runner.counters().missed, 1);
    assert_ne!(state, 0);
    // The sequence is given up; another one begins at the next point that can be reached.
    let update = runner.update().unwrap();
    assert_eq!((update.sequence, update.sample, update.due), (2, 0, 220));
}

#[test]
fn a_failing_sensor_is_asked_again_then_named() {
    let shared = Shared::at(0);
    let mut runner = runner(&shared, 0, &[0; 100]);
    let answers = runner.parts_mut().0.answers.clone();
    let say = |given: &[Answer]| answers.borrow_mut().extend(given);
    use Answer::{Bad, Good, Pending};

    // Two failures are within the retries; the timeout of an attempt is 5 ticks, a poll one tick.
    say(&[Bad, Bad, Good]);
    runner.update().unwrap();
    assert_eq!(shared.reads(), [(0, 22)]);
    say(&[Pending, Pending, Good]);
    runner.update().unwrap();
    assert_eq!(shared.reads()[1], (1, 42));
    assert_eq!((runner.counters().retries, runner.counters().failures), (2, 0));

    let state = runner.sequence().network().state;
    say(&[Bad, Bad, Bad]);
    let error = runner.update().unwrap_err();
    assert_eq!(
        error,
        RunnerError::Sensor {
            sample: 2,
            error: "nonsense"
        }
    );
    assert_eq!(error.to_string(), "sample 2: \"nonsense\"");
    assert_eq!(runner.sequence().network().state, state, "no harm done");
    assert_eq!(runner.sequence().due(), Some(2));
    assert!(
        matches!(shared.events().last(), Some(Off(_))),
        "switched off to bring it back"
    );

    // A stream goes on with the first sample that can be had: it is tick 62, and to turn on takes 5.
    let update = runner.update().unwrap();
    assert_eq!((update.sequence, update.sample, update.due), (0, 3, 80));

    say(&[Pending; 18]);
    let error = runner.update().unwrap_err();
    assert_eq!(error, RunnerError::Timeout { sample: 4 });
    let counters = runner.counters();
    assert_eq!((counters.retries, counters.failures), (2 + 2 + 2, 2));
    answers.borrow_mut().clear();
    assert_eq!(runner.update().unwrap().sample, 6);
    assert_eq!(runner.counters().updates, 4);
}

#[test]
fn a_sensor_that_does_not_wake_up_is_asked_again() {
    let shared = Shared::at(0);
    let mut runner = runner(&shared, 8, &[9]);
    runner.parts_mut().0.dead_for = 2;
    runner.decide::<2>().unwrap();
    // Switched on two polls late, and ready as much later.
    assert_eq!(shared.reads(), [(0, 22)]);
    assert_eq!((runner.counters().retries, runner.counters().power_ups), (2, 1));
    runner.parts_mut().0.dead_for = 3;
    let error = runner.update().unwrap_err();
    assert_eq!(
        error,
        RunnerError::Sensor {
            sample: 0,
            error: "no answer"
        }
    );
    runner.decide::<2>().unwrap();
}

#[test]
fn a_clock_that_fails_ends_the_update() {
    let shared = Shared::at(0);
    let mut runner = runner(&shared, 8, &[9]);
    runner.parts_mut().1.fails = true;
    assert_eq!(runner.update(), Err(RunnerError::Clock("the alarm does not start")));
    runner.parts_mut().1.fails = false;
    assert_eq!(runner.update().unwrap().sample, 0);
}

#[test]
fn the_cap_ends_a_sequence_and_the_board_sleeps_to_the_next() {
    let shared = Shared::at(0);
    let network = MockNetwork::new(&shared, 100, &[0; 100]);
    let sequence = Sequence::new(network).with_cap(NonZeroU32::new(5));
    let mut runner = Runner::new(
        sequence,
        MockSensor::new(&shared, PROFILE),
        MockClock::new(&shared),
        &fits(),
    )
    .unwrap();
    let (first, second): (Decision<2>, Decision<2>) = (runner.decide().unwrap(), runner.decide().unwrap());
    assert_eq!((first.updates, first.sample, second.updates), (5, 4, 5));
    assert_eq!(shared.reads()[5], (0, 20 + 100 * PERIOD));
    runner.finish().unwrap();
    assert_eq!(shared.now(), 20 + 200 * PERIOD);
    // Another cap, and none, from the next sequence on.
    let mut updates = |cap: u32| {
        runner.set_cap(NonZeroU32::new(cap)).unwrap();
        let decision: Decision<2> = runner.decide().unwrap();
        decision.updates
    };
    assert_eq!([updates(7), updates(1), updates(0)], [7, 1, 100]);
}

/// Where a decision falls depends on what was skipped; where it is reported need not.
#[test]
fn reports_can_keep_to_a_schedule_that_tells_nothing() {
    let ticks = |script: &[u32]| {
        let shared = Shared::at(1003);
        let mut runner = runner(&shared, 8, script);
        let mut ends = Vec::new();
        for _ in 0..3 {
            let decision: Decision<2> = runner.decide_at_end().unwrap();
            ends.push((shared.now(), decision.updates));
        }
        ends
    };
    let (early, late) = (ticks(&[9, 9, 9]), ticks(&[0; 24]));
    assert!(early.iter().zip(&late).all(|(a, b)| a.0 == b.0), "{early:?} {late:?}");
    assert_eq!((early[0].1, late[0].1), (1, 8));
}

#[test]
fn what_cannot_run_is_refused_beforehand() {
    let shared = Shared::at(0);
    let refused = |network: MockNetwork, cap: u32, config: &Config| {
        let sequence = Sequence::new(network).with_cap(NonZeroU32::new(cap));
        let parts = (MockSensor::new(&shared, PROFILE), MockClock::new(&shared));
        Runner::new(sequence, parts.0, parts.1, config).map(|_| ()).unwrap_err()
    };
    assert_eq!(
        refused(MockNetwork::new(&shared, 0, &[]), 3, &fits()),
        RunnerError::CappedStream
    );
    let mut stream = runner(&shared, 0, &[]);
    assert_eq!(stream.set_cap(NonZeroU32::new(3)), Err(RunnerError::CappedStream));
    assert_eq!(stream.set_cap(None), Ok(()));
    let mut timeless = MockNetwork::new(&shared, 9, &[]);
    timeless.period_ns = 0;
    let error = refused(timeless.clone(), 0, &fits());
    assert_eq!(
        error.to_string(),
        "a sample period of 0 ns on a clock of 1000 Hz: it must be known, and 1 to 2^32 ticks"
    );
    let mut fast = fits();
    fast.sample_period = Some(Duration::from_micros(999));
    let error = refused(timeless, 0, &fast);
    assert_eq!(
        error.to_string(),
        "a sample period of 999000 ns on a clock of 1000 Hz: it must be known, and 1 to 2^32 ticks"
    );
    let mut small = runner(&shared, 1, &[]);
    let error = small.decide::<1>().unwrap_err();
    assert_eq!(error, RunnerError::Outputs { needed: 2, capacity: 1 });
}
