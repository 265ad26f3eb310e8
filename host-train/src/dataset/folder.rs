//! A folder with one CSV file per sequence, `labels.csv`, and an optional `channels.toml`.

use super::channels;
use crate::Error;
use float_model::{Sequences, Targets};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// What a folder of sequences holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Folder {
    /// In the order of `labels.csv`, in sensor units.
    pub sequences: Sequences,
    /// From `labels.csv`.
    pub targets: Targets,
    /// From `channels.toml`, or names from the header row, or empty.
    pub channels: Vec<crate::ChannelConfig>,
    /// From `channels.toml`, or the sorted distinct labels where they are words, or empty.
    pub class_names: Vec<String>,
    /// From `channels.toml`; 0 where unknown.
    pub sample_period_s: f64,
}

/// Reads a folder. Words in `labels.csv` are looked up in `class_names`, or, where that is empty, in `channels.toml`'s,
/// or become classes in sorted order.
///
/// # Errors
/// A file that is missing, empty, ragged, or holds something else than finite numbers; sequences of unequal lengths;
/// CSV files that `labels.csv` does not name.
pub fn load_folder(dir: &Path, class_names: &[String]) -> Result<Folder, Error> {
    let path = dir.join("labels.csv");
    let rows = read_labels(&path)?;
    let header = channels::load_beside(dir)?.unwrap_or_default();
    let names = if class_names.is_empty() {
        &header.class_names
    } else {
        class_names
    };
    let (targets, class_names) = parse_labels(&path, &rows, names)?;
    unnamed_files(dir, &path, &rows)?;

    let mut values = Vec::new();
    let mut first: Option<(PathBuf, Table)> = None;
    for row in &rows {
        let file = dir.join(&row.file);
        let table = read_table(&file)?;
        values.extend_from_slice(&table.values);
        match &first {
            None => first = Some((file, table)),
            Some((other, t)) => agree(&file, &table, other, t)?,
        }
    }
    let Some((_, table)) = first else {
        return Err(Error::data(
            &path,
            "rows",
            "none; give one line (file,label) a sequence",
        ));
    };
    let sequences = Sequences {
        values,
        count: rows.len(),
        length: table.length,
        channels: table.channels,
    };
    Ok(Folder {
        sequences,
        targets,
        channels: named(header.channel.clone(), &table),
        class_names,
        sample_period_s: header.period(&dir.join(channels::FILE))?,
    })
}

fn named(given: Vec<crate::ChannelConfig>, table: &Table) -> Vec<crate::ChannelConfig> {
    if !given.is_empty() {
        return given;
    }
    let from_name = |name: &String| crate::ChannelConfig {
        name: name.clone(),
        ..Default::default()
    };
    table.names.iter().map(from_name).collect()
}

struct Row {
    file: String,
    labels: Vec<String>,
}

fn read_labels(path: &Path) -> Result<Vec<Row>, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(&bytes[..]);
    let mut rows = Vec::new();
    for (line, record) in reader.records().enumerate() {
        let record = record.map_err(|e| Error::data(path, "row", e.to_string()))?;
        let mut cells = record.iter().map(str::to_owned);
        let file = cells.next().unwrap_or_default();
        if line == 0 && file == "file" {
            continue;
        }
        let labels: Vec<String> = cells.collect();
        if labels.is_empty() || labels.iter().any(String::is_empty) {
            return Err(Error::data(
                path,
                format!("line {}", line + 1),
                "has no label; write file,label",
            ));
        }
        rows.push(Row { file, labels });
    }
    Ok(rows)
}

