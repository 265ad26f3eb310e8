//! Files of other programs (`tests/import/make.py` makes them): their outputs are those of the program that wrote them, and what a
//! model cannot hold is refused by its name.

use float_model::{FloatModel, Forward, Sequences};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Largest difference of an output.
const TOLERANCE: f32 = 1e-5;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/import/files")
}

fn numbers(value: &Value) -> Vec<f32> {
    let list = value.as_array().expect("a list");
    list.iter().map(|v| v.as_f64().expect("a number") as f32).collect()
}

/// The outputs of a model, through the activation that the source ends with.
fn outputs(model: &FloatModel, expected: &Value) -> Vec<f32> {
    let count = |name: &str| expected[name].as_u64().expect("a number") as usize;
    let x = Sequences::new(
        "x",
        numbers(&expected["x"]),
        count("count"),
        count("length"),
        model.input,
    )
    .expect("samples");
    let outcomes = Forward::new(model).run_all(&x, 0.0, 1).expect("they fit");
    let logits = outcomes.iter().flat_map(|o| o.output.chunks(model.outputs));
    let ended = |logits: &[f32]| -> Vec<f32> {
        let exp: Vec<f32> = logits.iter().map(|v| v.exp()).collect();
        match expected["end"].as_str() {
            None => logits.to_vec(),
            Some("softmax") => exp.iter().map(|e| e / exp.iter().sum::<f32>()).collect(),
            Some("sigmoid") => exp.iter().map(|e| e / (1.0 + e)).collect(),
            Some(other) => panic!("{other}"),
        }
    };
    logits.flat_map(ended).collect()
}

#[test]
fn outputs_are_those_of_the_program_that_wrote_the_file() {
    let mut compared = Vec::new();
    for entry in std::fs::read_dir(folder()).expect("the files are there") {
        let expected = entry.expect("listed").path();
        if expected.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let path = expected.with_extension("");
        let imported = import::read(&path).unwrap_or_else(|e| panic!("{}", float_model::with_causes(&e)));
        let expected = serde_json::from_slice(&std::fs::read(&expected).expect("readable")).expect("JSON");
        let (ours, theirs) = (outputs(&imported.model, &expected), numbers(&expected["outputs"]));
        assert_eq!(ours.len(), theirs.len(), "{}: {:?}", path.display(), imported.notes);
        let largest = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        println!("{}: {largest:.1e} {:?}", path.display(), imported.notes);
        assert!(
            largest <= TOLERANCE,
            "{}: {largest} {:?}",
            path.display(),
            imported.notes
        );
        compared.push(path.extension().expect("it has one").to_string_lossy().into_owned());
    }
    for (kind, least) in [
        ("safetensors", 1),
        ("pt", 4),
        ("pth", 1),
        ("onnx", 9),
        ("keras", 6),
        ("h5", 5),
    ] {
        let found = compared.iter().filter(|k| *k == kind).count();
        assert!(found >= least, "{kind}: {found}");
    }
}

/// File, and what its refusal says beside its name.
const REFUSED: [(&str, &[&str]); 25] = [
    ("torchscript.pt", &["TorchScript", "state_dict"]),
    (
        "whole-module.pt",
        &["whole module", "__main__.Net", "torch.save(model.state_dict(), PATH)"],
    ),
    (
        "before-1.6.pth",
        &["before version 1.6", "torch.save(torch.load(PATH), PATH)"],
    ),
    ("two.pt", &["a, b: several state dicts"]),
    (
        "bidirectional.pt",
        &[
            "lstm.bias_hh_l0_reverse",
            "bidirectional",
            "fc.weight: has shape (4, 6)",
        ],
    ),
    ("bidirectional.onnx", &["(LSTM): is bidirectional"]),
    ("backwards.onnx", &["rnn (LSTM): runs backwards"]),
    ("clipped.onnx", &["rnn (LSTM)", "clip"]),
    (
        "other-activations.onnx",
        &["rnn (LSTM): has other activations than Sigmoid, Tanh, Tanh"],
    ),
    (
        "reset-before.onnx",
        &[
            "rnn (GRU): has linear_before_reset = 0",
            "train with linear_before_reset = 1",
        ],
    ),
    ("relu-before-head.onnx", &["act (Relu): is an activation"]),
    ("residual.onnx", &["skip (Add): joins two branches"]),
    ("first-sample.onnx", &["take (Gather): takes the h of sample 0"]),
    ("two-heads.onnx", &["head (Gemm)", "second branch"]),
    ("unknown-operator.onnx", &["sum (CumSum)"]),
    ("bidirectional.keras", &["both (Bidirectional)"]),
    ("backwards.keras", &["back (LSTM)", "go_backwards"]),
    (
        "hard-sigmoid.keras",
        &["hard (LSTM): has the recurrent_activation hard_sigmoid"],
    ),
    (
        "reset-before.keras",
        &["old (GRU): has reset_after=False", "train with reset_after=True"],
    ),
    ("two-dense.keras", &["middle (Dense): has the activation relu"]),
    ("convolution.keras", &["conv (Conv1D): is a convolution"]),
    ("masked.keras", &["mask (Masking)"]),
    ("layer-norm.keras", &["norm (LayerNormalization)"]),
    ("branches.keras", &["a (LSTM), b (LSTM): layers beside each other"]),
    (
        "only.weights.h5",
        &["without the attribute model_config", "model.save('model.keras')"],
    ),
];

#[test]
fn what_a_model_cannot_hold_is_refused_by_its_name() {
    for (name, needles) in REFUSED {
        let error = import::read(&folder().join(name)).expect_err(name);
        let text = float_model::with_causes(&error);
        for needle in [&[name], needles].concat() {
            assert!(text.contains(needle), "{name}: does not say '{needle}': {text}");
        }
        assert!(!text.contains('\n'), "{text}");
    }
}

#[test]
fn every_file_is_a_model_or_is_refused_here() {
    for entry in std::fs::read_dir(folder()).expect("the files are there") {
        let name = entry.expect("listed").file_name().to_string_lossy().into_owned();
        let is_refused = REFUSED.iter().any(|(refused, _)| *refused == name);
        let has_outputs = folder().join(format!("{name}.json")).exists();
        assert!(name.ends_with(".json") || is_refused != has_outputs, "{name}");
    }
}

#[test]
fn the_name_of_a_file_says_nothing_of_its_kind() {
    let folder_of_copies = tempfile::tempdir().expect("a folder");
    let copy = folder_of_copies.path().join("model.bin");
    for name in [
        "state.safetensors",
        "state.pt",
        "gru-norms.onnx",
        "lstm.keras",
        "lstm.h5",
    ] {
        std::fs::copy(folder().join(name), &copy).expect("copied");
        let (named, unnamed) = (import::read(&folder().join(name)), import::read(&copy));
        assert_eq!(named.expect("a model"), unnamed.expect("a model"), "{name}");
    }
}
