//! What an update costs, in ticks of SysTick: exactly 1.6 of them for each instruction at 25 MHz, where the emulator
//! advances its time by 64 ns per instruction (`-icount shift=6`).

use crate::{clock::TICKS_PER_SECOND, sys};
use app::{Meter, log::MeterCalibration};
use core::{
    hint::black_box,
    sync::atomic::{Ordering, compiler_fence},
};
use cortex_m::peripheral::{SYST, syst::SystClkSource};

/// SysTick counts down through 24 bits: updates of up to 10 million instructions.
const RANGE: u32 = 1 << 24;

/// Measurements of a calibration.
pub const RUNS: u32 = 125;
/// Instructions of a calibration that measures nothing: call and return.
pub const EMPTY: u32 = 2;
/// Instructions that the other one measures beyond that.
pub const NOPS: u32 = 1000;

/// SysTick as a stopwatch. It runs from the clock of the timers.
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

    /// Measures [`EMPTY`] instructions, and [`NOPS`] more, [`RUNS`] times each.
    pub fn calibrate(&mut self) -> Calibration {
        Calibration {
            empty: self.sum(sys::nothing),
            nops: self.sum(sys::thousand_nops),
        }
    }

    /// Ticks of [`RUNS`] measurements of `what`. One piece of code for both, so that they differ in nothing else.
    ///
    /// Five instructions are eight ticks of 25 MHz, 25 are 32 of 20 MHz, and one measurement is a difference of two
    /// rounded readings. At a constant distance between measurements they start all over that pattern, so that the
    /// roundings cancel; five distances, because one of them may be a multiple of five.
    #[inline(never)]
    fn sum(&mut self, what: extern "C" fn()) -> u32 {
        let what = black_box(what);
        (0..RUNS).fold(0u32, |sum, run| {
            cortex_m::asm::delay(run / (RUNS / 5) * 2);
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
    /// Ticks for [`EMPTY`] instructions; the rest is what every measurement contains.
    pub empty: u32,
    /// Ticks for [`NOPS`] instructions more.
    pub nops: u32,
}

impl Calibration {
    /// The line by which the host turns ticks into instructions.
    pub fn log(&self) {
        MeterCalibration {
            runs: RUNS,
            instructions: NOPS,
            call: EMPTY,
            empty: self.empty,
            nops: self.nops,
            meter_hz: TICKS_PER_SECOND,
        }
        .log();
    }
}
