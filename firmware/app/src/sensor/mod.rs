//! Sensors as the runner takes them, over embedded-hal: switched on in time, read at the instant, switched off again.
//!
//! Each driver implements [`skiprnn_nostd::runner::Sensor`] and says what its counts mean ([`Described`]). [`fit`] sets it to
//! the ranges of a model, and refuses a model made for another unit, a range that the part does not have or a higher rate
//! before the first sample. A new sensor is one file here: the registers that switch it, its
//! [`Profile`](skiprnn_nostd::runner::Profile) from the data sheet, and a test against a mock bus.

pub mod adxl362;
pub mod analog;
pub mod lis3dh;
pub mod lsm6ds;
pub mod scripted;

use crate::MAX_INPUTS;
use core::fmt;
use heapless::Vec;
use skiprnn_nostd::{Model, runner::Sensor};

/// How far two full scales may part, relative to the model's: one that somebody typed in is rounded.
const TOLERANCE: f32 = 0.001;

/// What the counts of one channel mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChannelScale {
    /// As the blob writes it, such as `g` or `rad/s`.
    pub unit: &'static str,
    /// Magnitude at 32,768 counts, in that unit.
    pub full_scale: f32,
}

/// A sensor that says what it delivers.
pub trait Described: Sensor {
    /// One for each channel, in the order of a sample, at the ranges that are set.
    fn channels(&self) -> &[ChannelScale];

    /// Sets the ranges whose full scales come nearest to these, (I). A part that has one range for several channels goes by
    /// the first of them; by default a part has no choice. Called with the sensor off.
    ///
    /// # Errors
    /// The sensor does not answer.
    fn set_ranges(&mut self, full_scales: &[f32]) -> Result<(), Self::Error> {
        let _ = full_scales;
        Ok(())
    }

    /// Samples per second that it makes while it is on; a sample is at most this old when it is read.
    fn rate_hz(&self) -> u32;
}

/// Of ranges, each with its full scale, the one whose full scale comes nearest to `wanted`.
fn nearest<T: Copy>(ranges: &[(f32, T)], wanted: f32) -> Option<(f32, T)> {
    let distance = |range: &&(f32, T)| (range.0 - wanted).abs();
    ranges
        .iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .copied()
}

/// Sets a sensor to the ranges of a model, and checks that the model has as many channels as the sensor, of the same units
/// and full scales, and takes no more samples a second than the sensor makes. A channel without a unit fits any.
///
/// # Errors
/// The first thing that does not fit, or the sensor does not answer.
pub fn fit<S: Described>(model: &Model<'_>, sensor: &mut S) -> Result<(), FitError<S::Error>> {
    let wanted: Vec<f32, MAX_INPUTS> = model
        .channels()
        .take(MAX_INPUTS)
        .map(|channel| channel.full_scale)
        .collect();
    if model.inputs() != sensor.channels().len() {
        return Err(FitError::Mismatch(Mismatch::Channels {
            model: model.inputs(),
            sensor: sensor.channels().len(),
        }));
    }
    sensor.set_ranges(&wanted).map_err(FitError::Sensor)?;
    for (channel, (wanted, given)) in model.channels().zip(sensor.channels()).enumerate() {
        if !wanted.unit.is_empty() && wanted.unit != given.unit {
            return Err(FitError::Mismatch(Mismatch::Unit { channel }));
        }
        if (wanted.full_scale - given.full_scale).abs() > wanted.full_scale * TOLERANCE {
            return Err(FitError::Mismatch(Mismatch::Range {
                channel,
                model: wanted.full_scale,
                sensor: given.full_scale,
            }));
        }
    }
    let per_second = 1_000_000_000u64
        .checked_div(model.sample_period_ns())
        .unwrap_or(0)
        .min(u64::from(u32::MAX)) as u32;
    if per_second > sensor.rate_hz() {
        return Err(FitError::Mismatch(Mismatch::Rate {
            model: per_second,
            sensor: sensor.rate_hz(),
        }));
    }
    Ok(())
}

/// Why a sensor cannot serve a model; `E` is the sensor's own error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FitError<E> {
    /// The model was made for another sensor.
    Mismatch(Mismatch),
    /// The ranges could not be set.
    Sensor(E),
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
    /// The sensor has no such range for a channel.
    Range {
        /// Its index.
        channel: usize,
        /// Full scale of the model's channel.
        model: f32,
        /// The nearest of the sensor's.
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
                "channel {channel}: the model's full scale is {}, the sensor's nearest {} thousandths of its unit; \
                 quantize the model with --full-scale of the sensor",
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
