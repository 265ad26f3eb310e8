//! Recorded sequences: reading and writing them, and making a training, a validation and a test part.
//!
//! [`read`] knows the formats, a file each: `npy`, `npz`, `idx`, `folder` (of CSV or WAV files), `long_csv` (one CSV
//! file). What they hold are [`Recordings`], which then go one way: windows ([`Window`]), every K-th sample
//! ([`every_kth`]), the split into parts, normalisation. [`Dataset`] is the result; [`describe`] tells what was
//! understood.
//!
//! Random choices come from [`philox`], so the same files and options always give the same parts.
#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "they panic where nobody reads; a library tells its caller"
    )
)]

mod answers;
mod array_name;
mod arrays;
mod channel_names;
mod channels;
mod clock;
mod columns;
mod config;
mod cut;
mod dataset;
mod describe;
mod edge_impulse;
mod error;
mod every_kth;
mod fingerprint;
mod folder;
mod idx;
mod labelled;
mod layout;
mod locate;
mod long_csv;
mod mel;
mod mnist;
mod named_arrays;
mod names;
mod normalise;
mod notes;
mod npy;
mod npz;
mod origin;
mod paths;
pub mod philox;
mod read;
mod recordings;
mod resample;
mod save;
mod split;
mod stack;
mod store;
mod strays;
mod table;
mod targets;
mod track;
mod uci_har;
mod unpacked;
mod wav;
mod window;
mod wisdm;

#[cfg(test)]
mod tests;

pub use channel_names::{Places, is_unnamed, places};
pub use channels::{ChannelConfig, ChannelsFile, completed};
pub use columns::{Axes, Columns, TimeColumn};
pub use config::DatasetConfig;
pub use dataset::{Dataset, Part, select_both};
pub use describe::{ChannelSummary, DatasetSummary, PartSummary, describe};
pub use error::{Error, toml_problem};
pub use every_kth::every_kth;
pub use fingerprint::{fingerprint, fingerprint_of};
pub use labelled::{read_like, test_recordings};
pub use locate::{Parts, parts};
pub use mnist::MnistConfig;
pub use named_arrays::{NamedArray, named_arrays};
pub use notes::{Doubt, Notes};
pub use origin::{Origin, PathRoles};
pub use read::{load_sequences, load_targets, names_its_answers, read};
pub use recordings::{ReadOptions, Recordings};
pub use save::{save_outputs, save_sequences, save_targets};
pub use store::Store;
pub use table::units::factor as unit_factor;
pub use targets::Loss;
pub use track::Labels;
pub use wav::Audio;
pub use window::Window;
