//! `skiprnn reproduce`

use crate::{
    args::parsed,
    experiment::{Bars, check_failed},
    output::Output,
};
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use experiments::reproduce::{self, Options, Table};
use host_train::Device;
use std::path::PathBuf;

fn table_parser() -> impl TypedValueParser<Value = Table> {
    PossibleValuesParser::new(Table::ALL.map(Table::name)).map(|name| {
        let found = Table::ALL.into_iter().find(|t| t.name() == name);
        found.expect("one of the possible values")
    })
}

/// Options of `reproduce`.
#[derive(Args, Debug)]
pub struct ReproduceArgs {
    /// The table: adding, 50 samples (table 1); frequency discrimination, 1 ms and 0.5 ms between samples (appendix A.1); mnist,
    /// handwritten digits pixel by pixel (section 4.2), which needs --data.
    #[arg(value_parser = table_parser())]
    pub table: Table,
    /// mnist: the folder with the IDX files. Without it the report leaves MNIST out.
    #[arg(long, help_heading = "Runs")]
    pub data: Option<PathBuf>,
    /// mnist: one pixel is the mean of the squares of N x N pixels; 2 makes digits of 14x14.
    #[arg(long, default_value_t = 1, help_heading = "Runs")]
    pub pool: usize,
    /// Runs of each row, seeds 1 to N.
    #[arg(long, default_value_t = 4, help_heading = "Runs")]
    pub runs: u64,
    /// Rows to run, separated by commas; a name's beginning stands for all rows that begin so. [default: all]
    #[arg(long, value_delimiter = ',', help_heading = "Runs")]
    pub rows: Vec<String>,
    /// Folder of the runs.
    #[arg(long, default_value = "runs/reproduce", help_heading = "Output")]
    pub out: PathBuf,
    /// The report, of both tables; its figures and CSV files lie in a folder `results` beside it. [default: RESULTS.md in
    /// --out]
    #[arg(long, help_heading = "Output")]
    pub results: Option<PathBuf>,
    /// Train nothing, and write the report of the runs that are there.
    #[arg(long = "report-only", alias = "report", help_heading = "Output")]
    pub report: bool,
    /// End a run once it is solved and its updates have not fallen by 1 % for this many steps; 0: train all steps.
    #[arg(long, default_value_t = 2000, help_heading = "Training")]
    pub settle_steps: u64,
    /// Runs at the same time. [default: the processors over --threads]
    #[arg(long, help_heading = "Computer")]
    pub jobs: Option<usize>,
    /// Threads of a new run.
    #[arg(long, default_value_t = 1, help_heading = "Computer")]
    pub threads: usize,
    /// Where to train: cpu, cuda or cuda:N.
    #[arg(long, default_value_t = Device::Cpu, value_parser = parsed::<Device>, help_heading = "Computer")]
    pub device: Device,
    /// What the report calls the machine. [default: its architecture and processors]
    #[arg(long = "machine-name", alias = "machine", help_heading = "Output")]
    pub machine: Option<String>,
    /// Hidden units other than the paper's 110.
    #[arg(long, help_heading = "Training")]
    pub hidden: Option<usize>,
    /// Training steps at most, other than the task's default.
    #[arg(long, help_heading = "Training")]
    pub steps: Option<u64>,
    /// Sequences per step other than the paper's 256.
    #[arg(long, help_heading = "Training")]
    pub batch: Option<usize>,
    /// Steps between two evaluations on the validation data.
    #[arg(long, help_heading = "Training")]
    pub eval_every: Option<u64>,
    /// Seconds between two checkpoints: what an interruption loses at most.
    #[arg(long, help_heading = "Computer")]
    pub checkpoint_seconds: Option<f64>,
}

/// Runs the command.
pub fn run(args: &ReproduceArgs, out: Output) -> anyhow::Result<()> {
    let options = Options {
        table: args.table,
        data: args.data.clone(),
        pool: args.pool,
        runs: args.runs,
        rows: args.rows.clone(),
        out: args.out.clone(),
        results: args.results.clone(),
        report: args.report,
        settle_steps: args.settle_steps,
        jobs: args.jobs,
        threads: args.threads,
        device: args.device,
        machine: args.machine.clone(),
        hidden: args.hidden,
        steps: args.steps,
        batch: args.batch,
        eval_every: args.eval_every,
        checkpoint_seconds: args.checkpoint_seconds,
    };
    let bars = Bars::default();
    let reproduction = reproduce::run(&options, &|event| bars.show(event))?;
    out.print(&serde_json::to_value(reproduction.json())?, || reproduction.text());
    check_failed(&reproduction.failed)
}
