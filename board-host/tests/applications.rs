//! `classify` and `measure` on emulated boards, against the simulator.

mod random_model;

use board_host::{
    Budget, Error, Load, Machine, Options, Pauses, Settings,
    classify::{self, Decision, Said},
    measure::{self, Mode},
};
use float_model::Cell;
use quantize::{Run, Simulator};
use random_model::{Shape, random};
use std::num::{NonZeroU16, NonZeroU32};

const SHAPE: Shape = Shape {
    cell: Cell::SkipGru,
    inputs: 3,
    hidden: 16,
    layers: 1,
    outputs: 4,
    gate_bias: -2.0,
    sequences: 12,
    length: 50,
    sample_period_s: 0.02,
};

/// The simulator's decision, with the sample after which it stands.
fn expected(runs: &[Run]) -> Vec<(u64, usize, u64, u32, Vec<i32>)> {
    (0..)
        .zip(runs)
        .map(|(sequence, run)| {
            let last = u64::from(*run.updates.last().unwrap());
            (
                sequence,
                run.decision,
                last,
                run.updates.len() as u32,
                run.logits.clone(),
            )
        })
        .collect()
}

fn decided(decisions: &[Decision]) -> Vec<(u64, usize, u64, u32, Vec<i32>)> {
    decisions
        .iter()
        .map(|d| (d.sequence, d.class, d.sample, d.updates, d.logits.clone()))
        .collect()
}

#[test]
fn decisions_fall_when_the_simulator_says() {
    let (blob, counts) = random(SHAPE);
    let model = blob.model();
    let expected = expected(&Simulator::new(&model).unwrap().run_all(&counts, SHAPE.length, 2));
    let early = expected
        .iter()
        .filter(|(_, _, sample, ..)| *sample < SHAPE.length as u64 - 1);
    assert!(early.count() > 3, "hardly a decision is early");
    // The recording lies in memory, or is streamed in.
    for machine in [Machine::Mps2An386, Machine::Microbit] {
        // A nanosecond for an instruction: what a decision is late by is the update and the head.
        let options = Options {
            machine,
            icount_shift: 0,
            ..Options::default()
        };
        let shape = (SHAPE.sequences, SHAPE.length, SHAPE.inputs);
        let mut seen = Vec::new();
        let run = classify::run(&Load::new(blob.bytes(), &counts, shape), &options, &mut |decision| {
            seen.push(decision.clone());
        })
        .unwrap_or_else(|error| panic!("{machine}: {error}"));
        assert_eq!(decided(&run.decisions), expected, "{machine}");
        let decided: Vec<Said> = run.decisions.iter().cloned().map(Said::Decision).collect();
        assert_eq!(seen, decided, "{machine}: decisions as they fall");
        assert!(run.lost.is_empty(), "{machine}: {:?}", run.lost);
        // One grid for all sequences; the first point of it lies behind the sensor's turn-on time.
        let late: Vec<f64> = run
            .decisions
            .iter()
            .map(|d| d.at_s - (d.sequence as f64 * SHAPE.length as f64 + d.sample as f64) * SHAPE.sample_period_s)
            .collect();
        let spread = late.iter().copied().fold(f64::MIN, f64::max) - late.iter().copied().fold(f64::MAX, f64::min);
        assert!(spread < 1e-3, "{machine}: {late:?}");
        // Off in every pause that pays, on for its turn-on time, the reading and the update.
        let updates: u64 = expected.iter().map(|(_, _, _, updates, _)| u64::from(*updates)).sum();
        assert!(
            run.power_ups > updates / 2 && run.power_ups <= updates,
            "{machine}: {}",
            run.power_ups
        );
        assert!(
            run.seconds_on < updates as f64 * 1e-3,
            "{machine}: {} s",
            run.seconds_on
        );
    }
}

