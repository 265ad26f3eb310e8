//! The application `measure` on an emulated board: what the core does awake in each of three ways over the same
//! sequences, counted in instructions.

use crate::{Error, Image, Options, image::Program, log, memory::Loads};

/// When the core wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// At every sample, for an update.
    Dense,
    /// At every sample, for an update where one is due.
    SkipPoll,
    /// Only where an update is due.
    SkipSleep,
}

impl Way {
    /// Every way, the dearest first.
    pub const ALL: [Way; 3] = [Way::Dense, Way::SkipPoll, Way::SkipSleep];

    /// Its name, as in the image's.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Way::Dense => "dense",
            Way::SkipPoll => "skip-poll",
            Way::SkipSleep => "skip-sleep",
        }
    }
}

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
    /// Of these, the ones within updates.
    pub instructions_updating: u64,
    /// Virtual seconds from the first sample to the end of the last sequence.
    pub seconds_total: f64,
    /// Of these, the ones asleep.
    pub seconds_asleep: f64,
}

/// Passes once over `n` sequences of `t` samples of `i` channels, raw sensor counts `(N, T, I)`.
///
/// # Errors
/// As [`crate::run`]; and where the board has no memory for the sequences, which are looked at again and again.
pub fn run(
    way: Way,
    blob: &[u8],
    counts: &[i16],
    (n, t, i): (usize, usize, usize),
    options: &Options,
) -> Result<Window, Error> {
    let image = Image::of(options, Program::Measure(way))?;
    if image.regions.sequences.bytes == 0 {
        return Err(Error::Load {
            what: "sequences",
            why: format!(
                "{} has no room for them, and measure passes over them in memory; take another machine",
                options.machine
            ),
        });
    }
    let loads = Loads::new(&image.regions, blob, &options.settings, counts, (n, t, i))?;
    parse(&image.run(&loads, options)?, options)
}

/// Runs every calibration of the energy model once; returns the lines that it logs.
///
/// # Errors
/// As [`run`].
pub fn calibrations(
    blob: &[u8],
    counts: &[i16],
    (n, t, i): (usize, usize, usize),
    options: &Options,
) -> Result<Vec<String>, Error> {
    let image = Image::of(options, Program::Calibrate)?;
    let loads = Loads::new(&image.regions, blob, &options.settings, counts, (n, t, i))?;
    let lines = image.run(&loads, options)?;
    log::ended(&lines)?;
    Ok(lines)
}

fn parse(lines: &[String], options: &Options) -> Result<Window, Error> {
    log::ended(lines)?;
    let ticks_per_second = log::ticks_per_second(lines, options.machine.name())?;
    let calibration = log::Calibration::parse(lines, options)?;
    let line = log::line(lines, "window")?;
    let seconds = |name| log::number::<f64>(line, name).map(|ticks| ticks / ticks_per_second);
    let (seconds_total, seconds_asleep) = (seconds("ticks")?, seconds("asleep")?);
    let updates: u64 = log::number(line, "updates")?;
    let per_second = 1e9 / f64::from(1u32 << options.icount_shift.min(31));
    let meter: f64 = log::number(line, "meter")?;
    Ok(Window {
        sequences: log::number(line, "sequences")?,
        wakes: log::number(line, "wakes")?,
        instructions_awake: ((seconds_total - seconds_asleep) * per_second).round() as u64,
        instructions_updating: calibration.sum(meter, updates),
        updates,
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
            "image machine=mps2-an386 log=4 ticks_per_second=25000000",
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
