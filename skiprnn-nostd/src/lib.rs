#![doc = include_str!("../README.md")]
#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![deny(missing_docs)]
// Tests may panic; that is what they are for.
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

#[cfg(target_endian = "big")]
compile_error!("a blob is little-endian and read in place: big-endian targets are not supported");

#[doc = include_str!("../docs/blob-format.md")]
pub mod _format {}

pub mod activation;
mod arithmetic;
pub mod budget;
mod cell;
pub mod delta;
pub mod format;
pub mod grid;
mod kernel;
mod model;
mod network;
mod padded;
mod parse;
mod printable;
mod proof;
pub mod runner;
mod sequence;
mod sizes;
pub mod skip;
mod state;
mod update;

pub use cell::CellKind;
pub use model::{Channel, DialPoint, FractionBits, Kernel, Model, Objective, OutputAt, WeightBits};
pub use network::{BlobError, Instance, Network};
pub use parse::{Field, ParseError};
pub use printable::{Printable, PrintableText};
pub use proof::{narrowed, row_bound};
pub use sequence::{Progress, Sequence, SequenceError};
pub use sizes::Sizes;
pub use state::{Capacity, State, StepError};
pub use update::Step;

/// The most layers that a blob may have.
pub const MAX_LAYERS: usize = 4;
