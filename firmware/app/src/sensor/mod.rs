//! Sensors as the runner takes them, over embedded-hal: switched on in time, read at the instant, switched off again.
//!
//! Each driver implements [`skiprnn_nostd::runner::Sensor`] and says what its counts mean ([`Described`]), so that a model
//! made for another unit, a wider range or a higher rate is refused before the first sample, and [`Scaled`] turns its counts
//! into the model's. A new sensor is one file here: the registers that switch it, its
//! [`Profile`](skiprnn_nostd::runner::Profile) from the data sheet, and a test against a mock bus.

pub mod adxl362;
pub mod analog;
pub mod lis3dh;
pub mod lsm6ds;
mod scaled;

pub use scaled::Scaled;

use core::fmt;

/// What the counts of one channel mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChannelScale {
    /// As the blob writes it, such as `g` or `rad/s`.
    pub unit: &'static str,
    /// Magnitude at 32,768 counts, in that unit.
    pub full_scale: f32,
}

/// A sensor that says what it delivers.
pub trait Described {
    /// One for each channel, in the order of a sample.
    fn channels(&self) -> &[ChannelScale];

    /// Samples per second that it makes while it is on; a sample is at most this old when it is read.
    fn rate_hz(&self) -> u32;
}

/// Why a model does not fit a sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mismatch {
    /// The number of channels.
    Channels {
        /// Of the model.
        model: usize,
        /// Of the sensor.
        sensor: usize,
    },
    /// The unit of a channel.
    Unit {
        /// Its index.
        channel: usize,
    },
    /// The model's range of a channel is wider than the sensor's.
    Range {
        /// Its index.
        channel: usize,
        /// Full scale of the model's channel.
        model: f32,
        /// Of the sensor's.
        sensor: f32,
    },
    /// The sensor is slower than the model's sample rate.
    Rate {
        /// Samples per second of the model, rounded up.
        model: u32,
        /// Of the sensor.
        sensor: u32,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channels { model, sensor } => {
                write!(f, "the model has {model} channels, the sensor delivers {sensor}")
            }
            Self::Unit { channel } => write!(f, "channel {channel}: the model's unit is not the sensor's"),
            Self::Range { channel, model, sensor } => write!(
                f,
                "channel {channel}: the model's full scale is {}, the sensor's {} thousandths of its unit",
                (model * 1000.0) as i32,
                (sensor * 1000.0) as i32
            ),
            Self::Rate { model, sensor } => {
                write!(f, "the model takes {model} samples a second, the sensor makes {sensor}")
            }
        }
    }
}

impl core::error::Error for Mismatch {}
