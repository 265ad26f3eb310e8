//! Power traces of instruments, read as a stream of steps.
//!
//! Every format comes out as the same [`Step`]s, one after the other and never all at once, so that a trace may be
//! larger than memory. Readers hand the steps to a callback: a zip member borrows its archive, which an iterator could
//! not hold on to.

mod clock;
mod columns;
mod csv;
mod detect;
mod energyrunner;
mod energytrace;
mod instrument;
mod lines;
mod numbers;
mod ppk2_csv;
mod ppk2_file;
mod raster;
mod results_json;
mod simulated;
mod source;
mod stamps;
mod table;
pub mod write;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use columns::{Column, ColumnOptions};

use crate::error::{Error, printable};
use crate::interval::significant;

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// Nordic Power Profiler Kit II, CSV export.
    #[serde(rename = "ppk2-csv")]
    Ppk2Csv,
    /// Nordic Power Profiler Kit II, saved session (`.ppk2`).
    #[serde(rename = "ppk2")]
    Ppk2,
    /// TI EnergyTrace CSV.
    #[serde(rename = "energytrace-csv")]
    EnergyTrace,
    /// EEMBC EnergyRunner `trace1-energy.bin`; its windows are in a file of time stamps.
    #[serde(rename = "energyrunner")]
    EnergyRunner,
    /// The newer runner's `results.json`, samples and windows together.
    #[serde(rename = "energyrunner-json")]
    EnergyRunnerJson,
    /// Joulescope: `jls csv`, and the CSV exports of its application.
    #[serde(rename = "joulescope-csv")]
    Joulescope,
    /// Qoitech Otii, CSV export.
    #[serde(rename = "otii-csv")]
    Otii,
    /// Monsoon power monitor: CSV of its application and of its Python library.
    #[serde(rename = "monsoon-csv")]
    Monsoon,
    /// Keithley multimeters and source meters: a reading buffer saved as CSV.
    #[serde(rename = "keithley-csv")]
    Keithley,
    /// `sigrok-cli -O csv`.
    #[serde(rename = "sigrok-csv")]
    Sigrok,
    /// Rigol oscilloscopes: CSV of `X,CH1,..,Start,Increment`.
    #[serde(rename = "rigol-csv")]
    Rigol,
    /// Lists of numbers in brackets, as ppk2-api's examples print them.
    #[serde(rename = "numbers")]
    Numbers,
    /// The current of a simulated board, as `skiprnn emulate` writes it. It is no measurement.
    #[serde(rename = "simulated-csv")]
    Simulated,
    /// Any CSV with named columns and units.
    #[serde(rename = "csv")]
    Csv,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ppk2Csv => "ppk2-csv",
            Self::Ppk2 => "ppk2",
            Self::EnergyTrace => "energytrace-csv",
            Self::EnergyRunner => "energyrunner",
            Self::EnergyRunnerJson => "energyrunner-json",
            Self::Joulescope => "joulescope-csv",
            Self::Otii => "otii-csv",
            Self::Monsoon => "monsoon-csv",
            Self::Keithley => "keithley-csv",
            Self::Sigrok => "sigrok-csv",
            Self::Rigol => "rigol-csv",
            Self::Numbers => "numbers",
            Self::Simulated => "simulated-csv",
            Self::Csv => "csv",
        })
    }
}

/// One stretch of a trace: from a sample to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Time of the sample.
    pub start_s: f64,
    /// Time of the next one.
    pub end_s: f64,
    /// Power of the sample at `start_s`, in microwatts; 0 where missing.
    pub power_uw: f64,
    /// Energy from `start_s` to `end_s`, in microjoules; 0 where missing.
    pub energy_uj: f64,
    /// Levels of the markers: bit 0 SEQ, bit 1 AWAKE, bit 2 UPD. A level that the sample does not tell is that of the
    /// sample before.
    pub levels: u8,
    /// True where the instrument lost the sample.
    pub missing: bool,
}

impl Step {
    /// Length of the step.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.end_s - self.start_s
    }
}

/// The window that a file itself marks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FileWindow {
    /// Start.
    pub start_s: f64,
    /// End.
    pub end_s: f64,
    /// Sequences in it.
    pub sequences: u64,
}

