//! Recordings of any format: which file is what, and what it holds.

use super::{Audio, channels, folder, idx, long, npy, npz};
use crate::{ChannelConfig, Error};
use float_model::{Sequences, Targets};
use std::path::{Path, PathBuf};

/// What a file or a folder holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Recordings {
    /// In sensor units.
    pub x: Sequences,
    /// The answers, where there are any.
    pub y: Option<Targets>,
    /// What errors about the answers name.
    pub y_path: PathBuf,
    /// (N): subject, speaker or session of each sequence; empty where unknown.
    pub groups: Vec<String>,
    /// From `channels.toml`, or names from a header row, or empty.
    pub channels: Vec<ChannelConfig>,
    /// From `channels.toml`, or the sorted distinct labels where they are words, or empty.
    pub class_names: Vec<String>,
    /// From `channels.toml` or the files; 0 where unknown.
    pub sample_period_s: f64,
    /// The kind of file, in words.
    pub format: &'static str,
    /// What was changed while reading.
    pub warnings: Vec<String>,
}

/// What reading depends on.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions<'a> {
    /// The answers, where they are not in the same place.
    pub y: Option<&'a Path>,
    /// Whether answers in a file of their own beside the sequences (`y.npy`, IDX labels) are read without `y`.
    pub y_beside: bool,
    /// Groups (N), where they are not in the same place.
    pub groups: Option<&'a Path>,
    /// What words stand for, in the order of the classes; empty: as the data say.
    pub class_names: &'a [String],
    /// Timestamps are put on a grid of so many seconds; 0: their own.
    pub sample_period_s: f64,
    /// How sound becomes samples.
    pub audio: Audio,
}

impl Default for ReadOptions<'_> {
    fn default() -> Self {
        ReadOptions {
            y: None,
            y_beside: true,
            groups: None,
            class_names: &[],
            sample_period_s: 0.0,
            audio: Audio::default(),
        }
    }
}

impl Recordings {
    /// Nothing yet, of a format.
    pub(super) fn of(format: &'static str) -> Self {
        Recordings {
            x: Sequences::default(),
            y: None,
            y_path: PathBuf::new(),
            groups: Vec::new(),
            channels: Vec::new(),
            class_names: Vec::new(),
            sample_period_s: 0.0,
            format,
            warnings: Vec::new(),
        }
    }
}

