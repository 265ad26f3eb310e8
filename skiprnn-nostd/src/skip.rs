//! The skip rule of Campos et al., ICLR 2018, equations (2), (5) and (6), in integers.
//!
//! An update at sample `t` leaves behind one number, `Δũ = sigmoid(W_p s_t + b_p)`: by how much the urge to update
//! grows with every sample that is skipped. Because it stays constant while samples are skipped, the next update is
//! known at once, in closed form:
//!
//! ```text
//! N_skip = min { n >= 1 : n * Δũ >= 0.5 } - 1          (ties update)
//! ```
//!
//! With Δũ held as an unsigned 0.32 fraction `d` this is `ceil(2^31 / d) - 1`, which equals
//! `floor((2^31 - 1) / d)`: one 32-bit division, exact for every `d >= 1`.
//!
//! This module is the only place where the rule is written. The trainer's evaluation, the simulator and the chip all
//! call it.

use core::num::NonZeroU32;
use fixed::types::U0F32;

/// The smallest representable Δũ, and the value that stands for anything smaller.
pub const MIN_DELTA: U0F32 = U0F32::from_bits(1);

/// How many samples to skip after an update that left the increment `delta` behind (equation 6).
///
/// `delta` is Δũ as an unsigned 0.32 fraction; zero counts as [`MIN_DELTA`]. The next update falls on the sample
/// `1 + samples_to_skip(delta)` after the present one.
///
/// ```
/// use fixed::types::U0F32;
/// use skiprnn_nostd::skip::samples_to_skip;
/// assert_eq!(samples_to_skip(U0F32::from_num(0.5)), 0); // a tie updates
/// assert_eq!(samples_to_skip(U0F32::from_num(0.25)), 1);
/// assert_eq!(samples_to_skip(U0F32::from_num(0.125) - U0F32::from_bits(1)), 4);
/// ```
#[must_use]
#[inline]
pub const fn samples_to_skip(delta: U0F32) -> u32 {
    const HALF_LESS_ONE: u32 = (1 << 31) - 1;
    match NonZeroU32::new(delta.to_bits()) {
        Some(d) => HALF_LESS_ONE / d.get(),
        None => HALF_LESS_ONE,
    }
}

/// Rounds a floating-point Δũ in `[0, 1]` to the 0.32 fraction that [`samples_to_skip`] takes.
///
/// Rounds to nearest; results outside `[2^-32, 1 - 2^-32]` are clamped to it, and NaN becomes [`MIN_DELTA`].
#[must_use]
pub fn delta_from_f64(delta: f64) -> U0F32 {
    // `as` saturates and maps NaN to zero, so the cast itself is the upper clamp.
    let bits = (delta * 4_294_967_296.0 + 0.5) as u32;
    U0F32::from_bits(bits.max(1))
}

/// The first sample at which an update falls due after an update at `sample`, or `None` if none falls due before the
/// end of a sequence of `length` samples: the decision is final. `length` 0 is an endless stream.
#[must_use]
#[inline]
pub const fn next_update(sample: u32, samples_to_skip: u32, length: u32) -> Option<u32> {
    let next = sample.saturating_add(1).saturating_add(samples_to_skip);
    if length != 0 && next >= length {
        None
    } else {
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `min { n >= 1 : n * d >= 2^31 } - 1`, written as the paper writes it.
    fn by_definition(d: u32) -> u32 {
        let d = u64::from(d);
        let n = (1u64 << 31).div_ceil(d);
        assert!(n * d >= 1 << 31 && (n == 1 || (n - 1) * d < 1 << 31));
        (n.max(1) - 1) as u32
    }

    #[test]
    fn closed_form_is_the_definition() {
        for d in (1..70_000).chain((0..40).flat_map(|k| {
            // Around 2^31 / k, where the result steps.
            let b = (1u64 << 31) / (k + 1);
            (b.saturating_sub(3).max(1)..b + 4).map(|v| v.min(u64::from(u32::MAX)) as u32)
        })) {
            assert_eq!(samples_to_skip(U0F32::from_bits(d)), by_definition(d), "d = {d}");
        }
        assert_eq!(samples_to_skip(U0F32::MAX), 0);
        assert_eq!(samples_to_skip(U0F32::ZERO), samples_to_skip(MIN_DELTA));
    }

    #[test]
    fn closed_form_is_step_by_step_accumulation() {
        // Equation (5) in integers, sample by sample: ũ grows by d until it reaches one half.
        for d in [
            1u32 << 18,
            12_345_678,
            99_999_999,
            1 << 30,
            (1 << 31) - 1,
            1 << 31,
            u32::MAX,
        ] {
            let mut u = 0u64;
            let mut skipped = 0;
            loop {
                u += u64::from(d);
                if u >= 1 << 31 {
                    break;
                }
                skipped += 1;
            }
            assert_eq!(samples_to_skip(U0F32::from_bits(d)), skipped);
        }
    }

    #[test]
    fn floats_are_rounded_and_clamped() {
        assert_eq!(delta_from_f64(0.5).to_bits(), 1 << 31);
        assert_eq!(delta_from_f64(0.0).to_bits(), 1);
        assert_eq!(delta_from_f64(-1.0).to_bits(), 1);
        assert_eq!(delta_from_f64(f64::NAN).to_bits(), 1);
        assert_eq!(delta_from_f64(1.0).to_bits(), u32::MAX);
    }

    #[test]
    fn the_end_of_a_sequence_is_final() {
        assert_eq!(next_update(0, 0, 2), Some(1));
        assert_eq!(next_update(0, 1, 2), None);
        assert_eq!(next_update(7, u32::MAX, 0), Some(u32::MAX));
    }
}
