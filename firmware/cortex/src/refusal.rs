//! Why an image does not do what it was asked to.

use app::{LoadError, MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS, ReplayError, measure::MeasureError, stored::SettingsError};
use core::{convert::Infallible, fmt};
use skiprnn_nostd::{Capacity, ParseError, StepError};

/// The reason, for the line `refused: ...`.
#[derive(Debug)]
pub enum Refusal {
    /// The sensor does not answer, or the model was made for another one; a line `sensor: ...` says which.
    Sensor,
    /// The sensor that is to be recorded does not answer, or not as it should; a line `sensor: ...` says which.
    Unrecorded,
    /// The crystal that the time is taken from does not start.
    Crystal,
    /// A static place is in use: the stream's buffer, or the network's state.
    Buffer,
    /// Nothing, or half of something, was loaded.
    Load(LoadError),
    /// The model cannot be run by the settings.
    Settings(SettingsError),
    /// The blob is not sound.
    Parse(ParseError),
    /// The model is larger than the static state.
    Capacity(Capacity),
    /// The network refused a sample.
    Step(StepError),
    /// The replay did not begin, or did not end.
    Replay(ReplayError<StepError, Infallible>),
    /// The measurement did not begin, or did not end.
    Measure(MeasureError<StepError, Infallible>),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sensor => f.write_str("no decisions without the sensor"),
            Self::Unrecorded => f.write_str("no samples without the sensor"),
            Self::Crystal => f.write_str(
                "the crystal of 32.768 kHz did not start within 1 s; look at its soldering and its capacitors",
            ),
            Self::Buffer => f.write_str("a static place is in use"),
            Self::Load(error) => write!(f, "{error}"),
            Self::Settings(error) => write!(f, "{error}"),
            Self::Parse(error) => write!(f, "{error}"),
            Self::Capacity(error) => write!(
                f,
                "{error} (this image: {MAX_HIDDEN} hidden units, {MAX_LAYERS} layers, {MAX_INPUTS} inputs)"
            ),
            Self::Step(error) => write!(f, "{error}"),
            Self::Replay(error) => write!(f, "{error}"),
            Self::Measure(error) => write!(f, "{error}"),
        }
    }
}

impl From<LoadError> for Refusal {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}

impl From<SettingsError> for Refusal {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}

impl From<ParseError> for Refusal {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

impl From<Capacity> for Refusal {
    fn from(error: Capacity) -> Self {
        Self::Capacity(error)
    }
}

impl From<ReplayError<StepError, Infallible>> for Refusal {
    fn from(error: ReplayError<StepError, Infallible>) -> Self {
        Self::Replay(error)
    }
}

impl From<MeasureError<StepError, Infallible>> for Refusal {
    fn from(error: MeasureError<StepError, Infallible>) -> Self {
        Self::Measure(error)
    }
}

impl From<StepError> for Refusal {
    fn from(error: StepError) -> Self {
        Self::Step(error)
    }
}
