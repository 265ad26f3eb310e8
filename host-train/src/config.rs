//! What a training run is told: the contents of `config.toml`.

use crate::{
    Budget, Dials, Error, Rollback, Schedule,
    dataset::{Dataset, DatasetConfig, MnistConfig},
    files,
    philox::Purpose,
    tasks,
};
use float_model::{Cell, Metric, Sequences, Targets};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Sequences of the validation part of a generated task.
pub const VALIDATION_COUNT: usize = 2000;
/// Fresh sequences on which a generated task is finally called solved, and on which a new best state is confirmed
/// before it counts: a choice among many states by 2,000 sequences alone flatters.
pub const FRESH_COUNT: usize = 10_000;

/// Everything that determines a training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// skip-lstm, skip-gru, lstm or gru.
    #[serde(with = "cell_name")]
    pub cell: Cell,
    /// Hidden units, H.
    pub hidden: usize,
    /// Layers under one skip gate, L.
    pub layers: usize,
    /// λ of the budget loss (equation 8): cost of one update.
    pub lambda: f64,
    /// What updates cost, in units of λ.
    #[serde(default)]
    pub budget: Budget,
    /// How ũ becomes u in training; evaluation always rounds.
    #[serde(default)]
    pub binarize: Binarize,
    /// lstm and gru: each sample is skipped at random with this probability, in training and in evaluation (the
    /// paper's baselines).
    #[serde(default)]
    pub p_skip: Option<f64>,
    /// Probability that a unit of the state is hidden from the head in training.
    #[serde(default)]
    pub dropout: f64,
    /// Seed of the initial parameters, the training data and the validation data.
    pub seed: u64,
    /// Steps at most.
    pub steps: u64,
    /// Sequences per step, B.
    pub batch: usize,
    /// Of Adam.
    pub learning_rate: f64,
    /// How the learning rate changes over the run.
    #[serde(default)]
    pub learning_rate_schedule: Schedule,
    /// How λ changes over the run.
    #[serde(default)]
    pub lambda_schedule: Schedule,
    /// What the collapse guard halves when it takes the run back to its best state.
    #[serde(default)]
    pub rollback: Rollback,
    /// Bound on |dL/du_t| of one sequence, L its loss: what a single decision may weigh in the gradient of the gate.
    /// Absent: none, as in the paper. See docs/training.md.
    #[serde(default)]
    pub decision_clip: Option<f64>,
    /// Each sequence draws its dial from this range and pays the λ that belongs to it: one model for every budget.
    #[serde(default)]
    pub dials: Option<Dials>,
    /// Steps between two evaluations on the validation part.
    pub eval_every: u64,
    /// Stop once the validation metric beats this (and `stop_updates` holds, where given).
    #[serde(default)]
    pub stop_metric: Option<f64>,
    /// Stop once the validation metric beats `stop_metric`, or the task is solved, with fewer updates than this.
    #[serde(default)]
    pub stop_updates: Option<f64>,
    /// Stop once the best state is solved and its updates have not fallen by more than 1 % for this many steps; without
    /// a gate, as soon as it is solved.
    #[serde(default)]
    pub settle_steps: Option<u64>,
    /// Seconds between two checkpoints.
    pub checkpoint_seconds: f64,
    /// Threads for training and evaluation. The last bits of what the fused engine computes depend on it.
    pub threads: usize,
    /// What computes gradients.
    #[serde(default)]
    pub engine: Engine,
    /// Where sequences come from.
    pub data: DataSource,
}

/// How ũ becomes u.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binarize {
    /// u = 1 where ũ >= 0.5 (equation 2).
    #[default]
    Round,
    /// u = 1 with probability ũ.
    Bernoulli,
}

/// What computes gradients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// The fused kernels ([`crate::fused`]).
    #[default]
    Fused,
    /// Op by op through candle's autograd ([`crate::twin`]): readable and several times slower.
    Twin,
}

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

