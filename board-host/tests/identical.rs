//! The emulated chip against the simulator: every schedule, every logit and every final state, bit for bit.

mod random_model;

use board_host::{Emulation, Load, Machine, Options, Record, run};
use float_model::Cell;
use quantize::{Blob, Simulator};
use random_model::{Shape, random};

const SMALL: Shape = Shape {
    cell: Cell::SkipLstm,
    inputs: 3,
    hidden: 16,
    layers: 1,
    outputs: 4,
    gate_bias: -2.0,
    sequences: 20,
    length: 50,
    sample_period_s: 0.02,
};

fn emulate(shape: Shape, blob: &Blob, counts: &[i16], options: &Options) -> Emulation {
    let sizes = (shape.sequences, shape.length, shape.inputs);
    run(&Load::new(blob.bytes(), counts, sizes), options).unwrap_or_else(|error| panic!("{error}"))
}

fn simulate(shape: Shape, blob: &Blob, counts: &[i16]) -> Vec<Record> {
    let model = blob.model();
    let runs = Simulator::new(&model).unwrap().run_all(counts, shape.length, 2);
    runs.into_iter()
        .map(|run| Record {
            decision: run.decision as u32,
            logits: run.logits,
            state_crc: run.state_crc,
            updates: run.updates,
            answers: Vec::new(),
        })
        .collect()
}

/// Every machine, otherwise by default.
fn machines() -> impl Iterator<Item = Options> {
    Machine::ALL.into_iter().map(|machine| Options {
        machine,
        ..Options::default()
    })
}

#[test]
fn every_cell_in_one_and_two_layers() {
    for cell in Cell::ALL {
        for layers in [1, 2] {
            let shape = Shape { cell, layers, ..SMALL };
            let (blob, counts) = random(shape);
            let expected = simulate(shape, &blob, &counts);
            for options in machines() {
                let emulation = emulate(shape, &blob, &counts, &options);
                let what = format!("{} with {layers} layers on {}", cell.name(), options.machine);
                assert_eq!(emulation.records, expected, "{what}");
                let updates: usize = emulation.records.iter().map(|record| record.updates.len()).sum();
                if cell.skips() {
                    assert!(
                        (40..900).contains(&updates),
                        "{updates} updates are no test of skipping"
                    );
                } else {
                    assert_eq!(updates, shape.sequences * shape.length);
                }
            }
        }
    }
}

#[test]
fn the_largest_model_and_the_longest_sequence() {
    let largest = Shape {
        inputs: 16,
        hidden: 128,
        layers: 2,
        outputs: 32,
        sequences: 2,
        ..SMALL
    };
    let longest = Shape {
        cell: Cell::Gru,
        hidden: 4,
        sequences: 1,
        length: 4096,
        ..SMALL
    };
    for shape in [largest, longest] {
        let (blob, counts) = random(shape);
        let emulation = emulate(shape, &blob, &counts, &Options::default());
        assert_eq!(emulation.records, simulate(shape, &blob, &counts));
    }
}

/// What an image says of its stack: the bytes that were in use when most were, and all of them.
fn stack(emulation: &Emulation) -> (u32, u32) {
    let line = emulation.log.iter().find(|line| line.starts_with("stack "));
    let words: Vec<&str> = line.expect("a line on the stack").split(['=', ' ']).collect();
    assert_eq!((words[1], words[3]), ("used", "bytes"), "{words:?}");
    (words[2].parse().unwrap(), words[4].parse().unwrap())
}

#[test]
fn a_replay_uses_less_than_nine_tenths_of_the_real_boards_stack() {
    let shape = Shape {
        cell: Cell::SkipLstm,
        outputs: 32,
        layers: 2,
        sequences: 2,
        ..SMALL
    };
    let (blob, counts) = random(shape);
    for options in machines() {
        let (used, bytes) = stack(&emulate(shape, &blob, &counts, &options));
        println!("{}: {used} of {bytes} bytes", options.machine);
        // memory.x of the real boards; the microbit has a buffer for the stream beside it.
        let kilobytes = if options.machine == Machine::Microbit { 11 } else { 12 };
        assert_eq!(bytes, kilobytes * 1024, "{}", options.machine);
        // A network's state on the stack would be more than the rest.
        assert!(
            (1024..bytes * 9 / 10).contains(&used),
            "{}: {used} of {bytes} bytes",
            options.machine
        );
    }
}

#[test]
fn asleep_for_as_long_as_the_schedule_says() {
    // At shift 0 an instruction takes a nanosecond, so that updates are short against the period of 20 ms.
    let (blob, counts) = random(SMALL);
    for options in machines() {
        let options = Options {
            icount_shift: 0,
            ..options
        };
        let machine = options.machine;
        let emulation = emulate(SMALL, &blob, &counts, &options);
        let total = (SMALL.sequences * SMALL.length) as f64 * SMALL.sample_period_s;
        let delay = emulation.wake_delay_max_s;
        assert!(delay < 1e-6, "{machine}: {delay} s");
        let seconds = emulation.seconds_total;
        assert!((seconds - total).abs() < 1e-6, "{machine}: {seconds} s, not {total} s");
        assert_eq!(emulation.late_updates, 0);
        let updates: usize = emulation.records.iter().map(|record| record.updates.len()).sum();
        let awake = emulation.seconds_total - emulation.seconds_asleep;
        // What is not slept is spent on updates, and some on reading samples, on the head and on logging.
        let updating = updates as f64 * emulation.instructions_per_update * 1e-9;
        assert!(
            awake > updating && awake < 3.0 * updating,
            "{machine}: {awake} s awake, {updating} s of them updating"
        );
    }
}

