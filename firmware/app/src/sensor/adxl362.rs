//! Analog Devices ADXL362: three axes of acceleration over SPI, at 400 Hz while it measures.
//!
//! No maintained driver exists for embedded-hal 1.0. Data sheet (rev. F): 12 bits, sign-extended to 16, 1, 2 or 4 mg a count;
//! valid 4 periods after the measurement begins; 3.0 µA at 400 Hz, 10 nA in standby.

use super::{ChannelScale, Described, Error, Ranges};
use board_link::sensors::ADXL362;
use core::task::Poll;
use embedded_hal::spi::SpiDevice;
use skiprnn_nostd::runner::{Profile, Sensor};

const WRITE: u8 = 0x0a;
const READ: u8 = 0x0b;
const DEVID_AD: u8 = 0x00;
const STATUS: u8 = 0x0b;
const XDATA_L: u8 = 0x0e;
const FILTER_CTL: u8 = 0x2c;
const POWER_CTL: u8 = 0x2d;

/// What DEVID_AD reads.
const PART: u8 = 0xad;
/// 400 Hz, half of it as bandwidth; the two highest bits are the range.
const FILTER: u8 = 0x15;
const MEASURE: u8 = 0x02;
const STANDBY: u8 = 0x00;
const DATA_READY: u8 = 1;

/// From the part's 12 bits to the 16 that a model counts in.
const LEFT_SHIFT: u32 = 4;
/// The bits of the ranges. A full scale is at 32,768 counts, 16 for each of the part's.
const RANGES: Ranges<1, 3> = Ranges::of(&ADXL362, [&[0x00, 0x40, 0x80]]);

/// The sensor, at ±2 g at first; its axes have one range.
pub struct Accelerometer<S> {
    bus: S,
    ranges: Ranges<1, 3>,
}

impl<S: SpiDevice> Accelerometer<S> {
    /// A part that has yet to be found.
    pub const fn new(bus: S) -> Self {
        Self { bus, ranges: RANGES }
    }

    fn write(&mut self, register: u8, value: u8) -> Result<(), Error<S::Error>> {
        Ok(self.bus.write(&[WRITE, register, value])?)
    }

    /// As many registers as the result has bytes, from `first` on.
    fn registers<const N: usize>(&mut self, first: u8) -> Result<[u8; N], Error<S::Error>> {
        let mut values = [0; N];
        self.bus.transaction(&mut [
            embedded_hal::spi::Operation::Write(&[READ, first]),
            embedded_hal::spi::Operation::Read(&mut values),
        ])?;
        Ok(values)
    }

    fn read_sample(&mut self) -> Result<Option<[i16; 3]>, Error<S::Error>> {
        let [status] = self.registers(STATUS)?;
        if status & DATA_READY == 0 {
            return Ok(None);
        }
        let bytes: [u8; 6] = self.registers(XDATA_L)?;
        let mut sample = [0; 3];
        for (count, bytes) in sample.iter_mut().zip(bytes.as_chunks().0) {
            *count = i16::from_le_bytes(*bytes) << LEFT_SHIFT;
        }
        Ok(Some(sample))
    }
}

impl<S: SpiDevice> Described for Accelerometer<S> {
    fn channels(&self) -> &[ChannelScale] {
        self.ranges.channels()
    }

    fn rate_hz(&self) -> u32 {
        ADXL362.rate_hz
    }

    /// Checks that it is the part, configures it and leaves it in standby.
    fn find(&mut self) -> Result<(), Self::Error> {
        let [found] = self.registers(DEVID_AD)?;
        if found != PART {
            return Err(Error::Part { found });
        }
        let [range] = self.ranges.bits();
        self.write(FILTER_CTL, FILTER | range)?;
        self.write(POWER_CTL, STANDBY)
    }

    fn set_ranges(&mut self, full_scales: &[f32]) -> Result<(), Self::Error> {
        let ranges = self.ranges.nearest(full_scales);
        let [range] = ranges.bits();
        self.write(FILTER_CTL, FILTER | range)?;
        self.ranges = ranges;
        Ok(())
    }
}

impl<S: SpiDevice> Sensor for Accelerometer<S> {
    type Error = Error<S::Error>;
    type Sample = [i16; 3];

    fn profile(&self) -> Profile {
        Profile {
            turn_on: ADXL362.turn_on,
            off_pays: ADXL362.off_pays,
            ..Profile::default()
        }
    }

    fn power_up(&mut self) -> Result<(), Self::Error> {
        self.write(POWER_CTL, MEASURE)
    }

    fn power_down(&mut self) -> Result<(), Self::Error> {
        self.write(POWER_CTL, STANDBY)
    }

    fn read(&mut self, _: u64) -> Poll<Result<[i16; 3], Self::Error>> {
        self.read_sample().transpose().map_or(Poll::Pending, Poll::Ready)
    }
}
