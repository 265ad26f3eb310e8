//! Recordings and answers from files of every format.

use crate::{
    Error, Notes, ReadOptions, Recordings, Store,
    answers::{self, Answers, Written},
    array_name::Role,
    arrays, channels, cut, folder, idx,
    locate::{self, Source},
    long_csv, names, npy, npz, paths,
    strays::{Samples, warn_of_strays},
    uci_har, wisdm,
};
use float_model::{Sequences, Targets};
use std::path::Path;

/// Reads a file or a folder: `.npy`, `.npz`, CSV in long form, IDX, a folder of CSV, WAV or Edge Impulse's files with a list of
/// them or with a folder for each class or person, the UCI HAR and WISDM sets. A folder may also hold one such file (`x.npy` with
/// `y.npy`). Beside `x.npy` or `train_x.npy`, `lengths.npy` or `train_lengths.npy` says where sequences end, and `groups.npy` or
/// `train_groups.npy` whose they are.
///
/// # Errors
/// A file that is missing, truncated, ragged within itself, or holds something else than finite numbers; answers or
/// groups that are not one a sequence.
pub fn read(path: &Path, options: &ReadOptions<'_>) -> Result<Recordings, Error> {
    cut(path, options, read_whole(path, options)?)
}

/// Cuts the windows that the options ask for.
pub(crate) fn cut(
    path: &Path,
    options: &ReadOptions<'_>,
    found: Recordings<Option<Answers>>,
) -> Result<Recordings, Error> {
    match options.window {
        Some(window) => cut::windows(path, window, found),
        None => {
            let y = found
                .y
                .clone()
                .map(|y| y.at_steps(&found.y_path, (0..found.x.count()).map(|n| found.x.length_of(n))))
                .transpose()?;
            Ok(found.with_answers(|_| y))
        }
    }
}

/// Whether what holds the recordings of a dataset holds their answers too, so that nothing else need be named where others like it are
/// read.
#[must_use]
pub fn names_its_answers(config: &crate::DatasetConfig) -> bool {
    let beside = |source: Source| matches!(source, Source::Array(_) | Source::Lines(_) | Source::Idx(_));
    config.train_y().is_none() && locate::source(&config.train_x).is_ok_and(|source| !beside(source))
}

/// [`read()`], without the windows.
pub(crate) fn read_whole(path: &Path, options: &ReadOptions<'_>) -> Result<Recordings<Option<Answers>>, Error> {
    let of = locate::source(path)?;
    let source = of.path().to_path_buf();
    let mut found = match &of {
        Source::Folder(path) => folder::read(path, options)?,
        Source::Archive(path) => npz::read(path, options)?,
        Source::Table(path) => long_csv::read(path, options)?,
        Source::Wisdm(path, files) => wisdm::read(path, files, options)?,
        Source::UciHar(dir) => uci_har::read(dir, options)?,
        Source::Idx(path) => Recordings {
            x: Store::of(idx::images(path)?.sequences(path, 1)?),
            ..Recordings::of(idx::FORMAT)
        },
        Source::Lines(path) => lines(path, options)?,
        Source::Array(path) => {
            let lengths = locate::companion(path, Role::Lengths)?;
            let lengths = lengths.map(|p| npy::read_whole_numbers(&p)).transpose()?;
            let mut found = Recordings::of("NumPy arrays");
            found.x = arrays::read_sequences(path, lengths, options.axes, &mut found.notes)?;
            found
        }
    };
    if matches!(of, Source::Idx(_) | Source::Lines(_) | Source::UciHar(_)) {
        warn_of_strays(&Samples::of_store(&found.x, &source), &mut found.notes);
    }
    for part in locate::unread_parts(&source) {
        found.notes.warn(format!(
            "{}: not read; the validation part is taken from the training part",
            part.display()
        ));
    }
    // Answers and groups that lie beside, or where the options say.
    let beside = match &of {
        Source::Idx(path) => Some(locate::idx_labels(path)).filter(|p| p.is_file()),
        Source::Array(path) | Source::Lines(path) => locate::companion(path, Role::Y)?,
        _ => None,
    };
    let beside = beside.filter(|_| options.y_beside && found.y.is_none());
    if let Some(path) = options.y.map(Path::to_path_buf).or(beside) {
        let (y, class_names) = match is_text(&path) {
            true => written_answers(&path, options, &mut found)?,
            false => read_targets(&path, options, &mut found.notes)?,
        };
        found.y = Some(y.into());
        if !class_names.is_empty() {
            found.class_names = class_names;
        }
        found.y_path = path;
    }
    let beside = match &of {
        Source::Array(path) | Source::Lines(path) => locate::companion(path, Role::Groups)?,
        _ => None,
    };
    if let Some(path) = options.groups.map(Path::to_path_buf).or(beside) {
        found.groups = match is_text(&path) {
            true => uci_har::column(&path)?.iter().map(String::as_str).collect(),
            false => {
                let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
                npy::names(&path, &bytes)?.iter().map(String::as_str).collect()
            }
        };
        agree(&path, "groups", found.groups.len(), &found.x, &source)?;
        found.notes.understood(format!("groups: {}", path.display()));
    }
    if let Some(Answers::Whole(y)) = &found.y {
        agree(&found.y_path, "answers", y.count(), &found.x, &source)?;
    }
    if !found.groups.is_empty() {
        agree(&source, "groups", found.groups.len(), &found.x, &source)?;
    }
    if let Some(file) = channels::load_beside(&source)?
        && !matches!(of, Source::Folder(_))
    {
        let period = file.period(Path::new(channels::FILE))?;
        if period > 0.0 {
            found.sample_period_s = period;
        }
        if !file.channel.is_empty() {
            found.channels = channels::completed(&file.channel, std::mem::take(&mut found.channels));
        }
        if found.class_names.is_empty() {
            found.class_names = file.class_names;
        }
    }
    Ok(found)
}

