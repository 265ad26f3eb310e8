//! Which file is what: by its name, and by what lies beside it.

use crate::{Error, folder::LABELS, idx, npz};
use std::path::{Path, PathBuf};

/// The name of a file, in lower case.
pub(crate) fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase()
}

/// The file beside `x.npy` or `train_x.npy` that is called `what` in place of x; `None` where the name has no x.
pub(crate) fn sibling(x: &Path, what: &str) -> Option<PathBuf> {
    let stem = x.file_stem()?.to_str()?;
    let start = stem.strip_suffix(['x', 'X'])?;
    let whole_word = start.is_empty() || start.ends_with(['_', '-', '.']);
    let extension = x.extension()?.to_str()?;
    (whole_word && extension == "npy").then(|| x.with_file_name(format!("{start}{what}.{extension}")))
}

/// The labels that belong to a file of IDX images.
pub(crate) fn idx_labels(images: &Path) -> PathBuf {
    let name = images.file_name().unwrap_or_default().to_string_lossy();
    images.with_file_name(name.replace("images-idx3", "labels-idx1"))
}

/// The one file of IDX images in a folder.
pub(crate) fn only_images(dir: &Path) -> Result<PathBuf, Error> {
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
pub(crate) fn source(path: &Path) -> Result<PathBuf, Error> {
    if !path.is_dir() || path.join(LABELS).is_file() {
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
    // One archive with both parts.
    let archive = source(path)
        .ok()
        .filter(|p| name(p).ends_with(".npz") && npz::has_two_parts(p));
    Ok(Parts {
        train: path.into(),
        test: archive.map(|_| path.into()),
    })
}
