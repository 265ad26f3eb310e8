//! ST LSM6DSL and LSM6DSO on an I2C bus, by their data sheets (DocID028475 rev. 7; DS12140 rev. 2) and application
//! notes (AN5040; AN5192; AN5130 on the LSM6DS3TR-C, which shares the LSM6DSL's identity).
//!
//! Modelled: every register of the main page, addresses that count up with IF_INC, power-down, rates, ranges, block
//! data update, byte order, data-ready flags (they fall with the first high byte that is read), DRDY_MASK, the
//! gyroscope's turn-on and its sleep (SLEEP_G), software reset, supply current.
//!
//! Flags are not masked while a sensor settles unless DRDY_MASK is set: a program that trusts them reads samples that
//! are not valid. Such samples rise in a straight line from zero to what there is to sense; what a real part delivers
//! then is not documented. Both sensors sample on grids of their own. Flags and outputs outlive power-down; whether the
//! part does so too is not documented.
//!
//! Not modelled, and the run ends where a program switches it on or reads it: FIFO, high-pass filters, self-test,
//! interrupts, timestamps, embedded functions, sensor hub, temperature. Low-pass filters are accepted and without
//! effect.

mod map;

use super::{I2cPart, SharedWorld, grid::Grid, outputs::Outputs, registers::Registers};
use crate::{
    event::{Events, What},
    power::PartPower,
    time::Time,
};
use map::{CTRL1_XL, CTRL2_G, CTRL3_C, CTRL4_C, CTRL6_C, CTRL7_G, OUTX_L_G, OUTX_L_XL, OUTZ_H_XL, STATUS_REG};

/// From power-down to valid angular rates, typical (data sheets, table 4).
pub const GYROSCOPE_TURN_ON: Time = Time::from_ms(35);
/// From power-down to valid angular rates on a slow part: 80 ms at most by AN4650. AN5130 states 70 ms and then three
/// samples to discard, which is 84 ms at 208 Hz.
pub const GYROSCOPE_TURN_ON_SLOW: Time = Time::from_ms(80);

/// CTRL3_C: block data update, addresses count up, high byte first, software reset, reload of the trimming.
const BDU: u8 = 0x40;
const IF_INC: u8 = 0x04;
const BLE: u8 = 0x02;
const SW_RESET: u8 = 0x01;
const BOOT: u8 = 0x80;
/// CTRL4_C: gyroscope asleep; no flags before a sensor has settled.
const SLEEP_G: u8 = 0x40;
const DRDY_MASK: u8 = 0x08;
/// CTRL6_C, CTRL7_G: no high-performance mode.
const XL_HM_MODE: u8 = 0x10;
const G_HM_MODE: u8 = 0x80;
/// CTRL2_G: 125 degrees a second.
const FS_125: u8 = 0x02;

/// Rates by code, in millihertz. Code 11 is 1.6 Hz, of the accelerometer alone.
const RATES_MILLIHERTZ: [u64; 11] = [
    0, 12_500, 26_000, 52_000, 104_000, 208_000, 416_000, 833_000, 1_660_000, 3_330_000, 6_660_000,
];

/// Which part of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// LSM6DSL: WHO_AM_I 0x6a, 0.65 mA with both sensors in high-performance mode.
    Dsl,
    /// LSM6DSO: WHO_AM_I 0x6c, 0.55 mA with both sensors in high-performance mode.
    Dso,
}

/// How a part is wired and made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Which part.
    pub variant: Variant,
    /// The level at pin SDO/SA0: address 0x6b where it is high, 0x6a where it is low.
    pub sa0: bool,
    /// By how many millionths its clock runs fast. Parts are known to be off by several percent.
    pub rate_error_ppm: i32,
    /// From power-down to valid angular rates: [`GYROSCOPE_TURN_ON`] to [`GYROSCOPE_TURN_ON_SLOW`].
    pub gyroscope_turn_on: Time,
}

impl Settings {
    /// A typical part whose SA0 is low, with an exact clock.
    #[must_use]
    pub const fn typical(variant: Variant) -> Self {
        Self {
            variant,
            sa0: false,
            rate_error_ppm: 0,
            gyroscope_turn_on: GYROSCOPE_TURN_ON,
        }
    }
}

