//! Recordings for a model: what a model says of its classes, channels, units and rate decides how they are read.
//!
//! A folder numbers its words, names its columns and has a rate for itself. A model has them too, and its own are the ones that its
//! outputs and inputs mean. [`ModelInput::read`] is the one way from a file to sequences for a model, whichever command runs it.

mod channels;
mod full_scale;

use crate::Error;
use dataset::{DatasetConfig, Loss, Recordings, Store};
use float_model::{Channel, Description, FloatModel, Objective, Sequences, Targets};
use host_train::DataSource;
use skiprnn_nostd::Model;
use std::path::Path;

/// The share by which two rates may differ and still be one.
const SAME_RATE: f64 = 0.01;

/// Times between samples that a sensor for sequences has.
const SLOWEST_S: f64 = 10.0;
const FASTEST_S: f64 = 1e-6;

/// What a model says of the recordings that it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInput {
    class_names: Vec<String>,
    channels: Vec<Channel>,
    /// Classes or targets; 0 where any classes are taken.
    outputs: usize,
    sample_period_s: f64,
    objective: Objective,
}

/// Recordings as a model takes them.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted<Y = Option<Targets>> {
    /// (N, T, I), the channels in the model's order and units.
    pub x: Sequences,
    /// The answers, numbered as the model numbers its classes.
    pub y: Y,
    /// What was understood, converted or looks wrong.
    pub notes: Vec<String>,
}

/// How recordings are read for a model, beside what the model says.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadAs<'a> {
    /// The answers, where they are not in the same place.
    pub y: Option<&'a Path>,
    /// Samples 0, K, 2K, ... are used.
    pub every: Option<usize>,
    /// Sequences at most.
    pub n: Option<usize>,
    /// The data of a run, as which the files are read: its windows, columns, audio, every K-th sample.
    pub like: Option<&'a DatasetConfig>,
}

/// One line for what was said of a run's recordings when it was trained.
fn told_before(warnings: usize) -> String {
    format!("{warnings} things were put right or look wrong in the run's recordings; skiprnn data describe tells them")
}

impl ModelInput {
    /// What a float model says.
    #[must_use]
    pub fn of_float(model: &FloatModel) -> Self {
        Self::of_description(&model.description, model.outputs)
    }

    /// What the metadata of a model with so many outputs say.
    pub(crate) fn of_description(d: &Description, outputs: usize) -> Self {
        ModelInput {
            class_names: d.class_names.clone(),
            channels: d.channels.clone(),
            outputs,
            sample_period_s: d.sample_period_s,
            objective: d.objective,
        }
    }

