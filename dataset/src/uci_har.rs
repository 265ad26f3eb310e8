//! The UCI HAR set as it is published: `train/Inertial Signals/*_train.txt`, `y_train.txt`, `subject_train.txt`,
//! `activity_labels.txt` (Anguita, Ghio, Oneto, Parra, Reyes-Ortiz: "A public domain dataset for human activity recognition using
//! smartphones", 2013; its README.txt).
//!
//! Each text file of signals is one channel: a line of 128 numbers, separated by blanks, for each window of 2.56 s at 50 Hz. The
//! windows overlap by half. The 561 features of `X_train.txt` are not read. Other sets in the same form are read too.

use crate::{
    ChannelConfig, Error, Notes, ReadOptions, Recordings, Store,
    answers::Answers,
    answers::{self, Wanted, Written},
    names,
    paths::name,
};
use float_model::Sequences;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// Stated in the set's README.
const RATE_HZ: f64 = 50.0;

/// The folder of signals in a folder of one part.
fn signals(dir: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).ok()?.flatten().map(|e| e.path());
    entries
        .filter(|p| p.is_dir())
        .find(|p| name(p).replace('_', " ") == "inertial signals")
}

/// Whether a folder holds one part of the set.
pub(crate) fn is_part(dir: &Path) -> bool {
    signals(dir).is_some()
}

/// Reads one part, for example `UCI HAR Dataset/train`.
pub(crate) fn read(dir: &Path, options: &ReadOptions<'_>) -> Result<Recordings<Option<Answers>>, Error> {
    let mut notes = Notes::default();
    let part = name(dir);
    let files = channel_files(dir, &part, options)?;
    let mut channels: Vec<(PathBuf, Vec<f32>, usize)> = Vec::new();
    for file in files {
        let (values, length) = matrix(&file)?;
        if let Some((first, of_first, wanted)) = channels.first()
            && (values.len(), length) != (of_first.len(), *wanted)
        {
            let problem = format!(
                "{} lines of {length} numbers, {} has {} of {wanted}; copy the set again",
                values.len() / length,
                first.display(),
                of_first.len() / wanted
            );
            return Err(Error::data(&file, "shape", problem));
        }
        channels.push((file, values, length));
    }
    let Some((_, first, length)) = channels.first() else {
        return Err(Error::data(dir, "Inertial Signals", "holds no .txt file of a channel"));
    };
    let (count, length) = (first.len() / length, *length);
    let described: Vec<ChannelConfig> = channels.iter().map(|(file, ..)| channel(file, &part)).collect();
    let mut values = Vec::with_capacity(count * length * channels.len());
    for k in 0..count * length {
        values.extend(channels.iter().map(|(_, v, _)| v[k]));
    }
    let y_path = dir.join(format!("y_{part}.txt"));
    let (y, class_names) = classes(&y_path, dir, options, &mut notes)?;
    let subjects = dir.join(format!("subject_{part}.txt"));
    let groups = match subjects.is_file() {
        true => {
            notes.understood(format!("groups: {}", name(&subjects)));
            column(&subjects)?
        }
        false => Vec::new(),
    };
    notes.understood(format!(
        "UCI HAR: {count} windows of {length} samples that overlap by half; the rate of {RATE_HZ} Hz and the units \
         are those of its README"
    ));
    Ok(Recordings {
        x: Store::of(Sequences::new(
            &dir.display().to_string(),
            values,
            count,
            length,
            channels.len(),
        )?),
        y: Some(y.into()),
        y_path,
        groups: groups.iter().map(String::as_str).collect(),
        channels: described,
        class_names,
        sample_period_s: match options.sample_period_s > 0.0 {
            true => options.sample_period_s,
            false => 1.0 / RATE_HZ,
        },
        format: "UCI HAR text files",
        notes,
    })
}

