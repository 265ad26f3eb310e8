//! The file round trip, its errors, and the forward pass against hand-computed values.

use crate::*;

/// A model of two layers, 2 inputs, 3 units and 2 outputs.
pub(crate) fn small(cell: Cell) -> FloatModel {
    let (input, hidden, outputs) = (2, 3, 2);
    let g = cell.family().gates();
    let mut k = 0.0f32;
    let mut fill = |n: usize| -> Vec<f32> {
        (0..n)
            .map(|_| {
                k += 1.0;
                (k * 0.37).sin() * 0.8
            })
            .collect()
    };
    let mut layer = |inputs: usize| Layer {
        weight_ih: fill(g * hidden * inputs),
        weight_hh: fill(g * hidden * hidden),
        bias_ih: fill(g * hidden),
        bias_hh: fill(g * hidden),
        h0: fill(hidden),
        c0: if cell.family() == Family::Lstm {
            fill(hidden)
        } else {
            Vec::new()
        },
    };
    let layers = vec![layer(input), layer(hidden)];
    FloatModel {
        cell,
        input,
        hidden,
        outputs,
        layers,
        gate: cell.skips().then(|| Gate {
            weight: fill(hidden),
            bias: -1.0,
        }),
        head: Head {
            weight: fill(outputs * hidden),
            bias: fill(outputs),
        },
        input_mean: vec![0.5, -0.25],
        input_std: vec![2.0, 0.5],
        description: Description {
            class_names: vec!["a".into(), "b".into()],
            channels: vec![
                Channel {
                    name: "x".into(),
                    unit: "g".into(),
                    full_scale: 4.0,
                },
                Channel {
                    name: "y".into(),
                    unit: "rad/s".into(),
                    full_scale: 8.5,
                },
            ],
            seed: 7,
            lambda: 1e-4,
            sample_period_s: 0.02,
            sequence_length: 20,
            ..Description::default()
        },
    }
}

#[test]
fn file_round_trip() {
    let dir = tempfile::tempdir().unwrap();
    for cell in Cell::ALL {
        let path = dir.path().join("model.safetensors");
        let mut model = small(cell);
        model.description.other.insert("note".into(), "kept".into());
        model.description.other.insert("format".into(), "skiprnn-1".into());
        save(&model, &path).unwrap();
        model.description.other.remove("format");
        assert_eq!(load(&path).unwrap(), model);
    }
}

#[test]
fn bad_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.safetensors");
    let says = |needle: &str| {
        let text = with_causes(&load(&path).unwrap_err());
        assert!(text.contains("m.safetensors") && text.contains(needle), "{text}");
    };
    says("No such file");
    let bytes = to_bytes(&small(Cell::SkipGru)).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    says("truncated");
    std::fs::write(&path, b"hello").unwrap();
    says("not a readable safetensors file");

    let mut nan = bytes.clone();
    let end = nan.len();
    nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, nan).unwrap();
    says("NaN");

    let mut model = small(Cell::SkipLstm);
    model.gate = None;
    assert!(to_bytes(&model).unwrap_err().to_string().contains("gate.weight"));
    model = small(Cell::Lstm);
    model.layers[0].weight_hh.pop();
    assert!(to_bytes(&model).unwrap_err().to_string().contains("weight_hh_l0"));
}

#[test]
fn one_lstm_step_by_hand() {
    // One unit, no recurrence, all weights 1, biases 0, x = 1: every gate is sigmoid(1), g = tanh(1).
    let model = FloatModel {
        cell: Cell::Lstm,
        input: 1,
        hidden: 1,
        outputs: 1,
        layers: vec![Layer {
            weight_ih: vec![1.0; 4],
            weight_hh: vec![0.0; 4],
            bias_ih: vec![0.0; 4],
            bias_hh: vec![0.0; 4],
            h0: vec![0.0],
            c0: vec![0.5],
        }],
        gate: None,
        head: Head {
            weight: vec![1.0],
            bias: vec![0.0],
        },
        input_mean: vec![0.0],
        input_std: vec![1.0],
        description: Description {
            objective: Objective::Regression,
            ..Description::default()
        },
    };
    let s = 1.0 / (1.0 + (-1.0f64).exp());
    let c = s * 0.5 + s * 1f64.tanh();
    let outcome = Forward::new(&model).run(&[1.0], Schedule::Learned { dial: 0.0 });
    assert!((f64::from(outcome.output[0]) - s * c.tanh()).abs() < 1e-6);
    assert_eq!(outcome.updates, [0]);
}

