//! A dataset made ready for training: checked, split, and its channels described.

use super::{ReadOptions, Recordings, channels, recordings, split, window};
use crate::{ChannelConfig, DatasetConfig, Error};
use float_model::{Channel, OutputAt, Sequences, Targets};
use std::path::{Path, PathBuf};

/// One sequence in ten goes to the validation part.
const VALIDATION_SHARE: f64 = 0.1;

/// Training and validation part with what is known of the channels.
pub(crate) struct Dataset {
    pub(crate) training: (Sequences, Targets),
    pub(crate) validation: (Sequences, Targets),
    pub(crate) channels: Vec<Channel>,
    pub(crate) class_names: Vec<String>,
    pub(crate) sample_period_s: f64,
    /// Outputs the model needs: classes, or real targets.
    pub(crate) outputs: usize,
    /// (I), over the training part.
    pub(crate) mean: Vec<f32>,
    /// (I), over the training part; 1 for a constant channel.
    pub(crate) std: Vec<f32>,
    pub(crate) warnings: Vec<String>,
}

/// Parts of one channel whose values are used as they are.
pub(super) struct Ready {
    pub(super) training: (Sequences, Targets),
    pub(super) validation: (Sequences, Targets),
    pub(super) channel: &'static str,
    pub(super) class_names: Vec<String>,
}

/// What a pair of files, or a folder, says.
pub(super) struct Raw {
    pub(super) x: Sequences,
    pub(super) y: Targets,
    /// What errors about the answers name.
    y_path: PathBuf,
    pub(super) groups: Vec<String>,
    pub(super) channels: Vec<ChannelConfig>,
    pub(super) class_names: Vec<String>,
    pub(super) sample_period_s: f64,
    pub(super) format: &'static str,
    pub(super) warnings: Vec<String>,
}

/// Which sequences of the training files belong to which part; none belongs to two.
pub(super) struct Held {
    pub(super) training: Vec<usize>,
    pub(super) validation: Vec<usize>,
    /// Empty where the test part has files of its own, or none is asked for.
    pub(super) test: Vec<usize>,
}

impl Dataset {
    /// Reads the training files and splits the validation part off.
    pub(crate) fn load(config: &DatasetConfig) -> Result<Self, Error> {
        let raw = Raw::load(config, &config.train_x, config.train_y())?;
        let path = &config.train_x;
        if raw.x.length < 2 {
            let (field, problem) = match config.every {
                None => (
                    "length",
                    "1 sample a sequence; a recurrent network needs at least 2".into(),
                ),
                Some(k) => (
                    "every",
                    format!("is {k}, and no sequence has more than {k} samples; give a smaller one"),
                ),
            };
            return Err(Error::data(path, field, problem));
        }
        raw.several_classes()?;
        let outputs = raw.outputs()?;
        let held = raw.split(config)?;
        let training = select_both(&raw.x, &raw.y, &held.training);
        let validation = select_both(&raw.x, &raw.y, &held.validation);

        let mut warnings = raw.warnings.clone();
        for (part, y) in [("training", &training.1), ("validation", &validation.1)] {
            warnings.extend(absent_classes(part, y, outputs, &raw.class_names));
        }
        let (mean, std) = normalisation(&training.0, &mut warnings);
        let channels = raw.channels(path, &training.0)?;
        Ok(Dataset {
            training,
            validation,
            channels,
            class_names: raw.class_names,
            sample_period_s: raw.sample_period_s,
            outputs,
            mean,
            std,
            warnings,
        })
    }

    /// Parts that need no normalisation: x is used as it is.
    pub(super) fn of(ready: Ready) -> Self {
        let channels = ready.training.0.channels;
        let channel = Channel {
            name: ready.channel.into(),
            unit: String::new(),
            full_scale: 1.0,
        };
        Dataset {
            training: ready.training,
            validation: ready.validation,
            channels: vec![channel; channels],
            outputs: ready.class_names.len(),
            class_names: ready.class_names,
            sample_period_s: 0.0,
            mean: vec![0.0; channels],
            std: vec![1.0; channels],
            warnings: Vec::new(),
        }
    }

