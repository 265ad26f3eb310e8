//! From a float model to a blob whose sums are proven and whose losses are known.
//!
//! [`quantize`] calibrates on real sequences, rounds weights row by row, writes the blob and judges it: the integers
//! against f32 on the same rounded parameters (the arithmetic), and against the original model (the whole).
//! [`Simulator`] runs a blob on the host with the chip's own code, bit for bit.

mod blocks;
mod calibrate;
mod choose;
mod dequantize;
mod emit;
mod error;
mod example;
mod fidelity;
mod integers;
mod options;
mod pipeline;
mod rows;
mod simulate;
#[cfg(test)]
mod twin;

pub use error::Error;
pub use example::example_blob;
pub use fidelity::{Fidelity, compare};
pub use integers::{DialPoint, IntegerChannel, IntegerGate, IntegerLayer, IntegerModel, RowRecord, Source};
pub use options::{Kernel, Options, Width};
pub use pipeline::{Quantized, Report, quantize};
pub use simulate::{Blob, Run, Simulator, counts};
