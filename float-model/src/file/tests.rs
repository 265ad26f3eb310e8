//! State dicts as people save them, and files that are no model.

use super::*;
use crate::{Cell, tests::small, with_causes};
use safetensors::{Dtype, tensor::TensorView};
use std::{collections::HashMap, path::PathBuf};

type Raw = (String, Dtype, Vec<usize>, Vec<u8>);

/// Tensors of a model without a gate, under PyTorch's names for `nn.LSTM(...)` called `lstm` and `nn.Linear` called `fc`.
fn state_dict(cell: Cell) -> Vec<Raw> {
    let bytes = to_bytes(&small(cell)).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let keep = |(name, view): (&str, TensorView<'_>)| {
        let name = match name {
            "h0" | "c0" => return None,
            n if n.starts_with("input.") => return None,
            n => match n.strip_prefix("head.") {
                Some(leaf) => format!("fc.{leaf}"),
                None => format!("lstm.{n}"),
            },
        };
        Some((name, view.dtype(), view.shape().to_vec(), view.data().to_vec()))
    };
    file.iter().filter_map(keep).collect()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn write(&self, tensors: &[Raw], metadata: &[(&str, &str)]) -> PathBuf {
        let views = tensors
            .iter()
            .map(|(name, dtype, shape, data)| (name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
        let metadata: HashMap<String, String> = metadata.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        self.bytes(&safetensors::serialize(views, Some(metadata)).unwrap())
    }

    fn bytes(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("m.safetensors");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn says(&self, tensors: &[Raw], needles: &[&str]) {
        let text = with_causes(&load(&self.write(tensors, &[])).unwrap_err());
        for needle in needles {
            assert!(text.contains(needle), "does not say '{needle}': {text}");
        }
        assert!(text.contains("m.safetensors") && !text.contains('\n'), "{text}");
    }
}

fn zeros(name: &str, shape: &[usize]) -> Raw {
    let count: usize = shape.iter().product();
    (name.into(), Dtype::F32, shape.to_vec(), vec![0; 4 * count])
}

#[test]
fn a_state_dict_is_the_model_whatever_its_modules_are_called() {
    let f = Folder::new();
    for cell in [Cell::Lstm, Cell::Gru] {
        let mut expected = small(cell);
        expected.layers.iter_mut().for_each(|l| {
            l.h0.fill(0.0);
            l.c0.fill(0.0);
        });
        (expected.input_mean, expected.input_std) = (vec![0.0; 2], vec![1.0; 2]);
        expected.description = crate::Description::default();
        for (layers, head) in [
            ("lstm.", "fc."),
            ("", "out."),
            ("module.model.gru.", "module.head."),
            ("rnn.", "classifier.1."),
        ] {
            let renamed: Vec<Raw> = state_dict(cell)
                .into_iter()
                .map(|(name, d, s, v)| (name.replace("lstm.", layers).replace("fc.", head), d, s, v))
                .collect();
            let (model, notes) = load_with_notes(&f.write(&renamed, &[("format", "pt")])).unwrap();
            assert_eq!(model, expected, "{layers} {head}");
            let told = |part: &str| assert!(notes.iter().any(|n| n.contains(part)), "{part}: {notes:?}");
            told(&format!("the head is {}", head.trim_end_matches('.')));
            told("h0");
            told("input.mean");
            if head.contains('1') {
                told("activation");
            }
        }
    }
}

#[test]
fn absent_biases_are_zeros_and_said() {
    let f = Folder::new();
    let tensors: Vec<Raw> = state_dict(Cell::Gru)
        .into_iter()
        .filter(|t| !t.0.contains("bias"))
        .collect();
    let (model, notes) = load_with_notes(&f.write(&tensors, &[])).unwrap();
    assert!(
        model
            .layers
            .iter()
            .all(|l| l.bias_ih.iter().chain(&l.bias_hh).all(|b| *b == 0.0))
    );
    assert_eq!(model.head.bias, [0.0, 0.0]);
    let notes = notes.join("\n");
    assert!(
        notes.contains("bias=False") && notes.contains("bias of the head"),
        "{notes}"
    );

    let one: Vec<Raw> = state_dict(Cell::Gru)
        .into_iter()
        .filter(|t| !t.0.ends_with("bias_hh_l1"))
        .collect();
    f.says(&one, &["bias_hh_l1: missing"]);
}

#[test]
fn cells_and_other_number_formats_are_read() {
    let f = Folder::new();
    let one_layer: Vec<Raw> = state_dict(Cell::Lstm)
        .into_iter()
        .filter(|t| !t.0.ends_with("_l1"))
        .collect();
    let half = |bytes: &[u8], to: &dyn Fn(f32) -> Vec<u8>| -> Vec<u8> {
        let (values, _) = bytes.as_chunks::<4>();
        values.iter().flat_map(|b| to(f32::from_le_bytes(*b))).collect()
    };
    let converted: Vec<Raw> = one_layer
        .iter()
        .map(|(name, dtype, shape, data)| {
            let (dtype, data) = match name.as_str() {
                n if n.contains("weight_ih") => (Dtype::F64, half(data, &|v| f64::from(v).to_le_bytes().into())),
                n if n.contains("weight_hh") => {
                    (Dtype::F16, half(data, &|v| half::f16::from_f32(v).to_le_bytes().into()))
                }
                n if n.starts_with("fc.weight") => (
                    Dtype::BF16,
                    half(data, &|v| half::bf16::from_f32(v).to_le_bytes().into()),
                ),
                _ => (*dtype, data.clone()),
            };
            (name.replace("_l0", ""), dtype, shape.clone(), data)
        })
        .collect();
    let (model, notes) = load_with_notes(&f.write(&converted, &[])).unwrap();
    let expected = small(Cell::Lstm);
    assert_eq!(model.layers.len(), 1);
    assert_eq!(model.layers[0].weight_ih, expected.layers[0].weight_ih);
    let near = |a: &[f32], b: &[f32], by: f32| a.iter().zip(b).all(|(a, b)| (a - b).abs() < by);
    assert!(near(&model.layers[0].weight_hh, &expected.layers[0].weight_hh, 1e-3));
    assert!(near(&model.head.weight, &expected.head.weight, 1e-2));
    let notes = notes.join("\n");
    for kind in ["f64", "f16", "bf16"] {
        assert!(notes.contains(&format!("{kind} and used as f32")), "{notes}");
    }
}

#[test]
fn every_tensor_without_a_use_is_named_with_what_it_belongs_to() {
    let f = Folder::new();
    let with = |more: &[Raw]| -> Vec<Raw> { state_dict(Cell::Lstm).into_iter().chain(more.iter().cloned()).collect() };
    let conv = [zeros("conv1.weight", &[2, 2, 3]), zeros("conv1.bias", &[2])];
    let norm = [zeros("bn.weight", &[2]), zeros("bn.running_mean", &[2])];
    f.says(
        &with(&[conv.as_slice(), &norm].concat()),
        &[
            "bn.running_mean, bn.weight: not used here; normalisation",
            "conv1.bias, conv1.weight: not used here; convolutions",
        ],
    );
    f.says(
        &with(&[zeros("lstm.weight_ih_l0_reverse", &[12, 2])]),
        &["lstm.weight_ih_l0_reverse: not used here; bidirectional"],
    );
    f.says(
        &with(&[zeros("lstm.weight_hr_l0", &[2, 3])]),
        &["weight_hr_l0", "proj_size"],
    );
    f.says(
        &with(&[zeros("attn.weight", &[1, 3])]),
        &["attn.weight: not used here; attention"],
    );
    f.says(&with(&[zeros("embed.weight", &[9, 3])]), &["embeddings"]);
    f.says(
        &with(&[zeros("fc2.weight", &[2, 2])]),
        &["fc.bias, fc.weight, fc2.weight", "one linear layer"],
    );
    f.says(
        &with(&[zeros("gru.weight_ih_l0", &[9, 2])]),
        &["gru, lstm: 2 recurrent modules"],
    );
    f.says(&with(&[zeros("a\u{1b}[2J", &[1])]), &["a\\u{1b}[2J: not used here"]);
    let gru: Vec<Raw> = state_dict(Cell::Gru)
        .into_iter()
        .chain([zeros("lstm.c0", &[2, 3])])
        .collect();
    f.says(&gru, &["lstm.c0: not used here; a GRU has no c"]);
}

/// A whole batch normalisation of so many features, without effect but for the epsilon.
fn batch_norm(features: usize) -> Vec<Raw> {
    let ones = |name: &str| {
        (
            name.to_owned(),
            Dtype::F32,
            vec![features],
            1f32.to_le_bytes().repeat(features),
        )
    };
    vec![
        ones("bn.weight"),
        zeros("bn.bias", &[features]),
        zeros("bn.running_mean", &[features]),
        ones("bn.running_var"),
        ("bn.num_batches_tracked".into(), Dtype::I64, Vec::new(), vec![0; 8]),
    ]
}

#[test]
fn a_batch_normalisation_is_folded_where_its_size_tells_its_place() {
    let f = Folder::new();
    let with = |norm: Vec<Raw>| -> Vec<Raw> { state_dict(Cell::Gru).into_iter().chain(norm).collect() };
    // The small model has as many inputs as outputs, and two layers.
    f.says(
        &with(batch_norm(2)),
        &["bn.running_mean", "may stand at the inputs or at the outputs", "ONNX"],
    );
    f.says(&with(batch_norm(3)), &["bn.running_mean", "several layers"]);
    f.says(
        &with(batch_norm(5)),
        &[
            "bn.running_mean",
            "5 features fits neither the 2 inputs nor the 3 hidden units",
        ],
    );
    let mut damaged = batch_norm(5);
    damaged[3].3 = (-1f32).to_le_bytes().repeat(5);
    damaged[0].2 = vec![1, 5];
    f.says(&with(damaged), &["bn.weight: has shape (1, 5); (5) is needed"]);
    let one_layer: Vec<Raw> = with(batch_norm(3))
        .into_iter()
        .filter(|t| !t.0.ends_with("_l1"))
        .collect();
    let (model, notes) = load_with_notes(&f.write(&one_layer, &[])).unwrap();
    assert!(
        notes
            .iter()
            .any(|n| n.contains("folded into the head") && n.contains("1e-5")),
        "{notes:?}"
    );
    let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5 && a != b;
    assert!(model.head.weight.iter().zip(&small(Cell::Gru).head.weight).all(close));
}

#[test]
fn a_head_of_both_directions_is_told_as_one() {
    let f = Folder::new();
    let mut tensors = state_dict(Cell::Lstm);
    tensors.retain(|t| !t.0.starts_with("fc."));
    tensors.push(zeros("fc.weight", &[2, 6]));
    f.says(&tensors, &["fc.weight: has shape (2, 6); (2, 3) is needed"]);
    tensors.push(zeros("lstm.weight_hh_l0_reverse", &[12, 3]));
    f.says(&tensors, &["twice the 3 units, as both directions", "bidirectional"]);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let f = Folder::new();
    let mut tensors = state_dict(Cell::Gru);
    tensors.retain(|t| t.0 != "lstm.weight_ih_l1" && t.0 != "fc.weight");
    tensors.push(zeros("bn.weight", &[2]));
    f.says(&tensors, &["weight_ih_l1: missing", "bn.weight", "fc.bias"]);
    let says = |metadata: &[(&str, &str)], needles: &[&str]| {
        let path = f.write(&state_dict(Cell::Gru), metadata);
        let text = with_causes(&load(&path).unwrap_err());
        assert!(needles.iter().all(|n| text.contains(n)), "{text}");
    };
    says(&[("cell", "lstm")], &["metadata cell: 'lstm'", "of a gru"]);
    says(&[("format", "skiprnn-2")], &["newer program"]);
    says(
        &[("seed", "x"), ("sample_period_s", "-1"), ("objective", "guess")],
        &["metadata seed", "metadata sample_period_s", "metadata objective"],
    );
}

#[test]
fn shapes_without_values_are_refused_before_anything_is_allocated() {
    let f = Folder::new();
    for huge in [1usize << 33, 1 << 62] {
        let mut tensors = state_dict(Cell::Gru);
        for (name, _, shape, data) in &mut tensors {
            if name == "lstm.weight_ih_l0" {
                (*shape, *data) = (vec![0, huge], Vec::new());
            }
        }
        f.says(&tensors, &["lstm.weight_ih_l0: has shape (0, ", "no values"]);
    }
}

#[test]
fn files_of_other_programs_are_called_by_their_names() {
    let f = Folder::new();
    let zip = |name: &str| [b"PK\x03\x04\x14\x00".as_slice(), name.as_bytes()].concat();
    let cases: [(Vec<u8>, &str); 14] = [
        (zip("archive/data.pkl"), "PyTorch"),
        (zip("model.weights.h5"), "Keras"),
        (zip("x.npy"), "NumPy archive"),
        (zip("a.txt"), "zip archive"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(), "pickle"),
        (b"\x89HDF\r\n\x1a\n\0\0".to_vec(), "HDF5"),
        (b"\x1c\0\0\0TFL3\x14\0".to_vec(), "TensorFlow Lite"),
        (b"\x08\x07\x12\x07pytorch\x1a\x051.9".to_vec(), "ONNX"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid".to_vec(),
            "git lfs pull",
        ),
        (b"\n<!DOCTYPE HTML><html>".to_vec(), "web page"),
        (b"\x93NUMPY\x01\0v\0".to_vec(), "NumPy array"),
        (b"\x1f\x8b\x08\0".to_vec(), "gunzip"),
        (b"SRNN\x01\0".to_vec(), "blob"),
        (Vec::new(), "empty"),
    ];
    for (bytes, needle) in cases {
        let text = with_causes(&load(&f.bytes(&bytes)).unwrap_err());
        assert!(text.contains("m.safetensors: is") && text.contains(needle), "{text}");
    }
}
