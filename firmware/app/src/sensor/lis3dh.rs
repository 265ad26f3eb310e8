//! ST LIS3DH: three axes of acceleration over I2C, in low-power mode at 400 Hz while it is on.
//!
//! Data sheet (DocID17530): low-power mode delivers 8 bits left-justified in 16; a sample is valid 1 ms after the rate is
//! set, and the first one comes within a period of it; 36 µA at 400 Hz, 0.5 µA in power-down.

use super::{ChannelScale, Described, nearest};
use core::{convert::Infallible, task::Poll, time::Duration};
use embedded_hal::i2c::I2c;
use lis3dh::{Configuration, DataRate, Lis3dh, Lis3dhI2C, Mode, Range, SlaveAddr, accelerometer::RawAccelerometer};
use skiprnn_nostd::runner::{Profile, Sensor};

/// Accelerations at 32,768 counts. At ±16 g the part counts in other steps.
const RANGES: [(f32, Range); 3] = [(2.0, Range::G2), (4.0, Range::G4), (8.0, Range::G8)];

/// The sensor, at ±2 g at first; its axes have one range.
pub struct Accelerometer<I: I2c> {
    part: Lis3dh<Lis3dhI2C<I>>,
    channels: [ChannelScale; 3],
}

/// What can go wrong on the bus; `E` is the bus's own error.
pub type Error<E> = lis3dh::Error<E, Infallible>;

impl<I: I2c> Accelerometer<I> {
    /// Finds the part, configures it and leaves it off. `alternate` says that pin SA0 is high.
    ///
    /// # Errors
    /// It does not answer, or is another part.
    pub fn new(bus: I, alternate: bool) -> Result<Self, Error<I::Error>> {
        let address = match alternate {
            true => SlaveAddr::Alternate,
            false => SlaveAddr::Default,
        };
        let configuration = Configuration {
            mode: Mode::LowPower,
            datarate: DataRate::PowerDown,
            enable_temperature: false,
            ..Configuration::default()
        };
        let mut part = Lis3dh::new_i2c_with_config(bus, address, configuration)?;
        let [(full_scale, range), ..] = RANGES;
        part.set_range(range)?;
        let scale = ChannelScale { unit: "g", full_scale };
        Ok(Self {
            part,
            channels: [scale; 3],
        })
    }
}

impl<I: I2c> Described for Accelerometer<I> {
    fn channels(&self) -> &[ChannelScale] {
        &self.channels
    }

    fn rate_hz(&self) -> u32 {
        400
    }

    fn set_ranges(&mut self, full_scales: &[f32]) -> Result<(), Self::Error> {
        let wanted = full_scales.first().copied().unwrap_or_default();
        if let Some((full_scale, range)) = nearest(&RANGES, wanted) {
            self.part.set_range(range)?;
            self.channels
                .iter_mut()
                .for_each(|channel| channel.full_scale = full_scale);
        }
        Ok(())
    }
}

impl<I: I2c> Sensor for Accelerometer<I> {
    type Error = Error<I::Error>;
    type Sample = [i16; 3];

    fn profile(&self) -> Profile {
        Profile {
            // 1 ms of turn-on, and the first period of 400 Hz.
            turn_on: Duration::from_micros(3500),
            // Off saves 36 µA against the bus transfers that switch it, a few tens of microseconds of the core.
            off_pays: Duration::from_millis(8),
            ..Profile::default()
        }
    }

    fn power_up(&mut self) -> Result<(), Self::Error> {
        self.part.set_datarate(DataRate::Hz_400)
    }

    fn power_down(&mut self) -> Result<(), Self::Error> {
        self.part.set_datarate(DataRate::PowerDown)
    }

    fn read(&mut self, _: u64) -> Poll<Result<[i16; 3], Self::Error>> {
        match self.part.is_data_ready() {
            Ok(true) => Poll::Ready(match self.part.accel_raw() {
                Ok(sample) => Ok([sample.x, sample.y, sample.z]),
                // The driver wraps the bus's error; asking again tells whether it lasts.
                Err(_) => self
                    .part
                    .is_data_ready()
                    .map(|_| [0; 3])
                    .and(Err(lis3dh::Error::InvalidDataRate)),
            }),
            Ok(false) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}
