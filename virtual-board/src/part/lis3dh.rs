//! ST LIS3DH on an I2C bus, by its data sheet (DocID17530 rev. 2) and application note AN3308.
//!
//! Modelled: every register of table 21, addresses that count up where bit 7 of the subaddress is set (6.1.1),
//! power-down, the three modes and their resolutions (table 10), turn-on (1 ms in low-power mode, 1.6 ms in normal
//! mode, 7 periods in high-resolution mode) and changes of mode (table 11), data-ready and overrun flags, block data
//! update, byte order, the pull-up at SDO/SA0 (CTRL_REG0 bit 7), supply current (table 12).
//!
//! The first sample comes one period behind the turn-on time. Flags and outputs outlive power-down; whether the part
//! does so too is not documented. Switched on again, the part has not settled before its next sample: what is read then
//! is reported so. A count is the acceleration rounded down to a step of the mode.
//!
//! Not modelled, and the run ends where a program switches it on: FIFO, high-pass filter, self-test, interrupts and
//! their pins, click and activity detection, reading the auxiliary converter and the temperature. Their enable bits in
//! TEMP_CFG_REG are accepted. The low-pass filter (half the rate) is without effect.

use super::{
    I2cPart, SharedWorld,
    grid::Grid,
    outputs::Outputs,
    registers::{Register, Registers},
};
use crate::{
    event::{Events, What},
    power::PartPower,
    time::Time,
};

const NAME: &str = "LIS3DH";

const CTRL_REG0: u8 = 0x1e;
const CTRL_REG1: u8 = 0x20;
const CTRL_REG4: u8 = 0x23;
const CTRL_REG5: u8 = 0x24;
const STATUS_REG: u8 = 0x27;
const OUT_X_L: u8 = 0x28;
const OUT_Z_H: u8 = 0x2d;

/// CTRL_REG0: disconnects the pull-up at SDO/SA0.
const SDO_PU_DISC: u8 = 0x80;
/// CTRL_REG1: low-power mode.
const LPEN: u8 = 0x08;
/// CTRL_REG4: block data update, high byte first, high-resolution mode.
const BDU: u8 = 0x80;
const BLE: u8 = 0x40;
const HR: u8 = 0x08;
/// CTRL_REG5: reloads the trimming; the bit falls by itself.
const BOOT: u8 = 0x80;

const ADC: &str = "the auxiliary converter is not modelled";
const INTERRUPT: &str = "interrupts are not modelled";
const CLICK: &str = "click detection is not modelled";
const ACTIVITY: &str = "activity detection is not modelled";