#[test]
fn samples_wait_in_the_sensor_while_an_update_runs() {
    // 64 ns an instruction and 0.4 ms a sample: an update outlasts the sample period.
    let shape = Shape {
        hidden: 32,
        sample_period_s: 4e-4,
        gate_bias: 0.1,
        ..SHAPE
    };
    let (blob, counts) = random(shape);
    let model = blob.model();
    let expected = expected(&Simulator::new(&model).unwrap().run_all(&counts, shape.length, 2));
    let sizes = (shape.sequences, shape.length, shape.inputs);
    let run = classify::run(
        &Load::new(blob.bytes(), &counts, sizes),
        &Options::default(),
        &mut |_| {},
    )
    .unwrap();
    assert_eq!(decided(&run.decisions), expected, "{:#?}", run.log);
    assert!(run.captured > 0 && run.queued > 1, "{:#?}", run.log);

    // Updates at every sample fill the sensor's FIFO: sequences are lost, and the log says of what.
    let dense = Shape {
        cell: Cell::Gru,
        sample_period_s: 1e-4,
        ..shape
    };
    let (blob, counts) = random(dense);
    match classify::run(
        &Load::new(blob.bytes(), &counts, sizes),
        &Options::default(),
        &mut |_| {},
    ) {
        Err(Error::Refused(why)) => assert!(why.contains("queue"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_skipped_is_not_paid_for() {
    let (blob, counts) = random(SHAPE);
    let model = blob.model();
    let runs = Simulator::new(&model).unwrap().run_all(&counts, SHAPE.length, 2);
    let updates: u64 = runs.iter().map(|run| run.updates.len() as u64).sum();
    let (sequences, samples) = (SHAPE.sequences as u64, (SHAPE.sequences * SHAPE.length) as u64);
    let shape = (SHAPE.sequences, SHAPE.length, SHAPE.inputs);
    let options = Options::default();
    let [dense, poll, sleep] = Mode::ALL.map(|way| {
        measure::run(way, &Load::new(blob.bytes(), &counts, shape), &options).unwrap_or_else(|e| panic!("{e}"))
    });
    assert_eq!(
        (dense.updates, poll.updates, sleep.updates),
        (samples, updates, updates)
    );
    // One at the end of each sequence besides; the very first lies before the window.
    let ends = sequences - 1;
    assert_eq!(
        (dense.wakes, poll.wakes, sleep.wakes),
        (samples + ends, samples + ends, updates + ends)
    );
    assert!(
        dense.instructions_awake > 2 * poll.instructions_awake && poll.instructions_awake > sleep.instructions_awake,
        "{dense:?}\n{poll:?}\n{sleep:?}"
    );
    // The same updates; what polling adds are the wakes for nothing.
    let ratio = poll.instructions_updating as f64 / sleep.instructions_updating as f64;
    assert!((ratio - 1.0).abs() < 1e-3, "{poll:?}\n{sleep:?}");
    let total = (samples + ends) as f64 * SHAPE.sample_period_s;
    for window in [dense, poll, sleep] {
        assert!((window.seconds_total - total).abs() < 1e-4, "{window:?}");
        assert!(window.instructions_updating < window.instructions_awake, "{window:?}");
    }
}

/// The image refuses what the host would refuse too, from a loader that does not.
#[test]
fn a_budget_that_makes_no_sense_is_refused_by_the_board() {
    let budget = Budget {
        allowance_uj_per_hour: NonZeroU32::new(100_000).unwrap(),
        base_nj: 10_000,
        update_nj: NonZeroU32::new(1000).unwrap(),
        pauses: Pauses::NONE,
        horizon: NonZeroU16::new(20).unwrap(),
    };
    let options = Options {
        settings: Settings {
            budget: Some(budget),
            ..Settings::default()
        },
        ..Options::default()
    };
    let shape = (SHAPE.sequences, SHAPE.length, SHAPE.inputs);
    let fast = Shape {
        sample_period_s: 1e-5,
        ..SHAPE
    };
    let (blob, counts) = random(fast);
    let why = classify::run(&Load::new(blob.bytes(), &counts, shape), &options, &mut |_| {}).unwrap_err();
    assert_eq!(
        why.to_string(),
        "the firmware refused: budget: 50 samples every 10000 ns last less than a millisecond, or weeks"
    );
    let (blob, counts) = random(SHAPE);
    let why = measure::run(Mode::Dense, &Load::new(blob.bytes(), &counts, shape), &options).unwrap_err();
    assert_eq!(
        why.to_string(),
        "the firmware refused: budget: this application runs at a fixed dial; take replay or classify"
    );
}

#[test]
fn calibrations_come_to_their_ends() {
    let (blob, counts) = random(SHAPE);
    let shape = (SHAPE.sequences, SHAPE.length, SHAPE.inputs);
    let log = measure::calibrations(&Load::new(blob.bytes(), &counts, shape), &Options::default()).unwrap();
    let lines: Vec<&str> = log
        .iter()
        .filter(|line| line.starts_with("calibrated "))
        .map(String::as_str)
        .collect();
    assert_eq!(lines.len(), 5, "{log:#?}");
    for (line, start) in lines.iter().zip([
        "calibrated Busy(10) sequences=1 updates=0",
        "calibrated Idle(10) sequences=1 updates=0",
        "calibrated Asleep(10) sequences=1 updates=0",
        "calibrated Wakes(1000) sequences=1 updates=0",
        "calibrated Updates(1000) sequences=1 updates=1000",
    ]) {
        assert!(line.starts_with(start), "{line}");
    }
}
