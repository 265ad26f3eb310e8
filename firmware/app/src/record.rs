//! What a replay hands over: a record for each sequence and a summary at the end.

use crate::{MAX_OUTPUTS, schedule::Schedule};
use core::borrow::BorrowMut;
use heapless::Vec;
use skiprnn_nostd::{Instance, State};

/// A network whose state has a fingerprint, by which a replay on a board is compared with the simulator.
pub trait Fingerprint {
    /// CRC-32/ISO-HDLC of the present state: h before c, little-endian, layer by layer.
    fn state_crc(&self) -> u32;
}

impl<const H: usize, const L: usize, const I: usize, S> Fingerprint for Instance<'_, H, L, I, S>
where
    S: BorrowMut<State<H, L, I>>,
{
    fn state_crc(&self) -> u32 {
        Instance::state_crc(self)
    }
}

impl<N: Fingerprint> Fingerprint for &mut N {
    fn state_crc(&self) -> u32 {
        (**self).state_crc()
    }
}

/// One sequence, complete as soon as its decision is final.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SequenceRecord {
    /// Index in the file.
    pub sequence: u32,
    /// Index of the largest logit, the first of equals.
    pub decision: u32,
    /// Raw outputs of the head.
    pub logits: Vec<i32, MAX_OUTPUTS>,
    /// CRC-32/ISO-HDLC of the final state, h before c, little-endian, layer by layer.
    pub state_crc: u32,
    /// The samples used.
    pub schedule: Schedule,
    /// What the updates took, in ticks of the [`crate::Meter`].
    pub update_ticks: Tally,
    /// Ticks of the clock asleep between the first sample and the decision.
    pub asleep_ticks: u64,
    /// Updates whose sample had fallen due while an earlier update still ran.
    pub late_updates: u32,
}

/// All sequences together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Summary {
    /// Sequences replayed.
    pub sequences: u32,
    /// What the updates took, in ticks of the [`crate::Meter`].
    pub update_ticks: Tally,
    /// Ticks of the clock asleep, the waits between sequences included.
    pub asleep_ticks: u64,
    /// Ticks of the clock from the first sample of the first sequence to the end of the last one.
    pub total_ticks: u64,
    /// Updates whose sample had fallen due while an earlier update still ran.
    pub late_updates: u64,
    /// Ticks of the clock by which the latest wake-up missed its instant.
    pub wake_delay_ticks: u64,
}

impl Summary {
    /// Counts one sequence, before whose first sample the board waited for `waited` ticks.
    pub(crate) fn add(&mut self, record: &SequenceRecord, waited: u64) {
        self.sequences = self.sequences.saturating_add(1);
        self.update_ticks.merge(&record.update_ticks);
        self.asleep_ticks = self
            .asleep_ticks
            .saturating_add(record.asleep_ticks)
            .saturating_add(waited);
        self.late_updates = self.late_updates.saturating_add(record.late_updates.into());
    }
}

/// How often, and within which bounds, something was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tally {
    /// Number of readings.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
    /// The smallest; 0 where there are none.
    pub min: u32,
    /// The largest; 0 where there are none.
    pub max: u32,
}

impl Tally {
    /// Adds one reading.
    pub fn add(&mut self, reading: u32) {
        self.merge(&Self {
            count: 1,
            sum: u64::from(reading),
            min: reading,
            max: reading,
        });
    }

    /// Adds all readings of another tally.
    pub fn merge(&mut self, other: &Self) {
        self.min = match (self.count, other.count) {
            (0, _) => other.min,
            (_, 0) => self.min,
            _ => self.min.min(other.min),
        };
        self.max = self.max.max(other.max);
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.saturating_add(other.sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_tally_has_no_minimum_to_offer() {
        let mut all = Tally::default();
        let mut one = Tally::default();
        one.add(7);
        one.add(5);
        all.merge(&one);
        all.merge(&Tally::default());
        assert_eq!(
            all,
            Tally {
                count: 2,
                sum: 12,
                min: 5,
                max: 7
            }
        );
    }
}
