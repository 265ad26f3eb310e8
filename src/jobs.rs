//! Training runs in folders: how far each is, and training those that are not finished, several at a time.
//!
//! `reproduce`, `sweep` and `rivals` share this. A run folder that is there counts, whoever made it, where its configuration is the
//! one asked for; a killed command goes on from each run's last checkpoint.

use crate::{
    output,
    report::{Point, learning_curve},
};
use host_train::{Existing, TrainConfig};
use indicatif::MultiProgress;
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// A finished run, by its `training.json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Steps trained.
    pub steps: u64,
    /// Seconds trained.
    pub seconds: f64,
    /// Whether a rule ended it before its last step.
    pub stopped: bool,
    /// Times the collapse guard took it back.
    pub returns: u64,
    /// `accuracy`, `mse` or `map`.
    pub metric_name: String,
    /// Of a generated task: on fresh sequences that had no part in the choice of the model; of recordings: on the
    /// validation part.
    pub metric: f64,
    /// Against the task's threshold, on those.
    pub solved: bool,
    /// Mean updates per sequence, on those.
    pub updates: f64,
}

/// How far one run is.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// No folder.
    Absent,
    /// The last row of its `metrics.csv`, where there is one.
    Unfinished(Option<(u64, f64, f64)>),
    /// Done.
    Finished(Finished),
    /// A folder of another configuration, or one that cannot be read; why.
    Refused(String),
}

/// One run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its seed.
    pub seed: u64,
    /// Its folder.
    pub folder: PathBuf,
    /// The configuration in the folder, or the one that it will get.
    pub config: TrainConfig,
    /// How far it is.
    pub progress: Progress,
}

impl Run {
    /// Looks at `folder`, where a run of `config` belongs: any folder that `train` has written for it is one.
    pub fn look(config: TrainConfig, folder: PathBuf) -> Run {
        let mut run = Run {
            seed: config.seed,
            folder,
            config,
            progress: Progress::Absent,
        };
        run.progress = match run.read() {
            Ok(progress) => progress,
            Err(error) => Progress::Refused(format!("{error:#}")),
        };
        run
    }

    fn read(&mut self) -> anyhow::Result<Progress> {
        Ok(match host_train::existing(&self.config, &self.folder)? {
            Existing::Nothing => Progress::Absent,
            Existing::Unfinished { threads, .. } => {
                // On as many threads as before, so that it ends with the bits of an uninterrupted run.
                self.config.threads = threads;
                Progress::Unfinished(self.curve().last().map(|p| (p.step, p.metric, p.updates)))
            }
            Existing::Finished { threads, summary, .. } => {
                self.config.threads = threads;
                Progress::Finished(finished(&self.folder, &summary)?)
            }
        })
    }

    /// Its learning curve; empty where there is none yet.
    pub fn curve(&self) -> Vec<Point> {
        learning_curve(&self.folder.join("metrics.csv")).unwrap_or_default()
    }

    /// What it gave, where it is done.
    pub fn finished(&self) -> Option<&Finished> {
        match &self.progress {
            Progress::Finished(f) => Some(f),
            _ => None,
        }
    }
}

fn finished(folder: &Path, v: &serde_json::Value) -> anyhow::Result<Finished> {
    let missing = |key: &str| {
        anyhow::anyhow!(
            "{}: {key}: missing; train it anew",
            folder.join("training.json").display()
        )
    };
    let number = |v: &serde_json::Value, key: &str| v[key].as_f64().ok_or_else(|| missing(key));
    let judged = if v["fresh"].is_null() { &v["best"] } else { &v["fresh"] };
    Ok(Finished {
        steps: number(v, "steps")? as u64,
        seconds: number(v, "seconds")?,
        stopped: v["stopped"] == true,
        returns: number(v, "returns")? as u64,
        metric_name: judged["metric_name"]
            .as_str()
            .ok_or_else(|| missing("metric_name"))?
            .to_owned(),
        metric: number(judged, "metric")?,
        solved: judged["solved"] == true,
        updates: number(judged, "updates_mean")?,
    })
}

/// A run and what lines on standard error call it.
pub struct Job {
    /// For example `skip-gru-1e-5 2`.
    pub label: String,
    /// The run.
    pub run: Run,
}

/// Processors of this machine.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What can be done beside other tasks.
pub struct Task {
    /// For example `skip-gru-1e-5 2`.
    pub label: String,
    /// Does it.
    pub work: Work,
}

/// Work that may show itself among the bars.
pub type Work = Box<dyn FnOnce(&MultiProgress) -> anyhow::Result<()> + Send>;

/// Trains those that are not finished, `at_once` at a time and in order. Returns what failed.
///
/// # Errors
/// A folder that holds something else; then nothing is trained.
pub fn train_all(jobs: Vec<Job>, at_once: usize) -> anyhow::Result<Vec<String>> {
    Ok(do_all(tasks(jobs)?, at_once))
}

/// The training of those that are not finished.
///
/// # Errors
/// A folder that holds something else.
pub fn tasks(jobs: Vec<Job>) -> anyhow::Result<Vec<Task>> {
    let waiting = jobs.into_iter().filter(|j| j.run.finished().is_none());
    let task = |job: Job| {
        if let Progress::Refused(problem) = &job.run.progress {
            anyhow::bail!("{problem}; move {} away", job.run.folder.display());
        }
        Ok(Task {
            label: job.label.clone(),
            work: Box::new(move |bars| train_one(&job, bars)),
        })
    };
    waiting.map(task).collect()
}

/// Does the tasks, `at_once` at a time and in order. Returns what failed.
pub fn do_all(tasks: Vec<Task>, at_once: usize) -> Vec<String> {
    let at_once = at_once.max(1).min(tasks.len());
    let waiting = Mutex::new(VecDeque::from(tasks));
    let failures = Mutex::new(Vec::new());
    let bars = MultiProgress::new();
    let work = || {
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(Task { label, work }) = next else { return };
            if let Err(error) = work(&bars) {
                let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                failures.push(format!("{label}: {error:#}"));
                eprintln!("{}", failures[failures.len() - 1]);
            }
        }
    };
    std::thread::scope(|scope| (0..at_once).for_each(|_| drop(scope.spawn(work))));
    failures.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn train_one(Job { label, run }: &Job, bars: &MultiProgress) -> anyhow::Result<()> {
    let bar = bars.add(output::progress_bar(label, run.config.steps));
    let report = crate::train::on_bar(&bar, &run.config, &run.folder, label)?;
    let judged = report.fresh.unwrap_or(report.best);
    eprintln!(
        "{label}: {} {:.4}, {:.2} updates, {} steps",
        judged.metric.name(),
        judged.metric.value(),
        judged.updates_mean,
        report.steps
    );
    Ok(())
}

/// Mean, and standard deviation of the sample where there are two values or more.
pub fn spread(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    (!values.is_empty()).then(|| (mean, (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt())))
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn spread_by_hand() {
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[3.0]), Some((3.0, None)));
        assert_eq!(spread(&[1.0, 3.0]), Some((2.0, Some(2f64.sqrt()))));
    }
}
