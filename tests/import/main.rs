//! Networks of other programs, as a user takes them: `import`, and the commands that take a model.
//!
//! `make.py` beside this makes the files from PyTorch, onnxruntime and Keras, with the outputs that those programs compute; the
//! crate `import` compares the numbers, and refuses each kind, in `import/tests/sources.rs`.

#[path = "../common/mod.rs"]
mod common;

use common::{Folder, fails, json};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/files")
}

fn file(name: &str) -> String {
    folder().join(name).display().to_string()
}

fn numbers(value: &Value) -> Vec<f32> {
    let list = value.as_array().expect("a list");
    list.iter().map(|v| v.as_f64().expect("a number") as f32).collect()
}

/// Writes the samples that belong to a file as x.npy; returns the outputs of the source.
fn samples(name: &str, to: &Path) -> Vec<f32> {
    let text = fs::read_to_string(folder().join(format!("{name}.json"))).expect("it stands beside the file");
    let expected: Value = serde_json::from_str(&text).expect("JSON");
    let count = |name: &str| expected[name].as_u64().expect("a number") as usize;
    let x = numbers(&expected["x"]);
    let channels = x.len() / count("count") / count("length");
    let x = float_model::Sequences::new("x", x, count("count"), count("length"), channels).expect("samples");
    dataset::save_sequences(to, &x).expect("written");
    numbers(&expected["outputs"])
}

fn flat(value: &Value, to: &mut Vec<f32>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| flat(v, to)),
        other => to.push(other.as_f64().expect("a number") as f32),
    }
}

/// Outputs through the activation that a source ends with.
fn ended(logits: &[f32], end: Option<&str>) -> Vec<f32> {
    let exp: Vec<f32> = logits.iter().map(|v| v.exp()).collect();
    match end {
        Some("softmax") => exp.iter().map(|e| e / exp.iter().sum::<f32>()).collect(),
        Some("sigmoid") => exp.iter().map(|e| e / (1.0 + e)).collect(),
        _ => logits.to_vec(),
    }
}

#[test]
fn an_imported_network_is_a_run_that_every_command_takes() {
    let f = Folder::new();
    let (run, x, blob) = (f.at("run"), f.path("x.npy"), f.at("m.srnn"));
    let expected = samples("lstm-two-layers-time-first.onnx", &x);
    let report = json(&format!(
        "import {} --sample-period-s 0.02 --length 6 --channel-names ax,ay --channel-units g,g --full-scale 4,4 \
         --class-names a,b,c,d --out {run}",
        file("lstm-two-layers-time-first.onnx")
    ));
    assert_eq!(
        (report["cell"].as_str(), report["layers"].as_u64()),
        (Some("lstm"), Some(2))
    );
    assert_eq!(report["missing"].as_array().map(Vec::len), Some(0), "{report}");
    assert_eq!(f.names(), ["run", "x.npy"]);
    let said = fs::read_to_string(f.path("run").join("import.json")).expect("it is there");
    assert!(said.contains("softmax at the end is left out"), "{said}");

    let x = x.display();
    let evaluated = json(&format!("eval {run} --x {x}"));
    let mut logits = Vec::new();
    flat(&evaluated["outputs"], &mut logits);
    let ours: Vec<f32> = logits
        .chunks(4)
        .flat_map(|logits| ended(logits, Some("softmax")))
        .collect();
    let nearest = ours.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5);
    assert!(nearest && ours.len() == expected.len(), "{ours:?} {expected:?}");
    json(&format!("quantize {run} --calib-x {x} --out {blob}"));
    let described = json(&format!("inspect {blob}"));
    assert_eq!(described["channels"][1]["name"], "ay");
    let fixed = json(&format!("simulate {blob} --x {x}"));
    assert_eq!(fixed["updates_mean"], 6.0, "a network without a gate uses every sample");
    json(&format!("compare {run} {blob} --x {x} --svg {}", f.at("c.svg")));
}

#[test]
fn files_of_other_programs_are_taken_where_a_run_is() {
    let f = Folder::new();
    let x = f.path("x.npy");
    for name in [
        "gru-every-step.onnx",
        "checkpoint.pth",
        "functional.keras",
        "regression.keras",
        "gru-stack.h5",
    ] {
        let expected = samples(name, &x);
        let evaluated = json(&format!("eval {} --x {}", file(name), x.display()));
        let mut ours = Vec::new();
        flat(&evaluated["outputs"], &mut ours);
        assert_eq!(ours.len(), expected.len(), "{name}");
        let nearest = ours.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(nearest, "{name}: {ours:?} {expected:?}");
    }
}

