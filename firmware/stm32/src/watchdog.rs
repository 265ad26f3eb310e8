//! The independent watchdog, which counts the chip's low-power RC oscillator and which nothing stops but a reset (RM0351 and
//! RM0456, chapters IWDG). It goes on in Stop 2.

use embassy_stm32::pac::{
    DBGMCU, IWDG,
    iwdg::vals::{Key, Pr},
};

/// 20 s: 125 Hz come from 32 kHz by the prescaler of 256.
const RELOAD: u16 = 20 * 125 - 1;

/// Starts it. Nothing is waited for, because it has to be there for the first thing that may hang: the registers take over
/// what is written once the oscillator runs, and the first patience, up to [`feed`], is up to 33 s long.
pub fn start() {
    // A debugger that halts the core does not lose it.
    #[cfg(feature = "stm32l475")]
    DBGMCU.apb1fzr1().modify(|w| w.set_iwdg(true));
    #[cfg(feature = "stm32u575")]
    DBGMCU.apb1lfzr().modify(|w| w.set_dbg_iwdg_stop(true));
    IWDG.kr().write(|w| w.set_key(Key::START));
    IWDG.kr().write(|w| w.set_key(Key::ENABLE));
    IWDG.pr().write(|w| w.set_pr(Pr::DIVIDE_BY256));
    IWDG.rlr().write(|w| w.set_rl(RELOAD));
}

/// Feeds it, whether it was started or not.
pub fn feed() {
    IWDG.kr().write(|w| w.set_key(Key::RESET));
}
