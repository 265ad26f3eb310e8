//! Analog Devices ADXL362 on an SPI bus, by its data sheet (rev. F).
//!
//! Modelled: every register, the commands to read and write registers with addresses that count up, standby and
//! measurement, the three ranges and six rates, 4 periods from the start of a measurement to valid data, DATA_READY (it
//! falls as data begin to be read, and data do not change while they are read), software reset, supply current.
//!
//! Before the fourth period nothing new can be read: the registers keep what they had, and DATA_READY stays low.
//!
//! Not modelled, and the run ends where a program switches it on or reads it: FIFO, activity and inactivity detection,
//! interrupt pins, wake-up mode, autosleep, external clock and trigger, self-test, temperature. The bandwidth is
//! accepted and without effect.

use super::{
    SharedWorld, SpiPart,
    grid::Grid,
    registers::{Register, Registers},
};
use crate::{
    event::{Events, Sample, What},
    time::Time,
};

const NAME: &str = "ADXL362";

const WRITE_REGISTER: u8 = 0x0a;
const READ_REGISTER: u8 = 0x0b;

const XDATA: u8 = 0x08;
const ZDATA: u8 = 0x0a;
const STATUS: u8 = 0x0b;
const XDATA_L: u8 = 0x0e;
const ZDATA_H: u8 = 0x13;
const SOFT_RESET: u8 = 0x1f;
const FILTER_CTL: u8 = 0x2c;
const POWER_CTL: u8 = 0x2d;

/// What SOFT_RESET takes: "R".
const RESET_CODE: u8 = 0x52;
const DATA_READY: u8 = 0x01;
const MEASURE: u8 = 0x02;
/// From the start of a measurement to valid data, in periods (table 1, turn-on time).
const TURN_ON_PERIODS: u64 = 4;

const FIFO: &str = "the FIFO is not modelled";
const PINS: &str = "interrupt pins are not modelled";
const ACTIVITY: &str = "activity and inactivity detection are not modelled";
const TEMPERATURE: &str = "the temperature is not modelled";

/// The data sheet's register summary.
const TABLE: &[Register] = &[
    Register::ro(0x00, "DEVID_AD", 0xad),
    Register::ro(0x01, "DEVID_MST", 0x1d),
    Register::ro(0x02, "PARTID", 0xf2),
    Register::ro(0x03, "REVID", 0x01),
    Register::ro(XDATA, "XDATA", 0),
    Register::ro(0x09, "YDATA", 0),
    Register::ro(ZDATA, "ZDATA", 0),
    Register::ro(STATUS, "STATUS", 0x40),
    Register::ro(0x0c, "FIFO_ENTRIES_L", 0),
    Register::ro(0x0d, "FIFO_ENTRIES_H", 0),
    Register::ro(XDATA_L, "XDATA_L", 0),
    Register::ro(0x0f, "XDATA_H", 0),
    Register::ro(0x10, "YDATA_L", 0),
    Register::ro(0x11, "YDATA_H", 0),
    Register::ro(0x12, "ZDATA_L", 0),
    Register::ro(ZDATA_H, "ZDATA_H", 0),
    Register::blind(0x14, "TEMP_L", TEMPERATURE),
    Register::blind(0x15, "TEMP_H", TEMPERATURE),
    Register::rw(SOFT_RESET, "SOFT_RESET", 0),
    Register::rw(0x20, "THRESH_ACT_L", 0),
    Register::rw(0x21, "THRESH_ACT_H", 0),
    Register::rw(0x22, "TIME_ACT", 0),
    Register::rw(0x23, "THRESH_INACT_L", 0),
    Register::rw(0x24, "THRESH_INACT_H", 0),
    Register::rw(0x25, "TIME_INACT_L", 0),
    Register::rw(0x26, "TIME_INACT_H", 0),
    Register::rw(0x27, "ACT_INACT_CTL", 0).hold(0xff, ACTIVITY),
    Register::rw(0x28, "FIFO_CONTROL", 0).hold(0xf3, FIFO),
    Register::rw(0x29, "FIFO_SAMPLES", 0x80),
    Register::rw(0x2a, "INTMAP1", 0).hold(0xff, PINS),
    Register::rw(0x2b, "INTMAP2", 0).hold(0xff, PINS),
    Register::rw(FILTER_CTL, "FILTER_CTL", 0x13).hold(0x28, "the external trigger is not modelled"),
    Register::rw(POWER_CTL, "POWER_CTL", 0).hold(0xcc, "external clock, wake-up mode and autosleep are not modelled"),
    Register::rw(0x2e, "SELF_TEST", 0).hold(0xff, "self-test is not modelled"),
];

