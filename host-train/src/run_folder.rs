//! A run folder: who may write into it, and its tables.

use crate::{Device, Error, TrainConfig, checkpoint, checkpoint::Sums, evaluate::Evaluation, events};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// The best model of a run.
pub(crate) const MODEL: &str = "model.safetensors";
/// The result of a run that has ended.
pub(crate) const SUMMARY: &str = "training.json";

const COLUMNS: &str =
    "step,seconds,loss,budget,train_updates,gradient_norm,metric,updates,validation_loss,learning_rate\n";

/// What is in a run folder.
#[derive(Debug, Clone, PartialEq)]
pub enum Existing {
    /// No run.
    Nothing,
    /// A run that [`crate::train()`] continues.
    Unfinished {
        /// Threads that the run was started with.
        threads: usize,
        /// Device that the run was last trained on.
        device: Device,
    },
    /// A run that has taken all its steps, or was ended by a rule.
    Finished {
        /// Threads that the run was started with.
        threads: usize,
        /// Device that the run was last trained on.
        device: Device,
        /// Contents of the run's `training.json`.
        summary: serde_json::Value,
    },
}

/// Looks for a run of `config` in a folder, by the rules under which [`crate::train()`] would continue it.
///
/// # Errors
/// A run of another configuration, or files that cannot be read.
pub fn existing(config: &TrainConfig, run: &Path) -> Result<Existing, Error> {
    let path = run.join("config.toml");
    let holds_run = [&path, &run.join(checkpoint::FILE), &run.join(MODEL)]
        .iter()
        .any(|p| p.exists());
    if !holds_run {
        return Ok(Existing::Nothing);
    }
    let was = TrainConfig::load(run)?;
    if let Err(differs) = same_configuration(&was, config, &path) {
        // Options that nobody gave follow from the data: where these changed, that is what is to be said.
        let changed = was.data == config.data
            && was.data_fingerprint.is_some()
            && was.data_fingerprint != config.data.fingerprint()?;
        return Err(match changed {
            true => Error::DataChanged { path: run.into() },
            false => differs,
        });
    }
    let (threads, device) = (was.threads, was.device);
    let path = run.join(SUMMARY);
    let text = match fs::read_to_string(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Existing::Unfinished { threads, device }),
        other => other.map_err(Error::io(&path))?,
    };
    let summary: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| Error::data(&path, "contents", e.to_string()))?;
    let done = summary["stopped"] == true || summary["steps"].as_u64() >= Some(config.steps);
    Ok(match done {
        true => Existing::Finished {
            threads,
            device,
            summary,
        },
        false => Existing::Unfinished { threads, device },
    })
}

/// Holds a run folder for this process, until the file is dropped or the process ends in any way: two that wrote into one
/// folder would each lose the other's checkpoints and tables. What is in the file stays as it is.
///
/// # Errors
/// A folder that another process holds, or that cannot be created; a `run.lock` that is a symbolic link or no file.
pub fn hold(run: &Path) -> Result<fs::File, Error> {
    fs::create_dir_all(run).map_err(Error::io(run))?;
    let path = run.join("run.lock");
    if fs::symlink_metadata(&path).is_ok_and(|there| !there.is_file()) {
        let problem = "is a link or no file, and would be followed; remove it";
        return Err(Error::data(&path, "file", problem));
    }
    let mut options = fs::OpenOptions::new();
    let options = options.write(true).create(true).truncate(false);
    let file = options.open(&path).map_err(Error::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::RunBusy { path: run.into() }),
        Err(fs::TryLockError::Error(error)) => Err(Error::io(&path)(error)),
    }
}

/// Creates the folder, or checks that the run in it may be continued.
pub(crate) fn open(config: &TrainConfig, run: &Path, resume: bool) -> Result<Existing, Error> {
    fs::create_dir_all(run).map_err(Error::io(run))?;
    let found = existing(config, run);
    if !resume && !matches!(found, Ok(Existing::Nothing)) {
        return Err(Error::RunExists { path: run.into() });
    }
    let found = found?;
    let fingerprint = config.data.fingerprint()?;
    if found != Existing::Nothing {
        let was = TrainConfig::load(run)?.data_fingerprint;
        if was.is_some() && was != fingerprint {
            return Err(Error::DataChanged { path: run.into() });
        }
    }
    if matches!(found, Existing::Unfinished { .. }) {
        let lost = run.join(MODEL).exists() && !run.join(checkpoint::FILE).exists();
        if lost {
            return Err(Error::NoCheckpoint { path: run.into() });
        }
        forget_result(run)?;
    }
    let config = TrainConfig {
        data_fingerprint: fingerprint,
        ..config.clone()
    };
    config.save(run)?;
    Ok(found)
}

