//! Recordings and answers from files of every format.

use crate::{
    Error, ReadOptions, Recordings, Store, answers::Answers, channels, folder, idx, locate, long_csv, npy, npz, window,
};
use float_model::{Sequences, Targets};
use std::path::Path;

/// Reads a file or a folder: `.npy`, `.npz`, CSV in long form, IDX, or a folder of CSV or WAV files with `labels.csv`.
/// A folder may also hold one such file (`x.npy` with `y.npy`). Beside `x.npy` or `train_x.npy`, `lengths.npy` or
/// `train_lengths.npy` says where sequences end, and `groups.npy` or `train_groups.npy` whose they are. Cuts windows where the
/// options say so.
///
/// # Errors
/// A file that is missing, truncated, ragged within itself, or holds something else than finite numbers (of a `.npy` file that stays
/// where it is this is found when its samples are used); answers or groups that are not one a sequence; windows that do not fit.
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
        Some(window) => window::cut(path, window, found),
        None => {
            let length = found.x.has_one_length().then(|| found.x.longest());
            let y_path = found.y_path.clone();
            let y = found.y.clone().map(|y| y.at_steps(&y_path, length)).transpose()?;
            Ok(found.with_answers(|_| y))
        }
    }
}

/// [`read()`], without the windows.
pub(crate) fn read_whole(path: &Path, options: &ReadOptions<'_>) -> Result<Recordings<Option<Answers>>, Error> {
    let source = locate::source(path)?;
    let name = locate::name(&source);
    let mut found = if source.is_dir() {
        folder::read(&source, options)?
    } else if name.ends_with(".npz") {
        npz::read(&source, options)?
    } else if name.ends_with(".csv") {
        long_csv::read(&source, options)?
    } else if idx::is_name(&name) {
        Recordings {
            x: Store::of(idx::images(&source)?.sequences(&source, 1)?),
            ..Recordings::of("IDX")
        }
    } else {
        let lengths = locate::sibling(&source, "lengths").filter(|p| p.is_file());
        let lengths = lengths.map(|p| npy::read_whole_numbers(&p)).transpose()?;
        let mut found = Recordings::of("NumPy arrays");
        found.x = npy::read_sequences(&source, lengths, options.axes, &mut found.notes)?;
        found
    };
    // Answers and groups that lie beside, or where the options say.
    let labels = match idx::is_name(&name) {
        true => Some(locate::idx_labels(&source)),
        false => locate::sibling(&source, "y"),
    };
    let beside = labels.filter(|p| options.y_beside && found.y.is_none() && *p != source && p.is_file());
    if let Some(path) = options.y.map(Path::to_path_buf).or(beside) {
        let (y, names) = read_targets(&path, options)?;
        found.y = Some(y.into());
        if !names.is_empty() {
            found.class_names = names;
        }
        found.y_path = path;
    }
    let beside = locate::sibling(&source, "groups").filter(|p| p.is_file());
    if let Some(path) = options.groups.map(Path::to_path_buf).or(beside) {
        let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
        found.groups = npy::names(&path, &bytes)?.into_iter().collect();
        agree(&path, "groups", found.groups.len(), &found.x, &source)?;
    }
    if let Some(Answers::Whole(y)) = &found.y {
        agree(&found.y_path, "answers", y.count(), &found.x, &source)?;
    }
    if !found.groups.is_empty() {
        agree(&source, "groups", found.groups.len(), &found.x, &source)?;
    }
    if let Some(file) = channels::load_beside(&source)?
        && !source.is_dir()
    {
        let period = file.period(Path::new(channels::FILE))?;
        if period > 0.0 {
            found.sample_period_s = period;
        }
        if !file.channel.is_empty() {
            found.channels = file.channel;
        }
        if found.class_names.is_empty() {
            found.class_names = file.class_names;
        }
    }
    Ok(found)
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
    Ok(read_targets(path, &ReadOptions::default())?.0)
}

/// [`load_targets`] with the names of the classes.
fn read_targets(path: &Path, options: &ReadOptions<'_>) -> Result<(Targets, Vec<String>), Error> {
    let name = locate::name(path);
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
    npy::targets(
        path,
        &std::fs::read(path).map_err(Error::io(path))?,
        options.class_names,
    )
}
