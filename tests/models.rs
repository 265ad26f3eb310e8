//! Every model of `models/` in every command that takes a model or a blob. Their cards' figures are held by
//! `cargo xtask model-cards --check`, which runs the commands in full.

mod common;
use common::{Folder, json};
use std::path::Path;

/// Sequences a command.
const N: usize = 4;

/// (name, task, inputs, samples a sequence).
const MODELS: [(&str, Option<&str>, usize, usize); 6] = [
    ("activity", None, 6, 128),
    ("activity-accelerometer", None, 3, 128),
    ("adding", Some("adding"), 2, 50),
    ("frequency", Some("frequency"), 1, 100),
    ("frequency-five", Some("frequency"), 1, 100),
    ("frequency-half-ms", Some("frequency"), 1, 200),
];

#[test]
fn the_list_is_complete() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut names: Vec<String> = std::fs::read_dir(root)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, MODELS.map(|m| m.0));
}

#[test]
fn every_model_runs_in_every_command() {
    for (name, task, inputs, length) in MODELS {
        let f = Folder::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name);
        let (run, blob) = (
            folder.display().to_string(),
            folder.join("model.srnn").display().to_string(),
        );
        let (x, own) = (f.at("x.npy"), f.at("m.srnn"));
        let values = (0..N * length * inputs).map(|k| (k as f32 * 0.37).sin()).collect();
        let sequences = host_train::Sequences::new("x", values, N, length, inputs).unwrap();
        dataset::save_sequences(Path::new(&x), &sequences).unwrap();
        let generated = task.map_or_else(|| format!(" --x {x}"), |task| format!(" --n {N} --task {task}"));
        let held_out = task.map_or_else(|| format!(" --x {x}"), |_| format!(" --n {N}"));

        let eval = json(&format!("eval {run}{held_out}"));
        let simulated = json(&format!("simulate {blob}{generated}"));
        let emulated = json(&format!("emulate {blob}{generated}"));
        for value in [&eval, &simulated, &emulated] {
            assert_eq!(value["sequences"], N, "{name}");
        }
        assert_eq!(emulated["identical_to_simulator"], true, "{name}");
        assert_eq!(json(&format!("inspect {blob}"))["name"], name);
        json(&format!("plot {run}{held_out} --out {}", f.at("figures")));
        assert!(f.path("figures").join("samples.svg").exists());
        let quantized = json(&format!("quantize {run} --calib-x {x} --out {own}"));
        assert!(quantized["blob_bytes"].as_u64() > Some(1000), "{name}");
        let predicted = json(&format!("energy predict {blob} --board nrf52840 --sensor none"));
        assert!(predicted["uj_per_sequence"]["mid"].as_f64() > Some(0.0), "{name}");
    }
}
