//! The board's clock: timer 0 tells the time, timer 1 ends the sleep.

use crate::sys::{Timer, TimerRegister};
use app::Clock;
use core::convert::Infallible;

/// Both timers run from the board's 25 MHz.
pub const TICKS_PER_SECOND: u32 = 25_000_000;

const ENABLE: u32 = 1 << 0;
const INTERRUPT: u32 = 1 << 3;
/// The longest single sleep, half the range of the time base, so that no wrap of it goes unnoticed.
const LONGEST_SLEEP: u64 = 1 << 31;

/// Timer 0, extended to 64 bits, and timer 1 as alarm.
pub struct TimerClock {
    base: Timer<0>,
    alarm: Timer<1>,
    /// The lower half at the last reading.
    low: u32,
    /// Wraps of the lower half so far.
    high: u32,
}

impl TimerClock {
    /// Starts the time base at 0.
    pub fn new(mut base: Timer<0>, mut alarm: Timer<1>) -> Self {
        base.write(TimerRegister::Ctrl, 0);
        base.write(TimerRegister::Reload, u32::MAX);
        base.write(TimerRegister::Ctrl, ENABLE);
        alarm.enable_wake_up();
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

    /// The timer wraps every 172 s; a wrap shows as a reading below the last one. That misses none: no sleep is longer
    /// than half of this, and neither is an update.
    fn now(&mut self) -> u64 {
        let low = !self.base.read(TimerRegister::Value);
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
            // Once only: with a reload value the timer would go on counting, and an emulator that leaps to the next
            // deadline while the core sleeps may leap over two of them at once.
            self.alarm.write(TimerRegister::Reload, 0);
            self.alarm.write(TimerRegister::Value, left.min(LONGEST_SLEEP) as u32);
            self.alarm.clear_wake_up();
            // With interrupts masked the alarm cannot slip in between this check and the sleep: it stays pending, and
            // a pending interrupt ends the sleep, or keeps it from beginning.
            cortex_m::interrupt::free(|_| {
                self.alarm.write(TimerRegister::Ctrl, ENABLE | INTERRUPT);
                cortex_m::asm::dsb();
                cortex_m::asm::wfi();
                self.alarm.write(TimerRegister::Ctrl, 0);
                self.alarm.clear_wake_up();
            });
        }
    }
}
