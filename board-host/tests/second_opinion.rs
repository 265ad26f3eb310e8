//! The boards within this process against QEMU: the same image, the same loads, the same log. Without QEMU there is nothing to
//! compare with, and the tests say so.

mod random_model;

use board_host::{Backend, Emulation, Load, Machine, Options, program_counters, run};
use float_model::Cell;
use random_model::{Shape, random};

const SHAPE: Shape = Shape {
    cell: Cell::SkipLstm,
    inputs: 3,
    hidden: 16,
    layers: 1,
    outputs: 4,
    gate_bias: -2.0,
    sequences: 10,
    length: 50,
    sample_period_s: 0.02,
};

fn qemu_is_missing() -> bool {
    let missing = !Backend::Qemu.available();
    if missing {
        println!("skipped: qemu-system-arm is not installed");
    }
    missing
}

/// Options for both back ends on a machine, the board within this process first.
fn both(machine: Machine) -> [Options; 2] {
    Backend::ALL.map(|backend| Options {
        machine,
        backend,
        ..Options::default()
    })
}

#[test]
fn decisions_schedules_states_and_times_are_qemus() {
    if qemu_is_missing() {
        return;
    }
    let (blob, counts) = random(SHAPE);
    for machine in Machine::ALL {
        let [own, qemu]: [Emulation; 2] = both(machine).map(|options| {
            let shape = (SHAPE.sequences, SHAPE.length, SHAPE.inputs);
            run(&Load::new(blob.bytes(), &counts, shape), &options)
                .unwrap_or_else(|error| panic!("{machine}, {}: {error}", options.backend))
        });
        assert_eq!(own.records, qemu.records, "{machine}");
        assert_eq!(own.late_updates, qemu.late_updates, "{machine}");
        // A measurement is the difference of two readings of a timer, and is reduced by the mean of others. QEMU's clock of
        // the microbit has periods of 62.5 ns and counts whole nanoseconds.
        let (instructions, seconds) = match machine {
            Machine::Microbit => (0.5, 4e-6),
            _ => (0.1, 0.0),
        };
        let apart = own.instructions_per_update - qemu.instructions_per_update;
        assert!(apart.abs() < instructions, "{machine}: {apart} instructions");
        for (own, qemu) in [
            (own.instructions_min, qemu.instructions_min),
            (own.instructions_max, qemu.instructions_max),
        ] {
            assert!(own.abs_diff(qemu) <= 2, "{machine}: {own}, {qemu}");
        }
        for (own, qemu) in [
            (own.seconds_asleep, qemu.seconds_asleep),
            (own.seconds_total, qemu.seconds_total),
            (own.wake_delay_max_s, qemu.wake_delay_max_s),
        ] {
            assert!((own - qemu).abs() <= seconds, "{machine}: {own}, {qemu}");
        }
    }
}

#[test]
fn every_program_counter_is_qemus() {
    if qemu_is_missing() {
        return;
    }
    let shape = Shape {
        hidden: 4,
        sequences: 1,
        length: 20,
        ..SHAPE
    };
    let (blob, counts) = random(shape);
    for machine in Machine::ALL {
        let [own, qemu] = both(machine).map(|options| {
            let mut counters = Vec::new();
            let sink = &mut |pc| counters.push(pc);
            let load = Load::new(blob.bytes(), &counts, (1, shape.length, shape.inputs));
            program_counters(&load, &options, sink)
                .unwrap_or_else(|error| panic!("{machine}, {}: {error}", options.backend));
            counters
        });
        // Of two times, the image keeps the smaller or the larger one. Where QEMU's clock rounds, times that are equal here
        // can differ there, and a branch around one or two moves is taken on one side only.
        let most = match machine {
            Machine::Microbit => 64,
            _ => 0,
        };
        let apart =
            differing(&own, &qemu).unwrap_or_else(|at| panic!("{machine}: other ways from instruction {at} on"));
        assert!(apart <= most, "{machine}: {apart} instructions differ");
    }
}

/// Instructions that two runs do not share, where they come together again after each difference.
///
/// # Errors
/// The place in the first run from which the runs do not come together within [`DETOUR`] instructions.
fn differing(a: &[u32], b: &[u32]) -> Result<usize, usize> {
    let (mut i, mut j, mut found) = (0, 0, 0);
    loop {
        let same = a[i..].iter().zip(&b[j..]).take_while(|(a, b)| a == b).count();
        (i, j) = (i + same, j + same);
        if (i, j) == (a.len(), b.len()) {
            return Ok(found);
        }
        let together = |skipped: &(usize, usize)| {
            let (a, b) = (a.get(i + skipped.0..), b.get(j + skipped.1..));
            a.zip(b)
                .is_some_and(|(a, b)| a.iter().take(DETOUR).eq(b.iter().take(DETOUR)))
        };
        let detours = (1..=DETOUR).flat_map(|n| (0..=n).map(move |k| (k, n - k)));
        let (of_a, of_b) = detours.into_iter().find(together).ok_or(i)?;
        (i, j, found) = (i + of_a, j + of_b, found + of_a + of_b);
    }
}

/// The longest detour of one run, and the instructions after it that both runs must have in common.
const DETOUR: usize = 16;

#[test]
fn differing_instructions_are_counted_where_runs_come_together_again() {
    let run: Vec<u32> = (0..100).collect();
    let without = |gone: &[u32]| -> Vec<u32> { run.iter().copied().filter(|pc| !gone.contains(pc)).collect() };
    assert_eq!(differing(&run, &run), Ok(0));
    assert_eq!(differing(&run, &without(&[30, 31, 60])), Ok(3));
    // Detours that follow each other closely are one.
    assert_eq!(differing(&without(&[30]), &without(&[32])), Ok(4));
    assert_eq!(differing(&run, &run[..98]), Ok(2));
    let elsewhere: Vec<u32> = run.iter().map(|pc| if *pc < 50 { *pc } else { pc + 1000 }).collect();
    assert_eq!(differing(&run, &elsewhere), Err(50));
}
