//! From a float model to a blob whose sums are proven and whose losses are known.
//!
//! [`quantize`] calibrates on real sequences, rounds weights row by row, writes the blob and judges it: the integers
//! against f32 on the same rounded parameters (the arithmetic), and against the original model (the whole).
//! [`Simulator`] runs a blob on the host with the chip's own code, bit for bit.

mod bars;
mod blocks;
mod calibrate;
mod choose;
mod compensate;
mod dequantize;
mod dial;
mod emit;
mod ends;
mod error;
mod example;
mod fidelity;
mod finetune;
mod integers;
mod layers;
mod options;
mod paired;
mod pipeline;
mod rows;
mod simulate;
#[cfg(test)]
mod twin;

pub use bars::{Bar, bars};
pub use calibrate::TensorRange;
pub use dial::{Between, CurvePoint};
pub use error::Error;
pub use example::example_blob;
pub use fidelity::Fidelity;
pub use finetune::{Data, Finetune, FinetuneProgress, Finetuned, Material, finetune};
pub use integers::{DialPoint, IntegerChannel, IntegerGate, IntegerLayer, IntegerModel, RowRecord, Source};
pub use options::{Format, Kernel, Optimize, Options, Width};
pub use paired::Change;
pub use pipeline::{Quantized, Report, quantize};
pub use simulate::{Blob, Run, Simulator, Traced, counts};
