//! A clock over embassy-time.

use core::convert::Infallible;
use embassy_time::{Instant, TICK_HZ, Timer};
use skiprnn_nostd::runner::asynch;

/// Ticks of embassy-time: on this board those of RTC1, 32,768 Hz from the crystal.
pub struct EmbassyClock;

impl asynch::Clock for EmbassyClock {
    type Error = Infallible;

    fn ticks_per_second(&self) -> u32 {
        TICK_HZ as u32
    }

    fn now(&mut self) -> u64 {
        Instant::now().as_ticks()
    }

    async fn sleep_until(&mut self, tick: u64) -> Result<(), Infallible> {
        Timer::at(Instant::from_ticks(tick)).await;
        Ok(())
    }
}
