//! From a float model to a blob whose sums are proven and whose losses are known.
//!
//! [`quantize`] calibrates on real sequences, rounds weights row by row, writes the blob and reports its fidelity: the
//! integers against f32 on the same rounded parameters (the arithmetic), and against the original model.
//! [`Simulator`] runs a blob on the host with the chip's own code, bit for bit.
#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "they panic where nobody reads; a library tells its caller"
    )
)]

mod bars;
mod baseline;
mod blocks;
mod calibrate;
mod choose;
mod compensate;
mod curve;
mod dequantize;
mod dial;
mod error;
mod example;
mod fidelity;
mod finetune;
mod gate_head_inputs;
mod integers;
mod layers;
mod options;
mod pipeline;
mod rows;
mod significance;
mod simulate;
mod summary;
#[cfg(test)]
mod tests;
mod write;

pub use bars::{Bar, bars};
pub use calibrate::TensorRange;
pub use curve::{BlockSpread, CurvePoint};
pub use dial::extra_curve_sequences;
pub use error::Error;
pub use example::example_blob;
pub use fidelity::{Data, Fidelity};
pub use finetune::{FinetuneData, FinetuneOptions, FinetuneProgress, FinetuneResult};
pub use integers::{IntegerChannel, IntegerGate, IntegerLayer, IntegerModel, RowRecord, Source};
pub use options::{Format, Kernel, Optimize, Options, Width};
pub use pipeline::{Quantized, Report, extra_compared_sequences, quantize, quantize_with_more};
pub use significance::Change;
pub use simulate::{Blob, Run, Simulator, Stream, Traced, counts};
