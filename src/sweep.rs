//! `skiprnn sweep`

use crate::{
    args::parsed,
    energy::parts,
    experiment::{Bars, check_failed},
    output::{self, Output, Usage},
    train::{self, TrainArgs},
};
use anyhow::Context;
use clap::Args;
use experiments::{
    jobs::{self, Job},
    processors, shell,
    sweep::{self, Front, Grid},
};
use float_model::Cell;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Options of `sweep`.
#[derive(Args, Debug)]
pub struct SweepArgs {
    /// What every run has in common; --out is the sweep's folder, which is resumed if it exists.
    #[command(flatten)]
    pub train: TrainArgs,
    /// Cells, separated by commas. [default: --cell]
    #[arg(long, value_delimiter = ',', value_parser = parsed::<Cell>, help_heading = "Grid")]
    pub cells: Vec<Cell>,
    /// Hidden units, separated by commas. [default: --hidden]
    #[arg(long, value_delimiter = ',', help_heading = "Grid")]
    pub hiddens: Vec<usize>,
    /// Values of lambda, separated by commas; cells without a gate are trained once, at 0. [default: --lambda]
    #[arg(long, value_delimiter = ',', help_heading = "Grid")]
    pub lambdas: Vec<f64>,
    /// Seeds, separated by commas. [default: --seed]
    #[arg(long, value_delimiter = ',', help_heading = "Grid")]
    pub seeds: Vec<u64>,
    /// In place of the grid: a CSV file with a header of some of cell, hidden, lambda and seed, and a line for each run.
    #[arg(long, conflicts_with_all = ["cells", "hiddens", "lambdas", "seeds"], help_heading = "Grid")]
    pub list: Option<PathBuf>,
    /// Runs at the same time. [default: the processors over --threads, which is 1 unless there are fewer runs than processors]
    #[arg(long, help_heading = "Computer")]
    pub jobs: Option<usize>,
    /// Seconds between two checkpoints of a run: what an interruption loses at most.
    #[arg(long, help_heading = "Computer")]
    pub checkpoint_seconds: Option<f64>,
    /// Only write the table of what is there.
    #[arg(long = "report-only", alias = "report", help_heading = "Output")]
    pub report: bool,
    /// Train only run K, counted from 0 in the table's order, and write no table: what a task of an array job does.
    #[arg(long, conflicts_with_all = ["report", "slurm"], help_heading = "Computer")]
    pub job: Option<usize>,
    /// Train nothing: write a script for `sbatch`, an array job with a task for each run that is not finished.
    #[arg(long, help_heading = "Computer")]
    pub slurm: Option<PathBuf>,
    /// Predict the energy on this board: a built-in profile, or a TOML file.
    #[arg(long, help_heading = "Energy")]
    pub board: Option<String>,
    /// A built-in sensor profile, or a TOML file; `none` for no sensor.
    #[arg(long, default_value = "none", requires = "board", help_heading = "Energy")]
    pub sensor: String,
    /// Figures of your own board in place of the profile's, from `energy calibrate`.
    #[arg(long, requires = "board", help_heading = "Energy")]
    pub calibration: Option<PathBuf>,
}

impl SweepArgs {
    fn parts(&self) -> Option<parts::PartArgs> {
        self.board.clone().map(|board| parts::PartArgs {
            board,
            sensor: self.sensor.clone(),
            calibration: self.calibration.clone(),
        })
    }
}

/// Runs the command.
pub fn run(args: &SweepArgs, out: Output) -> anyhow::Result<()> {
    if args.jobs == Some(0) || args.train.threads == Some(0) {
        return Err(Usage::error("--jobs, --threads: must be at least 1"));
    }
    let mut base = train::config(&args.train)?;
    base.checkpoint_seconds = args.checkpoint_seconds.unwrap_or(base.checkpoint_seconds);
    let folder = &args.train.out;
    let hardware = args.parts().map(|p| parts::hardware(&p)).transpose()?;
    let grid = Grid {
        cells: args.cells.clone(),
        hiddens: args.hiddens.clone(),
        lambdas: args.lambdas.clone(),
        seeds: args.seeds.clone(),
        list: args.list.clone(),
    };
    let settings = grid.settings(&base)?;
    let threads = args
        .train
        .threads
        .unwrap_or((processors() / settings.len().max(1)).max(1));
    let runs = || sweep::runs(&settings, &base, folder, threads);
    if let Some(path) = &args.slurm {
        return write_slurm(path, &runs()?, threads, folder, out);
    }
    train::tell_choices(&base.chosen);
    let bars = Bars::default();
    let show = |event: &jobs::Event<'_>| bars.show(event);
    if let Some(k) = args.job {
        return run_one(k, runs()?, folder, &show, out);
    }
    let failed = match args.report {
        true => Vec::new(),
        false => {
            let at_once = args.jobs.unwrap_or(processors() / threads);
            jobs::train_all(runs()?, at_once, &show)?
        }
    };
    let front = Front::measure(&settings, &runs()?, &base.data, hardware.as_ref())?;
    front.write(folder)?;
    out.print(&serde_json::to_value(front.json(folder, &failed))?, || {
        front.text(folder)
    });
    check_failed(&failed)?;
    check_damaged(&front.damaged)
}

/// The error of a sweep some of whose runs cannot be used.
fn check_damaged(damaged: &[String]) -> anyhow::Result<()> {
    let count = damaged.len();
    anyhow::ensure!(
        damaged.is_empty(),
        "{count} runs cannot be used and are left out; move their folders away and train again: {}",
        damaged.join("; ")
    );
    Ok(())
}

/// Trains run `k` alone.
fn run_one(k: usize, runs: Vec<Job>, folder: &Path, show: jobs::Observer<'_>, out: Output) -> anyhow::Result<()> {
    let count = runs.len();
    let Some(job) = runs.into_iter().nth(k) else {
        return Err(Usage::error(format!(
            "--job: there is no run {k}; the sweep has runs 0 to {}",
            count - 1
        )));
    };
    let failed = jobs::train_all(vec![job], 1, show)?;
    anyhow::ensure!(failed.is_empty(), "{}", failed.join("\n"));
    out.print(&json!({ "job": k, "out": folder }), || format!("run {k} is done"));
    Ok(())
}

/// Writes the script of an array job with a task for every run that is not finished.
fn write_slurm(path: &Path, runs: &[Job], threads: usize, folder: &Path, out: Output) -> anyhow::Result<()> {
    let tasks: Vec<usize> = (0..runs.len()).filter(|k| runs[*k].run.finished().is_none()).collect();
    if tasks.is_empty() {
        return Err(Usage::error(
            "--slurm: every run is finished; remove it to write the table",
        ));
    }
    let words: Vec<_> = std::env::args_os().collect();
    let script = sweep::script(&words, &tasks, threads, folder).map_err(|error| Usage::error(error.to_string()))?;
    // Slurm does not make the folder of a task's log.
    std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be created", folder.display()))?;
    output::write_atomically(path, script.as_bytes())?;
    out.print(&json!({ "slurm": path, "tasks": tasks.len() }), || {
        format!("{} tasks; submit them with: sbatch {}", tasks.len(), shell::path(path))
    });
    Ok(())
}
