//! The tasks: where sequences come from, and what is known of each.

use crate::{Error, philox::Purpose, tasks};
use dataset::{Dataset, DatasetConfig, MnistConfig, Part, Store};
use float_model::{Metric, Sequences, Targets};
use serde::{Deserialize, Serialize};

/// Sequences of the validation part of a generated task.
pub const VALIDATION_COUNT: usize = 2000;
/// Fresh sequences on which a generated task is finally called solved, and on which a new best state is confirmed
/// before it counts: chosen among many states by 2,000 sequences alone, a metric is too optimistic.
pub const FRESH_COUNT: usize = 10_000;

/// Samples of a generated sequence, at most: the 10,000 fresh sequences of the adding task then take 800 MB.
const MOST_SAMPLES: usize = 10_000;
/// Values (f32) that are generated at once, at most: 1 GiB.
const MOST_VALUES: usize = 1 << 28;

/// Where sequences come from.
#[allow(clippy::large_enum_variant, reason = "a run has one; a box would only be in the way")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DataSource {
    /// Frequency discrimination (Campos et al., appendix A.1).
    Frequency {
        /// Seconds between samples; a signal lasts 100 ms.
        sample_period_s: f64,
    },
    /// Adding (Campos et al., section 4.1).
    Adding {
        /// Samples per sequence.
        length: usize,
    },
    /// Sequential MNIST (Campos et al., section 4.2).
    Mnist(MnistConfig),
    /// Recorded sequences.
    Dataset(DatasetConfig),
}

impl DataSource {
    /// `frequency`, `adding`, `mnist` or `dataset`.
    pub fn name(&self) -> &str {
        match self {
            DataSource::Frequency { .. } => "frequency",
            DataSource::Adding { .. } => "adding",
            DataSource::Mnist(_) => "mnist",
            DataSource::Dataset(_) => "dataset",
        }
    }

    /// Whether the sequences are made, as many as one likes, and not recorded.
    pub fn is_generated(&self) -> bool {
        matches!(self, DataSource::Frequency { .. } | DataSource::Adding { .. })
    }

    /// Whether held-out sequences can be had: generated ones, or a dataset's test part.
    pub fn has_test_part(&self) -> bool {
        match self {
            DataSource::Dataset(config) => config.test_x.is_some() || config.test_share > 0.0,
            _ => true,
        }
    }

    /// Identifies what the files of recorded sequences hold now, to find out later whether they changed; `None` for a generated
    /// task. Files of a test part do not count: they may be recorded after a training.
    ///
    /// # Errors
    /// Files that are missing or cannot be read.
    pub fn fingerprint(&self) -> Result<Option<String>, Error> {
        Ok(match self {
            DataSource::Dataset(config) => Some(dataset::fingerprint(&DatasetConfig {
                test_x: None,
                test_y: None,
                ..config.clone()
            })?),
            DataSource::Mnist(config) => Some(dataset::fingerprint(&DatasetConfig {
                train_x: config.data.clone(),
                ..DatasetConfig::default()
            })?),
            _ => None,
        })
    }

    /// Training and validation part of recorded sequences; `None` for a generated task.
    ///
    /// # Errors
    /// A bad option, or files that cannot be read.
    pub(crate) fn recorded(&self) -> Result<Option<Dataset>, Error> {
        self.validate()?;
        Ok(match self {
            DataSource::Dataset(config) => Some(Dataset::load(config)?),
            DataSource::Mnist(config) => Some(config.load()?),
            _ => None,
        })
    }

    /// The parts of [`DataSource::recorded`], without what is known of their channels.
    fn recorded_parts(&self) -> Result<Option<(Part, Part)>, Error> {
        Ok(match self {
            DataSource::Dataset(config) => Some(Dataset::load_parts(config)?),
            other => other.recorded()?.map(|dataset| (dataset.training, dataset.validation)),
        })
    }

    /// The threshold beyond which the paper calls the task solved: accuracy above 0.99 (frequency), MSE of at most a hundredth of
    /// the targets' variance (adding). A dataset has no such threshold.
    pub fn solved_threshold(&self) -> Option<Metric> {
        match self {
            DataSource::Frequency { .. } => Some(Metric::Accuracy(0.99)),
            DataSource::Adding { .. } => Some(Metric::Mse(1.67e-3)),
            DataSource::Mnist(_) | DataSource::Dataset(_) => None,
        }
    }

    /// Whether a metric solves the task; `None` where there is no threshold.
    pub fn solved(&self, metric: Metric) -> Option<bool> {
        match (self.solved_threshold()?, metric) {
            (Metric::Accuracy(t), Metric::Accuracy(v)) => Some(v > t),
            (Metric::Mse(t), Metric::Mse(v)) => Some(v <= t),
            _ => Some(false),
        }
    }

