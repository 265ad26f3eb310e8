//! The lines that an image logs: written on the board by defmt, read on the host, defined once.
//!
//! A line is a word that says what it is, then `name=value` pairs; or a word and a text for people, such as
//! `refused: no blob loaded`. A change of a line that an older reader would misunderstand needs a new [`VERSION`]: it is in
//! the first line, and the host refuses another.
//!
//! Schedules go as bits, the densest form, because a line costs time: an emulated board takes a few microseconds for each
//! byte.

pub(crate) mod grammar;
mod lines;
mod texts;

pub use grammar::{List, Show, Unreadable, Value, value, word};
pub use lines::{
    Answer, Block, Calibrated, Channel, Classified, Collected, Collecting, Decision, Image, Measured, MeterCalibration,
    Model, Pair, Pairs, Pauses, Replayed, Sequence, Settings, Spending, Stack, Window,
};
pub use texts::{BUS, FAULT, LOST, PARKED, REFUSED, SENSOR, is_last};
#[cfg(feature = "defmt")]
pub use texts::{bus, bus_freed, fault, fault_in_panic, lost, parked, refused, restart, sensor, sensor_not_found};

/// Version of these lines.
pub const VERSION: u32 = 4;

/// A line of the log, read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Line<'a> {
    /// What the image is.
    Image(Image<'a>),
    /// How the emulated board's meter counts.
    MeterCalibration(MeterCalibration),
    /// The model and the sequences.
    Model(Model),
    /// The settings that the loader left.
    Settings(Settings),
    /// What a budget books for pauses.
    Pauses(Pauses),
    /// What was booked on a budget.
    Spending(Spending),
    /// A replayed sequence.
    Sequence(Sequence<'a>),
    /// The outputs within a sequence.
    Answer(Answer<'a>),
    /// A decision from a sensor.
    Decision(Decision<'a>),
    /// Use of the stack.
    Stack(Stack),
    /// A measured window.
    Window(Window),
    /// A calibration loop.
    Calibrated(Calibrated),
    /// The checksum of a random network.
    Pair(Pair),
    /// What is about to be recorded from a sensor.
    Collecting(Collecting<'a>),
    /// What the counts of a recorded channel mean.
    Channel(Channel<'a>),
    /// Recorded samples.
    Block(Block<'a>),
    /// The end of a recording.
    Collected(Collected),
    /// The end of a replay.
    Replayed(Replayed),
    /// The end of a classification.
    Classified(Classified),
    /// The end of a measurement.
    Measured(Measured),
    /// The end of a run over random networks.
    Pairs(Pairs),
    /// Why the image refuses to go on.
    Refused(&'a str),
    /// What the image says of its sensor before it refuses.
    Sensor(&'a str),
    /// Why a sequence was lost.
    Lost(&'a str),
    /// A fault of the program or the core.
    Fault(&'a str),
    /// The fault after which the board gave up.
    Parked(&'a str),
    /// Any other line.
    Other(&'a str),
}

impl<'a> Line<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// It is of a known kind, and one of its fields cannot be read.
    pub fn read(line: &'a str) -> Result<Self, Unreadable<'a>> {
        macro_rules! first_of {
            ($($kind:ident),*) => { $(
                if $kind::is(line) {
                    return $kind::read(line).map(Self::$kind);
                }
            )* };
        }
        first_of!(
            Image,
            MeterCalibration,
            Model,
            Settings,
            Pauses,
            Spending,
            Sequence,
            Answer,
            Decision,
            Stack,
            Window,
            Calibrated,
            Pair,
            Collecting,
            Channel,
            Block,
            Collected,
            Replayed,
            Classified,
            Measured,
            Pairs
        );
        let text = |start: &str| line.strip_prefix(start);
        let text = text(REFUSED)
            .map(Self::Refused)
            .or_else(|| text(SENSOR).map(Self::Sensor))
            .or_else(|| text(LOST).map(Self::Lost))
            .or_else(|| text(FAULT).map(Self::Fault))
            .or_else(|| text(PARKED).map(Self::Parked));
        Ok(text.unwrap_or(Self::Other(line)))
    }
}

#[cfg(test)]
mod tests;
