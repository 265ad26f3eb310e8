//! Whether a sensor delivers what a model was made for: channels, units, full scales and sample rate.

use super::Sensor;
use crate::Model;
use core::fmt;
use heapless::Vec;

/// The largest relative difference between two full scales that count as equal: one that a person typed in is rounded.
const TOLERANCE: f32 = 0.001;
/// The number of channels for which [`fit`] sets a range.
const MAX_RANGES: usize = 64;

/// What the counts of one channel mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChannelScale {
    /// The unit as the blob writes it, such as `g` or `rad/s`.
    pub unit: &'static str,
    /// The magnitude at 32,768 counts, in that unit.
    pub full_scale: f32,
}

/// A sensor that says what its counts mean, so that [`fit`] can set it to a model's ranges and refuse a model that was
/// made for another sensor.
pub trait Described: Sensor {
    /// The scale of each channel, in the order of a sample, (I), at the ranges that are set.
    fn channels(&self) -> &[ChannelScale];

    /// Checks that the part is there, configures it and leaves it off. Call it before anything else, and again where it
    /// failed. By default there is nothing to find.
    ///
    /// # Errors
    /// The part does not answer, or it is another part.
    fn find(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Sets the ranges whose full scales come nearest to these, (I). A part that has one range for several channels goes by
    /// the first of them; by default a part has no choice. Called with the sensor off.
    ///
    /// # Errors
    /// The sensor does not answer.
    fn set_ranges(&mut self, full_scales: &[f32]) -> Result<(), Self::Error> {
        let _ = full_scales;
        Ok(())
    }

    /// The samples per second that the part makes while it is on; a sample is at most this old when it is read.
    fn rate_hz(&self) -> u32;
}

/// Sets a sensor to the ranges of a model, and checks that they fit as [`check_fit`] does. Of a model with more than 64
/// channels only the first 64 ranges are set; all are checked.
///
/// # Errors
/// The first thing that does not fit, or the sensor does not answer.
pub fn fit<S: Described>(model: &Model<'_>, sensor: &mut S) -> Result<(), FitError<S::Error>> {
    check_count(model, sensor.channels()).map_err(FitError::Mismatch)?;
    let mut full_scales = Vec::<f32, MAX_RANGES>::new();
    for channel in model.channels() {
        // Not collect(), which panics where there is no room.
        if full_scales.push(channel.full_scale).is_err() {
            break;
        }
    }
    sensor.set_ranges(&full_scales).map_err(FitError::Sensor)?;
    check_fit(model, sensor.channels(), sensor.rate_hz()).map_err(FitError::Mismatch)
}

/// Checks that a model has as many channels as the sensor, of the same units and full scales, and that the sensor makes a
/// tenth more samples a second than the model takes: at an equal rate its oscillator, which may be some percent slow, would
/// leave some instants without a new sample. A channel without a unit fits any unit.
///
/// # Errors
/// The first thing that does not fit.
pub fn check_fit(model: &Model<'_>, channels: &[ChannelScale], rate_hz: u32) -> Result<(), Mismatch> {
    check_count(model, channels)?;
    for (channel, (wanted, given)) in model.channels().zip(channels).enumerate() {
        if !wanted.unit.is_empty() && wanted.unit != given.unit {
            return Err(Mismatch::Unit { channel });
        }
        if (wanted.full_scale - given.full_scale).abs() > wanted.full_scale * TOLERANCE {
            return Err(Mismatch::Range {
                channel,
                model: wanted.full_scale,
                sensor: given.full_scale,
            });
        }
    }
    let per_second = 1_000_000_000u64
        .checked_div(model.sample_period_ns())
        .unwrap_or(0)
        .min(u64::from(u32::MAX)) as u32;
    if u64::from(per_second).saturating_mul(11) > u64::from(rate_hz).saturating_mul(10) {
        return Err(Mismatch::Rate {
            model: per_second,
            sensor: rate_hz,
        });
    }
    Ok(())
}

fn check_count(model: &Model<'_>, channels: &[ChannelScale]) -> Result<(), Mismatch> {
    if model.inputs() == channels.len() {
        return Ok(());
    }
    Err(Mismatch::Channels {
        model: model.inputs(),
        sensor: channels.len(),
    })
}

/// Why a sensor cannot serve a model; `E` is the sensor's own error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FitError<E> {
    /// The model was made for another sensor.
    Mismatch(Mismatch),
    /// The ranges could not be set.
    Sensor(E),
}

impl<E: fmt::Debug> fmt::Display for FitError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mismatch(mismatch) => mismatch.fmt(f),
            Self::Sensor(error) => write!(f, "the ranges cannot be set: {error:?}"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for FitError<E> {}

/// What of a model does not fit a sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Mismatch {
    /// Another number of channels.
    Channels {
        /// The channels of the model.
        model: usize,
        /// The channels of the sensor.
        sensor: usize,
    },
    /// Another unit of a channel.
    Unit {
        /// The index of the channel.
        channel: usize,
    },
    /// The sensor has no such range for a channel.
    Range {
        /// The index of the channel.
        channel: usize,
        /// The full scale of the model's channel.
        model: f32,
        /// The nearest full scale of the sensor.
        sensor: f32,
    },
    /// The sensor is hardly faster than the model's sample rate, or slower.
    Rate {
        /// The samples per second of the model, rounded down.
        model: u32,
        /// The samples per second of the sensor.
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
            // In whole thousandths: a board that formats floating-point numbers links kilobytes for it.
            Self::Range { channel, model, sensor } => write!(
                f,
                "channel {channel}: the model's full scale is {}, the sensor's nearest {} thousandths of its unit; \
                 quantize the model with --full-scale of the sensor",
                (model * 1000.0) as i32,
                (sensor * 1000.0) as i32
            ),
            Self::Rate { model, sensor } => {
                write!(
                    f,
                    "the model takes {model} samples a second, the sensor makes {sensor}; it must make 10 % more"
                )
            }
        }
    }
}

impl core::error::Error for Mismatch {}
