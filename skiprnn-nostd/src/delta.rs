//! The skip gate's own sigmoid: Δũ needs *relative* accuracy, because the length of a skip is about 1 / (2Δũ).
//!
//! With a = |z| the pre-activation's magnitude,
//!
//! ```text
//! e = exp(-a) = 2^-(n + i/32 + r),      n whole, i < 32, 0 <= r < 1/32
//!   = 2^-n · T_i · (1 - q + q²/2 - q³/6),    q = r ln 2 < 0.0217
//! sigmoid(-a) = e / (1 + e),      sigmoid(a) = 1 - sigmoid(-a)
//! ```
//!
//! The table has 32 entries of 32 bits; the polynomial's remainder is below 1e-8. The relative error is at most 1.3e-5
//! for every Δũ from 2^-16 up (the rounding of e to 0.32), and the function is monotone: both are tested on all 2^21
//! inputs.

use core::num::NonZeroU32;
use fixed::types::{I16F16, U0F32};

/// Pre-activations are clamped to [-16, 16).
pub const CLAMP: i32 = 16 << 16;

/// exp(x) for compile-time tables: halved until small, Taylor series, squared back.
pub(crate) const fn exp_f64(x: f64) -> f64 {
    let y = x / 1024.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut n = 1;
    while n < 14 {
        term *= y / n as f64;
        sum += term;
        n += 1;
    }
    let mut k = 0;
    while k < 10 {
        sum *= sum;
        k += 1;
    }
    sum
}

/// 2^(-i/32) as unsigned 1.31, rounded to nearest.
static POWERS: [u32; 32] = powers();

const fn powers() -> [u32; 32] {
    let mut table = [0; 32];
    let mut i = 0;
    while i < 32 {
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
        {
            table[i] = (exp_f64(-core::f64::consts::LN_2 * i as f64 / 32.0) * 2_147_483_648.0 + 0.5) as u32;
        }
        i += 1;
    }
    table
}

/// The upper 32 bits of a product: both factors unsigned fractions, one of them 0.32.
#[inline(always)]
const fn multiply(a: u32, b: u32) -> u32 {
    ((a as u64 * b as u64) >> 32) as u32
}

/// exp(-a), `a` with 16 fractional bits in [2^-16, 16], as a fraction with 32 bits, rounded.
#[inline(always)]
fn exp_negative(a: u32) -> u32 {
    /// log2(e) with 30 fractional bits.
    const LOG2_E: u64 = 1_549_082_005;
    /// ln 2 as unsigned 0.32.
    const LN_2: u32 = 2_977_044_472;
    let y = (a as u64).wrapping_mul(LOG2_E) >> 14; // 32 fractional bits
    let whole = (y >> 32) as u32; // at most 23
    let fraction = y as u32;
    let Some(&power) = POWERS.get((fraction >> 27) as usize) else {
        return 0;
    };
    let q = multiply(fraction & ((1 << 27) - 1), LN_2); // 0.32
    let q2 = multiply(q, q);
    let q3 = multiply(q2, q);
    // 1 - polynomial, below 0.0217, so that the product keeps the full width of `power`.
    let loss = q.wrapping_sub(q2 >> 1).wrapping_add(q3 / 6);
    let mantissa = power.wrapping_sub(multiply(power, loss)); // 1.31, below 1 because a > 0
    match whole.checked_sub(1) {
        None => mantissa << 1,
        Some(shift) => mantissa.wrapping_add(1u32 << (shift & 31) >> 1) >> (shift & 31),
    }
}

