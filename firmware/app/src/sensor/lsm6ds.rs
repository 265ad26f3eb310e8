//! ST's LSM6DS family (LSM6DS3, LSM6DSL, LSM6DSM, LSM6DSR, LSM6DSO, LSM6DSOX): three axes of acceleration and three of
//! angular rate over I2C, at 208 Hz while they are on.
//!
//! The registers used here are the same in all of them; the published drivers each serve one part of the family. Data sheet
//! of the LSM6DSO (DS12140): the gyroscope is valid 35 ms after it is switched on from power-down, the accelerometer
//! earlier; 550 µA together, 3 µA in power-down.

use super::{ChannelScale, Described};
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
/// 208 Hz, ±4 g.
const ACCELERATION_ON: u8 = 0x58;
/// 208 Hz, 2000 degrees a second.
const RATE_ON: u8 = 0x5c;
/// Block data update, and addresses that count up within a transfer.
const CONTROL: u8 = 0x44;
/// New acceleration and new angular rate.
const READY: u8 = 0b11;

/// 0.122 mg a count.
const ACCELERATION_G: f32 = 4.0;
/// 70 thousandths of a degree a second for each count, in radians.
const RATE_RAD_S: f32 = 40.0335;

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

/// The sensor: acceleration x, y, z, then angular rate x, y, z.
pub struct Inertial<I> {
    bus: I,
    address: u8,
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
        let acceleration = ChannelScale {
            unit: "g",
            full_scale: ACCELERATION_G,
        };
        let rate = ChannelScale {
            unit: "rad/s",
            full_scale: RATE_RAD_S,
        };
        Ok(Self {
            bus,
            address,
            channels: [acceleration, acceleration, acceleration, rate, rate, rate],
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

impl<I: I2c> Described for Inertial<I> {
    fn channels(&self) -> &[ChannelScale] {
        &self.channels
    }

    fn rate_hz(&self) -> u32 {
        208
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
        self.bus.write(self.address, &[CTRL1_XL, ACCELERATION_ON])?;
        Ok(self.bus.write(self.address, &[CTRL2_G, RATE_ON])?)
    }

    fn power_down(&mut self) -> Result<(), Self::Error> {
        self.bus.write(self.address, &[CTRL2_G, 0])?;
        Ok(self.bus.write(self.address, &[CTRL1_XL, 0])?)
    }

    fn read(&mut self, _: u64) -> Poll<Result<[i16; 6], Self::Error>> {
        match self.read_sample() {
            Ok(Some(sample)) => Poll::Ready(Ok(sample)),
            Ok(None) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}
