//! The metadata of a model file: everything that is not a tensor.

use crate::{Cell, Channel, Description, printable};
use std::{collections::BTreeMap, str::FromStr};

/// The value of the metadata key `format`.
pub(super) const FORMAT: &str = "skiprnn-1";

/// What formats of this program begin with; PyTorch and others write the name of their tensor library under the same key.
const OWN: &str = "skiprnn-";

/// Keys with a field of their own in [`Description`], and `cell`.
const KNOWN: [&str; 13] = [
    "format",
    "cell",
    "task",
    "seed",
    "lambda",
    "sample_period_s",
    "sequence_length",
    "objective",
    "output_at",
    "class_names",
    "channel_names",
    "channel_units",
    "channel_full_scale",
];

/// Names of tensor libraries that safetensors' writers put under `format`.
const LIBRARIES: [&str; 6] = ["pt", "np", "tf", "flax", "mlx", "paddle"];

/// Metadata, and what is wrong with them.
pub(super) struct Metadata {
    entries: BTreeMap<String, String>,
    pub(super) problems: Vec<String>,
    pub(super) notes: Vec<String>,
}

impl Metadata {
    pub(super) fn new(entries: BTreeMap<String, String>) -> Self {
        let (mut problems, mut notes) = (Vec::new(), Vec::new());
        match entries.get("format").map(String::as_str) {
            None | Some(FORMAT) => {}
            Some(format) if format.starts_with(OWN) => problems.push(format!(
                "metadata format: '{}' is not '{FORMAT}'; a newer program wrote this file",
                printable(format)
            )),
            Some(format) if LIBRARIES.contains(&format) => {}
            Some(format) => notes.push(format!(
                "metadata format: '{}' is no format of this program and is left aside",
                printable(format)
            )),
        }
        Metadata {
            entries,
            problems,
            notes,
        }
    }

    /// The cell, where the file names it.
    pub(super) fn cell(&mut self) -> Option<Cell> {
        self.value::<Cell>("cell", |text| text.parse())
    }

    pub(super) fn description(&mut self) -> Description {
        let d = Description::default();
        let number = |text: &str| text.parse::<f64>().map_err(|_| cannot_read(text));
        let period = self.value("sample_period_s", |text| {
            number(text).and_then(|s| match s.is_finite() && s >= 0.0 {
                true => Ok(s),
                false => Err(format!("{s} is not a time; give seconds, or 0 where unknown")),
            })
        });
        let length = self.value("sequence_length", |text| {
            let length = text.parse::<u32>().map_err(|_| cannot_read(text))?;
            Ok(length as usize)
        });
        let channels = self.channels();
        let mut other = self.entries.clone();
        other.retain(|key, _| !KNOWN.contains(&key.as_str()));
        Description {
            task: self.entries.get("task").cloned().unwrap_or(d.task),
            seed: self.value("seed", whole).unwrap_or(d.seed),
            lambda: self.value("lambda", number).unwrap_or(d.lambda),
            sample_period_s: period.unwrap_or(d.sample_period_s),
            sequence_length: length.unwrap_or(d.sequence_length),
            objective: self.value("objective", |t| t.parse()).unwrap_or(d.objective),
            output_at: self.value("output_at", |t| t.parse()).unwrap_or(d.output_at),
            class_names: self.list("class_names"),
            channels,
            other,
        }
    }

    /// The value of a key; `None` where it is missing or wrong.
    fn value<T>(&mut self, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match read(self.entries.get(key)?) {
            Ok(value) => Some(value),
            Err(problem) => {
                let problem = printable(&problem);
                self.problems.push(format!("metadata {key}: {problem}"));
                None
            }
        }
    }

    fn list(&self, key: &str) -> Vec<String> {
        let list = self.entries.get(key);
        list.map(|s| s.split(',').map(str::to_owned).collect())
            .unwrap_or_default()
    }

    fn channels(&mut self) -> Vec<Channel> {
        let (names, units) = (self.list("channel_names"), self.list("channel_units"));
        let scales = self.list("channel_full_scale");
        if units.len() != names.len() || scales.len() != names.len() {
            let problem = "metadata channel_names: names, units and full scales must be lists of one length";
            self.problems.push(problem.into());
            return Vec::new();
        }
        let mut channels = Vec::new();
        for ((name, unit), scale) in names.into_iter().zip(units).zip(scales) {
            let full_scale = scale.parse().ok().filter(|s: &f32| s.is_finite() && *s > 0.0);
            let Some(full_scale) = full_scale else {
                self.problems.push(format!(
                    "metadata channel_full_scale: '{}' is not a positive number",
                    printable(&scale)
                ));
                return Vec::new();
            };
            channels.push(Channel { name, unit, full_scale });
        }
        channels
    }
}

fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| cannot_read(text))
}

fn cannot_read(text: &str) -> String {
    format!("cannot read '{text}'")
}
