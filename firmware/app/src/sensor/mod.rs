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
use skiprnn_nostd::{
    Model,
    runner::{Clock, Sensor},
};

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

/// What can go wrong with a part on a bus; `E` is the bus's own error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error<E> {
    /// The bus.
    Bus(E),
    /// Another part answers at this address.
    Part {
        /// What its register of identification reads.
        found: u8,
    },
}

impl<E> From<E> for Error<E> {
    fn from(error: E) -> Self {
        Self::Bus(error)
    }
}

/// A sensor that says what it delivers.
pub trait Described: Sensor {
    /// One for each channel, in the order of a sample, at the ranges that are set.
    fn channels(&self) -> &[ChannelScale];

    /// Checks that the part is there, configures it and leaves it off; to be called before anything else, and again where it
    /// failed. By default there is nothing to find.
    ///
    /// # Errors
    /// It does not answer, or is another part.
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

    /// Samples per second that it makes while it is on; a sample is at most this old when it is read.
    fn rate_hz(&self) -> u32;
}

/// How often a sensor is looked for.
const TRIES: u32 = 3;
/// From one try to the next, as a part of a second: 50 ms.
const TRIES_PER_SECOND: u32 = 20;

/// Looks for a sensor up to three times within 100 ms: one that was just switched on may need longer to boot than the board.
///
/// # Errors
/// It does not answer, or is another part, at the last try.
pub fn find<S: Described>(sensor: &mut S, clock: &mut impl Clock) -> Result<(), S::Error> {
    let pause = clock.ticks_per_second().div_ceil(TRIES_PER_SECOND);
    for _ in 1..TRIES {
        if sensor.find().is_ok() {
            return Ok(());
        }
        let until = clock.now().saturating_add(pause.into());
        // A clock that cannot sleep says so when the runner needs it; this try then comes early.
        let _ = clock.sleep_until(until);
    }
    sensor.find()
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
/// and full scales, and that the sensor makes a tenth more samples a second than the model takes: at an equal rate its oscillator,
/// which may be some percent slow, would leave some instants without a new sample. A channel without a unit fits any.
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
    if u64::from(per_second) * 11 > u64::from(sensor.rate_hz()) * 10 {
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
    /// The sensor is hardly faster than the model's sample rate, or slower.
    Rate {
        /// Samples per second of the model, rounded down.
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
                write!(
                    f,
                    "the model takes {model} samples a second, the sensor makes {sensor}; it must make 10 % more"
                )
            }
        }
    }
}

impl core::error::Error for Mismatch {}
