//! The options of quantization. What they leave open is decided by measuring.

use float_model::by_name;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Bits of each weight of a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Width {
    /// i8.
    Eight,
    /// i16.
    Sixteen,
}

impl Width {
    /// Both widths.
    pub const ALL: [Width; 2] = [Width::Eight, Width::Sixteen];

    /// 8 or 16.
    pub const fn bits(self) -> u8 {
        match self {
            Width::Eight => 8,
            Width::Sixteen => 16,
        }
    }

    /// The largest magnitude of a weight; the range is symmetric.
    pub(crate) const fn max(self) -> f64 {
        match self {
            Width::Eight => 127.0,
            Width::Sixteen => 32_767.0,
        }
    }

    /// `8` or `16`, as the command line and reports name it.
    pub const fn name(self) -> &'static str {
        match self {
            Width::Eight => "8",
            Width::Sixteen => "16",
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

impl Kernel {
    /// Both kernels.
    pub const ALL: [Kernel; 2] = [Kernel::Block, Kernel::BytePlane];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Kernel::Block => "block",
            Kernel::BytePlane => "byte-plane",
        }
    }
}

/// A kernel with the width of the weights that it multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// i8 weights in byte planes.
    BytePlane8,
    /// i8 weights, 16-bit activations.
    Block8,
    /// i16 weights, 16-bit activations.
    Block16,
}

impl Format {
    /// Every format, the cheapest first.
    pub const ALL: [Format; 3] = [Format::BytePlane8, Format::Block8, Format::Block16];

    /// As reports name it.
    pub const fn name(self) -> &'static str {
        match self {
            Format::BytePlane8 => "byte-plane-i8",
            Format::Block8 => "block-i8-a16",
            Format::Block16 => "block-i16-a16",
        }
    }

    /// Bits of the recurrent weights.
    pub const fn weights(self) -> Width {
        match self {
            Format::BytePlane8 | Format::Block8 => Width::Eight,
            Format::Block16 => Width::Sixteen,
        }
    }

    /// The kernel.
    pub const fn kernel(self) -> Kernel {
        match self {
            Format::BytePlane8 => Kernel::BytePlane,
            Format::Block8 | Format::Block16 => Kernel::Block,
        }
    }
}

/// One way to lay out the recurrent and input weights, of the many that [`Options`] leaves open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormatChoice {
    /// Width of the recurrent weights, and of the input weights of layers above the first.
    pub(crate) weights: Width,
    /// Width of the first layer's input weights.
    pub(crate) input_width: Width,
    /// Bits dropped from the h that the recurrent weights multiply; above 0 for byte planes, 0 for blocks.
    pub(crate) h_drop: u8,
    /// Bits by which the recurrent weights are finer than those on x, at most `h_drop`.
    pub(crate) hh_gain: u8,
}

/// What the choice among the formats is to favour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Optimize {
    /// The cheapest format that meets every bar of fidelity ([`crate::bars`]) on the calibration data: byte planes, else
    /// blocks of i8, each with i8 input weights in the first layer, else with i16; else i16 throughout.
    #[default]
    Balance,
    /// i8 weights everywhere: byte planes where they meet the bars, else blocks.
    Size,
    /// Byte planes wherever they are proven, whatever they cost in fidelity; the report says what.
    Speed,
    /// i16 weights.
    Accuracy,
}

impl Optimize {
    /// Every aim.
    pub const ALL: [Optimize; 4] = [Optimize::Balance, Optimize::Size, Optimize::Speed, Optimize::Accuracy];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Optimize::Balance => "balance",
            Optimize::Size => "size",
            Optimize::Speed => "speed",
            Optimize::Accuracy => "accuracy",
        }
    }
}

/// Text to value and back, by the names that the type gives.
macro_rules! named {
    ($($type:ident, $what:literal;)+) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                by_name($what, &Self::ALL, Self::name, text)
            }
        }
    )+};
}

named! {
    Width, "width";
    Kernel, "kernel";
    Optimize, "aim";
}

/// Options of [`crate::quantize`]. What is `None` is chosen by measuring.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the choice favours.
    pub optimize: Optimize,
    /// Width of the recurrent weights, and of the input weights of layers above the first.
    pub weights: Option<Width>,
    /// Width of the first layer's input weights.
    pub input_weights: Option<Width>,
    /// How the recurrent weights are multiplied.
    pub kernel: Option<Kernel>,
    /// Fractional bits of h, 13 to 15; fewer where max|h0| needs it. Each bit less doubles the steps that an 8-bit row leaves
    /// to the recurrent weights where x reaches farther than h, and the rounding of h.
    pub h_fraction: Option<u8>,
    /// Name stored in the blob.
    pub name: String,
    /// Largest number of samples ever skipped, needed for an endless stream; `None` leaves it to the gate.
    pub max_skip: Option<u32>,
    /// Sequences on which ranges and rounding are calibrated; further ones are used only to measure the result.
    pub calibration_sequences: usize,
    /// Share of the calibration samples, in percent, that the format of x must hold; what lies beyond it saturates.
    pub percentile: f64,
    /// Mean squared error from which on a regression counts as solved.
    pub solved_mse: Option<f64>,
    /// Gate offsets at which the trade-off curve is measured, 0 always among them; `None`: four on either side of 0, as
    /// far out as it takes to halve and to double the updates.
    pub dials: Option<Vec<f64>>,
    /// Threads for the measurements.
    pub threads: usize,
}

impl Options {
    /// The options that fix this format.
    #[must_use]
    pub fn with_format(self, format: Format) -> Self {
        Options {
            weights: Some(format.weights()),
            kernel: Some(format.kernel()),
            ..self
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            optimize: Optimize::Balance,
            weights: None,
            input_weights: None,
            kernel: None,
            h_fraction: None,
            name: "model".into(),
            max_skip: None,
            calibration_sequences: 64,
            percentile: 100.0,
            solved_mse: None,
            dials: None,
            threads: 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for width in Width::ALL {
            assert_eq!(width.to_string().parse(), Ok(width));
            assert_eq!(width.name(), width.bits().to_string());
        }
        for kernel in Kernel::ALL {
            assert_eq!(kernel.to_string().parse(), Ok(kernel));
        }
        for aim in Optimize::ALL {
            assert_eq!(aim.to_string().parse(), Ok(aim));
        }
        assert_eq!(
            "plane".parse::<Kernel>().unwrap_err(),
            "unknown kernel 'plane'; expected block or byte-plane"
        );
    }
}
