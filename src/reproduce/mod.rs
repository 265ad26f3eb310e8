//! `skiprnn reproduce`: the paper's tables, row by row.
//!
//! A run is a folder as `train` writes it, at `OUT/TASK/ROW/seed-N`: a finished one that is put there by hand counts,
//! where its configuration is the row's. A killed command goes on from each run's last checkpoint.

mod report;
mod rows;

use crate::{
    evaluate, inputs,
    jobs::{self, Job, Run},
    output::{Output, Usage},
    train::recordings::absolute,
};
use clap::Args;
use dataset::MnistConfig;
use host_train::{Device, TrainConfig};
use rows::{Row, Table};
use serde_json::json;
use std::path::PathBuf;

/// Options of `reproduce`.
#[derive(Args, Debug)]
pub struct ReproduceArgs {
    /// The table.
    #[arg(value_enum)]
    pub table: Table,
    /// mnist: the folder with the IDX files. Without it the report leaves MNIST out.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// mnist: the mean of squares of so many pixels on a side is one pixel; 2 makes digits of 14x14.
    #[arg(long, default_value_t = 1)]
    pub pool: usize,
    /// Runs of each row, seeds 1 to N.
    #[arg(long, default_value_t = 4)]
    pub runs: u64,
    /// Rows to run, separated by commas; a name's beginning stands for all rows that begin so. [default: all]
    #[arg(long, value_delimiter = ',')]
    pub rows: Vec<String>,
    /// Folder of the runs.
    #[arg(long, default_value = "runs/reproduce")]
    pub out: PathBuf,
    /// The report, of both tables; its figures and CSV files lie in a folder `results` beside it. [default: RESULTS.md in
    /// --out]
    #[arg(long)]
    pub results: Option<PathBuf>,
    /// Only write the report of what is there.
    #[arg(long)]
    pub report: bool,
    /// End a run once it is solved and its updates have not fallen by 1 % for this many steps; 0: train all steps.
    #[arg(long, default_value_t = 2000)]
    pub settle_steps: u64,
    /// Runs at the same time. [default: the processors over --threads]
    #[arg(long)]
    pub jobs: Option<usize>,
    /// Threads of a new run.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Where to train: cpu, cuda or cuda:N.
    #[arg(long, default_value_t = Device::Cpu)]
    pub device: Device,
    /// What the report calls the machine. [default: its architecture and processors]
    #[arg(long)]
    pub machine: Option<String>,
    /// Hidden units other than the paper's 110.
    #[arg(long)]
    pub hidden: Option<usize>,
    /// Training steps at most, other than the task's default.
    #[arg(long)]
    pub steps: Option<u64>,
    /// Sequences per step other than the paper's 256.
    #[arg(long)]
    pub batch: Option<usize>,
    /// Steps between two looks at the validation data.
    #[arg(long)]
    pub eval_every: Option<u64>,
    /// Seconds between two checkpoints: what a kill loses at most.
    #[arg(long)]
    pub checkpoint_seconds: Option<f64>,
}

impl ReproduceArgs {
    fn change(&self, config: &mut TrainConfig) {
        config.threads = self.threads;
        config.device = self.device;
        // MNIST has no threshold to be solved by.
        let settles = self.settle_steps > 0 && config.data.is_generated();
        config.settle_steps = settles.then_some(self.settle_steps);
        config.hidden = self.hidden.unwrap_or(config.hidden);
        config.steps = self.steps.unwrap_or(config.steps);
        config.batch = self.batch.unwrap_or(config.batch);
        config.eval_every = self.eval_every.unwrap_or(config.eval_every);
        config.checkpoint_seconds = self.checkpoint_seconds.unwrap_or(config.checkpoint_seconds);
    }

    fn digits(&self) -> anyhow::Result<MnistConfig> {
        let data = self.data.as_deref().map(absolute).transpose()?;
        Ok(MnistConfig {
            data: data.unwrap_or_default(),
            pool: self.pool,
        })
    }

    fn runs_of(&self, table: Table, row: &Row) -> Vec<Run> {
        let of_seed = |seed| {
            let mut config = row.config(seed);
            self.change(&mut config);
            let folder = self.out.join(table.name()).join(&row.name);
            Run::look(config, folder.join(format!("seed-{seed}")))
        };
        (1..=self.runs).map(of_seed).collect()
    }

