//! The calls that touch the core: its interrupts of the timer and of the bus, SysTick, and its deep sleep.
#![allow(unsafe_code)]

use cortex_m::peripheral::{NVIC, SCB, SYST, syst::SystClkSource};
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

/// Lets interrupts end a wait.
pub fn unmask_all(interrupts: [Interrupt; 2]) {
    for interrupt in interrupts {
        // SAFETY: as for the timer's: called with interrupts off, and masked again before they are on.
        unsafe { NVIC::unmask(interrupt) }
    }
}

/// The interrupts end no wait.
pub fn mask_all(interrupts: [Interrupt; 2]) {
    interrupts.into_iter().for_each(NVIC::mask);
}

/// Forgets pending interrupts.
pub fn unpend_all(interrupts: [Interrupt; 2]) {
    interrupts.into_iter().for_each(NVIC::unpend);
}

/// SysTick becomes pending after so many cycles of the core, below 2^24, if nobody stops it. Called with interrupts off.
pub fn start_limit(cycles: u32) {
    let mut timer = systick();
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(cycles);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

/// Stops SysTick, and forgets that it is pending.
pub fn stop_limit() {
    let mut timer = systick();
    timer.disable_counter();
    timer.disable_interrupt();
    SCB::clear_pendst();
}

fn systick() -> SYST {
    // SAFETY: nothing else uses SysTick, and interrupts are off.
    unsafe { cortex_m::Peripherals::steal() }.SYST
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