#[test]
fn no_drift_over_ten_thousand_sequences() {
    // A period that is no whole number of ticks on any machine.
    let shape = Shape {
        hidden: 4,
        inputs: 1,
        sequences: 10_000,
        length: 6,
        sample_period_s: 0.001_234_567,
        ..SMALL
    };
    let (blob, counts) = random(shape);
    let expected = simulate(shape, &blob, &counts);
    for options in machines() {
        let options = Options {
            icount_shift: 0,
            ..options
        };
        let machine = options.machine;
        let emulation = emulate(shape, &blob, &counts, &options);
        assert!(emulation.records == expected, "{machine}");
        // 74 s; the only error is the last wake-up's.
        let total = 60_000.0 * shape.sample_period_s;
        let drift = emulation.seconds_total - total;
        assert!(drift.abs() < 1e-6, "{machine}: {drift} s");
        assert_eq!(emulation.late_updates, 0, "{machine}");
    }
}

#[test]
fn updates_longer_than_the_period_change_no_schedule() {
    // 64 ns an instruction and 100 us a sample: every update is late, none is lost.
    let shape = Shape {
        cell: Cell::Lstm,
        sample_period_s: 1e-4,
        ..SMALL
    };
    let (blob, counts) = random(shape);
    let expected = simulate(shape, &blob, &counts);
    for options in machines() {
        let emulation = emulate(shape, &blob, &counts, &options);
        assert_eq!(emulation.records, expected, "{}", options.machine);
        assert_eq!(emulation.late_updates, (shape.sequences * (shape.length - 1)) as u64);
    }
}

#[test]
fn the_clock_outlives_its_timer() {
    // 20 sequences of 1000 s: the 32-bit timers wrap every few minutes, and a skip may outlast half of that.
    let shape = Shape {
        sample_period_s: 20.0,
        ..SMALL
    };
    let (blob, counts) = random(shape);
    let expected = simulate(shape, &blob, &counts);
    for options in machines() {
        let emulation = emulate(shape, &blob, &counts, &options);
        let machine = options.machine;
        assert_eq!(emulation.records, expected, "{machine}");
        // A wake-up costs a few hundred instructions of 64 ns.
        let delay = emulation.wake_delay_max_s;
        assert!(delay < 5e-5, "{machine}: {delay} s");
        let seconds = emulation.seconds_total;
        assert!((seconds - 20_000.0).abs() < 5e-5, "{machine}: {seconds} s");
    }
}

#[test]
fn what_does_not_fit_the_smallest_machine_is_refused_with_both_numbers() {
    let options = Options {
        machine: Machine::Microbit,
        ..Options::default()
    };
    let large = Shape {
        hidden: 128,
        layers: 2,
        inputs: 16,
        ..SMALL
    };
    let (blob, counts) = random(large);
    let refusal = run(&Load::new(blob.bytes(), &counts, (20, large.length, 16)), &options).unwrap_err();
    let bytes = blob.bytes().len();
    assert_eq!(
        refusal.to_string(),
        format!("blob: {bytes} bytes, the board holds 1 to 163788")
    );
    let long = Shape {
        length: 513,
        sequences: 2,
        ..SMALL
    };
    let (blob, counts) = random(long);
    let refusal = run(&Load::new(blob.bytes(), &counts, (2, long.length, 3)), &options).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the firmware refused: sequences: one has 3078 bytes, this image streams at most 3072"
    );
}

#[test]
fn as_much_as_the_activity_data_within_a_minute() {
    // 620 windows of 128 samples, more than half of them used.
    let shape = Shape {
        cell: Cell::SkipGru,
        inputs: 6,
        hidden: 32,
        outputs: 6,
        gate_bias: 0.1,
        sequences: 620,
        length: 128,
        ..SMALL
    };
    let (blob, counts) = random(shape);
    let options = Options {
        timeout_s: 60,
        ..Options::default()
    };
    let started = std::time::Instant::now();
    let emulation = emulate(shape, &blob, &counts, &options);
    let updates: usize = emulation.records.iter().map(|record| record.updates.len()).sum();
    println!(
        "{updates} updates of {:.1} instructions in {:.1} s, {} late",
        emulation.instructions_per_update,
        started.elapsed().as_secs_f64(),
        emulation.late_updates
    );
    assert!(updates > 620 * 77, "{updates}");
    assert_eq!(emulation.records, simulate(shape, &blob, &counts));
}

#[test]
fn what_the_image_cannot_hold_is_refused_by_name() {
    let shape = Shape {
        inputs: 3,
        hidden: 129,
        sequences: 1,
        ..SMALL
    };
    let (blob, counts) = random(shape);
    let refusal = run(
        &Load::new(blob.bytes(), &counts, (1, shape.length, 3)),
        &Options::default(),
    )
    .unwrap_err()
    .to_string();
    assert!(
        refusal.contains("the model has 129 hidden units, the state has room for 128"),
        "{refusal}"
    );

    let (blob, counts) = random(SMALL);
    let refusal = run(
        &Load::new(blob.bytes(), &counts[..3000], (60, SMALL.length, 1)),
        &Options::default(),
    )
    .unwrap_err()
    .to_string();
    assert!(
        refusal.contains("the sequences have 1 channels, the model 3"),
        "{refusal}"
    );

    let mut damaged = blob.bytes().to_vec();
    damaged[200] ^= 4;
    let refusal = run(
        &Load::new(&damaged, &counts, (SMALL.sequences, SMALL.length, 3)),
        &Options::default(),
    )
    .unwrap_err()
    .to_string();
    assert!(refusal.contains("crc"), "{refusal}");
}