/// One of the two sensors.
#[derive(Debug, Default)]
struct Sensor {
    outputs: Outputs,
    grid: Option<Grid>,
    code: u8,
    /// When it was switched on.
    since: Time,
    /// From when on it is valid.
    settled: Time,
}

impl Sensor {
    /// Takes the samples that are due; `sense` gives steps of 16 bits at an instant.
    fn advance(&mut self, now: Time, mask: bool, sense: impl Fn(Time) -> [f64; 3]) {
        let Some(batch) = self.grid.as_mut().and_then(|grid| grid.advance(now)) else {
            return;
        };
        let settled = batch.last >= self.settled;
        let part = match settled {
            true => 1.0,
            false => batch.last.since(self.since).as_s() / self.settled.since(self.since).as_s(),
        };
        let counts = sense(batch.last).map(|steps| (steps * part).round().clamp(-32_768.0, 32_767.0) as i16);
        self.outputs.update(batch, counts, [true; 3], settled, settled || !mask);
    }

    fn stop(&mut self) {
        self.grid = None;
    }

    /// Samples from now on; valid from `turn_on` on and after this many samples.
    fn start(&mut self, rate_millihertz: u64, error_ppm: i32, now: Time, turn_on: Time, discarded: u64) {
        let grid = Grid::new(now, rate_millihertz, error_ppm);
        if self.grid.is_none() {
            self.outputs.switched_on();
        }
        self.since = now;
        self.settled = now + turn_on.max(Time::from_ps(grid.period().ps() * (discarded + 1)));
        self.grid = Some(grid);
    }
}

/// The part. See the header of its file for what is modelled.
pub struct Lsm6ds {
    settings: Settings,
    world: SharedWorld,
    registers: Registers,
    accelerometer: Sensor,
    gyroscope: Sensor,
    /// When the gyroscope's drive has settled after power-down.
    drive_settled: Time,
    pointer: u8,
    /// The next byte is the subaddress.
    addressed: bool,
    /// This transfer read the status, and what that said.
    look: Option<bool>,
}

impl std::fmt::Debug for Lsm6ds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("Lsm6ds");
        debug
            .field("settings", &self.settings)
            .field("registers", &self.registers)
            .finish_non_exhaustive()
    }
}

impl Lsm6ds {
    /// The part after power-on, both sensors in power-down.
    #[must_use]
    pub fn new(world: SharedWorld, settings: Settings) -> Self {
        let (name, own) = match settings.variant {
            Variant::Dsl => ("LSM6DSL", map::DSL),
            Variant::Dso => ("LSM6DSO", map::DSO),
        };
        Self {
            settings,
            world,
            registers: Registers::new(name, [map::COMMON, own]),
            accelerometer: Sensor::default(),
            gyroscope: Sensor::default(),
            drive_settled: Time::NEVER,
            pointer: 0,
            addressed: false,
            look: None,
        }
    }

    /// Names of the part, its accelerometer and its gyroscope.
    const fn names(&self) -> [&'static str; 3] {
        match self.settings.variant {
            Variant::Dsl => ["LSM6DSL", "LSM6DSL accelerometer", "LSM6DSL gyroscope"],
            Variant::Dso => ["LSM6DSO", "LSM6DSO accelerometer", "LSM6DSO gyroscope"],
        }
    }

    fn advance(&mut self, now: Time) {
        let mask = self.registers.get(CTRL4_C) & DRDY_MASK != 0;
        let g_step = accelerometer_range_g(self.registers.get(CTRL1_XL)) / 32_768.0;
        let rate_step = gyroscope_step_rad_s(self.registers.get(CTRL2_G));
        let world = &self.world;
        self.accelerometer.advance(now, mask, |at| {
            world.acceleration_g(at).map(|value| f64::from(value) / g_step)
        });
        self.gyroscope.advance(now, mask, |at| {
            world.rate_rad_s(at).map(|value| f64::from(value) / rate_step)
        });
    }

