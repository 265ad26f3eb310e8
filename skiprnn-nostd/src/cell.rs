//! One update of one layer, in integers.
//!
//! Formats: x i16 with the blob's x fraction, h i16 with its h fraction F, pre-activations i32 with 16 fractional bits,
//! gates Q0.15, c I8F24 in [-64, 64). Rounding is to nearest, ties toward +infinity, once per stored value.
//!
//! A layer is one pass over its units: a unit's block of weights yields all of its gates, and its state is updated
//! while they are in registers.

use crate::{
    activation::{shared_tables, sigmoid_q15, tanh_q15},
    arithmetic::{gated, shift_round_32},
    format::{CELL_FRACTION, CELL_LIMIT, UnitRecord},
    kernel::{Factors, Matrix, each_four, each_three},
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

impl<'a> Layer<'a> {
    #[inline(always)]
    fn factors(&self, fractions: Fractions, x: &'a [u32], h: &'a [u32]) -> Factors<'a> {
        Factors {
            ih: self.weight_ih,
            hh: self.weight_hh,
            x,
            h,
            drop: fractions.drop.into(),
        }
    }
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
pub(crate) fn lstm<'a>(
    layer: &Layer<'a>,
    fractions: Fractions,
    x: &'a [u32],
    last: &'a [u32],
    c: &mut [i32],
    h: &mut [i16],
) {
    let tables = shared_tables();
    let to_h = 15u32.wrapping_add(above_h(fractions));
    let factors = layer.factors(fractions, x, last);
    each_four(factors, layer.units, c.iter_mut().zip(h), |[i, f, g, o], (c, h)| {
        let i = sigmoid_q15(tables, i);
        let f = sigmoid_q15(tables, f);
        let g = tanh_q15::<16>(tables, g);
        let o = sigmoid_q15(tables, o);
        let added = shift_round_32(i.wrapping_mul(g), 30 - CELL_FRACTION); // |i·g| < 1
        let sum = gated(*c, f).wrapping_add(added);
        *c = sum.clamp(-CELL_LIMIT, CELL_LIMIT - 1);
        *h = shift_round_32(o.wrapping_mul(tanh_q15::<CELL_FRACTION>(tables, *c)), to_h) as i16;
    });
}

/// GRU in the reset-after form: n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn)); h' = (1 - z) ⊙ n + z ⊙ h.
///
/// `x` (I_k) and `last` (H) in pairs, `last` being h narrowed by the blob's drop; h (H) is overwritten.
///
/// Source: `docs/blob-format.md`, "Arithmetic". Both parts of n's argument lie below 2^30, and so does r times the
/// second, so that their sum fits. h' is a mean of n and h with weights that add up to 1: it needs no saturation.
#[inline(never)]
pub(crate) fn gru<'a>(layer: &Layer<'a>, fractions: Fractions, x: &'a [u32], last: &'a [u32], h: &mut [i16]) {
    let tables = shared_tables();
    let above = above_h(fractions);
    let factors = layer.factors(fractions, x, last);
    each_three(factors, layer.units, h.iter_mut(), |[r, z, n_x, n_h], h| {
        let r = sigmoid_q15(tables, r);
        let z = sigmoid_q15(tables, z);
        let reset = gated(n_h, r);
        let n = tanh_q15::<16>(tables, n_x.wrapping_add(reset));
        let fresh = 32_768i32.wrapping_sub(z).wrapping_mul(n) >> above;
        let kept = z.wrapping_mul(i32::from(*h));
        *h = shift_round_32(fresh.wrapping_add(kept), 15) as i16;
    });
}
