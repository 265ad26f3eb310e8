//! Kinds of text tables in one folder, by their columns: which of them are recordings.

use crate::{
    Error, names,
    table::{self, units},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    path::{Path, PathBuf},
};

/// Bytes of a file that show its columns.
const PEEKED: u64 = 1 << 16;

/// The columns of a table, by its first line that is no comment.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Columns {
    /// Their names in alphabetical order, in the form for comparing; empty without a header row.
    names: BTreeSet<String>,
    count: usize,
}

/// Names that say nothing of what a table holds: people, classes and times stand in tables of many kinds.
fn says_nothing(name: &str) -> bool {
    let other = ["date", "index", "id", ""];
    let is_known = names::is_label(name) || names::is_file(name) || names::group_rank(name).is_some();
    is_known || table::is_time(name) || other.contains(&name)
}

impl Columns {
    /// Looks at the beginning of a file.
    pub(crate) fn peek(path: &Path) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(Error::io(path))?;
        file.take(PEEKED).read_to_end(&mut bytes).map_err(Error::io(path))?;
        let text = match encoding_rs::Encoding::for_bom(&bytes) {
            Some((encoding, _)) => encoding.decode(&bytes).0.into_owned(),
            None => String::from_utf8_lossy(&bytes).into_owned(),
        };
        let comment = |l: &str| l.is_empty() || l.starts_with(['#', '%']) || l.starts_with("//");
        let line = text.lines().map(str::trim).find(|l| !comment(l)).unwrap_or_default();
        let separator = [';', '\t', ',']
            .into_iter()
            .max_by_key(|s| line.matches(*s).count())
            .unwrap_or(',');
        let cells: Vec<String> = line
            .split(separator)
            // A unit in the name is no part of it: ax (g) and ax (mg) are one column.
            .map(|c| names::plain(&units::of_channel(c.trim_matches([' ', '"'])).0))
            .collect();
        let number = |c: &String| c.is_empty() || c.replace(',', ".").parse::<f64>().is_ok();
        Ok(Columns {
            count: cells.len(),
            names: match cells.iter().all(number) {
                true => BTreeSet::new(),
                false => cells.into_iter().collect(),
            },
        })
    }

    /// Whether a column has this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether a column is a time, as recordings have it.
    pub(crate) fn is_timed(&self) -> bool {
        self.names.iter().any(|name| table::is_time(name))
    }

    /// What the columns are called, for messages.
    pub(crate) fn shown(&self) -> String {
        match self.names.is_empty() {
            true => format!("{} columns without names", self.count),
            false => names::list(&self.names.iter().collect::<Vec<_>>()),
        }
    }

    /// Whether two tables can be of one kind: they share a column that says what they hold. Without a header row they may be.
    fn related(&self, other: &Columns) -> bool {
        match self.names.is_empty() || other.names.is_empty() {
            true => true,
            false => self.names.intersection(&other.names).any(|n| !says_nothing(n)),
        }
    }
}

/// Parts the tables of a folder into recordings and tables of another kind, for example one line a subject. The columns that most
/// files have are those of the recordings. Returns the columns of each, and whether it is a recording.
pub(crate) fn part(files: &[PathBuf]) -> Result<Vec<(Columns, bool)>, Error> {
    let columns = files.iter().map(|f| Columns::peek(f)).collect::<Result<Vec<_>, _>>()?;
    let mut votes: BTreeMap<&Columns, (usize, u64)> = BTreeMap::new();
    for (columns, file) in columns.iter().zip(files) {
        let vote = votes.entry(columns).or_default();
        vote.0 += 1;
        vote.1 += std::fs::metadata(file).map_or(0, |m| m.len());
    }
    let Some((most, _)) = votes.into_iter().max_by_key(|(_, vote)| *vote) else {
        return Ok(Vec::new());
    };
    let alike: Vec<bool> = columns.iter().map(|c| c.related(most)).collect();
    Ok(columns.into_iter().zip(alike).collect())
}
