//! What a user says of the columns and axes of recordings, where the files do not say it, or say it wrongly.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A time column and its unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeColumn {
    /// The name in the header row, or the number of the column, from 1, where there is none.
    pub name: String,
    /// `s`, `ms`, `us` or `ns`; absent: as the header or the values say.
    #[serde(default)]
    pub unit: Option<String>,
}

/// What columns of text files are, by their names in the header row or by their numbers, from 1. What is not given is found by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Columns {
    /// The time of each sample.
    pub time: Option<TimeColumn>,
    /// The class of each sample.
    pub label: Option<String>,
    /// Whose each sample is.
    pub group: Option<String>,
    /// Which recording each sample belongs to.
    pub sequence: Option<String>,
    /// Channels, in this order; empty: every column that is nothing else.
    pub channels: Vec<String>,
    /// Columns that are left out.
    pub ignore: Vec<String>,
}

/// Units of time that `time=NAME:UNIT` takes, and how many seconds each is.
pub(crate) const TIME_UNITS: [(&str, f64); 4] = [("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)];

impl Columns {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Columns::default()
    }
}

impl FromStr for Columns {
    type Err = Error;

    /// Reads `time=NAME:UNIT,label=NAME,group=NAME,sequence=NAME,channel=NAME,ignore=NAME`, each part at most once but for `channel`
    /// and `ignore`.
    fn from_str(text: &str) -> Result<Self, Error> {
        const FORM: &str = "expected time=NAME[:s|ms|us|ns], label=NAME, group=NAME, sequence=NAME, channel=NAME or ignore=NAME, separated \
                            by commas";
        let wrong = |part: &str| Error::usage("columns", format!("'{part}' in '{text}': {FORM}"));
        let mut columns = Columns::default();
        for part in text.split(',') {
            let (key, name) = part.split_once('=').ok_or_else(|| wrong(part))?;
            let (key, name) = (key.trim(), name.trim().to_owned());
            if name.is_empty() {
                return Err(wrong(part));
            }
            let once = |slot: &mut Option<String>| match slot.replace(name.clone()) {
                None => Ok(()),
                Some(_) => Err(Error::usage("columns", format!("{key} is given twice in '{text}'"))),
            };
            match key {
                "time" => {
                    let unit = |u: &str| TIME_UNITS.iter().any(|(known, _)| *known == u);
                    let time = match name.rsplit_once(':').filter(|(_, u)| unit(u)) {
                        Some((name, unit)) => TimeColumn {
                            name: name.to_owned(),
                            unit: Some(unit.to_owned()),
                        },
                        None => TimeColumn { name, unit: None },
                    };
                    if columns.time.replace(time).is_some() {
                        return Err(Error::usage("columns", format!("time is given twice in '{text}'")));
                    }
                }
                "label" => once(&mut columns.label)?,
                "group" => once(&mut columns.group)?,
                "sequence" => once(&mut columns.sequence)?,
                "channel" => columns.channels.push(name),
                "ignore" => columns.ignore.push(name),
                _ => return Err(wrong(part)),
            }
        }
        Ok(columns)
    }
}

/// The order of the axes of an array of sequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axes {
    /// (N, T, I): sequence, sample, channel.
    ChannelsLast,
    /// (N, I, T): sequence, channel, sample, as many public arrays and convolution libraries have it.
    ChannelsFirst,
}

impl fmt::Display for Axes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Axes::ChannelsLast => "channels-last",
            Axes::ChannelsFirst => "channels-first",
        })
    }
}

impl FromStr for Axes {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let all = [Axes::ChannelsLast, Axes::ChannelsFirst];
        let unknown = || {
            Error::usage(
                "axes",
                format!("unknown order '{text}'; expected channels-last, (N, T, I), or channels-first, (N, I, T)"),
            )
        };
        all.into_iter().find(|a| a.to_string() == text).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_from_an_option() {
        let columns: Columns = "time=Time (ms):ms,label=activity,ignore=n,ignore=Unnamed: 0,channel=ax"
            .parse()
            .unwrap();
        let time = columns.time.unwrap();
        assert_eq!((time.name.as_str(), time.unit.as_deref()), ("Time (ms)", Some("ms")));
        assert_eq!(columns.ignore, ["n", "Unnamed: 0"]);
        assert_eq!(columns.channels, ["ax"]);
        let time = "time=clock:utc".parse::<Columns>().unwrap().time.unwrap();
        assert_eq!((time.name.as_str(), time.unit), ("clock:utc", None));
    }

    #[test]
    fn a_bad_part_is_named() {
        for text in ["time", "time=", "thyme=x", "label=a,label=b", "time=a,time=b"] {
            let said = text.parse::<Columns>().unwrap_err().to_string();
            assert!(said.starts_with("columns") && said.contains(text), "{said}");
        }
        assert!(
            "nti"
                .parse::<Axes>()
                .unwrap_err()
                .to_string()
                .contains("channels-first")
        );
    }
}
