//! The interface that a network offers to a sequence and to the runner, and its implementation over a parsed model.

use crate::{Capacity, Model, ParseError, State, Step, StepError};
use core::{borrow::BorrowMut, fmt};
use fixed::types::I16F16;

/// A network that says after every update how many samples to skip: all that [`crate::Sequence`] and
/// [`crate::runner::Runner`] need to know of it.
pub trait Network {
    /// Why an update or an output could not be computed.
    type Error;

    /// I: channels of a sample.
    fn inputs(&self) -> usize;

    /// O: outputs of the head.
    fn outputs(&self) -> usize;

    /// T_s in nanoseconds; 0 where unknown.
    fn sample_period_ns(&self) -> u64;

    /// T: samples of a sequence; 0 is an endless stream.
    fn sequence_length(&self) -> u32;

    /// Sets the dial, an offset added to the skip gate's pre-activation: a positive one gives more updates, a negative
    /// one fewer. It holds until it is set again, across [`Network::reset`].
    fn set_dial(&mut self, dial: I16F16);

    /// Returns to the learned initial state, for a new sequence.
    ///
    /// # Errors
    /// The state does not belong to the model.
    fn reset(&mut self) -> Result<(), Self::Error>;

    /// One update on a sample of raw 16-bit sensor counts, (I).
    ///
    /// # Errors
    /// `counts` has another length than [`Network::inputs`]. The state is then as before.
    fn step(&mut self, counts: &[i16]) -> Result<Step, Self::Error>;

    /// Writes the raw outputs of the head for the present state, (O), to `out`.
    ///
    /// # Errors
    /// `out` has another length than [`Network::outputs`].
    fn logits(&self, out: &mut [i32]) -> Result<(), Self::Error>;

    /// The index of the class that these raw outputs, (O), decide for.
    fn decide(&self, logits: &[i32]) -> usize;
}

impl<N: Network> Network for &mut N {
    type Error = N::Error;

    fn inputs(&self) -> usize {
        (**self).inputs()
    }

    fn outputs(&self) -> usize {
        (**self).outputs()
    }

    fn sample_period_ns(&self) -> u64 {
        (**self).sample_period_ns()
    }

    fn sequence_length(&self) -> u32 {
        (**self).sequence_length()
    }

    fn set_dial(&mut self, dial: I16F16) {
        (**self).set_dial(dial);
    }

    fn reset(&mut self) -> Result<(), N::Error> {
        (**self).reset()
    }

    fn step(&mut self, counts: &[i16]) -> Result<Step, N::Error> {
        (**self).step(counts)
    }

    fn logits(&self, out: &mut [i32]) -> Result<(), N::Error> {
        (**self).logits(out)
    }

    fn decide(&self, logits: &[i32]) -> usize {
        (**self).decide(logits)
    }
}

/// A parsed model with the state of one stream, sized at compile time for at most `H` units, `L` layers and `I` inputs.
///
/// It owns its state, or borrows it: by `S = &mut State<H, L, I>` the state can lie in static memory, off the stack.
#[derive(Debug, Clone)]
pub struct Instance<'a, const H: usize, const L: usize, const I: usize, S = State<H, L, I>> {
    model: Model<'a>,
    state: S,
}

impl<'a, const H: usize, const L: usize, const I: usize> Instance<'a, H, L, I> {
    /// Puts a state beside the model, at the start of a sequence, dial 0.
    ///
    /// # Errors
    /// The model is larger than `H`, `L` or `I`.
    pub fn new(model: Model<'a>) -> Result<Self, Capacity> {
        let state = State::new(&model)?;
        Ok(Instance { model, state })
    }

    /// Parses a blob and puts a state beside it, at the start of a sequence, dial 0.
    ///
    /// # Errors
    /// The blob is not sound, or the model is larger than `H`, `L` or `I`.
    pub fn from_blob(blob: &'a [u8]) -> Result<Self, BlobError> {
        let model = Model::parse(blob).map_err(BlobError::Parse)?;
        Self::new(model).map_err(BlobError::Capacity)
    }
}

/// Why a blob is no network for an [`Instance`] of these sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum BlobError {
    /// The blob is not sound.
    Parse(ParseError),
    /// The model is larger than the state.
    Capacity(Capacity),
}

impl fmt::Display for BlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::Capacity(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for BlobError {}

impl<'a, const H: usize, const L: usize, const I: usize, S: BorrowMut<State<H, L, I>>> Instance<'a, H, L, I, S> {
    /// Puts the model over a state that lies elsewhere, and takes it to the start of a sequence. The state's dial stays
    /// where it is.
    ///
    /// # Errors
    /// The model is larger than `H`, `L` or `I`.
    pub fn over(model: Model<'a>, mut state: S) -> Result<Self, Capacity> {
        state.borrow_mut().reset(&model)?;
        Ok(Instance { model, state })
    }

    /// The model.
    #[must_use]
    pub const fn model(&self) -> &Model<'a> {
        &self.model
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> &State<H, L, I> {
        self.state.borrow()
    }

    /// CRC-32/ISO-HDLC of the present state, by which two machines are compared: see [`State::crc`].
    #[must_use]
    pub fn state_crc(&self) -> u32 {
        self.state.borrow().crc(&self.model)
    }
}

impl<const H: usize, const L: usize, const I: usize, S: BorrowMut<State<H, L, I>>> Network
    for Instance<'_, H, L, I, S>
{
    type Error = StepError;

    fn inputs(&self) -> usize {
        self.model.inputs()
    }

    fn outputs(&self) -> usize {
        self.model.outputs()
    }

    fn sample_period_ns(&self) -> u64 {
        self.model.sample_period_ns()
    }

    fn sequence_length(&self) -> u32 {
        self.model.sequence_length()
    }

    fn set_dial(&mut self, dial: I16F16) {
        self.state.borrow_mut().set_dial(dial);
    }

    fn reset(&mut self) -> Result<(), StepError> {
        self.state.borrow_mut().reset(&self.model).map_err(StepError::State)
    }

    // A call of its own, so that a measurement around it runs from the call to the return of one update.
    #[inline(never)]
    fn step(&mut self, counts: &[i16]) -> Result<Step, StepError> {
        self.model.step(self.state.borrow_mut(), counts)
    }

    fn logits(&self, out: &mut [i32]) -> Result<(), StepError> {
        self.model.logits(self.state.borrow(), out)
    }

    fn decide(&self, logits: &[i32]) -> usize {
        self.model.decide(logits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_becomes_an_instance_or_says_why_not() {
        let blob: &[u8] = crate::include_blob!("../examples/activity.srnn");
        let error = |blob| Instance::<16, 1, 3>::from_blob(blob).unwrap_err().to_string();
        assert_eq!(error(blob), "the model has 32 hidden units, the state has room for 16");
        assert_eq!(
            error(&blob[..4]),
            ParseError::Truncated { needed: 56, found: 4 }.to_string()
        );
        let mut network = Instance::<32, 1, 3>::from_blob(blob).unwrap();
        let start = network.state_crc();
        network.set_dial(I16F16::ONE);
        network.step(&[8192, 0, 0]).unwrap();
        assert_ne!(network.state_crc(), start);
        // A reset restores the state and leaves the dial.
        network.reset().unwrap();
        assert_eq!((network.state_crc(), network.state().dial()), (start, I16F16::ONE));
        assert_eq!(network.state_crc(), network.state().crc(network.model()));
    }
}
