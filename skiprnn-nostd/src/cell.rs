//! One update of one layer, in integers.
//!
//! Formats: x i16 with the blob's x fraction, h i16 with its h fraction F, pre-activations i32 with 16 fractional bits,
//! gates Q0.15, c I8F24 in [-64, 64). Rounding is to nearest, ties toward +infinity, once per stored value.
//!
//! A layer is one pass over its units: a unit's block of weights yields all of its gates, and its state is updated
//! while they are in registers.

use crate::{
    activation::{shared_tables, sigmoid_q15, tanh_q15},
    arithmetic::{gated, multiply_high, shift_round_32},
    format::{CELL_FRACTION, CELL_LIMIT, UnitRecord},
    kernel::Matrix,
};

/// The parameters of one layer, in place in the blob.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer<'a> {
    /// (H) blocks of (G, I_k).
    pub(crate) weight_ih: Matrix<'a>,
    /// (H) blocks of (G, H).
    pub(crate) weight_hh: Matrix<'a>,
    /// (H).
    pub(crate) units: &'a [UnitRecord],
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
    /// Bits that the h which is multiplied has fewer.
    pub(crate) drop: u8,
}

/// Bits between Q0.15 and the format of h.
#[inline(always)]
const fn above_h(fractions: Fractions) -> u32 {
    15u32.wrapping_sub(fractions.h as u32) & 3
}

/// LSTM: c' = f ⊙ c + i ⊙ g; h' = o ⊙ tanh(c').
///
/// `x` (I_k) and `last` (H) in pairs, `last` being h narrowed by the blob's drop; c (H) and h (H) are overwritten.
///
/// Source: `docs/blob-format.md`, "Arithmetic". The accumulators are proven below 2^31, so that a pre-activation, the
/// accumulator times a multiplier below 2^31 over 2^32, lies below 2^30. f·c needs |c| <= 2^30; the sum f·c + i·g stays
/// below 2^30 + 2^24. About 130 instructions a unit on a Cortex-M4 outside the kernels.
#[inline(never)]
pub(crate) fn lstm(layer: &Layer<'_>, fractions: Fractions, x: &[u32], last: &[u32], c: &mut [i32], h: &mut [i16]) {
    let tables = shared_tables();
    let drop = fractions.drop.into();
    let to_h = 15u32.wrapping_add(above_h(fractions));
    let blocks = layer.weight_ih.blocks().zip(layer.weight_hh.blocks());
    for (((unit, (ih, hh)), c), h) in layer.units.iter().zip(blocks).zip(c).zip(h) {
        let mut acc = unit.bias;
        layer.weight_ih.accumulate(&mut acc, ih, x, 0);
        layer.weight_hh.accumulate(&mut acc, hh, last, drop);
        let ([i, f, g, o], [mi, mf, mg, mo]) = (acc, unit.multiplier);
        let i = sigmoid_q15(tables, multiply_high(i, mi));
        let f = sigmoid_q15(tables, multiply_high(f, mf));
        let g = tanh_q15::<16>(tables, multiply_high(g, mg));
        let o = sigmoid_q15(tables, multiply_high(o, mo));
        let added = shift_round_32(i.wrapping_mul(g), 30 - CELL_FRACTION); // |i·g| < 1
        let sum = gated(*c, f).wrapping_add(added);
        *c = sum.clamp(-CELL_LIMIT, CELL_LIMIT - 1);
        *h = shift_round_32(o.wrapping_mul(tanh_q15::<CELL_FRACTION>(tables, *c)), to_h) as i16;
    }
}

/// GRU in the reset-after form: n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn)); h' = (1 - z) ⊙ n + z ⊙ h.
///
/// `x` (I_k) and `last` (H) in pairs, `last` being h narrowed by the blob's drop; h (H) is overwritten.
///
/// Source: `docs/blob-format.md`, "Arithmetic". Both parts of n's argument lie below 2^30, and so does r times the
/// second, so that their sum fits. h' is a mean of n and h with weights that add up to 1: it needs no saturation.
#[inline(never)]
pub(crate) fn gru(layer: &Layer<'_>, fractions: Fractions, x: &[u32], last: &[u32], h: &mut [i16]) {
    let tables = shared_tables();
    let drop = fractions.drop.into();
    let above = above_h(fractions);
    let blocks = layer.weight_ih.blocks().zip(layer.weight_hh.blocks());
    for ((unit, (ih, hh)), h) in layer.units.iter().zip(blocks).zip(h) {
        let ([r, z, n_x, n_h], [mr, mz, mx, mh]) = (unit.bias, unit.multiplier);
        let mut acc = [r, z, n_x];
        layer.weight_ih.accumulate(&mut acc, ih, x, 0);
        let [r, z, n_x] = acc;
        let mut acc = [r, z, n_h];
        layer.weight_hh.accumulate(&mut acc, hh, last, drop);
        let [r, z, n_h] = acc;
        let r = sigmoid_q15(tables, multiply_high(r, mr));
        let z = sigmoid_q15(tables, multiply_high(z, mz));
        let reset = gated(multiply_high(n_h, mh), r);
        let n = tanh_q15::<16>(tables, multiply_high(n_x, mx).wrapping_add(reset));
        let fresh = 32_768i32.wrapping_sub(z).wrapping_mul(n) >> above;
        let kept = z.wrapping_mul(i32::from(*h));
        *h = shift_round_32(fresh.wrapping_add(kept), 15) as i16;
    }
}
