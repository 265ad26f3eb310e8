//! The core's deep sleep.
#![allow(unsafe_code)]

use cortex_m::peripheral::SCB;

/// Does `wait` with the core set for deep sleep: while it waits, the chip is in its SLEEP state, in which only the clocks
/// of `SLEEP_EN` run.
pub fn deeply(wait: impl FnOnce()) {
    // SAFETY: nothing else of this program refers to the system control block; the drivers' interrupt handlers do not.
    let scb: &mut SCB = &mut unsafe { cortex_m::Peripherals::steal() }.SCB;
    scb.set_sleepdeep();
    wait();
    scb.clear_sleepdeep();
}
