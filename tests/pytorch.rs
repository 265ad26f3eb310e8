//! The same networks in PyTorch: files both ways, outputs and update masks compared (`examples/pytorch`).
//!
//! Runs where the environment variable SKIPRNN_PYTHON names a Python with torch, safetensors and numpy.

mod common;

use common::Folder;
use float_model::{Forward, Schedule, Sequences};
use serde::Deserialize;
use std::{path::Path, process::Command};

/// Largest difference of an output on the same schedule.
const TOLERANCE: f32 = 1e-4;
/// Share of the sequences whose masks must agree.
const SAME_MASKS: f64 = 0.999;
/// A multiple of Δũ this near to one half is a tie: f32 sums and the closed form may round it either way.
const TIE: f64 = 1e-5;

/// What `skip_rnn.py run` prints.
#[derive(Deserialize)]
struct Results {
    outputs: Vec<Vec<f32>>,
    updates: Vec<Vec<u32>>,
}

fn python() -> Option<String> {
    let python = std::env::var("SKIPRNN_PYTHON").ok();
    if python.is_none() {
        eprintln!("left out: SKIPRNN_PYTHON names no Python with torch");
    }
    python
}

fn script(python: &str, arguments: &[&str]) -> Vec<u8> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pytorch/skip_rnn.py");
    // Matrices this small are faster on one thread, and on a busy machine by far.
    let out = Command::new(python)
        .env("OMP_NUM_THREADS", "1")
        .arg(script)
        .args(arguments)
        .output()
        .expect("SKIPRNN_PYTHON can be started");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "skip_rnn.py {}: {said}", arguments.join(" "));
    out.stdout
}

/// Whether the two masks part at a tie of our own gate.
fn tie(forward: &Forward<'_>, x: &[f32], ours: &[u32], theirs: &[u32]) -> bool {
    let parted = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
    let mut deltas = Vec::new();
    forward.run_observed(x, Schedule::Learned { dial: 0.0 }, |u| deltas.push(f64::from(u.delta)));
    let delta = deltas[parted - 1];
    let n = (0.5 / delta).round().max(1.0);
    (n * delta - 0.5).abs() < TIE
}

/// Compares our forward pass of a model file with PyTorch's.
fn agrees(python: &str, model: &str, x_file: &str) {
    let x: Sequences = dataset::load_sequences(Path::new(x_file)).unwrap();
    let loaded = float_model::load(Path::new(model)).unwrap();
    let forward = Forward::new(&loaded);
    let theirs: Results = serde_json::from_slice(&script(python, &["run", model, x_file])).unwrap();
    assert_eq!(theirs.outputs.len(), x.count);
    let (mut same, mut ties, mut largest) = (0, 0, 0.0f32);
    for (n, (x, (outputs, updates))) in x.iter().zip(theirs.outputs.iter().zip(&theirs.updates)).enumerate() {
        let ours = forward.run(x, Schedule::Learned { dial: 0.0 });
        if ours.updates == *updates {
            same += 1;
        } else if tie(&forward, x, &ours.updates, updates) {
            ties += 1;
        } else {
            eprintln!("{model}: sequence {n}: {:?} here, {updates:?} there", ours.updates);
        }
        let ours = forward.run(x, Schedule::Imposed(updates));
        for (a, b) in ours.output.iter().zip(outputs) {
            largest = largest.max((a - b).abs());
        }
    }
    eprintln!(
        "{model}: {same} of {} masks the same, {ties} ties, outputs within {largest:.1e}",
        x.count
    );
    assert!(largest <= TOLERANCE, "{model}: outputs differ by {largest}");
    let counted = x.count - ties;
    assert!(
        same as f64 >= SAME_MASKS * counted as f64,
        "{model}: {same} of {counted}"
    );
}

#[test]
fn our_models_are_pytorchs() {
    let Some(python) = python() else { return };
    let folder = Folder::new();
    for (task, model) in [("frequency", "frequency"), ("adding", "adding")] {
        let (x, y) = (folder.at("x.npy"), folder.at("y.npy"));
        common::json(&format!("data {task} --n 1000 --seed 11 --out-x {x} --out-y {y}"));
        let model = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("models")
            .join(model)
            .join("model.safetensors");
        agrees(&python, &model.display().to_string(), &x);
    }
    // Six channels that nobody recorded: slow waves.
    let x = Sequences {
        values: (0..300 * 128 * 6)
            .map(|k| (k as f32 * 0.013 + (k % 6) as f32).sin())
            .collect(),
        count: 300,
        length: 128,
        channels: 6,
        lengths: Vec::new(),
    };
    // The answers beside x.npy are of the task above.
    let folder = Folder::new();
    let file = folder.at("x.npy");
    dataset::save_sequences(Path::new(&file), &x).expect("saved");
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/activity/model.safetensors");
    agrees(&python, &model.display().to_string(), &file);
}

#[test]
fn pytorchs_models_are_ours() {
    let Some(python) = python() else { return };
    let folder = Folder::new();
    let (x, y, model) = (folder.at("x.npy"), folder.at("y.npy"), folder.at("model.safetensors"));
    common::json(&format!(
        "data adding --n 1000 --seed 12 --length 40 --out-x {x} --out-y {y}"
    ));
    // What is quantized is judged on fewer: how well is another test's matter.
    let (few_x, few_y) = (folder.at("few_x.npy"), folder.at("few_y.npy"));
    common::json(&format!(
        "data adding --n 100 --seed 14 --length 40 --out-x {few_x} --out-y {few_y}"
    ));
    for (cell, layers) in [("skip-lstm", "1"), ("skip-gru", "2"), ("lstm", "2"), ("gru", "1")] {
        let new = [
            "new",
            &model,
            "--cell",
            cell,
            "--layers",
            layers,
            "--inputs",
            "2",
            "--outputs",
            "1",
        ];
        script(&python, &[&new[..], &["--gate-bias", "-2"]].concat());
        agrees(&python, &model, &x);
        let blob = folder.at("model.srnn");
        let report = common::json(&format!(
            "quantize {model} --out {blob} --calib-x {few_x} --calib-y {few_y} --length 40 --objective regression \
             --channel-names value,marker --full-scale 1,1"
        ));
        assert_eq!(report["sequences"], 100, "{cell}");
        let bars = report["bars"].as_array().unwrap();
        assert!(bars.len() >= 4, "{cell}: {report}");
        let described = common::json(&format!("inspect {blob}"));
        assert_eq!(described["channels"][1]["name"], "marker", "{cell}");
    }
}

#[test]
fn a_file_that_went_through_pytorch_is_unchanged() {
    let Some(python) = python() else { return };
    let folder = Folder::new();
    let run = folder.at("run");
    common::tiny_run("adding", "skip-gru", &run);
    let (before, after) = (format!("{run}/model.safetensors"), folder.at("copy.safetensors"));
    let (x, y) = (folder.at("x.npy"), folder.at("y.npy"));
    common::json(&format!("data adding --n 4 --seed 13 --out-x {x} --out-y {y}"));
    let code =
        "import sys; sys.path.insert(0, sys.argv[1]); import skip_rnn; skip_rnn.load(sys.argv[2]).save(sys.argv[3])";
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pytorch");
    let status = Command::new(&python)
        .args(["-c", code])
        .arg(at)
        .args([&before, &after])
        .status()
        .expect("SKIPRNN_PYTHON can be started");
    assert!(status.success());
    let load = |path: &str| float_model::load(Path::new(path)).unwrap();
    assert_eq!(load(&before), load(&after));
}
