//! The configuration of a training run: the contents of `config.toml`.

use crate::{Augment, Budget, DataSource, Device, Dials, Engine, Error, Rollback, Schedule, Start, choice::Choice};
use float_model::Cell;
use serde::{Deserialize, Serialize};
use std::{fmt, path::Path, str::FromStr};

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
    /// Skip cells start by using every N-th sample, through the gate's initial bias. Absent: every sample, as in
    /// the paper.
    #[serde(default)]
    pub start_every: Option<usize>,
    /// Bound on |w| of the first layer's `weight_ih`, kept after every step, so that 8-bit integers hold them and the
    /// recurrent weights of the same row finely. Absent: none.
    #[serde(default)]
    pub input_weight_limit: Option<f32>,
    /// Probability that a unit of the state is hidden from the head in training.
    #[serde(default)]
    pub dropout: f64,
    /// What is done to recordings each time they are drawn.
    #[serde(default)]
    pub augment: Augment,
    /// Seed of the initial parameters, the training data and the validation data.
    pub seed: u64,
    /// Steps at most.
    pub steps: u64,
    /// Sequences per step, B.
    pub batch: usize,
    /// Learning rate of Adam.
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
    /// What computes gradients. A run cannot change it.
    #[serde(default)]
    pub engine: Engine,
    /// Where training runs. A run may move between devices at a checkpoint; the last bits differ from device to device.
    #[serde(default)]
    pub device: Device,
    /// The model that the run starts from. Absent: drawn parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Start>,
    /// What the files of a dataset held when the run began ([`DataSource::fingerprint`]); written by [`crate::train()`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_fingerprint: Option<String>,
    /// Options that the data chose ([`crate::recipe`]), and why; a record, which changes nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<Choice>,
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

impl fmt::Display for Binarize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Binarize::Round => "round",
            Binarize::Bernoulli => "bernoulli",
        })
    }
}

impl FromStr for Binarize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let all = [Binarize::Round, Binarize::Bernoulli];
        let found = all.into_iter().find(|binarize| binarize.to_string() == text);
        found.ok_or_else(|| {
            Error::usage(
                "binarize",
                format!("unknown form '{text}'; expected round or bernoulli"),
            )
        })
    }
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

impl TrainConfig {
    /// Reads the configuration of a run folder.
    ///
    /// # Errors
    /// `config.toml` is missing, no TOML, or has a missing, unknown or bad field.
    pub fn load(run_dir: &Path) -> Result<Self, Error> {
        let path = run_dir.join("config.toml");
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        toml::from_str(&text).map_err(|e| Error::data(&path, "configuration", dataset::toml_problem(&text, &e)))
    }

    /// Writes `config.toml` into a run folder.
    pub(crate) fn save(&self, run_dir: &Path) -> Result<(), Error> {
        let path = run_dir.join("config.toml");
        let text = toml::to_string(self).map_err(|e| Error::data(&path, "configuration", e.to_string()))?;
        float_model::write_atomically(&path, text.as_bytes()).map_err(Error::io(&path))
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
            ("threads", self.threads, 256),
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
        if self.start_every.is_some_and(|n| n == 0 || n > 1 << 16) {
            return Err(Error::usage("start_every", "needs 1 to 65536 samples"));
        }
        if self.start_every.is_some() && !self.cell.skips() {
            let problem = format!("needs a skip gate, and {} has none; give a skip cell", self.cell);
            return Err(Error::usage("start_every", problem));
        }
        if let Some(limit) = self.input_weight_limit.filter(|l| !(l.is_finite() && *l > 0.0)) {
            let problem = format!("is {limit}; it bounds the weights on the inputs, give more than 0");
            return Err(Error::usage("input_weight_limit", problem));
        }
        if let Some(start) = &self.from {
            start.validate()?;
            if start.distill.is_some() && self.engine == Engine::Fused && self.device != Device::Cpu {
                let problem = format!("is not on {} yet; train on cpu, or with the engine candle", self.device);
                return Err(Error::usage("distill", problem));
            }
        }
        self.augment.validate()?;
        if self.augment.is_some() && self.data.is_generated() {
            let problem = "belongs to recordings; a generated task has new sequences at every step: remove it";
            return Err(Error::usage("augment", problem));
        }
        self.data.validate()
    }
}

impl DataSource {
    /// A configuration that suits the task.
    pub fn default_config(&self) -> TrainConfig {
        // At 4e-3 the gate of the generated tasks sheds updates several times faster than at 1e-3. What a decision may
        // weigh is bounded there by about the loss of a wrong answer; without that bound these rates collapse.
        let (hidden, lambda, steps, batch, learning_rate, decision_clip) = match self {
            DataSource::Frequency { .. } => (110, 1e-4, 8000, 256, 4e-3, Some(0.3)),
            DataSource::Adding { .. } => (110, 1e-5, 6000, 256, 4e-3, Some(0.1)),
            DataSource::Mnist(_) => (110, 1e-4, 8000, 256, 1e-3, Some(0.3)),
            // A few thousand recordings overfit at a rate that is too low: see `docs/activity.md`.
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
            start_every: None,
            input_weight_limit: None,
            dropout: 0.0,
            augment: Augment::default(),
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
            device: Device::default(),
            from: None,
            data_fingerprint: None,
            chosen: Vec::new(),
            data: self.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChannelConfig, DatasetConfig};

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
            config.data_fingerprint = Some("00ff".into());
            (config.p_skip, config.dropout, config.budget) = (Some(0.25), 0.5, Budget::L2(12.5));
            config.learning_rate_schedule = "cosine:100".parse().unwrap();
            config.save(dir.path()).unwrap();
            assert_eq!(TrainConfig::load(dir.path()).unwrap(), config);
        }
    }

    #[test]
    fn names_in_the_file_are_the_names_that_are_read() {
        for binarize in [Binarize::Round, Binarize::Bernoulli] {
            let written = serde_json::to_value(binarize).unwrap();
            assert_eq!(written, binarize.to_string());
            assert_eq!(binarize.to_string().parse::<Binarize>().unwrap(), binarize);
        }
        for rollback in [Rollback::Rate, Rollback::Lambda, Rollback::Both] {
            let written = serde_json::to_value(rollback).unwrap();
            assert_eq!(written, rollback.to_string());
            assert_eq!(rollback.to_string().parse::<Rollback>().unwrap(), rollback);
        }
        assert!("ROUND".parse::<Binarize>().unwrap_err().is_usage());
        assert!("nothing".parse::<Rollback>().unwrap_err().is_usage());
    }

    #[test]
    fn bad_files_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let says = |part: &str| {
            let text = float_model::with_causes(&TrainConfig::load(dir.path()).unwrap_err());
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