    /// Reads the test part.
    pub(crate) fn load_test(config: &DatasetConfig) -> Result<(Sequences, Targets), Error> {
        if config.test_x.is_none() && config.test_share > 0.0 {
            let raw = Raw::load(config, &config.train_x, config.train_y())?;
            let held = raw.split(config)?;
            return Ok(select_both(&raw.x, &raw.y, &held.test));
        }
        let Some(raw) = Raw::load_test(config)? else {
            return Err(Error::usage("test_x", "missing; evaluation needs the test part"));
        };
        Ok((raw.x, raw.y))
    }
}

impl Raw {
    /// The test files, where there are any.
    pub(super) fn load_test(config: &DatasetConfig) -> Result<Option<Self>, Error> {
        let Some(test_x) = &config.test_x else {
            return Ok(None);
        };
        let mut config = config.clone();
        config.name_classes()?;
        config.groups = None;
        Raw::load(&config, test_x, config.test_y.as_deref()).map(Some)
    }

    pub(super) fn load(config: &DatasetConfig, x_path: &Path, y_path: Option<&Path>) -> Result<Self, Error> {
        let mut found = recordings::read(x_path, &config.read_options(y_path))?;
        if let Some(window) = config.window {
            found = window::cut(x_path, window, found)?;
        }
        let Recordings {
            x,
            y,
            y_path,
            groups,
            channels,
            class_names,
            sample_period_s,
            format,
            warnings,
        } = found;
        let Some(y) = y else {
            return Err(Error::usage(
                "train_y",
                format!("missing; {} needs a file with one label a sequence", x_path.display()),
            ));
        };
        let mut raw = Raw {
            x,
            y,
            y_path,
            groups,
            channels,
            class_names,
            sample_period_s,
            format,
            warnings,
        };
        if let Some(path) = &config.channels_file {
            raw.describe(channels::load(path)?, path)?;
        }
        if !config.channels.is_empty() {
            raw.channels = config.channels.clone();
        }
        if !config.class_names.is_empty() {
            raw.class_names = config.class_names.clone();
        }
        if config.sample_period_s > 0.0 {
            raw.sample_period_s = config.sample_period_s;
        }
        if let Targets::PerStep { length, .. } = &raw.y {
            if *length != raw.x.length {
                let problem = format!("answers at {length} steps, the sequences have {} samples", raw.x.length);
                return Err(Error::data(&raw.y_path, "shape", problem));
            }
            if !raw.x.lengths.is_empty() {
                let problem =
                    "answers at every step need sequences of equal length; cut them with --window LENGTH:STRIDE";
                return Err(Error::data(&raw.y_path, "lengths", problem));
            }
        }
        let (x, y) = config.view(raw.x, Some(raw.y), &raw.y_path)?;
        (raw.x, raw.y) = (x, y.expect("answers stay"));
        raw.sample_period_s *= config.every.unwrap_or(1) as f64;
        raw.outputs()?;
        Ok(raw)
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
    pub(super) fn split(&self, config: &DatasetConfig) -> Result<Held, Error> {
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
        Ok(Held {
            training,
            validation,
            test,
        })
    }

    /// Classes or targets; every label must have a name where there are names.
    pub(super) fn outputs(&self) -> Result<usize, Error> {
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
                super::place(
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
    fn several_classes(&self) -> Result<(), Error> {
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
    pub(super) fn channels(&self, x_path: &Path, training: &Sequences) -> Result<Vec<Channel>, Error> {
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

/// The smallest power of two that is at least `largest`; 1 for 0.
fn covering_power_of_two(largest: f32) -> f32 {
    if largest == 0.0 {
        return 1.0;
    }
    let mut power = f64::from(largest).log2().ceil().exp2();
    if power < f64::from(largest) {
        power *= 2.0;
    }
    (power as f32).clamp(f32::MIN_POSITIVE, f32::MAX)
}

/// Mean and standard deviation of every channel over all samples, padding aside, in f64.
pub(super) fn normalisation(x: &Sequences, warnings: &mut Vec<String>) -> (Vec<f32>, Vec<f32>) {
    let channel = |k: usize| {
        let values = || {
            x.iter()
                .flat_map(|s| s.iter().skip(k).step_by(x.channels))
                .map(|v| f64::from(*v))
        };
        let n = x.samples() as f64;
        let mean = values().sum::<f64>() / n;
        let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        // Below the resolution of f32 around the mean, a channel is constant.
        let std = variance.sqrt();
        if std <= f64::from(f32::EPSILON) * mean.abs() || (std as f32) < f32::MIN_POSITIVE {
            warnings.push(format!(
                "channel {k} is constant in the training part; its std counts as 1"
            ));
            return (mean as f32, 1.0);
        }
        (mean as f32, std as f32)
    };
    (0..x.channels).map(channel).unzip()
}

/// Reads other files as a training set was read: its class names, its windows, every K-th sample. Answers in a file of
/// their own are read where `y` names it.
///
/// # Errors
/// As [`recordings::read`](super::read), and windows that do not fit.
pub fn read_like(config: &DatasetConfig, x: &Path, y: Option<&Path>) -> Result<(Sequences, Option<Targets>), Error> {
    let mut config = config.clone();
    config.groups = None;
    config.name_classes()?;
    let options = ReadOptions {
        y_beside: false,
        ..config.read_options(y)
    };
    let mut found = recordings::read(x, &options)?;
    if let Some(window) = config.window {
        found = window::cut(x, window, found)?;
    }
    config.view(found.x, found.y, &found.y_path)
}

impl DatasetConfig {
    /// Gives the names of the training set's words as the class names: the same word must be the same class elsewhere.
    fn name_classes(&mut self) -> Result<(), Error> {
        let is_csv = self.train_x.is_file() && self.train_x.extension().is_some_and(|e| e == "csv");
        let has_words = self.train_x.is_dir() || is_csv;
        if self.class_names.is_empty() && has_words {
            self.class_names = Raw::load(self, &self.train_x, self.train_y())?.class_names;
        }
        Ok(())
    }
}

/// Classes of which a part has no sequence.
fn absent_classes(part: &str, y: &Targets, outputs: usize, names: &[String]) -> Option<String> {
    let Targets::Labels(labels) = y else { return None };
    let absent: Vec<String> = (0..outputs)
        .filter(|c| !labels.contains(&(*c as u32)))
        .map(|c| names.get(c).cloned().unwrap_or_else(|| c.to_string()))
        .collect();
    (!absent.is_empty()).then(|| format!("the {part} part has no sequence of class {}", absent.join(", ")))
}

/// The sequences at `indices`, with their answers.
pub(crate) fn select_both(x: &Sequences, y: &Targets, indices: &[usize]) -> (Sequences, Targets) {
    (x.select(indices.iter().copied()), y.select(indices.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_covers() {
        for (largest, power) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (1.1, 2.0),
            (0.3, 0.5),
            (8.0, 8.0),
            (8.000_001, 16.0),
        ] {
            assert_eq!(covering_power_of_two(largest), power);
        }
    }

    #[test]
    fn a_constant_channel_is_warned_of() {
        let x = Sequences::new("x", vec![1.0, 5.0, 3.0, 5.0, 1.0, 5.0, 3.0, 5.0], 2, 2, 2).unwrap();
        let mut warnings = Vec::new();
        let (mean, std) = normalisation(&x, &mut warnings);
        assert_eq!((mean, std), (vec![2.0, 5.0], vec![1.0, 1.0]));
        assert!(warnings.len() == 1 && warnings[0].contains("channel 1"));
    }
}
