//! What draws from the supply: what both families have, in the states that a program leaves it in. A family adds its core, its
//! regulator, its clocks and its memory.
//!
//! The data sheets state the core's current with every peripheral's clock off (STM32L475 DS10969 and STM32U575 DS13737, supply
//! current characteristics), and a peripheral's by the megahertz of the clock that is let through to it, whether it works or not.
//! In Stop no such clock runs: what counts LSE or LSI goes on.

use super::{Chip, Family, I2C, LSE_HZ, map::Block};
use crate::{
    event::What,
    power::{Load, Loads, Role},
    time::Time,
};

/// How deep the core sleeps, in the words of the manuals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::soc) enum Depth {
    Run,
    /// The core's clock stands, the others run.
    Sleep,
    Stop,
}

/// A load of the core's account.
pub(in crate::soc) const fn standing(consumer: &'static str, state: &'static str, units: u32) -> Load {
    Load {
        consumer,
        state,
        units,
        role: Role::Standing,
    }
}

/// The core, in the state that the chip is in.
pub(in crate::soc) const fn core(state: &'static str, units: u32) -> Load {
    Load {
        role: Role::Core,
        ..standing("core", state, units)
    }
}

/// LSE by the strength of its drive, LSEDRV; nothing where it is off.
pub(in crate::soc) fn crystal(on: bool, drive: u32) -> Load {
    const DRIVES: [&str; 4] = ["low drive", "medium low drive", "medium high drive", "high drive"];
    let state = DRIVES.get(drive as usize).copied().unwrap_or("off");
    standing("LSE", state, u32::from(on))
}

/// Whole megahertz of a clock, at least one: a part of one counts as one.
pub(in crate::soc) fn megahertz(hz: u64) -> u32 {
    u32::try_from(hz.div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

impl<F: Family> Loads for Chip<F> {
    fn loads(&self) -> Vec<Load> {
        let now = self.now;
        let mhz = match self.depth {
            Depth::Stop => 0,
            Depth::Run | Depth::Sleep => megahertz(self.family.core_clock(now).hz),
        };
        let watched = self.iwdg.counts();
        let mut loads = self.family.loads(self.depth, mhz);
        // The watchdog has LSI on by itself, and its figure contains it.
        let oscillator = self.family.lsi_is_on() && !watched;
        let ports = self.family.ports_clocked(self.depth);
        let counts_lse =
            self.lptim1.is_enabled() && self.family.lptim1_clock(now).is_some_and(|clock| clock.hz <= LSE_HZ);
        loads.extend([
            standing("LSI", "on", u32::from(oscillator)),
            standing("IWDG", "counts LSI", u32::from(watched)),
            standing("LPTIM1", "counts 32 kHz", u32::from(counts_lse)),
            standing("ports", "clocked", ports.saturating_mul(mhz)),
        ]);
        let mut pulled = 0;
        for (index, i2c) in self.i2c.iter().enumerate() {
            let place = F::PLACES.iter().find(|place| place.block == Block::I2c(index));
            let gate = place.and_then(|place| place.enable);
            let clocked = gate.is_some_and(|gate| self.family.rcc(gate));
            let units = if clocked { mhz } else { 0 };
            let works = !i2c.is_idle();
            pulled += u32::from(works && self.pulled_up(index));
            loads.push(match works {
                false => standing(I2C[index], "clocked", units),
                true => Load {
                    role: Role::Bus,
                    ..standing(I2C[index], "transfer", units)
                },
            });
        }
        loads.push(Load {
            role: Role::Pull,
            ..standing("bus", "pull-ups in a transfer", pulled)
        });
        loads
    }
}

#[expect(private_bounds, reason = "the families are this crate's")]
impl<F: Family> Chip<F> {
    /// Tells what draws from the supply, where that has changed.
    pub(super) fn tell_power(&mut self, now: Time) {
        let now = if self.told_power.nothing() { Time::ZERO } else { now };
        for load in self.told_power.changes(self.loads()) {
            self.events.push(now, What::Load(load));
        }
        for bus in &mut self.buses {
            bus.tell_power(now, &mut self.events);
        }
    }

    /// The bus between the pins of a controller has pull-ups outside the chip.
    fn pulled_up(&self, controller: usize) -> bool {
        let pin = |role| Self::pins_of(&self.ports, controller).find(|at| at.role == role);
        let Some((scl, sda)) = pin("SCL").zip(pin("SDA")) else {
            return false;
        };
        let at_pins = |wiring: super::Wiring| (wiring.scl, wiring.sda) == (scl.number(), sda.number());
        let mut buses = self.buses.iter().map(super::I2cBus::wiring);
        buses.any(|wiring| wiring.pull_ups && at_pins(wiring))
    }
}
