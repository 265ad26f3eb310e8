//! A sensor's counts as the model counts.

use super::{Described, Mismatch};
use crate::MAX_INPUTS;
use core::task::Poll;
use heapless::Vec;
use skiprnn_nostd::{
    Model,
    runner::{Captured, Instants, Profile, Sensor},
};

/// Fractional bits of a factor.
const FRACTION: u32 = 16;
/// How far a sensor's range may fall short of the model's.
const TOLERANCE: f32 = 0.001;

/// A sensor in front of a model that was made for it or for one of a narrower range.
#[derive(Debug)]
pub struct Scaled<S> {
    sensor: S,
    /// The sensor's full scale by the model's, channel by channel, with 16 fractional bits.
    factors: Vec<i32, MAX_INPUTS>,
}

impl<S: Described> Scaled<S> {
    /// Checks that the model has as many channels as the sensor, of the same units, no wider ranges, and takes no more
    /// samples a second than the sensor makes. A channel without a unit fits any.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn new(model: &Model<'_>, sensor: S) -> Result<Self, Mismatch> {
        let channels = sensor.channels();
        if model.inputs() != channels.len() {
            return Err(Mismatch::Channels {
                model: model.inputs(),
                sensor: channels.len(),
            });
        }
        let mut factors = Vec::new();
        for (channel, (wanted, given)) in model.channels().zip(channels).enumerate() {
            if !wanted.unit.is_empty() && wanted.unit != given.unit {
                return Err(Mismatch::Unit { channel });
            }
            if wanted.full_scale > given.full_scale * (1.0 + TOLERANCE) {
                return Err(Mismatch::Range {
                    channel,
                    model: wanted.full_scale,
                    sensor: given.full_scale,
                });
            }
            let factor = given.full_scale / wanted.full_scale * (1 << FRACTION) as f32;
            // As many as the sensor has channels; a model with more inputs than there is room for never gets here.
            let _ = factors.push((factor + 0.5) as i32);
        }
        let per_second = 1_000_000_000u64
            .checked_div(model.sample_period_ns())
            .unwrap_or(0)
            .min(u64::from(u32::MAX)) as u32;
        if per_second > sensor.rate_hz() {
            return Err(Mismatch::Rate {
                model: per_second,
                sensor: sensor.rate_hz(),
            });
        }
        Ok(Self { sensor, factors })
    }
}

impl<S> Scaled<S> {
    /// Rounded to nearest, saturated.
    fn scale(&self, counts: &[i16]) -> Vec<i16, MAX_INPUTS> {
        counts
            .iter()
            .zip(&self.factors)
            .map(|(count, factor)| {
                let product = i64::from(*count).wrapping_mul(i64::from(*factor));
                let rounded = product.wrapping_add(1 << (FRACTION - 1)) >> FRACTION;
                rounded.clamp(i16::MIN.into(), i16::MAX.into()) as i16
            })
            .collect()
    }
}

impl<S: Sensor> Sensor for Scaled<S> {
    type Error = S::Error;
    type Sample = Vec<i16, MAX_INPUTS>;

    fn profile(&self) -> Profile {
        self.sensor.profile()
    }

    fn power_up(&mut self) -> Result<(), S::Error> {
        self.sensor.power_up()
    }

    fn power_down(&mut self) -> Result<(), S::Error> {
        self.sensor.power_down()
    }

    fn read(&mut self, sample: u64) -> Poll<Result<Self::Sample, S::Error>> {
        self.sensor
            .read(sample)
            .map(|counts| counts.map(|counts| self.scale(counts.as_ref())))
    }

    fn start_capture(&mut self, from: u64, instants: Instants) -> Result<(), S::Error> {
        self.sensor.start_capture(from, instants)
    }

    fn take_captured(&mut self, sample: u64) -> Result<Captured<Self::Sample>, S::Error> {
        Ok(match self.sensor.take_captured(sample)? {
            Captured::Sample { counts, queued } => Captured::Sample {
                counts: self.scale(counts.as_ref()),
                queued,
            },
            Captured::Overflow => Captured::Overflow,
            Captured::Empty => Captured::Empty,
        })
    }

    fn stop_capture(&mut self) -> Result<(), S::Error> {
        self.sensor.stop_capture()
    }
}
