//! The sums of each unit's blocks, scaled to pre-activations, for cores without a pass in assembly (`cell::thumb2`).

use super::{Layout, Matrix};
use crate::{arithmetic::multiply_high, format::UnitRecord};

/// The rows of a block, each with a sum onto which a number of column groups is added, in wrapping arithmetic.
pub(super) trait Sums {
    /// [`Layout::Narrow`], by 4 columns.
    fn narrow(&mut self, groups: usize, block: &[u32], x: &[u32]);
    /// [`Layout::Plane`], by 4 columns: for a pair of rows Σ even · x and Σ half · x, for a third row its own.
    fn plane(&mut self, groups: usize, block: &[u32], x: &[u32]);
    /// [`Layout::Wide`], by 2 columns.
    fn wide(&mut self, groups: usize, block: &[u32], x: &[u32]);
}

/// The sums of the rows from the sums of byte planes, each times 2^shift.
pub(super) trait Planes: Sums {
    const ZERO: Self;
    fn rows(self, shift: u32) -> Self;
}

/// The odd row's sum. The difference is 256 times it, exactly, because it is proven to lie below 2^23.
#[inline(always)]
fn odd(even: i32, both: i32, shift: u32) -> i32 {
    both.wrapping_sub(even) >> (8u32.wrapping_sub(shift) & 15)
}

impl Planes for [i32; 4] {
    const ZERO: Self = [0; 4];

    #[inline(always)]
    fn rows(self, shift: u32) -> Self {
        let [e0, b0, e2, b2] = self;
        [
            e0.wrapping_shl(shift),
            odd(e0, b0, shift),
            e2.wrapping_shl(shift),
            odd(e2, b2, shift),
        ]
    }
}

impl Planes for [i32; 3] {
    const ZERO: Self = [0; 3];

    #[inline(always)]
    fn rows(self, shift: u32) -> Self {
        let [even, both, third] = self;
        [
            even.wrapping_shl(shift),
            odd(even, both, shift),
            third.wrapping_shl(shift),
        ]
    }
}

/// acc_r + Σ w_r·x for the rows of one block of a matrix.
#[inline(always)]
pub(super) fn accumulate<const R: usize>(acc: &mut [i32; R], matrix: &Matrix<'_>, block: &[u32], x: &[u32], shift: u32)
where
    [i32; R]: Planes,
{
    let groups = matrix.groups();
    match matrix.layout {
        Layout::Narrow => acc.narrow(groups, block, x),
        Layout::Plane => {
            let mut sums = <[i32; R]>::ZERO;
            sums.plane(groups, block, x);
            for (acc, sum) in acc.iter_mut().zip(sums.rows(shift)) {
                *acc = acc.wrapping_add(sum);
            }
        }
        Layout::Wide => acc.wide(groups, block, x),
    }
}

/// What a layer multiplies: its two matrices, and the activations in pairs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors<'a> {
    pub(crate) ih: Matrix<'a>,
    pub(crate) hh: Matrix<'a>,
    pub(crate) x: &'a [u32],
    /// h, narrowed where the layout is [`Layout::Plane`].
    pub(crate) h: &'a [u32],
    /// Bits by which the sum over h is shifted up; 0 but for [`Layout::Plane`].
    pub(crate) shift: u32,
}

/// The blocks of both matrices, unit by unit.
#[inline(always)]
fn blocks<'a>(factors: &Factors<'a>) -> impl Iterator<Item = (&'a [u32], &'a [u32])> {
    // The block of a matrix with columns is never empty.
    let of = |m: &Matrix<'a>| m.words.chunks_exact(m.block().max(1));
    of(&factors.ih).zip(of(&factors.hh))
}

/// Hands the pre-activations i, f, g, o of each unit to `update`, with what `state` has for it.
#[inline(always)]
pub(crate) fn each_four<'a, S>(
    factors: Factors<'a>,
    units: &[UnitRecord],
    state: impl Iterator<Item = S>,
    mut update: impl FnMut([i32; 4], S),
) {
    for ((unit, (ih, hh)), state) in units.iter().zip(blocks(&factors)).zip(state) {
        let mut acc = unit.bias;
        accumulate(&mut acc, &factors.ih, ih, factors.x, 0);
        accumulate(&mut acc, &factors.hh, hh, factors.h, factors.shift);
        update(scaled(acc, unit), state);
    }
}

/// Hands the pre-activations r, z, n over x, n over h of each unit to `update`, with what `state` has for it.
#[inline(always)]
pub(crate) fn each_three<'a, S>(
    factors: Factors<'a>,
    units: &[UnitRecord],
    state: impl Iterator<Item = S>,
    mut update: impl FnMut([i32; 4], S),
) {
    for ((unit, (ih, hh)), state) in units.iter().zip(blocks(&factors)).zip(state) {
        let [r, z, n_x, n_h] = unit.bias;
        let mut acc = [r, z, n_x];
        accumulate(&mut acc, &factors.ih, ih, factors.x, 0);
        let [r, z, n_x] = acc;
        let mut acc = [r, z, n_h];
        accumulate(&mut acc, &factors.hh, hh, factors.h, factors.shift);
        let [r, z, n_h] = acc;
        update(scaled([r, z, n_x, n_h], unit), state);
    }
}

#[inline(always)]
fn scaled([a, b, c, d]: [i32; 4], unit: &UnitRecord) -> [i32; 4] {
    let [ma, mb, mc, md] = unit.multiplier;
    [
        multiply_high(a, ma),
        multiply_high(b, mb),
        multiply_high(c, mc),
        multiply_high(d, md),
    ]
}
