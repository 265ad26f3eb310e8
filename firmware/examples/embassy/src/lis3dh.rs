//! ST LIS3DH, three axes of acceleration over async I2C: normal mode (10 bits) at 400 Hz while it is on.
//!
//! Data sheet: DocID17530 Rev 2. `firmware/app/src/sensor/lis3dh.rs` is the blocking driver, with the reasons for its figures.

use core::time::Duration;
use embassy_time::Timer;
use embedded_hal_async::i2c::I2c;
use skiprnn_nostd::runner::{ChannelScale, Profile, asynch};

/// Bytes of the longest write: a register and its value.
pub const LONGEST_WRITE: usize = 2;

/// Samples per second while it is on.
pub const RATE_HZ: u32 = 400;

/// What the counts mean: the part is set to ±4 g, and y and z are handed on at twice their counts, for a model that was made
/// for 4 g, 2 g and 2 g.
pub const CHANNELS: [ChannelScale; 3] = [g(4.0), g(2.0), g(2.0)];

const fn g(full_scale: f32) -> ChannelScale {
    ChannelScale { unit: "g", full_scale }
}

const ADDRESS: u8 = 0x18;
// Data sheet, section 8.
const WHO_AM_I: u8 = 0x0f;
const CTRL_REG0: u8 = 0x1e;
const CTRL_REG1: u8 = 0x20;
const CTRL_REG4: u8 = 0x23;
const STATUS_REG: u8 = 0x27;
/// The bit of a register's address with which it counts up within a transfer.
const COUNT_UP: u8 = 0x80;
/// What WHO_AM_I reads.
const PART: u8 = 0x33;
/// CTRL_REG0 without the pull-up at SA0, which is wired to ground.
const NO_PULL_UP: u8 = 0x90;
/// CTRL_REG1: 400 Hz, normal mode, three axes.
const ON: u8 = 0x77;
/// CTRL_REG1: power-down.
const OFF: u8 = 0x07;
/// CTRL_REG4: block data update, ±4 g.
const FOUR_G: u8 = 0x90;
/// STATUS_REG: a new sample on all axes.
const READY: u8 = 0x08;

/// The sensor on its bus.
pub struct Accelerometer<I> {
    bus: I,
}

/// Why the sensor cannot be read.
#[derive(Debug)]
#[allow(dead_code, reason = "for the log")]
pub enum Error<E> {
    /// The bus failed.
    Bus(E),
    /// Another part answers at this address.
    Part(u8),
}

impl<I: I2c> Accelerometer<I> {
    /// A part that has yet to be found.
    pub const fn new(bus: I) -> Self {
        Accelerometer { bus }
    }

    /// Checks that it is the part, configures it and switches it off.
    pub async fn find(&mut self) -> Result<(), Error<I::Error>> {
        let mut found = [0];
        let read = self.bus.write_read(ADDRESS, &[WHO_AM_I], &mut found).await;
        read.map_err(Error::Bus)?;
        let [found] = found;
        if found != PART {
            return Err(Error::Part(found));
        }
        for (register, value) in [(CTRL_REG1, OFF), (CTRL_REG0, NO_PULL_UP), (CTRL_REG4, FOUR_G)] {
            self.write(register, value).await?;
        }
        Ok(())
    }

    async fn write(&mut self, register: u8, value: u8) -> Result<(), Error<I::Error>> {
        self.bus.write(ADDRESS, &[register, value]).await.map_err(Error::Bus)
    }
}

impl<I: I2c> asynch::Sensor for Accelerometer<I> {
    type Error = Error<I::Error>;
    type Sample = [i16; 3];

    fn profile(&self) -> Profile {
        Profile {
            turn_on: Duration::from_micros(4600),
            off_pays: Duration::from_millis(10),
            ..Profile::default()
        }
    }

    async fn power_up(&mut self) -> Result<(), Self::Error> {
        self.write(CTRL_REG1, ON).await
    }

    async fn power_down(&mut self) -> Result<(), Self::Error> {
        self.write(CTRL_REG1, OFF).await
    }

    /// Waits for a new sample; the runner drops the wait where it takes too long.
    async fn read(&mut self, _: u64) -> Result<[i16; 3], Self::Error> {
        loop {
            let mut bytes = [0; 7];
            let read = self.bus.write_read(ADDRESS, &[STATUS_REG | COUNT_UP], &mut bytes).await;
            read.map_err(Error::Bus)?;
            let [status, x_low, x, y_low, y, z_low, z] = bytes;
            if status & READY != 0 {
                let [x, y, z] = [[x_low, x], [y_low, y], [z_low, z]].map(i16::from_le_bytes);
                return Ok([x, y.saturating_mul(2), z.saturating_mul(2)]);
            }
            Timer::after_micros(100).await;
        }
    }
}
