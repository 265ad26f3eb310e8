//! Models and data as the commands are given them.

use crate::{
    args::{InputArgs, Task},
    output::Usage,
};
use anyhow::Context;
use float_model::{FloatModel, Forward, Metric, Outcome, Sequences, Targets};
use host_train::{DataSource, TrainConfig};
use std::path::{Path, PathBuf};

/// Sequences that `eval` and `simulate` run on where nothing else is said.
pub const EVALUATION_COUNT: usize = 10_000;

/// A run folder or a lone model file.
pub struct Run {
    /// The float model.
    pub model: FloatModel,
    /// The run's configuration, where there is one.
    pub config: Option<TrainConfig>,
    /// The model file.
    pub file: PathBuf,
    /// Steps trained, where the run says so.
    pub steps: Option<u64>,
}

impl Run {
    /// Reads `path`: a folder with model.safetensors (and config.toml), or a .safetensors file.
    pub fn open(path: &Path) -> anyhow::Result<Run> {
        let folder = path.is_dir();
        let file = if folder {
            path.join("model.safetensors")
        } else {
            path.to_path_buf()
        };
        let model = float_model::load(&file)?;
        let config = if folder && path.join("config.toml").exists() {
            Some(configuration(path)?)
        } else {
            None
        };
        let steps = std::fs::read_to_string(path.join("training.json"))
            .ok()
            .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
            .and_then(|v| v["steps"].as_u64());
        Ok(Run {
            model,
            config,
            file,
            steps,
        })
    }

    /// A short name for reports and blobs.
    pub fn name(&self) -> String {
        let folder = self.file.parent().and_then(Path::file_name);
        let stem = self.file.file_stem();
        let name = if stem.is_some_and(|s| s == "model") {
            folder.or(stem)
        } else {
            stem
        };
        name.map_or_else(|| "model".into(), |n| n.to_string_lossy().into_owned())
    }

    /// Runs the float model over `x` as it was trained: updates fall by its gate, or, in a run with `p_skip`, at random
    /// with draws from `seed`.
    pub fn outcomes(&self, x: &Sequences, dial: f32, seed: u64) -> anyhow::Result<Vec<Outcome>> {
        let forward = Forward::new(&self.model);
        Ok(match self.config.as_ref().and_then(|c| c.p_skip) {
            None => forward.run_all(x, dial, threads())?,
            Some(p) => forward.run_imposed(x, threads(), |n| {
                host_train::random_schedule(p, seed, n, x.length_of(n))
            })?,
        })
    }

    /// Runs the float model over held-out sequences, without a turn of its dial: the metric, and the samples that each used.
    ///
    /// # Errors
    /// Sequences or answers that do not fit the model.
    pub fn judge(&self, x: &Sequences, y: &Targets, seed: u64) -> anyhow::Result<(Metric, Vec<Vec<u32>>)> {
        let outcomes = self.outcomes(x, 0.0, seed)?;
        let (outputs, schedules): (Vec<_>, Vec<_>) = outcomes.into_iter().map(|o| (o.output, o.updates)).unzip();
        let metric = Metric::of("held-out data", self.model.description.objective, &outputs, y)?;
        Ok((metric, schedules))
    }

    /// Where fresh sequences of this run's task come from.
    pub fn source(&self) -> Option<DataSource> {
        self.config.as_ref().map(|c| c.data.clone())
    }
}

/// The configuration of a run folder. A bad field is a fault of its file, not of the command line.
fn configuration(folder: &Path) -> anyhow::Result<TrainConfig> {
    let config = TrainConfig::load(folder)?;
    match config.validate() {
        Err(host_train::Error::Usage { field, problem }) => {
            anyhow::bail!("{}: {field}: {problem}", folder.join("config.toml").display())
        }
        other => other.map(|()| config).map_err(Into::into),
    }
}

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
        x: sequences.take(n),
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
    let (x, y) = source.evaluation(n, args.seed).context("held-out data")?;
    let limit = if source.is_generated() {
        n
    } else {
        args.n.unwrap_or(usize::MAX)
    };
    Ok(Data {
        x: x.take(limit),
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

/// Threads to evaluate with.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
