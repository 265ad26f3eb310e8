//! What an honest figure must state.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Serialize, Serializer};

use crate::error::{Error, printable};
use crate::small_file;

/// What a measurement must state, in the order of the report's header: key and what it means.
const ITEMS: [(&str, &str); 21] = [
    ("supply_voltage", "supply at the pin of the device"),
    ("regulator", "regulator mode"),
    ("temperature", "ambient temperature"),
    ("clock", "clock of the core"),
    ("wait_states", "flash wait states"),
    ("cache", "cache and prefetch"),
    ("meter_loop", "what the meter sees: processor, board, sensor"),
    ("sensor", "sensor live or input replayed"),
    ("instrument", "instrument and its range"),
    ("sample_rate", "sample rate"),
    ("calibration", "date of the instrument's calibration"),
    ("dropped_samples", "samples lost"),
    ("baseline", "baseline that net figures subtract"),
    ("warm_up", "warm-up before the windows"),
    ("windows", "windows"),
    ("accuracy", "accuracy on the same sequences"),
    ("updates", "updates per sequence"),
    ("debugger", "debugger detached, power cycled"),
    ("compiler", "compiler and its flags"),
    ("binary_hash", "hash of the image"),
    ("model", "model and its hash"),
];

const NOT_STATED: &str = "not stated";

/// The header of a report. What was not supplied is printed as "not stated".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Setup {
    stated: BTreeMap<&'static str, String>,
}

impl Setup {
    /// Reads a TOML file of `key = "value"` lines.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Profile`] for a key that the header does not have, with the list of its keys.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let text = small_file::read(path, small_file::MOST_BYTES)?;
        let file = path.display().to_string();
        let fault = |field: &str, problem: String| Error::Profile {
            file: file.clone(),
            field: printable(field),
            problem: printable(&problem),
        };
        let values: BTreeMap<String, toml::Value> =
            toml::from_str(&text).map_err(|e| fault("content", e.message().to_string()))?;
        let mut setup = Self::default();
        for (key, value) in values {
            let text = match value {
                toml::Value::String(text) => text,
                other => other.to_string(),
            };
            if text.chars().any(char::is_control) {
                let problem = "holds line ends or other control characters; write it in one line";
                return Err(fault(&key, problem.into()));
            }
            setup.state(&key, text).map_err(|problem| fault(&key, problem))?;
        }
        Ok(setup)
    }

    /// States one item; an earlier statement stands.
    ///
    /// # Errors
    /// The header has no such key: the list of its keys.
    pub fn state(&mut self, key: &str, value: impl Into<String>) -> Result<(), String> {
        let Some((key, _)) = ITEMS.iter().find(|(known, _)| *known == key) else {
            let known: Vec<&str> = ITEMS.iter().map(|(known, _)| *known).collect();
            return Err(format!("is no item of the header; known are {}", known.join(", ")));
        };
        self.stated.entry(key).or_insert(value.into());
        Ok(())
    }

    /// States what the tool itself knows; the user's own statement stands.
    pub(super) fn derive(&mut self, key: &'static str, value: String) {
        self.stated.entry(key).or_insert(value);
    }

    /// Meaning and value of every item, in order.
    pub fn lines(&self) -> impl Iterator<Item = (&'static str, &str)> {
        ITEMS.iter().map(|(key, meaning)| (*meaning, self.value(key)))
    }

    fn value(&self, key: &str) -> &str {
        self.stated.get(key).map_or(NOT_STATED, String::as_str)
    }
}

impl Serialize for Setup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(ITEMS.iter().map(|(key, _)| (*key, self.value(key))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_supplied_is_not_stated() {
        let mut setup = Setup::default();
        setup.state("clock", "64 MHz").unwrap();
        setup.derive("clock", "another".into());
        let lines: Vec<_> = setup.lines().collect();
        assert_eq!(lines.len(), ITEMS.len());
        assert_eq!(lines[3], ("clock of the core", "64 MHz"));
        assert_eq!(lines[2], ("ambient temperature", NOT_STATED));
        assert!(setup.state("colour", "red").unwrap_err().contains("supply_voltage"));
    }
}
