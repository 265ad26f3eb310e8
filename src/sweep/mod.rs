//! `skiprnn sweep`: a grid of training runs, and the front of accuracy against updates and energy.
//!
//! A run is a folder as `train` writes it, at `OUT/CELL-HIDDEN-LAMBDA/seed-N`. A killed sweep goes on from each run's
//! last checkpoint and trains nothing twice; the runs of a cluster's array job are collected by the same command.

pub mod figures;
mod grid;
mod report;
mod slurm;

use crate::{
    args::parsed,
    energy::parts,
    jobs,
    output::{Output, Usage},
    train::{self, TrainArgs},
};
use clap::Args;
use figures::Front;
use float_model::Cell;
use std::path::PathBuf;

/// Options of `sweep`.
#[derive(Args, Debug)]
pub struct SweepArgs {
    /// What every run has in common; --out is the sweep's folder, and it is always resumed.
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
    /// Seconds between two checkpoints of a run: what a kill loses at most.
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
    let energy = args.parts().map(|p| parts::load(&p)).transpose()?;
    let settings = grid::settings(args, &base)?;
    let threads = args
        .train
        .threads
        .unwrap_or((jobs::processors() / settings.len().max(1)).max(1));
    let runs = grid::runs(&settings, &base, folder, threads)?;
    if let Some(path) = &args.slurm {
        return slurm::write(path, &runs, threads, folder, out);
    }
    if let Some(k) = args.job {
        let count = runs.len();
        let Some(job) = runs.into_iter().nth(k) else {
            return Err(Usage::error(format!(
                "--job: {k} is none; the sweep has runs 0 to {}",
                count - 1
            )));
        };
        let failed = jobs::train_all(vec![job], 1)?;
        anyhow::ensure!(failed.is_empty(), "{}", failed.join("\n"));
        out.print(&serde_json::json!({ "job": k, "out": folder }), || {
            format!("run {k} is done")
        });
        return Ok(());
    }
    let mut failed = Vec::new();
    if !args.report {
        failed = jobs::train_all(runs, args.jobs.unwrap_or(jobs::processors() / threads))?;
    }
    let runs = grid::runs(&settings, &base, folder, threads)?;
    let front = Front::measure(&settings, &runs, &base.data, energy.as_ref())?;
    report::write(&front, folder)?;
    let value = report::json(&front, folder, &failed);
    out.print(&value, || report::text(&front, folder));
    anyhow::ensure!(failed.is_empty(), "{} runs failed; all others are kept", failed.len());
    Ok(())
}
