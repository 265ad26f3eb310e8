//! The recordings: what `train` refuses is refused, windows are chosen where they are needed, and parts are held out.

use crate::{Error, Hardware};
use dataset::{DatasetConfig, DatasetSummary, Window};
use float_model::printable_list;
use host_train::{
    DataSource,
    recipe::{self, Facts},
};

/// Seconds of a window, where recordings are to be cut and nothing else is said.
const WINDOW_S: f64 = 1.28;
/// The share that is held out as the test part, where there is none.
const TEST_SHARE: f64 = 0.2;
/// Groups that the parts need: one to learn from, one to choose by, one to report on.
const GROUPS: usize = 3;
/// Sequences of the validation part, at least: fewer tell no two models apart.
const VALIDATION: usize = 10;
/// How `dataset::describe` begins what training would not take.
const REFUSED: &str = "training would refuse this: ";

/// Recordings that models can be fitted to.
#[derive(Debug, Clone)]
pub struct Data {
    /// How they are read, windows and test part included.
    pub config: DatasetConfig,
    /// What they hold.
    pub summary: DatasetSummary,
    /// Samples of a sequence (T).
    pub length: usize,
    /// Seconds between samples.
    pub period_s: f64,
    /// What was decided, and what limits the figures.
    pub notes: Vec<String>,
}

fn described(config: &DatasetConfig) -> Result<DatasetSummary, Error> {
    Ok(dataset::describe(config).map_err(host_train::Error::from)?)
}

impl Data {
    /// Reads and checks the recordings for a board and a sensor.
    ///
    /// # Errors
    /// Recordings that training refuses; answers that are no classes; too few groups or sequences, with their numbers; no time
    /// between samples; channels without units; a sensor with fewer channels, or one that is too slow.
    pub fn prepare(config: DatasetConfig, hardware: &Hardware) -> Result<Data, Error> {
        if config.every.is_some() {
            return Err(Error::option("every", "fixed rates are compared anyway; leave it out"));
        }
        if config.answers_at_steps {
            let problem = "models that answer once a sequence are compared; leave it out";
            return Err(Error::option("output_at", problem));
        }
        let (mut config, mut notes) = (config, Vec::new());
        let mut summary = described(&config)?;
        classes(&config, &summary)?;
        let period_s = summary.sample_period_s.ok_or_else(|| {
            let problem =
                "missing: the recordings do not state the time between samples, and no energy is known without it";
            Error::option("sample_period_s", problem)
        })?;
        sensor(&summary, hardware, period_s)?;
        if let Some(window) = window(&config, &summary, period_s) {
            notes.push(format!(
                "windows: the recordings have {} to {} samples, and a board runs sequences of one length: they are cut into \
                 windows of {:.3} s ({} samples, one every {}); --window LENGTH:STRIDE takes others",
                least(&summary),
                most(&summary),
                window.length as f64 * period_s,
                window.length,
                window.stride
            ));
            config.window = Some(window);
            summary = described(&config)?;
        }
        groups(&config, &summary)?;
        if config.test_x.is_none() && config.test_share == 0.0 {
            config.test_share = TEST_SHARE;
            summary = described(&config)?;
        }
        trainable(&config, &summary)?;
        notes.push(held_out(&summary));
        Ok(Data {
            length: most(&summary),
            config,
            summary,
            period_s,
            notes,
        })
    }

    /// Seconds of a sequence.
    #[must_use]
    pub fn sequence_s(&self) -> f64 {
        self.length as f64 * self.period_s
    }

    /// Names of the classes.
    #[must_use]
    pub fn class_name(&self, class: usize) -> String {
        let name = self.summary.class_names.get(class);
        name.map_or_else(|| format!("class {class}"), |name| float_model::printable(name))
    }

    /// What the rules of the recipe look at.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let channel_names: Vec<&str> = self.summary.channels.iter().map(|c| c.name.as_str()).collect();
        Facts {
            sequences: self.summary.parts.first().map_or(0, |p| p.sequences),
            length: self.length,
            numbers: false,
            triples: recipe::triples(&channel_names),
        }
    }

    /// The recordings at every `every`-th sample.
    #[must_use]
    pub fn source(&self, every: usize) -> DataSource {
        DataSource::Dataset(DatasetConfig {
            every: (every > 1).then_some(every),
            ..self.config.clone()
        })
    }
}

fn least(summary: &DatasetSummary) -> usize {
    summary.parts.iter().map(|p| p.length_least).min().unwrap_or(0)
}

fn most(summary: &DatasetSummary) -> usize {
    summary.parts.iter().map(|p| p.length_most).max().unwrap_or(0)
}