fn is_text(path: &Path) -> bool {
    let name = paths::name(path);
    [".csv", ".tsv", ".txt"].iter().any(|e| name.ends_with(e)) && !folder::list::is_list(path)
}

/// A table with a line for each sequence of one channel, as `X_train.txt` and `X_train.csv` have it.
fn lines(path: &Path, _options: &ReadOptions<'_>) -> Result<Recordings<Option<Answers>>, Error> {
    let (values, length) = uci_har::matrix(path)?;
    let mut found = Recordings::of("text with a line for each sequence");
    found.notes.understood(format!(
        "each line of {} is a sequence of {length} samples of one channel",
        path.display()
    ));
    let count = values.len() / length;
    found.x = Store::of(Sequences::new(&path.display().to_string(), values, count, length, 1)?);
    Ok(found)
}

/// Answers in a text file, one a line, under a header or not.
fn written_answers(
    path: &Path,
    options: &ReadOptions<'_>,
    found: &mut Recordings<Option<Answers>>,
) -> Result<(Targets, Vec<String>), Error> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in uci_har::column(path)? {
        let cells = line
            .split([',', ';', '\t'])
            .map(|c| c.trim().trim_matches('"').to_owned());
        rows.push(cells.collect());
    }
    let header = |row: &Vec<String>| {
        row.iter()
            .any(|c| names::is_label(c) || names::target_number(c).is_some())
    };
    if rows.first().is_some_and(|row| {
        header(row) || (rows.len() == found.x.count() + 1 && row.iter().all(|c| c.parse::<f32>().is_err()))
    }) {
        rows.remove(0);
    }
    let width = rows.first().map_or(0, Vec::len);
    if let Some(n) = rows.iter().position(|r| r.len() != width) {
        let problem = format!(
            "{} cells, the first line has {width}; give one answer a line",
            rows[n].len()
        );
        return Err(Error::data(path, format!("answer {n}"), problem));
    }
    let written = |(n, cells): (usize, Vec<String>)| Written {
        place: format!("sequence {n}"),
        cells,
    };
    let list: Vec<Written> = rows.into_iter().enumerate().map(written).collect();
    let file = channels::load_beside(path)?.unwrap_or_default();
    answers::parse(path, &list, options.wanted(&file.class_names), &mut found.notes)
}

fn agree(path: &Path, what: &str, count: usize, x: &Store, x_path: &Path) -> Result<(), Error> {
    match count == x.count() {
        true => Ok(()),
        false => Err(Error::data(
            path,
            "count",
            format!(
                "{count} {what} for the {} sequences of {}; give one a sequence",
                x.count(),
                x_path.display()
            ),
        )),
    }
}

/// Reads sequences from a file or folder of any format that [`read`] knows.
///
/// # Errors
/// As [`read`].
pub fn load_sequences(path: &Path) -> Result<Sequences, Error> {
    read(path, &ReadOptions::default())?.x.all()
}

/// Reads answers from a `.npy` file, from IDX labels, or from what holds sequences and answers.
///
/// Integers or words (N) are class labels, integers or booleans (N, C) are C independent labels of 0 or 1 each, and floats (N) or
/// (N, O) are real targets. With three axes, (N, T, C) or (N, T, O), there is an answer at every step; integers
/// (N, T, 1) are class labels.
///
/// # Errors
/// As [`read`], and negative or absurdly large labels, and independent labels that are neither 0 nor 1.
pub fn load_targets(path: &Path) -> Result<Targets, Error> {
    Ok(read_targets(path, &ReadOptions::default(), &mut Notes::default())?.0)
}

/// [`load_targets`] with the names of the classes.
fn read_targets(path: &Path, options: &ReadOptions<'_>, notes: &mut Notes) -> Result<(Targets, Vec<String>), Error> {
    let name = paths::name(path);
    if idx::is_name(&name) {
        return Ok((idx::labels(path)?, Vec::new()));
    }
    if path.is_dir() || name.ends_with(".npz") || name.ends_with(".csv") {
        let within = ReadOptions {
            y: None,
            groups: None,
            window: None,
            ..*options
        };
        let found = read(path, &within)?;
        let y = found
            .y
            .ok_or_else(|| Error::data(path, "y", "no such array; save x=..., y=..."))?;
        return Ok((y, found.class_names));
    }
    arrays::targets(
        path,
        &std::fs::read(path).map_err(Error::io(path))?,
        options.wanted(&[]),
        notes,
    )
}
