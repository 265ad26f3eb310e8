//! Text tables of one folder: which of them are recordings, and one order of columns for all.

use super::Entry;
use crate::{
    Error, Notes, long_csv, names,
    table::{self, Table, TableOptions},
    track::{Header, Track},
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
    let time = ["time", "timestamp", "date", "datetime", "index", "id", ""];
    names::is_label(name) || names::is_file(name) || names::group_rank(name).is_some() || time.contains(&name)
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
            .map(|c| names::plain(c.trim_matches([' ', '"'])))
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

    /// Whether two tables can be of one kind: they share a column that says what they hold. Without a header row they may be.
    fn related(&self, other: &Columns) -> bool {
        match self.names.is_empty() || other.names.is_empty() {
            true => true,
            false => self.names.intersection(&other.names).any(|n| !says_nothing(n)),
        }
    }
}

/// Parts the tables of a folder into recordings and tables of another kind, for example one line a subject. The columns that most
/// files have are those of the recordings.
pub(crate) fn part(files: &[PathBuf]) -> Result<Vec<bool>, Error> {
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
    Ok(columns.iter().map(|c| c.related(most)).collect())
}

/// A recording of a folder's file, and whose it is where the file says so.
pub(crate) struct Part {
    pub(crate) track: Track,
    pub(crate) group: Option<String>,
    /// The file, among the entries.
    pub(crate) entry: usize,
}

/// Reads tables. Columns in another order than most files have them are put into that order.
pub(crate) fn read(
    dir: &Path,
    entries: &[Entry],
    told: TableOptions<'_>,
    notes: &mut Notes,
) -> Result<(Vec<Part>, Header), Error> {
    let mut tables = Vec::with_capacity(entries.len());
    for entry in entries {
        tables.push(read_one(entry, told, notes)?);
    }
    let rising = tables.iter().map(|t| t.rising.clone()).reduce(|mut all, own| {
        all.and(&own);
        all
    });
    if let Some(rising) = rising {
        table::doubt_rising(&rising, notes);
    }
    let reference = reference(&tables);
    let header = tables.get(reference).map_or(Header::default(), header_of);
    let timed = tables.get(reference).is_some_and(|t| !t.times.is_empty());
    let mut parts = Vec::new();
    for (n, (mut table, entry)) in tables.into_iter().zip(entries).enumerate() {
        agree(&mut table, &entry.path, &header, &entries[reference].path, notes)?;
        if timed == table.times.is_empty() {
            let problem = format!(
                "is in only one of this file and {}; give it in all",
                entries[reference].path.display()
            );
            return Err(Error::data(&entry.path, "time", problem));
        }
        label_spans(&mut table, entry, notes)?;
        for (track, group) in long_csv::tracks(&table, &entry.path, notes)? {
            parts.push(Part { track, group, entry: n });
        }
    }
    if parts.is_empty() {
        return Err(Error::data(dir, "recordings", "none"));
    }
    Ok((parts, header))
}

fn read_one(entry: &Entry, told: TableOptions<'_>, notes: &mut Notes) -> Result<Table, Error> {
    match super::tree::Kind::of(&entry.file) {
        Some(super::tree::Kind::Acquisition) => crate::edge_impulse::read(&entry.path),
        _ => table::read(&entry.path, told, notes),
    }
}

fn header_of(table: &Table) -> Header {
    Header {
        count: table.channels,
        names: table.names.clone(),
        units: table.units.clone(),
    }
}

/// The first of the tables whose columns most have.
fn reference(tables: &[Table]) -> usize {
    let mut votes: BTreeMap<(usize, BTreeSet<&String>), (usize, usize)> = BTreeMap::new();
    for (n, t) in tables.iter().enumerate() {
        votes.entry((t.channels, t.names.iter().collect())).or_insert((0, n)).0 += 1;
    }
    let best = votes
        .into_values()
        .max_by_key(|(count, first)| (*count, std::cmp::Reverse(*first)));
    best.map_or(0, |(_, first)| first)
}

/// Checks that a table has the channels of the others, and puts them into their order.
fn agree(table: &mut Table, file: &Path, header: &Header, other: &Path, notes: &mut Notes) -> Result<(), Error> {
    if table.channels == header.count && table.names == header.names {
        return Ok(());
    }
    let place = |name: &String| table.names.iter().position(|n| n == name);
    let order: Option<Vec<usize>> = header.names.iter().map(place).collect();
    let distinct = order.iter().flatten().collect::<BTreeSet<_>>().len();
    match order {
        Some(order) if !order.is_empty() && table.channels == header.count && distinct == header.count => {
            let reordered = table
                .values
                .chunks_exact(header.count)
                .flat_map(|row| order.iter().map(|k| row[*k]));
            table.values = reordered.collect();
            if !table.units.is_empty() {
                table.units = order.iter().map(|k| table.units[*k].clone()).collect();
            }
            table.names = header.names.clone();
            notes.count(
                1,
                "files with columns in another order, put into one order by their names",
                file,
            );
            Ok(())
        }
        _ => {
            let shown = |count: usize, list: &[String]| match list.is_empty() {
                true => format!("{count} without names"),
                false => names::list(list),
            };
            let problem = format!(
                "{}; {} has {}: make them alike, or move the file away",
                shown(table.channels, &table.names),
                other.display(),
                shown(header.count, &header.names)
            );
            Err(Error::data(file, "columns", problem))
        }
    }
}

/// Gives the samples of a table the labels of the stretches that a list names.
fn label_spans(table: &mut Table, entry: &Entry, notes: &mut Notes) -> Result<(), Error> {
    if entry.spans.is_empty() {
        return Ok(());
    }
    table.labels = crate::edge_impulse::labels_of_spans(&entry.spans, table, &entry.path, notes)?;
    Ok(())
}
