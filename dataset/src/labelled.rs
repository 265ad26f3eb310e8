//! Recordings with answers: their checks, which of them belong to which part, and what their channels are.

use crate::{
    DatasetConfig, Error, ReadOptions, Recordings, channels, dataset::select_both, normalise::covering_power_of_two,
    read, split, targets, window,
};
use float_model::{Channel, OutputAt, Sequences, Targets};
use std::path::Path;

/// One sequence in ten goes to the validation part.
const VALIDATION_SHARE: f64 = 0.1;

/// Recordings with answers.
pub(crate) type Labelled = Recordings<Targets>;

/// Which sequences of the training files belong to which part; none belongs to two.
pub(crate) struct Split {
    pub(crate) training: Vec<usize>,
    pub(crate) validation: Vec<usize>,
    /// Empty where the test part has files of its own, or none is asked for.
    pub(crate) test: Vec<usize>,
}

impl Labelled {
    /// The test files, where there are any.
    pub(crate) fn load_test(config: &DatasetConfig) -> Result<Option<Self>, Error> {
        let Some(test_x) = &config.test_x else {
            return Ok(None);
        };
        let mut config = config.clone();
        config.name_classes()?;
        config.groups = None;
        Labelled::load(&config, test_x, config.test_y.as_deref()).map(Some)
    }

    pub(crate) fn load(config: &DatasetConfig, x_path: &Path, y_path: Option<&Path>) -> Result<Self, Error> {
        let mut found = read::read(x_path, &config.read_options(y_path))?;
        if let Some(window) = config.window {
            found = window::cut(x_path, window, found)?;
        }
        if found.y.is_none() {
            let problem = format!("missing; {} needs a file with one label a sequence", x_path.display());
            return Err(Error::usage("train_y", problem));
        }
        let mut labelled = found.with_answers(|y| y.expect("just checked"));
        if let Some(path) = &config.channels_file {
            labelled.describe(channels::load(path)?, path)?;
        }
        if !config.channels.is_empty() {
            labelled.channels = config.channels.clone();
        }
        if !config.class_names.is_empty() {
            labelled.class_names = config.class_names.clone();
        }
        if config.sample_period_s > 0.0 {
            labelled.sample_period_s = config.sample_period_s;
        }
        if let Targets::PerStep { length, .. } = &labelled.y {
            if *length != labelled.x.length {
                let problem = format!(
                    "answers at {length} steps, the sequences have {} samples",
                    labelled.x.length
                );
                return Err(Error::data(&labelled.y_path, "shape", problem));
            }
            if !labelled.x.lengths.is_empty() {
                let problem =
                    "answers at every step need sequences of equal length; cut them with --window LENGTH:STRIDE";
                return Err(Error::data(&labelled.y_path, "lengths", problem));
            }
        }
        let (x, y) = config.view(labelled.x, Some(labelled.y), &labelled.y_path)?;
        (labelled.x, labelled.y) = (x, y.expect("answers stay"));
        labelled.sample_period_s *= config.every.unwrap_or(1) as f64;
        labelled.outputs()?;
        Ok(labelled)
    }

    /// What a `channels.toml` that is given by name says counts before what the files say.
    fn describe(&mut self, file: channels::ChannelsFile, path: &Path) -> Result<(), Error> {
        let period = file.period(path)?;
        if period > 0.0 {
            self.sample_period_s = period;
        }
        if !file.channel.is_empty() {
            self.channels = file.channel;
        }
        if self.class_names.is_empty() {
            self.class_names = file.class_names;
        }
        Ok(())
    }

