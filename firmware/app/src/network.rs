//! The seam between an application and the network: what a replay asks of it, and nothing more.

use skiprnn_nostd::{Capacity, Model, State, StepError};

/// A network that says after every update how many samples to sleep through.
pub trait Network {
    /// An update or an output that could not be computed.
    type Error;

    /// I: channels of a sample.
    fn inputs(&self) -> usize;

    /// O: outputs of the head.
    fn outputs(&self) -> usize;

    /// T_s in nanoseconds; 0 where unknown.
    fn sample_period_ns(&self) -> u64;

    /// Back to the learned initial state: a new sequence begins.
    ///
    /// # Errors
    /// Where the state does not belong to the model.
    fn reset(&mut self) -> Result<(), Self::Error>;

    /// One update on a sample of raw 16-bit sensor counts; returns N_skip, the samples to skip before the next one.
    ///
    /// # Errors
    /// Where `counts` has another length than [`Network::inputs`].
    fn step(&mut self, counts: &[i16]) -> Result<u32, Self::Error>;

    /// The head's raw outputs on the present state, written to `out`, whose length is [`Network::outputs`].
    ///
    /// # Errors
    /// Where `out` has another length.
    fn logits(&self, out: &mut [i32]) -> Result<(), Self::Error>;

    /// The class that the raw outputs speak for.
    fn decide(&self, logits: &[i32]) -> usize;

    /// CRC-32/ISO-HDLC of the present state.
    fn state_crc(&self) -> u32;
}

/// A parsed model with the state of one stream, sized at compile time for at most `H` units, `L` layers and `I` inputs.
#[derive(Debug)]
pub struct Classifier<'a, const H: usize, const L: usize, const I: usize> {
    model: Model<'a>,
    state: State<H, L, I>,
}

impl<'a, const H: usize, const L: usize, const I: usize> Classifier<'a, H, L, I> {
    /// Puts a state beside the model.
    ///
    /// # Errors
    /// Where the model is larger than `H`, `L` or `I`.
    pub fn new(model: Model<'a>) -> Result<Self, Capacity> {
        Ok(Self {
            state: State::new(&model)?,
            model,
        })
    }
}

impl<const H: usize, const L: usize, const I: usize> Network for Classifier<'_, H, L, I> {
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

    fn reset(&mut self) -> Result<(), StepError> {
        self.state.reset(&self.model).map_err(StepError::State)
    }

    // A call of its own, so that a measurement around it runs from the call to the return of one update.
    #[inline(never)]
    fn step(&mut self, counts: &[i16]) -> Result<u32, StepError> {
        self.model.step(&mut self.state, counts).map(|step| step.skip)
    }

    fn logits(&self, out: &mut [i32]) -> Result<(), StepError> {
        self.model.logits(&self.state, out)
    }

    fn decide(&self, logits: &[i32]) -> usize {
        self.model.decide(logits)
    }

    fn state_crc(&self) -> u32 {
        self.state.crc(&self.model)
    }
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

    fn reset(&mut self) -> Result<(), N::Error> {
        (**self).reset()
    }

    fn step(&mut self, counts: &[i16]) -> Result<u32, N::Error> {
        (**self).step(counts)
    }

    fn logits(&self, out: &mut [i32]) -> Result<(), N::Error> {
        (**self).logits(out)
    }

    fn decide(&self, logits: &[i32]) -> usize {
        (**self).decide(logits)
    }

    fn state_crc(&self) -> u32 {
        (**self).state_crc()
    }
}
