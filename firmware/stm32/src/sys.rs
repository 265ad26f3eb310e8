//! The calls that touch the core: its interrupt of the timer, and its deep sleep.
#![allow(unsafe_code)]

use cortex_m::peripheral::{NVIC, SCB};
use embassy_stm32::pac::{Interrupt, PWR, RCC, pwr::vals::Lpms};

/// Lets the timer's interrupt end a wait.
pub fn unmask_wake_up() {
    // SAFETY: called with interrupts off, and masked again before they are on: no critical section relies on it, and its
    // handler, which would be the one for strangers, does not run.
    unsafe { NVIC::unmask(Interrupt::LPTIM1) }
}

/// The timer's interrupt ends no wait.
pub fn mask_wake_up() {
    NVIC::mask(Interrupt::LPTIM1);
}

/// Forgets a pending interrupt of the timer.
pub fn unpend_wake_up() {
    NVIC::unpend(Interrupt::LPTIM1);
}

/// Gives the power control its clock, where nobody has set the clocks yet.
pub fn reach_power_control() {
    #[cfg(feature = "stm32l475")]
    RCC.apb1enr1().modify(|w| w.set_pwren(true));
    #[cfg(feature = "stm32u575")]
    RCC.ahb3enr().modify(|w| w.set_pwren(true));
}

/// Takes the chip to Stop 2 until an interrupt is pending. RAM, registers and pins keep what they hold; the chip comes back
/// with the clock that it had, which is MSI.
pub fn stop_2() {
    // SAFETY: interrupts are off, so that nothing else refers to the system control block until it is as it was.
    let scb: &mut SCB = &mut unsafe { cortex_m::Peripherals::steal() }.SCB;
    PWR.cr1().modify(|w| w.set_lpms(Lpms::STOP2));
    scb.set_sleepdeep();
    cortex_m::asm::dsb();
    cortex_m::asm::wfi();
    scb.clear_sleepdeep();
}
