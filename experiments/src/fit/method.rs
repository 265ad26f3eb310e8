//! The models that are tried, and how each is trained.

use super::Data;
use crate::{Error, baselines::cnn::CnnConfig};
use float_model::Cell;
use host_train::{Dials, Distill, Start, TrainConfig, recipe::Recipe};
use std::{ops::RangeInclusive, path::Path};

/// A kind of model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A skipping cell with so many hidden units that starts from the same cell without a gate, learns from what that says, and learns
    /// a range of its dial: one model for many budgets. Last, λ in thousandths.
    Dial(Cell, usize, u32),
    /// A cell without a gate and with so many hidden units on samples 0, K, 2K, ...; 1: on all.
    Every(Cell, usize, usize),
    /// A convolutional network with this many filters in each of three layers.
    Cnn(usize),
}

/// How a model is trained.
#[allow(clippy::large_enum_variant, reason = "a few dozen, made once")]
pub(super) enum Training {
    /// By the trainer.
    Recurrent(TrainConfig),
    /// By the training of the convolutional networks.
    Cnn(CnnConfig),
}

/// Fixed rates that are tried.
const EVERY: [usize; 5] = [2, 4, 8, 16, 32];
/// Samples that a fixed rate leaves of a sequence, at least.
const SAMPLES: usize = 4;
/// Times the recipe's steps of a model that learns the whole of its dial, which needs a lower rate than the recipe's.
const DIAL: u64 = 3;

impl Method {
    /// What every fit trains, for sequences of `length` samples: a cell on every sample, a skipping one that it teaches, the first at
    /// fixed rates, a convolutional network.
    pub(super) fn core(length: usize) -> Vec<Method> {
        let rates = EVERY.into_iter().filter(|k| length / k >= SAMPLES);
        let rates = rates.map(|k| Method::Every(Cell::Gru, 32, k));
        [Method::Every(Cell::Gru, 32, 1), Method::Dial(Cell::SkipGru, 32, FINE)]
            .into_iter()
            .chain(rates)
            .chain([Method::Cnn(16)])
            .collect()
    }

    /// Other cells and sizes, in the order in which they are tried where time is left; a teacher stands before whom it teaches.
    pub(super) fn more() -> Vec<Method> {
        vec![
            Method::Dial(Cell::SkipGru, 32, FRUGAL),
            Method::Every(Cell::Gru, 16, 1),
            Method::Dial(Cell::SkipGru, 16, FINE),
            Method::Cnn(8),
            Method::Every(Cell::Lstm, 32, 1),
            Method::Dial(Cell::SkipLstm, 32, FINE),
        ]
    }

    /// The method whose model this one starts from and learns from.
    pub(super) fn teacher(&self) -> Option<Method> {
        match self {
            Method::Dial(cell, hidden, _) => Some(Method::Every(cell.dense(), *hidden, 1)),
            _ => None,
        }
    }

    /// The name of its folder.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Method::Dial(cell, hidden, FINE) | Method::Every(cell, hidden, 1) => format!("{cell}-{hidden}"),
            Method::Dial(cell, hidden, lambda) => format!("{cell}-{hidden}-lambda-{lambda}e-3"),
            Method::Every(cell, hidden, k) => format!("{cell}-{hidden}-every-{k}"),
            Method::Cnn(filters) => format!("cnn-{filters}"),
        }
    }

    /// The method in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Method::Dial(cell, hidden, FINE) => format!("{cell} with {hidden} units"),
            Method::Dial(cell, hidden, lambda) => format!("{cell} with {hidden} units, λ = {lambda}e-3"),
            Method::Every(cell, hidden, 1) => format!("{cell} with {hidden} units on every sample"),
            Method::Every(cell, hidden, k) => format!("{cell} with {hidden} units on one sample in {k}"),
            Method::Cnn(filters) => format!("convolutional network with {filters} filters"),
        }
    }

    /// Whether it decides which samples it uses.
    #[must_use]
    pub const fn skips(&self) -> bool {
        matches!(self, Method::Dial(..))
    }

    /// K of samples 0, K, 2K, ...
    #[must_use]
    pub const fn every(&self) -> usize {
        match self {
            Method::Every(_, _, k) => *k,
            _ => 1,
        }
    }

    /// Steps of a full training.
    pub(super) fn steps(&self, data: &Data) -> u64 {
        let once = Recipe::of(&data.facts(), None).steps;
        if self.skips() { DIAL * once } else { once }
    }

    /// The training of this method from a seed, of so many steps. `taught` is the finished run of its [`Method::teacher`].
    ///
    /// # Errors
    /// Recordings or a teacher that cannot be read.
    pub(super) fn training(
        &self,
        data: &Data,
        seed: u64,
        steps: u64,
        taught: Option<&Path>,
    ) -> Result<Training, Error> {
        // The recipe's rate is for a recurrent network with one λ.
        let learning_rate = data.source(1).default_config().learning_rate;
        Ok(match *self {
            Method::Dial(cell, hidden, lambda) => Training::Recurrent(TrainConfig {
                hidden,
                learning_rate,
                lambda: f64::from(lambda) / 1000.0,
                from: taught.map(start).transpose()?,
                ..recipe(data, cell, seed, steps)
            }),
            Method::Every(cell, hidden, every) => Training::Recurrent(TrainConfig {
                hidden,
                data: data.source(every),
                ..recipe(data, cell, seed, steps)
            }),
            Method::Cnn(filters) => {
                let like = TrainConfig {
                    learning_rate,
                    ..recipe(data, Cell::SkipGru, seed, steps)
                };
                Training::Cnn(CnnConfig::like(&like, filters)?)
            }
        })
    }
}

/// A start from the model of a run, which teaches too.
fn start(run: &Path) -> Result<Start, Error> {
    let path = run.join("model.safetensors");
    let model = float_model::load(&path)?;
    let mut start = Start::new(path, model, Vec::new())?;
    start.distill = Some(Distill::default());
    Ok(start)
}

/// λ of a model that learns a range of its dial, in thousandths: for energies as they are asked for mostly, and for the least ones.
const FINE: u32 = 2;
const FRUGAL: u32 = 5;
/// That range.
const DIALS: Dials = Dials {
    low: -2.5,
    high: 2.5,
    factor: 3.0,
};
/// Options that a method chooses in place of the recipe.
const OWN: [&str; 5] = ["--cell", "--hidden", "--lambda", "--steps", "--learning-rate"];
/// Evaluations on the validation part in a training, where it is long enough.
const EVALUATIONS: u64 = 80;
/// Steps between two of them: an evaluation takes as long as several steps.
const EVAL_EVERY: RangeInclusive<u64> = 50..=200;

/// The training of a cell: what [`Recipe`] chooses for such recordings but λ; where it skips, with a dial.
fn recipe(data: &Data, cell: Cell, seed: u64, steps: u64) -> TrainConfig {
    let mut recipe = Recipe {
        lambda: 0.0,
        ..Recipe::of(&data.facts(), Some(cell)).with_steps(steps)
    };
    recipe.choices.retain(|c| !OWN.contains(&c.option.as_str()));
    TrainConfig {
        dials: cell.skips().then_some(DIALS),
        eval_every: (steps / EVALUATIONS).clamp(*EVAL_EVERY.start(), *EVAL_EVERY.end()),
        seed,
        // One thread each, so that the result does not depend on the machine.
        threads: 1,
        ..recipe.apply(data.source(1).default_config())
    }
}
