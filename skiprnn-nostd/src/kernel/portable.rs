//! The kernels in plain Rust: the reference, and what cores without DSP instructions run.
//!
//! Per multiply-accumulate: one load of a weight (narrow and wide) or half of one (byte planes, which add a sign
//! extension), one multiplication with addition, and a third or a quarter of a load of an activation. The groups are
//! arrays of fixed length, so that no index is checked.

use super::{Layout, Matrix};
use crate::{arithmetic::multiply_high, format::UnitRecord};
use zerocopy::IntoBytes;

/// Two activations in one word, the lower half first.
#[inline(always)]
fn pair(word: u32) -> [i32; 2] {
    [i32::from(word as i16), (word as i32) >> 16]
}

#[inline(always)]
fn add(acc: &mut i32, w: i32, x: i32) {
    *acc = acc.wrapping_add(w.wrapping_mul(x));
}

/// i8 x i16, R rows by 4 columns a group.
#[inline(always)]
fn narrow<const R: usize>(acc: &mut [i32; R], block: &[u32], x: &[u32]) {
    let groups = block.as_bytes().as_chunks::<4>().0.as_chunks::<R>().0;
    let mut sums = *acc;
    for (rows, [low, high]) in groups.iter().zip(x.as_chunks::<2>().0) {
        let ([x0, x1], [x2, x3]) = (pair(*low), pair(*high));
        for (sum, [w0, w2, w1, w3]) in sums.iter_mut().zip(rows) {
            for (w, x) in [(w0, x0), (w1, x1), (w2, x2), (w3, x3)] {
                add(sum, i32::from(*w as i8), x);
            }
        }
    }
    *acc = sums;
}

/// i16 x i16, R rows by 2 columns a group.
#[inline(always)]
fn wide<const R: usize>(acc: &mut [i32; R], block: &[u32], x: &[u32]) {
    let mut sums = *acc;
    for (rows, x) in block.as_chunks::<R>().0.iter().zip(x) {
        let [x0, x1] = pair(*x);
        for (sum, w) in sums.iter_mut().zip(rows) {
            let [w0, w1] = pair(*w);
            add(sum, w0, x0);
            add(sum, w1, x1);
        }
    }
    *acc = sums;
}

/// The sums of one pair of byte planes: Σ(256·B + A)·x modulo 2^32, and ΣA·x.
#[derive(Clone, Copy, Default)]
struct Planes {
    both: i32,
    even: i32,
}

impl Planes {
    #[inline(always)]
    fn add(&mut self, word: u32, [x0, x1]: [i32; 2]) {
        let [w0, w1] = pair(word);
        add(&mut self.both, w0, x0);
        add(&mut self.both, w1, x1);
        add(&mut self.even, i32::from(w0 as i8), x0);
        add(&mut self.even, i32::from(w1 as i8), x1);
    }

    /// (ΣA·x, ΣB·x), each times 2^drop. The difference is 256·ΣB·x, exactly, because |ΣB·x| < 2^23 is proven.
    #[inline(always)]
    fn finish(self, drop: u32) -> [i32; 2] {
        let odd = self.both.wrapping_sub(self.even) >> (8u32.wrapping_sub(drop) & 15);
        [self.even.wrapping_shl(drop), odd]
    }
}

/// i8 x i16 in byte planes, 4 rows by 4 columns a group.
fn plane_4(acc: &mut [i32; 4], block: &[u32], x: &[u32], drop: u32) {
    let (mut first, mut second) = (Planes::default(), Planes::default());
    for ([a, b, c, d], [low, high]) in block.as_chunks::<4>().0.iter().zip(x.as_chunks::<2>().0) {
        let (low, high) = (pair(*low), pair(*high));
        first.add(*a, low);
        second.add(*b, low);
        first.add(*c, high);
        second.add(*d, high);
    }
    let ([a, b], [c, d]) = (first.finish(drop), second.finish(drop));
    for (acc, sum) in acc.iter_mut().zip([a, b, c, d]) {
        *acc = acc.wrapping_add(sum);
    }
}

/// i8 x i16 in byte planes, 3 rows by 4 columns a group.
fn plane_3(acc: &mut [i32; 3], block: &[u32], x: &[u32], drop: u32) {
    let (mut first, mut third) = (Planes::default(), 0);
    for ([a, b, c], [low, high]) in block.as_chunks::<3>().0.iter().zip(x.as_chunks::<2>().0) {
        let (low, high) = (pair(*low), pair(*high));
        first.add(*a, low);
        first.add(*b, high);
        let [w0, w2, w1, w3] = c.to_le_bytes().map(|w| i32::from(w as i8));
        let ([x0, x1], [x2, x3]) = (low, high);
        for (w, x) in [(w0, x0), (w1, x1), (w2, x2), (w3, x3)] {
            add(&mut third, w, x);
        }
    }
    let [a, b] = first.finish(drop);
    for (acc, sum) in acc.iter_mut().zip([a, b, third.wrapping_shl(drop)]) {
        *acc = acc.wrapping_add(sum);
    }
}

/// acc_r + Σ w_r·x for the rows of one block.
pub(super) trait Accumulate {
    fn accumulate(&mut self, layout: Layout, block: &[u32], x: &[u32], drop: u32);
}

impl Accumulate for [i32; 4] {
    #[inline(always)]
    fn accumulate(&mut self, layout: Layout, block: &[u32], x: &[u32], drop: u32) {
        match layout {
            Layout::Narrow => narrow(self, block, x),
            Layout::Plane => plane_4(self, block, x, drop),
            Layout::Wide => wide(self, block, x),
        }
    }
}

impl Accumulate for [i32; 3] {
    #[inline(always)]
    fn accumulate(&mut self, layout: Layout, block: &[u32], x: &[u32], drop: u32) {
        match layout {
            Layout::Narrow => narrow(self, block, x),
            Layout::Plane => plane_3(self, block, x, drop),
            Layout::Wide => wide(self, block, x),
        }
    }
}

/// What a layer multiplies: its two matrices, and the activations in pairs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors<'a> {
    pub(crate) ih: Matrix<'a>,
    pub(crate) hh: Matrix<'a>,
    pub(crate) x: &'a [u32],
    /// h, narrowed by `drop` bits; the sum over it is shifted up by as many. 0 but for [`Layout::Plane`].
    pub(crate) h: &'a [u32],
    pub(crate) drop: u32,
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
        acc.accumulate(factors.ih.layout, ih, factors.x, 0);
        acc.accumulate(factors.hh.layout, hh, factors.h, factors.drop);
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
        acc.accumulate(factors.ih.layout, ih, factors.x, 0);
        let [r, z, n_x] = acc;
        let mut acc = [r, z, n_h];
        acc.accumulate(factors.hh.layout, hh, factors.h, factors.drop);
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
