//! Many sequences in one CSV file: one line a sample, a column `sequence` that tells them apart, a column `label`,
//! and, where there are, `group` (or `subject`) and a time column.

use crate::{
    Error, Notes, ReadOptions, Recordings,
    answers::{self, Answers, Written},
    channels::named,
    stack,
    table::{self, Table, TableOptions},
    track::{Labels, Track},
};
use std::{collections::HashMap, path::Path};

/// Reads a file. A label that is the same over a sequence is the sequence's; labels that change belong to the samples.
pub(crate) fn read(path: &Path, options: &ReadOptions<'_>) -> Result<Recordings<Option<Answers>>, Error> {
    let mut notes = Notes::default();
    let told = TableOptions {
        columns: options.columns,
        channels: options.channels,
        period_s: options.sample_period_s,
        many: true,
    };
    let table = table::read(path, told, &mut notes)?;
    for (name, column) in [("sequence", &table.sequences), ("label", &table.labels)] {
        if column.is_empty() {
            let problem = format!(
                "no such column; name one in the header row: sequence,label,{}",
                channels(&table)
            );
            return Err(Error::data(path, name, problem));
        }
    }
    let ranges = lines_of(&table);
    let (mut tracks, mut groups, mut labels) = (Vec::new(), Labels::default(), Vec::new());
    for (name, lines) in &ranges {
        let pick = |column: &Labels| column.select(lines.iter().copied());
        let own = pick(&table.labels);
        labels.push(own.same().map(str::to_owned));
        if !table.groups.is_empty() {
            let own = pick(&table.groups);
            if let Some(other) = own.iter().find(|g| *g != own.get(0)) {
                let problem = format!("sequence {name} is of {} and of {other}; give it one group", own.get(0));
                return Err(Error::data(path, "group", problem));
            }
            groups.push(own.get(0));
        }
        let c = table.channels;
        tracks.push(Track {
            path: format!("{}, sequence {name}", path.display()).into(),
            values: lines
                .iter()
                .flat_map(|n| &table.values[n * c..(n + 1) * c])
                .copied()
                .collect(),
            times: match table.times.is_empty() {
                true => Vec::new(),
                false => lines.iter().map(|n| table.times[*n]).collect(),
            },
            resolution_s: table.resolution_s,
            places: table.places.select(lines.iter().copied()),
            labels: own,
        });
    }
    let stacked = stack::stack(path, tracks, table.channels, options.sample_period_s)?;
    notes.merge(stacked.notes);
    let whole: Option<Vec<String>> = labels.into_iter().collect();
    let (y, class_names) = match whole {
        Some(labels) => {
            let written = ranges.iter().zip(labels).map(|((name, _), label)| Written {
                place: format!("sequence {name}"),
                cells: vec![label],
            });
            let (y, names) = answers::parse(path, &written.collect::<Vec<_>>(), options.class_names)?;
            (y.into(), names)
        }
        None => answers::parse_samples(path, &stacked.labels, options.class_names)?,
    };
    Ok(Recordings {
        x: stacked.x,
        y: Some(y),
        y_path: path.into(),
        groups,
        channels: named(Vec::new(), table.names, table.units),
        class_names,
        sample_period_s: stacked.sample_period_s,
        format: "CSV in long form",
        notes,
    })
}

fn channels(table: &Table) -> String {
    match table.names.is_empty() {
        true => "...".into(),
        false => table.names.join(","),
    }
}

/// The lines of every sequence, in the order of their first lines; they need not follow each other.
fn lines_of(table: &Table) -> Vec<(&str, Vec<usize>)> {
    let mut list: Vec<(&str, Vec<usize>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (n, name) in table.sequences.iter().enumerate() {
        let k = *places.entry(name).or_insert_with(|| {
            list.push((name, Vec::new()));
            list.len() - 1
        });
        list[k].1.push(n);
    }
    list
}
