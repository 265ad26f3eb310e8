//! A clock over embassy-time: the low-power timer that the board's embassy crate drives.

use app::Clock;
use core::{convert::Infallible, task::Waker};
use embassy_time::{Instant, TICK_HZ};

/// The time driver's clock; `idle` takes the core to its deepest sleep until the next interrupt, and `alive` feeds the
/// watchdog.
pub struct EmbassyClock<I, A> {
    idle: I,
    alive: A,
    /// Ticks of the longest sleep, within the watchdog's patience.
    longest: u64,
}

impl<I: FnMut(), A: FnMut()> EmbassyClock<I, A> {
    /// Puts it together; no single sleep lasts longer than `longest_s` seconds.
    pub const fn new(idle: I, alive: A, longest_s: u32) -> Self {
        Self {
            idle,
            alive,
            longest: longest_s as u64 * TICK_HZ,
        }
    }
}

impl<I: FnMut(), A: FnMut()> Clock for EmbassyClock<I, A> {
    type Error = Infallible;

    fn ticks_per_second(&self) -> u32 {
        TICK_HZ as u32
    }

    fn now(&mut self) -> u64 {
        Instant::now().as_ticks()
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Infallible> {
        loop {
            (self.alive)();
            let now = self.now();
            if now >= tick {
                return Ok(());
            }
            // The alarm's interrupt ends the sleep; what it wakes besides is nobody. An interrupt that comes before the
            // core sleeps is remembered by it.
            embassy_time_driver::schedule_wake(tick.min(now.saturating_add(self.longest)), Waker::noop());
            (self.idle)();
        }
    }
}
