//! ST's NUCLEO-U575ZI-Q: what the images in `src/bin` have in common. Wiring and expected current: README.md.
#![no_std]

mod power;
mod sys;

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
        rcc::{MSIRange, Sysclk, VoltageScale, mux::Lptimsel},
    },
};

/// The board's name, for the image's log.
pub const NAME: &str = "stm32u5-nucleo";
/// The core's clock: MSIS, at the highest frequency at which flash needs no wait states in the lowest range of the core's
/// voltage (RM0456, FLASH, read access latency), which takes least at it. 24 MHz would need one there, and embassy-stm32 0.6.0
/// raises MSIS, from which the core runs already, before it sets any.
pub const CLOCK_HZ: u32 = 12_000_000;

/// Starts an application, unless too many starts have ended in a fault.
pub fn start(application: impl FnOnce(Board) -> Result<(), Refusal>) -> ! {
    stm32::start(|core| {
        let mut config = Config::default();
        config.rcc.msis = Some(MSIRange::RANGE_12MHZ);
        config.rcc.msik = None;
        config.rcc.hsi48 = None;
        config.rcc.voltage_range = VoltageScale::RANGE4;
        config.rcc.sys = Sysclk::MSIS;
        config.rcc.mux.lptim1sel = Lptimsel::LSE;
        config.rcc.ls = stm32::crystal();
        // Where it is on, the chip does not really stop: the clocks go on for the debugger.
        config.enable_debug_during_sleep = !cfg!(feature = "unwatched");
        // No analog part is used, so that its supply is not watched, not in Stop either.
        config.enable_independent_analog_supply = false;
        let board = embassy_stm32::init(config);
        power::save();
        let clock = stm32::clock();
        let driver = I2c::new_blocking(board.I2C1, board.PB8, board.PB9, bus::config());
        let interrupts = [pac::Interrupt::I2C1_EV, pac::Interrupt::I2C1_ER];
        let lines = Lines {
            port: pac::GPIOB,
            scl: 8,
            sda: 9,
        };
        application(Board {
            clock,
            // D13, D12 and D11. None of them is an LED's.
            markers: Markers {
                seq: Output::new(board.PA5, Level::Low, Speed::Low),
                awake: Output::new(board.PA6, Level::Low, Speed::Low),
                update: Output::new(board.PA7, Level::Low, Speed::Low),
            },
            // SCL is D15, SDA D14; 400 kHz.
            bus: Bus::new(driver, pac::I2C1, interrupts, lines, CLOCK_HZ),
            // D10.
            decision: Output::new(board.PD14, Level::Low, Speed::Low),
            core,
        })
    })
}
