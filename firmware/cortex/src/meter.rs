//! What an update costs, in cycles of the core: the counter of the debug unit, which every core has but those of ARMv6-M.

use app::Meter;
use cortex_m::{Peripherals, peripheral::DWT};

/// CYCCNT as a stopwatch.
pub struct CycleMeter {
    start: u32,
    /// Frequency of the core's clock.
    pub clock_hz: u32,
}

impl CycleMeter {
    /// Starts the counter.
    pub fn new(mut core: Peripherals, clock_hz: u32) -> Self {
        core.DCB.enable_trace();
        core.DWT.enable_cycle_counter();
        Self { start: 0, clock_hz }
    }
}

impl Meter for CycleMeter {
    #[inline(always)]
    fn start(&mut self) {
        self.start = DWT::cycle_count();
    }

    #[inline(always)]
    fn stop(&mut self) -> u32 {
        DWT::cycle_count().wrapping_sub(self.start)
    }
}