#[test]
fn a_refused_file_leaves_nothing_and_a_run_of_training_is_kept() {
    let f = Folder::new();
    let out = f.at("run");
    fails(
        &format!("import {} --out {out}", file("reset-before.onnx")),
        1,
        &[
            "reset-before.onnx",
            "linear_before_reset = 0",
            "train with linear_before_reset = 1",
        ],
    );
    fails(
        &format!("import {} --out {out}", f.at("nothing.onnx")),
        1,
        &["nothing.onnx"],
    );
    assert!(f.names().is_empty(), "{:?}", f.names());
    fs::create_dir(f.path("run")).unwrap();
    fs::write(f.path("run").join("config.toml"), "cell = \"gru\"\n").unwrap();
    fails(
        &format!("import {} --out {out}", file("state.pt")),
        2,
        &["--out", "config.toml of another run"],
    );
    assert!(!f.path("run").join("model.safetensors").exists());
    // An import may be done again, with what was missing.
    let again = f.at("again");
    let first = json(&format!("import {} --out {again}", file("state.pt")));
    assert_eq!(first["missing"].as_array().map(Vec::len), Some(3), "{first}");
    json(&format!(
        "import {} --out {again} --length 0 --output-at step --objective multilabel",
        file("state.pt")
    ));
    let model = float_model::load(&f.path("again").join("model.safetensors")).unwrap();
    assert_eq!(model.description.output_at, float_model::OutputAt::Step);
    assert_eq!(model.description.objective, float_model::Objective::Multilabel);
    assert_eq!(model.description.other["imported_from"], "state.pt");
}

#[test]
fn a_scaler_of_its_own_file_is_folded_into_the_inputs() {
    let f = Folder::new();
    let import = |scaler: &str, out: &str| format!("import {} --scaler {scaler} --out {}", file("state.pt"), f.at(out));
    let json_file = f.path("scaler.json");
    fs::write(
        &json_file,
        "{\"mean_\": [1.5, -2.0], \"scale_\": [4.0, 0.5], \"n_features_in_\": 2}",
    )
    .unwrap();
    let report = json(&import(&json_file.display().to_string(), "a"));
    assert!(
        report["notes"]
            .to_string()
            .contains("folded into input.mean and input.std"),
        "{report}"
    );
    let values = float_model::Sequences::new("x", vec![1.5, -2.0, 4.0, 0.5], 1, 2, 2).unwrap();
    dataset::save_sequences(&f.path("three.npy"), &values).unwrap();
    let of = |name: &str| float_model::load(&f.path(name).join("model.safetensors")).unwrap();
    assert_eq!(
        (of("a").input_mean, of("a").input_std),
        (vec![1.5, -2.0], vec![4.0, 0.5])
    );
    // Three axes are no means and deviations.
    fails(&import(&f.at("three.npy"), "b"), 1, &["three.npy", "(2, channels)"]);
    for (text, needles) in [
        ("{\"mean\": [1], \"std\": [1]}", &["of 1 channels", "takes 2"][..]),
        ("{\"mean\": [1, 2]}", &["std: no such array"]),
        ("{\"mean\": [1, 2], \"std\": [1, 0]}", &["channel 1", "above zero"]),
        ("{\"mean\": [1, 2], \"std\": [1]}", &["2 means and 1 standard"]),
        (
            "{\"mean\": [1, 2], \"std\": [1, 1], \"scale\": [1, 1]}",
            &["both could be"],
        ),
    ] {
        fs::write(&json_file, text).unwrap();
        fails(
            &import(&json_file.display().to_string(), "b"),
            1,
            &[&["scaler.json"], needles].concat(),
        );
    }
    assert!(!f.path("b").exists());
}

#[test]
fn the_files_are_what_the_programs_write_today() {
    let mut compared = Vec::new();
    for (variable, part) in [
        ("SKIPRNN_PYTHON", "torch"),
        ("SKIPRNN_PYTHON_ONNX", "onnx"),
        ("SKIPRNN_PYTHON_KERAS", "keras"),
    ] {
        let Ok(python) = std::env::var(variable) else {
            eprintln!("left out: {variable} names no Python for `tests/import/make.py {part}`");
            continue;
        };
        let f = Folder::new();
        let status = Command::new(python)
            .env("OMP_NUM_THREADS", "1")
            .args(["tests/import/make.py", part, &f.at("")])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("it can be started");
        assert!(status.success(), "make.py {part}");
        for name in f.names().iter().filter(|n| n.ends_with(".json")) {
            let expected: Value = serde_json::from_str(&fs::read_to_string(f.path(name)).unwrap()).unwrap();
            let source = name.trim_end_matches(".json");
            let imported = import::read(&f.path(source)).unwrap_or_else(|e| panic!("{}", float_model::with_causes(&e)));
            let count = |name: &str| expected[name].as_u64().expect("a number") as usize;
            let (x, inputs) = (numbers(&expected["x"]), imported.model.input);
            let x = float_model::Sequences::new("x", x, count("count"), count("length"), inputs).unwrap();
            let outcomes = float_model::Forward::new(&imported.model).run_all(&x, 0.0, 1).unwrap();
            let outputs = outcomes.iter().flat_map(|o| o.output.chunks(imported.model.outputs));
            let ours: Vec<f32> = outputs
                .flat_map(|logits| ended(logits, expected["end"].as_str()))
                .collect();
            let theirs = numbers(&expected["outputs"]);
            let nearest = ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 1e-5);
            assert!(nearest && ours.len() == theirs.len(), "{source}: {ours:?} {theirs:?}");
            compared.push(source.to_owned());
        }
    }
    eprintln!("{} files of today's programs compared", compared.len());
}
