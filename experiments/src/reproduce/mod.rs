//! The tables of Campos et al., ICLR 2018, row by row.
//!
//! A run is a folder as `train` writes it, at `OUT/TASK/ROW/seed-N`: a finished one that is put there by hand counts, where its
//! configuration is the row's. After an interruption each run resumes from its last checkpoint.

mod report;
mod rows;

pub use report::{RowJson, Section};
pub use rows::{Paper, Row, Table, Verdict};

use crate::{
    Error, HeldOut, TrainedModel,
    held_out::SEED,
    jobs::{self, Job, Progress, Run},
    processors,
    stats::mean_updates,
};
use dataset::MnistConfig;
use host_train::{Device, TrainConfig};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What is reproduced, and how it is trained.
#[derive(Debug, Clone)]
pub struct Options {
    /// The table whose runs are trained.
    pub table: Table,
    /// The folder with the IDX files of MNIST; without it the report leaves MNIST out.
    pub data: Option<PathBuf>,
    /// The mean of squares of this many MNIST pixels on a side is one pixel.
    pub pool: usize,
    /// Runs of each row, seeds 1 to this.
    pub runs: u64,
    /// Rows to train; a name's beginning stands for all rows that begin so; empty: all.
    pub rows: Vec<String>,
    /// The folder of the runs.
    pub out: PathBuf,
    /// The report of all tables; without it `RESULTS.md` in `out`.
    pub results: Option<PathBuf>,
    /// Whether nothing is trained, and the report is of what is there.
    pub report: bool,
    /// A run ends once it is solved and its updates have not fallen by 1 % for this many steps; 0: all steps are trained.
    pub settle_steps: u64,
    /// Runs at the same time; without it the processors over `threads`.
    pub jobs: Option<usize>,
    /// Threads of a new run.
    pub threads: usize,
    /// Where to train.
    pub device: Device,
    /// What the report calls the machine; without it its architecture and processors.
    pub machine: Option<String>,
    /// Hidden units other than the paper's 110.
    pub hidden: Option<usize>,
    /// Training steps at most, other than the task's default.
    pub steps: Option<u64>,
    /// Sequences per step other than the paper's 256.
    pub batch: Option<usize>,
    /// Steps between two evaluations on the validation data.
    pub eval_every: Option<u64>,
    /// Seconds between two checkpoints.
    pub checkpoint_seconds: Option<f64>,
}

/// Runs of a row, at most.
const MOST_RUNS: u64 = 1000;

/// What `run` gives.
pub struct Reproduction {
    /// The report.
    path: PathBuf,
    /// The section of the table that was asked for.
    section: Section,
    /// The rows that were asked for.
    rows: Vec<Row>,
    /// A line for each run that failed.
    pub failed: Vec<String>,
}

/// What the command gives as JSON.
#[derive(Debug, Serialize)]
pub struct ReproductionJson<'a> {
    task: &'static str,
    results: &'a Path,
    failed: &'a [String],
    rows: Vec<RowJson>,
}

impl Reproduction {
    /// What the command gives as JSON.
    #[must_use]
    pub fn json(&self) -> ReproductionJson<'_> {
        ReproductionJson {
            task: self.section.table.name(),
            results: &self.path,
            failed: &self.failed,
            rows: self.section.json(&self.rows),
        }
    }

    /// Lines for people.
    #[must_use]
    pub fn text(&self) -> String {
        let names: Vec<&str> = self.rows.iter().map(|r| r.name.as_str()).collect();
        format!("{}\n{}", self.section.text(&names), self.path.display())
    }
}

impl Options {
    fn check(&self) -> Result<(), Error> {
        for (option, zero) in [
            ("runs", self.runs == 0),
            ("threads", self.threads == 0),
            ("jobs", self.jobs == Some(0)),
        ] {
            if zero {
                return Err(Error::option(option, "must be at least 1"));
            }
        }
        if self.runs > MOST_RUNS {
            return Err(Error::option(
                "runs",
                format!("is {}; give at most {MOST_RUNS}", self.runs),
            ));
        }
        if self.table == Table::Mnist && self.data.is_none() {
            let problem = "missing; give the folder with train-images-idx3-ubyte and the other files";
            return Err(Error::option("data", problem));
        }
        Ok(())
    }

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