/// What the next byte of a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Command,
    Address {
        read: bool,
    },
    Data {
        read: bool,
        address: u8,
    },
    /// A command that the part does not know, or that ended the run.
    Nothing,
}

/// The part. See the header of its file for what is modelled.
pub struct Adxl362 {
    rate_error_ppm: i32,
    world: SharedWorld,
    registers: Registers,
    grid: Option<Grid>,
    counts: [i16; 3],
    /// When they were taken; none before the first sample.
    taken: Option<Time>,
    /// They belong to the present measurement, or to the one that ended last.
    valid: bool,
    /// For each axis, the instant of the sample that was read last.
    seen: [Option<Time>; 3],
    ready: bool,
    next: Next,
    /// Data are being read: they stay until the transfer ends.
    frozen: bool,
    /// What this transfer read of each axis, left-justified in 16 bits.
    delivered: [Option<i16>; 3],
    look: Option<bool>,
}

impl std::fmt::Debug for Adxl362 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct(NAME)
            .field("registers", &self.registers)
            .finish_non_exhaustive()
    }
}

impl Adxl362 {
    /// The part after power-on, which is standby. Its clock runs fast by `rate_error_ppm` millionths.
    #[must_use]
    pub fn new(world: SharedWorld, rate_error_ppm: i32) -> Self {
        Self {
            rate_error_ppm,
            world,
            registers: Registers::new(NAME, [TABLE, &[]]),
            grid: None,
            counts: [0; 3],
            taken: None,
            valid: false,
            seen: [None; 3],
            ready: false,
            next: Next::Nothing,
            frozen: false,
            delivered: [None; 3],
            look: None,
        }
    }

    /// FILTER_CTL bits 2:0: 12.5 Hz and its multiples up to 400 Hz, which codes above 5 give too.
    fn rate_millihertz(&self) -> u64 {
        12_500 << (self.registers.get(FILTER_CTL) & 7).min(5)
    }

    /// FILTER_CTL bits 7:6: 1, 2 or 4 mg a count.
    fn step_mg(&self) -> f64 {
        [1.0, 2.0, 4.0, 4.0][usize::from(self.registers.get(FILTER_CTL) >> 6)]
    }

    fn advance(&mut self, now: Time) {
        if self.frozen {
            return;
        }
        let Some(batch) = self.grid.as_mut().and_then(|grid| grid.advance(now)) else {
            return;
        };
        if batch.index + 1 < TURN_ON_PERIODS {
            return;
        }
        let step = self.step_mg();
        // A recording in steps of the part comes out as it went in, in spite of its rounding to f32.
        let steps = |g: f32| (f64::from(g) * 1_000.0 / step + 1e-3).floor().clamp(-2_048.0, 2_047.0) as i16;
        self.counts = self.world.acceleration_g(batch.last).map(steps);
        self.taken = Some(batch.last);
        self.valid = true;
        self.ready = true;
    }

    fn write_register(&mut self, address: u8, value: u8, now: Time) {
        if !self.registers.write(address, value) {
            return;
        }
        match address {
            SOFT_RESET => {
                self.registers.set(SOFT_RESET, 0);
                if value == RESET_CODE {
                    self.registers.reset();
                    self.counts = [0; 3];
                    self.taken = None;
                    self.valid = false;
                    self.ready = false;
                    self.switch(now);
                }
            }
            FILTER_CTL | POWER_CTL => self.switch(now),
            _ => {}
        }
    }

    /// A measurement begins, begins anew or ends.
    fn switch(&mut self, now: Time) {
        self.grid = match self.registers.get(POWER_CTL) & 3 {
            0 => None,
            MEASURE => {
                self.valid &= self.grid.is_some();
                Some(Grid::new(now, self.rate_millihertz(), self.rate_error_ppm))
            }
            _ => {
                self.registers.refuse("sets a reserved mode in POWER_CTL");
                None
            }
        };
    }

