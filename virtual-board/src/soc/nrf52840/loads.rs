//! What draws from the supply: states of core, regulator, clocks, RAM and peripherals (nRF52840 PS v1.8, 5.2, with the clocks and
//! the regulator that 5.3 and 5.4 say are asked for).
//!
//! The core draws by the megahertz while it executes. Asleep the chip draws its base; while a transfer of TWIM runs, or in constant
//! latency mode, the fast clock and the main regulator stay on. The RTCs draw with LFCLK, whose figures contain them.

use super::{CORE_HZ, Nrf52840};
use crate::power::{Load, Loads, Role};

/// Megahertz of the core.
const MHZ: u32 = (CORE_HZ / 1_000_000) as u32;

impl Nrf52840 {
    fn core_load(&self) -> Load {
        let bus = self.twim.iter().any(super::twim::Twim::works);
        let (state, units) = match (self.asleep, self.power.dcdc()) {
            (false, true) => ("awake, DC/DC", MHZ),
            (false, false) => ("awake, LDO", MHZ),
            (true, true) if bus || self.power.constant_latency() => ("asleep, fast clock on, DC/DC", 1),
            (true, false) if bus || self.power.constant_latency() => ("asleep, fast clock on, LDO", 1),
            (true, _) => ("asleep", 1),
        };
        Load {
            consumer: "core",
            state,
            units,
            role: Role::Core,
        }
    }
}

impl Loads for Nrf52840 {
    fn loads(&self) -> Vec<Load> {
        let load = |consumer, state, units, role| Load {
            consumer,
            state,
            units,
            role,
        };
        let low = self.clock.low_source();
        let mut loads = vec![
            self.core_load(),
            load("LFCLK", low.unwrap_or("off"), u32::from(low.is_some()), Role::Standing),
            load("HFXO", "on", u32::from(self.clock.high_runs()), Role::Standing),
            load("RAM", "a block of 4 KB kept", self.power.ram_blocks(), Role::Standing),
            load("WDT", "counts", u32::from(self.wdt.counts()), Role::Standing),
        ];
        for twim in &self.twim {
            loads.push(load(twim.name(), "transfer", u32::from(twim.works()), Role::Bus));
        }
        let pulled = |twim: &super::twim::Twim| twim.works() && twim.pulled_up(&self.buses);
        let pulled = self.twim.iter().filter(|twim| pulled(twim)).count() as u32;
        loads.push(load("bus", "pull-ups in a transfer", pulled, Role::Pull));
        loads
    }
}
