//! Three pins that show a power analyser or a logic analyser what the board is doing.

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
