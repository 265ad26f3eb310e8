//! Power traces of instruments, read as a stream of steps.
//!
//! Every format comes out as the same [`Step`]s, one after the other and never all at once, so that a trace may be
//! larger than memory. Readers hand the steps to a callback: a zip member borrows its archive, which an iterator could
//! not hold on to.

mod csv;
mod energyrunner;
mod energytrace;
mod lines;
mod ppk2_csv;
mod ppk2_file;
mod raster;
mod source;
pub mod write;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use csv::{Column, ColumnOptions};

use crate::error::Error;

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
    /// Joulescope, `jls csv`.
    #[serde(rename = "joulescope-csv")]
    Joulescope,
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
    /// Supply voltage that the file states.
    pub file_voltage_v: Option<f64>,
    /// Windows that the file itself marks.
    pub windows: Vec<FileWindow>,
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
    /// Columns of a CSV in no known format.
    pub columns: ColumnOptions,
}

/// The callback of a reader.
pub type Sink<'a> = dyn FnMut(&Step) -> Result<(), Error> + 'a;

/// The format of a file, from its content; its extension must not contradict it.
///
/// # Errors
/// [`Error::Read`], [`Error::Trace`] where the extension names another format than the content has.
pub fn detect(path: &Path) -> Result<Format, Error> {
    source::detect(path)
}

/// Reads a trace from beginning to end, once, and hands every step to `sink`.
///
/// # Errors
/// [`Error::Read`], [`Error::Trace`] with file, place and fix, [`Error::Option`] for a missing voltage, marker or
/// column, and whatever `sink` returns.
pub fn read(path: &Path, options: &ReadOptions, sink: &mut Sink<'_>) -> Result<(Format, Summary), Error> {
    if options.voltage_v.is_some_and(|v| !(v.is_finite() && v > 0.0)) {
        return Err(Error::Option {
            option: "--voltage",
            problem: "give volts above 0".into(),
        });
    }
    let format = match options.format {
        Some(format) => format,
        None => detect(path)?,
    };
    let summary = match format {
        Format::Ppk2Csv => ppk2_csv::read(path, options, sink),
        Format::Ppk2 => ppk2_file::read(path, options, sink),
        Format::EnergyTrace => energytrace::read(path, sink),
        Format::EnergyRunner => energyrunner::read_bin(path, sink),
        Format::EnergyRunnerJson => energyrunner::read_json(path, sink),
        Format::Joulescope | Format::Csv => csv::read(path, format, options, sink),
    }?;
    if summary.samples == 0 {
        return Err(fault(path, "content", "holds no samples; record again"));
    }
    Ok((format, summary))
}

fn fault(path: &Path, place: impl Into<String>, problem: impl Into<String>) -> Error {
    Error::Trace {
        file: path.display().to_string(),
        place: place.into(),
        problem: problem.into(),
    }
}

fn required_voltage(options: &ReadOptions, format: Format) -> Result<f64, Error> {
    options.voltage_v.ok_or_else(|| Error::Option {
        option: "--voltage",
        problem: format!("a {format} file does not hold the supply voltage; give the volts at the pin of the device"),
    })
}
