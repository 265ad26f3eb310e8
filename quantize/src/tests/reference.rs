//! A readable reference for the chip's update: the same integers in i64, without a single wrapping operation, straight
//! from the format's page. Every accumulator is held to its proven bound on the way.

use super::{data, model};
use crate::{
    Blob, IntegerModel, Kernel, Options, Simulator, Width, counts,
    integers::{IntegerLayer, RowRecord},
    quantize, write,
};
use float_model::{Cell, Family, Schedule};
use proptest::prelude::*;
use skiprnn_nostd::activation::{sigmoid, tanh};

fn round_shift(value: i128, shift: u32) -> i64 {
    let half = if shift == 0 { 0 } else { 1i128 << (shift - 1) };
    i64::try_from((value + half) >> shift).unwrap()
}

fn clamp_16(v: i64) -> i16 {
    v.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// The state of one layer in i64, and the proven bounds of its rows.
struct Reference<'a> {
    model: &'a IntegerModel,
    layer: &'a IntegerLayer,
    bounds: Vec<u64>,
    h: Vec<i64>,
    c: Vec<i64>,
}

impl Reference<'_> {
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

/// Runs blob and reference side by side on one sequence.
fn side_by_side(integers: &IntegerModel, counts_of: &[i16]) {
    let blob = Blob::new("blob", &write::bytes(integers)).unwrap();
    let parsed = blob.model();
    let simulator = Simulator::new(&parsed).unwrap();
    let schedule: Vec<u32> = (0..30).collect();
    let mut references: Vec<Reference<'_>> = integers
        .layers
        .iter()
        .enumerate()
        .map(|(k, layer)| Reference {
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
        for (k, reference) in references.iter_mut().enumerate() {
            reference.update(&x);
            let h: Vec<i64> = seen.state.hidden(seen.model, k).iter().map(|v| i64::from(*v)).collect();
            if integers.family == Family::Gru {
                assert_eq!(reference.h, h, "h of layer {k} after sample {t}");
            } else {
                // The reference's tanh(c) is f64's: at most 2 LSB after rounding, and o <= 1, apart; c itself is exact.
                let c: Vec<i64> = seen.state.cell(seen.model, k).iter().map(|v| i64::from(*v)).collect();
                assert_eq!(reference.c, c, "c of layer {k} after sample {t}");
                for (a, b) in reference.h.iter().zip(&h) {
                    assert!((a - b).abs() <= 2, "h of layer {k} after sample {t}: {a} {b}");
                }
                reference.h = h;
            }
            x = reference.h.clone();
        }
        t += 1;
    });
    assert_eq!(t, 30);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_chip_computes_what_the_reference_computes(
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
        let e = float_model::with_causes(&Blob::new("blob", &write::bytes(&too_fine)).unwrap_err());
        assert!(e.contains(&format!("{}", too_fine.hh_gain)), "{e}");
    }
}
