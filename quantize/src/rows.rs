//! One scale per output row: the scale that loses least among those whose sum is proven to fit.

use crate::{
    Error, Width,
    compensate::{Compensation, Rounded},
    integers::RowRecord,
};
use skiprnn_nostd::{
    format::{PLANE_LIMIT, PRE_FRACTION},
    row_bound,
};

/// The accumulator's limit; a little below 2^31 so that rounding cannot cross it.
const LIMIT: f64 = 2_147_000_000.0;
/// Scales tried, relative to the smallest that holds every weight: narrower ones clip a few weights and round the
/// others finer; wider ones make room where rounding up has taken a heavy row's sum over the limit.
const FACTORS: (f64, f64) = (0.7, 1.2);
/// Scales tried for a row, at most.
const CANDIDATES: usize = 26;
/// Multiply-accumulates spent on the scales of one row, at most; long rows try fewer scales.
const EFFORT: usize = 4_000_000;

/// A row before rounding: its weights are already in the unit of the accumulator but for the row's own scale.
pub(crate) struct RealRow<'a> {
    /// Names the row in errors.
    pub(crate) field: String,
    /// Input weights times 2^(h fraction - x fraction).
    pub(crate) ih: &'a [f64],
    /// Recurrent weights times 2^gain.
    pub(crate) hh: &'a [f64],
    /// Bias times 2^(h fraction).
    pub(crate) bias: f64,
    pub(crate) ih_width: Width,
    pub(crate) hh_width: Width,
    pub(crate) limits: Limits,
    /// The coarsest scale that a record can carry ([`coarsest_scale`]).
    pub(crate) coarsest: f64,
}

impl RealRow<'_> {
    /// Σ|w_hh|·max|h| of the upper plane over its limit, at a given sum; 0 for other rows.
    fn plane_share(&self, sum_hh: f64) -> f64 {
        self.limits
            .plane_max
            .map_or(0.0, |max| sum_hh * f64::from(max) / (PLANE_LIMIT - 1) as f64)
    }
}

/// Largest magnitudes of what a row is multiplied with.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// The largest |x|.
    pub(crate) x_max: u32,
    /// The largest |h|; where h is narrowed, that of the narrowed h, shifted up as the sum over it is.
    pub(crate) h_max: u32,
    /// The largest narrowed |h|, for a row in the upper of two byte planes.
    pub(crate) plane_max: Option<u32>,
}

impl Limits {
    /// Whether a row of these integers is proven not to overflow.
    pub(crate) fn hold(&self, bias: i32, ih: &[i16], hh: &[i16]) -> bool {
        let wide = |w: &[i16]| w.iter().map(|w| i32::from(*w)).collect::<Vec<_>>();
        let bound = row_bound(bias, wide(ih).into_iter(), self.x_max, wide(hh).into_iter(), self.h_max);
        let sum_hh: u64 = hh.iter().map(|w| u64::from(w.unsigned_abs())).sum();
        let plane = self.plane_max.map_or(0, |max| sum_hh * u64::from(max));
        bound <= i32::MAX as u64 && plane < PLANE_LIMIT
    }
}

/// A row after rounding: real weight = integer · scale.
#[derive(Debug)]
pub(crate) struct IntegerRow {
    pub(crate) ih: Vec<i16>,
    pub(crate) hh: Vec<i16>,
    pub(crate) bias: i32,
    pub(crate) scale: f64,
}

fn max_abs(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |m, v| m.max(v.abs()))
}

/// Rounds every weight of a row for itself.
fn nearest(row: &RealRow<'_>, values: &[f64], scale: f64, limit: impl Fn(usize) -> f64) -> Rounded {
    let round = |(k, v): (usize, &f64)| (v / scale).round().clamp(-limit(k), limit(k)) as i16;
    let weights: Vec<i16> = values.iter().enumerate().map(round).collect();
    let loss = values
        .iter()
        .zip(&weights)
        .map(|(v, q)| (v - f64::from(*q) * scale).powi(2));
    Rounded {
        bias: row.bias,
        loss: loss.sum(),
        weights,
    }
}

