//! What the run folders of a row hold.

use super::rows::Row;
use crate::report::{Point, learning_curve};
use host_train::{Existing, TrainConfig};
use std::path::{Path, PathBuf};

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
    /// On fresh sequences that had no part in the choice of the model.
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

/// One run of a row.
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
            Existing::Unfinished { threads } => {
                // On as many threads as before, so that it ends with the bits of an uninterrupted run.
                self.config.threads = threads;
                Progress::Unfinished(self.curve().last().map(|p| (p.step, p.metric, p.updates)))
            }
            Existing::Finished { threads, summary } => {
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
    let fresh = &v["fresh"];
    Ok(Finished {
        steps: number(v, "steps")? as u64,
        seconds: number(v, "seconds")?,
        stopped: v["stopped"] == true,
        returns: number(v, "returns")? as u64,
        metric: number(fresh, "metric")?,
        solved: fresh["solved"] == true,
        updates: number(fresh, "updates_mean")?,
    })
}

/// The runs of a row, seeds from 1.
pub fn runs(row: &Row, folder: &Path, count: u64, change: &dyn Fn(&mut TrainConfig)) -> Vec<Run> {
    (1..=count)
        .map(|seed| {
            let mut config = row.config(seed);
            change(&mut config);
            Run::look(config, folder.join(&row.name).join(format!("seed-{seed}")))
        })
        .collect()
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
