//! How much virtual time instructions take, and how many there were.

use crate::time::Time;

/// Picoseconds in a second.
const SECOND_PS: u64 = 1_000_000_000_000;

/// What an instruction takes of virtual time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Each instruction takes this many picoseconds, as with QEMU's `-icount`.
    Instructions {
        /// Picoseconds an instruction.
        ps: u64,
    },
    /// By the core's timing table at this clock: the middle of each interval.
    Cycles {
        /// The core's clock, at least 1 Hz.
        hz: u64,
    },
}

/// What a core has done while it was awake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Instructions, exactly; those that an IT block skips and those that fault are counted too.
    pub instructions: u64,
    /// Clock cycles, at least: predicted from the timing table.
    pub cycles_low: u64,
    /// Clock cycles, at most: predicted from the timing table.
    pub cycles_high: u64,
}

impl Counts {
    /// The middle of the interval of cycles, rounded down.
    #[must_use]
    pub const fn cycles(self) -> u64 {
        (self.cycles_low + self.cycles_high) / 2
    }

    /// Adds an interval of cycles.
    #[inline]
    pub(super) const fn spend(&mut self, low: u32, high: u32) {
        self.cycles_low += low as u64;
        self.cycles_high += high as u64;
    }
}

/// The line from ticks to time. A tick is an instruction, or half a cycle: the sum of both ends of an interval of cycles, in half
/// cycles, is its middle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pacer {
    by_instructions: bool,
    /// The instant at which `from` ticks had passed.
    base: Time,
    from: u64,
    /// A tick takes `numerator / denominator` picoseconds.
    numerator: u64,
    denominator: u64,
}

impl Pacer {
    /// Time from power-on.
    pub(super) const fn new(pace: Pace) -> Self {
        let mut pacer = Self {
            by_instructions: true,
            base: Time::ZERO,
            from: 0,
            numerator: 1,
            denominator: 1,
        };
        pacer.set(pace);
        pacer
    }

    const fn set(&mut self, pace: Pace) {
        (self.by_instructions, self.numerator, self.denominator) = match pace {
            Pace::Instructions { ps } => (true, ps, 1),
            Pace::Cycles { hz } => (false, SECOND_PS, if hz == 0 { 2 } else { hz * 2 }),
        };
    }

    /// Ticks so far.
    #[inline]
    pub(super) const fn ticks(&self, counts: &Counts) -> u64 {
        if self.by_instructions {
            counts.instructions
        } else {
            counts.cycles_low + counts.cycles_high
        }
    }

    /// The instant after these counts.
    pub(super) fn now(&self, counts: &Counts) -> Time {
        let ticks = self.ticks(counts) - self.from;
        let ps = u128::from(ticks) * u128::from(self.numerator) / u128::from(self.denominator);
        self.base + Time::from_ps(u64::try_from(ps).unwrap_or(u64::MAX))
    }

    /// The first tick at which it is not before `at`.
    pub(super) fn tick(&self, at: Time) -> u64 {
        let ps = u128::from(at.since(self.base).ps()) * u128::from(self.denominator);
        let ticks = ps.div_ceil(u128::from(self.numerator.max(1)));
        self.from.saturating_add(u64::try_from(ticks).unwrap_or(u64::MAX))
    }

    /// From now on another pace.
    pub(super) fn change(&mut self, pace: Pace, counts: &Counts) {
        self.jump(self.now(counts), counts);
        self.set(pace);
        self.from = self.ticks(counts);
    }

    /// It is `at` now.
    pub(super) fn jump(&mut self, at: Time, counts: &Counts) {
        self.base = at;
        self.from = self.ticks(counts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(instructions: u64, cycles_low: u64, cycles_high: u64) -> Counts {
        Counts {
            instructions,
            cycles_low,
            cycles_high,
        }
    }

    #[test]
    fn an_instruction_takes_its_picoseconds() {
        let pacer = Pacer::new(Pace::Instructions { ps: 64_000 });
        assert_eq!(pacer.now(&counts(1000, 0, 0)), Time::from_us(64));
        assert_eq!(pacer.tick(Time::from_us(64)), 1000);
        assert_eq!(pacer.tick(Time::from_us(64) + Time::from_ps(1)), 1001);
    }

    #[test]
    fn cycles_count_by_the_middle_of_their_interval() {
        let pacer = Pacer::new(Pace::Cycles { hz: 64_000_000 });
        assert_eq!(pacer.now(&counts(5, 60, 68)), Time::from_us(1));
        assert_eq!(pacer.tick(Time::from_us(1)), 128);
    }

    #[test]
    fn a_change_of_pace_keeps_the_time_so_far() {
        let mut pacer = Pacer::new(Pace::Cycles { hz: 1_000_000 });
        let before = counts(1, 10, 10);
        pacer.change(Pace::Cycles { hz: 2_000_000 }, &before);
        assert_eq!(pacer.now(&before), Time::from_us(10));
        assert_eq!(pacer.now(&counts(2, 20, 20)), Time::from_us(15));
        pacer.change(Pace::Instructions { ps: 1_000 }, &counts(2, 20, 20));
        assert_eq!(pacer.now(&counts(4, 20, 20)), Time::from_us(15) + Time::from_ns(2));
    }
}
