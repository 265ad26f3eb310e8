//! Energy per sequence from a power trace.

mod notes;
mod print;
mod setup;
mod windows;

use std::path::{Path, PathBuf};

use serde::Serialize;

pub use setup::Setup;
pub use windows::{Excluded, States, Window};

use crate::error::Error;
use crate::interval::significant;
use crate::small_file;
use crate::stats::Estimate;
use crate::trace::{self, Format, ReadOptions, Summary};
use windows::{Cut, Cutter};

/// Where the windows come from.
#[derive(Debug, Clone, Default)]
pub enum Windowing {
    /// Markers where they are named, the file's own windows where it has them, else the whole trace.
    #[default]
    Auto,
    /// A JSON file of seconds: pairs of start and end, and an odd first number is the device's start.
    Timestamps(PathBuf),
    /// Times in seconds.
    Times(Vec<(f64, f64)>),
    /// Power above `factor` times the baseline: from the first sample above to the first not above.
    Threshold {
        /// Times the baseline, above 1.
        factor: f64,
        /// How many windows to keep, those of most net energy.
        keep: Option<usize>,
    },
}

/// What to measure, and how.
#[derive(Debug, Clone, Default)]
pub struct MeasureOptions {
    /// How to read the trace.
    pub read: ReadOptions,
    /// Where the windows come from.
    pub windowing: Windowing,
    /// Sequences in each window, where the file does not tell; 1 where it is not given.
    pub count: Option<u64>,
    /// Baseline that net figures subtract, in microwatts. A threshold takes the least positive power where it is not
    /// given.
    pub baseline_uw: Option<f64>,
    /// The header of the report.
    pub setup: Setup,
}

/// The energy of a sequence, measured.
#[derive(Debug, Clone, Serialize)]
pub struct Measurement {
    /// "measured", or "simulated" where the trace says that a simulated board made it.
    pub label: &'static str,
    /// Format of the trace.
    pub format: Format,
    /// Samples in the trace, the missing ones included.
    pub samples: u64,
    /// Share of them that is missing.
    pub missing_share: f64,
    /// The windows that count, in order of time.
    pub windows: Vec<Window>,
    /// Gross energy of one sequence over the windows.
    pub uj_per_sequence: Estimate,
    /// Net of the baseline; null without one.
    pub net_uj_per_sequence: Option<Estimate>,
    /// The baseline, in microwatts.
    pub baseline_uw: Option<f64>,
    /// (largest - smallest) / median of the windows' energy per sequence; null for a single window, and where the median is 0 and
    /// they differ.
    pub spread: Option<f64>,
    /// Energy of one sequence by state and counts of one sequence, from the markers.
    pub states_per_sequence: Option<StatesPerSequence>,
    /// Windows that do not count.
    pub excluded: Vec<Excluded>,
    /// What to know when reading the figures.
    pub notes: Vec<String>,
    /// The header of the report.
    pub setup: Setup,
}

/// Means over all sequences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StatesPerSequence {
    /// While UPD was high.
    pub update_uj: f64,
    /// While AWAKE was high and UPD low.
    pub awake_uj: f64,
    /// While AWAKE was low.
    pub sleep_uj: f64,
    /// Updates.
    pub updates: f64,
    /// Wake-ups.
    pub wakes: f64,
}

