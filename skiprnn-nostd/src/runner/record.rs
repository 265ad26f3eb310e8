//! The results of the runner: each update, each decision, and its counts.

use crate::{Step, skip};
use core::num::NonZeroU32;
use heapless::Vec;

/// One update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Update {
    /// Sequences begun before this one.
    pub sequence: u64,
    /// The sample that was used, counted from the start of the sequence.
    pub sample: u64,
    /// The tick at which the sample fell due.
    pub due: u64,
    /// Whether the sample fell due while an earlier update still ran, and was captured.
    pub captured: bool,
    /// The result of the skip gate.
    pub step: Step,
    /// The sample that is due next; `None` where the decision is final.
    pub next: Option<u64>,
}

impl Update {
    /// Whether an answer is complete with this update, where there is one after every `every` samples, or one at the end of the
    /// sequence where that is `None`: [`skip::completes_answer`].
    #[must_use]
    pub fn completes_answer(&self, every: Option<NonZeroU32>) -> bool {
        skip::completes_answer(self.sample, self.next, every)
    }
}

/// The outputs after an update, with room for `O` of them: the end of a sequence, or an answer within it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Decision<const O: usize> {
    /// Sequences begun before this one.
    pub sequence: u64,
    /// Updates made in the sequence so far.
    pub updates: u32,
    /// The last sample used.
    pub sample: u64,
    /// Index of the largest output, the first of equals.
    pub class: usize,
    /// The raw outputs; multiplied by [`crate::Model::logit_scale`] they are the real ones.
    pub logits: Vec<i32, O>,
}

/// The counts of a runner since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Counters {
    /// Sequences begun.
    pub sequences: u64,
    /// Decisions that became final.
    pub decisions: u64,
    /// Updates of the network.
    pub updates: u64,
    /// Samples read from the sensor at their instant, or taken out of the queue.
    pub samples: u64,
    /// Samples taken out of the queue, which [`Counters::samples`] contains.
    pub captured: u64,
    /// The largest number of samples that ever waited in the queue.
    pub queue_high_water: u32,
    /// Times that the sensor was switched on.
    pub power_ups: u64,
    /// Ticks for which the sensor was on.
    pub powered_ticks: u64,
    /// Ends of a sleep.
    pub wakes: u64,
    /// Ticks asleep.
    pub asleep_ticks: u64,
    /// Wakes that came later than [`super::Config::late_after`], which [`Counters::wakes`] contains.
    pub late_wakes: u64,
    /// Ticks by which the latest wake missed its instant.
    pub latest_wake_ticks: u64,
    /// Attempts to reach the sensor that were repeated.
    pub retries: u64,
    /// Samples given up because the sensor failed or did not answer in time.
    pub failures: u64,
    /// Times that the sensor did not switch off, or did not stop capturing, when it was asked to.
    pub unsettled: u64,
    /// Samples lost because the queue was full.
    pub overflows: u64,
    /// Samples whose instant passed unused: the board woke a whole period late, or an update took longer than the period
    /// and nothing captured the sample.
    pub missed: u64,
}
