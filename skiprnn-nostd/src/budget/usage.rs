//! The samples that a sequence used, as far as they cost: how many there were, and how long the pauses between them.

/// What one sequence did that costs energy, told sample by sample. [`Controller::usage`](super::Controller::usage) begins one for
/// each sequence.
///
/// A pause runs from one used sample to the next one, and the last pause to the end of the sequence. The sensor is off in a pause
/// of at least [`Pauses::off_from`](super::Pauses::off_from) samples, and stays on in a shorter one. Which of them a sequence has
/// depends on its samples alone, so that a board, a simulator and a replay count the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Usage {
    off_from: u32,
    /// The sample that was used last.
    last: Option<u64>,
    updates: u32,
    /// Pauses in which the sensor is off.
    off: u32,
    /// Samples of all pauses in which the sensor stays on.
    on: u32,
}

impl Usage {
    /// A sequence that has not begun, on a sensor that is switched off in pauses of at least `off_from` samples.
    pub(super) const fn new(off_from: u32) -> Self {
        Self {
            off_from,
            last: None,
            updates: 0,
            off: 0,
            on: 0,
        }
    }

    /// Notes an update on `sample`, counted from the start of the sequence. Samples come in rising order.
    pub fn uses(&mut self, sample: u64) {
        self.pause(sample);
        self.last = Some(sample);
        self.updates = self.updates.saturating_add(1);
    }

    /// The updates so far.
    #[must_use]
    pub const fn updates(&self) -> u32 {
        self.updates
    }

    /// Pauses so far in which the sensor is off.
    #[must_use]
    pub const fn pauses_off(&self) -> u32 {
        self.off
    }

    /// Samples so far of all pauses in which the sensor stays on.
    #[must_use]
    pub const fn samples_on(&self) -> u32 {
        self.on
    }

    /// The whole sequence of `samples` samples, its last pause included.
    pub(super) fn ended(mut self, samples: u32) -> Self {
        self.pause(samples.into());
        self
    }

    /// The sequence where it was lost: the sensor is switched off after what was read last.
    pub(super) fn lost(mut self) -> Self {
        if self.last.is_some() {
            self.off = self.off.saturating_add(1);
        }
        self
    }

    /// Counts the pause from the last sample to `until`.
    fn pause(&mut self, until: u64) {
        let Some(last) = self.last else { return };
        let samples = until.saturating_sub(last);
        if samples >= u64::from(self.off_from) {
            self.off = self.off.saturating_add(1);
        } else {
            // Below `off_from`, which has 32 bits.
            self.on = self.on.saturating_add(samples as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(off_from: u32, samples: &[u64]) -> Usage {
        let mut usage = Usage::new(off_from);
        samples.iter().for_each(|sample| usage.uses(*sample));
        usage
    }

    #[test]
    fn long_pauses_are_counted_and_short_ones_add_their_samples() {
        // Pauses of 4, 5 and 1 samples, and one of 4 at the end.
        let usage = of(5, &[0, 4, 9, 10]);
        assert_eq!((usage.updates(), usage.pauses_off(), usage.samples_on()), (4, 1, 5));
        let whole = usage.ended(14);
        assert_eq!((whole.updates(), whole.pauses_off(), whole.samples_on()), (4, 1, 9));
        let longer = usage.ended(15);
        assert_eq!((longer.pauses_off(), longer.samples_on()), (2, 5));
        assert_eq!(usage.lost().pauses_off(), 2);
    }

    #[test]
    fn nothing_is_counted_before_the_first_sample() {
        assert_eq!(Usage::new(5).ended(100), Usage::new(5));
        assert_eq!(Usage::new(5).lost(), Usage::new(5));
    }

    #[test]
    fn from_zero_on_every_pause_is_a_long_one() {
        let usage = of(0, &[0, 1, 2]).ended(3);
        assert_eq!((usage.pauses_off(), usage.samples_on()), (3, 0));
    }
}
