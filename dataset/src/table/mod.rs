//! A text table of samples: one line for each sample, one column for each channel, and columns with names of their own for time,
//! label, sequence and group.
//!
//! A file goes through `text` (encoding, lines), `dialect` (separator, quotes, comments), `header` (titles, names, units), `roles`
//! (what each column is; `stamp` for times, `units` for channels) and then, line by line, through `Reader`.

mod cell;
mod checks;
mod content;
mod dialect;
mod form;
mod header;
mod names;
mod reader;
mod roles;
mod stamp;
mod text;
mod times;
pub(crate) mod units;

pub(crate) use checks::{Rising, doubt_rising, warn_of_answers};
pub(crate) use reader::read;

use crate::{
    ChannelConfig, Columns,
    track::{Labels, Places},
};

/// What is known of a table before it is read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TableOptions<'a> {
    /// What the user says of the columns.
    pub(crate) columns: Option<&'a Columns>,
    /// What `channels.toml` or options say of the channels, in their order: a channel that has a unit or a full scale here is not
    /// converted, whatever the header says.
    pub(crate) channels: &'a [ChannelConfig],
    /// What the user or `channels.toml` says of the distance of samples in seconds, or 0: it tells the unit of times that have none.
    pub(crate) period_s: f64,
    /// Whether the file may hold many sequences: a column `id` is a group then.
    pub(crate) many: bool,
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
    /// Names of the channels, from the header row, without units; empty without a header.
    pub(crate) names: Vec<String>,
    /// Units of the values, one a channel, empty where unknown; or empty.
    pub(crate) units: Vec<String>,
    /// Time of every sample, in seconds after the file's first one; empty where there is no time column.
    pub(crate) times: Vec<f64>,
    /// The unit to which the times are rounded, in seconds.
    pub(crate) resolution_s: f64,
    /// Line of every sample, from 1.
    pub(crate) places: Places,
    /// Label of every sample; empty where there is no such column.
    pub(crate) labels: Labels,
    /// Sequence that every sample belongs to; empty where there is no such column.
    pub(crate) sequences: Labels,
    /// Group that every sample belongs to; empty where there is no such column.
    pub(crate) groups: Labels,
    /// Which channels rise from line to line, as a row number or a time does.
    pub(crate) rising: Rising,
}

/// Whether a column of this name is a time.
pub(crate) fn is_time(name: &str) -> bool {
    stamp::by_name(name, None).is_some()
}

#[cfg(test)]
mod tests;