/// The smallest scale at which neither the weights' widths, nor the accumulator, nor the bias overflow.
pub(crate) fn smallest_scale(row: &RealRow<'_>) -> f64 {
    let sum = |v: &[f64]| v.iter().map(|w| w.abs()).sum::<f64>();
    let reach = sum(row.ih) * f64::from(row.limits.x_max) + sum(row.hh) * f64::from(row.limits.h_max) + row.bias.abs();
    let range = (max_abs(row.ih) / row.ih_width.max()).max(max_abs(row.hh) / row.hh_width.max());
    range.max(reach / LIMIT).max(row.plane_share(sum(row.hh)))
}

/// Rounds one row and proves it; with the activations' second moments where they are known.
pub(crate) fn quantize_row(row: &RealRow<'_>, compensation: Option<&Compensation>) -> Result<IntegerRow, Error> {
    let values: Vec<f64> = row.ih.iter().chain(row.hh).copied().collect();
    if let Some(bad) = values.iter().chain([&row.bias]).find(|v| !v.is_finite()) {
        return Err(Error::unquantizable(
            &row.field,
            format!("holds {bad}; retrain or repair the model"),
        ));
    }
    let full = smallest_scale(row);
    if full == 0.0 {
        // A dead row: any scale represents it.
        return Ok(IntegerRow {
            ih: vec![0; row.ih.len()],
            hh: vec![0; row.hh.len()],
            bias: 0,
            scale: 1.0,
        });
    }
    let limit = |k: usize| {
        if k < row.ih.len() {
            row.ih_width.max()
        } else {
            row.hh_width.max()
        }
    };
    let last = (EFFORT / (values.len() * values.len())).clamp(4, CANDIDATES - 1);
    let mut best: Option<(f64, IntegerRow)> = None;
    for k in 0..=last {
        let scale = full * (FACTORS.0 + (FACTORS.1 - FACTORS.0) * k as f64 / last as f64);
        let rounded = match compensation {
            Some(c) => c.round(&values, row.bias, scale, limit),
            None => nearest(row, &values, scale, limit),
        };
        let bias = (rounded.bias / scale).round();
        if scale > row.coarsest || bias.abs() > LIMIT || best.as_ref().is_some_and(|(least, _)| rounded.loss >= *least)
        {
            continue;
        }
        let (ih, hh) = rounded.weights.split_at(row.ih.len());
        if row.limits.hold(bias as i32, ih, hh) {
            let candidate = IntegerRow {
                ih: ih.to_vec(),
                hh: hh.to_vec(),
                bias: bias as i32,
                scale,
            };
            best = Some((rounded.loss, candidate));
        }
    }
    best.map(|(_, row)| row).ok_or_else(|| {
        let why = if FACTORS.0 * full > row.coarsest {
            COARSE
        } else {
            "no scale keeps its sum within the kernel's limit; are its weights far apart?"
        };
        Error::unquantizable(&row.field, why)
    })
}

/// The problem of a row whose scale is too coarse for a record.
const COARSE: &str = "weights so large that one step of the accumulator is a coarse step of the gate; clip, retrain \
                      (`train --input-weight-limit`), or give the inputs 16-bit weights";

/// The largest multiplier of a record is 2^31 - 1: the scale that goes with it, of rows in the unit of h.
pub(crate) fn coarsest_scale(h_step: f64) -> f64 {
    f64::from(i32::MAX) * 2f64.powi(-(32 + PRE_FRACTION as i32)) * h_step
}

