//! Applications of a Skip RNN that run on any board: they know pins, a clock and a source of samples only through
//! traits, so that the same code runs in a test on the host, in an emulated board and on a real one.
//!
//! [`replay`] feeds stored sequences to the network on the time grid on which they were recorded, and sleeps through
//! every sample that the network skips, by the runner that live sensors use. A board supplies a clock
//! ([`skiprnn_nostd::runner::Clock`]), a [`Meter`] and three marker pins, and hands each [`SequenceRecord`] to wherever it
//! logs.
//!
//! [`classify`] goes from a live sensor ([`sensor`]) to decisions in the log and on a pin. [`collect`] records what the sensor
//! delivers. [`measure`] is for a power analyser. What a board remembers of a fault across a reset is [`fault`].
//!
//! # Features
//! - `defmt`: derives `defmt::Format` for records and errors, and adds the module `log` with the lines that the host
//!   program reads back.
#![cfg_attr(not(test), no_std)]
#![deny(missing_docs)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test may fail loudly"
    )
)]

pub mod bus;
pub mod classify;
pub mod collect;
pub mod fault;
#[cfg(feature = "defmt")]
pub mod log;
pub mod markers;
pub mod measure;
pub mod parts;
pub mod record;
pub mod replay;
pub mod run;
pub mod schedule;
pub mod sensor;
pub mod stored;
pub mod time;

pub use board_link::{
    LoadError, SequenceHeader,
    capacity::{MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS, MAX_OUTPUTS, MAX_SAMPLES},
};
pub use classify::Classify;
pub use collect::Collect;
pub use markers::Markers;
pub use measure::Measure;
pub use record::{SequenceRecord, Summary};
pub use replay::{Replay, ReplayError};
pub use run::Run;
pub use skiprnn_nostd::runner::Clock;
pub use stored::{Recording, SequenceFile, SequenceStream};
pub use time::{IdleClock, Meter};
