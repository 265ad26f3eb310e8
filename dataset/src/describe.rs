//! A summary of a dataset as it was read: shapes, rates, classes, groups, balance, ranges.

use crate::{DatasetConfig, Doubt, Error, labelled::Labelled, normalise::normalisation};
use float_model::{Sequences, Targets};
use serde::Serialize;
use std::collections::BTreeSet;

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
    /// The channels, over the training part.
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
    /// `training`, `validation` or `test`.
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
}

fn part(name: &'static str, labelled: &Labelled, indices: &[usize], outputs: usize) -> PartSummary {
    let lengths = || indices.iter().map(|n| labelled.x.length_of(*n));
    let mut class_counts = vec![0; outputs];
    match &labelled.y {
        Targets::Labels(labels) => indices.iter().for_each(|n| class_counts[labels[*n] as usize] += 1),
        Targets::PerStep { answers, length } => match &**answers {
            // What follows the end of a sequence is padding.
            Targets::Labels(labels) => indices.iter().for_each(|n| {
                let own = &labels[n * length..][..labelled.x.length_of(*n)];
                own.iter().for_each(|l| class_counts[*l as usize] += 1);
            }),
            _ => class_counts.clear(),
        },
        _ => class_counts.clear(),
    }
    let groups: BTreeSet<&String> = indices.iter().filter_map(|n| labelled.groups.get(*n)).collect();
    PartSummary {
        part: name,
        sequences: indices.len(),
        length_least: lengths().min().unwrap_or(0),
        length_mean: lengths().sum::<usize>() as f64 / indices.len().max(1) as f64,
        length_most: lengths().max().unwrap_or(0),
        class_counts,
        groups: groups.into_iter().cloned().collect(),
    }
}

/// Reads a dataset as training would, with its test part, and summarises it.
///
/// # Errors
/// As training: files that cannot be read or cannot be trained on.
pub fn describe(config: &DatasetConfig) -> Result<DatasetSummary, Error> {
    let labelled = Labelled::load(config, &config.train_x, config.train_y())?;
    let outputs = labelled.outputs()?;
    let split = labelled.split(config)?;
    let mut notes = labelled.notes.clone();
    let mut warnings = Vec::new();
    let training = labelled.x.select(split.training.iter().copied());
    let (mean, std) = normalisation(&training, &mut warnings);
    let channels = labelled.channels(&config.train_x, &training)?;
    let mut parts = vec![
        part("training", &labelled, &split.training, outputs),
        part("validation", &labelled, &split.validation, outputs),
    ];
    match Labelled::load_test(config)? {
        Some(test) => {
            let all: Vec<usize> = (0..test.x.count).collect();
            let test_outputs = test.outputs()?.max(outputs);
            parts.push(part("test", &test, &all, test_outputs));
            notes.merge(test.notes);
        }
        None if !split.test.is_empty() => parts.push(part("test", &labelled, &split.test, outputs)),
        None => {}
    }
    let mut seen = BTreeSet::new();
    let groups = parts.iter().flat_map(|p| &p.groups);
    let shared: BTreeSet<String> = groups.filter(|g| !seen.insert(*g)).cloned().collect();
    if !shared.is_empty() {
        warnings.push(format!(
            "{} groups are in more than one part: figures measured on the test part are too optimistic",
            shared.len()
        ));
    }
    warnings.extend(imbalance(&parts[0].class_counts, &labelled.class_names));
    let channels = channels.into_iter().enumerate().map(|(k, c)| {
        let values = || {
            training
                .iter()
                .flat_map(move |s| s.iter().skip(k).step_by(labelled.x.channels))
        };
        ChannelSummary {
            name: c.name,
            unit: c.unit,
            full_scale: c.full_scale,
            least: values().copied().fold(f32::INFINITY, f32::min),
            most: values().copied().fold(f32::NEG_INFINITY, f32::max),
            mean: mean[k],
            std: std[k],
        }
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
        readings: notes.readings().to_vec(),
        warnings: [notes.warnings(), warnings].concat(),
        doubts: notes.doubts().to_vec(),
        examples: examples(&labelled.x, &labelled.y, &split.training, &labelled.class_names),
        class_names: labelled.class_names.clone(),
    })
}

/// The largest class has more than this many times the sequences of the smallest: accuracy alone then says little.
const IMBALANCE: usize = 4;

fn imbalance(counts: &[usize], names: &[String]) -> Option<String> {
    let (most, least) = (counts.iter().max()?, counts.iter().min()?);
    let name = |count: &usize| {
        let k = counts.iter().position(|c| c == count).unwrap_or(0);
        names.get(k).cloned().unwrap_or_else(|| k.to_string())
    };
    (*most > IMBALANCE * (*least).max(1)).then(|| {
        format!(
            "classes are out of balance: {} has {most} training sequences, {} {least}",
            name(most),
            name(least)
        )
    })
}

fn examples(x: &Sequences, y: &Targets, training: &[usize], names: &[String]) -> Vec<(String, Vec<f32>)> {
    let of = |n: usize, name: String| (name, x.sequence(n).to_vec());
    let Targets::Labels(labels) = y else {
        return training
            .first()
            .map(|n| of(*n, "sequence".into()))
            .into_iter()
            .collect();
    };
    let classes: BTreeSet<u32> = labels.iter().copied().collect();
    let first = |class: &u32| {
        let n = training.iter().find(|n| labels[**n] == *class)?;
        let name = names.get(*class as usize).cloned();
        Some(of(*n, name.unwrap_or_else(|| format!("class {class}"))))
    };
    classes.iter().filter_map(first).collect()
}
