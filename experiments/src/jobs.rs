//! A resumable queue of training runs in folders: how far each is, and training those that are not finished, several at a time.
//!
//! The sweep, the baselines and the reproduction of the paper share it. A run folder counts whoever made it, where its
//! configuration is the one asked for; after an interruption each run resumes from its last checkpoint.

use crate::{CurvePoint, Error, learning_curve};
use host_train::{DataSource, Existing, TrainConfig};
use serde::Deserialize;
use std::{
    collections::VecDeque,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
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
    /// Times that the collapse guard took it back to its best state.
    pub returns: u64,
    /// `accuracy`, `mse` or `map`.
    pub metric_name: String,
    /// The metric: of a generated task on fresh sequences that had no part in the choice of the model, of recordings on the
    /// validation part.
    pub metric: f64,
    /// Whether the metric passes the task's threshold.
    pub solved: bool,
    /// Mean updates per sequence, on the same sequences as the metric.
    pub updates: f64,
}

/// `training.json`, as far as it is read.
#[derive(Deserialize)]
struct TrainingSummary {
    steps: u64,
    seconds: f64,
    #[serde(default)]
    stopped: bool,
    returns: u64,
    best: SummaryFigures,
    fresh: Option<SummaryFigures>,
}

#[derive(Deserialize)]
struct SummaryFigures {
    metric_name: String,
    metric: f64,
    updates_mean: f64,
    #[serde(default)]
    solved: Option<bool>,
}

/// How far one run is.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// There is no folder.
    Absent,
    /// The last row of its `metrics.csv`, where there is one.
    Unfinished(Option<CurvePoint>),
    /// It is done.
    Finished(Finished),
    /// The folder is of another configuration; which field differs.
    Refused(String),
    /// The folder has files that cannot be used, such as an empty model; which, and why.
    Damaged(String),
}

/// One run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// The run folder.
    pub folder: PathBuf,
    /// The configuration in the folder, or the one that it will get.
    pub config: TrainConfig,
    /// How far it is.
    pub progress: Progress,
}

impl Run {
    /// Looks at `folder`, where a run of `config` belongs: any folder that `train` has written for it is one.
    #[must_use]
    pub fn look(config: TrainConfig, folder: PathBuf) -> Run {
        let mut run = Run {
            seed: config.seed,
            folder,
            config,
            progress: Progress::Absent,
        };
        run.progress = run.read().unwrap_or_else(|error| match error {
            Error::Train(host_train::Error::ResumeMismatch { .. }) => Progress::Refused(error.chain()),
            _ => Progress::Damaged(error.chain()),
        });
        run
    }

    fn read(&mut self) -> Result<Progress, Error> {
        Ok(match host_train::existing(&self.config, &self.folder)? {
            Existing::Nothing => Progress::Absent,
            Existing::Unfinished { threads, .. } => {
                // As many threads as before, so that it ends with the bits of an uninterrupted run.
                self.config.threads = threads;
                Progress::Unfinished(self.curve().last().copied())
            }
            Existing::Finished { threads, summary, .. } => {
                self.config.threads = threads;
                float_model::load(&self.folder.join("model.safetensors"))?;
                Progress::Finished(finished(&self.folder, summary)?)
            }
        })
    }

    /// The learning curve; empty where there is none yet.
    #[must_use]
    pub fn curve(&self) -> Vec<CurvePoint> {
        learning_curve(&self.folder.join("metrics.csv")).unwrap_or_default()
    }

    /// The figures of a finished run.
    #[must_use]
    pub fn finished(&self) -> Option<&Finished> {
        match &self.progress {
            Progress::Finished(f) => Some(f),
            _ => None,
        }
    }
}

fn finished(folder: &Path, summary: serde_json::Value) -> Result<Finished, Error> {
    let path = folder.join("training.json");
    let read: TrainingSummary = serde_json::from_value(summary)
        .map_err(|e| Error::data(path.display(), format!("{e}; delete the folder and train again")))?;
    let figures = read.fresh.unwrap_or(read.best);
    Ok(Finished {
        steps: read.steps,
        seconds: read.seconds,
        stopped: read.stopped,
        returns: read.returns,
        metric_name: figures.metric_name,
        metric: figures.metric,
        solved: figures.solved == Some(true),
        updates: figures.updates_mean,
    })
}

