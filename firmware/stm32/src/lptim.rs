//! LPTIM1: counts 16 bits of the crystal's 32,768 Hz, in Stop 2 too, and its compare match wakes the chip.
//!
//! Reference manuals RM0351 (STM32L4x5) and RM0456 (STM32U5), chapters LPTIM. The interrupt is unmasked only while the core
//! waits for it with interrupts off, where a pending one ends the wait and its handler never runs.

use crate::sys;
use embassy_stm32::pac::{LPTIM1, RCC};

/// The timer, counting without end.
pub struct Lptim(());

impl Lptim {
    /// Starts it from 0.
    #[cfg(feature = "stm32l475")]
    pub fn new() -> Self {
        RCC.apb1enr1().modify(|w| w.set_lptim1en(true));
        RCC.apb1rstr1().modify(|w| w.set_lptim1rst(true));
        RCC.apb1rstr1().modify(|w| w.set_lptim1rst(false));
        // To be written while the timer is disabled, unlike all that follows.
        LPTIM1.ier().write(|w| w.set_ccie(0, true));
        LPTIM1.cr().write(|w| w.set_enable(true));
        Self::count()
    }

    /// Starts it from 0.
    #[cfg(feature = "stm32u575")]
    pub fn new() -> Self {
        /// DIEROK in the status register and in the register that clears it.
        const ENABLES_TAKEN: u32 = 1 << 24;
        RCC.apb3enr().modify(|w| w.set_lptim1en(true));
        RCC.apb3rstr().modify(|w| w.set_lptim1rst(true));
        RCC.apb3rstr().modify(|w| w.set_lptim1rst(false));
        // Its clock goes on in Stop 2.
        RCC.srdamr().modify(|w| w.set_lptim1amen(true));
        LPTIM1.cr().write(|w| w.set_enable(true));
        LPTIM1.dier().write(|w| w.set_ccie(0, true));
        while LPTIM1.isr().read().0 & ENABLES_TAKEN == 0 {}
        LPTIM1.icr().write(|w| w.0 = ENABLES_TAKEN);
        Self::count()
    }

    fn count() -> Self {
        LPTIM1.arr().write(|w| w.set_arr(u16::MAX));
        while !LPTIM1.isr().read().arrok() {}
        LPTIM1.cr().modify(|w| w.set_cntstrt(true));
        Self(())
    }

    /// The counter. It runs from another clock than the core: a reading counts where two in a row agree.
    pub fn ticks(&mut self) -> u16 {
        let read = || LPTIM1.cnt().read().cnt();
        let mut last = read();
        loop {
            let now = read();
            if now == last {
                return now;
            }
            last = now;
        }
    }

    /// Lets the core wait by `doze` until the counter comes to `ticks`, at most half its range ahead; not at all where that
    /// is less than two ticks away.
    pub fn wait(&mut self, ticks: u16, doze: fn()) {
        // The match has to lie below the reload value; a tick too early is no harm.
        let matched = ticks.min(u16::MAX - 1);
        cortex_m::interrupt::free(|_| {
            self.set_match(matched);
            // The flag of an earlier match. This one still lies ahead, or the core does not wait for it.
            LPTIM1.icr().write(|w| w.set_cccf(0, true));
            sys::unpend_wake_up();
            let left = matched.wrapping_sub(self.ticks());
            if (2..=u16::MAX / 2 + 1).contains(&left) {
                sys::unmask_wake_up();
                doze();
                sys::mask_wake_up();
            }
            LPTIM1.icr().write(|w| w.set_cccf(0, true));
            sys::unpend_wake_up();
        });
    }

    /// Sets the match, and waits until the timer has taken it over: two or three ticks.
    fn set_match(&mut self, ticks: u16) {
        LPTIM1.icr().write(|w| w.set_cmpokcf(0, true));
        #[cfg(feature = "stm32l475")]
        LPTIM1.cmp().write(|w| w.set_cmp(ticks));
        #[cfg(feature = "stm32u575")]
        LPTIM1.ccr(0).write(|w| w.set_ccr(ticks));
        while !LPTIM1.isr().read().cmpok(0) {}
    }
}