    fn selected(&self) -> anyhow::Result<Vec<Row>> {
        let rows = self.table.rows(&self.digits()?);
        if let Some(name) = self.rows.iter().find(|n| rows.iter().all(|r| !r.name.starts_with(*n))) {
            let names: Vec<&str> = rows.iter().map(|r| r.name.as_str()).collect();
            return Err(Usage::error(format!(
                "--rows: no row '{name}'; the rows are {}",
                names.join(", ")
            )));
        }
        // A whole name means this row alone, whatever else begins so.
        let wanted = |row: &Row| {
            let of = |n: &String| row.name == *n || (row.name.starts_with(n) && rows.iter().all(|r| r.name != *n));
            self.rows.is_empty() || self.rows.iter().any(of)
        };
        Ok(rows.iter().filter(|r| wanted(r)).cloned().collect())
    }
}

/// Runs the command.
pub fn run(args: &ReproduceArgs, out: Output) -> anyhow::Result<()> {
    if args.runs == 0 || args.threads == 0 || args.jobs == Some(0) {
        return Err(Usage::error(
            "--runs, --threads, --jobs: 0 does nothing; give at least 1",
        ));
    }
    if args.table == Table::Mnist && args.data.is_none() {
        let problem = "--data: missing; give the folder with train-images-idx3-ubyte and its like";
        return Err(Usage::error(problem));
    }
    let rows = args.selected()?;
    let mut failures = Vec::new();
    if !args.report {
        failures = train_all(args, &rows)?;
    }
    let path = args.results.clone().unwrap_or_else(|| args.out.join("RESULTS.md"));
    let mut sections = Vec::new();
    for table in [Table::Adding, Table::Frequency, Table::Mnist] {
        if table == Table::Mnist && args.data.is_none() {
            continue;
        }
        let mut lines = Vec::new();
        for row in table.rows(&args.digits()?) {
            let mut runs = args.runs_of(table, &row);
            judge(&row, &mut runs)?;
            lines.push((runs, row));
        }
        sections.push(report::Section { table, lines });
    }
    let machine = args.machine.clone().unwrap_or_else(machine);
    report::write(&path, &sections, &machine, args.settle_steps)?;
    let section = &sections[args.table as usize];
    let value = json!({
        "task": args.table.name(), "results": path, "failed": failures,
        "rows": section.json(&rows),
    });
    out.print(&value, || {
        let names: Vec<&str> = rows.iter().map(|r| r.name.as_str()).collect();
        format!("{}\n{}", section.text(&names), path.display())
    });
    if !failures.is_empty() {
        anyhow::bail!("{} runs failed; all others are kept", failures.len());
    }
    Ok(())
}

/// Puts what finished runs give on the test part in the place of what they gave on the validation part: a generated task's runs
/// measure themselves on fresh sequences, those on recordings cannot.
fn judge(row: &Row, runs: &mut [Run]) -> anyhow::Result<()> {
    let finished = runs.iter_mut().filter_map(|run| match &mut run.progress {
        jobs::Progress::Finished(figures) if !row.data.is_generated() => Some((&run.folder, figures)),
        _ => None,
    });
    let mut test = None;
    for (folder, figures) in finished {
        let (x, y) = match &test {
            Some(held) => held,
            None => test.insert(row.data.evaluation(0, 0)?),
        };
        let (metric, schedules) = inputs::Run::open(folder)?.judge(x, y, report::SEED)?;
        figures.metric = metric.value();
        figures.updates = evaluate::mean_updates(&schedules);
    }
    Ok(())
}

/// For example `x86_64, 8 processors`.
fn machine() -> String {
    format!("{}, {} processors", std::env::consts::ARCH, jobs::processors())
}

/// Trains what is not finished, several runs at a time: first seed 1 of every row. Returns what failed.
fn train_all(args: &ReproduceArgs, rows: &[Row]) -> anyhow::Result<Vec<String>> {
    let of_row = |row: &Row| {
        let job = |run: Run| Job {
            label: format!("{} {}", row.name, run.seed),
            run,
        };
        args.runs_of(args.table, row).into_iter().map(job).collect::<Vec<_>>()
    };
    let mut list: Vec<Job> = rows.iter().flat_map(of_row).collect();
    list.sort_by_key(|job| job.run.seed);
    let at_once = args.jobs.unwrap_or(jobs::processors() / args.threads);
    jobs::train_all(list, at_once)
}
