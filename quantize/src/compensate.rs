//! Rounding that makes up for itself: once a weight of a row is rounded, those not rounded yet, and last the bias, take
//! over what its error would do to the row's sum on the calibration data.
//!
//! For the row w and activations z = [x, h, 1] the expected squared error of the sum is (w - q)ᵀ M (w - q), M = E[z zᵀ].
//! Rounding column by column and spreading each error by the Cholesky factor of M⁻¹ (Frantar et al., "GPTQ", ICLR 2023)
//! comes close to the least of it; rounding each weight to the nearest ignores that activations go together, and the
//! hidden state of a recurrent network lives in few directions.

use float_model::{FloatModel, Forward, Schedule, Sequences};
use std::ops::Range;

/// Share of the mean of M's diagonal that is added to it: activations may go together in ways that calibration did not
/// show. A tenth to a ten-thousandth were tried on `models/`; a thousandth kept most schedules on held-out data.
const DAMPING: f64 = 1e-3;
/// Multiply-accumulates spent on the moments of one layer, at most; beyond it updates are skipped evenly.
const EFFORT: usize = 2_000_000_000;
/// Columns beyond which a factorisation takes minutes: such rows are rounded to the nearest.
const COLUMNS: usize = 1200;

/// E[z zᵀ] of one layer, z = [x, h, 1] in real units; h is the state before the update.
#[derive(Debug, Clone)]
pub(crate) struct Moments {
    size: usize,
    sums: Vec<f64>,
    count: usize,
}

impl Moments {
    fn new(size: usize) -> Self {
        Moments {
            size,
            sums: vec![0.0; size * size],
            count: 0,
        }
    }

    fn add(&mut self, z: &[f64]) {
        self.count += 1;
        for (row, a) in self.sums.chunks_exact_mut(self.size).zip(z) {
            for (sum, b) in row.iter_mut().zip(z) {
                *sum += a * b;
            }
        }
    }
}

/// The moments of every layer on the float model's own schedules, (L); none where the layers are too wide.
pub(crate) fn moments(model: &FloatModel, x: &Sequences) -> Vec<Moments> {
    let (i, h) = (model.input, model.hidden);
    let widest = i.max(h) + h + 1;
    if widest > COLUMNS {
        return Vec::new();
    }
    let inputs = |k: usize| if k == 0 { i } else { h };
    let mut all: Vec<Moments> = (0..model.layers.len())
        .map(|k| Moments::new(inputs(k) + h + 1))
        .collect();
    let stride = (x.count * x.length * widest * widest).div_ceil(EFFORT).max(1);
    let forward = Forward::new(model);
    let start: Vec<f32> = model.layers.iter().flat_map(|l| l.h0.iter().copied()).collect();
    let mut seen = 0;
    for sequence in x.iter() {
        let mut before = start.clone();
        forward.run_observed(sequence, Schedule::Learned { dial: 0.0 }, |update| {
            if seen % stride == 0 {
                let sample = &sequence[update.sample as usize * i..][..i];
                let mut below: Vec<f64> = sample
                    .iter()
                    .zip(model.input_mean.iter().zip(&model.input_std))
                    .map(|(v, (mean, std))| f64::from((v - mean) / std))
                    .collect();
                for (k, m) in all.iter_mut().enumerate() {
                    let own = before[k * h..(k + 1) * h].iter().map(|v| f64::from(*v));
                    let z: Vec<f64> = below.iter().copied().chain(own).chain([1.0]).collect();
                    m.add(&z);
                    below = update.h[k * h..(k + 1) * h].iter().map(|v| f64::from(*v)).collect();
                }
            }
            seen += 1;
            before.copy_from_slice(update.h);
        });
    }
    all
}

/// A Cholesky factor of an inverse second moment, for the rows over some of a layer's activations.
#[derive(Debug, Clone)]
pub(crate) struct Compensation {
    /// The order in which columns are rounded: the strongest first, while others can still make up for it.
    order: Vec<usize>,
    /// (n + 1, n + 1), upper triangular, in that order, the constant last.
    factor: Vec<f64>,
    /// The bias of a row divided by this is its real value.
    bias_unit: f64,
}

/// A row after rounding at one scale.
pub(crate) struct Rounded {
    /// In the order of the row's columns.
    pub(crate) weights: Vec<i16>,
    /// In the row's unit, not rounded yet.
    pub(crate) bias: f64,
    /// Expected squared error of the row's sum.
    pub(crate) loss: f64,
}