/// What a reader says of the whole trace.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Samples, the missing ones included.
    pub samples: u64,
    /// Samples that the instrument lost.
    pub missing: u64,
    /// Samples whose marker level was unknown or changed within; the previous level was kept.
    pub unknown_levels: u64,
    /// Largest current, where the format holds currents.
    pub max_current_a: Option<f64>,
    /// Samples per second, where they are regular.
    pub sample_rate_hz: Option<f64>,
    /// Samples per second in the mean, gaps left out.
    pub mean_rate_hz: Option<f64>,
    /// Supply voltage that the file holds, its mean.
    pub file_voltage_v: Option<f64>,
    /// Windows that the file itself marks.
    pub windows: Vec<FileWindow>,
    /// Markers that the file seems to hold and that were not named, as `--markers` takes them.
    pub markers: Option<String>,
    /// The file says of itself that a simulated board made it: its figures are no measurement.
    pub simulated: bool,
    /// Hazards met on the way.
    pub notes: Vec<String>,
}

/// Names of the three markers: `D0` to `D7` on a PPK2, columns in a CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markers {
    /// High for the whole of a sequence.
    pub seq: String,
    /// High while the processor is awake.
    pub awake: Option<String>,
    /// High during an update.
    pub update: Option<String>,
}

impl Markers {
    /// Names in the order of the bits of [`Step::levels`].
    fn names(&self) -> [Option<&str>; 3] {
        [Some(self.seq.as_str()), self.awake.as_deref(), self.update.as_deref()]
    }
}

/// How to read a trace.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The format; found from the content where it is not given.
    pub format: Option<Format>,
    /// Supply voltage; required where the file does not hold it.
    pub voltage_v: Option<f64>,
    /// Marker channels.
    pub markers: Option<Markers>,
    /// Columns of a table, where its header does not say what they are, or says it wrongly.
    pub columns: ColumnOptions,
    /// Samples per second of a file without time stamps. With stamps it stands in their place, and they may not differ from it by
    /// more than a factor of 2.
    pub rate_hz: Option<f64>,
    /// The resistor across which a voltage was recorded in place of a current.
    pub shunt_ohm: Option<f64>,
}

/// A larger current is a wrong unit.
pub(crate) const MOST_CURRENT_A: f64 = 1e3;
/// A larger supply voltage is a wrong unit.
pub(crate) const MOST_VOLTAGE_V: f64 = 1e4;
/// More power is a wrong unit.
pub(crate) const MOST_POWER_W: f64 = 1e5;
/// More samples per second are a wrong unit.
pub(crate) const MOST_RATE_HZ: f64 = 1e12;
/// More sequences in one window are a broken count.
pub(crate) const MOST_SEQUENCES: u64 = 1_000_000_000;
/// A later time, in seconds, is a wrong unit: it lies after the year 5000.
pub(crate) const MOST_TIME_S: f64 = 1e11;

/// More windows are no recording of sequences but a marker that flickers; each of them is printed.
pub(crate) const MOST_WINDOWS: usize = 100_000;

/// The callback of a reader.
pub type Sink<'a> = dyn FnMut(&Step) -> Result<(), Error> + 'a;

/// The format of a file, from its content; its extension must not contradict it.
///
/// # Errors
/// [`Error::Read`], [`Error::Trace`] where the extension names another format than the content has.
pub fn detect(path: &Path) -> Result<Format, Error> {
    detect::detect(path)
}

/// Whether a trace says of itself that a simulated board made it.
///
/// # Errors
/// Those of [`detect`].
pub fn is_simulated(path: &Path) -> Result<bool, Error> {
    match detect(path)? {
        Format::Simulated => Ok(true),
        Format::Ppk2 => ppk2_file::simulated(path),
        _ => Ok(false),
    }
}

