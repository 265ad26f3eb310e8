//! Every model of `models/` on every emulated machine: the firmware image against the simulator.
//!
//! The generated tasks run on held-out sequences. The recordings of the activity task are not part of the repository: where
//! they lie beside it, those models run on test windows, elsewhere on random walks over the sensors' range.

use emulator::{Machine, Options, Record, run};
use host_train::{DataSource, Sequences, dataset};
use quantize::{Blob, Simulator, counts};
use skiprnn_nostd::Model;
use std::path::Path;

const SEQUENCES: usize = 200;
/// Of held-out sequences; training never draws from this stream.
const SEED: u64 = 1_000_003;

/// (N, T, I) counts that wander over the sensors' range, channel by channel.
fn random_walks(model: &Model<'_>) -> Vec<i16> {
    let (inputs, length) = (model.inputs(), model.sequence_length() as usize);
    let mut state = SEED;
    let mut at = vec![0i32; inputs];
    (0..SEQUENCES * length * inputs)
        .map(|index| {
            state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            let step = (state >> 48) as i16 / 8;
            let channel = &mut at[index % inputs];
            *channel = (*channel + i32::from(step)).clamp(-32_768, 32_767);
            *channel as i16
        })
        .collect()
}

/// Test windows as the sensor counts them, as many of their channels as the model has; `None` where there are none.
fn recorded(model: &Model<'_>) -> Option<Vec<i16>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/har/test_x.npy");
    if !path.exists() {
        println!("no recordings beside the project: random walks in their place");
        return None;
    }
    let x = dataset::load_sequences(&path).unwrap().take(SEQUENCES);
    let samples = x.values.chunks_exact(x.channels);
    let values = samples.flat_map(|s| &s[..model.inputs()]).copied().collect();
    let x = Sequences::new("test windows", values, x.count, x.length, model.inputs()).unwrap();
    Some(counts(model, "test windows", &x).unwrap())
}

/// Held-out sequences as the sensor counts them.
fn held_out(name: &str, model: &Model<'_>) -> Vec<i16> {
    let source = match name {
        "adding" => DataSource::Adding {
            length: model.sequence_length() as usize,
        },
        name if name.starts_with("frequency") => DataSource::Frequency {
            sample_period_s: model.sample_period_ns() as f64 * 1e-9,
        },
        _ => return recorded(model).unwrap_or_else(|| random_walks(model)),
    };
    let (x, _) = source.evaluation(SEQUENCES, SEED).unwrap();
    counts(model, name, &x).unwrap()
}

#[test]
fn identical_to_the_simulator_on_every_machine() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("model.srnn").is_file())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        let blob = Blob::read(&folder.join(&name).join("model.srnn")).unwrap();
        let model = blob.model();
        let (length, inputs) = (model.sequence_length() as usize, model.inputs());
        let counts = held_out(&name, &model);
        let expected: Vec<Record> = Simulator::new(&model)
            .unwrap()
            .run_all(&counts, length, 2)
            .into_iter()
            .map(|run| Record {
                decision: run.decision as u32,
                logits: run.logits,
                state_crc: run.state_crc,
                updates: run.updates,
            })
            .collect();
        let period_s = model.sample_period_ns() as f64 * 1e-9;
        for machine in Machine::ALL {
            // A nanosecond and 64 ns for an instruction: an update fits the sample period, or it may not.
            for icount_shift in [0, 6] {
                let options = Options {
                    machine,
                    icount_shift,
                    ..Options::default()
                };
                let what = format!("{name} on {machine} at shift {icount_shift}");
                let emulation = run(blob.bytes(), &counts, SEQUENCES, length, inputs, &options)
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
}
