//! What changes while a network runs: plain arrays, sized at compile time.

use crate::{Model, format::CRC, padded::Padded};
use core::fmt;
use fixed::types::I16F16;

/// The state of a network of at most `L` layers of `H` hidden units with `I` inputs.
///
/// Takes about 6·L·H + 2·H + 2·I + 24 bytes: 908 for an LSTM with one layer of 110 units and one input.
#[derive(Debug, Clone)]
pub struct State<const H: usize, const L: usize, const I: usize> {
    pub(crate) h: [Padded<H>; L],
    pub(crate) c: [[i32; H]; L],
    /// The h that the recurrent weights multiply, while h itself is overwritten unit by unit.
    pub(crate) last: Padded<H>,
    pub(crate) x: Padded<I>,
    pub(crate) dial: I16F16,
}

/// Why [`Model::step`] or [`Model::logits`] refused; the state is as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StepError {
    /// A sample or an output of the wrong length.
    Length {
        /// The values that the model has.
        expected: usize,
        /// The values that were given.
        found: usize,
    },
    /// The state was made for a model of other sizes.
    State(Capacity),
}

/// A model that is larger than the state meant for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Capacity {
    /// Too many hidden units.
    Hidden {
        /// H of the model.
        needed: usize,
        /// H that the state has room for.
        capacity: usize,
    },
    /// Too many layers.
    Layers {
        /// L of the model.
        needed: usize,
        /// L that the state has room for.
        capacity: usize,
    },
    /// Too many inputs.
    Inputs {
        /// I of the model.
        needed: usize,
        /// I that the state has room for.
        capacity: usize,
    },
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, needed, capacity) = match self {
            Capacity::Hidden { needed, capacity } => ("hidden units", needed, capacity),
            Capacity::Layers { needed, capacity } => ("layers", needed, capacity),
            Capacity::Inputs { needed, capacity } => ("inputs", needed, capacity),
        };
        write!(f, "the model has {needed} {what}, the state has room for {capacity}")
    }
}

impl core::error::Error for Capacity {}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepError::Length { expected, found } => write!(f, "{found} values given, the model has {expected}"),
            StepError::State(capacity) => capacity.fmt(f),
        }
    }
}

impl core::error::Error for StepError {}

impl<const H: usize, const L: usize, const I: usize> State<H, L, I> {
    /// Nothing but zeros, as a value for static memory: [`State::reset`] makes it the state of a model.
    pub const ZERO: Self = State {
        h: [Padded::ZERO; L],
        c: [[0; H]; L],
        last: Padded::ZERO,
        x: Padded::ZERO,
        dial: I16F16::ZERO,
    };

    /// The state at the start of a sequence: the model's learned h0 and c0, dial 0.
    ///
    /// # Errors
    /// The model is larger than `H`, `L` or `I`.
    pub fn new(model: &Model<'_>) -> Result<Self, Capacity> {
        let mut state = State::ZERO;
        state.reset(model)?;
        Ok(state)
    }

    /// Returns to the start of a sequence. The dial stays as it is.
    ///
    /// # Errors
    /// The model is larger than `H`, `L` or `I`.
    pub fn reset(&mut self, model: &Model<'_>) -> Result<(), Capacity> {
        self.holds(model)?;
        for ((h, c), layer) in self.h.iter_mut().zip(self.c.iter_mut()).zip(model.layers_in_place()) {
            h.values.iter_mut().zip(layer.h0).for_each(|(h, h0)| *h = *h0);
            c.iter_mut().zip(layer.c0).for_each(|(c, c0)| *c = *c0);
        }
        Ok(())
    }

    /// Sets the dial: an offset added to the gate's pre-activation. Positive: more updates; negative: fewer.
    pub fn set_dial(&mut self, dial: I16F16) {
        self.dial = dial;
    }

    /// The dial, an offset of the skip gate's pre-activation.
    #[must_use]
    pub fn dial(&self) -> I16F16 {
        self.dial
    }

    /// Hidden state of a layer, the model's h fraction, as far as the model's H reaches; empty for a layer that the
    /// state does not have.
    #[must_use]
    pub fn hidden(&self, model: &Model<'_>, layer: usize) -> &[i16] {
        self.h
            .get(layer)
            .and_then(|h| h.values.get(..model.hidden()))
            .unwrap_or(&[])
    }

    /// Cell state of a layer as I8F24 bits, as far as the model's H reaches; zeros for a GRU; empty for a layer that the state
    /// does not have.
    #[must_use]
    pub fn cell(&self, model: &Model<'_>, layer: usize) -> &[i32] {
        self.c.get(layer).and_then(|c| c.get(..model.hidden())).unwrap_or(&[])
    }

    /// CRC-32/ISO-HDLC over h, then c (LSTM only), layer by layer, little-endian: the fingerprint by which an
    /// emulated board is compared with the simulator.
    #[must_use]
    pub fn crc(&self, model: &Model<'_>) -> u32 {
        let mut digest = CRC.digest();
        for layer in 0..model.layers() {
            self.hidden(model, layer)
                .iter()
                .for_each(|h| digest.update(&h.to_le_bytes()));
            if model.has_cell_state() {
                self.cell(model, layer)
                    .iter()
                    .for_each(|c| digest.update(&c.to_le_bytes()));
            }
        }
        digest.finalize()
    }

    pub(crate) fn holds(&self, model: &Model<'_>) -> Result<(), Capacity> {
        if model.hidden() > H {
            return Err(Capacity::Hidden {
                needed: model.hidden(),
                capacity: H,
            });
        }
        if model.layers() > L {
            return Err(Capacity::Layers {
                needed: model.layers(),
                capacity: L,
            });
        }
        if model.inputs() > I {
            return Err(Capacity::Inputs {
                needed: model.inputs(),
                capacity: I,
            });
        }
        Ok(())
    }
}
