//! Sums over column groups in plain Rust: the reference, and what cores other than Arm's run.
//!
//! Per multiply-accumulate: one load of a weight (narrow and wide) or half of one (byte planes, which add a sign
//! extension), one multiplication with addition, and a third or a quarter of a load of an activation. The groups are
//! arrays of fixed length, so that no index is checked; as many are taken as the block has.

use super::units::Sums;
use crate::arithmetic::keep_rolled;
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
fn narrow<const R: usize>(sums: &mut [i32; R], block: &[u32], x: &[u32]) {
    let rows = block.as_bytes().as_chunks::<4>().0.as_chunks::<R>().0;
    let mut acc = *sums;
    for (rows, [low, high]) in rows.iter().zip(x.as_chunks::<2>().0) {
        let ([x0, x1], [x2, x3]) = (pair(*low), pair(*high));
        for (acc, [w0, w2, w1, w3]) in acc.iter_mut().zip(rows) {
            for (w, x) in [(w0, x0), (w1, x1), (w2, x2), (w3, x3)] {
                add(acc, i32::from(*w as i8), x);
            }
        }
    }
    *sums = acc;
}

/// i16 x i16, R rows by 2 columns a group.
#[inline(always)]
fn wide<const R: usize>(sums: &mut [i32; R], block: &[u32], x: &[u32]) {
    let mut acc = *sums;
    for (rows, x) in block.as_chunks::<R>().0.iter().zip(x) {
        keep_rolled();
        let [x0, x1] = pair(*x);
        for (acc, w) in acc.iter_mut().zip(rows) {
            let [w0, w1] = pair(*w);
            add(acc, w0, x0);
            add(acc, w1, x1);
        }
    }
    *sums = acc;
}

/// One word of two byte planes: Σ lower byte · x and Σ half · x.
#[inline(always)]
fn planes(even: &mut i32, both: &mut i32, word: u32, [x0, x1]: [i32; 2]) {
    let [w0, w1] = pair(word);
    add(both, w0, x0);
    add(both, w1, x1);
    add(even, i32::from(w0 as i8), x0);
    add(even, i32::from(w1 as i8), x1);
}

impl Sums for [i32; 4] {
    #[inline(always)]
    fn narrow(&mut self, _: usize, block: &[u32], x: &[u32]) {
        narrow(self, block, x);
    }

    #[inline(never)]
    fn plane(&mut self, _: usize, block: &[u32], x: &[u32]) {
        let [mut e0, mut b0, mut e2, mut b2] = *self;
        let pairs = x.as_chunks::<2>().0;
        for ([a, b, c, d], [low, high]) in block.as_chunks::<4>().0.iter().zip(pairs) {
            let (low, high) = (pair(*low), pair(*high));
            planes(&mut e0, &mut b0, *a, low);
            planes(&mut e2, &mut b2, *b, low);
            planes(&mut e0, &mut b0, *c, high);
            planes(&mut e2, &mut b2, *d, high);
        }
        *self = [e0, b0, e2, b2];
    }

    #[inline(always)]
    fn wide(&mut self, _: usize, block: &[u32], x: &[u32]) {
        wide(self, block, x);
    }
}

impl Sums for [i32; 3] {
    #[inline(always)]
    fn narrow(&mut self, _: usize, block: &[u32], x: &[u32]) {
        narrow(self, block, x);
    }

    #[inline(never)]
    fn plane(&mut self, _: usize, block: &[u32], x: &[u32]) {
        let [mut even, mut both, mut third] = *self;
        let pairs = x.as_chunks::<2>().0;
        for ([a, b, c], [low, high]) in block.as_chunks::<3>().0.iter().zip(pairs) {
            let (low, high) = (pair(*low), pair(*high));
            planes(&mut even, &mut both, *a, low);
            planes(&mut even, &mut both, *b, high);
            let [w0, w2, w1, w3] = c.to_le_bytes().map(|w| i32::from(w as i8));
            let ([x0, x1], [x2, x3]) = (low, high);
            for (w, x) in [(w0, x0), (w1, x1), (w2, x2), (w3, x3)] {
                add(&mut third, w, x);
            }
        }
        *self = [even, both, third];
    }

    #[inline(always)]
    fn wide(&mut self, _: usize, block: &[u32], x: &[u32]) {
        wide(self, block, x);
    }
}
