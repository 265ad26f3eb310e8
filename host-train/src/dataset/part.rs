//! A dataset made ready for training: checked, split, and its channels described.

use super::{channels, load_folder, npy};
use crate::{ChannelConfig, DatasetConfig, Error, loss};
use float_model::{Channel, OutputAt, Sequences, Targets};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// One sequence in this many goes to the validation part.
const VALIDATION_SHARE: usize = 10;
/// The validation part comes from at most this many places of the recording.
const VALIDATION_BLOCKS: usize = 8;

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

/// What a pair of files, or a folder, says.
struct Raw {
    x: Sequences,
    y: Targets,
    /// What errors about the answers name.
    y_path: PathBuf,
    channels: Vec<ChannelConfig>,
    class_names: Vec<String>,
    sample_period_s: f64,
}

impl Dataset {
    /// Reads the training files and splits the validation part off.
    pub(crate) fn load(config: &DatasetConfig) -> Result<Self, Error> {
        let raw = Raw::load(config, &config.train_x, &config.train_y)?;
        let n = raw.x.count;
        if n < 2 {
            let problem = format!("{n} sequence; training and validation need at least 2");
            return Err(Error::data(&config.train_x, "count", problem));
        }
        if raw.x.length < 2 {
            let problem = "1 sample a sequence; a recurrent network needs at least 2";
            return Err(Error::data(&config.train_x, "length", problem));
        }
        raw.several_classes()?;
        let outputs = raw.outputs()?;
        let held = validation_indices(n);
        let kept: Vec<usize> = (0..n).filter(|k| !held.contains(k)).collect();
        let training = select_both(&raw.x, &raw.y, &kept);
        let held: Vec<usize> = held.into_iter().collect();
        let validation = select_both(&raw.x, &raw.y, &held);

        let mut warnings = Vec::new();
        let (mean, std) = normalisation(&training.0, &mut warnings);
        let channels = raw.channels(&config.train_x, &training.0)?;
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

    /// Reads the test part.
    pub(crate) fn load_test(config: &DatasetConfig) -> Result<(Sequences, Targets), Error> {
        let Some(test_x) = &config.test_x else {
            return Err(Error::usage("test_x", "missing; evaluation needs the test part"));
        };
        let mut config = config.clone();
        if test_x.is_dir() && config.train_x.is_dir() && config.class_names.is_empty() {
            // The same word must be the same class in both parts.
            config.class_names = load_folder(&config.train_x, &[])?.class_names;
        }
        let test_y = match (&config.test_y, test_x.is_dir()) {
            (Some(path), _) => path.clone(),
            (None, true) => PathBuf::new(),
            (None, false) => return Err(Error::usage("test_y", "missing; evaluation needs the test labels")),
        };
        let raw = Raw::load(&config, test_x, &test_y)?;
        Ok((raw.x, raw.y))
    }
}

impl Raw {
    fn load(config: &DatasetConfig, x_path: &Path, y_path: &Path) -> Result<Self, Error> {
        let mut raw = if x_path.is_dir() {
            let folder = load_folder(x_path, &config.class_names)?;
            Raw {
                x: folder.sequences,
                y: folder.targets,
                y_path: x_path.join("labels.csv"),
                channels: folder.channels,
                class_names: folder.class_names,
                sample_period_s: folder.sample_period_s,
            }
        } else {
            if y_path.as_os_str().is_empty() {
                return Err(Error::usage(
                    "train_y",
                    format!("missing; {} needs a file with one label a sequence", x_path.display()),
                ));
            }
            Raw {
                x: npy::sequences(x_path)?,
                y: npy::targets(y_path)?,
                y_path: y_path.into(),
                channels: Vec::new(),
                class_names: Vec::new(),
                sample_period_s: 0.0,
            }
        };
        let beside = match &config.channels_file {
            Some(path) => Some((channels::load(path)?, path.clone())),
            None => channels::load_beside(x_path)?.map(|c| (c, PathBuf::from(channels::FILE))),
        };
        if let Some((file, path)) = beside {
            let period = file.period(&path)?;
            if period > 0.0 {
                raw.sample_period_s = period;
            }
            if !file.channel.is_empty() {
                raw.channels = file.channel;
            }
            if raw.class_names.is_empty() {
                raw.class_names = file.class_names;
            }
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
        if raw.y.count() != raw.x.count {
            return Err(Error::data(
                &raw.y_path,
                "count",
                format!(
                    "{} answers for the {} sequences of {}; give one a sequence",
                    raw.y.count(),
                    raw.x.count,
                    x_path.display()
                ),
            ));
        }
        if let Targets::PerStep { length, .. } = &raw.y
            && *length != raw.x.length
        {
            let problem = format!("answers at {length} steps, the sequences have {} samples", raw.x.length);
            return Err(Error::data(&raw.y_path, "shape", problem));
        }
        raw.y = loss::answers_for(config.loss, raw.y).map_err(|problem| Error::data(&raw.y_path, "loss", problem))?;
        raw.outputs()?;
        Ok(raw)
    }

    /// Classes or targets; every label must have a name where there are names.
    fn outputs(&self) -> Result<usize, Error> {
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
    fn channels(&self, x_path: &Path, training: &Sequences) -> Result<Vec<Channel>, Error> {
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
                let values = training.values.iter().skip(k).step_by(i);
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

/// Mean and standard deviation of every channel, in f64.
fn normalisation(x: &Sequences, warnings: &mut Vec<String>) -> (Vec<f32>, Vec<f32>) {
    let channel = |k: usize| {
        let values = || x.values.iter().skip(k).step_by(x.channels).map(|v| f64::from(*v));
        let n = (x.count * x.length) as f64;
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

/// Which of `n` sequences are held out: a tenth (at least one), in contiguous blocks spread evenly, because the
/// neighbours in a recording resemble each other.
fn validation_indices(n: usize) -> BTreeSet<usize> {
    let held = ((n + VALIDATION_SHARE / 2) / VALIDATION_SHARE).max(1);
    let blocks = held.min(VALIDATION_BLOCKS);
    let cut = |total: usize, k: usize| total * k / blocks;
    (0..blocks)
        .flat_map(|k| {
            let size = cut(held, k + 1) - cut(held, k);
            let room = cut(n, k + 1) - cut(n, k);
            let start = cut(n, k) + (room - size) / 2;
            start..start + size
        })
        .collect()
}

/// The sequences at `indices`, with their answers.
pub(crate) fn select_both(x: &Sequences, y: &Targets, indices: &[usize]) -> (Sequences, Targets) {
    let sequences = Sequences {
        values: indices.iter().flat_map(|n| x.sequence(*n)).copied().collect(),
        count: indices.len(),
        ..*x
    };
    (sequences, y.select(indices.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_validation_part_is_a_tenth_in_blocks() {
        for n in [2, 3, 9, 10, 57, 100, 1234] {
            let held = validation_indices(n);
            assert!(held.iter().all(|k| *k < n) && held.len() < n, "{n}");
            assert_eq!(held.len(), ((n + 5) / 10).max(1), "{n}");
        }
        let held: Vec<usize> = validation_indices(800).into_iter().collect();
        let jumps = held.windows(2).filter(|w| w[1] != w[0] + 1).count();
        assert_eq!((held.len(), jumps), (80, 7));
    }

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