/// Table 21 of the data sheet.
const TABLE: &[Register] = &[
    Register::blind(0x07, "STATUS_REG_AUX", ADC),
    Register::blind(0x08, "OUT_ADC1_L", ADC),
    Register::blind(0x09, "OUT_ADC1_H", ADC),
    Register::blind(0x0a, "OUT_ADC2_L", ADC),
    Register::blind(0x0b, "OUT_ADC2_H", ADC),
    Register::blind(0x0c, "OUT_ADC3_L", ADC),
    Register::blind(0x0d, "OUT_ADC3_H", ADC),
    Register::ro(0x0f, "WHO_AM_I", 0x33),
    Register::rw(CTRL_REG0, "CTRL_REG0", 0x10).hold(0x7f, "the data sheet wants 0010000 there"),
    Register::rw(0x1f, "TEMP_CFG_REG", 0).hold(0x3f, "the data sheet knows no such bits"),
    Register::rw(CTRL_REG1, "CTRL_REG1", 0x07),
    Register::rw(0x21, "CTRL_REG2", 0).hold(0xff, "the high-pass filter is not modelled"),
    Register::rw(0x22, "CTRL_REG3", 0).hold(0xff, INTERRUPT),
    Register::rw(CTRL_REG4, "CTRL_REG4", 0).hold(0x06, "self-test is not modelled"),
    Register::rw(CTRL_REG5, "CTRL_REG5", 0).hold(0x7f, "FIFO and interrupts are not modelled"),
    Register::rw(0x25, "CTRL_REG6", 0).hold(0xff, INTERRUPT),
    Register::rw(0x26, "REFERENCE", 0),
    Register::ro(STATUS_REG, "STATUS_REG", 0),
    Register::ro(0x28, "OUT_X_L", 0),
    Register::ro(0x29, "OUT_X_H", 0),
    Register::ro(0x2a, "OUT_Y_L", 0),
    Register::ro(0x2b, "OUT_Y_H", 0),
    Register::ro(0x2c, "OUT_Z_L", 0),
    Register::ro(OUT_Z_H, "OUT_Z_H", 0),
    Register::rw(0x2e, "FIFO_CTRL_REG", 0).hold(0xc0, "the FIFO is not modelled"),
    Register::blind(0x2f, "FIFO_SRC_REG", "the FIFO is not modelled"),
    Register::rw(0x30, "INT1_CFG", 0).hold(0xff, INTERRUPT),
    Register::blind(0x31, "INT1_SRC", INTERRUPT),
    Register::rw(0x32, "INT1_THS", 0),
    Register::rw(0x33, "INT1_DURATION", 0),
    Register::rw(0x34, "INT2_CFG", 0).hold(0xff, INTERRUPT),
    Register::blind(0x35, "INT2_SRC", INTERRUPT),
    Register::rw(0x36, "INT2_THS", 0),
    Register::rw(0x37, "INT2_DURATION", 0),
    Register::rw(0x38, "CLICK_CFG", 0).hold(0xff, CLICK),
    Register::blind(0x39, "CLICK_SRC", CLICK),
    Register::rw(0x3a, "CLICK_THS", 0),
    Register::rw(0x3b, "TIME_LIMIT", 0),
    Register::rw(0x3c, "TIME_LATENCY", 0),
    Register::rw(0x3d, "TIME_WINDOW", 0),
    Register::rw(0x3e, "ACT_THS", 0).hold(0xff, ACTIVITY),
    Register::rw(0x3f, "ACT_DUR", 0),
];

/// The current through the pull-up at SDO/SA0 while the pin is low, in nanoamperes. Typical: what remained of 78 µA at
/// 2.5 V beside the part's own 4 µA (ST community, "LIS3DH current consumption", 2017). The ends are predicted, in
/// proportion to a supply of 1.8 V and 3.6 V.
const PULL_UP_NA: (u32, u32, u32) = (54_000, 75_000, 108_000);

/// Resolution and noise against current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// 8 bits.
    LowPower,
    /// 10 bits.
    Normal,
    /// 12 bits.
    HighResolution,
}

/// The part. See the header of its file for what is modelled.
pub struct Lis3dh {
    sa0: bool,
    rate_error_ppm: i32,
    world: SharedWorld,
    registers: Registers,
    outputs: Outputs,
    grid: Option<Grid>,
    /// Samples from here on are valid.
    settled: Time,
    /// The register that the next byte reads or writes, and whether it counts up.
    pointer: u8,
    counts_up: bool,
    /// The next byte is the subaddress.
    addressed: bool,
    /// This transfer read the status, and what that said.
    look: Option<bool>,
    /// The pull-up works against the pin, and that was said.
    pull_told: bool,
}

impl std::fmt::Debug for Lis3dh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct(NAME)
            .field("registers", &self.registers)
            .finish_non_exhaustive()
    }
}

impl Lis3dh {
    /// The part after power-on, which is power-down. `sa0` is the level at pin SDO/SA0: its address is 0x19 where it is
    /// high, 0x18 where it is low. Its clock runs fast by `rate_error_ppm` millionths; the data sheet states no
    /// tolerance, parts are known to be off by several percent.
    #[must_use]
    pub fn new(world: SharedWorld, sa0: bool, rate_error_ppm: i32) -> Self {
        Self {
            sa0,
            rate_error_ppm,
            world,
            registers: Registers::new(NAME, [TABLE, &[]]),
            outputs: Outputs::default(),
            grid: None,
            settled: Time::NEVER,
            pointer: 0,
            counts_up: false,
            addressed: false,
            look: None,
            pull_told: false,
        }
    }

