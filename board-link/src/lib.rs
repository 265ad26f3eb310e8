//! Everything that host and board must agree on, defined once and used by both workspaces: the host's crates in the root of
//! the source tree, and the firmware below `firmware/`.
//!
//! - [`settings`], [`blob`], [`sequences`] and [`collection`]: what a loader writes into a board's memory beside the image, and how the image
//!   finds it again. Reader and writer stand side by side.
//! - [`capacity`]: the largest model that an image has static room for.
//! - [`boards`] and [`sensors`]: names, figures and energy profiles of the boards and sensors that the firmware knows.
//! - [`log`]: the lines that an image logs. One definition makes the writer on the board (feature `defmt`) and the reader on
//!   the host.
//! - [`symbols`]: the symbols of an image's ELF that the host reads.
//!
//! The crate is `no_std` and does not allocate.
//!
//! # Features
//! - `defmt`: adds to each line of the log the function that writes it, and derives `defmt::Format` for [`measure::Mode`] and
//!   [`measure::Calibration`].
#![cfg_attr(not(test), no_std)]
#![deny(missing_docs)]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test may fail loudly"
    )
)]

pub mod blob;
pub mod boards;
pub mod capacity;
pub mod collection;
mod load;
pub mod log;
pub mod measure;
pub mod sensors;
pub mod sequences;
pub mod settings;
pub mod symbols;

pub use blob::find_blob;
pub use collection::Collection;
pub use load::{Load, LoadError};
pub use sequences::SequenceHeader;
pub use settings::{Budget, Pauses, Settings, SettingsError};
pub use skiprnn_nostd::budget::Spending;