    /// What a blob says.
    #[must_use]
    pub fn of_blob(model: &Model<'_>) -> Self {
        let channel = |c: skiprnn_nostd::Channel<'_>| Channel {
            name: c.name.to_owned(),
            unit: c.unit.to_owned(),
            full_scale: c.full_scale,
        };
        ModelInput {
            class_names: model.class_names().map(str::to_owned).collect(),
            channels: model.channels().map(channel).collect(),
            outputs: model.outputs(),
            sample_period_s: model.sample_period_ns() as f64 * 1e-9,
            objective: crate::objective(model),
        }
    }

    /// What a model would say whose answers are classes, where this one's are something else: any classes, by their numbers or their
    /// words in sorted order.
    #[must_use]
    pub fn with_classes(&self) -> Self {
        match self.objective {
            Objective::Classification => self.clone(),
            _ => ModelInput {
                class_names: Vec::new(),
                outputs: 0,
                objective: Objective::Classification,
                ..self.clone()
            },
        }
    }

    /// What a model would say that takes every `every`-th sample where this one takes every `own`-th.
    #[must_use]
    pub fn at_every(&self, own: usize, every: usize) -> Self {
        ModelInput {
            sample_period_s: self.sample_period_s * every as f64 / own.max(1) as f64,
            ..self.clone()
        }
    }

    /// What this model says, and where it says nothing, what `other` says of the same inputs and outputs. The full scales are those of
    /// `other`, which knows the sensor.
    #[must_use]
    pub fn completed_by(&self, other: &ModelInput) -> Self {
        let mut both = self.clone();
        if both.class_names.is_empty() {
            both.class_names.clone_from(&other.class_names);
        }
        if both.channels.len() != other.channels.len() {
            both.channels.clone_from(&other.channels);
        }
        for (channel, other) in both.channels.iter_mut().zip(&other.channels) {
            channel.full_scale = other.full_scale;
        }
        if both.sample_period_s <= 0.0 {
            both.sample_period_s = other.sample_period_s;
        }
        both
    }

    /// A rate that no sensor has.
    #[must_use]
    pub fn odd_rate(&self) -> Option<String> {
        let period_s = self.sample_period_s;
        match period_s {
            _ if period_s > SLOWEST_S => Some(format!(
                "the model takes a sample every {period_s} s; is the time between samples in milliseconds?"
            )),
            _ if period_s > 0.0 && period_s < FASTEST_S => Some(format!(
                "the model takes a sample every {period_s} s, {:.0} a second; is the time between samples in another unit?",
                1.0 / period_s
            )),
            _ => None,
        }
    }

    /// What answers are to the model.
    fn loss(&self) -> Loss {
        match self.objective {
            Objective::Classification => Loss::Ce,
            Objective::Regression => Loss::Mse,
            Objective::Multilabel => Loss::Bce,
        }
    }

    /// Recordings whose words are the model's classes. The classes of a model without names are indices, whichever of them the
    /// recordings have.
    #[must_use]
    pub fn named(&self, config: &DatasetConfig) -> DatasetConfig {
        let class_names = match (self.class_names.is_empty(), self.objective) {
            (false, _) => self.class_names.clone(),
            (true, Objective::Classification) if self.outputs > 0 => (0..self.outputs).map(|k| k.to_string()).collect(),
            (true, _) => config.class_names.clone(),
        };
        DatasetConfig {
            class_names,
            ..config.clone()
        }
    }

    /// Reads files for the model.
    ///
    /// # Errors
    /// Files that cannot be read; words that are no class of the model; channels, units or a rate that are not the model's and
    /// cannot be made so.
    pub fn read(&self, x: &Path, how: &ReadAs<'_>) -> Result<Fitted, Error> {
        let config = match how.like {
            Some(config) => {
                let own = config.every.unwrap_or(1);
                if how.every.is_some_and(|k| k != own) {
                    let problem = format!("the run's own is {own}; leave it out");
                    return Err(Error::option("every", problem));
                }
                self.named(config)
            }
            None => self.named(&DatasetConfig {
                every: how.every,
                loss: Some(self.loss()),
                ..DatasetConfig::default()
            }),
        };
        let mut found = dataset::read_like(&config, x, how.y).map_err(host_train::Error::from)?;
        if !config.channels.is_empty() {
            found.channels = dataset::completed(&config.channels, found.channels);
        } else if config.channels_file.is_some() {
            found.channels.clear(); // by position, as the run took them
        }
        let every = how.like.is_none().then(|| how.every.unwrap_or(1));
        let n = how.n.unwrap_or(usize::MAX);
        let (kept, y) = (found.x.take(n), found.y.take().map(|y| y.take(n)));
        self.fit(x, found, (kept, y), every)
    }

    /// The held-out part of a run's data, for its model: fresh sequences of a generated task, as many and drawn from the seed that are
    /// given, or the test part of recordings, `most` sequences of it.
    ///
    /// # Errors
    /// As [`ModelInput::read`], and a run without a test part.
    pub fn held_out(
        &self,
        source: &DataSource,
        (fresh, seed): (usize, u64),
        most: usize,
    ) -> Result<Fitted<Targets>, Error> {
        let DataSource::Dataset(config) = source else {
            let (x, y) = source.held_out(fresh, seed)?;
            let x = x.take(most).all().map_err(host_train::Error::from)?;
            return Ok(Fitted {
                notes: self.notes_on(&x),
                x,
                y: y.take(most),
            });
        };
        let config = self.named(config);
        let found = dataset::test_recordings(&config).map_err(host_train::Error::from)?;
        let x = config.test_x.as_deref().unwrap_or(&config.train_x);
        let kept = (found.x.take(most), found.y.take(most));
        let told = found.notes.warnings();
        let mut fitted = self.fit(x, found, kept, None)?;
        // What was changed while reading the run's own recordings is no news.
        if told.len() > 1 {
            fitted.notes.retain(|note| !told.contains(note));
            fitted.notes.insert(0, told_before(told.len()));
        }
        Ok(fitted)
    }

    /// Makes those of the recordings of `found` that are `kept` fit the model; `every` is the K that a user may give, where one may.
    fn fit<Y>(
        &self,
        file: &Path,
        found: Recordings<Y>,
        (kept, y): (Store, Y),
        every: Option<usize>,
    ) -> Result<Fitted<Y>, Error> {
        let mut notes = found.notes.warnings();
        notes.extend(found.notes.doubts().iter().map(|doubt| format!("uncertain: {doubt}")));
        self.check_rate(file, found.sample_period_s, every)?;
        let mut x = kept.all().map_err(host_train::Error::from)?;
        channels::fit(&self.channels, file, &found.channels, &mut x, &mut notes)?;
        notes.extend(full_scale::beyond(&self.channels, &x));
        Ok(Fitted { x, y, notes })
    }

    /// What looks wrong with sequences that were not read here.
    #[must_use]
    pub fn notes_on(&self, x: &Sequences) -> Vec<String> {
        full_scale::beyond(&self.channels, x)
    }

    fn check_rate(&self, file: &Path, period_s: f64, every: Option<usize>) -> Result<(), Error> {
        let own = self.sample_period_s;
        let known = period_s > 0.0 && own > 0.0;
        if !known || (period_s / own - 1.0).abs() <= SAME_RATE {
            return Ok(());
        }
        let times = (own / period_s).round();
        let multiple = times >= 2.0 && (own / period_s / times - 1.0).abs() <= SAME_RATE;
        let fix = match every.filter(|_| multiple) {
            Some(every) => format!("give --every {}", times * every as f64),
            None => "record at the model's rate, or train a model at this one".into(),
        };
        Err(Error::data(
            file.display(),
            format!(
                "rate: {:.4} Hz, and the model takes {:.4} Hz ({period_s} s and {own} s between samples); {fix}",
                1.0 / period_s,
                1.0 / own
            ),
        ))
    }
}
