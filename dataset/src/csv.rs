//! A CSV file of samples: one line for each sample, one column for each channel, and columns with names of their own
//! for time, label, sequence and group.

use crate::{Error, track::Labels};
use std::path::Path;

/// Names of the columns that are no channels, in a header row.
///
/// `label` is read in every file; `sequence` and `group` (or `subject`) only in one file that holds many sequences.
const LABEL: &str = "label";
const SEQUENCE: &str = "sequence";
const GROUP: [&str; 2] = ["group", "subject"];
/// Names of a time column and its unit in seconds.
const TIME: [(&str, f64); 6] = [
    ("time", 1.0),
    ("timestamp", 1.0),
    ("time_s", 1.0),
    ("time_ms", 1e-3),
    ("time_us", 1e-6),
    ("time_ns", 1e-9),
];

/// What a column is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    Channel,
    Time(f64),
    Label,
    Sequence,
    Group,
}

impl Role {
    fn of(name: &str, many: bool) -> Self {
        let name = name.to_ascii_lowercase();
        match TIME.iter().find(|(n, _)| *n == name) {
            Some((_, unit)) => Role::Time(*unit),
            None if name == LABEL => Role::Label,
            None if many && name == SEQUENCE => Role::Sequence,
            None if many && GROUP.contains(&name.as_str()) => Role::Group,
            None => Role::Channel,
        }
    }
}

/// The contents of a file.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Samples, (lines, I).
    pub(crate) values: Vec<f32>,
    /// Lines that hold a sample.
    pub(crate) length: usize,
    /// Channels of a sample, I.
    pub(crate) channels: usize,
    /// Names of the channels, from the header row; empty without one.
    pub(crate) names: Vec<String>,
    /// Units of the values, one a channel, empty where unknown; or empty.
    pub(crate) units: Vec<String>,
    /// Time of every sample, in seconds; empty where there is no time column.
    pub(crate) times: Vec<f64>,
    /// Label of every sample; empty where there is no such column.
    pub(crate) labels: Labels,
    /// Sequence that every sample belongs to; empty where there is no such column.
    pub(crate) sequences: Labels,
    /// Group that every sample belongs to; empty where there is no such column.
    pub(crate) groups: Labels,
}

/// Reads a file of one sequence, or of `many`.
pub(crate) fn read(path: &Path, many: bool) -> Result<Table, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(::csv::Trim::All)
        .from_reader(&bytes[..]);
    let mut table = Table::default();
    let mut roles: Vec<Role> = Vec::new();
    for (line, record) in reader.records().enumerate() {
        let record = record.map_err(|e| {
            Error::data(
                path,
                format!("line {}", line + 1),
                format!("{e}; every line needs one number a channel"),
            )
        })?;
        if line == 0 {
            roles = vec![Role::Channel; record.len()];
            if record.iter().any(|cell| cell.parse::<f32>().is_err()) {
                roles = record.iter().map(|name| Role::of(name, many)).collect();
                let named = record.iter().zip(&roles).filter(|(_, r)| **r == Role::Channel);
                table.names = named.map(|(name, _)| name.to_owned()).collect();
            }
            table.channels = roles.iter().filter(|r| **r == Role::Channel).count();
            if table.channels == 0 {
                return Err(Error::data(
                    path,
                    "columns",
                    "hold no channel; give one column a channel",
                ));
            }
            if roles.iter().any(|r| *r != Role::Channel) || !table.names.is_empty() {
                continue;
            }
        }
        table.push(path, line + 1, &record, &roles)?;
    }
    match table.length {
        0 => Err(Error::data(
            path,
            "samples",
            "none; give one line a sample, one column a channel",
        )),
        _ => Ok(table),
    }
}

impl Table {
    fn push(&mut self, path: &Path, line: usize, record: &::csv::StringRecord, roles: &[Role]) -> Result<(), Error> {
        let mut channel = 0;
        for (cell, role) in record.iter().zip(roles) {
            match role {
                Role::Channel => {
                    let value = cell.parse::<f32>().ok().filter(|v| v.is_finite()).ok_or_else(|| {
                        Error::data(
                            path,
                            format!("sample {}, channel {channel}", self.length),
                            format!("'{cell}' is no finite number; remove or interpolate it (line {line})"),
                        )
                    })?;
                    self.values.push(value);
                    channel += 1;
                }
                Role::Time(unit) => {
                    let time = cell.parse::<f64>().ok().filter(|v| v.is_finite()).ok_or_else(|| {
                        Error::data(
                            path,
                            format!("time, line {line}"),
                            format!("'{cell}' is no number; give seconds, or name the column time_ms or time_us"),
                        )
                    })?;
                    self.times.push(time * unit);
                }
                Role::Label | Role::Sequence | Role::Group => {
                    let (name, list) = match role {
                        Role::Label => (LABEL, &mut self.labels),
                        Role::Sequence => (SEQUENCE, &mut self.sequences),
                        _ => (GROUP[0], &mut self.groups),
                    };
                    if cell.is_empty() {
                        return Err(Error::data(
                            path,
                            format!("{name}, line {line}"),
                            "is empty; give one a line",
                        ));
                    }
                    list.push(cell);
                }
            }
        }
        self.length += 1;
        Ok(())
    }
}