/// Answers have to be classes, at least two.
fn classes(config: &DatasetConfig, summary: &DatasetSummary) -> Result<(), Error> {
    let path = config.train_x.display();
    if let Some(doubt) = summary.doubts.first() {
        return Err(Error::data(path, doubt.to_string()));
    }
    if summary.objective != "classification" {
        let problem = format!(
            "the answers are {}, and models are compared by their share of right classes; take train and quantize",
            summary.objective
        );
        return Err(Error::data(path, problem));
    }
    let mut counts = vec![0; summary.outputs];
    for part in &summary.parts {
        counts.iter_mut().zip(&part.class_counts).for_each(|(sum, n)| *sum += n);
    }
    match counts.iter().filter(|n| **n > 0).count() {
        0 | 1 => Err(Error::data(path, "labels: 1 class; a classifier needs at least 2")),
        _ => Ok(()),
    }
}

/// The sensor has to deliver these channels at this rate.
fn sensor(summary: &DatasetSummary, hardware: &Hardware, period_s: f64) -> Result<(), Error> {
    let Hardware { sensor, .. } = hardware;
    if let Some(problem) = sensor.lacks(summary.channels.len()) {
        return Err(Error::option("sensor", problem));
    }
    sensor.rate_for(period_s)?;
    let nameless: Vec<&str> = summary
        .channels
        .iter()
        .filter(|c| c.unit.is_empty())
        .map(|c| c.name.as_str())
        .collect();
    match sensor.is_none() || nameless.is_empty() {
        true => Ok(()),
        false => Err(Error::option(
            "channel_units",
            format!(
                "missing for {} of {} channels ({}): {} delivers counts of a unit, and a board scales them by it; give the \
                 names, units and, where it is known, --full-scale of all channels",
                nameless.len(),
                summary.channels.len(),
                printable_list(&nameless),
                sensor.name
            ),
        )),
    }
}

/// Windows of [`WINDOW_S`], or of the shortest recording where that is shorter, half a window apart; `None` where recordings need
/// none.
fn window(config: &DatasetConfig, summary: &DatasetSummary, period_s: f64) -> Option<Window> {
    let one_length = least(summary) == most(summary) && !summary.every_step;
    if config.window.is_some() || one_length {
        return None;
    }
    let length = ((WINDOW_S / period_s).round() as usize).min(least(summary)).max(2);
    Some(Window {
        length,
        stride: length / 2,
    })
}

/// Every part needs a group of its own, where groups are known.
fn groups(config: &DatasetConfig, summary: &DatasetSummary) -> Result<(), Error> {
    let own_test = config.test_x.is_some();
    let of_training = summary.parts.iter().filter(|p| !own_test || p.part != "test");
    let mut names: Vec<&str> = of_training.flat_map(|p| &p.groups).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let needed = if own_test { GROUPS - 1 } else { GROUPS };
    match (1..needed).contains(&names.len()) {
        false => Ok(()),
        true => Err(Error::data(
            config.train_x.display(),
            format!(
                "groups: {} ({}), and {needed} are the least: each part needs a group (a person) of its own; record {} more, or \
                 give --group-from none, and the figures are of these people only",
                names.len(),
                printable_list(&names),
                needed - names.len()
            ),
        )),
    }
}

/// What training would refuse, and parts that are too small to choose by.
fn trainable(config: &DatasetConfig, summary: &DatasetSummary) -> Result<(), Error> {
    let path = config.train_x.display();
    if let Some(problem) = summary.warnings.iter().find_map(|w| w.strip_prefix(REFUSED)) {
        return Err(Error::data(path, problem));
    }
    let of = |name: &str| summary.parts.iter().find(|p| p.part == name).map_or(0, |p| p.sequences);
    let count = of("validation");
    match count < VALIDATION {
        false => Ok(()),
        true => Err(Error::data(
            path,
            format!(
                "the validation part, by which models are chosen, has {count} of {} sequences, and {VALIDATION} are the least; \
                 record more, or cut the recordings into more windows, --window LENGTH:STRIDE",
                of("training") + count + of("test")
            ),
        )),
    }
}

/// Who is in which part, in words.
fn held_out(summary: &DatasetSummary) -> String {
    let parts = summary.parts.iter().map(|p| match p.groups.is_empty() {
        true => format!("{} {} sequences", p.part, p.sequences),
        false => {
            let groups = if p.groups.len() == 1 { "group" } else { "groups" };
            format!("{} {} sequences of {} {groups}", p.part, p.sequences, p.groups.len())
        }
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    match summary.parts.iter().all(|p| p.groups.is_empty()) {
        true => format!(
            "parts: {parts}. It is not known whose the sequences are: where a person is in two parts, the figures for other \
             people are lower"
        ),
        false => format!("parts: {parts}; none shares a group with another"),
    }
}
