//! ST's LSM6DS family (LSM6DS3, LSM6DSL, LSM6DSM, LSM6DSR, LSM6DSO, LSM6DSOX): three axes of acceleration and three of
//! angular rate over I2C, at 208 Hz while they are on.
//!
//! The registers used here are the same in all of them; the published drivers each serve one part of the family. The
//! gyroscope is the slow part: its data sheets give 35 ms from power-down as typical, the application notes 80 ms at most for the
//! LSM6DS3 (AN4650) and 70 ms and three samples to discard for the LSM6DS3TR-C (AN5130), which answers as the LSM6DSL does. What is
//! read is up to a period of 208 Hz old, 5.3 ms with a clock 10 % slow. So 90 ms for all: nothing in the part's status tells a
//! sample that has not settled.
//!
//! Both run in normal mode, in which the LSM6DSL takes 450 µA at 208 Hz in place of the 650 µA of high-performance mode. Its noise,
//! about 2 mg and 0.08 degrees a second, is far below what a model of movements sees. The LSM6DSO's data sheet has no figure of the
//! mode: in the LSM6DSL's proportion its 550 µA become 380 µA (assumed). Off they take 3 µA.
//!
//! The gyroscope's sleep mode (SLEEP_G) is not used: ST publishes no current of it, and answers that it is the one of power-down
//! (community.st.com, "What is the LSM6DS3 gyroscope current consumption while in sleep mode?"), which does not agree with a drive
//! that goes on. Between the accelerometer's current and that of both it would not pay.
//!
//! A used sample takes four transfers: one to switch both on, status, sample, one to switch both off. Status and sample in
//! one would be as long on the bus, since five other registers lie between them.
//!
//! The accelerometer's second low-pass filter (LPF2) is off, since the registers that set it differ within the family
//! (CTRL8_XL of DS12140 and of the LSM6DSL's DocID028475): what moves faster than 25 Hz aliases at a model's 50 Hz.

use super::{ChannelScale, Described, Error, Ranges};
use board_link::sensors::LSM6DS;
use core::task::Poll;
use embedded_hal::i2c::I2c;
use skiprnn_nostd::runner::{Profile, Sensor};

const WHO_AM_I: u8 = 0x0f;
/// CTRL2_G follows it.
const CTRL1_XL: u8 = 0x10;
const CTRL3_C: u8 = 0x12;
/// CTRL7_G follows it.
const CTRL6_C: u8 = 0x15;
const STATUS_REG: u8 = 0x1e;
const OUTX_L_G: u8 = 0x22;

/// What WHO_AM_I reads in the family: DS3, DSL and DSM, DSR, DSO and DSOX.
const PARTS: [u8; 4] = [0x69, 0x6a, 0x6b, 0x6c];
/// 208 Hz, in both registers that switch on; the range stands in other bits.
const ON: u8 = 0x50;
/// Block data update, and addresses that count up within a transfer.
const CONTROL: u8 = 0x44;
/// CTRL6_C and CTRL7_G: neither half in high-performance mode.
const NORMAL_MODE: [u8; 2] = [0x10, 0x80];
/// New acceleration and new angular rate.
const READY: u8 = 0b11;

/// The bits of the ranges, of acceleration and of angular rate.
const RANGES: Ranges<2, 6> = Ranges::of(&LSM6DS, [&[0x00, 0x08, 0x0c, 0x04], &[0x00, 0x04, 0x08, 0x0c]]);

/// The sensor: acceleration x, y, z, then angular rate x, y, z; at ±2 g and 250 degrees a second at first.
pub struct Inertial<I> {
    bus: I,
    address: u8,
    ranges: Ranges<2, 6>,
}

impl<I: I2c> Inertial<I> {
    /// A part that has yet to be found. `address` is 0x6a, or 0x6b where pin SA0 is high.
    pub const fn new(bus: I, address: u8) -> Self {
        Self {
            bus,
            address,
            ranges: RANGES,
        }
    }

    /// Both control registers in one transfer.
    fn switch(&mut self, acceleration: u8, rate: u8) -> Result<(), Error<I::Error>> {
        Ok(self.bus.write(self.address, &[CTRL1_XL, acceleration, rate])?)
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
        self.ranges.channels()
    }

    fn rate_hz(&self) -> u32 {
        LSM6DS.rate_hz
    }

    /// Checks that it is a part of the family, configures it and switches it off.
    fn find(&mut self) -> Result<(), Self::Error> {
        let mut found = [0];
        self.bus.write_read(self.address, &[WHO_AM_I], &mut found)?;
        let [found] = found;
        if !PARTS.contains(&found) {
            return Err(Error::Part { found });
        }
        self.bus.write(self.address, &[CTRL3_C, CONTROL])?;
        self.switch(0, 0)?;
        // The mode changes while both are off.
        let [acceleration, rate] = NORMAL_MODE;
        Ok(self.bus.write(self.address, &[CTRL6_C, acceleration, rate])?)
    }

    /// Acceleration by the first, angular rate by the fourth; they are set as the part is switched on.
    fn set_ranges(&mut self, full_scales: &[f32]) -> Result<(), Self::Error> {
        self.ranges = self.ranges.nearest(full_scales);
        Ok(())
    }
}

impl<I: I2c> Sensor for Inertial<I> {
    type Error = Error<I::Error>;
    type Sample = [i16; 6];

    fn profile(&self) -> Profile {
        Profile {
            turn_on: LSM6DS.turn_on,
            off_pays: LSM6DS.off_pays,
            ..Profile::default()
        }
    }

    fn power_up(&mut self) -> Result<(), Self::Error> {
        let [acceleration, rate] = self.ranges.bits();
        self.switch(ON | acceleration, ON | rate)
    }

    fn power_down(&mut self) -> Result<(), Self::Error> {
        self.switch(0, 0)
    }

    fn read(&mut self, _: u64) -> Poll<Result<[i16; 6], Self::Error>> {
        self.read_sample().transpose().map_or(Poll::Pending, Poll::Ready)
    }
}
