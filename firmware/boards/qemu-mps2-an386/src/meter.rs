//! What an update costs, in ticks of SysTick: 1.6 for each instruction, exactly, where the emulator advances its time
//! by 64 ns per instruction (`-icount shift=6`).

use crate::sys;
use app::Meter;
use core::sync::atomic::{Ordering, compiler_fence};
use cortex_m::peripheral::{SYST, syst::SystClkSource};

/// SysTick counts down through 24 bits: updates of up to 10 million instructions.
const RANGE: u32 = 1 << 24;

/// Measurements of a calibration.
pub const RUNS: u32 = 25;
/// Instructions that a calibration measures.
pub const NOPS: u32 = 1000;

/// SysTick as a stopwatch.
pub struct SysTickMeter {
    start: u32,
}

impl SysTickMeter {
    /// Starts SysTick on the core's clock, without its interrupt.
    pub fn new(mut systick: SYST) -> Self {
        systick.set_clock_source(SystClkSource::Core);
        systick.set_reload(RANGE - 1);
        systick.clear_current();
        systick.enable_counter();
        Self { start: 0 }
    }

    /// Measures nothing, and [`NOPS`] instructions, [`RUNS`] times each.
    pub fn calibrate(&mut self) -> Calibration {
        Calibration {
            empty: self.sum(|| ()),
            nops: self.sum(sys::thousand_nops),
        }
    }

    /// Ticks of [`RUNS`] measurements of `what`.
    ///
    /// Five instructions are eight ticks, and one measurement is a difference of two rounded readings. Five different
    /// distances between measurements let them start all over that pattern, so that the roundings cancel.
    fn sum(&mut self, what: impl Fn()) -> u32 {
        (0..RUNS).fold(0u32, |sum, run| {
            cortex_m::asm::delay(run / 5);
            self.start();
            what();
            sum.wrapping_add(self.stop())
        })
    }
}

impl Meter for SysTickMeter {
    #[inline(always)]
    fn start(&mut self) {
        self.start = SYST::get_current();
        compiler_fence(Ordering::SeqCst);
    }

    #[inline(always)]
    fn stop(&mut self) -> u32 {
        compiler_fence(Ordering::SeqCst);
        self.start.wrapping_sub(SYST::get_current()) % RANGE
    }
}

/// Ticks of [`RUNS`] measurements.
pub struct Calibration {
    /// Of nothing: what every measurement contains.
    pub empty: u32,
    /// Of [`NOPS`] instructions.
    pub nops: u32,
}
