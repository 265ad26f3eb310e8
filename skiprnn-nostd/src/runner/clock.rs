//! Clocks: the time that the samples' grid is measured in, and the alarm that ends a sleep.

use embedded_hal::delay::DelayNs;

/// A monotonic clock that the board can sleep by.
///
/// Ticks count from an arbitrary moment and never wrap: a board whose counter is narrower extends it.
pub trait Clock {
    /// The error of a sleep, such as a wake-up timer that does not start.
    type Error;

    /// Ticks in a second; constant.
    fn ticks_per_second(&self) -> u32;

    /// The present tick.
    fn now(&mut self) -> u64;

    /// Sleeps, in the deepest mode that wakes in time, until [`Clock::now`] has reached `tick`. Returns at once where
    /// it already has.
    ///
    /// # Errors
    /// The board could not sleep until then.
    fn sleep_until(&mut self, tick: u64) -> Result<(), Self::Error>;
}

impl<C: Clock> Clock for &mut C {
    type Error = C::Error;

    fn ticks_per_second(&self) -> u32 {
        (**self).ticks_per_second()
    }

    fn now(&mut self) -> u64 {
        (**self).now()
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), C::Error> {
        (**self).sleep_until(tick)
    }
}

/// A clock from what every HAL has: a free-running counter and a delay of embedded-hal, blocking or async.
///
/// It sleeps as deeply as the delay does. Each sleep aims at a tick of the counter, so that delays that take too long do not
/// add up.
#[derive(Debug)]
pub struct DelayClock<D, F> {
    delay: D,
    counter: F,
    ticks_per_second: u32,
}

impl<D, F: FnMut() -> u64> DelayClock<D, F> {
    /// A clock from a delay and a counter: `counter` returns the present tick of a counter that advances `ticks_per_second`
    /// times a second and never wraps.
    pub fn new(delay: D, counter: F, ticks_per_second: u32) -> Self {
        DelayClock {
            delay,
            counter,
            ticks_per_second,
        }
    }

    /// How long to delay, in nanoseconds, rounded up and at most one second at a time; `None` where `tick` has come.
    fn left_ns(&mut self, tick: u64) -> Option<u32> {
        let left = tick.checked_sub((self.counter)()).filter(|left| *left > 0)?;
        let rate = u64::from(self.ticks_per_second.max(1));
        let left = left.min(rate);
        // Below 2^32 · 10^9, which fits.
        Some(left.wrapping_mul(1_000_000_000).div_ceil(rate) as u32)
    }
}

impl<D: DelayNs, F: FnMut() -> u64> Clock for DelayClock<D, F> {
    type Error = core::convert::Infallible;

    fn ticks_per_second(&self) -> u32 {
        self.ticks_per_second
    }

    fn now(&mut self) -> u64 {
        (self.counter)()
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Self::Error> {
        while let Some(ns) = self.left_ns(tick) {
            self.delay.delay_ns(ns);
        }
        Ok(())
    }
}

#[cfg(feature = "async")]
impl<D: embedded_hal_async::delay::DelayNs, F: FnMut() -> u64> super::asynch::Clock for DelayClock<D, F> {
    type Error = core::convert::Infallible;

    fn ticks_per_second(&self) -> u32 {
        self.ticks_per_second
    }

    fn now(&mut self) -> u64 {
        (self.counter)()
    }

    async fn sleep_until(&mut self, tick: u64) -> Result<(), Self::Error> {
        while let Some(ns) = self.left_ns(tick) {
            self.delay.delay_ns(ns).await;
        }
        Ok(())
    }
}
