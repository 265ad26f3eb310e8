//! What a user may decide; everything else is measured.

use serde::{Deserialize, Serialize};

/// Bits of a weight matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Width {
    /// i8.
    Eight,
    /// i16.
    Sixteen,
}

impl Width {
    /// 8 or 16.
    pub const fn bits(self) -> u8 {
        match self {
            Width::Eight => 8,
            Width::Sixteen => 16,
        }
    }

    /// Largest weight; symmetric.
    pub(crate) const fn max(self) -> f64 {
        match self {
            Width::Eight => 127.0,
            Width::Sixteen => 32_767.0,
        }
    }
}

/// How the recurrent weights are multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kernel {
    /// With h as it is, 16 bits.
    Block,
    /// With h narrowed to the bits for which the sum over the upper of two byte planes is proven; i8 weights only.
    BytePlane,
}

/// Options of [`crate::quantize`].
#[derive(Debug, Clone)]
pub struct Options {
    /// Width of the recurrent weights, and of the input weights of layers above the first.
    pub weights: Width,
    /// Width of the first layer's input weights; measured where `None`.
    pub input_weights: Option<Width>,
    /// How the recurrent weights are multiplied; `None` takes byte planes where, on the calibration data, they cost
    /// no more fidelity than `numerics.md` allows, and blocks elsewhere.
    pub kernel: Option<Kernel>,
    /// Name stored in the blob.
    pub name: String,
    /// Largest number of samples ever skipped, needed for an endless stream; `None` leaves it to the gate.
    pub max_skip: Option<u32>,
    /// Sequences on which ranges are calibrated; more are read only to judge the result.
    pub calibration_sequences: usize,
    /// Gate offsets at which the trade-off curve is measured; 0 is always among them.
    pub dials: Vec<f64>,
    /// Threads for the measurements.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            weights: Width::Eight,
            input_weights: None,
            kernel: None,
            name: "model".into(),
            max_skip: None,
            calibration_sequences: 64,
            dials: vec![-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0],
            threads: 2,
        }
    }
}