/// Reads a trace from beginning to end, once, and hands every step to `sink`.
///
/// # Errors
/// [`Error::Read`], [`Error::Trace`] with file, place and fix, [`Error::Option`] for a missing voltage, marker or
/// column, and whatever `sink` returns.
pub fn read(path: &Path, options: &ReadOptions, sink: &mut Sink<'_>) -> Result<(Format, Summary), Error> {
    options.validate()?;
    let format = match options.format {
        Some(format) => format,
        None => detect(path)?,
    };
    let sink = &mut |step: &Step| {
        // Sums over any number of steps stay finite.
        if step.power_uw.abs() <= MOST_POWER_W * 1e6 && step.energy_uj.is_finite() {
            return sink(step);
        }
        let problem = format!(
            "a power of {:e} W is beyond {MOST_POWER_W:e} W; check the units",
            step.power_uw * 1e-6
        );
        Err(fault(path, format!("{:.6} s", step.start_s), problem))
    };
    let own_rate = matches!(
        format,
        Format::EnergyTrace | Format::EnergyRunner | Format::EnergyRunnerJson | Format::Simulated
    );
    if own_rate {
        options.used_by(format)?;
    }
    let mut summary = match format {
        // With another rate its stamps are left away.
        Format::Ppk2Csv if options.rate_hz.is_none() => ppk2_csv::read(path, options, sink),
        Format::Numbers => numbers::read(path, options, sink),
        Format::Ppk2 => ppk2_file::read(path, options, sink),
        Format::EnergyTrace => energytrace::read(path, sink),
        Format::EnergyRunner => energyrunner::read(path, sink),
        Format::EnergyRunnerJson => results_json::read(path, sink),
        Format::Simulated => simulated::read(path, options, sink),
        _ => csv::read(path, format, options, sink),
    }?;
    // Read as another format, it stays what it is.
    summary.simulated |= options.format.is_some() && simulated::marked(path)?;
    checked(path, format, summary)
}

/// The summary of a trace, with notes on what no instrument can have meant.
fn checked(path: &Path, format: Format, mut summary: Summary) -> Result<(Format, Summary), Error> {
    if summary.samples == 0 {
        return Err(fault(path, "content", "holds no samples; record again"));
    }
    let instrument = format.instrument();
    match summary.mean_rate_hz {
        Some(rate_hz) if rate_hz.is_nan() || rate_hz > MOST_RATE_HZ => {
            let problem = format!(
                "its time stamps say {} samples a second; say their unit with --columns time=NAME:UNIT, or leave them away with \
                 --columns time=none and give --rate HZ",
                significant(rate_hz)
            );
            return Err(fault(path, "time", problem));
        }
        Some(rate_hz) if rate_hz > 1.05 * instrument.most_rate_hz => summary.notes.push(format!(
            "{} samples a second are more than the {} of {}: is time in another unit? say it with --columns time=NAME:UNIT",
            significant(rate_hz),
            significant(instrument.most_rate_hz),
            instrument.name
        )),
        Some(rate_hz) if rate_hz < instrument::LEAST_RATE_HZ => summary.notes.push(format!(
            "{} samples a second are few: is time in another unit? say it with --columns time=NAME:UNIT",
            significant(rate_hz)
        )),
        _ => {}
    }
    Ok((format, summary))
}

impl ReadOptions {
    fn validate(&self) -> Result<(), Error> {
        let above_0 = |value: Option<f64>, most: f64| value.is_none_or(|v| v > 0.0 && v <= most);
        for (option, fits, problem) in [
            (
                "--voltage",
                above_0(self.voltage_v, MOST_VOLTAGE_V),
                "give volts above 0, at most 10000",
            ),
            (
                "--rate",
                above_0(self.rate_hz, MOST_RATE_HZ),
                "give samples per second above 0",
            ),
            ("--shunt", above_0(self.shunt_ohm, 1e12), "give ohms above 0"),
        ] {
            if !fits {
                let problem = problem.into();
                return Err(Error::Option { option, problem });
            }
        }
        Ok(())
    }

    /// Refuses options that a format with stamps of its own does not use.
    fn used_by(&self, format: Format) -> Result<(), Error> {
        let unused = [
            ("--rate", self.rate_hz.is_some()),
            ("--shunt", self.shunt_ohm.is_some()),
        ];
        match unused.into_iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(Error::Option {
                option,
                problem: format!("a {format} file holds its own rate and currents; leave the option away"),
            }),
            None => Ok(()),
        }
    }
}

/// A note that a file ends too early.
fn cut_off(what: &str) -> String {
    format!("the file was cut off: {what}; it is left out, what stands before it is read")
}

fn fault(path: &Path, place: impl Into<String>, problem: impl Into<String>) -> Error {
    Error::Trace {
        file: path.display().to_string(),
        place: place.into(),
        problem: printable(&problem.into()),
    }
}

fn required_voltage(options: &ReadOptions, format: Format) -> Result<f64, Error> {
    options.voltage_v.ok_or_else(|| Error::Option {
        option: "--voltage",
        problem: format!("a {format} file does not hold the supply voltage; give the volts at the pin of the device"),
    })
}
