//! The float model of a Skip RNN: its parameters, its file, and a readable forward pass in f32.
//!
//! The trainer evaluates with it; the quantizer reads it and compares with it. The file is `model.safetensors` with
//! PyTorch's names and layouts (`docs/model-file.md`); the forward pass runs one sequence at a time and, like the
//! chip, computes nothing at a skipped sample: the skip rule is the closed form of [`skiprnn_nostd::skip`].
#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "they panic where nobody reads; a library tells its caller"
    )
)]

mod atomic_file;
mod cell;
mod cost;
mod data;
mod error;
mod file;
mod fold;
mod forward;
mod metric;
mod model;
mod names;
mod uncertainty;

pub use atomic_file::{check as check_writable, check_folder, remove_partial_files, write as write_atomically};
pub use cell::{Cell, Family};
pub use data::{Sequences, Targets};
pub use error::{Error, with_causes};
pub use file::{Numbers, Tensor, from_bytes, from_tensors, load, load_with_notes, save, to_bytes};
pub use fold::Affine;
pub use forward::{Forward, Outcome, Schedule, Update};
pub use metric::{Metric, argmax};
pub use model::{Channel, Description, FloatModel, Gate, Head, Layer, Objective, OutputAt};
pub use names::{by_name, printable, printable_list, printable_text, without_unprintable};
pub use uncertainty::rounded;

#[cfg(test)]
mod tests;