/// Labels as indices, as words, or as real targets, whichever all rows can be.
fn parse_labels(path: &Path, rows: &[Row], class_names: &[String]) -> Result<(Targets, Vec<String>), Error> {
    let single = rows.iter().all(|r| r.labels.len() == 1);
    let label = |r: &Row| r.labels[0].clone();
    let indices: Result<Vec<i64>, _> = rows.iter().map(|r| r.labels[0].parse()).collect();
    if let (true, Ok(labels)) = (single, indices) {
        return Ok((super::labels(path, &labels, 1)?, class_names.to_vec()));
    }
    let numbers: Result<Vec<f32>, _> = rows.iter().flat_map(|r| &r.labels).map(|l| l.parse()).collect();
    match numbers {
        Ok(values) if class_names.is_empty() => {
            let outputs = rows.first().map_or(1, |r| r.labels.len());
            Ok((super::real_targets(path, values, outputs)?, Vec::new()))
        }
        _ if single => {
            let names: Vec<String> = match class_names.is_empty() {
                true => rows.iter().map(label).collect::<BTreeSet<_>>().into_iter().collect(),
                false => class_names.to_vec(),
            };
            let index = |r: &Row| {
                let k = names.iter().position(|n| *n == r.labels[0]);
                k.map(|k| k as u32).ok_or_else(|| {
                    Error::data(
                        path,
                        format!("label of {}", r.file),
                        format!("'{}' is none of {}", r.labels[0], names.join(", ")),
                    )
                })
            };
            let labels = rows.iter().map(index).collect::<Result<_, _>>()?;
            Ok((Targets::Labels(labels), names))
        }
        _ => Err(Error::data(
            path,
            "label",
            "several columns, but not all are numbers; give one label, or real targets",
        )),
    }
}

/// Every CSV file of the folder must have a label.
fn unnamed_files(dir: &Path, labels: &Path, rows: &[Row]) -> Result<(), Error> {
    let known: BTreeSet<&str> = rows.iter().map(|r| r.file.as_str()).collect();
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir).map_err(Error::io(dir))? {
        let name = entry
            .map_err(Error::io(dir))?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".csv") && name != "labels.csv" && !known.contains(name.as_str()) {
            found.insert(name);
        }
    }
    match found.first() {
        None => Ok(()),
        Some(name) => Err(Error::data(
            labels,
            "rows",
            format!(
                "{} labels, but {name} has none ({} such files); label them or move them away",
                rows.len(),
                found.len()
            ),
        )),
    }
}

/// One sequence from a CSV file: (T, I).
struct Table {
    values: Vec<f32>,
    length: usize,
    channels: usize,
    names: Vec<String>,
}

fn read_table(path: &Path) -> Result<Table, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(&bytes[..]);
    let mut table = Table {
        values: Vec::new(),
        length: 0,
        channels: 0,
        names: Vec::new(),
    };
    for (line, record) in reader.records().enumerate() {
        let record = record.map_err(|e| {
            Error::data(
                path,
                format!("line {}", line + 1),
                format!("{e}; every line needs one number a channel"),
            )
        })?;
        if line == 0 && record.iter().any(|cell| cell.parse::<f32>().is_err()) {
            table.names = record.iter().map(str::to_owned).collect();
            continue;
        }
        for (channel, cell) in record.iter().enumerate() {
            let value = cell.parse::<f32>().ok().filter(|v| v.is_finite()).ok_or_else(|| {
                Error::data(
                    path,
                    format!("sample {}, channel {channel}", table.length),
                    format!("'{cell}' is no finite number; remove or interpolate it"),
                )
            })?;
            table.values.push(value);
        }
        table.channels = record.len();
        table.length += 1;
    }
    if table.length == 0 {
        return Err(Error::data(
            path,
            "samples",
            "none; give one line a sample, one column a channel",
        ));
    }
    Ok(table)
}

fn agree(file: &Path, table: &Table, other: &Path, first: &Table) -> Result<(), Error> {
    let other = other.display();
    if table.channels != first.channels || table.names != first.names {
        let columns = |t: &Table| match t.names.is_empty() {
            true => t.channels.to_string(),
            false => t.names.join(","),
        };
        return Err(Error::data(
            file,
            "columns",
            format!("{}; {other} has {}: make them alike", columns(table), columns(first)),
        ));
    }
    if table.length != first.length {
        return Err(Error::data(
            file,
            "length",
            format!(
                "{} samples, {other} has {}; sequences of unequal length cannot be trained on yet: cut or pad them",
                table.length, first.length
            ),
        ));
    }
    Ok(())
}
