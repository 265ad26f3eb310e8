//! ST's LSM6DS family (LSM6DS3, LSM6DSL, LSM6DSM, LSM6DSR, LSM6DSO, LSM6DSOX): three axes of acceleration and three of
//! angular rate over I2C, at 208 Hz while they are on.
//!
//! The registers used here are the same in all of them; the published drivers each serve one part of the family. Data sheet
//! of the LSM6DSO (DS12140): the gyroscope is valid 35 ms after it is switched on from power-down, the accelerometer
//! earlier; 550 µA together, 3 µA in power-down.

use super::{ChannelScale, Described, nearest};
use core::{task::Poll, time::Duration};
use embedded_hal::i2c::I2c;
use skiprnn_nostd::runner::{Profile, Sensor};

const WHO_AM_I: u8 = 0x0f;
const CTRL1_XL: u8 = 0x10;
const CTRL2_G: u8 = 0x11;
const CTRL3_C: u8 = 0x12;
const STATUS_REG: u8 = 0x1e;
const OUTX_L_G: u8 = 0x22;

/// What WHO_AM_I reads in the family: DS3, DSL and DSM, DSR, DSO and DSOX.
const PARTS: [u8; 4] = [0x69, 0x6a, 0x6b, 0x6c];
/// 208 Hz, in both registers that switch on; the range stands in other bits.
const ON: u8 = 0x50;
/// Block data update, and addresses that count up within a transfer.
const CONTROL: u8 = 0x44;
/// New acceleration and new angular rate.
const READY: u8 = 0b11;

/// Accelerations at 32,768 counts, in g: 0.061 mg a count at the first; and the bits of the range.
const ACCELERATIONS: [(f32, u8); 4] = [(2.0, 0x00), (4.0, 0x08), (8.0, 0x0c), (16.0, 0x04)];
/// Angular rates at 32,768 counts, in rad/s: 8.75, 17.5, 35 and 70 thousandths of a degree a second for each count; and
/// the bits of the range.
const RATES: [(f32, u8); 4] = [(5.0042, 0x00), (10.0084, 0x04), (20.0168, 0x08), (40.0337, 0x0c)];

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error<E> {
    /// The bus.
    Bus(E),
    /// Another part answers at this address.
    Part {
        /// What WHO_AM_I reads.
        found: u8,
    },
}

impl<E> From<E> for Error<E> {
    fn from(error: E) -> Self {
        Self::Bus(error)
    }
}

/// The sensor: acceleration x, y, z, then angular rate x, y, z; at ±2 g and 250 degrees a second at first.
pub struct Inertial<I> {
    bus: I,
    address: u8,
    /// Bits of the range, for acceleration and for angular rate.
    ranges: [u8; 2],
    channels: [ChannelScale; 6],
}

impl<I: I2c> Inertial<I> {
    /// Finds the part, configures it and leaves it off. `address` is 0x6a, or 0x6b where pin SA0 is high.
    ///
    /// # Errors
    /// It does not answer, or is another part.
    pub fn new(mut bus: I, address: u8) -> Result<Self, Error<I::Error>> {
        let mut found = [0];
        bus.write_read(address, &[WHO_AM_I], &mut found)?;
        let [found] = found;
        if !PARTS.contains(&found) {
            return Err(Error::Part { found });
        }
        for (register, value) in [(CTRL3_C, CONTROL), (CTRL1_XL, 0), (CTRL2_G, 0)] {
            bus.write(address, &[register, value])?;
        }
        let [(acceleration, low), ..] = ACCELERATIONS;
        let [(rate, slow), ..] = RATES;
        Ok(Self {
            bus,
            address,
            ranges: [low, slow],
            channels: channels(acceleration, rate),
        })
    }

    fn read_sample(&mut self) -> Result<Option<[i16; 6]>, Error<I::Error>> {
        let mut status = [0];
        self.bus.write_read(self.address, &[STATUS_REG], &mut status)?;
        let [status] = status;
        if status & READY != READY {
            return Ok(None);
        }
        // Angular rate first, then acceleration.
        let mut bytes = [0; 12];
        self.bus.write_read(self.address, &[OUTX_L_G], &mut bytes)?;
        let mut sample = [0; 6];
        let (rate, acceleration) = bytes.split_at(6);
        let counts = acceleration.as_chunks().0.iter().chain(rate.as_chunks().0);
        for (count, bytes) in sample.iter_mut().zip(counts) {
            *count = i16::from_le_bytes(*bytes);
        }
        Ok(Some(sample))
    }
}

/// The channels at these full scales, in g and rad/s.
const fn channels(acceleration: f32, rate: f32) -> [ChannelScale; 6] {
    let acceleration = ChannelScale {
        unit: "g",
        full_scale: acceleration,
    };
    let rate = ChannelScale {
        unit: "rad/s",
        full_scale: rate,
    };
    [acceleration, acceleration, acceleration, rate, rate, rate]
}

impl<I: I2c> Described for Inertial<I> {
    fn channels(&self) -> &[ChannelScale] {
        &self.channels
    }

    fn rate_hz(&self) -> u32 {
        208
    }

    /// Acceleration by the first, angular rate by the fourth; they are set as the part is switched on.
    fn set_ranges(&mut self, full_scales: &[f32]) -> Result<(), Self::Error> {
        let wanted = |channel: usize| full_scales.get(channel).copied().unwrap_or_default();
        if let (Some((acceleration, low)), Some((rate, slow))) =
            (nearest(&ACCELERATIONS, wanted(0)), nearest(&RATES, wanted(3)))
        {
            self.ranges = [low, slow];
            self.channels = channels(acceleration, rate);
        }
        Ok(())
    }
}

impl<I: I2c> Sensor for Inertial<I> {
    type Error = Error<I::Error>;
    type Sample = [i16; 6];

    fn profile(&self) -> Profile {
        Profile {
            turn_on: Duration::from_millis(40),
            // Off saves 550 µA; what it costs to switch is far below a millisecond of that.
            off_pays: Duration::from_millis(42),
            ..Profile::default()
        }
    }

    fn power_up(&mut self) -> Result<(), Self::Error> {
        let [acceleration, rate] = self.ranges;
        self.bus.write(self.address, &[CTRL1_XL, ON | acceleration])?;
        Ok(self.bus.write(self.address, &[CTRL2_G, ON | rate])?)
    }

    fn power_down(&mut self) -> Result<(), Self::Error> {
        self.bus.write(self.address, &[CTRL2_G, 0])?;
        Ok(self.bus.write(self.address, &[CTRL1_XL, 0])?)
    }

    fn read(&mut self, _: u64) -> Poll<Result<[i16; 6], Self::Error>> {
        self.read_sample().transpose().map_or(Poll::Pending, Poll::Ready)
    }
}