#[test]
fn a_gate_skips_and_an_imposed_schedule_is_kept() {
    let mut model = small(Cell::SkipGru);
    model.gate = Some(Gate {
        weight: vec![0.0; 3],
        bias: -(9.0f32.ln()),
    }); // Δũ = 0.1: 5 * 0.1 >= 0.5, skips 4
    let forward = Forward::new(&model);
    let x: Vec<f32> = (0..40).map(|k| (k as f32 * 0.3).cos()).collect();
    let learned = forward.run(&x, Schedule::Learned { dial: 0.0 });
    assert!(
        learned.updates == [0, 5, 10, 15] || learned.updates == [0, 6, 12, 18],
        "{:?}",
        learned.updates
    );
    let imposed = forward.run(&x, Schedule::Imposed(&learned.updates));
    assert_eq!(imposed, learned);
    let dense = forward.run(&x, Schedule::Learned { dial: 30.0 });
    assert_eq!(dense.updates.len(), 20);
}

#[test]
fn threads_do_not_change_results() {
    let model = small(Cell::SkipLstm);
    let x = Sequences::new("x", (0..7 * 20 * 2).map(|k| (k as f32).sin()).collect(), 7, 20, 2).unwrap();
    let forward = Forward::new(&model);
    assert_eq!(
        forward.run_all(&x, 0.0, 1).unwrap(),
        forward.run_all(&x, 0.0, 3).unwrap()
    );
    let narrow = Sequences::new("x", vec![0.0; 8], 2, 4, 1).unwrap();
    assert!(forward.run_all(&narrow, 0.0, 1).is_err());
}

#[test]
fn equal_models_are_equal_bytes() {
    for cell in Cell::ALL {
        let mut model = small(cell);
        for k in 0..9 {
            model.description.other.insert(format!("note {k}"), "\"kept\"".into());
        }
        let bytes = to_bytes(&model).unwrap();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        assert_eq!(length % 8, 0);
        let header = std::str::from_utf8(&bytes[8..8 + length]).unwrap();
        let order: Vec<Option<usize>> = [
            "\"cell\"",
            "\"format\"",
            "\"note 0\"",
            "\"note 8\"",
            "\"task\"",
            "\"h0\"",
        ]
        .iter()
        .map(|key| header.find(key))
        .collect();
        assert!(order.is_sorted() && order[0].is_some(), "{header}");
    }
}

#[test]
fn an_output_at_every_step_stands_while_samples_are_skipped() {
    let mut model = small(Cell::SkipLstm);
    let x: Vec<f32> = (0..20).map(|k| (k as f32 * 0.3).cos()).collect();
    let end = |model: &FloatModel, samples: usize, updates: &[u32]| {
        let schedule = Schedule::Imposed(updates);
        Forward::new(model).run(&x[..2 * samples], schedule).output
    };
    let updates = [2, 3, 7];
    // What the model says when asked at the end of every prefix.
    let expected: Vec<f32> = (1..=10u32)
        .flat_map(|t| {
            let before: Vec<u32> = updates.into_iter().filter(|u| *u < t).collect();
            end(&model, t as usize, &before)
        })
        .collect();
    model.description.output_at = OutputAt::Step;
    let outcome = Forward::new(&model).run(&x, Schedule::Imposed(&updates));
    assert_eq!(outcome.output, expected);
    assert_eq!(
        outcome.output[..2],
        outcome.output[2..4],
        "h0 answers until the first update"
    );
    assert_ne!(outcome.output[2..4], outcome.output[4..6]);
}