    /// Holds out the test part, where one is asked for, and then the validation part.
    pub(crate) fn split(&self, config: &DatasetConfig) -> Result<Split, Error> {
        let path = &config.train_x;
        let wants_test = config.test_x.is_none() && config.test_share > 0.0;
        let least = if wants_test { 3 } else { 2 };
        if self.x.count < least {
            let problem = format!("{} sequence; the parts need at least {least}", self.x.count);
            return Err(Error::data(path, "count", problem));
        }
        let hold_out = |from: &[usize], share: f64, left: usize| -> Result<(Vec<usize>, Vec<usize>), Error> {
            let groups: Vec<String> = match self.groups.is_empty() {
                true => Vec::new(),
                false => from.iter().map(|n| self.groups[*n].clone()).collect(),
            };
            let classes: Vec<u32> = match &self.y {
                Targets::Labels(labels) => from.iter().map(|n| labels[*n]).collect(),
                Targets::PerStep { answers, length } if config.answers_at_steps => match &**answers {
                    // The same parts as where the answers are asked for once.
                    Targets::Labels(labels) => from.iter().map(|n| labels[n * length]).collect(),
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            };
            let pool = split::Pool {
                path,
                count: from.len(),
                groups: &groups,
                classes: &classes,
                left,
            };
            let held = split::hold_out(&pool, share)?;
            let (inside, outside): (Vec<usize>, Vec<usize>) = (0..from.len()).partition(|k| held.contains(k));
            let of = |list: Vec<usize>| list.into_iter().map(|k| from[k]).collect();
            Ok((of(inside), of(outside)))
        };
        let all: Vec<usize> = (0..self.x.count).collect();
        let (test, rest) = match wants_test {
            true => hold_out(&all, config.test_share, 2)?,
            false => (Vec::new(), all),
        };
        let (validation, training) = hold_out(&rest, VALIDATION_SHARE, 1)?;
        Ok(Split {
            training,
            validation,
            test,
        })
    }

    /// Classes or targets; every label must have a name where there are names.
    pub(crate) fn outputs(&self) -> Result<usize, Error> {
        let labels = match self.y.answers() {
            Targets::Labels(labels) => labels,
            Targets::Multilabel { outputs, .. } if ![0, *outputs].contains(&self.class_names.len()) => {
                return Err(Error::data(
                    &self.y_path,
                    "shape",
                    format!("{outputs} labels, {} class names are given", self.class_names.len()),
                ));
            }
            Targets::Values { outputs, .. } | Targets::Multilabel { outputs, .. } => return Ok(*outputs),
            Targets::PerStep { .. } => return Err(Error::data(&self.y_path, "shape", "has too many axes")),
        };
        let most = labels.iter().copied().max().unwrap_or(0) as usize;
        let names = self.class_names.len();
        if let Some(name) = self.class_names.iter().find(|n| n.contains(',')) {
            let problem = "a comma separates names in the model file; use another sign";
            return Err(Error::data(&self.y_path, format!("class name {name}"), problem));
        }
        if names > 0 && most >= names {
            let n = labels.iter().position(|l| *l as usize >= names).unwrap_or(0);
            return Err(Error::data(
                &self.y_path,
                targets::place(
                    n,
                    if self.y.output_at() == OutputAt::Step {
                        self.x.length
                    } else {
                        1
                    },
                ),
                format!("{} is out of range, {names} class names are given", labels[n]),
            ));
        }
        Ok(if names > 0 { names } else { most + 1 })
    }

    /// A classifier cannot be trained on one class.
    pub(crate) fn several_classes(&self) -> Result<(), Error> {
        match self.y.answers() {
            Targets::Labels(labels) if labels.iter().all(|l| *l == labels[0]) => Err(Error::data(
                &self.y_path,
                "labels",
                format!("all are {}; a classifier needs at least two classes", labels[0]),
            )),
            _ => Ok(()),
        }
    }

    /// Channel descriptions, with full scales from the training part where none is given.
    pub(crate) fn channels(&self, x_path: &Path, training: &Sequences) -> Result<Vec<Channel>, Error> {
        let i = training.channels;
        if !self.channels.is_empty() && self.channels.len() != i {
            return Err(Error::data(
                x_path,
                "channels",
                format!("{i} in the data, {} described; describe every one", self.channels.len()),
            ));
        }
        let channel = |k: usize| {
            let given = self.channels.get(k).cloned().unwrap_or_default();
            let name = match given.name.is_empty() {
                true => format!("channel{k}"),
                false => given.name,
            };
            let full_scale = given.full_scale.unwrap_or_else(|| {
                let values = training.iter().flat_map(|s| s.iter().skip(k).step_by(i));
                covering_power_of_two(values.fold(0.0, |m, v| v.abs().max(m)))
            });
            if !(full_scale.is_finite() && full_scale > 0.0) {
                let problem = format!("is {full_scale}; give a number above 0");
                return Err(Error::data(x_path, format!("full_scale of {name}"), problem));
            }
            if name.contains(',') || given.unit.contains(',') {
                let problem = "a comma separates names in the model file; use another sign";
                return Err(Error::data(x_path, format!("channel name {name}"), problem));
            }
            Ok(Channel {
                name,
                unit: given.unit,
                full_scale,
            })
        };
        (0..i).map(channel).collect()
    }
}

/// Reads other files as a training set was read: its class names, its windows, every K-th sample. Answers in a file of
/// their own are read where `y` names it.
///
/// # Errors
/// As [`read()`](crate::read), and windows that do not fit.
pub fn read_like(config: &DatasetConfig, x: &Path, y: Option<&Path>) -> Result<Recordings, Error> {
    let mut config = config.clone();
    config.groups = None;
    config.name_classes()?;
    let options = ReadOptions {
        y_beside: false,
        ..config.read_options(y)
    };
    let mut found = read::read(x, &options)?;
    if let Some(window) = config.window {
        found = window::cut(x, window, found)?;
    }
    (found.x, found.y) = config.view(found.x, found.y, &found.y_path)?;
    found.sample_period_s *= config.every.unwrap_or(1) as f64;
    Ok(found)
}

/// The test part of a dataset, with what its files say of channels and rate.
///
/// # Errors
/// A bad option; a test part that is missing or cannot be read.
pub fn test_recordings(config: &DatasetConfig) -> Result<Recordings<Targets>, Error> {
    config.validate()?;
    if config.test_x.is_none() && config.test_share > 0.0 {
        let mut labelled = Labelled::load(config, &config.train_x, config.train_y())?;
        let test = labelled.split(config)?.test;
        (labelled.x, labelled.y) = select_both(&labelled.x, &labelled.y, &test);
        return Ok(labelled);
    }
    let missing = || Error::usage("test_x", "missing; evaluation needs the test part");
    Labelled::load_test(config)?.ok_or_else(missing)
}

impl DatasetConfig {
    /// Gives the names of the training set's words as the class names: the same word must be the same class elsewhere.
    fn name_classes(&mut self) -> Result<(), Error> {
        let is_csv = self.train_x.is_file() && self.train_x.extension().is_some_and(|e| e == "csv");
        let has_words = self.train_x.is_dir() || is_csv;
        if self.class_names.is_empty() && has_words {
            self.class_names = Labelled::load(self, &self.train_x, self.train_y())?.class_names;
        }
        Ok(())
    }
}
