//! LFCLK from the crystal, which takes 250 ms to start (nRF52840 PS v1.8, 5.4.4.5): the core sleeps meanwhile.
//!
//! While the crystal starts, the RC oscillator provides LFCLK's ticks (5.4.2.3), so that the timer runs and ends the wait where the
//! crystal is broken.

use crate::sys;
use core::task::Waker;
use cortex::{Refusal, clock::wait_for_event};
use embassy_nrf::pac;
use embassy_time::{Duration, Instant};

/// How long a crystal may take: the product specification says 0.25 s typically, and 0.5 s with an extended supply.
const LONGEST: Duration = Duration::from_secs(1);

/// Stops LFCLK, which runs from the RC oscillator, and starts it from the crystal. The source may be written only while LFCLK is
/// stopped (5.4.2).
pub fn start() {
    let clock = pac::CLOCK;
    clock.tasks_lfclkstop().write_value(1);
    clock.lfclksrc().write(|w| w.set_src(pac::clock::vals::Lfclksrc::Xtal));
    clock.events_lfclkstarted().write_value(0);
    clock.tasks_lfclkstart().write_value(1);
}

/// Sleeps until the crystal runs.
///
/// # Errors
/// It does not within a second.
pub fn wait() -> Result<(), Refusal> {
    let clock = pac::CLOCK;
    let end = (Instant::now() + LONGEST).as_ticks();
    sys::enable_crystal_wake();
    while clock.events_lfclkstarted().read() == 0 {
        if Instant::now().as_ticks() >= end {
            return Err(Refusal::Crystal);
        }
        // An interrupt since the questions leaves an event behind, so that the core does not sleep through it.
        clock.intenset().write(|w| w.set_lfclkstarted(true));
        embassy_time_driver::schedule_wake(end, Waker::noop());
        wait_for_event(end);
    }
    sys::disable_crystal_wake();
    Ok(())
}
