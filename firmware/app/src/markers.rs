//! Three pins that show a power analyser or a logic analyser what the board is doing.

use core::convert::Infallible;
use embedded_hal::digital::{ErrorType, OutputPin};

/// A marker pin did not take its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MarkerError;

/// The marker pins, push-pull outputs, high when the thing that they mark is going on.
#[derive(Debug)]
pub struct Markers<S, A, U> {
    /// SEQ: from the first sample of a sequence to its decision.
    pub seq: S,
    /// AWAKE: low while the core sleeps.
    pub awake: A,
    /// UPDATE: one update of the network, the reading of the sample excluded.
    pub update: U,
}

/// A pin that leads nowhere, for a board that has none to spare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unwired;

impl Markers<Unwired, Unwired, Unwired> {
    /// No marker pins.
    pub const NONE: Self = Self {
        seq: Unwired,
        awake: Unwired,
        update: Unwired,
    };
}

impl ErrorType for Unwired {
    type Error = Infallible;
}

impl OutputPin for Unwired {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
