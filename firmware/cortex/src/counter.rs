//! A clock over a counter of 16 bits that runs while the core sleeps, such as a low-power timer at 32,768 Hz.

use app::{Clock, IdleClock};
use core::convert::Infallible;

/// A free-running counter that can end a sleep, and what has to be done in between.
pub trait Counter {
    /// Ticks in a second.
    const TICKS_PER_SECOND: u32;

    /// Its value.
    fn ticks(&mut self) -> u16;

    /// Sleeps in the deepest mode in which it runs until it has this value, at most half its range ahead; may return
    /// earlier.
    fn sleep_until(&mut self, ticks: u16);

    /// Sleeps as [`Counter::sleep_until`] does, in the lightest sleep.
    fn idle_until(&mut self, ticks: u16);

    /// Feeds the watchdog, and starts it at the first time.
    fn feed(&mut self);
}

/// The longest single sleep, half the counter's range, so that no wrap of it goes unnoticed. At 32,768 Hz the core wakes
/// once a second to look at it.
const LONGEST_TICKS: u64 = 1 << 15;

/// The counter extended to 64 bits. An update of the network must be shorter than half its range.
pub struct CounterClock<T> {
    counter: T,
    /// The counter at the last reading.
    low: u16,
    /// Ticks of the wraps so far.
    high: u64,
}

impl<T: Counter> CounterClock<T> {
    /// A clock that starts with the counter; starts the watchdog.
    pub fn new(mut counter: T) -> Self {
        counter.feed();
        Self {
            counter,
            low: 0,
            high: 0,
        }
    }

    /// Waits, in stretches that the counter can measure, each of them by `doze`.
    fn wait(&mut self, tick: u64, doze: impl Fn(&mut T, u16)) {
        loop {
            self.counter.feed();
            let left = tick.saturating_sub(self.now());
            if left == 0 {
                return;
            }
            let stretch = left.min(LONGEST_TICKS) as u16;
            doze(&mut self.counter, self.low.wrapping_add(stretch));
        }
    }
}

impl<T: Counter> Clock for CounterClock<T> {
    type Error = Infallible;

    fn ticks_per_second(&self) -> u32 {
        T::TICKS_PER_SECOND
    }

    /// A wrap shows as a reading below the last one.
    fn now(&mut self) -> u64 {
        let low = self.counter.ticks();
        if low < self.low {
            self.high = self.high.wrapping_add(1 << 16);
        }
        self.low = low;
        self.high.wrapping_add(low.into())
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Infallible> {
        self.wait(tick, T::sleep_until);
        Ok(())
    }
}

impl<T: Counter> IdleClock for CounterClock<T> {
    fn idle_until(&mut self, tick: u64) -> Result<(), Infallible> {
        self.wait(tick, T::idle_until);
        Ok(())
    }
}

/// The last state of a board: asleep, and awake only to feed a watchdog that nothing stops.
pub fn sleep_for_ever<T: Counter>(mut clock: CounterClock<T>) -> ! {
    loop {
        clock.wait(u64::MAX, T::sleep_until);
    }
}