    fn read_register(&mut self, address: u8) -> u8 {
        let value = self.registers.read(address);
        match address {
            STATUS => {
                self.look = Some(self.ready);
                value | if self.ready { DATA_READY } else { 0 }
            }
            XDATA..=ZDATA => {
                let axis = usize::from(address - XDATA);
                let high = self.data(axis) >> 4;
                self.delivered[axis] = Some(high << 8);
                high as u8
            }
            XDATA_L..=ZDATA_H => {
                let offset = address - XDATA_L;
                let axis = usize::from(offset / 2);
                let counts = self.data(axis);
                let high = offset & 1 != 0;
                if high {
                    self.delivered[axis] = Some(counts << 4);
                }
                counts.to_le_bytes()[usize::from(high)]
            }
            _ => value,
        }
    }

    /// Data begin to be read.
    fn data(&mut self, axis: usize) -> i16 {
        self.frozen = true;
        self.ready = false;
        self.counts[axis]
    }

    fn finish(&mut self, now: Time, events: &mut Events) {
        if let Some(ready) = self.look.take() {
            events.push(now, What::Look { part: NAME, ready });
        }
        let delivered = std::mem::take(&mut self.delivered);
        let mut again = false;
        for (seen, _) in self
            .seen
            .iter_mut()
            .zip(delivered)
            .filter(|(_, counts)| counts.is_some())
        {
            again |= self.taken.is_some() && *seen == self.taken;
            *seen = self.taken;
        }
        let counts: Vec<i16> = delivered.into_iter().flatten().collect();
        if !counts.is_empty() {
            let sample = Sample {
                part: NAME,
                counts,
                taken: self.taken.unwrap_or_default(),
                again,
                settled: self.valid,
            };
            events.push(now, What::Sample(sample));
        }
    }
}

impl SpiPart for Adxl362 {
    fn select(&mut self, selected: bool, now: Time, events: &mut Events) {
        if !selected {
            self.finish(now, events);
            self.frozen = false;
        }
        self.advance(now);
        self.next = if selected { Next::Command } else { Next::Nothing };
    }

    fn exchange(&mut self, byte: u8, now: Time, _: &mut Events) -> u8 {
        self.advance(now);
        let mut answer = 0;
        self.next = match self.next {
            Next::Command => match byte {
                WRITE_REGISTER => Next::Address { read: false },
                READ_REGISTER => Next::Address { read: true },
                _ => {
                    self.registers
                        .refuse(&format!("sends the command {byte:#04x}, which is not modelled"));
                    Next::Nothing
                }
            },
            Next::Address { read } => Next::Data { read, address: byte },
            Next::Data { read, address } => {
                if read {
                    answer = self.read_register(address);
                } else {
                    self.write_register(address, byte, now);
                }
                let address = address.wrapping_add(1) & 0x3f;
                Next::Data { read, address }
            }
            Next::Nothing => Next::Nothing,
        };
        answer
    }

    /// By table 1, at 2.0 V: 1.8 µA at 100 Hz and 3.0 µA at 400 Hz in normal operation, 3.3 and 13 µA at 100 Hz with
    /// low and ultralow noise, 10 nA in standby; 15 % below and 25 % above for the spread of parts (assumed, as in the
    /// sensor's profile). Other rates are interpolated, and slower ones than 100 Hz extrapolated with a low end of
    /// half.
    fn current_na(&self) -> (u32, u32, u32) {
        if self.grid.is_none() {
            return (10, 10, 20);
        }
        let rate_hz = (self.rate_millihertz() / 1_000) as u32;
        let noise = match self.registers.get(POWER_CTL) >> 4 & 3 {
            0 => 0,
            1 => 1_500,
            _ => 11_200,
        };
        let typical = 1_400 + rate_hz * 4 + noise;
        let low = if rate_hz < 100 { typical / 2 } else { typical * 85 / 100 };
        (low, typical, typical * 125 / 100)
    }

    fn take_stop(&mut self) -> Option<String> {
        self.registers.take_stop()
    }
}

#[cfg(test)]
mod tests;
