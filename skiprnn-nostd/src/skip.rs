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
//! This module is the only place where the rule is written, and [`Timeline`] the only one where a sequence comes to its
//! end. The float model, the simulator and the chip all call them.

use core::num::{NonZeroU32, NonZeroU64};
use fixed::types::U0F32;

/// The smallest representable Δũ, also used for anything smaller.
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

/// Whether an answer is complete with an update at `sample`, after which the next one falls due at `next`; `None` where no update
/// is left in the sequence.
///
/// There is an answer after every `every` samples, or one after the whole sequence where that is `None`. It is complete where no
/// later update uses a sample of the same block of `every` samples. A block of which no sample is used has no answer of its own;
/// the one before it holds.
#[must_use]
pub fn completes_answer(sample: u64, next: Option<u64>, every: Option<NonZeroU32>) -> bool {
    match (next, every.map(NonZeroU64::from)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(next), Some(every)) => next / every != sample / every,
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

/// Which sample of a sequence falls due next, and when its decision is final.
///
/// Sample 0 is always used: every sequence starts with ũ = 1. After an update at sample `t` that skips N samples the
/// next one falls due at `t + 1 + N`, and the decision is final as soon as no update is left: because that sample lies
/// beyond the end, or because the *cap*, a bound on the updates of one sequence, has been reached.
///
/// ```
/// use skiprnn_nostd::skip::Timeline;
/// let mut timeline = Timeline::new(10);
/// assert_eq!(timeline.due(), Some(0));
/// assert_eq!(timeline.update(5), Some(6));
/// assert_eq!(timeline.update(3), None); // sample 10 lies beyond the sequence
/// assert_eq!(timeline.updates(), 2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Timeline {
    length: u32,
    cap: Option<NonZeroU32>,
    updates: u32,
    due: Option<u64>,
}

impl Timeline {
    /// The start of a sequence of `length` samples; 0 is an endless stream.
    #[must_use]
    pub const fn new(length: u32) -> Self {
        Timeline {
            length,
            cap: None,
            updates: 0,
            due: Some(0),
        }
    }

    /// The same sequence with at most `cap` updates. A capped stream ends with its last update.
    #[must_use]
    pub const fn with_cap(self, cap: Option<NonZeroU32>) -> Self {
        Timeline { cap, ..self }
    }

    /// The sample at which the next update falls due, counted from the start of the sequence; `None` where the decision
    /// is final.
    #[must_use]
    #[inline]
    pub const fn due(&self) -> Option<u64> {
        self.due
    }

    /// Notes an update at the sample that was due, and how many samples it skips. Returns the next one, as
    /// [`Timeline::due`] does. Changes nothing where none was due.
    #[inline]
    pub const fn update(&mut self, samples_to_skip: u32) -> Option<u64> {
        let Some(sample) = self.due else {
            return None;
        };
        self.updates = self.updates.saturating_add(1);
        let next = sample.saturating_add(1).saturating_add(samples_to_skip as u64);
        let over = self.length != 0 && next >= self.length as u64;
        let capped = match self.cap {
            Some(cap) => self.updates >= cap.get(),
            None => false,
        };
        self.due = if over || capped { None } else { Some(next) };
        self.due
    }

    /// Moves on to `sample`, where that is later than the one due: those between were lost. Ends the sequence where it is
    /// beyond the end.
    pub const fn lose_until(&mut self, sample: u64) {
        if let Some(due) = self.due
            && sample > due
        {
            self.due = if self.length != 0 && sample >= self.length as u64 {
                None
            } else {
                Some(sample)
            };
        }
    }

    /// Returns to the start of the sequence.
    pub const fn restart(&mut self) {
        self.updates = 0;
        self.due = Some(0);
    }

    /// Updates so far.
    #[must_use]
    pub const fn updates(&self) -> u32 {
        self.updates
    }

    /// Samples of the sequence, T; 0 is an endless stream.
    #[must_use]
    pub const fn length(&self) -> u32 {
        self.length
    }

    /// The bound on the updates of the sequence.
    #[must_use]
    pub const fn cap(&self) -> Option<NonZeroU32> {
        self.cap
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

    /// Around 2^31 / k, where the result steps.
    fn boundaries() -> impl Iterator<Item = u32> {
        // Below d = 2^16 every d is one; from k = 2^15 on the steps lie closer than the tests around them.
        let near = |b: u64| (b.saturating_sub(3).max(1)..=b + 3).map(|d| d.min(u32::MAX.into()) as u32);
        let steps = (1u64..1 << 15).flat_map(move |k| near((1 << 31) / k));
        (1..1 << 16).chain(steps).chain([u32::MAX - 1, u32::MAX])
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn closed_form_is_the_definition() {
        // Multiples of 0x9e3779b1 modulo 2^32, an odd number, meet 10 million different values.
        let random = (1..=10_000_000u32).map(|k| k.wrapping_mul(0x9e37_79b1));
        for d in boundaries().chain(random) {
            assert_eq!(samples_to_skip(U0F32::from_bits(d)), by_definition(d), "d = {d}");
        }
        assert_eq!(samples_to_skip(U0F32::MAX), 0);
        assert_eq!(samples_to_skip(U0F32::ZERO), samples_to_skip(MIN_DELTA));
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes minutes under Miri")]
    fn closed_form_is_step_by_step_accumulation() {
        // Equation (5) in integers, sample by sample: ũ grows by d until it reaches one half. Small d take long: from
        // 2^18 up every boundary, below it three.
        let from = boundaries().filter(|d| *d >= 1 << 18);
        for d in from.chain([997, 32_768, 32_769]) {
            let mut u = 0u64;
            let mut skipped = 0;
            loop {
                u += u64::from(d);
                if u >= 1 << 31 {
                    break;
                }
                skipped += 1;
            }
            assert_eq!(samples_to_skip(U0F32::from_bits(d)), skipped, "d = {d}");
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
        let after = |length, skip| Timeline::new(length).update(skip);
        assert_eq!((after(2, 0), after(2, 1), after(1, 0)), (Some(1), None, None));
        assert_eq!(after(0, u32::MAX), Some(1 << 32), "a stream outlives 32 bits");
        let mut done = Timeline::new(3);
        assert_eq!((done.update(2), done.update(0)), (None, None));
        assert_eq!(done.updates(), 1, "after the decision nothing counts");
        done.restart();
        assert_eq!((done.due(), done.updates()), (Some(0), 0));
    }

    #[test]
    fn the_cap_makes_the_decision_final() {
        for cap in 1..5 {
            let mut timeline = Timeline::new(100).with_cap(NonZeroU32::new(cap));
            while timeline.update(9).is_some() {}
            assert_eq!(timeline.updates(), cap);
        }
        let mut uncapped = Timeline::new(100);
        while uncapped.update(9).is_some() {}
        assert_eq!(uncapped.updates(), 10);
    }

    #[test]
    fn lost_samples_are_stepped_over() {
        let mut timeline = Timeline::new(10);
        timeline.update(1);
        timeline.lose_until(1);
        assert_eq!(timeline.due(), Some(2), "never back");
        timeline.lose_until(7);
        assert_eq!(
            (timeline.due(), timeline.update(0), timeline.updates()),
            (Some(7), Some(8), 2)
        );
        timeline.lose_until(10);
        assert_eq!(timeline.due(), None);
    }
}