mod cell_name {
    //! A cell as its name.
    use float_model::Cell;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(cell: &Cell, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(cell.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Cell, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
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

    /// A configuration that suits the task.
    pub fn default_config(&self) -> TrainConfig {
        // At 4e-3 the gate of the generated tasks sheds updates several times faster than at 1e-3. What a decision may
        // weigh is bounded there by about the loss of a wrong answer; without that bound these rates collapse.
        let (hidden, lambda, steps, batch, learning_rate, decision_clip) = match self {
            DataSource::Frequency { .. } => (110, 1e-4, 8000, 256, 4e-3, Some(0.3)),
            DataSource::Adding { .. } => (110, 1e-5, 6000, 256, 4e-3, Some(0.1)),
            DataSource::Mnist(_) => (110, 1e-4, 8000, 256, 1e-3, Some(0.3)),
            // A few thousand recordings overfit at a rate that is too low: see the README's figures.
            DataSource::Dataset(_) => (32, 1e-3, 1200, 64, 3e-3, None),
        };
        TrainConfig {
            cell: Cell::SkipLstm,
            hidden,
            layers: 1,
            lambda,
            budget: Budget::default(),
            binarize: Binarize::default(),
            p_skip: None,
            dropout: 0.0,
            seed: 1,
            steps,
            batch,
            learning_rate,
            learning_rate_schedule: match self {
                DataSource::Dataset(_) => Schedule::default(),
                _ => Schedule {
                    warmup: 300,
                    cosine: true,
                },
            },
            lambda_schedule: Schedule::default(),
            rollback: Rollback::default(),
            decision_clip,
            dials: None,
            eval_every: 100,
            stop_metric: None,
            stop_updates: None,
            settle_steps: None,
            checkpoint_seconds: 30.0,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            engine: Engine::default(),
            data: self.clone(),
        }
    }

    /// From where on the paper calls the task solved: accuracy above 0.99 (frequency), MSE of at most a hundredth of
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
        Ok(match self.recorded()? {
            Some(dataset) => dataset.validation,
            None => self.generate(VALIDATION_COUNT, seed, Purpose::Validation, 0),
        })
    }

    /// `n` sequences of the kind that training sees, but of a generated task none that it saw; of a dataset the first
    /// of its training part.
    ///
    /// # Errors
    /// A bad option, or a dataset that cannot be read.
    pub fn training(&self, n: usize, seed: u64) -> Result<(Sequences, Targets), Error> {
        Ok(match self.recorded()? {
            Some(dataset) => (dataset.training.0.take(n), dataset.training.1.take(n)),
            None => self.generate(n, seed, Purpose::Training, u64::MAX),
        })
    }

    /// [`FRESH_COUNT`] sequences of a generated task, disjoint from all others for each `draw` from 1 on; `None` for a
    /// dataset.
    pub(crate) fn fresh(&self, seed: u64, draw: u64) -> Option<(Sequences, Targets)> {
        self.is_generated()
            .then(|| self.generate(FRESH_COUNT, seed, Purpose::Validation, draw))
    }

    /// Held-out sequences: `n` fresh ones of the evaluation stream of `seed`, or a dataset's whole test part (`n` is
    /// ignored then).
    ///
    /// # Errors
    /// A bad option, or a test part that is missing or cannot be read.
    pub fn evaluation(&self, n: usize, seed: u64) -> Result<(Sequences, Targets), Error> {
        self.validate()?;
        match self {
            DataSource::Dataset(config) => Dataset::load_test(config),
            DataSource::Mnist(config) => config.load_test(),
            _ if n == 0 => Err(Error::usage("n", "0 sequences cannot be evaluated; give at least 1")),
            _ => Ok(self.generate(n, seed, Purpose::Evaluation, 0)),
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

    fn validate(&self) -> Result<(), Error> {
        match self {
            DataSource::Frequency { sample_period_s: t } => {
                let possible = t.is_finite() && *t > 0.0 && (2..=1_000_000).contains(&tasks::frequency_length(*t));
                possible.then_some(()).ok_or_else(|| {
                    Error::usage(
                        "sample_period_s",
                        format!("{t} s; a signal lasts 0.1 s and needs 2 to 1,000,000 samples: give 1e-7 to 0.05"),
                    )
                })
            }
            DataSource::Adding { length } if !(2..=1_000_000).contains(length) => Err(Error::usage(
                "length",
                format!("{length} samples; two of them are marked: give 2 to 1,000,000"),
            )),
            DataSource::Dataset(d) if d.train_x.as_os_str().is_empty() => Err(Error::usage(
                "train_x",
                "missing; give a .npy file or a folder of CSV files",
            )),
            DataSource::Dataset(d) if !(0.0..=0.9).contains(&d.test_share) => Err(Error::usage(
                "test_share",
                format!("is {}; give a share of the sequences, 0 to 0.9", d.test_share),
            )),
            DataSource::Dataset(d) if !d.sample_period_s.is_finite() || d.sample_period_s < 0.0 => Err(Error::usage(
                "sample_period_s",
                format!(
                    "{} s; give the seconds between samples, or 0 where unknown",
                    d.sample_period_s
                ),
            )),
            _ => Ok(()),
        }
    }
}

impl TrainConfig {
    /// Reads the configuration of a run folder.
    ///
    /// # Errors
    /// `config.toml` is missing, no TOML, or has a missing, unknown or bad field.
    pub fn load(run_dir: &Path) -> Result<Self, Error> {
        let path = run_dir.join("config.toml");
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        toml::from_str(&text).map_err(|e| Error::data(&path, "configuration", e.to_string()))
    }

    /// Writes `config.toml` into a run folder.
    pub(crate) fn save(&self, run_dir: &Path) -> Result<(), Error> {
        let path = run_dir.join("config.toml");
        let text = toml::to_string(self).map_err(|e| Error::data(&path, "configuration", e.to_string()))?;
        files::write(&path, text.as_bytes())
    }

    /// Checks every field.
    ///
    /// # Errors
    /// The first field that cannot work.
    pub fn validate(&self) -> Result<(), Error> {
        let counts = [
            ("hidden", self.hidden as u64),
            ("layers", self.layers as u64),
            ("steps", self.steps),
            ("batch", self.batch as u64),
            ("eval_every", self.eval_every),
            ("threads", self.threads as u64),
            ("settle_steps", self.settle_steps.unwrap_or(1)),
        ];
        if let Some((field, _)) = counts.iter().find(|(_, n)| *n == 0) {
            return Err(Error::usage(*field, "is 0; give at least 1"));
        }
        let limits = [
            ("hidden", self.hidden, 4096),
            ("layers", self.layers, 16),
            ("batch", self.batch, 1 << 20),
            ("threads", self.threads, 1024),
        ];
        if let Some((field, n, most)) = limits.iter().find(|(_, n, most)| n > most) {
            return Err(Error::usage(*field, format!("is {n}; give at most {most}")));
        }
        if !(self.lambda.is_finite() && self.lambda >= 0.0) {
            return Err(Error::usage(
                "lambda",
                format!("is {}; it is the cost of an update, give 0 or more", self.lambda),
            ));
        }
        if let Some(most) = self.decision_clip.filter(|most| most.is_nan() || *most <= 0.0) {
            let problem = format!("is {most}; it bounds what a decision may weigh, give more than 0");
            return Err(Error::usage("decision_clip", problem));
        }
        if i64::try_from(self.seed).is_err() {
            return Err(Error::usage("seed", format!("is {}; give less than 2^63", self.seed)));
        }
        let positive = [
            ("learning_rate", self.learning_rate),
            ("checkpoint_seconds", self.checkpoint_seconds),
        ];
        if let Some((field, v)) = positive.iter().find(|(_, v)| !(v.is_finite() && *v > 0.0)) {
            return Err(Error::usage(*field, format!("is {v}; give a number above 0")));
        }
        for (field, value) in [("stop_metric", self.stop_metric), ("stop_updates", self.stop_updates)] {
            if let Some(v) = value.filter(|v| !(v.is_finite() && *v >= 0.0)) {
                return Err(Error::usage(field, format!("is {v}; give a number of 0 or more")));
            }
        }
        if self.p_skip.is_some() && self.cell.skips() {
            let problem = format!("{} has a gate that decides; give lstm or gru", self.cell);
            return Err(Error::usage("p_skip", problem));
        }
        if self.dials.is_some() && !self.cell.skips() {
            let problem = format!("needs a skip gate, and {} has none; give a skip cell", self.cell);
            return Err(Error::usage("dials", problem));
        }
        for (field, p) in [("p_skip", self.p_skip.unwrap_or(0.0)), ("dropout", self.dropout)] {
            if !(0.0..1.0).contains(&p) {
                return Err(Error::usage(
                    field,
                    format!("is {p}; give a probability from 0 to below 1"),
                ));
            }
        }
        let needs_threshold = self.stop_updates.is_some() && self.stop_metric.is_none();
        for (field, needs) in [
            ("stop_updates", needs_threshold),
            ("settle_steps", self.settle_steps.is_some()),
        ] {
            if needs && self.data.solved_threshold().is_none() {
                let problem = "a dataset has no threshold of its own; give stop_metric";
                return Err(Error::usage(field, problem));
            }
        }
        self.data.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ChannelConfig;

    #[test]
    fn configurations_come_back_from_their_file() {
        let dir = tempfile::tempdir().unwrap();
        let channel = |name: &str, full_scale| ChannelConfig {
            name: name.into(),
            unit: "g".into(),
            full_scale,
        };
        let sources = [
            DataSource::Frequency { sample_period_s: 5e-4 },
            DataSource::Adding { length: 50 },
            DataSource::Dataset(DatasetConfig {
                train_x: "x.npy".into(),
                train_y: "y.npy".into(),
                test_x: Some("test".into()),
                channels: vec![channel("a", Some(2.0)), channel("b", None)],
                class_names: vec!["still".into(), "walking".into()],
                sample_period_s: 0.02,
                ..DatasetConfig::default()
            }),
        ];
        for source in sources {
            let mut config = source.default_config();
            config.validate().unwrap();
            config.stop_updates = Some(15.5);
            config.cell = Cell::Gru;
            (config.p_skip, config.dropout, config.budget) = (Some(0.25), 0.5, Budget::L2(12.5));
            config.learning_rate_schedule = "cosine:100".parse().unwrap();
            config.save(dir.path()).unwrap();
            assert_eq!(TrainConfig::load(dir.path()).unwrap(), config);
        }
    }

    #[test]
    fn bad_files_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let says = |part: &str| {
            let text = TrainConfig::load(dir.path()).unwrap_err().to_string();
            assert!(text.contains("config.toml") && text.contains(part), "{text}");
        };
        says("No such file");
        let config = DataSource::Adding { length: 50 }.default_config();
        config.save(dir.path()).unwrap();
        let good = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, good.replace("skip-lstm", "rnn")).unwrap();
        says("unknown cell 'rnn'");
        std::fs::write(&path, good.replace("hidden", "hiden")).unwrap();
        says("hiden");
        std::fs::write(&path, good.replace("\"adding\"", "\"adition\"")).unwrap();
        says("adition");
    }
}