/// floor((high · 2^32 + low) / divisor) for a divisor from 2^31 up and high < divisor: long division in two digits of
/// 16 bits (Knuth, The Art of Computer Programming, volume 2, 4.3.1 D), because a core divides 32 bits at a time.
#[inline(always)]
fn divide(high: u32, low: u32, divisor: u32) -> u32 {
    let Some(upper) = NonZeroU32::new(divisor >> 16) else {
        return u32::MAX;
    };
    let lower = divisor & 0xffff;
    let (mut quotient, mut rest) = (0u32, high);
    for next in [low >> 16, low & 0xffff] {
        // One digit: the estimate from the upper half of the divisor is at most 2 too large.
        let mut q = rest / upper;
        let mut r = rest.wrapping_sub(q.wrapping_mul(upper.get()));
        while q >> 16 != 0 || q.wrapping_mul(lower) > (r << 16 | next) {
            q = q.wrapping_sub(1);
            r = r.wrapping_add(upper.get());
            if r >> 16 != 0 {
                break;
            }
        }
        rest = (rest << 16 | next).wrapping_sub(q.wrapping_mul(divisor));
        quotient = quotient << 16 | q;
    }
    quotient
}

/// Δũ = sigmoid(z) of the skip gate (equation 4), clamped to [2^-32, 1 - 2^-32].
///
/// Relative error at most 1.3e-5 for every result from 2^-16 up; monotone; `z` outside ±16 counts as ±16.
#[must_use]
pub fn sigmoid(z: I16F16) -> U0F32 {
    let z = z.to_bits().clamp(-CLAMP, CLAMP - 1);
    if z == 0 {
        return U0F32::from_bits(1 << 31); // the one argument whose exponential does not fit
    }
    let e = exp_negative(z.unsigned_abs());
    // e / (1 + e), numerator and denominator halved so that both fit; half of the denominator added, to round.
    let denominator = (1u32 << 31).wrapping_add(e >> 1);
    let (low, carry) = (e << 31).overflowing_add(denominator >> 1);
    let quotient = divide((e >> 1).wrapping_add(carry.into()), low, denominator);
    // Above 0 it is 1 less that. With |z| at most 16 the quotient is never 0.
    U0F32::from_bits(if z < 0 { quotient } else { quotient.wrapping_neg() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn relative_error_and_monotony_on_all_inputs() {
        let (mut worst, mut at, mut last) = (0.0f64, 0, 0);
        for z in -CLAMP..CLAMP {
            let d = sigmoid(I16F16::from_bits(z)).to_bits();
            assert!(d >= last, "falls at {z}");
            last = d;
            let exact = 1.0 / (1.0 + (-f64::from(z) / 65_536.0).exp());
            if exact >= 1.0 / 65_536.0 {
                let error = (f64::from(d) / 4_294_967_296.0 / exact - 1.0).abs();
                if error > worst {
                    (worst, at) = (error, z);
                }
            }
        }
        println!("largest relative error {worst:.2e} at z = {}", f64::from(at) / 65_536.0);
        assert!(worst <= 1.3e-5, "{worst} at {at}");
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn division_is_exact() {
        let mut state = 1u64;
        for k in 0..1_000_000u32 {
            state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            let divisor = (state >> 32) as u32 | 1 << 31;
            let divisor = if k % 8 == 0 { divisor | 0xffff_0000 } else { divisor };
            let divisor = if k % 8 == 1 { 1 << 31 } else { divisor };
            state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            let high = if k % 5 == 0 {
                divisor - 1
            } else {
                (state >> 32) as u32 % divisor
            };
            let low = if k % 3 == 0 { u32::MAX } else { (state >> 8) as u32 };
            let exact = (u64::from(high) << 32 | u64::from(low)) / u64::from(divisor);
            assert_eq!(u64::from(divide(high, low, divisor)), exact, "{high} {low} {divisor}");
        }
    }

    #[test]
    fn the_ends() {
        assert_eq!(sigmoid(I16F16::ZERO).to_bits(), 1 << 31);
        assert_eq!(sigmoid(I16F16::MAX), sigmoid(I16F16::from_bits(CLAMP - 1)));
        assert_eq!(sigmoid(I16F16::MIN), sigmoid(I16F16::from_num(-16)));
        assert!(sigmoid(I16F16::MIN).to_bits() >= 1);
    }
}
