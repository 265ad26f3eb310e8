//! LPTIM1: counts 16 bits of the crystal's 32,768 Hz, in Stop 2 too, and its compare match wakes the chip.
//!
//! Reference manuals RM0351 (STM32L4x5) and RM0456 (STM32U5), chapters LPTIM. The interrupt is unmasked only while the core
//! waits for it with interrupts off, where a pending one ends the wait and its handler never runs. It has two causes, a match
//! and a new match value that the timer has taken over. Both are enabled, and only their flags are cleared: clearing a flag
//! whose interrupt is not enabled, just as another event comes, may leave the interrupt pending forever (errata of the
//! STM32L475, "Device may remain stuck in LPTIM interrupt when clearing event flag").

use crate::sys;
#[cfg(feature = "stm32l475")]
use embassy_stm32::pac::lptim::regs::Icr;
#[cfg(feature = "stm32u575")]
use embassy_stm32::pac::lptim::regs::IcrAdv as Icr;
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
        LPTIM1.ier().write(|w| {
            w.set_ccie(0, true);
            w.set_cmpokie(0, true);
        });
        LPTIM1.cr().write(|w| w.set_enable(true));
        Self::run()
    }

    /// Starts it from 0.
    #[cfg(feature = "stm32u575")]
    pub fn new() -> Self {
        RCC.apb3enr().modify(|w| w.set_lptim1en(true));
        RCC.apb3rstr().modify(|w| w.set_lptim1rst(true));
        RCC.apb3rstr().modify(|w| w.set_lptim1rst(false));
        // Its clock goes on in Stop 2.
        RCC.srdamr().modify(|w| w.set_lptim1amen(true));
        LPTIM1.cr().write(|w| w.set_enable(true));
        LPTIM1.dier().write(|w| {
            w.set_ccie(0, true);
            w.set_cmpokie(0, true);
        });
        while !LPTIM1.isr().read().dierok() {}
        Self::run()
    }

    fn run() -> Self {
        LPTIM1.arr().write(|w| w.set_arr(u16::MAX));
        while !LPTIM1.isr().read().arrok() {}
        LPTIM1.cr().modify(|w| w.set_cntstrt(true));
        Self(())
    }

    /// The counter, 0 before it was started. It runs from another clock than the core: a reading counts where two in a row
    /// agree.
    pub fn count() -> u16 {
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
            sys::unmask_wake_up();
            set_match(matched);
            // The flag of an earlier match. This one still lies ahead, or the core does not wait for it.
            forget(|w| w.set_cccf(0, true));
            let left = matched.wrapping_sub(Self::count());
            if (2..=u16::MAX / 2 + 1).contains(&left) {
                doze();
            }
            forget(|w| w.set_cccf(0, true));
            sys::mask_wake_up();
        });
    }
}

/// Sets the match, and sleeps until the timer has taken it over: two or three ticks. The lightest sleep, because the timer
/// hands the value over between two clocks, of which Stop 2 ends one.
fn set_match(ticks: u16) {
    #[cfg(feature = "stm32l475")]
    LPTIM1.cmp().write(|w| w.set_cmp(ticks));
    #[cfg(feature = "stm32u575")]
    LPTIM1.ccr(0).write(|w| w.set_ccr(ticks));
    while !LPTIM1.isr().read().cmpok(0) {
        cortex_m::asm::wfi();
        // Where the flag has come meanwhile, the interrupt is pending again at once.
        sys::unpend_wake_up();
    }
    forget(|w| w.set_cmpokcf(0, true));
}

/// Clears a flag, and the interrupt that it has left pending.
fn forget(flag: impl FnOnce(&mut Icr)) {
    LPTIM1.icr().write(flag);
    sys::unpend_wake_up();
}
