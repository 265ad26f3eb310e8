//! Recordings with answers: their checks, which of them belong to which part, and what their channels are.

use crate::{
    DatasetConfig, Error, ReadOptions, Recordings, Store, Window, answers, channels, idx, names,
    normalise::{Statistics, covering_power_of_two},
    paths, read,
    split::{self, Split},
    targets,
};
use float_model::{Channel, OutputAt, Sequences, Targets};
use std::{
    collections::HashSet,
    ops::{Deref, DerefMut},
    path::Path,
};

/// Recordings with answers, as a model sees them.
pub(crate) struct Labelled {
    recordings: Recordings<Targets>,
    /// The windows that recordings were cut into, and how many recordings these are.
    of_recordings: Option<(Window, usize)>,
}

impl Deref for Labelled {
    type Target = Recordings<Targets>;

    fn deref(&self) -> &Recordings<Targets> {
        &self.recordings
    }
}

impl DerefMut for Labelled {
    fn deref_mut(&mut self) -> &mut Recordings<Targets> {
        &mut self.recordings
    }
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
        let options = ReadOptions {
            test_part: true,
            ..config.read_options(config.test_y.as_deref())
        };
        Labelled::read(&config, test_x, &options).map(Some)
    }

    /// The training files.
    pub(crate) fn load(config: &DatasetConfig) -> Result<Self, Error> {
        Labelled::read(config, &config.train_x, &config.read_options(config.train_y()))
    }

    fn read(config: &DatasetConfig, x_path: &Path, options: &ReadOptions<'_>) -> Result<Self, Error> {
        let file = named_channels(config)?;
        let options = &informed(options, file.as_ref());
        let found = read::read_whole(x_path, options)?;
        let of_recordings = options.window.map(|window| {
            let lengths = (0..found.x.count()).map(|n| found.x.length_of(n));
            (window, lengths.filter(|length| *length >= window.length).count())
        });
        let mut found = read::cut(x_path, options, found)?;
        let Some(y) = found.y.take() else {
            let problem = format!("missing; {} needs a file with one label a sequence", x_path.display());
            return Err(Error::usage("train_y", problem));
        };
        let mut labelled = Labelled {
            recordings: found.with_answers(|_| y),
            of_recordings,
        };
        if let Some(path) = &config.channels_file {
            labelled.describe(channels::load(path)?, path)?;
        }
        let found = std::mem::take(&mut labelled.channels);
        labelled.channels = channels::completed(&config.channels, found);
        if !config.class_names.is_empty() {
            labelled.class_names = config.class_names.clone();
        }
        if config.sample_period_s > 0.0 {
            labelled.sample_period_s = config.sample_period_s;
        }
        labelled.check_steps()?;
        labelled.look(config)
    }

    /// Answers at every step need sequences of that length.
    fn check_steps(&self) -> Result<(), Error> {
        let Targets::PerStep { length, .. } = &self.y else {
            return Ok(());
        };
        if *length != self.x.longest() {
            let problem = format!(
                "answers at {length} steps, the sequences have {} samples",
                self.x.longest()
            );
            return Err(Error::data(&self.y_path, "shape", problem));
        }
        Ok(())
    }

    /// Training takes answers at every step of sequences of one length only.
    pub(crate) fn equal_steps(&self) -> Result<(), Error> {
        match matches!(self.y, Targets::PerStep { .. }) && !self.x.has_one_length() {
            false => Ok(()),
            true => Err(answers::unequal(&self.y_path)),
        }
    }

    /// The class of each answer of sequence `n`, padding aside; empty where the answers are no classes.
    pub(crate) fn classes_of(&self, n: usize) -> &[u32] {
        match &self.y {
            Targets::Labels(labels) => &labels[n..=n],
            Targets::PerStep { answers, length } => match &**answers {
                Targets::Labels(labels) => &labels[n * length..][..self.x.length_of(n)],
                _ => &[],
            },
            _ => &[],
        }
    }

    /// What a model sees: the answers as its loss takes them, every K-th sample.
    fn look(mut self, config: &DatasetConfig) -> Result<Self, Error> {
        let is_asked = self.notes.doubts().iter().any(|d| d.option.starts_with("--loss"));
        if config.loss.is_none()
            && !is_asked
            && let Some((text, option)) = targets::doubt(&self.y)
        {
            let text = format!("{}: {text}", self.y_path.display());
            self.notes.doubt(text, option);
        }
        let x = std::mem::replace(&mut self.x, Store::of(Sequences::default()));
        let y = std::mem::replace(&mut self.y, Targets::Labels(Vec::new()));
        let (x, y) = config.view(x, Some(y), &self.y_path)?;
        (self.x, self.y) = (x, y.expect("answers stay"));
        self.sample_period_s *= config.every.unwrap_or(1) as f64;
        self.outputs()?;
        Ok(self)
    }

    /// What a `channels.toml` that is given by name says counts before what the files say.
    fn describe(&mut self, file: channels::ChannelsFile, path: &Path) -> Result<(), Error> {
        let period = file.period(path)?;
        if period > 0.0 {
            self.sample_period_s = period;
        }
        if !file.channel.is_empty() {
            self.channels = channels::completed(&file.channel, std::mem::take(&mut self.channels));
        }
        if self.class_names.is_empty() {
            self.class_names = file.class_names;
        }
        Ok(())
    }

    /// Whether the parts are pieces of the same recordings.
    pub(crate) fn is_split_in_time(&self, config: &DatasetConfig) -> bool {
        let needed = if config.test_x.is_none() && config.test_share > 0.0 {
            3
        } else {
            2
        };
        self.of_recordings.is_some_and(|(_, count)| count < needed)
    }

    /// The sequences at `indices` and their answers.
    pub(crate) fn select(&self, indices: &[usize]) -> (Store, Targets) {
        let (x, y) = (&self.x, &self.y);
        (x.select(indices.iter().copied()), y.select(indices.iter().copied()))
    }

    /// Which sequences belong to which part.
    pub(crate) fn split(&self, config: &DatasetConfig) -> Result<Split, Error> {
        let first_of_each: Vec<u32>;
        let classes = match &self.y {
            Targets::Labels(labels) => labels,
            Targets::PerStep { answers, length } if config.answers_at_steps => match &**answers {
                // The same parts as where the answers are asked for once.
                Targets::Labels(labels) => {
                    first_of_each = labels.iter().step_by(*length).copied().collect();
                    &first_of_each
                }
                _ => &[][..],
            },
            _ => &[][..],
        };
        let pool = split::Pool {
            path: &config.train_x,
            x: &self.x,
            groups: &self.groups,
            classes,
            of_recordings: self.of_recordings,
        };
        let wants_test = config.test_x.is_none() && config.test_share > 0.0;
        split::parts(&pool, wants_test.then_some(config.test_share))
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
                    match self.y.output_at() {
                        OutputAt::Step => self.x.longest(),
                        _ => 1,
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

    /// Says which channels have no unit, once, where the recordings are of a sensor.
    pub(crate) fn without_units(&self, channels: &[Channel]) -> Option<String> {
        let list: Vec<&str> = channels
            .iter()
            .filter(|c| c.unit.is_empty())
            .map(|c| c.name.as_str())
            .collect();
        let (have, them) = if list.len() == 1 {
            ("channel", "has")
        } else {
            ("channels", "have")
        };
        (!list.is_empty() && self.format != idx::FORMAT).then(|| {
            format!(
                "{have} {} {them} no unit, so that no board can scale its samples to them: name the unit in the header, for example \
                 ax (g), in channels.toml, or with --channel-units",
                names::list(&list)
            )
        })
    }

    /// One name for each channel.
    pub(crate) fn channel_names(&self, x_path: &Path) -> Result<Vec<String>, Error> {
        let i = self.x.channels();
        if !self.channels.is_empty() && self.channels.len() != i {
            return Err(Error::data(
                x_path,
                "channels",
                format!("{i} in the data, {} described; describe every one", self.channels.len()),
            ));
        }
        let name = |k: usize| {
            let given = self.channels.get(k).cloned().unwrap_or_default();
            let name = match given.name.is_empty() {
                true => format!("channel{k}"),
                false => given.name,
            };
            if name.contains(',') || given.unit.contains(',') {
                let problem = "a comma separates names in the model file; use another sign";
                return Err(Error::data(x_path, format!("channel name {name}"), problem));
            }
            Ok(name)
        };
        let names: Vec<String> = (0..i).map(name).collect::<Result<_, _>>()?;
        let mut seen = HashSet::new();
        if let Some(twin) = names.iter().find(|name| !seen.insert(name.trim().to_lowercase())) {
            let problem = "is the name of two channels; give each a name of its own";
            return Err(Error::data(x_path, format!("channel name {twin}"), problem));
        }
        Ok(names)
    }

    /// Channel descriptions, with full scales from the training part where none is given.
    pub(crate) fn channels(&self, x_path: &Path, training: &Statistics) -> Result<Vec<Channel>, Error> {
        let channel = |(k, name): (usize, String)| {
            let given = self.channels.get(k).cloned().unwrap_or_default();
            let full_scale = given
                .full_scale
                .unwrap_or_else(|| covering_power_of_two(training.least[k].abs().max(training.most[k].abs())));
            if !(full_scale.is_finite() && full_scale > 0.0) {
                let problem = format!("is {full_scale}; give a number above 0");
                return Err(Error::data(x_path, format!("full_scale of {name}"), problem));
            }
            Ok(Channel {
                name,
                unit: given.unit,
                full_scale,
            })
        };
        self.channel_names(x_path)?
            .into_iter()
            .enumerate()
            .map(channel)
            .collect()
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
    let file = named_channels(&config)?;
    let mut found = read::read(x, &informed(&options, file.as_ref()))?;
    (found.x, found.y) = config.view(found.x, found.y, &found.y_path)?;
    found.sample_period_s *= config.every.unwrap_or(1) as f64;
    Ok(found)
}

/// The `channels.toml` that is given by name, and its period or 0.
fn named_channels(config: &DatasetConfig) -> Result<Option<(channels::ChannelsFile, f64)>, Error> {
    let Some(path) = &config.channels_file else {
        return Ok(None);
    };
    let file = channels::load(path)?;
    let period_s = file.period(path)?;
    Ok(Some((file, period_s)))
}

/// Options of reading with what a `channels.toml` says of units and rate, where the options do not say it.
fn informed<'a>(options: &ReadOptions<'a>, file: Option<&'a (channels::ChannelsFile, f64)>) -> ReadOptions<'a> {
    let mut informed = *options;
    if let Some((file, period_s)) = file {
        if informed.channels.is_empty() {
            informed.channels = &file.channel;
        }
        if informed.sample_period_s == 0.0 {
            informed.sample_period_s = *period_s;
        }
    }
    informed
}

/// The test part of a dataset, with what its files say of channels and rate.
///
/// # Errors
/// A bad option; a test part that is missing or cannot be read.
pub fn test_recordings(config: &DatasetConfig) -> Result<Recordings<Targets>, Error> {
    config.validate()?;
    if config.test_x.is_none() && config.test_share > 0.0 {
        let mut labelled = Labelled::load(config)?;
        let split = labelled.split(config)?;
        (labelled.x, labelled.y) = labelled.select(&split.test);
        if !labelled.groups.is_empty() {
            labelled.groups = labelled.groups.select(split.test);
        }
        return Ok(labelled.recordings);
    }
    match Labelled::load_test(config)? {
        Some(labelled) => Ok(labelled.recordings),
        None => Err(Error::usage("test_x", "missing; evaluation needs the test part")),
    }
}

impl DatasetConfig {
    /// Gives the names of the training set's words as the class names: the same word must be the same class elsewhere.
    fn name_classes(&mut self) -> Result<(), Error> {
        let name = paths::name(&self.train_x);
        let is_read = self.train_x.exists() && !idx::is_name(&name);
        if self.class_names.is_empty() && is_read {
            let training = Labelled::load(self)?;
            self.class_names = match training.y.answers() {
                // Indices must stay indices in a part that lacks the first classes.
                Targets::Labels(_) if training.class_names.is_empty() => {
                    (0..training.outputs()?).map(|k| k.to_string()).collect()
                }
                _ => training.recordings.class_names,
            };
        }
        Ok(())
    }
}
