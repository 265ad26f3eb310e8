//! The one way of rounding and the one way of saturating.

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
#[cfg(not(skiprnn_thumb2))]
#[inline(always)]
pub(crate) const fn multiply_high(a: i32, b: i32) -> i32 {
    ((a as i64).wrapping_mul(b as i64).wrapping_add(1 << 31) >> 32) as i32
}

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
}
