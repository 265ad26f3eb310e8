//! The readable twin of the chip's update: the same integers in i64, without a single wrapping operation, straight
//! from `docs/blob-format.md`. Every accumulator is held to its proven bound on the way.

use crate::{
    Blob, IntegerModel, Kernel, Options, Simulator, Width, counts,
    emit::emit,
    integers::{IntegerLayer, RowRecord},
    quantize,
};
use float_model::{Cell, Description, Family, FloatModel, Gate, Head, Layer, Objective, Schedule, Sequences, Targets};
use proptest::prelude::*;
use skiprnn_nostd::activation::{sigmoid, tanh};

fn round_shift(value: i128, shift: u32) -> i64 {
    let half = if shift == 0 { 0 } else { 1i128 << (shift - 1) };
    i64::try_from((value + half) >> shift).unwrap()
}

fn clamp_16(v: i64) -> i16 {
    v.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// One layer's state and its proven bounds.
struct Twin<'a> {
    model: &'a IntegerModel,
    layer: &'a IntegerLayer,
    bounds: Vec<u64>,
    h: Vec<i64>,
    c: Vec<i64>,
}

impl Twin<'_> {
    fn accumulate(&self, row: usize, ih: Option<(usize, &[i64])>, hh: Option<usize>) -> i64 {
        let RowRecord { bias, multiplier } = self.layer.rows[row];
        let mut sum = i64::from(bias);
        if let Some((r, x)) = ih {
            let w = &self.layer.weight_ih[r * x.len()..][..x.len()];
            sum += w.iter().zip(x).map(|(w, x)| i64::from(*w) * x).sum::<i64>();
        }
        if let Some(r) = hh {
            let w = &self.layer.weight_hh[r * self.h.len()..][..self.h.len()];
            let drop = u32::from(self.model.h_drop);
            let narrow = |h: i64| round_shift(h.into(), drop);
            let product: i64 = w.iter().zip(&self.h).map(|(w, h)| i64::from(*w) * narrow(*h)).sum();
            let gate = if row % 4 == 3 && self.model.family == Family::Gru {
                2
            } else {
                row % 4
            };
            let upper = gate == 1 || gate == 3;
            assert!(self.model.kernel == Kernel::Block || !upper || product.abs() < 1 << 23);
            sum += product << (drop - u32::from(self.model.hh_gain));
        }
        assert!(
            sum.unsigned_abs() <= self.bounds[row],
            "row {row}: {sum} beyond {}",
            self.bounds[row]
        );
        assert!(self.bounds[row] <= i32::MAX as u64);
        round_shift(i128::from(sum) * i128::from(multiplier), 32)
    }

    fn update(&mut self, x: &[i64]) {
        let (g, hf) = (self.model.family.gates(), self.model.h_fraction);
        let mut next = Vec::new();
        for unit in 0..self.h.len() {
            let gate = |k: usize| self.accumulate(unit * 4 + k, Some((unit * g + k, x)), Some(unit * g + k));
            let s = |v: i64| i64::from(sigmoid(i32::try_from(v).unwrap()).to_bits());
            let t = |v: i64| i64::from(tanh(i32::try_from(v).unwrap()).to_bits());
            match self.model.family {
                Family::Lstm => {
                    let (i, f, g, o) = (s(gate(0)), s(gate(1)), t(gate(2)), s(gate(3)));
                    let kept = round_shift(i128::from(f * self.c[unit]), 15);
                    let c = (kept + round_shift(i128::from(i * g), 6)).clamp(-(64 << 24), (64 << 24) - 1);
                    self.c[unit] = c;
                    let squashed = tanh_24(c);
                    next.push(round_shift(i128::from(o * squashed), 30 - u32::from(hf)));
                }
                Family::Gru => {
                    let (r, z) = (s(gate(0)), s(gate(1)));
                    let over_x = self.accumulate(unit * 4 + 2, Some((unit * g + 2, x)), None);
                    let over_h = self.accumulate(unit * 4 + 3, None, Some(unit * g + 2));
                    let n = t(over_x + round_shift(i128::from(r * over_h), 15));
                    let fresh = ((32_768 - z) * n) >> (15 - hf);
                    next.push(i64::from(clamp_16(round_shift(
                        i128::from(fresh + z * self.h[unit]),
                        15,
                    ))));
                }
            }
        }
        self.h = next;
    }
}

/// tanh in Q0.15 of a value with 24 fractional bits, by f64: the chip's is within its documented error of it.
fn tanh_24(x: i64) -> i64 {
    ((x as f64 / 16_777_216.0).tanh() * 32_768.0)
        .round()
        .clamp(-32_768.0, 32_767.0) as i64
}

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

