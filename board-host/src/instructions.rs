//! How many instructions an update takes: the image times every update with a counter of its clock, and what this counter
//! counts in two loops of known length (`board_link::log::MeterCalibration`) turns ticks into instructions.

use crate::{
    Error, Options,
    log::{self, pick},
};

/// How the image's counter of instructions counts.
pub struct InstructionCounter {
    /// Instructions of an empty measurement, which every count is reduced by.
    pub overhead: f64,
    /// What it counts for a thousand instructions.
    pub thousand: f64,
    /// Instructions of a tick.
    per_tick: f64,
}

impl InstructionCounter {
    /// Reads the line `calibration`, and checks it: an emulator that does not advance its counter with the instructions counts
    /// nothing.
    pub fn parse(lines: &[String], options: &Options) -> Result<Self, Error> {
        log::ticks_per_second(lines, options.machine.name())?;
        let line = log::first(lines, "calibration", pick!(MeterCalibration))?;
        let [runs, instructions, empty, nops] = [line.runs, line.instructions, line.empty, line.nops].map(f64::from);
        let per_tick = 1e9 / f64::from(line.meter_hz) / f64::from(1u32 << options.icount_shift.min(31));
        let counted = (nops - empty) / runs * per_tick;
        // A reading is a whole number of ticks.
        let tolerance = per_tick.max(0.5);
        if (counted - instructions).abs() > tolerance {
            return Err(Error::Mismatch(format!(
                "{instructions} instructions are counted as {counted:.1}"
            )));
        }
        Ok(Self {
            overhead: empty / runs * per_tick - f64::from(line.call),
            thousand: counted / instructions * 1000.0,
            per_tick,
        })
    }

    /// The instructions of this many measurements, from the sum of their ticks.
    pub fn sum(&self, ticks: f64, measurements: u64) -> u64 {
        (ticks * self.per_tick - self.overhead * measurements as f64)
            .max(0.0)
            .round() as u64
    }

    /// The instructions of one measurement, or of the mean of several.
    pub fn instructions(&self, ticks: f64) -> f64 {
        (ticks * self.per_tick - self.overhead).max(0.0)
    }
}
