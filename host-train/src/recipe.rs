//! The training options that suit recordings, by their length, number and channels: what `train dataset` takes where nothing
//! else is asked for. The rules, and the measurements that they rest on, are in `docs/recipe.md`.

use crate::{Augment, DataSource, Error, Schedule, TrainConfig, augment};
use dataset::Dataset;
use float_model::{Cell, Targets};

pub use crate::choice::Choice;

/// What the rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Sequences of the training part.
    pub sequences: usize,
    /// Samples of a sequence of the training part: their mean, rounded.
    pub length: usize,
    /// Whether the answers are real numbers, which may be how the sensor lies.
    pub numbers: bool,
    /// Threes of channels in a row that are named as the axes of one sensor ([`triples`]).
    pub triples: usize,
}

/// Training options by the rules of `docs/recipe.md`.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// The cell.
    pub cell: Cell,
    /// Hidden units.
    pub hidden: usize,
    /// Cost of one update.
    pub lambda: f64,
    /// Training steps.
    pub steps: u64,
    /// Learning rate of Adam.
    pub learning_rate: f64,
    /// How the learning rate changes over the run.
    pub learning_rate_schedule: Schedule,
    /// Skip cells: the gate starts by using every N-th sample.
    pub start_every: Option<usize>,
    /// Skip cells: the bound on what one decision weighs in the gradient of the gate.
    pub decision_clip: Option<f64>,
    /// The bound on the weights on the inputs.
    pub input_weight_limit: Option<f32>,
    /// Standard deviation of the angle by which sensors are turned in training, in degrees; 0: they are not.
    pub rotate: f64,
    /// Each option that the data chose, and why. Remove those that are asked for otherwise.
    pub choices: Vec<Choice>,
}

/// Units of the state.
const HIDDEN: usize = 32;
/// Cost of an update.
const LAMBDA: f64 = 2e-3;
/// Learning rate of Adam.
const LEARNING_RATE: f64 = 1e-2;
/// Steps of the warm-up of the learning rate, at most; a tenth of a shorter run.
const WARM_UP: u64 = 100;
/// Samples of a sequence that a gate starts with.
const STARTING_SAMPLES: usize = 8;
/// What `--start-every` may be at most.
const MOST_START_EVERY: usize = 1 << 16;
/// Passes over the training part, within the limits of [`STEPS`].
const PASSES: usize = 100;
/// Steps at least and at most.
const STEPS: (usize, usize) = (4000, 20_000);
/// Sequences of a step, as [`DataSource::default_config`] has them.
const BATCH: usize = 64;
/// Bound on the weight of a decision.
const DECISION_CLIP: f64 = 0.3;
/// Bound on the weights on the inputs: just below what rows of 8 bits carry.
const INPUT_WEIGHT_LIMIT: f32 = 1.9;
/// Degrees by which named sensors are turned.
const ROTATE: f64 = 30.0;

impl DataSource {
    /// What the rules look at; `None` for generated tasks and MNIST, whose options do not follow from recordings.
    ///
    /// # Errors
    /// A bad option; a dataset that cannot be read or cannot be trained on.
    pub fn facts(&self) -> Result<Option<Facts>, Error> {
        let DataSource::Dataset(config) = self else {
            return Ok(None);
        };
        self.validate()?;
        let ((x, y), channel_names) = Dataset::load_training(config)?;
        let samples: usize = (0..x.count()).map(|n| x.length_of(n)).sum();
        Ok(Some(Facts {
            sequences: x.count(),
            length: (samples as f64 / x.count().max(1) as f64).round() as usize,
            numbers: matches!(y.answers(), Targets::Values { .. }),
            triples: triples(&channel_names),
        }))
    }
}

/// Threes of channels in a row that are named as the axes of one sensor, and turn together in training.
#[must_use]
pub fn triples<N: AsRef<str>>(channel_names: &[N]) -> usize {
    augment::axes(channel_names).len()
}

impl Recipe {
    /// The options for recordings of which `facts` is known; with `cell` where it is given, else with the cell that does best.
    #[must_use]
    pub fn of(facts: &Facts, cell: Option<Cell>) -> Self {
        let cell = cell.unwrap_or(Cell::SkipGru);
        let steps = facts
            .sequences
            .saturating_mul(PASSES)
            .div_ceil(BATCH)
            .clamp(STEPS.0, STEPS.1) as u64;
        let mut recipe = Recipe {
            cell,
            hidden: HIDDEN,
            lambda: LAMBDA,
            steps,
            learning_rate: LEARNING_RATE,
            learning_rate_schedule: Schedule {
                warmup: WARM_UP.min(steps / 10),
                cosine: true,
            },
            start_every: cell
                .skips()
                .then_some((facts.length / STARTING_SAMPLES).clamp(1, MOST_START_EVERY)),
            decision_clip: cell.skips().then_some(DECISION_CLIP),
            input_weight_limit: Some(INPUT_WEIGHT_LIMIT),
            rotate: if facts.triples > 0 && !facts.numbers {
                ROTATE
            } else {
                0.0
            },
            choices: Vec::new(),
        };
        recipe.choices = recipe.explain(facts);
        recipe
    }

    /// The same for a run of another number of steps.
    #[must_use]
    pub fn with_steps(mut self, steps: u64) -> Self {
        self.steps = steps;
        self.learning_rate_schedule.warmup = WARM_UP.min(steps / 10);
        let schedule = self.learning_rate_schedule.to_string();
        for choice in &mut self.choices {
            match choice.option.as_str() {
                "--steps" => choice.value = steps.to_string(),
                "--learning-rate-schedule" => choice.value.clone_from(&schedule),
                _ => {}
            }
        }
        self
    }