    fn digits(&self) -> Result<MnistConfig, Error> {
        // Paths go into config.toml, which is read from anywhere later.
        let absolute = |path: &Path| std::path::absolute(path).map_err(Error::io(path, "used as a path"));
        Ok(MnistConfig {
            data: self.data.as_deref().map(absolute).transpose()?.unwrap_or_default(),
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

    fn selected(&self) -> Result<Vec<Row>, Error> {
        let rows = self.table.rows(&self.digits()?);
        if let Some(name) = self.rows.iter().find(|n| rows.iter().all(|r| !r.name.starts_with(*n))) {
            let names: Vec<&str> = rows.iter().map(|r| r.name.as_str()).collect();
            let problem = format!("no row '{name}'; the rows are {}", names.join(", "));
            return Err(Error::option("rows", problem));
        }
        // A whole name means this row alone, whatever else begins so.
        let wanted = |row: &Row| {
            let of = |n: &String| row.name == *n || (row.name.starts_with(n) && rows.iter().all(|r| r.name != *n));
            self.rows.is_empty() || self.rows.iter().any(of)
        };
        Ok(rows.iter().filter(|r| wanted(r)).cloned().collect())
    }

    /// Trains what is not finished, several runs at a time: first seed 1 of every row. Returns a line for each that failed.
    fn train_all(&self, rows: &[Row], observer: jobs::Observer<'_>) -> Result<Vec<String>, Error> {
        let of_row = |row: &Row| {
            let job = |run: Run| Job {
                label: format!("{} {}", row.name, run.seed),
                run,
            };
            self.runs_of(self.table, row).into_iter().map(job).collect::<Vec<_>>()
        };
        let mut list: Vec<Job> = rows.iter().flat_map(of_row).collect();
        list.sort_by_key(|job| job.run.seed);
        let at_once = self.jobs.unwrap_or(processors() / self.threads);
        jobs::train_all(list, at_once, observer)
    }

    fn section(&self, table: Table) -> Result<Section, Error> {
        let mut lines = Vec::new();
        for row in table.rows(&self.digits()?) {
            let mut runs = self.runs_of(table, &row);
            evaluate_on_test(&row, &mut runs)?;
            lines.push((runs, row));
        }
        Ok(Section { table, lines })
    }
}

/// Trains the rows asked for where they are not finished, and writes the report of all tables.
///
/// # Errors
/// Options that cannot work, folders that hold something else, files that cannot be read or written.
pub fn run(options: &Options, observer: jobs::Observer<'_>) -> Result<Reproduction, Error> {
    options.check()?;
    let rows = options.selected()?;
    let failed = match options.report {
        true => Vec::new(),
        false => options.train_all(&rows, observer)?,
    };
    let path = options
        .results
        .clone()
        .unwrap_or_else(|| options.out.join("RESULTS.md"));
    let tables = Table::ALL
        .into_iter()
        .filter(|t| *t != Table::Mnist || options.data.is_some());
    let mut sections = tables.map(|t| options.section(t)).collect::<Result<Vec<_>, _>>()?;
    let machine = options.machine.clone().unwrap_or_else(machine);
    report::write(&path, &sections, &machine, options.settle_steps)?;
    Ok(Reproduction {
        path,
        section: sections.swap_remove(options.table as usize),
        rows,
        failed,
    })
}

/// Replaces the figures of finished runs on recordings, which are of the validation part, by those of the test part. A generated
/// task's runs measure themselves on fresh sequences.
fn evaluate_on_test(row: &Row, runs: &mut [Run]) -> Result<(), Error> {
    let finished = runs.iter_mut().filter_map(|run| match &mut run.progress {
        Progress::Finished(figures) if !row.data.is_generated() => Some((&run.folder, figures)),
        _ => None,
    });
    let mut test = None;
    for (folder, figures) in finished {
        let run = TrainedModel::open(folder)?;
        let test = match &test {
            Some(read) => read,
            None => test.insert(HeldOut::Test.read(&row.data, 0, &run.input())?),
        };
        let (metric, schedules) = run.evaluate(&test.x, &test.y, SEED)?;
        figures.metric = metric.value();
        figures.updates = mean_updates(&schedules);
    }
    Ok(())
}

/// For example `x86_64, 8 processors`.
fn machine() -> String {
    format!("{}, {} processors", std::env::consts::ARCH, processors())
}
