//! What goes wrong on a board ends in a state that is known, on every machine.

mod random_model;

use board_host::{
    Backend, Error, Load, Machine, Options,
    faults::{Fault, commit},
    run,
};
use float_model::Cell;
use random_model::{Shape, random};

#[test]
fn a_persistent_fault_is_recorded_restarted_three_times_and_parked() {
    for machine in Machine::ALL {
        for fault in Fault::ALL {
            let log = commit(fault, machine, Backend::VirtualBoard)
                .unwrap_or_else(|error| panic!("{fault:?} on {machine}: {error}"));
            let expected = match fault {
                Fault::Panic => "panic at line 2",
                Fault::StackOverflow => "stack overflow at 0x",
                Fault::HardFault => "HardFault at 0x",
                Fault::Exception => "interrupt -2",
            };
            let mut lines = log.iter();
            for restart in 1..=3 {
                let line = lines.next().unwrap();
                assert!(line.starts_with("fault "), "{machine}: {log:#?}");
                let line = lines.next().unwrap();
                let start = format!("restart {restart} after {expected}");
                assert!(line.starts_with(&start), "{machine}: {log:#?}");
            }
            assert!(lines.next().unwrap().starts_with("fault "), "{machine}: {log:#?}");
            let last = lines.next().unwrap();
            assert!(last.starts_with(&format!("parked: {expected}")), "{machine}: {log:#?}");
            assert_eq!(lines.next(), None, "{machine}");
        }
    }
}

#[test]
fn faults_end_alike_in_qemu() {
    if !Backend::Qemu.available() {
        println!("skipped: qemu-system-arm is not installed");
        return;
    }
    for machine in Machine::ALL {
        for fault in Fault::ALL {
            let [own, qemu] = Backend::ALL.map(|backend| {
                commit(fault, machine, backend)
                    .unwrap_or_else(|error| panic!("{fault:?} on {machine}, {backend}: {error}"))
            });
            assert_eq!(own, qemu, "{fault:?} on {machine}");
        }
    }
}

#[test]
fn a_flipped_bit_in_the_blob_is_refused_at_once() {
    let shape = Shape {
        cell: Cell::SkipGru,
        inputs: 3,
        hidden: 8,
        layers: 1,
        outputs: 2,
        gate_bias: -2.0,
        sequences: 2,
        length: 20,
        sample_period_s: 0.02,
    };
    let (blob, counts) = random(shape);
    for machine in Machine::ALL {
        let options = Options {
            machine,
            ..Options::default()
        };
        // In the magic, in the version, in the header, in the middle and at the end.
        for (byte, why) in [
            (0, "magic"),
            (4, "version"),
            (20, "crc"),
            (blob.bytes().len() / 2, "crc"),
            (blob.bytes().len() - 1, "crc"),
        ] {
            let mut damaged = blob.bytes().to_vec();
            damaged[byte] ^= 0x10;
            match run(&Load::new(&damaged, &counts, (2, shape.length, 3)), &options) {
                Err(Error::Refused(reason)) => {
                    assert!(reason.to_lowercase().contains(why), "{machine}, byte {byte}: {reason}");
                }
                other => panic!("{machine}, byte {byte}: {other:?}"),
            }
        }
    }
}
