//! Tests of the whole crate, and the models and data that its unit tests share.

mod proofs;
mod reference;

use crate::{Options, quantize};
use float_model::{Cell, Description, Family, FloatModel, Gate, Head, Layer, Objective, Sequences, Targets};

/// A model with pseudo-random parameters and 2 outputs; the weights reach up to `gain`.
pub(crate) fn model(cell: Cell, inputs: usize, hidden: usize, layers: usize, seed: u64, gain: f32) -> FloatModel {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut fill = |n: usize, gain: f32| -> Vec<f32> {
        (0..n)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                ((state >> 40) as f32 / 8_388_608.0 - 1.0) * gain
            })
            .collect()
    };
    let g = cell.family().gates();
    let layers = (0..layers)
        .map(|k| {
            let i = if k == 0 { inputs } else { hidden };
            Layer {
                weight_ih: fill(g * hidden * i, gain),
                weight_hh: fill(g * hidden * hidden, gain),
                bias_ih: fill(g * hidden, 1.0),
                bias_hh: fill(g * hidden, 1.0),
                h0: fill(hidden, 0.9),
                c0: if cell.family() == Family::Lstm {
                    fill(hidden, 2.0)
                } else {
                    Vec::new()
                },
            }
        })
        .collect();
    FloatModel {
        cell,
        input: inputs,
        hidden,
        outputs: 2,
        layers,
        gate: cell.skips().then(|| Gate {
            weight: fill(hidden, 1.0),
            bias: -1.0,
        }),
        head: Head {
            weight: fill(2 * hidden, 1.0),
            bias: fill(2, 1.0),
        },
        input_mean: fill(inputs, 0.5),
        input_std: vec![0.7; inputs],
        description: Description {
            sequence_length: 30,
            ..Description::default()
        },
    }
}

/// `n` sequences of 30 samples: a sine that no sample repeats.
pub(crate) fn data(inputs: usize, n: usize) -> Sequences {
    let values = (0..n * 30 * inputs).map(|k| (k as f32 * 0.7).sin() * 1.5).collect();
    Sequences::new("x", values, n, 30, inputs).unwrap()
}

#[test]
fn the_arithmetic_follows_the_float_model() {
    for cell in Cell::ALL {
        let model = model(cell, 2, 16, 1, 5, 0.8);
        let x = data(2, 40);
        let y = Targets::Labels(vec![0; 40]);
        let q = quantize(&model, &x, Some(&y), &Options::default()).unwrap();
        let f = &q.report.fidelity;
        assert!(f.arith_max_abs_h_error < 2e-3, "{cell}: {f:?}");
        assert!(
            f.arith_same_decision >= 0.97 && f.arith_same_schedule >= 0.9,
            "{cell}: {f:?}"
        );
        assert!((f.updates_fixed / f.updates_float - 1.0).abs() < 0.05, "{cell}: {f:?}");
        assert_eq!(q.integers.dial_curve.len(), if cell.skips() { 9 } else { 1 });
        if cell.skips() {
            let updates: Vec<f64> = q.integers.dial_curve.iter().map(|p| p.updates_mean).collect();
            assert!(updates.first() < updates.last(), "{updates:?}");
        }
    }
}

#[test]
fn bad_models_and_data_are_named() {
    let good = model(Cell::SkipLstm, 2, 4, 1, 1, 0.5);
    let x = data(2, 2);
    let says = |model: &FloatModel, x: &Sequences, options: &Options, needle: &str| {
        let text = quantize(model, x, None, options).unwrap_err().to_string();
        assert!(text.contains(needle), "{text}");
    };
    let mut huge = good.clone();
    huge.layers[0].weight_ih[0] = 1e9;
    says(&huge, &x, &Options::default(), "row 0");
    let mut nan = good.clone();
    nan.head.bias[0] = f32::NAN;
    says(&nan, &x, &Options::default(), "head.bias");
    says(&good, &data(3, 2), &Options::default(), "channels");
    let mut endless = good.clone();
    endless.description.sequence_length = 0;
    says(&endless, &x, &Options::default(), "--max-skip");
    let mut regression = good;
    regression.description.objective = Objective::Regression;
    assert!(quantize(&regression, &x, Some(&Targets::Labels(vec![0, 1])), &Options::default()).is_err());
}
