//! Models and data as the commands are given them.

use crate::{
    args::{InputArgs, Task},
    output::Usage,
};
use anyhow::Context;
use experiments::{Fitted, HeldOut, ModelInput, ReadAs};
pub use experiments::{TrainedModel as Run, processors};
use float_model::{Sequences, Targets};
use host_train::DataSource;
use std::path::Path;

/// Sequences that `eval` and `simulate` run on by default.
pub const EVALUATION_COUNT: usize = 10_000;

/// Sequences, and answers where they are known, as a model takes them.
pub struct Data {
    /// (N, T, I).
    pub x: Sequences,
    /// N answers.
    pub y: Option<Targets>,
    /// What errors call it.
    pub name: String,
    /// What was understood, converted or looks wrong.
    pub notes: Vec<String>,
    /// Which sequences of a run's own data they are; `None` for given files.
    pub held_out: Option<HeldOut>,
}

impl Data {
    /// A warning where these are data of the run's own, and their files are not those that the run began with.
    pub fn changed_since(&self, run: &Run) -> Vec<String> {
        let own = self.held_out.and_then(|_| run.data_changed());
        own.into_iter().collect()
    }
}

/// Reads `--x` (and `--y`) for a model, as far as `--n` reaches: as the training data of `source` were read, where they were
/// recorded, else as they are.
pub fn from_files(
    x: &Path,
    y: Option<&Path>,
    n: Option<usize>,
    every: Option<usize>,
    (input, source): (&ModelInput, Option<&DataSource>),
) -> anyhow::Result<Data> {
    if n == Some(0) {
        return Err(Usage::error("--n: 0 sequences cannot be run; give at least 1"));
    }
    let like = match source {
        Some(DataSource::Dataset(config)) => Some(config),
        _ => None,
    };
    let read = input.read(x, &ReadAs { y, every, like, n })?;
    Ok(Data {
        x: read.x,
        y: read.y,
        name: x.display().to_string(),
        notes: read.notes,
        held_out: None,
    })
}

/// The data that a command asks for: files, or else `source`, of a generated task `default_n` sequences, of recordings the test
/// part or, where there is none, the validation part.
pub fn resolve(
    args: &InputArgs,
    input: &ModelInput,
    source: Option<&DataSource>,
    default_n: usize,
) -> anyhow::Result<Data> {
    let named = args.data_of.as_deref().map(data_of).transpose()?;
    let source = named.as_ref().or(source);
    if args.y.is_some() && args.x.is_none() {
        return Err(Usage::error("--y: answers without sequences; give --x too"));
    }
    if let Some(x) = &args.x {
        return from_files(x, args.y.as_deref(), args.n, args.every, (input, source));
    }
    let Some(source) = source else {
        return Err(Usage::error(
            "no data: give --x (and --y), --data-of with a run folder, or --task for a generated task",
        ));
    };
    let n = args.n.unwrap_or(default_n);
    if n == 0 {
        return Err(Usage::error("--n: 0 sequences cannot be run; give at least 1"));
    }
    let held_out = HeldOut::of(source);
    let most = args.n.unwrap_or(usize::MAX);
    // The seed is that of generated sequences; a dataset's parts do not depend on it.
    let read = match held_out {
        HeldOut::Validation => {
            let (x, y) = source.validation(args.seed).context("validation part")?;
            let (x, y) = (x.take(most), y.take(most));
            let notes = input.notes_on(&x);
            Fitted { x, y, notes }
        }
        HeldOut::Fresh | HeldOut::Test => input.held_out(source, (n, args.seed), most).context("held-out data")?,
    };
    Ok(Data {
        x: read.x,
        y: Some(read.y),
        name: format!("{} data", source.name()),
        notes: read.notes,
        held_out: Some(held_out),
    })
}

/// What the run in a folder was trained on.
fn data_of(folder: &Path) -> anyhow::Result<DataSource> {
    Run::open(folder)?.source().ok_or_else(|| {
        Usage::error(format!(
            "--data-of: {} holds no config.toml that names its data; give a run folder",
            folder.display()
        ))
    })
}

/// The generator that fits a blob: its sample period and its length.
pub fn generator(task: Task, sample_period_s: f64, length: usize) -> DataSource {
    match task {
        Task::Frequency => DataSource::Frequency { sample_period_s },
        Task::Adding => DataSource::Adding { length },
    }
}