/// Measures the energy per sequence of a trace.
///
/// A window's gross energy is the sum of `P * dt` of its samples (formats with regular samples), the trapezoid sum
/// (irregular samples) or the difference of the energy column (EnergyTrace); its net energy is less `baseline *
/// duration`. The trace is read once; a threshold without a baseline, and a `results.json`, are read twice.
///
/// # Errors
/// Those of [`trace::read`](crate::trace::read); [`Error::Option`] for options that cannot be; [`Error::Trace`] where
/// no window counts, with the reasons.
pub fn measure(path: &Path, options: &MeasureOptions) -> Result<Measurement, Error> {
    validate(options)?;
    let count = options.count.unwrap_or(1);
    let mut baseline_uw = options.baseline_uw;
    let format = options.read.format.map_or_else(|| trace::detect(path), Ok)?;
    let read = ReadOptions {
        format: Some(format),
        ..options.read.clone()
    };
    let no_markers = matches!(
        format,
        Format::EnergyTrace | Format::EnergyRunner | Format::EnergyRunnerJson | Format::Numbers
    );
    if read.markers.is_some() && no_markers {
        let problem = format!("a {format} file holds no marker channels; give times or a threshold");
        return Err(Error::Option {
            option: "--markers",
            problem,
        });
    }
    let cut = match &options.windowing {
        Windowing::Auto if read.markers.is_some() => {
            let states = read
                .markers
                .as_ref()
                .is_some_and(|m| m.awake.is_some() || m.update.is_some());
            Cut::Markers { states }
        }
        Windowing::Auto if format == Format::EnergyRunnerJson => {
            let (_, summary) = trace::read(path, &read, &mut |_| Ok(()))?;
            Cut::Times(
                summary
                    .windows
                    .iter()
                    .map(|w| (w.start_s, w.end_s, w.sequences))
                    .collect(),
            )
        }
        Windowing::Auto => Cut::Whole,
        Windowing::Timestamps(file) => timed(read_timestamps(file)?, count)?,
        Windowing::Times(times) => timed(times.clone(), count)?,
        Windowing::Threshold { factor, keep } => {
            let base_uw = baseline_uw.map_or_else(|| least_positive_power(path, &read), Ok)?;
            baseline_uw = Some(base_uw);
            Cut::Above {
                threshold_uw: factor * base_uw,
                keep: *keep,
            }
        }
    };
    // The steps of a simulated board are exact, however few.
    let least_samples = if format == Format::Simulated {
        1
    } else {
        windows::LEAST_SAMPLES
    };
    let mut cutter = Cutter::new(cut, count, baseline_uw, least_samples);
    let (_, summary) = trace::read(path, &read, &mut |step| {
        cutter.step(step);
        match cutter.windows.len() > trace::MOST_WINDOWS {
            true => Err(too_many_windows(path, step.start_s)),
            false => Ok(()),
        }
    })?;
    let excluded = cutter.finish();
    if format == Format::Simulated {
        cutter.short_pulses = 0;
    }
    let windows = std::mem::take(&mut cutter.windows);
    if windows.is_empty() {
        let reasons: Vec<String> = excluded.iter().map(|e| format!("{} {}", e.windows, e.reason)).collect();
        let reasons = if reasons.is_empty() {
            "none was found".into()
        } else {
            reasons.join("; ")
        };
        let problem = format!("no window counts: {reasons}; check markers, times or threshold, or record again");
        return Err(Error::Trace {
            file: path.display().to_string(),
            place: "windows".into(),
            problem,
        });
    }
    let mut measurement = assemble(format, &summary, windows, excluded, baseline_uw, options);
    measurement.notes = notes::notes(options, &summary, &measurement.windows, &cutter);
    Ok(measurement)
}

fn too_many_windows(path: &Path, at_s: f64) -> Error {
    Error::Trace {
        file: path.display().to_string(),
        place: format!("{at_s:.6} s"),
        problem: format!(
            "more than {} windows end before it; check the marker or the threshold, keep the largest with --keep, or cut the trace",
            trace::MOST_WINDOWS
        ),
    }
}

fn validate(options: &MeasureOptions) -> Result<(), Error> {
    let fault = |option, problem: &str| {
        Err(Error::Option {
            option,
            problem: problem.into(),
        })
    };
    if options.count == Some(0) {
        return fault("--count", "is 0; a window holds at least one sequence");
    }
    if options.count.is_some_and(|count| count > trace::MOST_SEQUENCES) {
        return fault("--count", "is more than 1000000000; give the sequences in one window");
    }
    if options.baseline_uw.is_some_and(|uw| !(uw.is_finite() && uw >= 0.0)) {
        return fault("--baseline", "give microwatts, 0 or more");
    }
    if let Windowing::Threshold { factor, keep } = options.windowing {
        if !(factor.is_finite() && factor > 1.0) {
            return fault("--threshold", "give a factor above 1 (times the baseline)");
        }
        if keep.is_some_and(|keep| !(1..=MOST_KEPT).contains(&keep)) {
            return fault(
                "--keep",
                "is 0 or more than 20000; keep at least one window, and no more than that",
            );
        }
    }
    if options.read.markers.is_some() && !matches!(options.windowing, Windowing::Auto) {
        return fault(
            "--markers",
            "windows come from markers or from times or from a threshold; give one of them",
        );
    }
    Ok(())
}

/// Four times as many are held while the trace is read, and some more.
const MOST_KEPT: usize = trace::MOST_WINDOWS / 5;

fn least_positive_power(path: &Path, read: &ReadOptions) -> Result<f64, Error> {
    let mut least_uw = f64::INFINITY;
    trace::read(path, read, &mut |step| {
        if !step.missing && step.power_uw > 0.0 {
            least_uw = least_uw.min(step.power_uw);
        }
        Ok(())
    })?;
    if least_uw.is_finite() {
        return Ok(least_uw);
    }
    Err(Error::Option {
        option: "--threshold",
        problem: "no power in the trace is above 0; give a baseline".into(),
    })
}

/// The times of more windows than are read need no more.
const MOST_TIMES_BYTES: u64 = 1 << 22;

/// Seconds from a JSON file: `[boot, start, end, start, end, ...]` or without the first, or `[[start, end], ...]`.
fn read_timestamps(path: &Path) -> Result<Vec<(f64, f64)>, Error> {
    let text = small_file::read(path, MOST_TIMES_BYTES)?;
    let unreadable = || Error::Trace {
        file: path.display().to_string(),
        place: "content".into(),
        problem: "is no list of seconds; write [start, end, start, end, ...]".into(),
    };
    let values: Vec<serde_json::Value> = serde_json::from_str(&text).map_err(|_| unreadable())?;
    let seconds = |values: &[serde_json::Value]| -> Option<Vec<f64>> { values.iter().map(|v| v.as_f64()).collect() };
    let pairs = if values.iter().any(serde_json::Value::is_array) {
        values
            .iter()
            .map(|pair| match *seconds(pair.as_array()?)? {
                [start_s, end_s] => Some((start_s, end_s)),
                _ => None,
            })
            .collect()
    } else {
        seconds(&values[values.len() % 2..]).map(|times| {
            times
                .as_chunks()
                .0
                .iter()
                .map(|&[start_s, end_s]| (start_s, end_s))
                .collect()
        })
    };
    pairs.ok_or_else(unreadable)
}

