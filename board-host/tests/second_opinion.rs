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
        let first = own.iter().zip(&qemu).position(|(own, qemu)| own != qemu);
        assert_eq!(first, None, "{machine}: instruction of that number");
        assert_eq!(own.len(), qemu.len(), "{machine}");
    }
}