/// Reads a file or a folder: `.npy`, `.npz`, CSV in long form, IDX, or a folder of CSV or WAV files with `labels.csv`.
/// A folder may also hold one such file (`x.npy` with `y.npy`). Beside `x.npy` or `train_x.npy`, `lengths.npy` or
/// `train_lengths.npy` says where sequences end, and `groups.npy` or `train_groups.npy` whose they are.
///
/// # Errors
/// A file that is missing, truncated, ragged within itself, or holds something else than finite numbers; answers or
/// groups that are not one a sequence.
pub fn read(path: &Path, options: &ReadOptions<'_>) -> Result<Recordings, Error> {
    let source = source(path)?;
    let name = name(&source);
    let mut found = if source.is_dir() {
        folder::read(&source, options)?
    } else if name.ends_with(".npz") {
        npz::read(&source)?
    } else if name.ends_with(".csv") {
        long::read(&source, options)?
    } else if idx::is_name(&name) {
        Recordings {
            x: idx::images(&source)?.sequences(&source, 1)?,
            ..Recordings::of("IDX")
        }
    } else {
        let lengths = sibling(&source, "lengths").filter(|p| p.is_file());
        let lengths = lengths.map(|p| npy::read_whole_numbers(&p)).transpose()?;
        let bytes = std::fs::read(&source).map_err(Error::io(&source))?;
        Recordings {
            x: npy::sequences(&source, &bytes, lengths)?,
            ..Recordings::of("NumPy arrays")
        }
    };
    // Answers and groups that lie beside, or where the options say.
    let labels = match idx::is_name(&name) {
        true => Some(idx_labels(&source)),
        false => sibling(&source, "y"),
    };
    let beside = labels.filter(|p| options.y_beside && found.y.is_none() && *p != source && p.is_file());
    if let Some(path) = options.y.map(Path::to_path_buf).or(beside) {
        found.y = Some(super::load_targets(&path)?);
        found.y_path = path;
    }
    let beside = sibling(&source, "groups").filter(|p| p.is_file());
    if let Some(path) = options.groups.map(Path::to_path_buf).or(beside) {
        found.groups = npy::read_whole_numbers(&path)?.iter().map(i64::to_string).collect();
        agree(&path, "groups", found.groups.len(), &found.x, &source)?;
    }
    if let Some(y) = &found.y {
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

fn agree(path: &Path, what: &str, count: usize, x: &Sequences, x_path: &Path) -> Result<(), Error> {
    match count == x.count {
        true => Ok(()),
        false => Err(Error::data(
            path,
            "count",
            format!(
                "{count} {what} for the {} sequences of {}; give one a sequence",
                x.count,
                x_path.display()
            ),
        )),
    }
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase()
}

/// The file beside `x.npy` or `train_x.npy` that is called `what` in place of x; `None` where the name has no x.
pub(super) fn sibling(x: &Path, what: &str) -> Option<PathBuf> {
    let stem = x.file_stem()?.to_str()?;
    let start = stem.strip_suffix(['x', 'X'])?;
    let whole_word = start.is_empty() || start.ends_with(['_', '-', '.']);
    let extension = x.extension()?.to_str()?;
    (whole_word && extension == "npy").then(|| x.with_file_name(format!("{start}{what}.{extension}")))
}

/// The labels that belong to a file of IDX images.
pub(super) fn idx_labels(images: &Path) -> PathBuf {
    let name = images.file_name().unwrap_or_default().to_string_lossy();
    images.with_file_name(name.replace("images-idx3", "labels-idx1"))
}

/// The one file of IDX images in a folder.
pub(super) fn only_images(dir: &Path) -> Result<PathBuf, Error> {
    let found = files(dir, |n| idx::is_name(n) && n.contains("images"))?;
    match &found[..] {
        [one] => Ok(one.clone()),
        _ => Err(Error::data(
            dir,
            "folder",
            format!(
                "{} files of IDX images; put train-images-idx3-ubyte and train-labels-idx1-ubyte there, or the t10k files",
                found.len()
            ),
        )),
    }
}

/// What a path means: itself, or the one file of recordings in a folder without `labels.csv`.
fn source(path: &Path) -> Result<PathBuf, Error> {
    if !path.is_dir() || path.join(folder::LABELS).is_file() {
        return Ok(path.into());
    }
    let found = files(path, |name| {
        name == "x.npy"
            || name.ends_with(".npz")
            || name.ends_with(".csv")
            || (idx::is_name(name) && name.contains("idx3"))
    })?;
    match &found[..] {
        [one] => Ok(one.clone()),
        [] => Err(Error::data(
            path,
            "folder",
            "holds neither labels.csv nor x.npy, an .npz, a .csv or IDX images; give the file itself",
        )),
        [a, b, ..] => Err(Error::data(
            path,
            "folder",
            format!(
                "{} and {} could both be meant; give one of them, or add labels.csv",
                name(a),
                name(b)
            ),
        )),
    }
}

/// The files of a folder whose lower-case names pass, in order.
fn files(dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, Error> {
    let mut list = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(Error::io(dir))? {
        let path = entry.map_err(Error::io(dir))?.path();
        if path.is_file() && wanted(&name(&path)) {
            list.push(path);
        }
    }
    list.sort();
    Ok(list)
}

/// The training part and the test part of a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// What [`read`] takes.
    pub train: PathBuf,
    /// The test part, where there is one.
    pub test: Option<PathBuf>,
}

/// Looks for `train_x.npy`, `train.npz`, `train.csv`, `train/` or `train-images-...` with their test counterparts (`t10k-images-...`
/// for IDX); without them all of `path` is the training part.
///
/// # Errors
/// The folder cannot be read.
pub fn parts(path: &Path) -> Result<Parts, Error> {
    let part = |train: PathBuf, test: PathBuf| Parts {
        train,
        test: test.exists().then_some(test),
    };
    if path.is_dir() {
        for (train, test) in [
            ("train_x.npy", "test_x.npy"),
            ("train.npz", "test.npz"),
            ("train.csv", "test.csv"),
            ("train", "test"),
        ] {
            if path.join(train).exists() {
                return Ok(part(path.join(train), path.join(test)));
            }
        }
        let images = |start: &'static str| files(path, move |n| n.starts_with(start) && idx::is_name(n));
        if let [train] = &images("train-images")?[..] {
            return Ok(Parts {
                train: train.clone(),
                test: images("t10k-images")?.pop(),
            });
        }
    }
    Ok(Parts {
        train: path.into(),
        test: None,
    })
}
