//! A clock over embassy-time: the low-power timer that the board's embassy crate drives.

use app::{Clock, IdleClock};
use core::{convert::Infallible, task::Waker};
use embassy_time::{Instant, TICK_HZ};

/// The longest single sleep, within every board's watchdog.
const LONGEST_TICKS: u64 = 8 * TICK_HZ;

/// What differs from board to board.
pub trait Power {
    /// Takes the core to the deepest sleep in which the timer runs, until the next interrupt. The timer's is due at
    /// `alarm`; where that has passed, its interrupt may have come already, and the core must not sleep.
    fn idle(&mut self, alarm: u64);

    /// Feeds the watchdog, and starts it at the first time.
    fn feed(&mut self);
}

/// Waits for an event, unless the alarm is past. An interrupt that comes after that is asked leaves an event behind, so
/// that the core does not sleep through it.
pub fn wait_for_event(alarm: u64) {
    if Instant::now().as_ticks() < alarm {
        cortex_m::asm::wfe();
    }
}

/// The time driver's clock.
pub struct EmbassyClock<P> {
    power: P,
}

impl<P: Power> EmbassyClock<P> {
    /// Puts it together and starts the watchdog; the time driver must run.
    pub fn new(mut power: P) -> Self {
        power.feed();
        Self { power }
    }
}

impl<P: Power> Clock for EmbassyClock<P> {
    type Error = Infallible;

    fn ticks_per_second(&self) -> u32 {
        TICK_HZ as u32
    }

    fn now(&mut self) -> u64 {
        Instant::now().as_ticks()
    }

    fn sleep_until(&mut self, tick: u64) -> Result<(), Infallible> {
        self.wait(tick, P::idle)
    }
}

impl<P: Power> IdleClock for EmbassyClock<P> {
    fn idle_until(&mut self, tick: u64) -> Result<(), Infallible> {
        self.wait(tick, |_, alarm| wait_for_event(alarm))
    }
}

impl<P: Power> EmbassyClock<P> {
    /// Waits, in stretches that the watchdog allows, each of them by `doze`, which is given the tick that ends it.
    fn wait(&mut self, tick: u64, doze: impl Fn(&mut P, u64)) -> Result<(), Infallible> {
        loop {
            self.power.feed();
            let now = self.now();
            if now >= tick {
                return Ok(());
            }
            // The alarm's interrupt ends the sleep; what it wakes besides is nobody.
            let alarm = tick.min(now.saturating_add(LONGEST_TICKS));
            embassy_time_driver::schedule_wake(alarm, Waker::noop());
            doze(&mut self.power, alarm);
        }
    }
}
