//! The APB timer of Arm's Cortex-M System Design Kit (DDI 0479): 32 bits, counting down, with a reload value.

use crate::{bus::Refused, time::Time};

const CTRL: u32 = 0x0;
const VALUE: u32 = 0x4;
const RELOAD: u32 = 0x8;
/// Read, the interrupt's status; written with 1, it forgets the interrupt.
const INTSTATUS: u32 = 0xc;

/// Bits of CTRL: counts; raises its interrupt at zero. Those between take a pin as enable or as clock, and are not modelled.
const ENABLE: u32 = 1 << 0;
const INTERRUPT: u32 = 1 << 3;

/// A count that runs.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// The count at `since`.
    from: u64,
    since: Time,
    /// It began as the count reached zero: for the first period it stands at zero, then at the reload value.
    wrapped: bool,
}

/// The timer.
///
/// From `n` it takes n periods to zero. There its interrupt is raised; a period later it stands at the reload value. With a
/// reload value of 0 it stops at zero. At the very end of a period the value before is still read.
#[derive(Debug, Clone, Copy)]
pub struct Timer {
    period: Time,
    ctrl: u32,
    reload: u32,
    /// The count while nothing runs.
    count: u32,
    run: Option<Run>,
    interrupt: bool,
}

impl Timer {
    /// A timer after a reset. A period of its clock is a whole number of nanoseconds.
    #[must_use]
    pub const fn new(hz: u64) -> Self {
        Self {
            period: Time::from_ns(1_000_000_000 / hz),
            ctrl: 0,
            reload: 0,
            count: 0,
            run: None,
            interrupt: false,
        }
    }

    /// The level of its interrupt line.
    #[must_use]
    pub const fn interrupt(&self) -> bool {
        self.interrupt
    }

    /// When its interrupt is raised next.
    #[must_use]
    pub fn due(&self) -> Time {
        match self.run {
            Some(run) if self.ctrl & INTERRUPT != 0 => self.zero(run),
            _ => Time::NEVER,
        }
    }

    /// The instant at which a run reaches zero.
    fn zero(&self, run: Run) -> Time {
        run.since + self.periods(run.from)
    }

    fn periods(&self, n: u64) -> Time {
        Time::from_ps(n.saturating_mul(self.period.ps()))
    }

    /// Lets it count up to `now`.
    pub fn advance(&mut self, now: Time) {
        let Some(run) = self.run else { return };
        let zero = self.zero(run);
        if now < zero {
            return;
        }
        self.interrupt |= self.ctrl & INTERRUPT != 0;
        self.count = 0;
        self.run = (self.reload != 0).then(|| {
            let from = u64::from(self.reload) + 1;
            let rounds = now.since(zero).ps() / self.periods(from).ps();
            Run {
                from,
                since: zero + self.periods(from * rounds),
                wrapped: true,
            }
        });
    }

    /// The count, once [`Timer::advance`] has come to `now`.
    fn value(&self, now: Time) -> u32 {
        let Some(run) = self.run else { return self.count };
        let periods = now.since(run.since).ps().saturating_sub(1) / self.period.ps();
        match run.wrapped && periods == 0 {
            true => 0,
            // At most 2^32 - 1: a run from 2^32 is one that has wrapped.
            false => run.from.saturating_sub(periods) as u32,
        }
    }

    /// Begins to count from `count`; from zero a period later at the reload value, and not at all where that is zero too.
    fn start(&mut self, count: u32, now: Time) {
        self.count = count;
        let wrapped = count == 0;
        let from = if wrapped {
            u64::from(self.reload) + 1
        } else {
            count.into()
        };
        self.run = (!wrapped || self.reload != 0).then_some(Run {
            from,
            since: now,
            wrapped,
        });
    }

    /// A load.
    ///
    /// # Errors
    /// [`Refused::Unknown`] for a register that the timer's model does not have.
    pub fn read(&mut self, offset: u32, now: Time) -> Result<u32, Refused> {
        self.advance(now);
        match offset {
            CTRL => Ok(self.ctrl),
            VALUE => Ok(self.value(now)),
            RELOAD => Ok(self.reload),
            INTSTATUS => Ok(self.interrupt.into()),
            _ => Err(Refused::Unknown),
        }
    }

    /// A store.
    ///
    /// # Errors
    /// [`Refused::Unknown`] for a register that the timer's model does not have, a bit that is reserved, or the pin as clock.
    pub fn write(&mut self, offset: u32, value: u32, now: Time) -> Result<(), Refused> {
        self.advance(now);
        match offset {
            CTRL if value & !(ENABLE | INTERRUPT) != 0 => return Err(Refused::Unknown),
            CTRL => {
                self.ctrl = value;
                match (value & ENABLE != 0, self.run) {
                    (true, None) => self.start(self.count, now),
                    (true, Some(_)) => {}
                    (false, _) => {
                        self.count = self.value(now);
                        self.run = None;
                    }
                }
            }
            VALUE => self.set(value, now),
            RELOAD => {
                self.reload = value;
                self.set(value, now);
            }
            INTSTATUS => self.interrupt &= value & 1 == 0,
            _ => return Err(Refused::Unknown),
        }
        Ok(())
    }

