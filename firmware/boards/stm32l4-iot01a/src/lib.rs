//! ST's B-L475E-IOT01A: what the images in `src/bin` have in common. Wiring and expected current: README.md.
#![no_std]

use cortex::{Markers, Refusal};
use defmt_rtt as _;
use stm32::{
    Board,
    bus::{self, Bus, Lines},
    embassy_stm32::{
        self, Config,
        gpio::{Level, Output, Speed},
        i2c::I2c,
        pac,
        rcc::{MSIRange, Sysclk, mux::Lptim1sel},
    },
};

/// The board's name, for the image's log.
pub const NAME: &str = "stm32l4-iot01a";
/// The core's clock: MSI, which needs no time to start after Stop. Flash needs no wait states up to here (RM0351, 3.3.3), and
/// may have none: embassy-stm32 0.6.0 raises MSI, from which the core runs already, before it sets any.
pub const CLOCK_HZ: u32 = 16_000_000;

/// Starts an application, unless too many starts have ended in a fault.
pub fn start(application: impl FnOnce(Board) -> Result<(), Refusal>) -> ! {
    stm32::start(|core| {
        let mut config = Config::default();
        config.rcc.msi = Some(MSIRange::RANGE16M);
        config.rcc.sys = Sysclk::MSI;
        config.rcc.mux.lptim1sel = Lptim1sel::LSE;
        config.rcc.ls = stm32::crystal();
        // Where it is on, the chip does not really stop: the clocks go on for the debugger.
        config.enable_debug_during_sleep = !cfg!(feature = "unwatched");
        let board = embassy_stm32::init(config);
        let clock = stm32::clock();
        let driver = I2c::new_blocking(board.I2C2, board.PB10, board.PB11, bus::config());
        let interrupts = [pac::Interrupt::I2C2_EV, pac::Interrupt::I2C2_ER];
        let lines = Lines {
            port: pac::GPIOB,
            scl: 10,
            sda: 11,
        };
        application(Board {
            clock,
            // D8, D12 and D11. None of them is an LED's: PA5 (D13) is LD1's.
            markers: Markers {
                seq: Output::new(board.PB2, Level::Low, Speed::Low),
                awake: Output::new(board.PA6, Level::Low, Speed::Low),
                update: Output::new(board.PA7, Level::Low, Speed::Low),
            },
            // The LSM6DSL is on it; 400 kHz.
            bus: Bus::new(driver, pac::I2C2, interrupts, lines, CLOCK_HZ),
            // D7.
            decision: Output::new(board.PA4, Level::Low, Speed::Low),
            core,
        })
    })
}
