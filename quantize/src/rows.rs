//! One scale per output row: the scale that loses least among those whose sum is proven to fit.

use crate::{Error, Width, integers::RowRecord};
use skiprnn_nostd::{
    format::{PLANE_LIMIT, PRE_FRACTION},
    row_bound,
};

/// The accumulator's limit; a little below 2^31 so that rounding cannot cross it.
const LIMIT: f64 = 2_147_000_000.0;
/// Scales tried, relative to the smallest that holds every weight: narrower ones clip a few weights and round the
/// others finer; wider ones make room where rounding up has taken a heavy row's sum over the limit.
const FACTORS: (f64, f64) = (0.7, 1.2);
/// How many of them.
const CANDIDATES: u32 = 26;

/// A row before rounding: its weights are already in the unit of the accumulator but for the row's own scale.
pub(crate) struct RealRow<'a> {
    /// Names the row in errors.
    pub(crate) field: String,
    /// Input weights times 2^(h fraction - x fraction).
    pub(crate) ih: &'a [f64],
    pub(crate) hh: &'a [f64],
    /// Bias times 2^(h fraction).
    pub(crate) bias: f64,
    pub(crate) ih_width: Width,
    pub(crate) hh_width: Width,
    /// Largest |x| and |h|; where h is narrowed, of its narrowed form, put back into the unit of h.
    pub(crate) x_max: u32,
    pub(crate) h_max: u32,
    /// Largest |h| in its narrowed form, for a row in the upper of two byte planes.
    pub(crate) plane_max: Option<u32>,
}

impl RealRow<'_> {
    /// Σ|w_hh|·max|h| of the upper plane over its limit, at a given sum; 0 for other rows.
    fn plane_share(&self, sum_hh: f64) -> f64 {
        self.plane_max
            .map_or(0.0, |max| sum_hh * f64::from(max) / (PLANE_LIMIT - 1) as f64)
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

fn round(values: &[f64], scale: f64, width: Width) -> Vec<i16> {
    values
        .iter()
        .map(|v| (v / scale).round().clamp(-width.max(), width.max()) as i16)
        .collect()
}

/// Sum of squared rounding errors, in real units.
fn error(values: &[f64], rounded: &[i16], scale: f64) -> f64 {
    values
        .iter()
        .zip(rounded)
        .map(|(v, q)| (v - f64::from(*q) * scale).powi(2))
        .sum()
}

/// The smallest scale at which neither the weights' widths, nor the accumulator, nor the bias overflow.
pub(crate) fn smallest_scale(row: &RealRow<'_>) -> f64 {
    let sum = |v: &[f64]| v.iter().map(|w| w.abs()).sum::<f64>();
    let reach = sum(row.ih) * f64::from(row.x_max) + sum(row.hh) * f64::from(row.h_max) + row.bias.abs();
    let range = (max_abs(row.ih) / row.ih_width.max()).max(max_abs(row.hh) / row.hh_width.max());
    range.max(reach / LIMIT).max(row.plane_share(sum(row.hh)))
}

/// Rounds one row and proves it.
pub(crate) fn quantize_row(row: &RealRow<'_>) -> Result<IntegerRow, Error> {
    let values = || row.ih.iter().chain(row.hh).chain(std::iter::once(&row.bias));
    if let Some(bad) = values().find(|v| !v.is_finite()) {
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
    let mut best: Option<(f64, IntegerRow)> = None;
    for k in 0..=CANDIDATES {
        let scale = full * (FACTORS.0 + (FACTORS.1 - FACTORS.0) * f64::from(k) / f64::from(CANDIDATES));
        let bias = (row.bias / scale).round();
        if bias.abs() > LIMIT {
            continue;
        }
        let candidate = IntegerRow {
            ih: round(row.ih, scale, row.ih_width),
            hh: round(row.hh, scale, row.hh_width),
            bias: bias as i32,
            scale,
        };
        let bound = row_bound(
            candidate.bias,
            candidate.ih.iter().map(|w| i32::from(*w)),
            row.x_max,
            candidate.hh.iter().map(|w| i32::from(*w)),
            row.h_max,
        );
        let sum_hh: f64 = candidate.hh.iter().map(|w| f64::from(w.unsigned_abs())).sum();
        if bound > i32::MAX as u64 || row.plane_share(sum_hh) > 1.0 {
            continue;
        }
        let loss = error(row.ih, &candidate.ih, scale) + error(row.hh, &candidate.hh, scale);
        if best.as_ref().is_none_or(|(least, _)| loss < *least) {
            best = Some((loss, candidate));
        }
    }
    best.map(|(_, row)| row).ok_or_else(|| {
        Error::unquantizable(
            &row.field,
            "no scale keeps its sum within the kernel's limit; are its weights far apart?",
        )
    })
}

/// The record of a row: pre-activation = accumulator · unit, `unit` the real value of one step.
pub(crate) fn record(field: &str, bias: i32, unit: f64) -> Result<RowRecord, Error> {
    let multiplier = (unit * 2f64.powi(32 + PRE_FRACTION as i32)).round();
    if multiplier > f64::from(i32::MAX) {
        return Err(Error::unquantizable(
            field,
            "weights so large that one step of the accumulator is a coarse step of the gate; clip, retrain, or give \
             the inputs 16-bit weights",
        ));
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
            x_max: 32_768,
            h_max: 32_768,
            plane_max: None,
        }
    }

    #[test]
    fn rounding_stays_within_half_a_step() {
        let (ih, hh) = ([8.0, -3.0], [1.0, -0.5, 0.25]);
        let q = quantize_row(&row(&ih, &hh, 4000.0)).unwrap();
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
        let q = quantize_row(&row(&[], &hh, 0.0)).unwrap();
        let sum: u64 = q.hh.iter().map(|w| u64::from(w.unsigned_abs())).sum();
        assert!(sum * 32_768 <= i32::MAX as u64 && sum > 0);
        // Every weight at 1e9 is only a matter of scale here; the record refuses it.
        assert!(record("row", 0, 1e9 / 127.0 / 32_768.0).is_err());
    }

    #[test]
    fn dead_and_broken_rows() {
        let q = quantize_row(&row(&[0.0], &[0.0], 0.0)).unwrap();
        assert_eq!((q.ih, q.hh, q.bias), (vec![0], vec![0], 0));
        let e = quantize_row(&row(&[], &[f64::NAN], 0.0)).unwrap_err().to_string();
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
        upper.plane_max = Some(1024);
        let q = quantize_row(&upper).unwrap();
        let sum: u64 = q.hh.iter().map(|w| u64::from(w.unsigned_abs())).sum();
        assert!(sum * 1024 < PLANE_LIMIT && sum > 4000, "{sum}");
    }
}
