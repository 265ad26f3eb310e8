//! One update of one layer in plain Rust: the reference, and what cores without Thumb-2 run.

use super::{Fractions, Layer, above_h};
use crate::{
    activation::{shared_tables, sigmoid_q15, tanh_q15},
    arithmetic::{gated, shift_round_32},
    format::{CELL_FRACTION, CELL_LIMIT},
    kernel::{Factors, each_four, each_three},
};

impl<'a> Layer<'a> {
    #[inline(always)]
    fn factors(&self, fractions: Fractions, x: &'a [u32], h: &'a [u32]) -> Factors<'a> {
        Factors {
            ih: self.weight_ih,
            hh: self.weight_hh,
            x,
            h,
            shift: fractions.shift.into(),
        }
    }
}

/// See [`super::lstm`].
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

/// See [`super::gru`].
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
