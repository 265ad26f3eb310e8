//! The application `measure` on an emulated board: what the core does awake in each of three modes over the same
//! sequences, counted in instructions.

pub use board_link::measure::Mode;

use crate::{
    Error, Image, Load, Options, Program,
    instructions::InstructionCounter,
    log::{self, pick},
    memory::Loads,
};

/// What a window counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Sequences passed over.
    pub sequences: u64,
    /// Updates of the network.
    pub updates: u64,
    /// Ends of a sleep.
    pub wakes: u64,
    /// Instructions while awake: updates, reading, pins and clock.
    pub instructions_awake: u64,
    /// The part of `instructions_awake` that is within updates.
    pub instructions_updating: u64,
    /// Virtual seconds from the first sample to the end of the last sequence.
    pub seconds_total: f64,
    /// The part of `seconds_total` that the core slept.
    pub seconds_asleep: f64,
}

/// Passes once over sequences in a mode.
///
/// # Errors
/// As [`crate::run`]; and where the board has no memory for the sequences, which are looked at again and again.
pub fn run(mode: Mode, load: &Load<'_>, options: &Options) -> Result<Window, Error> {
    let image = Image::of(options, Program::Measure(mode))?;
    if image.regions.sequences.bytes == 0 {
        return Err(Error::Load {
            what: "sequences",
            why: format!(
                "{} has no room for them, and measure passes over them in memory; take another machine",
                options.machine
            ),
        });
    }
    let loads = Loads::new(&image.regions, load, &options.settings)?;
    parse(&image.run(&loads, options)?, options)
}

/// Runs every calibration of the energy model once; returns the lines that it logs.
///
/// # Errors
/// As [`run`].
pub fn calibrations(load: &Load<'_>, options: &Options) -> Result<Vec<String>, Error> {
    let image = Image::of(options, Program::Calibrate)?;
    let loads = Loads::new(&image.regions, load, &options.settings)?;
    let lines = image.run(&loads, options)?;
    log::ended(&lines)?;
    Ok(lines)
}

fn parse(lines: &[String], options: &Options) -> Result<Window, Error> {
    log::ended(lines)?;
    let ticks_per_second = log::ticks_per_second(lines, options.machine.name())?;
    let counter = InstructionCounter::parse(lines, options)?;
    let line = log::first(lines, "window", pick!(Window))?;
    let seconds = |ticks: u64| ticks as f64 / ticks_per_second;
    let (seconds_total, seconds_asleep) = (seconds(line.ticks), seconds(line.asleep));
    let per_second = 1e9 / f64::from(1u32 << options.icount_shift.min(31));
    Ok(Window {
        sequences: line.sequences.into(),
        wakes: line.wakes,
        instructions_awake: ((seconds_total - seconds_asleep) * per_second).round() as u64,
        instructions_updating: counter.sum(line.meter as f64, line.updates),
        updates: line.updates,
        seconds_total,
        seconds_asleep,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_read_back() {
        let lines = [
            "calibration runs=25 instructions=1000 call=0 empty=200 nops=40200 meter_hz=25000000",
            "image machine=mps2-an386 log=4 ticks_per_second=25000000 max_hidden=128 max_layers=2 max_inputs=16 max_outputs=32 \
             max_samples=4096",
            "window mode=SkipPoll sequences=2 updates=4 meter=6432 wakes=7 ticks=25000000 asleep=12500000",
            "summary windows=1",
        ]
        .map(str::to_owned);
        let window = parse(&lines, &Options::default()).unwrap();
        assert_eq!((window.sequences, window.updates, window.wakes), (2, 4, 7));
        assert_eq!((window.seconds_total, window.seconds_asleep), (1.0, 0.5));
        // Half a second of 64 ns an instruction; 8 ticks of overhead an update.
        assert_eq!(window.instructions_awake, 7_812_500);
        assert_eq!(window.instructions_updating, 4000);
        assert!(parse(&lines[..3], &Options::default()).is_err());
    }
}
