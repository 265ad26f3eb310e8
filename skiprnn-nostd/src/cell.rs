//! One update of one layer, in integers.
//!
//! Formats: x i16 with the blob's x fraction, h i16 with its h fraction F, gates Q0.15, c I8F24 clamped to ±64.
//! Rounding is to nearest, ties toward +infinity, once per stored value.

use crate::{
    activation::{sigmoid, tanh, tanh_wide},
    arithmetic::{requantize, saturate_16, shift_round, shift_round_32},
    format::{CELL_CLIP, CELL_FRACTION, RowRecord},
    kernel::Weights,
};

/// The parameters of one layer, in place in the blob.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer<'a> {
    /// (G·H, I_k), rows unit by unit.
    pub(crate) weight_ih: Weights<'a>,
    /// (G·H, H), rows unit by unit.
    pub(crate) weight_hh: Weights<'a>,
    /// (H): i, f, g, o, or r, z, n over x, n over h.
    pub(crate) rows: &'a [[RowRecord; 4]],
    /// (H), h fraction.
    pub(crate) h0: &'a [i16],
    /// (H) for an LSTM, empty for a GRU.
    pub(crate) c0: &'a [i32],
}

/// The formats that a blob sets at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fractions {
    pub(crate) x: u8,
    pub(crate) h: u8,
    pub(crate) pre: u8,
}

#[inline(always)]
fn pre_activation(accumulator: i32, row: &RowRecord) -> i16 {
    saturate_16(i64::from(requantize(accumulator, row.multiplier, row.shift as u8)))
}

/// Bits between Q0.15 and the format of h.
#[inline(always)]
const fn above_h(fractions: Fractions) -> u32 {
    15u32.wrapping_sub(fractions.h as u32) & 3
}

/// LSTM: c' = f ⊙ c + i ⊙ g; h' = o ⊙ tanh(c').
///
/// `x` (I_k), `h` and `next` (H), `c` (H); writes h' to `next` and c' over `c`.
#[inline(always)]
pub(crate) fn lstm(layer: &Layer<'_>, fractions: Fractions, x: &[i16], h: &[i16], c: &mut [i32], next: &mut [i16]) {
    let (mut ih, mut hh) = (layer.weight_ih, layer.weight_hh);
    for ((rows, c), next) in layer.rows.iter().zip(c.iter_mut()).zip(next.iter_mut()) {
        let [i, f, g, o] = rows.each_ref().map(|row| {
            let accumulator = hh.accumulate_row(ih.accumulate_row(row.bias, x), h);
            pre_activation(accumulator, row)
        });
        let i = i32::from(sigmoid(i, fractions.pre).to_bits());
        let f = i64::from(sigmoid(f, fractions.pre).to_bits());
        let g = i32::from(tanh(g, fractions.pre).to_bits());
        let o = i32::from(sigmoid(o, fractions.pre).to_bits());
        let kept = shift_round(f.wrapping_mul(i64::from(*c)), 15) as i32; // |f·c| < 64
        let added = shift_round_32(i.wrapping_mul(g), 30 - CELL_FRACTION); // |i·g| < 1
        *c = kept.wrapping_add(added).clamp(-CELL_CLIP, CELL_CLIP);
        let squashed = i32::from(tanh_wide(shift_round_32_wide(*c)));
        *next = shift_round_32(o.wrapping_mul(squashed), 15u32.wrapping_add(above_h(fractions))) as i16;
    }
}

/// c with 16 fractional bits, the argument of [`tanh_wide`].
#[inline(always)]
const fn shift_round_32_wide(c: i32) -> i32 {
    const DROP: u32 = CELL_FRACTION - 16;
    c.wrapping_add(1 << (DROP - 1)) >> DROP
}

/// GRU in the reset-after form: n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn)); h' = (1 - z) ⊙ n + z ⊙ h.
///
/// `x` (I_k), `h` and `next` (H); writes h' to `next`. The product W_hn h + b_hn is rounded to the pre-activation's
/// format before r multiplies it.
#[inline(always)]
pub(crate) fn gru(layer: &Layer<'_>, fractions: Fractions, x: &[i16], h: &[i16], next: &mut [i16]) {
    let (mut ih, mut hh) = (layer.weight_ih, layer.weight_hh);
    for (([r, z, n_x, n_h], &old), next) in layer.rows.iter().zip(h).zip(next.iter_mut()) {
        let [r, z] = [r, z].map(|row| {
            let accumulator = hh.accumulate_row(ih.accumulate_row(row.bias, x), h);
            i32::from(sigmoid(pre_activation(accumulator, row), fractions.pre).to_bits())
        });
        let over_x = requantize(ih.accumulate_row(n_x.bias, x), n_x.multiplier, n_x.shift as u8);
        let over_h = i32::from(pre_activation(hh.accumulate_row(n_h.bias, h), n_h));
        let sum = over_x.saturating_add(shift_round_32(r.wrapping_mul(over_h), 15));
        let n = i32::from(tanh(saturate_16(i64::from(sum)), fractions.pre).to_bits());
        // A convex combination: both terms and their sum stay below 2^30 in magnitude, or 2^(F+15) where |h0| > 1.
        let fresh = (32_768i32.wrapping_sub(z)).wrapping_mul(n) >> above_h(fractions);
        let kept = z.wrapping_mul(i32::from(old));
        *next = saturate_16(shift_round(i64::from(fresh).wrapping_add(i64::from(kept)), 15));
    }
}
