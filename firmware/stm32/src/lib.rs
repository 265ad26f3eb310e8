//! What the STM32 boards have in common: LPTIM1 as clock, which runs in Stop 2, and the independent watchdog.
//!
//! A board selects the chip by feature, and takes [`crystal`] and LSE as the clock of LPTIM1 as it sets its clocks.
#![no_std]

mod lptim;
mod sys;

pub use embassy_stm32;

use cortex::{
    End, Refusal,
    counter::{Counter, CounterClock},
};
use cortex_m::Peripherals;
use embassy_stm32::{
    Peri, pac,
    peripherals::IWDG,
    rcc::{LsConfig, LseConfig, LseDrive, LseMode},
    time::Hertz,
    wdg::IndependentWatchdog,
};
use lptim::Lptim;

/// LPTIM1 at 32,768 Hz, from the crystal.
pub type Clock = CounterClock<Stm32>;

/// Of the watchdog, which counts while the core sleeps.
const PATIENCE_US: u32 = 20_000_000;

/// The crystal of 32,768 Hz and nothing else in the backup domain: the RTC, which nobody reads, gets no clock.
///
/// The second lowest drive. A crystal asks the oscillator for 4 ESR (2 pi f)^2 (C0 + CL)^2 (application note AN2867): one of
/// 6 pF, 1.3 pF and at most 70 kOhm for 0.63 uA/V, more than the 0.5 uA/V of the lowest drive and less than the 0.75 of this
/// one (data sheets, LSE oscillator characteristics).
pub fn crystal() -> LsConfig {
    let mut config = LsConfig::off();
    config.lse = Some(LseConfig {
        frequency: Hertz(32_768),
        mode: LseMode::Oscillator(LseDrive::MediumLow),
        // LPTIM1 gets it through LSESYSEN only (RM0456, RCC_BDCR).
        #[cfg(feature = "stm32u575")]
        peripherals_clocked: true,
    });
    config
}

/// Starts an application, unless too many starts have ended in a fault.
pub fn start(application: impl FnOnce(Peripherals) -> Result<(), Refusal>) -> ! {
    let by_watchdog = pac::RCC.csr().read().iwdgrstf();
    pac::RCC.csr().modify(|w| w.set_rmvf(true));
    cortex::start(by_watchdog, application, rest)
}

/// The clock, which starts now; the watchdog starts when it is first fed. The chip's clocks are set.
pub fn clock(watchdog: Peri<'static, IWDG>) -> Clock {
    CounterClock::new(Stm32 {
        timer: Lptim::new(),
        watchdog: Watchdog::Unwatched(watchdog),
    })
}

/// Sleeps for ever, but for feeding the watchdog if it runs: nothing stops it. A board that parks has started nothing.
fn rest(end: End) -> ! {
    if end == End::Parked {
        sys::reach_power_control();
        loop {
            cortex_m::interrupt::free(|_| sys::stop_2());
        }
    }
    cortex::counter::sleep_for_ever(CounterClock::new(Stm32 {
        timer: Lptim::new(),
        watchdog: Watchdog::Unknown,
    }))
}

/// The timer, and what has to be fed while it is waited for.
pub struct Stm32 {
    timer: Lptim,
    watchdog: Watchdog,
}

enum Watchdog {
    /// Not started yet.
    Unwatched(Peri<'static, IWDG>),
    /// Started.
    Watched(IndependentWatchdog<'static, IWDG>),
    /// Started or not: feeding does no harm.
    Unknown,
}

impl Counter for Stm32 {
    const TICKS_PER_SECOND: u32 = 32_768;

    fn ticks(&mut self) -> u16 {
        self.timer.ticks()
    }

    fn sleep_until(&mut self, ticks: u16) {
        self.timer.wait(ticks, sys::stop_2);
    }

    fn idle_until(&mut self, ticks: u16) {
        self.timer.wait(ticks, cortex_m::asm::wfi);
    }

    fn feed(&mut self) {
        self.watchdog = match core::mem::replace(&mut self.watchdog, Watchdog::Unknown) {
            Watchdog::Unwatched(peripheral) => {
                let mut watchdog = IndependentWatchdog::new(peripheral, PATIENCE_US);
                watchdog.unleash();
                Watchdog::Watched(watchdog)
            }
            Watchdog::Watched(mut watchdog) => {
                watchdog.pet();
                Watchdog::Watched(watchdog)
            }
            Watchdog::Unknown => {
                pac::IWDG.kr().write(|w| w.set_key(pac::iwdg::vals::Key::RESET));
                Watchdog::Unknown
            }
        };
    }
}
