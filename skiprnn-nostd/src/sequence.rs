//! One sequence, update by update: which sample is due, when the decision is final, what the outputs are.

use crate::{Network, Step, skip::Timeline};
use core::{fmt, num::NonZeroU32};

/// The result of one update of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Progress {
    /// The sample that was used, counted from the start of the sequence.
    pub sample: u64,
    /// The result of the skip gate.
    pub step: Step,
    /// The sample that is due next. `None`: no update is left, and the decision is final, however many samples of the
    /// sequence are still to come. Until then the outputs of this update hold.
    pub next: Option<u64>,
}

/// Why [`Sequence::step`] refused. The state is unharmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SequenceError<E> {
    /// The decision is final, no sample is due: [`Sequence::restart`] begins the next sequence.
    Final,
    /// The network refused the sample.
    Network(E),
}

impl<E: fmt::Debug> fmt::Display for SequenceError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SequenceError::Final => f.write_str("the decision is final; restart the sequence"),
            SequenceError::Network(error) => write!(f, "network: {error:?}"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for SequenceError<E> {}

/// A network in the course of a sequence.
///
/// It is fed only the samples that [`Sequence::due`] names; between them it need not exist, nor need the sensor. While
/// samples are skipped, h is copied, so that the outputs of the last update hold ([`crate::OutputAt::Step`]); after the
/// last one they are the sequence's result ([`crate::OutputAt::End`]).
///
/// ```
/// use skiprnn_nostd::{Instance, Sequence};
///
/// fn classify(blob: &[u8], recorded: &[[i16; 1]]) -> Option<usize> {
///     let network = Instance::<32, 1, 1>::from_blob(blob).ok()?;
///     let mut sequence = Sequence::new(network).with_length(recorded.len().try_into().ok()?);
///     while let Some(sample) = sequence.due() {
///         sequence.step(recorded.get(sample as usize)?).ok()?;
///     }
///     sequence.decision(&mut [0; 2]).ok()
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Sequence<N> {
    network: N,
    timeline: Timeline,
}

impl<N: Network> Sequence<N> {
    /// A network that has not been stepped yet, at the start of a sequence of the model's own length, without a cap.
    #[must_use]
    pub fn new(network: N) -> Self {
        let timeline = Timeline::new(network.sequence_length());
        Sequence { network, timeline }
    }

    /// The same network at the start of a sequence of `length` samples; 0 is an endless stream.
    #[must_use]
    pub fn with_length(self, length: u32) -> Self {
        let timeline = Timeline::new(length).with_cap(self.timeline.cap());
        Sequence { timeline, ..self }
    }

    /// The same sequence with a cap, the most updates of a sequence; after the last one the decision is final.
    #[must_use]
    pub fn with_cap(self, cap: Option<NonZeroU32>) -> Self {
        let timeline = self.timeline.with_cap(cap);
        Sequence { timeline, ..self }
    }

    /// Sets the cap, for the sequences from the next restart on; in a sequence under way it counts from the next update.
    pub fn set_cap(&mut self, cap: Option<NonZeroU32>) {
        self.timeline = self.timeline.with_cap(cap);
    }

    /// The sample that the next update needs, counted from the start of the sequence; `None` where the decision is
    /// final.
    #[must_use]
    pub fn due(&self) -> Option<u64> {
        self.timeline.due()
    }

    /// The updates so far, the length of the sequence and its cap.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Updates on the sample that is due, as raw sensor counts, (I).
    ///
    /// # Errors
    /// The decision is final already, or the network refused the sample. Nothing has changed then.
    pub fn step(&mut self, counts: &[i16]) -> Result<Progress, SequenceError<N::Error>> {
        let sample = self.timeline.due().ok_or(SequenceError::Final)?;
        self.step_at(sample, counts).map_err(SequenceError::Network)
    }

    /// Updates on the counts of `sample`, which is due.
    pub(crate) fn step_at(&mut self, sample: u64, counts: &[i16]) -> Result<Progress, N::Error> {
        let step = self.network.step(counts)?;
        let next = self.timeline.update(step.skip);
        Ok(Progress { sample, step, next })
    }

    /// Writes the present raw outputs, (O), to `out`: those of the last update, or of h0 before the first.
    ///
    /// # Errors
    /// `out` has another length than the network has outputs.
    pub fn outputs(&self, out: &mut [i32]) -> Result<(), N::Error> {
        self.network.logits(out)
    }

    /// Writes the present raw outputs, (O), to `logits`, as [`Sequence::outputs`] does, and returns the index of the class that
    /// they decide for.
    ///
    /// # Errors
    /// `logits` has another length than the network has outputs.
    pub fn decision(&self, logits: &mut [i32]) -> Result<usize, N::Error> {
        self.network.logits(logits)?;
        Ok(self.network.decide(logits))
    }

    /// Returns to the start of a sequence: h0, c0, sample 0. The dial and the cap stay as they are.
    ///
    /// # Errors
    /// The network's state does not belong to its model.
    pub fn restart(&mut self) -> Result<(), N::Error> {
        self.network.reset()?;
        self.timeline.restart();
        Ok(())
    }

    /// Begins the next sequence as a window of the same stream: sample 0 is due, and h and c stay as they are. The dial and the
    /// cap stay too.
    pub fn carry_on(&mut self) {
        self.timeline.restart();
    }

    /// Gives up the samples before `sample`: the next update falls due there, or never where that is beyond the end.
    pub(crate) fn lose_until(&mut self, sample: u64) {
        self.timeline.lose_until(sample);
    }

    /// The network, to read from it.
    pub fn network(&self) -> &N {
        &self.network
    }

    /// The network, for example to set its dial.
    pub fn network_mut(&mut self) -> &mut N {
        &mut self.network
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::network!(mod activity, "../examples/activity.srnn");

    #[test]
    fn the_decision_is_that_of_the_outputs_and_needs_room_for_all_of_them() {
        let mut sequence = Sequence::new(activity::network().unwrap());
        while let Some(sample) = sequence.due() {
            sequence.step(&[8192, sample as i16 * 50, 0]).unwrap();
        }
        assert_eq!(sequence.step(&[0; 3]), Err(SequenceError::Final));
        let (mut logits, mut outputs) = (activity::Logits::default(), activity::Logits::default());
        let class = sequence.decision(&mut logits).unwrap();
        sequence.outputs(&mut outputs).unwrap();
        assert_eq!(logits, outputs);
        assert!(logits.iter().all(|logit| *logit <= logits[class]));
        assert!(sequence.decision(&mut [0; 5]).is_err());
    }
}
