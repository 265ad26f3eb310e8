//! `skiprnn baselines`

use crate::{
    args::parsed,
    energy::parts::{self, PartArgs},
    experiment::{Bars, check_failed},
    output::Output,
};
use clap::Args;
use experiments::baselines::{self, Options};
use float_model::Cell;
use std::path::PathBuf;

/// Options of `baselines`.
#[derive(Args, Debug)]
pub struct BaselinesArgs {
    /// Finished runs of a skip cell on recordings: run folders, or folders of them, such as that of `sweep`.
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// Folder for the baselines and the tables; resumed if it exists.
    #[arg(long, help_heading = "Output")]
    pub out: PathBuf,
    /// Cells of the baselines, separated by commas: lstm, gru. [default: those of the runs, without their gates]
    #[arg(long, value_delimiter = ',', value_parser = parsed::<Cell>, help_heading = "Baselines")]
    pub cells: Vec<Cell>,
    /// Fixed rates: values of K, separated by commas, for models on samples 0, K, 2K, ... [default: 2,4,8,16,32, as far as two
    /// samples are left]
    #[arg(
        long = "fixed-rates",
        alias = "every",
        value_name = "K",
        value_delimiter = ',',
        help_heading = "Baselines"
    )]
    pub every: Vec<usize>,
    /// Random skipping: probabilities, separated by commas. [default: 1 - 1/K for each K of --fixed-rates]
    #[arg(long, value_delimiter = ',', help_heading = "Baselines")]
    pub p_skips: Vec<f64>,
    /// Early exit: probabilities of the likeliest class at which it stops, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99], help_heading = "Baselines")]
    pub confidences: Vec<f64>,
    /// Convolutional networks: filters of each of three layers, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [8, 16, 32], help_heading = "Baselines")]
    pub filters: Vec<usize>,
    /// Seeds of the baselines, separated by commas. [default: those of the runs]
    #[arg(long, value_delimiter = ',', help_heading = "Baselines")]
    pub seeds: Vec<u64>,
    /// A run folder whose training options the baselines take. [default: those that the runs have in common]
    #[arg(long, help_heading = "Baselines")]
    pub recipe: Option<PathBuf>,
    /// Predict the energy on these boards, separated by commas: built-in profiles, or TOML files.
    #[arg(long = "boards", alias = "board", value_delimiter = ',', help_heading = "Energy")]
    pub board: Vec<String>,
    /// A built-in sensor profile, or a TOML file; `none` for no sensor.
    #[arg(long, default_value = "none", requires = "board", help_heading = "Energy")]
    pub sensor: String,
    /// Trainings at the same time. [default: the processors over --threads]
    #[arg(long, help_heading = "Computer")]
    pub jobs: Option<usize>,
    /// Threads of each training. [default: 1]
    #[arg(long, help_heading = "Computer")]
    pub threads: Option<usize>,
    /// Seconds between two checkpoints of a run: what an interruption loses at most.
    #[arg(long, help_heading = "Computer")]
    pub checkpoint_seconds: Option<f64>,
    /// Train nothing, and evaluate the runs that are there.
    #[arg(long = "report-only", alias = "report", help_heading = "Output")]
    pub report: bool,
}

impl BaselinesArgs {
    fn options(&self) -> anyhow::Result<Options> {
        let hardware = self.board.iter().map(|board| {
            parts::hardware(&PartArgs {
                board: board.clone(),
                sensor: self.sensor.clone(),
                calibration: None,
            })
        });
        Ok(Options {
            runs: self.runs.clone(),
            out: self.out.clone(),
            cells: self.cells.clone(),
            every: self.every.clone(),
            p_skips: self.p_skips.clone(),
            confidences: self.confidences.clone(),
            filters: self.filters.clone(),
            seeds: self.seeds.clone(),
            recipe: self.recipe.clone(),
            hardware: hardware.collect::<anyhow::Result<_>>()?,
            jobs: self.jobs,
            threads: self.threads,
            checkpoint_seconds: self.checkpoint_seconds,
            report: self.report,
        })
    }
}

/// Runs the command.
pub fn run(args: &BaselinesArgs, out: Output) -> anyhow::Result<()> {
    let bars = Bars::default();
    let results = baselines::run(&args.options()?, &|event| bars.show(event))?;
    out.print(&serde_json::to_value(results.json(&args.out))?, || {
        results.text(&args.out)
    });
    check_failed(&results.failed)
}