    /// Changes the count.
    fn set(&mut self, count: u32, now: Time) {
        self.run = None;
        self.count = count;
        if self.ctrl & ENABLE != 0 {
            self.start(count, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD_NS: u64 = 40;

    fn timer(writes: &[(u32, u32)]) -> Timer {
        let mut timer = Timer::new(25_000_000);
        for (offset, value) in writes {
            timer.write(*offset, *value, Time::ZERO).unwrap();
        }
        timer
    }

    fn values(timer: &mut Timer, periods: std::ops::Range<u64>) -> Vec<u32> {
        // Amid a period.
        periods
            .map(|n| timer.read(VALUE, Time::from_ns(n * PERIOD_NS + 20)).unwrap())
            .collect()
    }

    #[test]
    fn it_counts_down_stands_at_zero_for_a_period_and_starts_over() {
        let mut timer = timer(&[(RELOAD, 3), (CTRL, ENABLE | INTERRUPT)]);
        assert_eq!(timer.due(), Time::from_ns(3 * PERIOD_NS));
        assert_eq!(values(&mut timer, 0..9), [3, 2, 1, 0, 3, 2, 1, 0, 3]);
        assert_eq!(timer.read(INTSTATUS, Time::from_ns(9 * PERIOD_NS)), Ok(1));
        assert_eq!(timer.due(), Time::from_ns(11 * PERIOD_NS));
    }

    #[test]
    fn without_a_reload_value_it_stops_at_zero() {
        let mut timer = timer(&[(RELOAD, 0), (VALUE, 2), (CTRL, ENABLE | INTERRUPT)]);
        assert_eq!(values(&mut timer, 0..5), [2, 1, 0, 0, 0]);
        assert!(timer.interrupt());
        assert_eq!(timer.due(), Time::NEVER);
        timer.write(INTSTATUS, 1, Time::from_us(1)).unwrap();
        timer.write(CTRL, ENABLE | INTERRUPT, Time::from_us(1)).unwrap();
        timer.advance(Time::from_s(1));
        assert!(!timer.interrupt());
        // A new value starts it once more.
        timer.write(VALUE, 25, Time::from_s(2)).unwrap();
        assert_eq!(timer.due(), Time::from_s(2) + Time::from_us(1));
    }

    #[test]
    fn without_its_interrupt_enabled_it_raises_none() {
        let mut timer = timer(&[(RELOAD, 3), (CTRL, ENABLE)]);
        assert_eq!(timer.due(), Time::NEVER);
        assert_eq!(values(&mut timer, 1001..1003), [2, 1]);
        assert!(!timer.interrupt());
    }

    #[test]
    fn the_longest_count_is_read_as_a_clock() {
        let mut timer = timer(&[(CTRL, 0), (RELOAD, u32::MAX), (CTRL, ENABLE)]);
        let ticks = |timer: &mut Timer, ns| !timer.read(VALUE, Time::from_ns(ns)).unwrap();
        assert_eq!(ticks(&mut timer, 0), 0);
        // The end of a period still shows the value before.
        assert_eq!(ticks(&mut timer, PERIOD_NS), 0);
        assert_eq!(ticks(&mut timer, PERIOD_NS + 1), 1);
        let wrap = (1u64 << 32) * PERIOD_NS;
        for round in 1..4 {
            assert_eq!(ticks(&mut timer, round * wrap - 1), u32::MAX);
            assert_eq!(ticks(&mut timer, round * wrap), u32::MAX);
            assert_eq!(ticks(&mut timer, round * wrap + 1), 0);
            assert_eq!(ticks(&mut timer, round * wrap + PERIOD_NS + 1), 1);
        }
    }

    #[test]
    fn stopped_it_keeps_its_count() {
        let mut timer = timer(&[(RELOAD, 10), (CTRL, ENABLE)]);
        timer.write(CTRL, 0, Time::from_ns(3 * PERIOD_NS + 20)).unwrap();
        assert_eq!(timer.read(VALUE, Time::from_s(1)), Ok(7));
        timer.write(CTRL, ENABLE, Time::from_s(1)).unwrap();
        assert_eq!(
            timer.read(VALUE, Time::from_s(1) + Time::from_ns(PERIOD_NS + 20)),
            Ok(6)
        );
    }

    #[test]
    fn a_count_of_zero_is_followed_by_the_reload_value_without_an_interrupt() {
        let mut timer = timer(&[(RELOAD, 3), (CTRL, ENABLE | INTERRUPT), (VALUE, 0)]);
        assert_eq!(values(&mut timer, 0..3), [0, 3, 2]);
        assert!(!timer.interrupt());
    }

    #[test]
    fn what_it_has_no_model_of_is_refused() {
        let mut timer = timer(&[]);
        for ctrl in [1 << 1, 1 << 2, 1 << 4, u32::MAX] {
            assert_eq!(timer.write(CTRL, ctrl, Time::ZERO), Err(Refused::Unknown), "{ctrl:#x}");
        }
        for offset in [0x10, 0xfd0, 0xffc] {
            assert_eq!(timer.read(offset, Time::ZERO), Err(Refused::Unknown), "{offset:#x}");
            assert_eq!(timer.write(offset, 0, Time::ZERO), Err(Refused::Unknown), "{offset:#x}");
        }
    }
}