pub(crate) fn data(inputs: usize, n: usize) -> Sequences {
    let values = (0..n * 30 * inputs).map(|k| (k as f32 * 0.7).sin() * 1.5).collect();
    Sequences::new("x", values, n, 30, inputs).unwrap()
}

/// Runs blob and twin side by side on one sequence.
fn side_by_side(integers: &IntegerModel, counts_of: &[i16]) {
    let blob = Blob::new("blob", &emit(integers)).unwrap();
    let parsed = blob.model();
    let simulator = Simulator::new(&parsed).unwrap();
    let schedule: Vec<u32> = (0..30).collect();
    let mut twins: Vec<Twin<'_>> = integers
        .layers
        .iter()
        .enumerate()
        .map(|(k, layer)| Twin {
            model: integers,
            layer,
            bounds: parsed.row_bounds(k).collect(),
            h: layer.h0.iter().map(|v| i64::from(*v)).collect(),
            c: layer.c0.iter().map(|v| i64::from(*v)).collect(),
        })
        .collect();
    let mut t = 0;
    simulator.run_observed(counts_of, Schedule::Imposed(&schedule), |seen| {
        let sample = &counts_of[t * integers.inputs..][..integers.inputs];
        let mut x: Vec<i64> = sample
            .iter()
            .zip(&integers.channels)
            .map(|(v, c)| {
                let sum = i128::from(*v) * i128::from(c.multiplier) + i128::from(c.offset);
                i64::from(clamp_16(round_shift(sum, c.shift)))
            })
            .collect();
        for (k, twin) in twins.iter_mut().enumerate() {
            twin.update(&x);
            let h: Vec<i64> = seen.state.hidden(seen.model, k).iter().map(|v| i64::from(*v)).collect();
            if integers.family == Family::Gru {
                assert_eq!(twin.h, h, "h of layer {k} after sample {t}");
            } else {
                // The twin's tanh(c) is f64's: at most 2 LSB after rounding, and o <= 1, apart; c itself is exact.
                let c: Vec<i64> = seen.state.cell(seen.model, k).iter().map(|v| i64::from(*v)).collect();
                assert_eq!(twin.c, c, "c of layer {k} after sample {t}");
                for (a, b) in twin.h.iter().zip(&h) {
                    assert!((a - b).abs() <= 2, "h of layer {k} after sample {t}: {a} {b}");
                }
                twin.h = h;
            }
            x = twin.h.clone();
        }
        t += 1;
    });
    assert_eq!(t, 30);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_chip_computes_what_the_twin_computes(
        seed in any::<u64>(),
        which in 0usize..4,
        inputs in 1usize..5,
        hidden in 1usize..20,
        layers in 1usize..3,
        gain in 0.1f32..6.0,
        kernel in 0usize..3,
    ) {
        let model = model(Cell::ALL[which], inputs, hidden, layers, seed, gain);
        let options = Options {
            weights: Some(if kernel == 2 { Width::Sixteen } else { Width::Eight }),
            kernel: Some(if kernel == 1 { Kernel::BytePlane } else { Kernel::Block }),
            dials: Some(Vec::new()),
            threads: 1,
            ..Options::default()
        };
        let x = data(inputs, 3);
        let q = quantize(&model, &x, None, &options).unwrap();
        let parsed = q.blob.model();
        let real = counts(&parsed, "x", &x).unwrap();
        side_by_side(&q.integers, &real[..30 * inputs]);
        // At the limits: every count at full scale, with signs that alternate.
        let limit: Vec<i16> = (0..30 * inputs).map(|k| if (k * 7 + seed as usize % 3).is_multiple_of(3) { i16::MIN } else { i16::MAX }).collect();
        side_by_side(&q.integers, &limit);
    }
}

#[test]
fn recurrent_weights_may_be_finer_than_those_on_the_inputs() {
    for cell in [Cell::SkipLstm, Cell::SkipGru] {
        let model = model(cell, 4, 16, 1, 5, 0.8);
        let x = data(4, 3);
        let options = Options {
            kernel: Some(Kernel::BytePlane),
            input_weights: Some(Width::Eight),
            dials: Some(Vec::new()),
            ..Options::default()
        };
        let q = quantize(&model, &x, None, &options).unwrap();
        let gain = q.integers.hh_gain;
        assert!(gain > 0 && gain == q.blob.model().recurrent_gain(), "{cell}: {gain}");
        side_by_side(&q.integers, &counts(&q.blob.model(), "x", &x).unwrap()[..30 * 4]);
        let mut too_fine = q.integers;
        too_fine.hh_gain = too_fine.h_drop + 1;
        let e = float_model::with_causes(&Blob::new("blob", &emit(&too_fine)).unwrap_err());
        assert!(e.contains(&format!("{}", too_fine.hh_gain)), "{e}");
    }
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
            let updates: Vec<f32> = q.integers.dial_curve.iter().map(|p| p.updates_mean).collect();
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
