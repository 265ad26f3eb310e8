//! `channels.toml`: what the columns of a recording are.
//!
//! ```toml
//! sample_rate_hz = 50.0          # or sample_period_s = 0.02
//! sensor = "lis3dh"              # optional: what recorded them
//! class_names = ["still", "walking"]
//! [[channel]]
//! name = "acceleration x"
//! unit = "g"
//! full_scale = 2.0               # optional
//! ```

use crate::{Error, clock::PERIODS_S, error::toml_problem, paths, track::Header};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// One input channel.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelConfig {
    /// For example `acceleration x`; empty: as the files say.
    pub name: String,
    /// Unit of the samples, for example `g`; empty: as the files say, else unknown.
    #[serde(default)]
    pub unit: String,
    /// Magnitude at which the 16-bit input saturates; absent: the smallest power of two that covers the training part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_scale: Option<f32>,
}

/// The name of the file.
pub(crate) const FILE: &str = "channels.toml";

/// The contents of a `channels.toml`; every field may be absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelsFile {
    /// Name of the sensor that recorded the files, as `skiprnn boards` lists it; nothing but `skiprnn collect` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<String>,
    /// Samples a second; one of this and `sample_period_s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate_hz: Option<f64>,
    /// Seconds between samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_period_s: Option<f64>,
    /// Names of the classes, in the order of their indices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub class_names: Vec<String>,
    /// The channels, in the order of the columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channel: Vec<ChannelConfig>,
}

impl ChannelsFile {
    /// The file's name.
    pub const NAME: &str = FILE;

    /// Reads a `channels.toml`.
    ///
    /// # Errors
    /// The file cannot be read, or is not one.
    pub fn read(path: &Path) -> Result<Self, Error> {
        load(path)
    }

    /// Seconds between samples, 0 where the file does not say; `path` is what an error names.
    ///
    /// # Errors
    /// Both the rate and the period are given, or it is not between a microsecond and a day.
    pub fn period(&self, path: &Path) -> Result<f64, Error> {
        let (field, period) = match (self.sample_period_s, self.sample_rate_hz) {
            (None, None) => return Ok(0.0),
            (Some(period), None) => ("sample_period_s", period),
            (None, Some(rate)) => ("sample_rate_hz", 1.0 / rate),
            (Some(_), Some(_)) => {
                return Err(Error::data(
                    path,
                    "sample_rate_hz",
                    "is given beside sample_period_s; keep one of them",
                ));
            }
        };
        if PERIODS_S.contains(&period) {
            return Ok(period);
        }
        let problem = format!("{period:e} s between samples; 1e-6 to 86400 can be: 1000000 Hz to one sample a day");
        Err(Error::data(path, field, problem))
    }
}

/// Reads a `channels.toml`.
pub(crate) fn load(path: &Path) -> Result<ChannelsFile, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    toml::from_str(&text).map_err(|e| Error::data(path, "contents", toml_problem(&text, &e)))
}

/// Reads the `channels.toml` in a folder, or beside a file, or beside a folder that is one part of a set; `None` where there is none.
pub(crate) fn load_beside(data: &Path) -> Result<Option<ChannelsFile>, Error> {
    let parent = || data.parent().unwrap_or(Path::new(""));
    let mut folders = match data.is_dir() {
        true => vec![data],
        false => vec![parent()],
    };
    if data.is_dir() && paths::is_part(&paths::name(data)) {
        folders.push(parent());
    }
    let found = folders.into_iter().map(|f| f.join(FILE)).find(|p| p.is_file());
    found.map(|path| load(&path)).transpose()
}

/// What is given of the channels, completed by what the files say of them: a channel that is given without a name or without a unit has
/// the one of the files, where those describe as many channels.
#[must_use]
pub fn completed(given: &[ChannelConfig], found: Vec<ChannelConfig>) -> Vec<ChannelConfig> {
    if given.is_empty() {
        return found;
    }
    let of_files = |k: usize| found.get(k).filter(|_| found.len() == given.len());
    let complete = |(k, given): (usize, &ChannelConfig)| {
        let or = |own: &String, theirs: fn(&ChannelConfig) -> &String| match own.is_empty() {
            true => of_files(k).map(theirs).cloned().unwrap_or_default(),
            false => own.clone(),
        };
        ChannelConfig {
            name: or(&given.name, |c| &c.name),
            unit: or(&given.unit, |c| &c.unit),
            full_scale: given.full_scale.or(of_files(k).and_then(|c| c.full_scale)),
        }
    };
    given.iter().enumerate().map(complete).collect()
}

/// The descriptions that are given, completed by names and units in the files.
pub(crate) fn named(given: &[ChannelConfig], header: Header) -> Vec<ChannelConfig> {
    let mut units = header.units.into_iter();
    let described = header.names.into_iter().map(|name| ChannelConfig {
        name,
        unit: units.next().unwrap_or_default(),
        full_scale: None,
    });
    completed(given, described.collect())
}