    /// Whether a metric on `count` sequences solves the task by more than chance may give: accuracy by three standard
    /// errors, MSE by a tenth. What barely passes on the sequences it was chosen by tends to fail on others.
    pub(crate) fn clearly_solved(&self, metric: Metric, count: usize) -> Option<bool> {
        self.solved(match metric {
            Metric::Accuracy(v) => Metric::Accuracy(v - 3.0 * (v * (1.0 - v) / count as f64).sqrt()),
            Metric::Mse(v) => Metric::Mse(v / 0.9),
            other => other,
        })
    }

    /// The sequences by which the best model is chosen: 2,000 fresh ones of a generated task, or the part split off a
    /// dataset's training part.
    ///
    /// # Errors
    /// A bad option, or a dataset that cannot be read.
    pub fn validation(&self, seed: u64) -> Result<(Sequences, Targets), Error> {
        Ok(match self.recorded_parts()? {
            Some((_, (x, y))) => (x.all()?, y),
            None => self.generate(VALIDATION_COUNT, seed, Purpose::Validation, 0),
        })
    }

    /// `n` sequences of the kind that training sees, but of a generated task none that it saw; of a dataset the first
    /// of its training part.
    ///
    /// # Errors
    /// A bad option, or a dataset that cannot be read.
    pub fn training(&self, n: usize, seed: u64) -> Result<(Sequences, Targets), Error> {
        Ok(match self.recorded_parts()? {
            Some(((x, y), _)) => (x.take(n).all()?, y.take(n)),
            None => {
                self.can_generate(n)?;
                self.generate(n, seed, Purpose::Training, u64::MAX)
            }
        })
    }

    /// [`FRESH_COUNT`] sequences of a generated task, disjoint from all others for each `draw` from 1 on; `None` for a
    /// dataset.
    pub(crate) fn fresh(&self, seed: u64, draw: u64) -> Option<(Sequences, Targets)> {
        self.is_generated()
            .then(|| self.generate(FRESH_COUNT, seed, Purpose::Validation, draw))
    }

    /// [`DataSource::held_out`], all in memory.
    ///
    /// # Errors
    /// As [`DataSource::held_out`].
    pub fn evaluation(&self, n: usize, seed: u64) -> Result<(Sequences, Targets), Error> {
        let (x, y) = self.held_out(n, seed)?;
        Ok((x.all()?, y))
    }

    /// Held-out sequences: `n` fresh ones of the evaluation stream of `seed`, or a dataset's whole test part (`n` is
    /// ignored then).
    ///
    /// # Errors
    /// A bad option, or a test part that is missing or cannot be read.
    pub fn held_out(&self, n: usize, seed: u64) -> Result<Part, Error> {
        self.validate()?;
        match self {
            DataSource::Dataset(config) => Ok(Dataset::load_test(config)?),
            DataSource::Mnist(config) => Ok(config.load_test()?),
            _ if n == 0 => Err(Error::usage("n", "0 sequences cannot be evaluated; give at least 1")),
            _ => {
                self.can_generate(n)?;
                let (x, y) = self.generate(n, seed, Purpose::Evaluation, 0);
                Ok((Store::of(x), y))
            }
        }
    }

    /// Refuses more sequences of a generated task than memory is meant for.
    fn can_generate(&self, n: usize) -> Result<(), Error> {
        let values = match self {
            DataSource::Frequency { sample_period_s } => tasks::frequency_length(*sample_period_s),
            DataSource::Adding { length } => 2 * length,
            DataSource::Mnist(_) | DataSource::Dataset(_) => 1,
        };
        let most = MOST_VALUES / values.max(1);
        match n <= most {
            true => Ok(()),
            false => Err(Error::usage(
                "n",
                format!("{n} sequences; give at most {most} of this length"),
            )),
        }
    }

    /// A batch of a generated task. Recordings have no generator: their arrays are empty.
    pub(crate) fn generate(&self, count: usize, seed: u64, purpose: Purpose, step: u64) -> (Sequences, Targets) {
        match self {
            DataSource::Frequency { sample_period_s } => tasks::frequency(*sample_period_s, count, seed, purpose, step),
            DataSource::Adding { length } => tasks::adding(*length, count, seed, purpose, step),
            DataSource::Mnist(_) | DataSource::Dataset(_) => (Sequences::default(), Targets::Labels(Vec::new())),
        }
    }

    /// Checks every field.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        match self {
            DataSource::Frequency { sample_period_s: t } => {
                let possible = t.is_finite() && *t > 0.0 && (2..=MOST_SAMPLES).contains(&tasks::frequency_length(*t));
                possible.then_some(()).ok_or_else(|| {
                    Error::usage(
                        "sample_period_s",
                        format!("{t} s; a signal lasts 0.1 s and needs 2 to {MOST_SAMPLES} samples: give 1e-5 to 0.05"),
                    )
                })
            }
            DataSource::Adding { length } if !(2..=MOST_SAMPLES).contains(length) => Err(Error::usage(
                "length",
                format!("{length} samples; two of them are marked: give 2 to {MOST_SAMPLES}"),
            )),
            DataSource::Dataset(d) => Ok(d.validate()?),
            _ => Ok(()),
        }
    }
}
