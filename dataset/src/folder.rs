//! A folder with one CSV or WAV file per sequence, `labels.csv`, and an optional `channels.toml`.

use crate::{
    Error, Notes, ReadOptions, Recordings,
    answers::{self, Answers, Written},
    channels::{self, named},
    stack,
    table::{self, TableOptions},
    track::{Header, Tracks},
    wav,
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Names every sequence, in order, with its label and its group.
pub(crate) const LABELS: &str = "labels.csv";

/// Reads a folder. Words in `labels.csv` are looked up in the options' class names, or, where those are empty, in
/// `channels.toml`'s, or become classes in sorted order.
pub(crate) fn read(dir: &Path, options: &ReadOptions<'_>) -> Result<Recordings<Option<Answers>>, Error> {
    let path = dir.join(LABELS);
    let rows = read_labels(&path)?;
    let header = channels::load_beside(dir)?.unwrap_or_default();
    let names = match options.class_names.is_empty() {
        true => &header.class_names,
        false => options.class_names,
    };
    unnamed_files(dir, &path, &rows)?;
    let Some(first) = rows.first() else {
        return Err(Error::data(
            &path,
            "rows",
            "none; give one line (file,label) a sequence",
        ));
    };
    let header_period = header.period(&dir.join(channels::FILE))?;
    let grid = match options.sample_period_s > 0.0 {
        true => options.sample_period_s,
        false => header_period,
    };
    let wav = |row: &Row| row.file.to_ascii_lowercase().ends_with(".wav");
    if let Some(other) = rows.iter().find(|row| wav(row) != wav(first)) {
        let problem = format!(
            "{} and {} are of two kinds; put them into two folders",
            first.file, other.file
        );
        return Err(Error::data(&path, "file", problem));
    }
    let files: Vec<PathBuf> = rows.iter().map(|row| dir.join(&row.file)).collect();
    let (tracks, columns) = match wav(first) {
        true => wav::read_all(&files, options.audio)?,
        false => {
            let channels = match options.channels.is_empty() {
                true => &header.channel,
                false => options.channels,
            };
            let told = TableOptions {
                columns: options.columns,
                channels,
                period_s: grid,
                many: false,
            };
            read_tables(&files, told)?
        }
    };
    let stacked = stack::stack(dir, tracks.list, columns.count, grid)?;
    let (y, class_names) = match first.labels.is_empty() {
        false => {
            let written = |row: &Row| Written {
                place: row.file.clone(),
                cells: row.labels.clone(),
            };
            let (y, names) = answers::parse(&path, &rows.iter().map(written).collect::<Vec<_>>(), names)?;
            (y.into(), names)
        }
        true if stacked.labels.is_empty() => {
            let problem = "no label column, and no label in the files; write file,label";
            return Err(Error::data(&path, "label", problem));
        }
        true => answers::parse_samples(dir, &stacked.labels, names)?,
    };
    let mut notes = tracks.notes;
    notes.merge(stacked.notes);
    Ok(Recordings {
        x: stacked.x,
        y: Some(y),
        y_path: path,
        groups: rows.iter().filter_map(|r| r.group.clone()).collect(),
        channels: named(header.channel.clone(), columns.names, columns.units),
        class_names,
        sample_period_s: match (tracks.sample_period_s > 0.0, stacked.sample_period_s > 0.0) {
            (true, _) => tracks.sample_period_s,
            (_, true) => stacked.sample_period_s,
            _ => header_period,
        },
        format: if wav(first) {
            "folder of WAV files"
        } else {
            "folder of CSV files"
        },
        notes,
    })
}

struct Row {
    file: String,
    labels: Vec<String>,
    group: Option<String>,
}

/// `file,label` rows; with a header `file,...` a column `group` or `subject` is the group, and the label may be missing.
fn read_labels(path: &Path) -> Result<Vec<Row>, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(::csv::Trim::All)
        .from_reader(&bytes[..]);
    let (mut rows, mut group, mut unlabelled) = (Vec::new(), None, false);
    for (line, record) in reader.records().enumerate() {
        let record = record.map_err(|e| Error::data(path, "row", e.to_string()))?;
        let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
        if line == 0 && cells[0] == "file" {
            group = cells.iter().position(|c| ["group", "subject"].contains(&c.as_str()));
            unlabelled = cells.len() == 1 + usize::from(group.is_some());
            continue;
        }
        let field = || format!("line {}", line + 1);
        let group = group.map(|k| cells.remove(k));
        if group.as_ref().is_some_and(String::is_empty) {
            return Err(Error::data(path, field(), "has no group; give one a sequence"));
        }
        let file = cells.remove(0);
        if !unlabelled && (cells.is_empty() || cells.iter().any(String::is_empty)) {
            return Err(Error::data(path, field(), "has no label; write file,label"));
        }
        rows.push(Row {
            file,
            labels: cells,
            group,
        });
    }
    Ok(rows)
}

/// Every CSV and WAV file of the folder must have a label.
fn unnamed_files(dir: &Path, labels: &Path, rows: &[Row]) -> Result<(), Error> {
    let known: BTreeSet<&str> = rows.iter().map(|r| r.file.as_str()).collect();
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir).map_err(Error::io(dir))? {
        let name = entry
            .map_err(Error::io(dir))?
            .file_name()
            .to_string_lossy()
            .into_owned();
        let samples = [".csv", ".wav"].iter().any(|e| name.to_ascii_lowercase().ends_with(e));
        if samples && name != LABELS && !known.contains(name.as_str()) {
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

fn read_tables(files: &[PathBuf], options: TableOptions<'_>) -> Result<(Tracks, Header), Error> {
    let mut first: Option<(&PathBuf, Header, bool)> = None;
    let (mut list, mut notes) = (Vec::new(), Notes::default());
    let mut rising: Option<table::Rising> = None;
    for file in files {
        let table = table::read(file, options, &mut notes)?;
        match &mut rising {
            None => rising = Some(table.rising.clone()),
            Some(all) => all.and(&table.rising),
        }
        let (track, columns) = table.into_track(file);
        let timed = !track.times.is_empty();
        match &first {
            Some((other, wanted, wanted_timed)) => {
                agree(file, &columns, other, wanted)?;
                if timed != *wanted_timed {
                    let problem = format!("is in only one of this file and {}; give it in all", other.display());
                    return Err(Error::data(file, "time", problem));
                }
            }
            None => first = Some((file, columns, timed)),
        }
        list.push(track);
    }
    if let Some(rising) = rising {
        table::doubt_rising(&rising, &mut notes);
    }
    let columns = first.map_or(Header::default(), |(_, columns, _)| columns);
    let tracks = Tracks {
        list,
        sample_period_s: 0.0,
        notes,
    };
    Ok((tracks, columns))
}

fn agree(file: &Path, columns: &Header, other: &Path, first: &Header) -> Result<(), Error> {
    if columns.count == first.count && columns.names == first.names && columns.units == first.units {
        return Ok(());
    }
    let shown = |c: &Header| match c.names.is_empty() {
        true => c.count.to_string(),
        false => c.names.join(","),
    };
    Err(Error::data(
        file,
        "columns",
        format!(
            "{}; {} has {}: make them alike",
            shown(columns),
            other.display(),
            shown(first)
        ),
    ))
}