/// The record of a row: pre-activation = accumulator · unit, `unit` the real value of one step.
pub(crate) fn record(field: &str, bias: i32, unit: f64) -> Result<RowRecord, Error> {
    let multiplier = (unit * 2f64.powi(32 + PRE_FRACTION as i32)).round();
    if multiplier > f64::from(i32::MAX) {
        return Err(Error::unquantizable(field, COARSE));
    }
    Ok(RowRecord {
        bias,
        multiplier: multiplier as i32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(ih: &'a [f64], hh: &'a [f64], bias: f64) -> RealRow<'a> {
        RealRow {
            field: "weight_hh_l0, row 0".into(),
            ih,
            hh,
            bias,
            ih_width: Width::Sixteen,
            hh_width: Width::Eight,
            limits: Limits {
                x_max: 32_768,
                h_max: 32_768,
                plane_max: None,
            },
            coarsest: f64::INFINITY,
        }
    }

    #[test]
    fn rounding_stays_within_half_a_step() {
        let (ih, hh) = ([8.0, -3.0], [1.0, -0.5, 0.25]);
        let q = quantize_row(&row(&ih, &hh, 4000.0), None).unwrap();
        for (v, w) in ih.iter().zip(&q.ih).chain(hh.iter().zip(&q.hh)) {
            assert!(
                (v - f64::from(*w) * q.scale).abs() <= q.scale * 0.5 || w.unsigned_abs() >= 127,
                "{v} {w}"
            );
        }
        assert!((4000.0 - f64::from(q.bias) * q.scale).abs() <= q.scale);
    }

    #[test]
    fn a_heavy_row_takes_a_coarser_scale_that_is_proven() {
        let hh = vec![1.0; 3000];
        let q = quantize_row(&row(&[], &hh, 0.0), None).unwrap();
        let sum: u64 = q.hh.iter().map(|w| u64::from(w.unsigned_abs())).sum();
        assert!(sum * 32_768 <= i32::MAX as u64 && sum > 0);
        // Every weight at 1e9 is only a matter of scale here; the record refuses it.
        assert!(record("row", 0, 1e9 / 127.0 / 32_768.0).is_err());
        // A record's coarsest scale clips a weight that is a little too large, and refuses what is far too large.
        let mut steep = row(&[], &[130.0, 1.0], 0.0);
        steep.coarsest = 1.0;
        let q = quantize_row(&steep, None).unwrap();
        assert!(q.scale <= 1.0 && q.hh[0] == 127, "{q:?}");
        steep.coarsest = 0.1;
        let e = quantize_row(&steep, None).unwrap_err().to_string();
        assert!(e.contains("input-weight-limit"), "{e}");
        assert!(record("row", 0, coarsest_scale(32_768.0) / 32_768.0).is_ok());
    }

    #[test]
    fn dead_and_broken_rows() {
        let q = quantize_row(&row(&[0.0], &[0.0], 0.0), None).unwrap();
        assert_eq!((q.ih, q.hh, q.bias), (vec![0], vec![0], 0));
        let e = quantize_row(&row(&[], &[f64::NAN], 0.0), None).unwrap_err().to_string();
        assert!(e.contains("row 0") && e.contains("NaN"), "{e}");
    }

    #[test]
    fn records_carry_their_factor() {
        for unit in [1e-9, 3.3e-7, 1.7e-6, 7.6e-6] {
            let r = record("row", 5, unit).unwrap();
            let carried = f64::from(r.multiplier) / 2f64.powi(48);
            assert!((carried / unit - 1.0).abs() < 2e-6, "{unit}: {r:?}");
        }
        assert_eq!(record("row", 0, 1e-30).unwrap().multiplier, 0);
    }

    #[test]
    fn an_upper_plane_takes_a_scale_that_is_proven() {
        let hh = vec![1.0; 200];
        let mut upper = row(&[], &hh, 0.0);
        upper.limits.plane_max = Some(1024);
        let q = quantize_row(&upper, None).unwrap();
        let sum: u64 = q.hh.iter().map(|w| u64::from(w.unsigned_abs())).sum();
        assert!(sum * 1024 < PLANE_LIMIT && sum > 4000, "{sum}");
    }
}