    /// Every choice, with its reason.
    fn explain(&self, facts: &Facts) -> Vec<Choice> {
        let mut all = self.of_the_gate(facts);
        all.extend(self.of_the_training(facts));
        all
    }

    /// The network, and what its gate learns.
    fn of_the_gate(&self, facts: &Facts) -> Vec<Choice> {
        let mut all = vec![
            choice(
                "--cell",
                self.cell,
                "as good as a Skip LSTM, with three quarters of its weights",
            ),
            choice("--hidden", self.hidden, "64 units were not better"),
        ];
        if let Some(n) = self.start_every {
            let lambda = format!("{:e}", self.lambda);
            all.push(choice(
                "--lambda",
                lambda,
                "about 11 of 128 samples; a larger cost uses fewer",
            ));
            let length = facts.length;
            let which = match n {
                1 => "all".into(),
                _ => format!("about {}", length / n),
            };
            let why = format!("a sequence has {length} samples, and the gate starts with {which} of them");
            all.push(choice("--start-every", n, why));
        }
        if let Some(most) = self.decision_clip {
            all.push(choice(
                "--decision-clip",
                most,
                "no single decision moves the gate by more",
            ));
        }
        all
    }

    /// How long, how fast, and with which regularisation.
    fn of_the_training(&self, facts: &Facts) -> Vec<Choice> {
        let rotate = match facts.triples {
            0 => "no three channels are named as axes; --channel-names may name them: acc x,acc y,acc z".into(),
            1.. if facts.numbers => "the answers are numbers, and may be how the sensor lies".into(),
            1 => "one sensor has named axes: people wear it differently".into(),
            n => format!("{n} sensors have named axes: people wear them differently"),
        };
        let mut all = vec![choice("--rotate", self.rotate, rotate)];
        if let Some(limit) = self.input_weight_limit {
            all.push(choice(
                "--input-weight-limit",
                limit,
                "8-bit integers hold the weights on the inputs",
            ));
        }
        let sequences = facts.sequences;
        let passes = self.steps as f64 * BATCH as f64 / sequences.max(1) as f64;
        let steps = format!("{passes:.0} passes over {sequences} training sequences");
        all.push(choice("--steps", self.steps, steps));
        let rate = "in so many steps as good as 3e-3 in twice as many";
        all.push(choice("--learning-rate", format!("{:e}", self.learning_rate), rate));
        let falls = "it falls to a hundredth at the last step";
        all.push(choice("--learning-rate-schedule", self.learning_rate_schedule, falls));
        all
    }

    /// Puts the options into a configuration; what the recipe does not choose stays as it is.
    #[must_use]
    pub fn apply(self, config: TrainConfig) -> TrainConfig {
        TrainConfig {
            cell: self.cell,
            hidden: self.hidden,
            lambda: self.lambda,
            steps: self.steps,
            learning_rate: self.learning_rate,
            learning_rate_schedule: self.learning_rate_schedule,
            start_every: self.start_every,
            decision_clip: self.decision_clip,
            input_weight_limit: self.input_weight_limit,
            augment: Augment {
                rotate: self.rotate,
                ..config.augment
            },
            chosen: self.choices,
            ..config
        }
    }
}

fn choice(option: &str, value: impl ToString, why: impl Into<String>) -> Choice {
    Choice {
        option: option.into(),
        value: value.to_string(),
        why: why.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(sequences: usize, length: usize, triples: usize) -> Facts {
        Facts {
            sequences,
            length,
            numbers: false,
            triples,
        }
    }

    #[test]
    fn the_rules_as_a_table() {
        // sequences, samples, triples; start_every, steps, rotate
        let rows = [
            ((12, 2, 0), (1, 4000, 0.0)),
            ((60, 20, 1), (2, 4000, 30.0)),
            ((900, 133, 2), (16, 4000, 30.0)),
            ((1920, 128, 2), (16, 4000, 30.0)),
            ((1920, 1000, 0), (125, 4000, 0.0)),
            ((6000, 128, 0), (16, 9375, 0.0)),
            ((1_000_000, 49, 0), (6, 20_000, 0.0)),
        ];
        for ((sequences, length, triples), (start_every, steps, rotate)) in rows {
            let recipe = Recipe::of(&facts(sequences, length, triples), None);
            assert_eq!(recipe.start_every, Some(start_every), "{sequences} x {length}");
            assert_eq!((recipe.steps, recipe.rotate), (steps, rotate), "{sequences} x {length}");
            assert_eq!(recipe.cell, Cell::SkipGru);
        }
    }

    #[test]
    fn every_recipe_is_a_valid_configuration() {
        let data = DataSource::Dataset(crate::DatasetConfig {
            train_x: "x.npy".into(),
            train_y: "y.npy".into(),
            ..crate::DatasetConfig::default()
        });
        for cell in [None, Some(Cell::SkipLstm), Some(Cell::Gru), Some(Cell::Lstm)] {
            for length in [2, 7, 8, 128, 1000, 1 << 24] {
                for sequences in [1, 2000, usize::MAX / 200] {
                    let recipe = Recipe::of(&facts(sequences, length, 1), cell);
                    let config = recipe.clone().apply(data.default_config());
                    config.validate().unwrap();
                    assert_eq!(config.chosen, recipe.choices);
                    assert_eq!(config.start_every.is_some(), recipe.cell.skips());
                }
            }
        }
    }
}