fn timed(times: Vec<(f64, f64)>, count: u64) -> Result<Cut, Error> {
    let fault = |problem: String| {
        Err(Error::Option {
            option: "--timestamps",
            problem,
        })
    };
    if times.is_empty() {
        return fault("hold no pair of start and end".into());
    }
    if times.len() > trace::MOST_WINDOWS {
        return fault(format!("hold more than {} windows", trace::MOST_WINDOWS));
    }
    let mut before_s = f64::NEG_INFINITY;
    for &(start_s, end_s) in &times {
        if !(start_s >= before_s && end_s > start_s && end_s.is_finite()) {
            return fault(format!(
                "{start_s} s to {end_s} s does not follow the window before it; list them in order"
            ));
        }
        before_s = end_s;
    }
    Ok(Cut::Times(
        times
            .into_iter()
            .map(|(start_s, end_s)| (start_s, end_s, count))
            .collect(),
    ))
}

fn assemble(
    format: Format,
    summary: &Summary,
    windows: Vec<Window>,
    excluded: Vec<Excluded>,
    baseline_uw: Option<f64>,
    options: &MeasureOptions,
) -> Measurement {
    let per_sequence = |uj: &dyn Fn(&Window) -> Option<f64>| -> Option<Estimate> {
        let values: Option<Vec<f64>> = windows
            .iter()
            .map(|window| uj(window).map(|uj| uj / window.sequences as f64))
            .collect();
        values.as_deref().and_then(Estimate::of)
    };
    let nothing = Estimate {
        median: 0.0,
        mean: 0.0,
        low: None,
        high: None,
    };
    let gross = per_sequence(&|window| Some(window.gross_uj)).unwrap_or(nothing);
    let net = per_sequence(&|window| window.net_uj);
    let each = || windows.iter().map(|window| window.gross_uj / window.sequences as f64);
    let range = each().fold(f64::MIN, f64::max) - each().fold(f64::MAX, f64::min);
    let spread = if windows.len() < 2 {
        None
    } else if range == 0.0 {
        Some(0.0)
    } else {
        Some(range / gross.median.abs()).filter(|spread| spread.is_finite())
    };
    let missing_share = summary.missing as f64 / summary.samples as f64;
    let states_per_sequence = states(&windows);
    let mut setup = options.setup.clone();
    setup.derive(
        "instrument",
        match summary.simulated {
            true => format!("none: a simulated board, file of format {format}"),
            false => format!("file of format {format}; range and model not stated"),
        },
    );
    setup.derive("dropped_samples", format!("{} of {}", summary.missing, summary.samples));
    setup.derive("windows", format!("{}", windows.len()));
    if let Some(rate_hz) = summary.sample_rate_hz {
        setup.derive("sample_rate", format!("{rate_hz:.0} samples/s"));
    }
    match (options.read.voltage_v, summary.file_voltage_v) {
        (_, Some(volts)) => setup.derive("supply_voltage", format!("{volts:.3} V, from the file")),
        (Some(volts), None) => setup.derive("supply_voltage", format!("{volts} V, as given")),
        (None, None) => {}
    }
    if let Some(uw) = baseline_uw {
        setup.derive("baseline", format!("{} uW", significant(uw)));
    }
    if let Some(states) = &states_per_sequence {
        setup.derive("updates", significant(states.updates));
    }
    Measurement {
        label: if summary.simulated { "simulated" } else { "measured" },
        format,
        samples: summary.samples,
        missing_share,
        windows,
        uj_per_sequence: gross,
        net_uj_per_sequence: net,
        baseline_uw,
        spread,
        states_per_sequence,
        excluded,
        notes: Vec::new(),
        setup,
    }
}

fn states(windows: &[Window]) -> Option<StatesPerSequence> {
    let all: Vec<&States> = windows.iter().filter_map(|window| window.states.as_ref()).collect();
    let share = 1.0 / windows.iter().map(|window| window.sequences).sum::<u64>() as f64;
    let mean = |field: fn(&States) -> f64| all.iter().map(|states| field(states)).sum::<f64>() * share;
    (!all.is_empty()).then(|| StatesPerSequence {
        update_uj: mean(|s| s.update_uj),
        awake_uj: mean(|s| s.awake_uj),
        sleep_uj: mean(|s| s.sleep_uj),
        updates: mean(|s| s.updates as f64),
        wakes: mean(|s| s.wakes as f64),
    })
}
