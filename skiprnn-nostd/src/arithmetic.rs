//! The one way of rounding and the one way of saturating.

mod sys;

pub(crate) use sys::keep_rolled;

/// `value / 2^shift`, rounded to nearest, ties toward +infinity, for |value| < 2^62. `shift` is at most 62.
#[inline(always)]
pub(crate) const fn shift_round(value: i64, shift: u32) -> i64 {
    // One bit more than is wanted, then half of that up: a single shift by a variable.
    (value.wrapping_shl(1) >> (shift & 63)).wrapping_add(1) >> 1
}

/// [`shift_round`] in 32 bits, for |value| < 2^30 and `shift` up to 30.
#[cfg(not(skiprnn_thumb2))]
#[inline(always)]
pub(crate) const fn shift_round_32(value: i32, shift: u32) -> i32 {
    value.wrapping_add((1i32 << (shift & 31)) >> 1) >> (shift & 31)
}

/// Clamps to 16 bits.
#[inline(always)]
pub(crate) const fn saturate_16(value: i64) -> i16 {
    if value > i16::MAX as i64 {
        i16::MAX
    } else if value < i16::MIN as i64 {
        i16::MIN
    } else {
        value as i16
    }
}

/// (a · b) / 2^32, rounded: the upper half of the product, one instruction (SMMULR) where there is a DSP.
///
/// With a below 2^31 in magnitude and b in 0..2^31 the result stays below 2^30 in magnitude.
#[cfg(not(any(skiprnn_thumb1, skiprnn_thumb2)))]
#[inline(always)]
pub(crate) const fn multiply_high(a: i32, b: i32) -> i32 {
    ((a as i64).wrapping_mul(b as i64).wrapping_add(1 << 31) >> 32) as i32
}

/// a - (a · b) / 2^32, the difference rounded down, for a in 0..2^14 and |b| < 2^28.
#[cfg(not(skiprnn_thumb1))]
#[inline(always)]
pub(crate) const fn subtract_high(a: i32, b: i32) -> i32 {
    (((a as i64) << 32).wrapping_sub((a as i64).wrapping_mul(b as i64)) >> 32) as i32
}

/// a · b in full.
#[cfg(not(skiprnn_thumb1))]
#[inline(always)]
pub(crate) const fn multiply_long(a: i16, b: i32) -> i64 {
    (a as i64).wrapping_mul(b as i64)
}

/// The same where a product has 32 bits, so that a longer one takes a call of the compiler's runtime.
#[cfg(any(test, skiprnn_thumb1))]
mod halves {
    /// The upper half, signed, and the lower one.
    const fn split(a: i32) -> (i32, i32) {
        (a >> 16, a & 0xffff)
    }

    /// See [`super::multiply_high`]. No partial product leaves 32 bits: the upper half of b has 15.
    #[inline(always)]
    pub(crate) const fn multiply_high(a: i32, b: i32) -> i32 {
        let ((a_high, a_low), (b_high, b_low)) = (split(a), split(b));
        let lowest = (a_low as u32).wrapping_mul(b_low as u32) >> 16;
        let (m_high, m_low) = split(a_high.wrapping_mul(b_low).wrapping_add(lowest as i32));
        let (n_high, n_low) = split(a_low.wrapping_mul(b_high));
        let carry = m_low.wrapping_add(n_low).wrapping_add(1 << 15) >> 16;
        a_high
            .wrapping_mul(b_high)
            .wrapping_add(m_high)
            .wrapping_add(n_high)
            .wrapping_add(carry)
    }

    /// See [`super::subtract_high`].
    #[inline(always)]
    pub(crate) const fn subtract_high(a: i32, b: i32) -> i32 {
        let (high, low) = split(b);
        let middle = a
            .wrapping_mul(high)
            .wrapping_add(a.wrapping_mul(low).wrapping_add(0xffff) >> 16);
        a.wrapping_add(middle.wrapping_neg() >> 16)
    }

    /// See [`super::multiply_long`].
    #[inline(always)]
    pub(crate) const fn multiply_long(a: i16, b: i32) -> i64 {
        let (high, low) = split(b);
        ((high.wrapping_mul(a as i32) as i64) << 16).wrapping_add(low.wrapping_mul(a as i32) as i64)
    }
}

#[cfg(skiprnn_thumb1)]
pub(crate) use halves::{multiply_high, multiply_long, subtract_high};

/// (a · q) / 2^15, rounded, for |a| <= 2^30 and q in Q0.15 from 0 up: what a gate lets through of a 32-bit value.
#[cfg(not(skiprnn_thumb2))]
#[inline(always)]
pub(crate) fn gated(a: i32, q: i32) -> i32 {
    // At a = 2^30 itself, which only a negated limit reaches, the doubling would wrap; see `CELL_LIMIT`.
    multiply_high(a.wrapping_shl(1), q.wrapping_shl(16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_up() {
        for (value, expected) in [(5, 3), (-5, -2), (6, 3), (-6, -3), (7, 4), (-7, -3)] {
            assert_eq!(shift_round(value, 1), expected);
            assert_eq!(shift_round_32(value as i32, 1), expected as i32);
        }
        assert_eq!(shift_round(-9, 0), -9);
        assert_eq!(multiply_high(3, 1 << 30), 1, "3/4 goes up");
        assert_eq!(multiply_high(2, 1 << 30), 1, "a tie goes up");
        assert_eq!(multiply_high(-2, 1 << 30), 0, "a tie goes up");
    }

    #[test]
    fn products_are_exact_at_the_ends() {
        let limit = 1 << 30;
        assert_eq!(multiply_high(i32::MAX, i32::MAX), limit - 1);
        assert_eq!(multiply_high(-i32::MAX, i32::MAX), 1 - limit);
        assert_eq!(multiply_high(i32::MIN, i32::MAX), 1 - limit);
        for a in [-limit, 1 - limit, -1, 0, 1, limit - 1] {
            for q in [0, 1, 16_384, 32_767] {
                let exact = shift_round(i64::from(a) * i64::from(q), 15);
                assert_eq!(i64::from(gated(a, q)), exact, "{a} {q}");
            }
        }
        assert_eq!(saturate_16(40_000), i16::MAX);
        assert_eq!(saturate_16(-40_000), i16::MIN);
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn halves_are_the_same() {
        let mut state = 1u64;
        let mut next = || {
            state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 32) as i32
        };
        let ends = [i32::MIN, -0x1_0000, -1, 0, 1, 0xffff, 0x1_0000, i32::MAX];
        let check = |a: i32, b: i32| {
            let positive = b & i32::MAX;
            assert_eq!(
                halves::multiply_high(a, positive),
                multiply_high(a, positive),
                "{a} {positive}"
            );
            let (small, wide) = (b & 0x3fff, a >> 4);
            assert_eq!(
                halves::subtract_high(small, wide),
                subtract_high(small, wide),
                "{small} {wide}"
            );
            assert_eq!(
                halves::multiply_long(b as i16, a),
                multiply_long(b as i16, a),
                "{b} {a}"
            );
        };
        for a in ends {
            for b in ends {
                check(a, b);
            }
            (0..1000).for_each(|_| check(a, next()));
        }
        (0..1_000_000).for_each(|_| check(next(), next()));
    }
}
