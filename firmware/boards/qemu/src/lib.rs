//! The emulated boards: what the images in `src/bin` have in common.
//!
//! One machine of `qemu-system-arm` is chosen as feature, its addresses come from `build.rs`:
//!
//! | feature | core | clock | timers |
//! | --- | --- | --- | --- |
//! | `mps2-an385` | Cortex-M3 | 25 MHz | CMSDK |
//! | `mps2-an386` | Cortex-M4F | 25 MHz | CMSDK |
//! | `mps2-an500` | Cortex-M7 | 25 MHz | CMSDK |
//! | `mps2-an505` | Cortex-M33, secure | 20 MHz | CMSDK |
//! | `microbit` | Cortex-M0 (nRF51822) | 16 MHz | nRF51 |
//!
//! - Wiring: none. Three LEDs (on the microbit pins P0.01 to P0.03) are the markers SEQ, AWAKE and UPDATE.
//! - Time: with `-icount shift=6` every instruction takes 64 ns.
//! - Expected current: an emulator draws none; `skiprnn energy` predicts it for real boards.
#![no_std]

pub mod clock;
mod exit;
pub mod markers;
pub mod meter;
pub mod stream;
mod sys;

use clock::TimerClock;
use cortex::Markers;
pub use cortex::{Refusal, blob_region};
use cortex_m::Peripherals;
use defmt_semihosting as _;
use markers::LedPin;
use meter::SysTickMeter;
pub use sys::{Board, machine::NAME};

/// The parts that a measurement takes.
pub fn measurement(core: Peripherals, board: Board) -> (TimerClock, SysTickMeter, Markers<LedPin, LedPin, LedPin>) {
    let mut meter = SysTickMeter::new(core.SYST);
    meter.calibrate().log();
    (
        TimerClock::new(board.base, board.alarm),
        meter,
        markers::markers(board.leds).0,
    )
}

/// Starts an application, unless too many starts have ended in a fault.
pub fn start(application: impl FnOnce(Peripherals, Board) -> Result<(), Refusal>) -> ! {
    cortex::start(
        false,
        |core| {
            let board = Board::new(&core);
            application(core, board)
        },
        exit::leave,
    )
}
