//! Every model of `models/` on every emulated machine: the firmware image against the simulator.

mod common;

use board_host::{Load, Machine, Options, run};
use common::held_out;

const SEQUENCES: usize = 200;

/// A nanosecond for an instruction: an update fits the sample period.
#[test]
fn identical_to_the_simulator_on_every_fast_machine() {
    identical(0);
}

/// 64 ns for an instruction: an update fits the sample period, or it may not.
#[test]
fn identical_to_the_simulator_on_every_slow_machine() {
    identical(6);
}

fn identical(icount_shift: u8) {
    for name in held_out::names() {
        let blob = held_out::blob(&name);
        let model = blob.model();
        let (length, inputs) = (model.sequence_length() as usize, model.inputs());
        let counts = held_out::held_out(&name, &model, SEQUENCES);
        let expected = held_out::simulated(&model, &counts);
        let period_s = model.sample_period_ns() as f64 * 1e-9;
        for machine in Machine::ALL {
            let options = Options {
                machine,
                icount_shift,
                ..Options::default()
            };
            let what = format!("{name} on {machine} at shift {icount_shift}");
            let emulation = run(&Load::new(blob.bytes(), &counts, (SEQUENCES, length, inputs)), &options)
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(emulation.records == expected, "{what}: not identical");
            let update_s = emulation.instructions_max as f64 * 1e-9 * f64::from(1 << icount_shift);
            println!(
                "{what}: {:.0} instructions an update, {} late, asleep {:.4} of {:.4} s",
                emulation.instructions_per_update,
                emulation.late_updates,
                emulation.seconds_asleep,
                emulation.seconds_total
            );
            // Reading, markers and clock come on top of the update.
            if update_s * 1.2 < period_s {
                assert_eq!(emulation.late_updates, 0, "{what}");
                let total = (SEQUENCES * length) as f64 * period_s;
                let drift = emulation.seconds_total - total;
                // The last wake-up comes a few hundred instructions late.
                let late = 500e-9 * f64::from(1 << icount_shift);
                assert!(drift.abs() < late, "{what}: {drift} s");
            }
        }
    }
}