/// Removes the result of a run that goes on: it would be of another state than the model.
fn forget_result(run: &Path) -> Result<(), Error> {
    let path = run.join(SUMMARY);
    match fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(&path)(e)),
        _ => Ok(()),
    }
}

/// Everything must be as it was, but `checkpoint_seconds`, `settle_steps` and `steps`, which do not change what a step
/// computes (but where a schedule ends at the last step), and `threads` and `device`, which change last bits only. The fingerprint
/// of the data is compared with the data itself.
fn same_configuration(was: &TrainConfig, now: &TrainConfig, path: &Path) -> Result<(), Error> {
    let table =
        |c: &TrainConfig| toml::Value::try_from(c).map_err(|e| Error::data(path, "configuration", e.to_string()));
    let cosine = was.learning_rate_schedule.cosine || was.lambda_schedule.cosine;
    let mut free = vec![
        "threads",
        "device",
        "checkpoint_seconds",
        "settle_steps",
        "data_fingerprint",
        "chosen",
    ];
    if !cosine {
        free.push("steps");
    }
    match difference("", &table(was)?, &table(now)?, &free) {
        None => Ok(()),
        Some((field, was, now)) => Err(Error::ResumeMismatch {
            path: path.into(),
            field,
            was,
            now,
        }),
    }
}

fn difference(name: &str, was: &toml::Value, now: &toml::Value, free: &[&str]) -> Option<(String, String, String)> {
    let (Some(a), Some(b)) = (was.as_table(), now.as_table()) else {
        return (was != now).then(|| (name.to_owned(), was.to_string(), now.to_string()));
    };
    let absent = toml::Value::String("nothing".into());
    let keys = a.keys().chain(b.keys().filter(|k| !a.contains_key(*k)));
    keys.filter(|k| !free.contains(&k.as_str())).find_map(|k| {
        let field = match name {
            "" => k.clone(),
            outer => format!("{outer}.{k}"),
        };
        difference(&field, a.get(k).unwrap_or(&absent), b.get(k).unwrap_or(&absent), free)
    })
}

/// `metrics.csv`, one row per evaluation, and the same for TensorBoard.
pub(crate) struct Metrics {
    table: Log,
    events: Log,
}

/// A file that grows.
struct Log {
    path: PathBuf,
    file: fs::File,
}

impl Log {
    /// Starts with `contents`, written whole or not at all.
    fn start(path: PathBuf, contents: &[u8]) -> Result<Self, Error> {
        float_model::write_atomically(&path, contents).map_err(Error::io(&path))?;
        let file = fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .map_err(Error::io(&path))?;
        Ok(Log { path, file })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(Error::io(&self.path))
    }
}

/// The record of a row of the table.
fn event(row: &str) -> Vec<u8> {
    let names: Vec<&str> = COLUMNS.trim_end().split(',').collect();
    let values: Vec<f64> = row
        .trim_end()
        .split(',')
        .map(|v| v.parse().unwrap_or(f64::NAN))
        .collect();
    let figures: Vec<(&str, f64)> = names.into_iter().zip(values.iter().copied()).skip(2).collect();
    let (step, seconds) = (values.first().copied(), values.get(1).copied());
    events::scalars(step.unwrap_or(0.0) as u64, seconds.unwrap_or(0.0), &figures)
}

impl Metrics {
    /// Opens the table with the rows up to `step`; later ones belong to work that a checkpoint does not cover.
    pub(crate) fn open(run: &Path, step: u64) -> Result<Self, Error> {
        let path = run.join("metrics.csv");
        let old = match fs::read_to_string(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            other => other.map_err(Error::io(&path))?,
        };
        let covered = |row: &&str| {
            let first = row.split(',').next().and_then(|s| s.parse::<u64>().ok());
            row.ends_with('\n') && first.is_some_and(|s| s <= step)
        };
        let kept: Vec<&str> = old.split_inclusive('\n').skip(1).filter(covered).collect();
        let table = Log::start(path, format!("{COLUMNS}{}", kept.concat()).as_bytes())?;
        let mut records = events::header();
        records.extend(kept.iter().flat_map(|row| event(row)));
        let events = Log::start(run.join(events::FILE), &records)?;
        Ok(Metrics { table, events })
    }

    /// Appends one row in one write. Training columns are means over the steps since the last row.
    pub(crate) fn append(
        &mut self,
        step: u64,
        seconds: f64,
        sums: &Sums,
        e: &Evaluation,
        learning_rate: f64,
    ) -> Result<(), Error> {
        let n = sums.steps.max(1) as f64;
        let row = format!(
            "{step},{seconds:.3},{},{},{},{},{},{},{},{learning_rate}\n",
            sums.loss / n,
            sums.budget / n,
            sums.updates / n,
            sums.norm / n,
            e.metric.value(),
            e.updates_mean,
            e.loss,
        );
        self.table.append(row.as_bytes())?;
        self.events.append(&event(&row))
    }
}