    fn mode(&self) -> Mode {
        match (
            self.registers.get(CTRL_REG1) & LPEN != 0,
            self.registers.get(CTRL_REG4) & HR != 0,
        ) {
            (true, _) => Mode::LowPower,
            (false, false) => Mode::Normal,
            (false, true) => Mode::HighResolution,
        }
    }

    /// The data rate in millihertz, by table 31; none in power-down or where the code is reserved.
    fn rate_millihertz(&self) -> Option<u64> {
        Some(match (self.registers.get(CTRL_REG1) >> 4, self.mode()) {
            (1, _) => 1_000,
            (2, _) => 10_000,
            (3, _) => 25_000,
            (4, _) => 50_000,
            (5, _) => 100_000,
            (6, _) => 200_000,
            (7, _) => 400_000,
            (8, Mode::LowPower) => 1_620_000,
            (9, Mode::LowPower) => 5_376_000,
            (9, _) => 1_344_000,
            _ => return None,
        })
    }

    /// Takes the samples that are due.
    fn advance(&mut self, now: Time) {
        let Some(batch) = self.grid.as_mut().and_then(|grid| grid.advance(now)) else {
            return;
        };
        let counts = self.world.acceleration_g(batch.last).map(|value| self.count(value));
        let on = [0, 1, 2].map(|axis| self.registers.get(CTRL_REG1) >> axis & 1 != 0);
        self.outputs.update(batch, counts, on, batch.last >= self.settled, true);
    }

    /// An acceleration as the part delivers it, left-justified in 16 bits: 1, 2, 4 or 12 mg a step of 12 bits (table
    /// 4).
    fn count(&self, acceleration_g: f32) -> i16 {
        let step_mg = [1.0, 2.0, 4.0, 12.0][usize::from(self.registers.get(CTRL_REG4) >> 4 & 3)];
        let bits = match self.mode() {
            Mode::LowPower => 8,
            Mode::Normal => 10,
            Mode::HighResolution => 12,
        };
        let coarse = f64::from(1 << (12 - bits));
        // A recording in steps of the part comes out as it went in, in spite of its rounding to f32.
        let steps = (f64::from(acceleration_g) * 1_000.0 / (step_mg * coarse) + 1e-3).floor();
        let half = f64::from(1 << (bits - 1));
        (steps.clamp(-half, half - 1.0) as i16) << (16 - bits)
    }

    fn write_register(&mut self, address: u8, value: u8, now: Time) {
        let before = (self.rate_millihertz(), self.mode());
        if !self.registers.write(address, value) {
            return;
        }
        match address {
            CTRL_REG1 | CTRL_REG4 => self.switch(before, now),
            CTRL_REG5 => self.registers.set(CTRL_REG5, value & !BOOT),
            _ => {}
        }
    }

    /// The rate or the mode may have changed.
    fn switch(&mut self, (old_rate, old_mode): (Option<u64>, Mode), now: Time) {
        let (control1, control4) = (self.registers.get(CTRL_REG1), self.registers.get(CTRL_REG4));
        let (rate, mode) = (self.rate_millihertz(), self.mode());
        if rate.is_some() && control1 & LPEN != 0 && control4 & HR != 0 {
            self.registers
                .refuse("switches on with LPen and HR both set, which table 10 does not allow");
        }
        let Some(rate) = rate else {
            if control1 >> 4 != 0 {
                self.registers
                    .refuse(&format!("sets a reserved rate, CTRL_REG1 to {control1:#04x}"));
            }
            self.grid = None;
            return;
        };
        let turn_on = match (old_rate, mode) {
            (Some(_), _) | (None, Mode::HighResolution) => Time::ZERO,
            (None, Mode::LowPower) => Time::from_us(1_000),
            (None, Mode::Normal) => Time::from_us(1_600),
        };
        if old_rate != Some(rate) {
            self.grid = Some(Grid::new(now + turn_on, rate, self.rate_error_ppm));
        }
        if old_rate.is_none() {
            self.outputs.switched_on();
        }
        if old_rate.is_none() || old_mode != mode {
            let periods = if mode == Mode::HighResolution { 7 } else { 1 };
            let period = self.grid.map_or(Time::ZERO, |grid| grid.period());
            self.settled = now + turn_on + Time::from_ps(periods * period.ps());
        }
    }

