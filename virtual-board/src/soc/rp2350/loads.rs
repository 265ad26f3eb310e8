//! What draws from the supply: the core by the megahertz, the clock gates that are open, oscillators, PLLs, counters, controllers,
//! and what else of the board is always on (RP2350 data sheet: 6.5 Power management, for SLEEP; 8.1 Clocks, for the gates; 14.9.7
//! Power consumption, for what is counted there by the megahertz of the system clock).
//!
//! The core's supply comes from the chip's own converter, whose losses are in every figure. The flash chip stands by, because every
//! access is a hit of the cache here.

use super::{Rp2350, clocks, i2c::I2c, resets, ticks};
use crate::{
    event::What,
    power::{Load, Loads, Role},
    time::Time,
};

const fn load(consumer: &'static str, state: &'static str, units: u32, role: Role) -> Load {
    Load {
        consumer,
        state,
        units,
        role,
    }
}

impl Rp2350 {
    /// Tells what draws from the supply, where that has changed.
    pub(super) fn tell_power(&mut self, now: Time) {
        let now = if self.told_loads.nothing() { Time::ZERO } else { now };
        for load in self.told_loads.changes(self.loads()) {
            self.events.push(now, What::Load(load));
        }
        for bus in &mut self.buses {
            bus.tell_power(now, &mut self.events);
        }
    }

    /// The whole megahertz of the system clock.
    const fn mhz(&self) -> u32 {
        (self.told.hz / 1_000_000) as u32
    }

    /// Controllers in a transfer whose bus has pull-ups outside the chip.
    fn pulled(&self) -> u32 {
        let pulled = |(index, i2c): (usize, &I2c)| {
            let pins = self.pins.of_controller(index);
            let between = |scl: usize, sda: usize| pins == [("SCL", scl), ("SDA", sda)];
            let mut buses = self.buses.iter().map(super::I2cBus::wiring);
            i2c.works() && buses.any(|wiring| wiring.pull_ups && between(wiring.scl, wiring.sda))
        };
        let pulled = self.i2c.iter().enumerate().filter(|one| pulled(*one));
        pulled.count() as u32
    }
}

impl Loads for Rp2350 {
    fn loads(&self) -> Vec<Load> {
        let mhz = self.mhz();
        let crystal = self.sources.xosc.hz(self.now);
        let vco_mhz = |index: usize| (self.sources.plls[index].vco_hz(crystal).unwrap_or_default() / 1_000_000) as u32;
        let timer = self.clocks.runs(clocks::TIMER0) && !self.resets.holds(resets::TIMER0);
        let watchdog = self.clocks.runs(clocks::WATCHDOG) && self.watchdog.counts();
        let per_mhz = |runs: bool| if runs { mhz } else { 0 };
        let mut loads = vec![
            load("core", "awake", if self.asleep { 0 } else { mhz }, Role::Core),
            load(
                "clock gates",
                "open, a megahertz",
                self.clocks.open() * mhz,
                Role::Standing,
            ),
            load("chip", "powered", 1, Role::Standing),
            load("XOSC", "on", u32::from(self.sources.xosc.is_on()), Role::Standing),
            load("ROSC", "on", 1, Role::Standing),
            load("PLL_SYS", "a megahertz of its VCO", vco_mhz(0), Role::Standing),
            load("PLL_USB", "a megahertz of its VCO", vco_mhz(1), Role::Standing),
            load(
                "TICKS",
                "a generator that runs",
                self.ticks.enabled(self.clocks.runs(clocks::REF_TICKS)),
                Role::Standing,
            ),
            load(
                "TIMER0",
                "counts, a megahertz",
                per_mhz(timer && self.ticks.is_enabled(ticks::TIMER0)),
                Role::Standing,
            ),
            load("WATCHDOG", "counts, a megahertz", per_mhz(watchdog), Role::Standing),
            load("flash chip", "standby", 1, Role::Standing),
            load("board's regulator", "on", 1, Role::Standing),
        ];
        for i2c in &self.i2c {
            loads.push(load(
                i2c.name(),
                "transfer, a megahertz",
                per_mhz(i2c.works()),
                Role::Bus,
            ));
        }
        loads.push(load("bus", "pull-ups in a transfer", self.pulled(), Role::Pull));
        loads
    }
}