impl Compensation {
    /// For rows over the activations `columns` of `moments`; the first `scaled` of them are held divided by the first
    /// of `scales`, the others by the second.
    /// `None` where the moments cannot be factorised.
    pub(crate) fn new(
        moments: &Moments,
        columns: Range<usize>,
        scaled: usize,
        scales: (f64, f64),
        bias_unit: f64,
    ) -> Option<Self> {
        let n = columns.len();
        let factor_of = |k: usize| 1.0 / if k < scaled { scales.0 } else { scales.1 };
        let place = |k: usize| if k == n { moments.size - 1 } else { columns.start + k };
        let entry = |a: usize, b: usize| {
            let scale = if a == n { 1.0 } else { factor_of(a) } * if b == n { 1.0 } else { factor_of(b) };
            moments.sums[place(a) * moments.size + place(b)] * scale / moments.count.max(1) as f64
        };
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| entry(*b, *b).total_cmp(&entry(*a, *a)));
        let mean = (0..n).map(|k| entry(k, k)).sum::<f64>() / n.max(1) as f64;
        let damping = (DAMPING * mean).max(1e-12);
        order.push(n);
        let size = n + 1;
        let mut m = vec![0.0; size * size];
        for (row, a) in order.iter().enumerate() {
            for (column, b) in order.iter().enumerate() {
                m[row * size + column] = entry(*a, *b);
            }
            m[row * size + row] += if *a == n { 1e-12 } else { damping };
        }
        let inverse = inverse(&m, size)?;
        let lower = cholesky(&inverse, size)?;
        let mut factor = vec![0.0; size * size];
        for row in 0..size {
            for column in 0..=row {
                factor[column * size + row] = lower[row * size + column];
            }
        }
        Some(Compensation {
            order,
            factor,
            bias_unit,
        })
    }

    /// Rounds `values` (n) to multiples of `scale`, at most `limit(column)` of them.
    pub(crate) fn round(&self, values: &[f64], bias: f64, scale: f64, limit: impl Fn(usize) -> f64) -> Rounded {
        let size = self.order.len();
        let (columns, _) = self.order.split_at(size - 1);
        let mut left: Vec<f64> = columns.iter().map(|k| values[*k]).collect();
        left.push(bias / self.bias_unit);
        let mut weights = vec![0; values.len()];
        let mut loss = 0.0;
        for (at, column) in columns.iter().enumerate() {
            let most = limit(*column);
            let q = (left[at] / scale).round().clamp(-most, most);
            weights[*column] = q as i16;
            let row = &self.factor[at * size..][..size];
            let error = (left[at] - q * scale) / row[at];
            loss += error * error;
            for (v, f) in left.iter_mut().zip(row).skip(at + 1) {
                *v -= error * f;
            }
        }
        Rounded {
            weights,
            bias: left[size - 1] * self.bias_unit,
            loss,
        }
    }
}

/// The lower Cholesky factor of a symmetric matrix; `None` where it is not positive definite.
fn cholesky(m: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut l = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let (a, b) = (&l[row * n..][..column], &l[column * n..][..column]);
            let dot: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            let rest = m[row * n + column] - dot;
            if row == column {
                if rest.is_nan() || rest <= 0.0 {
                    return None;
                }
                l[row * n + row] = rest.sqrt();
            } else {
                l[row * n + column] = rest / l[column * n + column];
            }
        }
    }
    Some(l)
}

/// The inverse of a positive definite matrix.
fn inverse(m: &[f64], n: usize) -> Option<Vec<f64>> {
    let l = cholesky(m, n)?;
    // Rows of L⁻¹, one below the other: L⁻¹ = (I - (L - D) L⁻¹) / D.
    let mut li = vec![0.0; n * n];
    for row in 0..n {
        let (done, rest) = li.split_at_mut(row * n);
        let current = &mut rest[..n];
        current[row] = 1.0;
        for (k, above) in done.chunks_exact(n).enumerate() {
            let factor = l[row * n + k];
            for (c, a) in current[..=k].iter_mut().zip(above) {
                *c -= factor * a;
            }
        }
        let pivot = l[row * n + row];
        current[..=row].iter_mut().for_each(|c| *c /= pivot);
    }
    // M⁻¹ = L⁻ᵀ L⁻¹.
    let mut out = vec![0.0; n * n];
    for row in li.chunks_exact(n) {
        for (to, a) in out.chunks_exact_mut(n).zip(row).filter(|(_, a)| **a != 0.0) {
            for (t, b) in to.iter_mut().zip(row) {
                *t += a * b;
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Activations that are nearly one direction, as hidden states are.
    fn correlated() -> Moments {
        let mut m = Moments::new(5);
        let mut state = 7u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as f64 / 2f64.powi(31) - 0.5
        };
        for _ in 0..500 {
            let (common, mut z) = (noise(), [0.0; 5]);
            for v in &mut z[..4] {
                *v = 0.3 + common + 0.05 * noise();
            }
            z[4] = 1.0;
            m.add(&z);
        }
        m
    }

    #[test]
    fn an_inverse_times_its_matrix_is_the_identity() {
        let m = [4.0, 1.0, 0.5, 1.0, 3.0, 0.2, 0.5, 0.2, 2.0];
        let i = inverse(&m, 3).unwrap();
        for r in 0..3 {
            for c in 0..3 {
                let v: f64 = (0..3).map(|k| m[r * 3 + k] * i[k * 3 + c]).sum();
                assert!((v - f64::from(u8::from(r == c))).abs() < 1e-12);
            }
        }
        assert!(cholesky(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
    }

    #[test]
    fn the_sum_errs_less_than_with_nearest_rounding() {
        let moments = correlated();
        let c = Compensation::new(&moments, 0..4, 0, (1.0, 1.0), 1.0).unwrap();
        let (w, bias, scale) = ([0.44, -0.36, 0.53, 0.34], 0.2, 0.1);
        let expected = |q: &[f64]| {
            let d: Vec<f64> = (0..5).map(|k| [w[0], w[1], w[2], w[3], bias][k] - q[k]).collect();
            let pair = |a: usize, b: usize| d[a] * d[b] * moments.sums[a * 5 + b] / moments.count as f64;
            (0..25).map(|k| pair(k / 5, k % 5)).sum::<f64>()
        };
        let nearest: Vec<f64> = w.iter().map(|v| (v / scale).round() * scale).chain([bias]).collect();
        let rounded = c.round(&w, bias, scale, |_| 127.0);
        let q: Vec<f64> = rounded
            .weights
            .iter()
            .map(|v| f64::from(*v) * scale)
            .chain([rounded.bias])
            .collect();
        assert!(expected(&q) < 0.3 * expected(&nearest), "{q:?}");
        assert!(expected(&q) <= rounded.loss, "the loss counts the damping too");
    }
}