    fn write_register(&mut self, address: u8, value: u8, now: Time) {
        if !self.registers.write(address, value) {
            return;
        }
        if address == CTRL3_C {
            if value & SW_RESET != 0 {
                self.registers.reset();
            }
            let control = self.registers.get(CTRL3_C);
            self.registers.set(CTRL3_C, control & !BOOT);
        }
        self.switch_accelerometer(now);
        self.switch_gyroscope(now);
    }

    fn switch_accelerometer(&mut self, now: Time) {
        let code = self.registers.get(CTRL1_XL) >> 4;
        if code == std::mem::replace(&mut self.accelerometer.code, code) {
            return;
        }
        let rate = match RATES_MILLIHERTZ.get(usize::from(code)) {
            Some(rate) => *rate,
            None if code == 11 => 1_600,
            None => {
                self.registers
                    .refuse(&format!("sets the accelerometer's reserved rate {code}"));
                0
            }
        };
        if rate == 0 {
            self.accelerometer.stop();
            return;
        }
        // AN5040 and AN5192 have tables by rate and filter, of none to two samples; this takes the most.
        let discarded = if rate > 833_000 { 2 } else { 1 };
        self.accelerometer
            .start(rate, self.settings.rate_error_ppm, now, Time::ZERO, discarded);
    }

    fn switch_gyroscope(&mut self, now: Time) {
        let code = self.registers.get(CTRL2_G) >> 4;
        let asleep = self.registers.get(CTRL4_C) & SLEEP_G != 0;
        let rate = RATES_MILLIHERTZ.get(usize::from(code)).copied().unwrap_or_default();
        if code > 10 {
            self.registers
                .refuse(&format!("sets the gyroscope's reserved rate {code}"));
        }
        let was = std::mem::replace(&mut self.gyroscope.code, code);
        if rate == 0 {
            self.gyroscope.stop();
            self.drive_settled = Time::NEVER;
            return;
        }
        if self.drive_settled == Time::NEVER {
            self.drive_settled = now + self.settings.gyroscope_turn_on;
        }
        if asleep {
            self.gyroscope.stop();
        } else if was != code || self.gyroscope.grid.is_none() {
            let turn_on = self.drive_settled.since(now);
            // From power-down, the turn-on time contains them.
            let discarded = if turn_on == self.settings.gyroscope_turn_on {
                0
            } else {
                gyroscope_discarded(code)
            };
            self.gyroscope
                .start(rate, self.settings.rate_error_ppm, now, turn_on, discarded);
        }
    }

    fn read_register(&mut self, address: u8) -> u8 {
        let value = self.registers.read(address);
        let control = self.registers.get(CTRL3_C);
        match address {
            STATUS_REG => {
                let (xl, g) = (self.accelerometer.outputs.ready(), self.gyroscope.outputs.ready());
                let missing = |sensor: &Sensor, ready: bool| sensor.grid.is_some() && !ready;
                let ready = (xl || g) && !missing(&self.accelerometer, xl) && !missing(&self.gyroscope, g);
                self.look = Some(ready);
                u8::from(xl) | u8::from(g) << 1
            }
            OUTX_L_G..=OUTZ_H_XL => {
                let (sensor, first) = match address {
                    OUTX_L_XL.. => (&mut self.accelerometer, OUTX_L_XL),
                    _ => (&mut self.gyroscope, OUTX_L_G),
                };
                let odd = (address - first) & 1 != 0;
                let high = odd != (control & BLE != 0);
                let byte = sensor
                    .outputs
                    .read(usize::from((address - first) / 2), high, control & BDU != 0);
                if high {
                    sensor.outputs.clear_flags();
                }
                byte
            }
            _ => value,
        }
    }

    fn finish(&mut self, now: Time, events: &mut Events) {
        let [part, accelerometer, gyroscope] = self.names();
        if let Some(ready) = self.look.take() {
            events.push(now, What::Look { part, ready });
        }
        let gyroscope = self.gyroscope.outputs.finish(gyroscope);
        let accelerometer = self.accelerometer.outputs.finish(accelerometer);
        for sample in gyroscope.into_iter().chain(accelerometer) {
            events.push(now, What::Sample(sample));
        }
    }

