//! A summary of a dataset as it was read: shapes, rates, classes, groups, balance, ranges.

use crate::{DatasetConfig, Doubt, Error, labelled::Labelled, normalise::statistics, split::Split};
use float_model::{Targets, printable};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A dataset as training would see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatasetSummary {
    /// The kind of files.
    pub format: &'static str,
    /// `classification`, `regression` or `multilabel`.
    pub objective: &'static str,
    /// Whether there is an answer at every step.
    pub every_step: bool,
    /// Classes, or numbers an answer.
    pub outputs: usize,
    /// One a class, or empty.
    pub class_names: Vec<String>,
    /// Seconds between samples; `None` where unknown.
    pub sample_period_s: Option<f64>,
    /// The channels, over the training part, or over all where there is none.
    pub channels: Vec<ChannelSummary>,
    /// Training, validation and, where there is one, test part.
    pub parts: Vec<PartSummary>,
    /// Groups that are in more than one part; only files that are given as separate parts can cause it.
    pub shared_groups: Vec<String>,
    /// What parts of the files were taken for.
    pub readings: Vec<String>,
    /// What was changed, with counts, and what looks wrong.
    pub warnings: Vec<String>,
    /// What may be wrong, and the option that settles it; training refuses until it is settled.
    pub doubts: Vec<Doubt>,
    /// The first training sequence of every class, (T, I), or the first of all where there are no classes.
    #[serde(skip)]
    pub examples: Vec<(String, Vec<f32>)>,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChannelSummary {
    /// Name of the channel.
    pub name: String,
    /// Unit of the channel.
    pub unit: String,
    /// Magnitude at which the 16-bit input saturates.
    pub full_scale: f32,
    /// Smallest value.
    pub least: f32,
    /// Largest value.
    pub most: f32,
    /// What normalisation subtracts.
    pub mean: f32,
    /// What normalisation divides by.
    pub std: f32,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartSummary {
    /// `training`, `validation` or `test`; `all` where no parts can be made.
    pub part: &'static str,
    /// Number of sequences, N.
    pub sequences: usize,
    /// Samples of the shortest sequence.
    pub length_least: usize,
    /// Samples a sequence, mean.
    pub length_mean: f64,
    /// Samples of the longest sequence.
    pub length_most: usize,
    /// Answers of each class; empty where the answers are no classes.
    pub class_counts: Vec<usize>,
    /// Groups that it holds; empty where none are known.
    pub groups: Vec<String>,
    /// One standard error of an accuracy of one half that is measured on this part; `None` where the answers are no classes.
    pub accuracy_error: Option<f64>,
}

fn part(name: &'static str, labelled: &Labelled, indices: &[usize], outputs: usize) -> PartSummary {
    let lengths = || indices.iter().map(|n| labelled.x.length_of(*n));
    let has_classes = matches!(labelled.y.answers(), Targets::Labels(_));
    let mut class_counts = vec![0; if has_classes { outputs } else { 0 }];
    for n in indices {
        labelled
            .classes_of(*n)
            .iter()
            .for_each(|l| class_counts[*l as usize] += 1);
    }
    let ids = labelled.groups.ids();
    let present: BTreeSet<u32> = indices.iter().filter_map(|n| ids.get(*n)).copied().collect();
    let groups: BTreeSet<&str> = present
        .into_iter()
        .map(|id| labelled.groups.words()[id as usize].as_str())
        .collect();
    PartSummary {
        part: name,
        sequences: indices.len(),
        length_least: lengths().min().unwrap_or(0),
        length_mean: lengths().sum::<usize>() as f64 / indices.len().max(1) as f64,
        length_most: lengths().max().unwrap_or(0),
        accuracy_error: (!class_counts.is_empty()).then(|| accuracy_error(indices.len())),
        class_counts,
        groups: groups.into_iter().map(str::to_owned).collect(),
    }
}

/// One standard error of an accuracy of one half on `count` sequences, the most that a standard error of a share can be.
fn accuracy_error(count: usize) -> f64 {
    0.5 / (count.max(1) as f64).sqrt()
}

/// Sequences below which it is said how little a metric on them says.
const FEW: usize = 100;

/// Says how uncertain a choice by a small validation part is.
pub(crate) fn few_decide(y: &Targets) -> Option<String> {
    let count = y.count();
    let what = match y.answers() {
        Targets::Labels(_) => format!(
            "an accuracy on them is uncertain by about ±{:.2}",
            accuracy_error(count)
        ),
        _ => format!(
            "a mean over them is uncertain by about {:.0} % of their spread",
            200.0 * accuracy_error(count)
        ),
    };
    (count < FEW)
        .then(|| format!("the validation part, by which the best state is chosen, has {count} sequences: {what}"))
}

/// Names of classes that are listed in a line.
const LISTED: usize = 5;

/// Classes of which a part has no sequence.
pub(crate) fn absent_classes(part: &str, y: &Targets, outputs: usize, names: &[String]) -> Option<String> {
    let Targets::Labels(labels) = y else { return None };
    let mut is_there = vec![false; outputs];
    labels.iter().for_each(|l| is_there[*l as usize] = true);
    let name = |c: usize| names.get(c).map_or_else(|| c.to_string(), |name| printable(name));
    let absent: Vec<usize> = (0..outputs).filter(|c| !is_there[*c]).collect();
    let listed: Vec<String> = absent.iter().take(LISTED).map(|c| name(*c)).collect();
    match absent.len() {
        0 => None,
        n if n > LISTED => Some(format!(
            "the {part} part has no sequence of {n} of {outputs} classes: {} and {} more",
            listed.join(", "),
            n - LISTED
        )),
        _ => Some(format!(
            "the {part} part has no sequence of class {}",
            listed.join(", ")
        )),
    }
}

/// The parts that training would make, or, where it could make none, all sequences in one, with why.
fn shown_split(labelled: &Labelled, config: &DatasetConfig) -> Split {
    labelled.split(config).unwrap_or_else(|error| Split {
        training: (0..labelled.x.count()).collect(),
        warnings: vec![format!("training would refuse this: {error}")],
        ..Split::default()
    })
}

/// Reads a dataset as training would, with its test part, and summarises it. Where training could make no parts of it, all sequences
/// are one part, and a warning says why.
///
/// # Errors
/// As training: files that cannot be read.
pub fn describe(config: &DatasetConfig) -> Result<DatasetSummary, Error> {
    config.validate()?;
    let labelled = Labelled::load(config)?;
    let outputs = labelled.outputs()?;
    let split = shown_split(&labelled, config);
    let is_whole = split.validation.is_empty();
    let mut notes = labelled.notes.clone();
    let mut warnings = split.warnings;
    let training = statistics(&labelled.x.select(split.training.iter().copied()))?;
    warnings.extend(training.warnings());
    let channels = labelled.channels(&config.train_x, &training)?;
    warnings.extend(labelled.without_units(&channels));
    let mut parts = match is_whole {
        true => vec![part("all", &labelled, &split.training, outputs)],
        false => vec![
            part("training", &labelled, &split.training, outputs),
            part("validation", &labelled, &split.validation, outputs),
        ],
    };
    if let Err(error) = labelled.several_classes() {
        warnings.push(format!("training would refuse this: {error}"));
    }
    let (training_part, validation_part) = (("training", &split.training), ("validation", &split.validation));
    for (name, indices) in [training_part, validation_part].into_iter().filter(|_| !is_whole) {
        let y = labelled.y.select(indices.iter().copied());
        warnings.extend(absent_classes(name, &y, outputs, &labelled.class_names));
        if name == "validation" {
            warnings.extend(few_decide(&y));
        }
    }
    match Labelled::load_test(config)? {
        Some(test) => {
            let all: Vec<usize> = (0..test.x.count()).collect();
            let test_outputs = test.outputs()?.max(outputs);
            parts.push(part("test", &test, &all, test_outputs));
            notes.merge(test.notes.clone());
        }
        None if !split.test.is_empty() => parts.push(part("test", &labelled, &split.test, outputs)),
        None => {}
    }
    let mut seen = BTreeSet::new();
    let groups = parts.iter().flat_map(|p| &p.groups);
    let shared: BTreeSet<String> = groups.filter(|g| !seen.insert(*g)).cloned().collect();
    // Pieces of one recording are told by the split.
    if !shared.is_empty() && !labelled.is_split_in_time(config) {
        warnings.push(format!(
            "{} groups are in more than one part: figures measured on the test part are too optimistic",
            shared.len()
        ));
    }
    warnings.extend(imbalance(&parts[0].class_counts, &labelled.class_names));
    let channels = channels.into_iter().enumerate().map(|(k, c)| ChannelSummary {
        name: c.name,
        unit: c.unit,
        full_scale: c.full_scale,
        least: training.least[k],
        most: training.most[k],
        mean: training.mean[k],
        std: training.std[k],
    });
    Ok(DatasetSummary {
        format: labelled.format,
        objective: labelled.y.objective().name(),
        every_step: matches!(labelled.y, Targets::PerStep { .. }),
        outputs,
        sample_period_s: (labelled.sample_period_s > 0.0).then_some(labelled.sample_period_s),
        channels: channels.collect(),
        parts,
        shared_groups: shared.into_iter().collect(),
        readings: notes.readings(),
        warnings: [notes.warnings(), warnings].concat(),
        doubts: notes.doubts().to_vec(),
        examples: examples(&labelled, &split.training)?,
        class_names: labelled.class_names.clone(),
    })
}

/// The largest class has more than this many times the sequences of the smallest: accuracy alone then says little.
const IMBALANCE: usize = 4;

fn imbalance(counts: &[usize], names: &[String]) -> Option<String> {
    let (most, least) = (counts.iter().max()?, counts.iter().min()?);
    let name = |count: &usize| {
        let k = counts.iter().position(|c| c == count).unwrap_or(0);
        names.get(k).map_or_else(|| k.to_string(), |name| printable(name))
    };
    (*most > IMBALANCE * (*least).max(1)).then(|| {
        format!(
            "classes are out of balance: {} has {most} training sequences, {} {least}",
            name(most),
            name(least)
        )
    })
}

fn examples(labelled: &Labelled, training: &[usize]) -> Result<Vec<(String, Vec<f32>)>, Error> {
    let of = |n: usize, name: String| Ok((name, labelled.x.gather(&[n])?.values));
    let Targets::Labels(labels) = &labelled.y else {
        return training
            .first()
            .map(|n| of(*n, "sequence".into()))
            .into_iter()
            .collect();
    };
    let mut first = BTreeMap::new();
    for n in training {
        first.entry(labels[*n]).or_insert(*n);
    }
    let of_class = |(class, n): (u32, usize)| {
        let name = labelled.class_names.get(class as usize).cloned();
        of(n, name.unwrap_or_else(|| format!("class {class}")))
    };
    first.into_iter().map(of_class).collect()
}
