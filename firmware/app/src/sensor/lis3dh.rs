//! ST LIS3DH: three axes of acceleration over I2C, in normal mode (10 bits) at 400 Hz while it is on.
//!
//! Data sheet (DocID17530 Rev 2): normal mode delivers 10 bits left-justified in 16; 1.6 ms from power-down to valid
//! samples (section 2.2 and table 10); 73 µA at 400 Hz, 0.5 µA in power-down. A used sample takes three transfers: one to switch
//! on, one that reads status and sample, one to switch off.
//!
//! Low-power mode (8 bits) turns on 0.6 ms sooner at half the current, which saves 0.4 µJ a sample; its steps of 31 mg at
//! ±4 g cost the activity model accuracy (`docs/firmware.md`).

use super::{ChannelScale, Described, Error, Ranges};
use board_link::sensors::LIS3DH;
pub use board_link::sensors::LIS3DH_OFF_PAYS_ASLEEP_AT_BUS as OFF_PAYS_ASLEEP_AT_BUS;
use core::{task::Poll, time::Duration};
use embedded_hal::i2c::I2c;
use skiprnn_nostd::runner::{Profile, Sensor};

// Data sheet, section 8.
const WHO_AM_I: u8 = 0x0f;
const CTRL_REG0: u8 = 0x1e;
const TEMP_CFG_REG: u8 = 0x1f;
const CTRL_REG1: u8 = 0x20;
const CTRL_REG4: u8 = 0x23;
const STATUS_REG: u8 = 0x27;
/// Bit of a register's address: it counts up within a transfer.
const COUNT_UP: u8 = 0x80;

/// What WHO_AM_I reads.
const PART: u8 = 0x33;
/// CTRL_REG0 with the pull-up at SDO/SA0, as after power-on.
const PULL_UP: u8 = 0x10;
/// CTRL_REG0 without it: where the pin is wired to ground, it draws about 75 µA all the time.
const NO_PULL_UP: u8 = 0x90;
/// CTRL_REG1: 400 Hz, normal mode, three axes.
const ON: u8 = 0x77;
/// CTRL_REG1: power-down.
const OFF: u8 = 0x07;
/// CTRL_REG4: block data update; the range stands in other bits.
const CONTROL: u8 = 0x80;
/// STATUS_REG: a new sample on all axes.
const READY: u8 = 0x08;

/// The bits of the ranges.
const RANGES: Ranges<1, 3> = Ranges::of(&LIS3DH, [&[0x00, 0x10, 0x20]]);

/// The sensor, at ±2 g at first; its axes have one range.
pub struct Accelerometer<I> {
    bus: I,
    off_pays: Duration,
    /// Pin SDO/SA0 is high.
    alternate: bool,
    /// The status is read in a transfer of its own.
    status_first: bool,
    ranges: Ranges<1, 3>,
}

impl<I: I2c> Accelerometer<I> {
    /// A part that has yet to be found, at address 0x18, or 0x19 where `alternate` says that pin SDO/SA0 is high.
    pub const fn new(bus: I, alternate: bool) -> Self {
        Self {
            bus,
            off_pays: LIS3DH.off_pays,
            alternate,
            status_first: false,
            ranges: RANGES,
        }
    }

    /// Another shortest pause in which it is switched off: where the board's core sleeps while a transfer runs, short ones pay.
    #[must_use]
    pub const fn with_off_pays(mut self, pause: Duration) -> Self {
        self.off_pays = pause;
        self
    }

    /// The status in a transfer of its own, and the sample only where it is there: for a program that wants every sample. In one
    /// transfer, a sample that comes behind the status is read, and no longer new at the next look.
    #[must_use]
    pub const fn with_status_first(mut self) -> Self {
        self.status_first = true;
        self
    }

    const fn address(&self) -> u8 {
        if self.alternate { 0x19 } else { 0x18 }
    }

    fn write(&mut self, register: u8, value: u8) -> Result<(), Error<I::Error>> {
        Ok(self.bus.write(self.address(), &[register, value])?)
    }

    /// Status and sample, in one transfer or in two.
    fn read_sample(&mut self) -> Result<Option<[i16; 3]>, Error<I::Error>> {
        if self.status_first {
            let mut status = [0];
            self.bus.write_read(self.address(), &[STATUS_REG], &mut status)?;
            let [status] = status;
            if status & READY == 0 {
                return Ok(None);
            }
        }
        let mut bytes = [0; 7];
        self.bus
            .write_read(self.address(), &[STATUS_REG | COUNT_UP], &mut bytes)?;
        let [status, x_low, x, y_low, y, z_low, z] = bytes;
        let counts = [[x_low, x], [y_low, y], [z_low, z]].map(i16::from_le_bytes);
        Ok((status & READY != 0).then_some(counts))
    }
}

impl<I: I2c> Described for Accelerometer<I> {
    fn channels(&self) -> &[ChannelScale] {
        self.ranges.channels()
    }

    fn rate_hz(&self) -> u32 {
        LIS3DH.rate_hz
    }

    /// Checks that it is the part, configures it and switches it off.
    fn find(&mut self) -> Result<(), Self::Error> {
        let mut found = [0];
        self.bus.write_read(self.address(), &[WHO_AM_I], &mut found)?;
        let [found] = found;
        if found != PART {
            return Err(Error::Part { found });
        }
        self.write(CTRL_REG1, OFF)?;
        self.write(CTRL_REG0, if self.alternate { PULL_UP } else { NO_PULL_UP })?;
        // Neither the converter nor the temperature sensor.
        self.write(TEMP_CFG_REG, 0)?;
        let [range] = self.ranges.bits();
        self.write(CTRL_REG4, CONTROL | range)
    }

    fn set_ranges(&mut self, full_scales: &[f32]) -> Result<(), Self::Error> {
        let ranges = self.ranges.nearest(full_scales);
        let [range] = ranges.bits();
        self.write(CTRL_REG4, CONTROL | range)?;
        self.ranges = ranges;
        Ok(())
    }
}

impl<I: I2c> Sensor for Accelerometer<I> {
    type Error = Error<I::Error>;
    type Sample = [i16; 3];

    fn profile(&self) -> Profile {
        Profile {
            turn_on: LIS3DH.turn_on,
            off_pays: self.off_pays,
            ..Profile::default()
        }
    }

    fn power_up(&mut self) -> Result<(), Self::Error> {
        self.write(CTRL_REG1, ON)
    }

    fn power_down(&mut self) -> Result<(), Self::Error> {
        self.write(CTRL_REG1, OFF)
    }

    fn read(&mut self, _: u64) -> Poll<Result<[i16; 3], Self::Error>> {
        self.read_sample().transpose().map_or(Poll::Pending, Poll::Ready)
    }
}