    fn step(&mut self) {
        let up = self.registers.get(CTRL3_C) & IF_INC != 0;
        self.pointer = (self.pointer + u8::from(up)) & 0x7f;
    }
}

impl I2cPart for Lsm6ds {
    fn name(&self) -> &'static str {
        self.names()[0]
    }

    fn address(&self) -> u8 {
        0x6a | u8::from(self.settings.sa0)
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

    /// By table 4 of the data sheets, at 1.8 V; 15 % below and 25 % above for the spread of parts (assumed, as in the
    /// sensors' profiles). What the tables do not have is an interval between the neighbours that they do have: the
    /// gyroscope alone, the gyroscope asleep, and other modes than high performance but for normal mode: both halves together draw
    /// 0.4 mA (the first page) to 0.45 mA (table 4, as remembered) in the LSM6DSL, and in its proportion in the LSM6DSO (assumed).
    fn power(&self) -> PartPower {
        let accelerometer = self.accelerometer.grid.is_some();
        let slow = |register, bit, code| self.registers.get(register) & bit != 0 && code <= 5;
        let frugal_xl = slow(CTRL6_C, XL_HM_MODE, self.accelerometer.code);
        let frugal_g = slow(CTRL7_G, G_HM_MODE, self.gyroscope.code);
        let (both, alone, both_slow, alone_slow, both_normal) = match self.settings.variant {
            Variant::Dsl => (650_000, 150_000, 290_000, 9_000, (340_000, 450_000, 562_500)),
            Variant::Dso => (550_000, 170_000, 250_000, 4_500, (290_000, 380_000, 550_000)),
        };
        // Below 104 Hz the mode is low power.
        let normal = frugal_xl && frugal_g && self.accelerometer.code.min(self.gyroscope.code) >= 4;
        let own_na = match (accelerometer, self.gyroscope.code != 0) {
            (false, false) => (2_500, 3_000, 4_000),
            (true, false) if frugal_xl => spread(alone_slow, alone),
            (true, false) => spread(alone, alone),
            (true, true) if self.gyroscope.grid.is_some() && !frugal_xl && !frugal_g => spread(both, both),
            (true, true) if self.gyroscope.grid.is_some() && normal => both_normal,
            (true, true) if self.gyroscope.grid.is_some() => spread(both_slow, both),
            (_, true) => spread(alone, both),
        };
        let settles = |sensor: &Sensor| sensor.grid.map_or(Time::ZERO, |_| sensor.settled);
        PartPower {
            on: accelerometer || self.gyroscope.code != 0,
            settled: settles(&self.accelerometer).max(settles(&self.gyroscope)),
            own_na,
            pulls_na: (0, 0, 0),
        }
    }

    fn take_stop(&mut self) -> Option<String> {
        self.registers.take_stop()
    }
}

/// The interval around two figures, and their middle.
const fn spread(low_na: u32, high_na: u32) -> (u32, u32, u32) {
    (low_na / 100 * 85, low_na.midpoint(high_na), high_na / 100 * 125)
}

/// CTRL1_XL bits 3:2. The data sheets' 0.061 mg a count is 2 g in 32,768, rounded.
const fn accelerometer_range_g(control: u8) -> f64 {
    [2.0, 16.0, 4.0, 8.0][(control >> 2 & 3) as usize]
}

/// CTRL2_G bits 3:1: 4.375, 8.75, 17.5, 35 or 70 thousandths of a degree a second in a count (table 3).
fn gyroscope_step_rad_s(control: u8) -> f64 {
    let millidegrees = match control & FS_125 {
        0 => [8.75, 17.5, 35.0, 70.0][usize::from(control >> 2 & 3)],
        _ => 4.375,
    };
    f64::to_radians(millidegrees / 1_000.0)
}

/// Samples to discard after a change of rate or a sleep (AN5130, tables 14 to 16).
const fn gyroscope_discarded(code: u8) -> u64 {
    match code {
        0..=1 => 2,
        2..=7 => 3,
        8 => 135,
        9 => 270,
        _ => 540,
    }
}

#[cfg(test)]
mod tests;