/// The files of the channels that are asked for, in order.
fn channel_files(dir: &Path, part: &str, options: &ReadOptions<'_>) -> Result<Vec<PathBuf>, Error> {
    let signals = signals(dir).ok_or_else(|| Error::data(dir, "Inertial Signals", "no such folder"))?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(&signals)
        .map_err(Error::io(&signals))?
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.is_file() && name(p).ends_with(".txt") && !name(p).starts_with('.'))
        .collect();
    files.sort();
    let Some(columns) = options.columns else {
        return Ok(files);
    };
    let called = |file: &PathBuf| channel(file, part).name;
    for wanted in columns.channels.iter().chain(&columns.ignore) {
        if !files.iter().any(|f| called(f) == *wanted) {
            let known: Vec<String> = files.iter().map(called).collect();
            let problem = format!(
                "'{}' is no channel; known are {}",
                names::shown(wanted),
                names::list(&known)
            );
            return Err(Error::usage("columns", problem));
        }
    }
    files.retain(|f| !columns.ignore.contains(&called(f)));
    if !columns.channels.is_empty() {
        let place = |f: &PathBuf| columns.channels.iter().position(|c| *c == called(f));
        files.retain(|f| place(f).is_some());
        files.sort_by_key(place);
    }
    Ok(files)
}

/// `total_acc_x_train.txt` is the channel `total_acc_x` in g, `body_gyro_x` is in rad/s.
fn channel(file: &Path, part: &str) -> ChannelConfig {
    let name = name(file);
    let stem = name.trim_end_matches(".txt");
    let unit = match stem {
        s if s.contains("gyro") => "rad/s",
        s if s.contains("acc") => "g",
        _ => "",
    };
    ChannelConfig {
        name: stem.strip_suffix(&format!("_{part}")).unwrap_or(stem).to_owned(),
        unit: unit.to_owned(),
        full_scale: None,
    }
}

/// Numbers separated by blanks, commas, semicolons or tabs, as many in every line; how many a line has.
pub(crate) fn matrix(path: &Path) -> Result<(Vec<f32>, usize), Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let (mut values, mut length) = (Vec::new(), 0);
    for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let before = values.len();
        for cell in line.split([' ', ',', ';', '\t', '\r']).filter(|c| !c.is_empty()) {
            let value = cell.parse::<f32>().ok().filter(|v| v.is_finite()).ok_or_else(|| {
                let problem = format!("'{}' is no finite number", names::shown(cell));
                Error::data(path, format!("line {}", n + 1), problem)
            })?;
            values.push(value);
        }
        if before == 0 {
            length = values.len();
        } else if values.len() - before != length {
            let problem = format!("{} numbers, the first line has {length}", values.len() - before);
            return Err(Error::data(path, format!("line {}", n + 1), problem));
        }
    }
    match length {
        0 => Err(Error::data(path, "contents", "empty")),
        _ => Ok((values, length)),
    }
}

/// One word a line.
pub(crate) fn column(path: &Path) -> Result<Vec<String>, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    Ok(lines.map(str::to_owned).collect())
}

/// The class of each window: the numbers by their names in `activity_labels.txt`.
fn classes(
    path: &Path,
    dir: &Path,
    options: &ReadOptions<'_>,
    notes: &mut Notes,
) -> Result<(float_model::Targets, Vec<String>), Error> {
    let labels = [Some(dir), dir.parent()]
        .into_iter()
        .flatten()
        .map(|d| d.join("activity_labels.txt"));
    let (mut names, mut name_of) = (Vec::new(), HashMap::new());
    if let Some(file) = labels.into_iter().find(|p| p.is_file()) {
        for line in column(&file)? {
            let (number, name) = line.split_once(char::is_whitespace).unwrap_or((&line, &line));
            names.push(name.trim().to_owned());
            name_of.insert(number.to_owned(), name.trim().to_owned());
        }
    }
    let word = |(n, number): (usize, String)| Written {
        place: format!("line {}", n + 1),
        cells: vec![name_of.get(&number).cloned().unwrap_or(number)],
    };
    let list: Vec<Written> = column(path)?.into_iter().enumerate().map(word).collect();
    let wanted: Wanted<'_> = options.wanted(&names);
    answers::parse(path, &list, wanted, notes)
}
