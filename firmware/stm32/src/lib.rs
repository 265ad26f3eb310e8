//! What the STM32 boards have in common: LPTIM1 as clock, which runs in Stop 2, and the independent watchdog.
//!
//! A board selects the chip by feature, and takes [`crystal`] and LSE as the clock of LPTIM1 as it sets its clocks.
#![no_std]

pub mod bus;
mod lptim;
mod sys;
mod watchdog;

pub use embassy_stm32;

use bus::Bus;
use cortex::{
    End, Markers, Refusal,
    counter::{Counter, CounterClock},
};
use cortex_m::Peripherals;
use embassy_stm32::{
    gpio::Output,
    pac,
    rcc::{LsConfig, LseConfig, LseDrive, LseMode},
    time::Hertz,
};
use lptim::Lptim;

/// LPTIM1 at 32,768 Hz, from the crystal.
pub type Clock = CounterClock<Stm32>;

/// The pins SEQ, AWAKE and UPDATE; each board's README names them.
pub type Pins = Markers<Output<'static>, Output<'static>, Output<'static>>;

/// Everything that an application needs of a board.
pub struct Board {
    /// Tells the time and sleeps.
    pub clock: Clock,
    /// For a power analyser.
    pub markers: Pins,
    /// The sensor's bus, I2C.
    pub bus: Bus,
    /// For decisions.
    pub decision: Output<'static>,
    /// The core's own.
    pub core: Peripherals,
}

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

/// Starts an application, unless too many starts have ended in a fault. The watchdog runs before anything is waited for: a
/// crystal that does not start, a timer without a clock.
pub fn start(application: impl FnOnce(Peripherals) -> Result<(), Refusal>) -> ! {
    let by_watchdog = pac::RCC.csr().read().iwdgrstf();
    pac::RCC.csr().modify(|w| w.set_rmvf(true));
    let watched = |core| {
        watchdog::start();
        application(core)
    };
    cortex::start(by_watchdog, watched, rest)
}

/// The clock, which starts now. The chip's clocks are set.
pub fn clock() -> Clock {
    CounterClock::new(Stm32 { timer: Lptim::new() })
}

/// Sleeps for ever, but for feeding the watchdog, which nothing stops. A board that parks has not started it.
fn rest(end: End) -> ! {
    if end == End::Parked {
        sys::reach_power_control();
        loop {
            cortex_m::interrupt::free(|_| sys::stop_2());
        }
    }
    cortex::counter::sleep_for_ever(clock())
}

/// The timer. The watchdog is fed while it is waited for.
pub struct Stm32 {
    timer: Lptim,
}

impl Counter for Stm32 {
    const TICKS_PER_SECOND: u32 = 32_768;

    fn ticks(&mut self) -> u16 {
        Lptim::count()
    }

    fn sleep_until(&mut self, ticks: u16) {
        self.timer.wait(ticks, sys::stop_2);
    }

    fn idle_until(&mut self, ticks: u16) {
        self.timer.wait(ticks, cortex_m::asm::wfi);
    }

    fn feed(&mut self) {
        watchdog::feed();
    }
}
