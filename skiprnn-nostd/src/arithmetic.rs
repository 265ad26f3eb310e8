//! The one way of rounding and the one way of saturating.

/// `value / 2^shift`, rounded to nearest, ties toward +infinity. `shift` is at most 62.
#[inline(always)]
pub(crate) const fn shift_round(value: i64, shift: u32) -> i64 {
    // Adding half first: |value| stays below 2^62 wherever this is called, so the sum fits.
    value.wrapping_add((1i64 << (shift & 63)) >> 1) >> (shift & 63)
}

/// [`shift_round`] in 32 bits, for |value| < 2^30 and `shift` up to 30.
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

/// The scale of one gate row: the accumulator times `multiplier / 2^shift` is the pre-activation.
///
/// `multiplier` has 31 bits and `shift` lies in 31..=62, so the 64-bit product of a proven accumulator never
/// overflows and the result always fits 32 bits.
#[inline(always)]
pub(crate) const fn requantize(accumulator: i32, multiplier: i32, shift: u8) -> i32 {
    shift_round(accumulator as i64 * multiplier as i64, shift as u32) as i32
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
    }

    #[test]
    fn requantize_is_exact_at_the_ends() {
        assert_eq!(requantize(i32::MAX, i32::MAX, 31), i32::MAX - 1);
        assert_eq!(requantize(-i32::MAX, i32::MAX, 31), -(i32::MAX - 1));
        assert_eq!(requantize(i32::MAX, 1 << 30, 62), 0);
        assert_eq!(saturate_16(40_000), i16::MAX);
        assert_eq!(saturate_16(-40_000), i16::MIN);
    }
}
