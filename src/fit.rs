//! `skiprnn fit`: from recordings to the best blob for a board and a sensor.

mod board;
mod progress;

use crate::{
    energy::parts::{self, PartArgs},
    interrupt,
    output::{self, Output, tell},
    train::recordings::{self, RecordingArgs, SourceArgs},
};
use clap::Args;
use experiments::{
    Hardware,
    fit::{Data, Found, Plan, Reached, Target, Wanted},
    processors,
};
use progress::Progress;
use std::{num::NonZeroU32, path::PathBuf};

/// Options of `fit`.
#[derive(Args, Debug)]
pub struct FitArgs {
    /// What `train dataset --data` takes: a folder or a file of labelled recordings.
    #[arg(value_name = "RECORDINGS")]
    pub data: PathBuf,
    /// Answers, where they are not beside or in it.
    #[arg(long, help_heading = "Recordings")]
    pub y: Option<PathBuf>,
    /// Seconds between samples, where the recordings do not say.
    #[arg(long, help_heading = "Data")]
    pub sample_period_s: Option<f64>,
    /// The board: one of `skiprnn boards`, an energy profile, or a TOML file.
    #[arg(long, help_heading = "Board and sensor")]
    pub board: String,
    /// The sensor: one of `skiprnn boards`, an energy profile, or a TOML file; `none` for no sensor.
    #[arg(long, help_heading = "Board and sensor")]
    pub sensor: String,
    /// What is asked for.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Minutes that the whole may take: how many models are trained, and how long.
    #[arg(long, default_value_t = 15.0, help_heading = "Search")]
    pub minutes: f64,
    /// In place of what the minutes pay for: steps of a training that learns its dial; models without a dial get a third.
    #[arg(long, help_heading = "Search")]
    pub steps: Option<u64>,
    /// Seed of the first training of each model.
    #[arg(long, default_value_t = 1, help_heading = "Search")]
    pub seed: u64,
    /// Trainings at the same time, one thread each. [default: all processors]
    #[arg(long, help_heading = "Search")]
    pub threads: Option<usize>,
    /// Continue an interrupted fit in that folder, or choose again by another target.
    #[arg(long, help_heading = "Output")]
    pub resume: bool,
    /// Folder for the trainings, model.srnn, report.html and fit.json.
    #[arg(long, help_heading = "Output")]
    pub out: PathBuf,
    /// What the recordings are.
    #[command(flatten)]
    pub recordings: RecordingArgs,
}

/// What the model is to do. Without any of them: the knee of accuracy against energy, half the energy being worth two points.
#[derive(Args, Debug)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// The share of right answers that is enough, for the least energy.
    #[arg(long, conflicts_with_all = ["budget_uj_per_hour", "days"])]
    pub accuracy: Option<f64>,
    /// Microjoules an hour, for the best accuracy.
    #[arg(long, value_name = "UJ", conflicts_with = "days")]
    pub budget_uj_per_hour: Option<NonZeroU32>,
    /// Rated capacity of a battery in mAh: how long it lasts, and with --days the budget.
    #[arg(long)]
    pub battery_mah: Option<f64>,
    /// Days that the battery is to last, for the best accuracy: 80 % of the rated energy at the board's supply voltage.
    #[arg(long, requires = "battery_mah")]
    pub days: Option<f64>,
}

impl TargetArgs {
    fn target(&self, hardware: &Hardware) -> anyhow::Result<Target> {
        if let Some(accuracy) = self.accuracy {
            return Ok(Target::Accuracy(accuracy));
        }
        if let Some(uj) = self.budget_uj_per_hour {
            return Ok(Target::Budget {
                uj_per_hour: f64::from(uj.get()),
                origin: None,
            });
        }
        Ok(match (self.battery_mah, self.days) {
            (Some(mah), Some(days)) => Target::of_battery(mah, days, hardware)?,
            _ => Target::Knee,
        })
    }
}

/// Runs the command.
pub fn run(args: &FitArgs, out: Output) -> anyhow::Result<()> {
    let hardware = parts::hardware(&PartArgs {
        board: args.board.clone(),
        sensor: args.sensor.clone(),
        calibration: None,
    })?;
    let target = args.target.target(&hardware)?;
    target.check()?;
    let source = SourceArgs {
        data: Some(args.data.clone()),
        train_y: args.y.clone(),
        ..SourceArgs::default()
    };
    let mut config = recordings::config(&source, &args.recordings, args.sample_period_s)?;
    let ranges = board::ranges(&mut config, &args.board, &args.sensor)?;
    let mut data = Data::prepare(config, &hardware)?;
    data.notes.extend(ranges);
    target.check_against(&data, &hardware)?;
    let wanted = Wanted {
        seed: args.seed,
        minutes: args.minutes,
        steps: args.steps,
        threads: args.threads.unwrap_or_else(processors),
    };
    data.notes.iter().for_each(tell);
    // Told again with the command that flashes the model.
    board::doubt(&data.summary, &args.board, &args.sensor)
        .iter()
        .for_each(tell);
    let progress = Progress::new();
    let observer = |event: &experiments::fit::Event<'_>| progress.show(event);
    let (plan, failed) = {
        let _keeping = interrupt::keep();
        let trained = Plan::make(&data, &wanted, &args.out, args.resume, &observer).and_then(|plan| {
            plan.notes.iter().for_each(tell);
            let failed = plan.train(&data, wanted.threads, &observer)?;
            Ok((plan, failed))
        });
        progress.clear();
        trained.map_err(interrupted)?
    };
    let asked = (target, args.target.battery_mah);
    let found = Found::search((data, hardware), plan, asked, failed, &observer).map_err(interrupted)?;
    finish(args, &found, out)
}

/// Nothing of an interrupted fit is lost, but it has to be told to go on.
fn interrupted(error: experiments::Error) -> anyhow::Error {
    match error {
        experiments::Error::Interrupted => {
            anyhow::anyhow!(
                "ended before all was done, every training with a checkpoint; the same command with --resume continues"
            )
        }
        other => other.into(),
    }
}

/// Writes everything, and prints the result; fails where the target was not reached.
fn finish(args: &FitArgs, found: &Found, out: Output) -> anyhow::Result<()> {
    let blob = args.out.join("model.srnn");
    let flash = board::flash(found, &blob, &args.board, &args.sensor);
    let json = found.json(&blob, &flash);
    output::write_atomically(&blob, found.blob.bytes())?;
    output::write_atomically(&args.out.join("report.html"), found.report(&flash).as_bytes())?;
    output::write_atomically(&args.out.join("fit.json"), format!("{json:#}\n").as_bytes())?;
    out.print(&json, || found.text(&args.out, &flash));
    match &found.reached {
        Reached::Yes => Ok(()),
        Reached::No(problem) => Err(anyhow::anyhow!(
            "{problem}; what comes nearest is in {}",
            args.out.display()
        )),
    }
}