/// A run and the label that messages give it.
pub struct Job {
    /// For example `skip-gru-1e-5 2`.
    pub label: String,
    /// The run.
    pub run: Run,
}

/// What happens while jobs run, for a command line to show. Events come from several threads at once; those of one label come
/// in order.
pub enum Event<'a> {
    /// A job of this many steps begins.
    Started {
        /// The job's label.
        label: &'a str,
        /// Training steps.
        steps: u64,
    },
    /// A job has taken a step.
    Step {
        /// The job's label.
        label: &'a str,
        /// The step and, at times, an evaluation or a message.
        progress: &'a host_train::Progress,
    },
    /// A job is done.
    Finished {
        /// The job's label.
        label: &'a str,
        /// What it gave, in words.
        summary: String,
    },
    /// A job failed.
    Failed {
        /// The job's label.
        label: &'a str,
        /// Why.
        error: &'a Error,
    },
}

/// Shows events. Where it breaks, trainings end after the step that they are in, each with a checkpoint, and no other begins.
pub type Observer<'a> = &'a (dyn Fn(&Event<'_>) -> ControlFlow<()> + Sync);

/// One piece of work of the queue.
pub struct Task {
    /// For example `skip-gru-1e-5 2`.
    pub label: String,
    /// Does the work.
    pub work: Work,
}

/// The work of a task, which shows its steps to an observer.
pub type Work = Box<dyn FnOnce(Observer<'_>) -> Result<(), Error> + Send>;

/// Trains the runs that are not finished, `at_once` at a time and in order. Returns a line for each that failed.
///
/// # Errors
/// A folder of another configuration; then nothing is trained. [`Error::Interrupted`] as in [`do_all`].
pub fn train_all(jobs: Vec<Job>, at_once: usize, observer: Observer<'_>) -> Result<Vec<String>, Error> {
    do_all(tasks(jobs)?, at_once, observer)
}

/// A task that fails, so that the others go on and the end tells of it.
fn damaged(label: String, folder: &Path, problem: &str) -> Task {
    let error = Error::data(problem, format!("move {} away and train again", folder.display()));
    Task {
        label,
        work: Box::new(|_| Err(error)),
    }
}

/// Refuses finished runs of data that have changed since: beside them, runs of the new data would mean nothing. Data that cannot be
/// read are for whoever needs them to report.
fn same_data(jobs: &[Job]) -> Result<(), Error> {
    let mut seen: Vec<(&DataSource, Option<String>)> = Vec::new();
    for Job { run, .. } in jobs.iter().filter(|j| j.run.finished().is_some()) {
        let Some(was) = TrainConfig::load(&run.folder)?.data_fingerprint else {
            continue;
        };
        let data = &run.config.data;
        let now = match seen.iter().find(|(source, _)| *source == data) {
            Some((_, now)) => now.clone(),
            None => {
                let now = data.fingerprint().ok().flatten();
                seen.push((data, now.clone()));
                now
            }
        };
        if now.is_some_and(|now| now != was) {
            let path = run.folder.clone();
            return Err(host_train::Error::DataChanged { path }.into());
        }
    }
    Ok(())
}

/// The training of the runs that are not finished. A run whose files are damaged is a task that fails.
///
/// # Errors
/// A folder of another configuration, or a finished run of data that have changed since.
pub fn tasks(jobs: Vec<Job>) -> Result<Vec<Task>, Error> {
    same_data(&jobs)?;
    let waiting = jobs.into_iter().filter(|j| j.run.finished().is_none());
    let task = |job: Job| {
        if let Progress::Refused(problem) = &job.run.progress {
            let fix = format!("move {} away", job.run.folder.display());
            return Err(Error::data(problem, fix));
        }
        if let Progress::Damaged(problem) = &job.run.progress {
            return Ok(damaged(job.label, &job.run.folder, problem));
        }
        Ok(Task {
            label: job.label.clone(),
            work: Box::new(move |observer| train_one(&job, observer)),
        })
    };
    waiting.map(task).collect()
}

/// Does the tasks, `at_once` at a time and in order. Returns a line for each that failed.
///
/// # Errors
/// [`Error::Interrupted`] where the observer broke before the end.
pub fn do_all(tasks: Vec<Task>, at_once: usize, observer: Observer<'_>) -> Result<Vec<String>, Error> {
    let broken = AtomicBool::new(false);
    let observer: Observer<'_> = &|event| {
        let flow = observer(event);
        if flow.is_break() {
            broken.store(true, Ordering::SeqCst);
        }
        flow
    };
    let at_once = at_once.max(1).min(tasks.len());
    let waiting = Mutex::new(VecDeque::from(tasks));
    let failures = Mutex::new(Vec::new());
    let work = || {
        loop {
            if broken.load(Ordering::SeqCst) {
                return;
            }
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(Task { label, work }) = next else { return };
            if let Err(error) = work(observer) {
                if matches!(error, Error::Train(host_train::Error::Interrupted { .. })) {
                    return;
                }
                let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                failures.push(format!("{label}: {}", error.chain()));
                // Seen, whatever it says, when the next task is asked for.
                let _ = observer(&Event::Failed {
                    label: &label,
                    error: &error,
                });
            }
        }
    };
    std::thread::scope(|scope| (0..at_once).for_each(|_| drop(scope.spawn(work))));
    match broken.into_inner() {
        true => Err(Error::Interrupted),
        false => Ok(failures.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

fn train_one(Job { label, run }: &Job, observer: Observer<'_>) -> Result<(), Error> {
    let _ = observer(&Event::Started {
        label,
        steps: run.config.steps,
    });
    let report = host_train::train_until(&run.config, &run.folder, true, &mut |progress| {
        observer(&Event::Step { label, progress })
    })?;
    let figures = report.fresh.unwrap_or(report.best);
    let _ = observer(&Event::Finished {
        label,
        summary: format!(
            "{} {:.4}, {:.2} updates, {} steps",
            figures.metric.name(),
            figures.metric.value(),
            figures.updates_mean,
            report.steps
        ),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_stops_no_other_task_and_is_told_once() {
        let task = |k: usize| Task {
            label: format!("run {k}"),
            work: Box::new(move |_| match k {
                1 => Err(Error::data("a.npy", "is empty")),
                _ => Ok(()),
            }),
        };
        let seen = Mutex::new(Vec::new());
        let failed = do_all((0..4).map(task).collect(), 2, &|event| {
            if let Event::Failed { label, error } = event {
                seen.lock().unwrap().push(format!("{label}: {error}"));
            }
            ControlFlow::Continue(())
        });
        let failed = failed.unwrap();
        assert_eq!(failed, ["run 1: a.npy: is empty"]);
        assert_eq!(*seen.lock().unwrap(), failed);
        let none = do_all(Vec::new(), 3, &|_| ControlFlow::Continue(()));
        assert!(none.unwrap().is_empty());
    }

    #[test]
    fn an_observer_that_breaks_lets_no_other_task_begin() {
        let begun = std::sync::Arc::new(Mutex::new(Vec::new()));
        let task = |k: usize| {
            let begun = begun.clone();
            Task {
                label: format!("run {k}"),
                work: Box::new(move |observer| {
                    begun.lock().unwrap().push(k);
                    let _ = observer(&Event::Started { label: "", steps: 1 });
                    Ok(())
                }),
            }
        };
        let ended = do_all((0..4).map(task).collect(), 1, &|_| ControlFlow::Break(()));
        assert!(matches!(ended, Err(Error::Interrupted)));
        assert_eq!(*begun.lock().unwrap(), [0]);
    }

    #[test]
    fn a_training_summary_without_a_figure_is_refused() {
        let summary = |text: &str| finished(Path::new("r"), serde_json::from_str(text).unwrap());
        let best = r#""best": { "metric_name": "mse", "metric": 0.5, "updates_mean": 9.5, "solved": null }"#;
        let read = summary(&format!(
            r#"{{ "steps": 5, "seconds": 1.5, "returns": 0, {best}, "fresh": null }}"#
        ));
        let read = read.unwrap();
        assert_eq!((read.metric, read.updates, read.solved), (0.5, 9.5, false));
        let error = summary(&format!(r#"{{ "seconds": 1.5, "returns": 0, {best} }}"#)).unwrap_err();
        assert_eq!(
            error.chain(),
            "r/training.json: missing field `steps`; delete the folder and train again"
        );
    }
}
