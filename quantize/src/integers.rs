//! The integer model: exactly the numbers that a blob holds, in plain vectors.

use crate::{CurvePoint, Kernel, Width};
use float_model::{Family, FloatModel};

/// Bias and scale of one accumulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowRecord {
    /// Added to the accumulator, in its unit.
    pub bias: i32,
    /// The accumulator times this / 2^32 is the pre-activation with 16 fractional bits.
    pub multiplier: i32,
}

/// One layer. Rows are ordered unit by unit: row = unit · G + gate.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegerLayer {
    /// Width of `weight_ih`.
    pub ih_width: Width,
    /// Width of `weight_hh`.
    pub hh_width: Width,
    /// (G·H, I_k): weights on the layer's input.
    pub weight_ih: Vec<i16>,
    /// (G·H, H): recurrent weights.
    pub weight_hh: Vec<i16>,
    /// (4·H): biases and scales of i, f, g, o, or of r, z, n over x, n over h.
    pub rows: Vec<RowRecord>,
    /// (4·H): real value of one step of each accumulator.
    pub units: Vec<f64>,
    /// (H): initial hidden state.
    pub h0: Vec<i16>,
    /// (H): initial cell state, 24 fractional bits; empty for a GRU.
    pub c0: Vec<i32>,
}

/// How counts become inputs; see `ChannelRecord` of the format.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegerChannel {
    /// Channel name.
    pub name: String,
    /// Unit, or empty.
    pub unit: String,
    /// Magnitude, in the unit, of 32,768 counts.
    pub full_scale: f32,
    /// Multiplies a count; 31 bits.
    pub multiplier: i32,
    /// Added to the product; below 2^61 in magnitude.
    pub offset: i64,
    /// Right shift that gives x; 1 to 62.
    pub shift: u32,
}

/// The skip gate.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegerGate {
    /// (H): weights.
    pub weight: Vec<i16>,
    /// The bias in units of 2^-fraction.
    pub bias: i64,
    /// Fractional bits of the accumulator.
    pub fraction: u8,
}

/// A complete integer model.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegerModel {
    /// LSTM or GRU.
    pub family: Family,
    /// Inputs, I.
    pub inputs: usize,
    /// Hidden units, H.
    pub hidden: usize,
    /// Outputs, O.
    pub outputs: usize,
    /// Samples per sequence, T; 0 for an endless stream.
    pub sequence_length: u32,
    /// Largest number of samples ever skipped.
    pub max_skip: u32,
    /// Nanoseconds between samples.
    pub sample_period_ns: u64,
    /// Fractional bits of x.
    pub x_fraction: u8,
    /// Fractional bits of h.
    pub h_fraction: u8,
    /// How the recurrent weights are multiplied.
    pub kernel: Kernel,
    /// Bits dropped from the h that the recurrent weights multiply; 0 unless the kernel is byte planes.
    pub h_drop: u8,
    /// Bits by which the recurrent weights of a row are finer than its weights on x; at most `h_drop`.
    pub hh_gain: u8,
    /// The layers, from the input up.
    pub layers: Vec<IntegerLayer>,
    /// The skip gate; present iff the model skips.
    pub gate: Option<IntegerGate>,
    /// (O, H): weights of the head.
    pub head_weight: Vec<i16>,
    /// (O): biases of the head.
    pub head_bias: Vec<i32>,
    /// Real value of one step of a logit.
    pub logit_scale: f64,
    /// One for each input.
    pub channels: Vec<IntegerChannel>,
    /// The measured curve, by rising dial.
    pub dial_curve: Vec<CurvePoint>,
    /// Name, objective, output mode and class names come from here.
    pub source: Source,
}

/// What a blob takes over unchanged from the float model.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Name of the blob.
    pub name: String,
    /// The float model, for its description, normalisation and cell.
    pub model: FloatModel,
}
