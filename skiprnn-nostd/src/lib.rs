//! The network of a Skip RNN at run time: no allocation, no floating point, no panics, and after every update the
//! number of samples to sleep through.
//!
//! A *blob* (`.srnn`, specified byte by byte in `docs/blob-format.md`) is parsed in place into a [`Model`]: weights
//! stay where they are, in flash. [`Model::parse`] re-checks every length and re-proves, row by row, that no
//! accumulator can overflow. What changes lives in a [`State`], whose size is fixed at compile time.
//!
//! ```
//! use skiprnn_nostd::{Instance, Model, Network, Sequence};
//!
//! fn classify(blob: &[u8], recorded: &[[i16; 1]]) -> Option<usize> {
//!     let network = Instance::<32, 1, 1>::new(Model::parse(blob).ok()?).ok()?;
//!     let mut sequence = Sequence::new(network);
//!     while let Some(sample) = sequence.due() {
//!         // Between two updates the board sleeps, the sensor too: these samples are never read.
//!         sequence.step(recorded.get(sample as usize)?).ok()?;
//!     }
//!     let mut logits = [0; 2];
//!     sequence.outputs(&mut logits).ok()?;
//!     Some(sequence.network().decide(&logits))
//! }
//! ```
//!
//! The arithmetic is the contract of `docs/blob-format.md`: it gives the same bits on every target.
#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![deny(missing_docs)]
// Tests may panic; that is what they are for.
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

#[cfg(target_endian = "big")]
compile_error!("a blob is little-endian and read in place: big-endian targets are not supported");

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
mod proof;
pub mod runner;
mod sequence;
pub mod skip;
mod state;
mod update;

pub use model::{CellKind, Channel, Model, Objective, OutputAt};
pub use network::{Instance, Network};
pub use parse::{Field, ParseError};
pub use proof::{narrowed, row_bound};
pub use sequence::{Progress, Sequence, SequenceError};
pub use state::{Capacity, State, Step, StepError};

/// Layers a blob may have.
pub const MAX_LAYERS: usize = 4;

/// Puts a blob into flash, aligned as [`Model::parse`] wants it: `static BLOB: &[u8] = include_blob!("model.srnn");`
#[macro_export]
macro_rules! include_blob {
    ($path:expr $(,)?) => {{
        #[repr(C, align(4))]
        struct Aligned<T: ?Sized>(T);
        static BLOB: &Aligned<[u8]> = &Aligned(*include_bytes!($path));
        &BLOB.0
    }};
}
