//! Nordic's nRF52840-DK: what the images in `src/bin` have in common. Wiring and expected current: README.md.
#![no_std]

mod crystal;
pub mod i2c;
mod sys;

use app::{Clock as _, log};
use cortex::{
    End, Markers, Refusal,
    clock::{EmbassyClock, Power, wait_for_event},
    meter::CycleMeter,
};
use cortex_m::Peripherals;
use defmt_rtt as _;
use embassy_nrf::{
    Peri,
    config::{Config, LfclkSource},
    gpio::{Level, Output, OutputDrive},
    pac,
    peripherals::WDT,
    wdt::{self, HaltConfig, SleepConfig, Watchdog, WatchdogHandle},
};
use i2c::Bus;

/// The board's name, for the image's log.
pub const NAME: &str = "nrf52840-dk";

/// Frequency of the core's clock.
pub const CLOCK_HZ: u32 = 64_000_000;

/// The watchdog's time limit, in ticks of 32,768 Hz: 30 s.
const PATIENCE_TICKS: u32 = 30 * 32_768;

/// RTC1 at 32,768 Hz, from the crystal.
pub type Clock = EmbassyClock<Nrf>;
/// The pins SEQ, AWAKE and UPDATE: P1.01, P1.02 and P1.03.
pub type Pins = Markers<Output<'static>, Output<'static>, Output<'static>>;

/// Everything that an application needs of the board.
pub struct Board {
    /// Tells the time and sleeps.
    pub clock: Clock,
    /// For a power analyser.
    pub markers: Pins,
    /// SCL is P0.27, SDA P0.26; 390 kHz.
    pub bus: Bus,
    /// P1.04, for decisions.
    pub decision: Output<'static>,
    /// The core's own.
    pub core: Peripherals,
}

impl Board {
    /// The parts that a measurement takes.
    pub fn measurement(self) -> (Clock, CycleMeter, Pins) {
        (self.clock, CycleMeter::new(self.core, CLOCK_HZ), self.markers)
    }
}

/// Starts an application, unless too many starts have ended in a fault.
pub fn start(application: impl FnOnce(Board) -> Result<(), Refusal>) -> ! {
    let by_watchdog = pac::POWER.resetreas().read().dog();
    // A reason is forgotten by writing it.
    pac::POWER.resetreas().write(|w| w.set_dog(true));
    cortex::start(
        by_watchdog,
        |core| {
            // The HAL does it too, but after the start of LFCLK.
            pac::POWER.dcdcen().write(|w| w.set_dcdcen(true));
            switch_off_unused_ram();
            let mut config = Config::default();
            // The HAL waits awake for what it is told to start: 0.6 ms here, 250 ms for the crystal.
            config.lfclk_source = LfclkSource::InternalRC;
            config.dcdc.reg1 = true;
            let board = embassy_nrf::init(config);
            crystal::start();
            // It starts the watchdog.
            let clock = EmbassyClock::new(Nrf::Unwatched(board.WDT));
            if let Err(refusal) = crystal::wait() {
                // The application, which says it otherwise, does not begin.
                log::image(NAME, clock.ticks_per_second());
                return Err(refusal);
            }
            application(Board {
                clock,
                markers: Markers {
                    seq: Output::new(board.P1_01, Level::Low, OutputDrive::Standard),
                    awake: Output::new(board.P1_02, Level::Low, OutputDrive::Standard),
                    update: Output::new(board.P1_03, Level::Low, OutputDrive::Standard),
                },
                bus: Bus::new(board.TWISPI0, board.P0_26, board.P0_27, board.RTC2),
                decision: Output::new(board.P1_04, Level::Low, OutputDrive::Standard),
                core,
            })
        },
        rest,
    )
}

/// Switches off the sections of RAM that no image uses, which are kept in System ON otherwise (nRF52840 PS v1.8, 5.3.7.17): all but
/// the first 20 KB, which `memory.x` gives to images.
fn switch_off_unused_ram() {
    /// Each of the blocks RAM0 to RAM7 has two sections of 4 KB, RAM8 six of 32 KB.
    const BLOCKS: usize = 9;
    // Of RAM2 the first section is the DMA's.
    pac::POWER.ram(2).powerclr().write(|w| w.set_s_power(1, true));
    for block in 3..BLOCKS {
        pac::POWER.ram(block).powerclr().write(|w| w.0 = 0x0000_ffff);
    }
}

/// Sleeps for ever. The watchdog, if it runs at all, does not count meanwhile.
fn rest(_: End) -> ! {
    loop {
        cortex_m::asm::wfe();
    }
}

/// Sleep in System ON, and the watchdog, which starts when it is first fed and counts only while the core is awake.
pub enum Nrf {
    /// Not started yet.
    Unwatched(Peri<'static, WDT>),
    /// Started.
    Watched(WatchdogHandle),
    /// An earlier start left it running with other settings: nobody feeds it.
    Lost,
}

impl Power for Nrf {
    fn idle(&mut self, alarm: u64) {
        wait_for_event(alarm);
    }

    fn feed(&mut self) {
        *self = match core::mem::replace(self, Self::Lost) {
            Self::Unwatched(peripheral) => {
                let mut config = wdt::Config::default();
                config.timeout_ticks = PATIENCE_TICKS;
                config.action_during_sleep = SleepConfig::Pause;
                config.action_during_debug_halt = HaltConfig::Pause;
                match Watchdog::try_new(peripheral, config) {
                    Ok((_, [handle])) => Self::Watched(handle),
                    Err(_) => Self::Lost,
                }
            }
            Self::Watched(mut handle) => {
                handle.pet();
                Self::Watched(handle)
            }
            Self::Lost => Self::Lost,
        };
    }
}
