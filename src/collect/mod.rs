//! `skiprnn collect`: a labelled recording from a board's sensor, or from a serial port, into a folder that `train` reads.

mod board;
mod folder;
mod port;
mod recording;
mod sensor;
mod timing;

use crate::{
    args::parsed,
    flash::ProbeArgs,
    output::{Output, Usage, progress_bar},
};
use anyhow::bail;
use board_host::{Backend, collect::Ending};
use clap::Args;
use folder::Folder;
use indicatif::ProgressBar;
use recording::Recording;
use serde::Serialize;
use serde_json::json;
use std::{path::PathBuf, time::Duration};

/// Options of `collect`.
#[derive(Args, Debug)]
pub struct CollectArgs {
    /// The board, or the energy profile of its chip; `skiprnn boards` lists them.
    #[arg(help_heading = "Board", long)]
    pub board: Option<String>,
    /// The sensor; `skiprnn boards` lists them. [default: the board's only one]
    #[arg(help_heading = "Board", long, conflicts_with = "port")]
    pub sensor: Option<String>,
    /// A firmware image (ELF) that records this sensor on this board; built from the source tree where it is not given.
    #[arg(help_heading = "Board", long, conflicts_with = "port")]
    pub firmware: Option<PathBuf>,
    /// The debug probe.
    #[command(flatten)]
    pub probe: ProbeArgs,
    /// virtual-board: the board's image runs on a model of it within this program, whose sensor plays --x.
    #[arg(help_heading = "Board", long, value_name = "NAME", value_parser = parsed::<Backend>, requires = "x", conflicts_with = "port")]
    pub with: Option<Backend>,
    /// What the sensor of the virtual board plays: f32 (N, T, I) as .npy, or a folder of CSV files, in the sensor's units.
    #[arg(help_heading = "Board", long, requires = "with", conflicts_with = "port")]
    pub x: Option<PathBuf>,
    /// A serial port whose lines are samples, in place of a board: numbers separated by commas or tabs.
    #[arg(help_heading = "Serial port", long, conflicts_with_all = ["board", "ProbeArgs"])]
    pub port: Option<PathBuf>,
    /// Bits a second of the serial port. [default: 115200]
    #[arg(help_heading = "Serial port", long, conflicts_with = "board")]
    pub baud: Option<u32>,
    /// Channel names, separated by commas. [default: channel 0, channel 1, ...]
    #[arg(help_heading = "Serial port", long, value_delimiter = ',', conflicts_with = "board")]
    pub channel_names: Vec<String>,
    /// Channel units, separated by commas.
    #[arg(help_heading = "Serial port", long, value_delimiter = ',', conflicts_with = "board")]
    pub channel_units: Vec<String>,
    /// The class that is recorded.
    #[arg(help_heading = "Recording", long)]
    pub label: String,
    /// Whose recording it is: training and test never share a group.
    #[arg(help_heading = "Recording", long)]
    pub group: Option<String>,
    /// Length of the recording. [default: until Ctrl-C]
    #[arg(help_heading = "Recording", long)]
    pub seconds: Option<f64>,
    /// Samples a second: of a board, those that are kept; of a port, what it is known to send. [default: every sample that the
    /// sensor makes, or the rate at which lines come]
    #[arg(
        help_heading = "Recording",
        long,
        value_name = "HZ",
        conflicts_with = "sample_period_s"
    )]
    pub rate: Option<f64>,
    /// Seconds between samples, in place of --rate.
    #[arg(help_heading = "Recording", long)]
    pub sample_period_s: Option<f64>,
    /// Range of the sensor, for each channel or for each unit: the magnitude at which a 16-bit sample saturates. [default: the
    /// sensor's second]
    #[arg(help_heading = "Recording", long, value_delimiter = ',')]
    pub full_scale: Vec<f32>,
    /// End with an error after this many seconds without a sample.
    #[arg(help_heading = "Recording", long, default_value_t = 5.0)]
    pub silence_s: f64,
    /// The folder of recordings; created where it is missing.
    #[arg(help_heading = "Output", long)]
    pub out: PathBuf,
    /// Name of the recording's file, without extension. [default: the label and a number]
    #[arg(help_heading = "Output", long)]
    pub name: Option<String>,
}

impl CollectArgs {
    /// Seconds from one sample to the next that were asked for.
    fn period_s(&self) -> anyhow::Result<Option<f64>> {
        let (option, period_s) = match (self.rate, self.sample_period_s) {
            (None, None) => return Ok(None),
            (Some(rate), _) => ("--rate", 1.0 / rate),
            (None, Some(period_s)) => ("--sample-period-s", period_s),
        };
        // 1e6 s, so that nanoseconds fit.
        match period_s > 0.0 && period_s < 1e6 {
            true => Ok(Some(period_s)),
            false => Err(Usage::error(format!("{option}: give a number above 0"))),
        }
    }

    /// How long nothing may come.
    fn silence(&self) -> anyhow::Result<Duration> {
        match self.silence_s > 0.0 && self.silence_s < 1e6 {
            true => Ok(Duration::from_secs_f64(self.silence_s)),
            false => Err(Usage::error("--silence-s: give a number above 0")),
        }
    }
}

/// What a recording is made from, for people and machines.
#[derive(Debug, Clone, Serialize)]
struct Origin {
    /// The board; none for a serial port.
    board: Option<&'static str>,
    /// The sensor; none for a serial port.
    sensor: Option<&'static str>,
    /// The serial port.
    port: Option<PathBuf>,
    /// The board is a model within this program.
    simulated: bool,
}

