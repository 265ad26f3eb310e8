//! Three pins that show a power analyser or a logic analyser what the board is doing.

use embedded_hal::digital::OutputPin;

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

impl<S: OutputPin, A: OutputPin, U: OutputPin> Markers<S, A, U> {
    pub(crate) fn seq(&mut self, high: bool) -> Result<(), MarkerError> {
        self.seq.set_state(high.into()).map_err(|_| MarkerError)
    }

    pub(crate) fn awake(&mut self, high: bool) -> Result<(), MarkerError> {
        self.awake.set_state(high.into()).map_err(|_| MarkerError)
    }

    pub(crate) fn update(&mut self, high: bool) -> Result<(), MarkerError> {
        self.update.set_state(high.into()).map_err(|_| MarkerError)
    }
}
