//! TICKS: dividers of the reference clock that make the ticks of the timers and of the watchdog (RP2350 data sheet, 8.5), and what
//! counts such ticks.

use crate::{
    bus::Refused,
    soc::stm32::registers::{Answer, within},
    time::{Clock, Time},
};

/// The generators in the order of their registers: PROC0, PROC1, TIMER0, TIMER1, WATCHDOG, RISCV.
const GENERATORS: usize = 6;
pub(super) const TIMER0: usize = 2;
pub(super) const WATCHDOG: usize = 4;

/// CTRL: it is enabled, and that it runs.
const ENABLE: u32 = 1;
const RUNNING: u32 = 1 << 1;

#[derive(Debug, Clone, Copy, Default)]
struct Generator {
    enabled: bool,
    /// Periods of the reference clock in a tick.
    cycles: u32,
}

/// The generators.
#[derive(Debug, Default)]
pub(super) struct Ticks([Generator; GENERATORS]);

impl Ticks {
    /// The rate of a generator, in ticks a second, if it runs.
    pub(super) fn hz(&self, index: usize, ref_hz: Option<u64>) -> Option<u64> {
        let Generator { enabled, cycles } = self.0[index];
        Some(ref_hz.filter(|_| enabled && cycles != 0)? / u64::from(cycles))
    }

    /// Whether a generator is enabled.
    pub(super) fn is_enabled(&self, index: usize) -> bool {
        self.0[index].enabled
    }

    /// How many generators are enabled; none where they have no clock.
    pub(super) fn enabled(&self, clocked: bool) -> u32 {
        let enabled = self.0.iter().filter(|generator| clocked && generator.enabled);
        enabled.count() as u32
    }

    /// The generator of an offset, and which of its registers it is.
    fn at(offset: u32) -> Answer<(usize, u32)> {
        let index = (offset / 12) as usize;
        if index < GENERATORS {
            Ok((index, offset % 12))
        } else {
            Err(Refused::Unknown)
        }
    }

    pub(super) fn read(&self, offset: u32) -> Answer<u32> {
        let (index, register) = Self::at(offset)?;
        match register {
            0 if self.0[index].enabled => Ok(ENABLE | RUNNING),
            0 => Ok(0),
            4 => Ok(self.0[index].cycles),
            // COUNT: the present state of the divider.
            _ => Err(Refused::Unknown),
        }
    }

    pub(super) fn write(&mut self, offset: u32, value: u32) -> Answer<()> {
        let (index, register) = Self::at(offset)?;
        let generator = &mut self.0[index];
        match register {
            0 => generator.enabled = within(value & !RUNNING, ENABLE)? != 0,
            4 => generator.cycles = within(value, 0x1ff)?,
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }
}

/// A count of ticks whose rate changes now and then.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count {
    /// Ticks before `clock` started.
    before: u64,
    clock: Option<Clock>,
}

impl Count {
    pub(super) fn ticks(&self, now: Time) -> u64 {
        self.before + self.clock.map_or(0, |clock| clock.ticks(now))
    }

    /// When a tick begins.
    pub(super) fn time(&self, tick: u64) -> Time {
        let left = tick.saturating_sub(self.before);
        self.clock.map_or(Time::NEVER, |clock| clock.time(left))
    }

    /// From now on ticks come at this rate, or none at all. What a change cuts off a tick is lost.
    pub(super) fn set_rate(&mut self, hz: Option<u64>, now: Time) {
        let hz = hz.filter(|hz| *hz != 0);
        if self.clock.map(|clock| clock.hz) != hz {
            self.before = self.ticks(now);
            self.clock = hz.map(|hz| Clock::starting(now, hz));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generator_divides_the_reference_clock() {
        let mut ticks = Ticks::default();
        assert_eq!(ticks.write(0x1c, 12), Ok(()));
        assert_eq!(ticks.hz(TIMER0, Some(12_000_000)), None);
        assert_eq!(ticks.write(0x18, 1), Ok(()));
        assert_eq!(ticks.read(0x18), Ok(3));
        assert_eq!(ticks.hz(TIMER0, Some(12_000_000)), Some(1_000_000));
        assert_eq!(ticks.hz(TIMER0, None), None);
        assert_eq!(ticks.read(0x20), Err(Refused::Unknown));
        assert_eq!(ticks.write(0x48, 1), Err(Refused::Unknown));
    }

    #[test]
    fn a_count_goes_on_over_a_change_of_its_rate_and_stands_without_one() {
        let (us, mut count) = (Time::from_us, Count::default());
        assert_eq!((count.ticks(us(9)), count.time(1)), (0, Time::NEVER));
        count.set_rate(Some(1_000_000), us(10));
        assert_eq!((count.ticks(us(15)), count.time(7)), (5, us(17)));
        count.set_rate(Some(500_000), us(15));
        assert_eq!((count.ticks(us(19)), count.time(7)), (7, us(19)));
        count.set_rate(None, us(19));
        assert_eq!((count.ticks(us(99)), count.time(8)), (7, Time::NEVER));
    }
}
