//! Text tables of one folder, in one order of columns for all.

use super::entry::Entry;
use crate::{
    Error, Notes, long_csv, names,
    table::{self, Table, TableOptions},
    track::{Header, Track},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

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
        Some(super::tree::Kind::Acquisition) => {
            let mut table = crate::edge_impulse::read(&entry.path)?;
            table::units::convert(&mut table.values, &table.names, &mut table.units, told.channels, notes);
            Ok(table)
        }
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
        return agree_in_units(table, file, header, other);
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
            agree_in_units(table, file, header, other)?;
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

/// Checks that no channel is in another unit here, or in none.
fn agree_in_units(table: &Table, file: &Path, header: &Header, other: &Path) -> Result<(), Error> {
    let unit = |units: &[String], k: usize| units.get(k).cloned().unwrap_or_default();
    match (0..header.count).find(|k| unit(&table.units, *k) != unit(&header.units, *k)) {
        None => Ok(()),
        Some(k) => {
            let shown = |unit: String| {
                if unit.is_empty() {
                    "unknown".to_owned()
                } else {
                    names::shown(&unit)
                }
            };
            let name = header.names.get(k).map_or(format!("channel {k}"), |n| names::shown(n));
            let problem = format!(
                "the unit is {}, in {} {}; make the headers alike, or say the units in channels.toml",
                shown(unit(&table.units, k)),
                other.display(),
                shown(unit(&header.units, k))
            );
            Err(Error::data(file, format!("column {name}"), problem))
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
