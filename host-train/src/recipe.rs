//! The training options that suit recordings, by their length, number and channels: what `train dataset` takes where nothing
//! else is asked for. The rules, and the measurements that they rest on, are in `docs/recipe.md`.

use crate::{Augment, DataSource, Error, Schedule, TrainConfig, augment};
use float_model::{Cell, Channel};
use serde::{Deserialize, Serialize};

/// What the rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Sequences of the training part.
    pub sequences: usize,
    /// Samples of a sequence of the training part: their mean, rounded.
    pub length: usize,
    /// Values of a sample.
    pub channels: usize,
    /// Threes of channels in a row that are named as the axes of one sensor ([`triples`]).
    pub triples: usize,
}

/// One option that the rules chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The option of `skiprnn train`, for example `--start-every`.
    pub option: String,
    /// Its value, as one would give it.
    pub value: String,
    /// Why, in a sentence without its full stop.
    pub why: String,
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

/// Samples of a sequence that a gate starts with.
const STARTING_SAMPLES: usize = 8;
/// Steps of the warm-up of the learning rate, at most; a tenth of a shorter run.
const WARM_UP: u64 = 100;

impl DataSource {
    /// What the rules look at; `None` for generated tasks and MNIST, whose options do not follow from recordings.
    ///
    /// # Errors
    /// A bad option; a dataset that cannot be read or cannot be trained on.
    pub fn facts(&self) -> Result<Option<Facts>, Error> {
        let DataSource::Dataset(_) = self else { return Ok(None) };
        let Some(dataset) = self.recorded()? else {
            return Ok(None);
        };
        let x = &dataset.training.0;
        let samples: usize = (0..x.count()).map(|n| x.length_of(n)).sum();
        Ok(Some(Facts {
            sequences: x.count(),
            length: (samples as f64 / x.count().max(1) as f64).round() as usize,
            channels: x.channels(),
            triples: triples(&dataset.channels),
        }))
    }
}

/// Threes of channels in a row that are named as the axes of one sensor, and turn together in training.
#[must_use]
pub fn triples(channels: &[Channel]) -> usize {
    augment::axes(channels).len()
}

impl Recipe {
    /// The options for recordings of which `facts` is known; with `cell` where it is given, else with the cell that does best.
    #[must_use]
    pub fn of(facts: &Facts, cell: Option<Cell>) -> Self {
        let cell = cell.unwrap_or(Cell::SkipGru);
        let mut recipe = Recipe {
            cell,
            hidden: 32,
            lambda: 1e-3,
            steps: 4000,
            learning_rate_schedule: Schedule {
                warmup: WARM_UP,
                cosine: true,
            },
            start_every: cell.skips().then_some((facts.length / STARTING_SAMPLES).max(1)),
            decision_clip: cell.skips().then_some(0.3),
            input_weight_limit: None,
            rotate: if facts.triples > 0 { 30.0 } else { 0.0 },
            choices: Vec::new(),
        };
        recipe.explain(facts);
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

    /// Writes down every choice.
    fn explain(&mut self, facts: &Facts) {
        let mut choices = Vec::new();
        let mut say = |option: &str, value: String, why: String| {
            choices.push(Choice {
                option: option.into(),
                value,
                why,
            });
        };
        say("--cell", self.cell.to_string(), "fewer weights than a Skip LSTM".into());
        say("--hidden", self.hidden.to_string(), String::new());
        if let Some(n) = self.start_every {
            let why = format!(
                "a sequence has {} samples, and the gate starts with about {STARTING_SAMPLES} of them",
                facts.length
            );
            say("--start-every", n.to_string(), why);
        }
        self.choices = choices;
    }

    /// Puts the options into a configuration; what the recipe does not choose stays as it is.
    #[must_use]
    pub fn apply(self, config: TrainConfig) -> TrainConfig {
        TrainConfig {
            cell: self.cell,
            hidden: self.hidden,
            lambda: self.lambda,
            steps: self.steps,
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
