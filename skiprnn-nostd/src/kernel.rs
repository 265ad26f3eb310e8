//! Dot products of weight rows with activations: the portable kernel, and the reference for every faster one.
//!
//! acc + Σ w·x, weights i8 or i16, activations i16, accumulator i32. A proven row ([`crate::row_bound`]) never leaves
//! 32 bits, so the wrapping additions below never wrap; the i64 twin in the tests of `quantize` holds them to it.

/// A weight matrix in its stored width, row-major.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Weights<'a> {
    /// One byte a weight.
    I8(&'a [i8]),
    /// Two bytes a weight.
    I16(&'a [i16]),
}

impl<'a> Weights<'a> {
    /// Bits per weight.
    pub(crate) const fn bits(self) -> u8 {
        match self {
            Weights::I8(_) => 8,
            Weights::I16(_) => 16,
        }
    }

    /// Takes the next `columns` weights off the front; what is missing counts as absent, never as a panic.
    #[inline(always)]
    pub(crate) fn take_row(&mut self, columns: usize) -> Weights<'a> {
        match self {
            Weights::I8(all) => {
                let (row, rest) = all.split_at_checked(columns).unwrap_or((all, &[]));
                *all = rest;
                Weights::I8(row)
            }
            Weights::I16(all) => {
                let (row, rest) = all.split_at_checked(columns).unwrap_or((all, &[]));
                *all = rest;
                Weights::I16(row)
            }
        }
    }

    /// The weights one by one, widened.
    pub(crate) fn values(self) -> impl Iterator<Item = i32> + 'a {
        let (narrow, wide): (&[i8], &[i16]) = match self {
            Weights::I8(w) => (w, &[]),
            Weights::I16(w) => (&[], w),
        };
        narrow
            .iter()
            .map(|w| i32::from(*w))
            .chain(wide.iter().map(|w| i32::from(*w)))
    }

    /// `accumulator` + Σ over the next row of w·x, and moves on to the row after it.
    #[inline(always)]
    pub(crate) fn accumulate_row(&mut self, accumulator: i32, x: &[i16]) -> i32 {
        match self.take_row(x.len()) {
            Weights::I8(row) => dot(accumulator, row, x),
            Weights::I16(row) => dot(accumulator, row, x),
        }
    }
}

/// accumulator + Σ w·x.
#[inline(always)]
fn dot<W: Copy + Into<i32>>(accumulator: i32, w: &[W], x: &[i16]) -> i32 {
    w.iter().zip(x).fold(accumulator, |sum, (&w, &x)| {
        let w: i32 = w.into();
        sum.wrapping_add(w.wrapping_mul(i32::from(x)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_each_other() {
        let mut w = Weights::I8(&[1, 2, 3, -4, 5, -128]);
        assert_eq!(w.accumulate_row(10, &[1, 10, 100]), 10 + 321);
        assert_eq!(w.accumulate_row(0, &[1, 10, 100]), -4 + 50 - 12_800);
        assert_eq!(w.accumulate_row(5, &[1, 1, 1]), 5, "an exhausted matrix adds nothing");
        let mut w = Weights::I16(&[i16::MIN, i16::MAX]);
        assert_eq!(w.accumulate_row(0, &[i16::MIN, i16::MIN]), 32_768);
    }
}
