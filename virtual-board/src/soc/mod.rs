//! Models of chips: everything around the core.

pub mod cmsdk;
pub mod mps2;
#[cfg(test)]
mod noting;
pub mod nrf51;
mod nrf51_timer;
pub mod nrf52840;
pub mod rp2350;
pub mod stm32;
pub mod stm32l4;
pub mod stm32u5;
pub mod wires;

use crate::{
    bus::{Bus, Lines},
    event::{Event, ResetCause},
    memory::Memory,
    time::Time,
};

/// A chip around its core. The board's loop lets the core run until [`Soc::due`], or until it touches a peripheral, and then
/// calls [`Soc::advance`] and hands [`Soc::lines`] to the core.
pub trait Soc: Bus {
    /// The next instant at which something happens by itself; [`Time::NEVER`] where nothing will.
    fn due(&self) -> Time;

    /// Lets everything happen that is due up to `now`.
    fn advance(&mut self, now: Time, memory: &mut Memory);

    /// The interrupt lines as they stand.
    fn lines(&self) -> Lines;

    /// The chip's event line, if a peripheral raised it since the last call (it ends a wait by WFE).
    fn take_event(&mut self) -> bool {
        false
    }

    /// The core begins or ends a sleep.
    fn sleeping(&mut self, asleep: bool, deep: bool, now: Time);

    /// A reset that a peripheral asks for, such as a watchdog.
    fn take_reset(&mut self) -> Option<ResetCause>;

    /// The core and all that a reset of this cause resets on this chip begin anew; what the chip keeps, it keeps.
    fn reset(&mut self, cause: ResetCause, now: Time);

    /// What happened since the last call.
    fn take_events(&mut self) -> Vec<Event>;

    /// A register that no model knows was touched or a rule of the model was broken: why the run has to end.
    fn take_stop(&mut self) -> Option<String> {
        None
    }

    /// The core's clock, where a program can change it; asked for after each access to a peripheral. None where the board sets
    /// the core's pace once.
    fn core_clock(&self) -> Option<CoreClock> {
        None
    }
}

/// The clock of a chip's core, where a program chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreClock {
    /// Its frequency, in hertz.
    pub hz: u64,
    /// Wait states of the flash: cycles that a fetch which no cache or prefetch has ready takes longer.
    pub wait_states: u32,
}

impl<S: Soc + ?Sized> Soc for Box<S> {
    fn due(&self) -> Time {
        (**self).due()
    }

    fn advance(&mut self, now: Time, memory: &mut Memory) {
        (**self).advance(now, memory);
    }

    fn lines(&self) -> Lines {
        (**self).lines()
    }

    fn take_event(&mut self) -> bool {
        (**self).take_event()
    }

    fn sleeping(&mut self, asleep: bool, deep: bool, now: Time) {
        (**self).sleeping(asleep, deep, now);
    }

    fn take_reset(&mut self) -> Option<ResetCause> {
        (**self).take_reset()
    }

    fn reset(&mut self, cause: ResetCause, now: Time) {
        (**self).reset(cause, now);
    }

    fn take_events(&mut self) -> Vec<Event> {
        (**self).take_events()
    }

    fn take_stop(&mut self) -> Option<String> {
        (**self).take_stop()
    }

    fn core_clock(&self) -> Option<CoreClock> {
        (**self).core_clock()
    }
}
