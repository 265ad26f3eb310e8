//! Models and data as the commands are given them.

use crate::{
    args::{InputArgs, Task},
    output::Usage,
};
use anyhow::Context;
pub use experiments::{TrainedModel as Run, processors};
use float_model::{Sequences, Targets};
use host_train::DataSource;
use std::path::Path;

/// Sequences that `eval` and `simulate` run on by default.
pub const EVALUATION_COUNT: usize = 10_000;

/// Sequences, and answers where they are known.
pub struct Data {
    /// (N, T, I).
    pub x: Sequences,
    /// N answers.
    pub y: Option<Targets>,
    /// What errors call it.
    pub name: String,
}

/// Reads `--x` (and `--y`), as far as `--n` reaches: as the training data of `source` were read, where they were
/// recorded, else as they are.
pub fn from_files(
    x: &Path,
    y: Option<&Path>,
    n: Option<usize>,
    every: Option<usize>,
    source: Option<&DataSource>,
) -> anyhow::Result<Data> {
    if n == Some(0) {
        return Err(Usage::error("--n: 0 sequences cannot be run; give at least 1"));
    }
    let (sequences, answers) = match source {
        Some(DataSource::Dataset(config)) => {
            if every.is_some_and(|k| Some(k) != config.every && (k, config.every) != (1, None)) {
                let own = config.every.unwrap_or(1);
                return Err(Usage::error(format!("--every: the run's own is {own}; leave it out")));
            }
            dataset::read_like(config, x, y)?
        }
        _ => {
            let options = dataset::ReadOptions {
                y,
                y_beside: false,
                ..Default::default()
            };
            let found = dataset::read(x, &options)?;
            match every {
                Some(k) => dataset::every_kth(&found.x, found.y, k)?,
                None => (found.x, found.y),
            }
        }
    };
    let n = n.unwrap_or(usize::MAX);
    Ok(Data {
        x: sequences.take(n).all()?,
        y: answers.map(|t| t.take(n)),
        name: x.display().to_string(),
    })
}

/// The data that a command asks for: files, or else `source` with `default_n` sequences.
pub fn resolve(args: &InputArgs, source: Option<&DataSource>, default_n: usize) -> anyhow::Result<Data> {
    if args.y.is_some() && args.x.is_none() {
        return Err(Usage::error("--y: answers without sequences; give --x too"));
    }
    if let Some(x) = &args.x {
        return from_files(x, args.y.as_deref(), args.n, args.every, source);
    }
    let Some(source) = source else {
        return Err(Usage::error(
            "no data: give --x (and --y), or --task for a generated task",
        ));
    };
    let n = args.n.unwrap_or(default_n);
    if n == 0 {
        return Err(Usage::error("--n: 0 sequences cannot be run; give at least 1"));
    }
    let (x, y) = source.held_out(n, args.seed).context("held-out data")?;
    let limit = if source.is_generated() {
        n
    } else {
        args.n.unwrap_or(usize::MAX)
    };
    Ok(Data {
        x: x.take(limit).all()?,
        y: Some(y.take(limit)),
        name: format!("{} data", source.name()),
    })
}

/// The generator that fits a blob: its sample period and its length.
pub fn generator(task: Task, sample_period_s: f64, length: usize) -> DataSource {
    match task {
        Task::Frequency => DataSource::Frequency { sample_period_s },
        Task::Adding => DataSource::Adding { length },
    }
}