    fn read_register(&mut self, address: u8) -> u8 {
        let value = self.registers.read(address);
        let control = self.registers.get(CTRL_REG4);
        match address {
            STATUS_REG => {
                self.look = Some(self.outputs.ready());
                self.outputs.status()
            }
            OUT_X_L..=OUT_Z_H => {
                let offset = address - OUT_X_L;
                let high = (offset & 1 != 0) != (control & BLE != 0);
                self.outputs.read(usize::from(offset / 2), high, control & BDU != 0)
            }
            _ => value,
        }
    }

    fn pulls(&self) -> bool {
        !self.sa0 && self.registers.get(CTRL_REG0) & SDO_PU_DISC == 0
    }

    /// A transfer ends: what it was.
    fn finish(&mut self, now: Time, events: &mut Events) {
        if let Some(ready) = self.look.take() {
            events.push(now, What::Look { part: NAME, ready });
        }
        if let Some(sample) = self.outputs.finish(NAME) {
            events.push(now, What::Sample(sample));
        }
        // A program that disconnects the pull-up does so before it first measures.
        let pulls = self.pulls() && self.grid.is_some();
        if pulls && !self.pull_told {
            events.push(
                now,
                What::PullAgainstLevel {
                    part: NAME,
                    pin: "SDO/SA0",
                    current_na: PULL_UP_NA.1,
                },
            );
        }
        self.pull_told |= pulls;
    }

    fn step(&mut self) {
        self.pointer = (self.pointer + u8::from(self.counts_up)) & 0x7f;
    }
}

impl I2cPart for Lis3dh {
    fn name(&self) -> &'static str {
        NAME
    }

    fn address(&self) -> u8 {
        0x18 | u8::from(self.sa0)
    }

    fn start(&mut self, read: bool, now: Time, events: &mut Events) -> bool {
        self.advance(now);
        self.finish(now, events);
        self.addressed = !read;
        true
    }

    fn write(&mut self, byte: u8, now: Time, _: &mut Events) -> bool {
        self.advance(now);
        if std::mem::take(&mut self.addressed) {
            self.pointer = byte & 0x7f;
            self.counts_up = byte & 0x80 != 0;
        } else {
            self.write_register(self.pointer, byte, now);
            self.step();
        }
        true
    }

    fn read(&mut self, now: Time, _: &mut Events) -> u8 {
        self.advance(now);
        let value = self.read_register(self.pointer);
        self.step();
        value
    }

    fn stop(&mut self, now: Time, events: &mut Events) {
        self.finish(now, events);
    }

    /// By table 12, at 2.5 V; 15 % below and 25 % above for the spread of parts (assumed, as in the sensor's profile).
    fn power(&self) -> PartPower {
        let own_na = match self.rate_millihertz() {
            None => (400, 500, 700),
            Some(rate) => {
                let na = supply_na(rate, self.mode());
                (na / 100 * 85, na, na / 100 * 125)
            }
        };
        PartPower {
            on: self.grid.is_some(),
            settled: self.settled,
            own_na,
            pulls_na: if self.pulls() { PULL_UP_NA } else { (0, 0, 0) },
        }
    }

    fn take_stop(&mut self) -> Option<String> {
        self.registers.take_stop()
    }
}

/// Table 12, in nanoamperes.
fn supply_na(rate_millihertz: u64, mode: Mode) -> u32 {
    let (low_power, other) = match rate_millihertz {
        1_000 => (2_000, 2_000),
        10_000 => (3_000, 4_000),
        25_000 => (4_000, 6_000),
        50_000 => (6_000, 11_000),
        100_000 => (10_000, 20_000),
        200_000 => (18_000, 38_000),
        400_000 => (36_000, 73_000),
        1_620_000 => (100_000, 100_000),
        _ => (185_000, 185_000),
    };
    if mode == Mode::LowPower { low_power } else { other }
}

#[cfg(test)]
mod tests;
