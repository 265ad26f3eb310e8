//! The board's clock: one 32-bit timer tells the time, extended to 64 bits, and an alarm ends the sleep.

use crate::sys::{Alarm, Base, machine};
use app::{Clock, IdleClock};
use core::{cell::RefCell, convert::Infallible};

/// Frequency of the timers.
pub const TICKS_PER_SECOND: u32 = machine::CLOCK_HZ;

/// The longest single sleep, a quarter of the range of the time base, so that no wrap of it goes unnoticed.
const LONGEST_SLEEP: u64 = 1 << 30;

/// Time base and alarm.
pub struct TimerClock {
    base: Base,
    alarm: Alarm,
    /// The lower half at the last reading.
    low: u32,
    /// Wraps of the lower half so far.
    high: u32,
}

impl TimerClock {
    /// A clock that started with the board.
    pub const fn new(base: Base, alarm: Alarm) -> Self {
        Self {
            base,
            alarm,
            low: 0,
            high: 0,
        }
    }
}

impl Clock for TimerClock {
    type Error = Infallible;

    fn ticks_per_second(&self) -> u32 {
        TICKS_PER_SECOND
    }

    /// The timer wraps every few minutes; a wrap shows as a reading below the last one. That misses none: no sleep is
    /// longer than a quarter of this, and neither is an update.
    fn now(&mut self) -> u64 {
        let low = self.base.ticks();
        if low < self.low {
            self.high = self.high.wrapping_add(1);
        }
        self.low = low;
        u64::from(self.high) << 32 | u64::from(low)
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Infallible> {
        loop {
            let left = tick.saturating_sub(self.now());
            if left == 0 {
                return Ok(());
            }
            self.alarm.sleep(&mut self.base, left.min(LONGEST_SLEEP) as u32);
        }
    }
}

/// An emulated core has one sleep.
impl IdleClock for TimerClock {
    fn idle_until(&mut self, tick: u64) -> Result<(), Infallible> {
        self.sleep_until(tick)
    }
}

/// A clock that two parts share, which never ask at the same time: the runner, and the script of its sensor.
#[derive(Clone, Copy)]
pub struct SharedClock<'a>(pub &'a RefCell<TimerClock>);

impl Clock for SharedClock<'_> {
    type Error = Infallible;

    fn ticks_per_second(&self) -> u32 {
        TICKS_PER_SECOND
    }

    fn now(&mut self) -> u64 {
        self.0.borrow_mut().now()
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Infallible> {
        self.0.borrow_mut().sleep_until(tick)
    }
}