/// What was lost on the way, in samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct Losses {
    /// All of them: gaps in the recording.
    lost: u64,
    /// Those that the board did not read in time.
    missed: u64,
    /// Those that the board dropped because its log was not read in time.
    dropped: u64,
    /// Lines that could not be read.
    bad_lines: u64,
}

/// A rate, and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Rate {
    /// Samples a second.
    hz: f64,
    /// It lies within this of it.
    uncertainty_hz: f64,
}

/// What has come so far, and where it goes.
struct Session {
    folder: Folder,
    recording: Option<Recording>,
    bar: ProgressBar,
    losses: Losses,
    /// Values that lie at the end of the sensor's range.
    clipped: u64,
    rate: Option<Rate>,
    /// Why what came could not be kept.
    failed: Option<anyhow::Error>,
}

impl Session {
    fn new(folder: Folder, samples: Option<u64>) -> Self {
        Self {
            folder,
            recording: None,
            bar: progress_bar("recording", samples.unwrap_or(0)),
            losses: Losses::default(),
            clipped: 0,
            rate: None,
            failed: None,
        }
    }

    /// Writes rows of samples, whole lines of CSV, behind what is there.
    fn write(&mut self, rows: &str, samples: u64) -> anyhow::Result<()> {
        let recording = match &mut self.recording {
            Some(recording) => recording,
            none => none.insert(self.folder.create()?),
        };
        recording.append(rows, samples)?;
        self.bar.set_position(recording.samples());
        let rate = self.rate.map_or(String::new(), |rate| format!("{:.1} Hz, ", rate.hz));
        self.bar.set_message(format!("{rate}{} lost", self.losses.lost));
        Ok(())
    }

    /// Keeps the error for the end.
    fn fail(&mut self, error: anyhow::Error) {
        self.failed.get_or_insert(error);
    }
}

/// Runs the command.
pub fn run(args: &CollectArgs, out: Output) -> anyhow::Result<()> {
    if args.seconds.is_some_and(|seconds| !(seconds > 0.0 && seconds < 1e9)) {
        return Err(Usage::error("--seconds: give a number above 0"));
    }
    match (&args.port, &args.board) {
        (Some(port), _) => port::run(args, port, out),
        (None, Some(board)) => board::run(args, board, out),
        (None, None) => Err(Usage::error(
            "give --board NAME with a board of `skiprnn boards`, or --port PATH with a serial port",
        )),
    }
}

/// Why a recording ended before it was complete; none where it is complete or was ended by Ctrl-C.
fn why(ending: &Ending, what: &str) -> Option<String> {
    match ending {
        Ending::Complete | Ending::Stopped => None,
        Ending::Silent(limit) => Some(format!("{what} sent nothing for {} s", limit.as_secs_f64())),
        Ending::Gone(status) => Some(format!("{what} went away ({status})")),
    }
}

/// Names the recording, adds its label, and says what came of it; an error where it ended early for another reason than Ctrl-C.
fn finish(
    mut session: Session,
    args: &CollectArgs,
    origin: &Origin,
    ended: Result<Ending, anyhow::Error>,
    out: Output,
) -> anyhow::Result<()> {
    session.bar.finish_and_clear();
    let what = match (&origin.board, &origin.port) {
        (Some(board), _) => (*board).to_owned(),
        (None, Some(port)) => port.display().to_string(),
        (None, None) => "the board".to_owned(),
    };
    let (ending, error) = match ended {
        Ok(ending) => {
            let error = session.failed.take().or(why(&ending, &what).map(anyhow::Error::msg));
            let word = match ending {
                Ending::Complete => "complete",
                Ending::Stopped => "stopped",
                Ending::Silent(_) => "silent",
                Ending::Gone(_) => "gone",
            };
            (
                if error.is_some() && word == "stopped" {
                    "failed"
                } else {
                    word
                },
                error,
            )
        }
        Err(error) => ("failed", Some(session.failed.take().unwrap_or(error))),
    };
    let Some(recording) = session.recording.take() else {
        let nothing = "nothing was recorded";
        return Err(error.map_or_else(|| anyhow::Error::msg(nothing), |error| error.context(nothing)));
    };
    let samples = recording.samples();
    let path = session.folder.path();
    let kept = recording.finish(&path).and_then(|()| session.folder.label());
    let losses = session.losses;
    let value = json!({
        "out": args.out, "file": path, "label": args.label, "group": args.group, "origin": origin, "samples": samples,
        "rate": session.rate, "losses": losses, "clipped": session.clipped, "ending": ending,
    });
    out.print(&value, || {
        let rate = session.rate.map_or(String::new(), |rate| {
            format!(" at {:.2} Hz (+- {:.2})", rate.hz, rate.uncertainty_hz)
        });
        let mut text = format!("{}: {samples} samples{rate}, {} lost", path.display(), losses.lost);
        if losses.missed + losses.dropped + losses.bad_lines > 0 {
            text += &format!(
                " ({} not read in time, {} dropped by the board, {} bad lines)",
                losses.missed, losses.dropped, losses.bad_lines
            );
        }
        if session.clipped > 0 {
            text += &format!(
                "\nwarning: {} values lie at the end of the sensor's range; record with a larger --full-scale",
                session.clipped
            );
        }
        text
    });
    kept?;
    match error {
        None => Ok(()),
        Some(error) => bail!("{}: ended early, {samples} samples are kept: {error:#}", path.display()),
    }
}
