//! Board and sensor profiles: TOML files in which every figure is an interval with a source.

mod board;
mod sensor;

use serde::{Deserialize, Serialize};

pub use board::{ActiveWorkload, Board, Draw, Firmware, Simulated, board, boards};
pub use sensor::{Depth, OutputRate, Sensor, sensor, sensors};

use crate::error::{Error, printable};
use crate::interval::Interval;
use crate::small_file;

/// A figure of more than this, in the unit of its key, is a wrong unit or no figure; products of several of them stay finite.
const MOST: f64 = 1e12;
/// A figure that must be above 0 and is less than this is none.
const LEAST: f64 = 1e-12;

/// How a figure came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Read off an instrument, on this part.
    Measured,
    /// Read in the manufacturer's document.
    Datasheet,
    /// Stated by somebody who quotes the manufacturer's document.
    Secondary,
    /// Counted or simulated: a model of the chip ran the firmware.
    Simulated,
    /// Calculated from other figures.
    Derived,
    /// From memory, not checked.
    Recalled,
    /// Chosen, for want of a figure.
    Assumed,
}

/// One figure of a profile: an interval, how it came to be known, and from where. The unit is in the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Lower end.
    pub low: f64,
    /// Best single guess.
    pub mid: f64,
    /// Upper end.
    pub high: f64,
    /// How it came to be known.
    pub evidence: Evidence,
    /// From where.
    pub source: String,
}

impl Figure {
    /// The interval alone.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval {
            low: self.low,
            mid: self.mid,
            high: self.high,
        }
    }
}

/// Checks of one file's figures.
pub(crate) struct Check<'a> {
    pub file: &'a str,
}

impl Check<'_> {
    pub(crate) fn fault(&self, field: &str, problem: impl Into<String>) -> Error {
        Error::Profile {
            file: self.file.into(),
            field: field.into(),
            problem: printable(&problem.into()),
        }
    }

    /// A text that is shown to people: not empty, in one line.
    pub(crate) fn words(&self, field: &str, text: &str) -> Result<(), Error> {
        match text.chars().any(char::is_control) {
            true => Err(self.fault(
                field,
                "holds line ends or other control characters; write it in one line",
            )),
            false => Ok(()),
        }
    }

    /// A number above 0 that something can be multiplied with.
    pub(crate) fn number(&self, field: &str, value: f64) -> Result<(), Error> {
        match (LEAST..=MOST).contains(&value) {
            true => Ok(()),
            false => Err(self.fault(field, format!("is {value:e}; give a number from {LEAST:e} to {MOST:e}"))),
        }
    }

    /// `low <= mid <= high`, finite, not negative, with a source.
    pub(crate) fn figure(&self, field: &str, figure: &Figure) -> Result<(), Error> {
        if Interval::new(figure.low, figure.mid, figure.high).is_none() {
            return Err(self.fault(field, "write finite numbers with low <= mid <= high"));
        }
        if figure.low < 0.0 {
            return Err(self.fault(field, format!("low is {}; it cannot be negative", figure.low)));
        }
        if figure.high > MOST {
            return Err(self.fault(
                field,
                format!("high is {:e}, more than {MOST:e}; check the unit", figure.high),
            ));
        }
        if figure.source.trim().is_empty() {
            return Err(self.fault(field, "source is empty; say where the figure comes from"));
        }
        self.words(field, &figure.source)
    }

    /// As [`Self::figure`], and above 0.
    pub(crate) fn positive(&self, field: &str, figure: &Figure) -> Result<(), Error> {
        self.figure(field, figure)?;
        if figure.low == 0.0 {
            return Err(self.fault(field, "low is 0; it must be above 0"));
        }
        if figure.low < LEAST {
            return Err(self.fault(
                field,
                format!("low is {:e}, less than {LEAST:e}; check the unit", figure.low),
            ));
        }
        Ok(())
    }

    pub(crate) fn some_positive(&self, field: &str, figure: Option<&Figure>) -> Result<(), Error> {
        figure.map_or(Ok(()), |figure| self.positive(field, figure))
    }
}

/// The text of a profile: built in under that name, or a file at that path. Returns the name to use in messages as
/// well.
fn text(what: &'static str, name_or_path: &str, built_in: &[(&str, &'static str)]) -> Result<(String, String), Error> {
    if let Some((name, text)) = built_in.iter().find(|(name, _)| *name == name_or_path) {
        return Ok((format!("{what} profile {name}"), (*text).to_string()));
    }
    let path = std::path::Path::new(name_or_path);
    if !path.exists() && path.extension().is_none_or(|e| e != "toml") && path.components().count() <= 1 {
        let known = built_in.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        return Err(Error::UnknownProfile {
            what,
            name: name_or_path.into(),
            known,
        });
    }
    Ok((
        name_or_path.to_string(),
        small_file::read(path, small_file::MOST_BYTES)?,
    ))
}

/// Deserializes, and turns the parser's complaint into one that names the file; field and line are in its text.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|e| {
        let line = e
            .span()
            .map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        Error::Profile {
            file: file.into(),
            field: format!("line {line}"),
            problem: printable(e.message().trim()),
        }
    })
}
