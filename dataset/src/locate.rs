//! What a path means: which files of a folder are the recordings, and which lie beside them.

use crate::{
    Error,
    array_name::{ArrayName, Role},
    folder::{list, tree},
    idx, npz,
    paths::{OTHER, TEST, TRAINING, name},
    uci_har, wisdm,
};
use std::path::{Path, PathBuf};

/// Folders that hold nothing but one other folder are looked into, up to this many.
const WRAPPERS: usize = 8;

/// What a path means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// An array (N, T, I) or (N, T).
    Array(PathBuf),
    /// An archive of arrays.
    Archive(PathBuf),
    /// A table with a line for each sequence.
    Lines(PathBuf),
    /// A table with a line for each sample.
    Table(PathBuf),
    /// Images.
    Idx(PathBuf),
    /// A folder of files of recordings, or the list of one.
    Folder(PathBuf),
    /// One part of the UCI HAR set.
    UciHar(PathBuf),
    /// Files in the form of the WISDM sets, and their folder or the one file.
    Wisdm(PathBuf, Vec<PathBuf>),
}

impl Source {
    /// The path that errors name, beside which further files lie.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Source::Array(p) | Source::Archive(p) | Source::Lines(p) | Source::Table(p) => p,
            Source::Idx(p) | Source::Folder(p) | Source::UciHar(p) | Source::Wisdm(p, _) => p,
        }
    }
}

/// The file beside `x.npy` or `train_x.npy` that is called `what` in place of x, as this program writes it; `None` where the name
/// has no x.
pub(crate) fn sibling(x: &Path, what: &str) -> Option<PathBuf> {
    let stem = x.file_stem()?.to_str()?;
    let start = stem.strip_suffix(['x', 'X'])?;
    let whole_word = start.is_empty() || start.ends_with(['_', '-', '.']);
    let extension = x.extension()?.to_str()?;
    (whole_word && extension == "npy").then(|| x.with_file_name(format!("{start}{what}.{extension}")))
}

/// The array that belongs to a file of sequences, whatever the spelling: `y_train.npy` to `X_train.npy`, `Y.npy` to `X.npy`.
/// Answers may also be text.
pub(crate) fn companion(x: &Path, role: Role) -> Result<Option<PathBuf>, Error> {
    let Some(own) = ArrayName::of(x) else { return Ok(None) };
    let dir = x
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let belongs = |p: &PathBuf| {
        let other = ArrayName::of(p);
        let matches =
            |o: ArrayName| (o.role, o.part, &o.tag) == (role, own.part, &own.tag) && o.synonym <= own.synonym + 1;
        p != x && other.is_some_and(matches)
    };
    let mut found: Vec<PathBuf> = files(dir, |_| true)?.into_iter().filter(belongs).collect();
    // Of y.npy and labels.npy the file that is called as x is; of y.npy and y.csv the one of x's kind.
    let rank = |p: &Path| {
        let other = ArrayName::of(p).map(|o| o.synonym);
        (other != Some(own.synonym), p.extension() != x.extension())
    };
    found.sort_by_key(|p| rank(p));
    match &found[..] {
        [a, b, ..] if rank(a) == rank(b) => Err(both(dir, a, b, "leave one of them, or name it with --y")),
        _ => Ok(found.into_iter().next().map(|p| match dir == Path::new(".") {
            true => p.strip_prefix(".").map(Path::to_path_buf).unwrap_or(p),
            false => p,
        })),
    }
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

fn both(dir: &Path, a: &Path, b: &Path, what: &str) -> Error {
    let shown = |p: &Path| p.strip_prefix(dir).unwrap_or(p).display().to_string();
    let problem = format!("{} and {} could both be meant; {what}", shown(a), shown(b));
    Error::data(dir, "folder", problem)
}

/// What a path means: a file by its name and its first lines, a folder by what it holds.
pub(crate) fn source(path: &Path) -> Result<Source, Error> {
    if path.is_dir() {
        return folder(&unwrapped(path)?);
    }
    let name = name(path);
    let text = [".csv", ".tsv", ".txt"].iter().any(|e| name.ends_with(e));
    Ok(if name.ends_with(".npz") {
        Source::Archive(path.into())
    } else if idx::is_name(&name) {
        Source::Idx(path.into())
    } else if text && wisdm::is_one(path) {
        Source::Wisdm(path.into(), vec![path.into()])
    } else if text && list::is_list(path) {
        Source::Folder(path.into())
    } else if text && ArrayName::of(path).is_some_and(|n| n.role == Role::X) && companion(path, Role::Y)?.is_some() {
        Source::Lines(path.into())
    } else if text {
        Source::Table(path.into())
    } else {
        Source::Array(path.into())
    })
}

fn folder(dir: &Path) -> Result<Source, Error> {
    if list::find(dir).is_some() || crate::edge_impulse::info_labels(dir).is_some() {
        return Ok(Source::Folder(dir.into()));
    }
    if uci_har::is_part(dir) {
        return Ok(Source::UciHar(dir.into()));
    }
    let mut arrays = Vec::new();
    for file in files(dir, |n| [".npy", ".npz", ".csv", ".txt"].iter().any(|e| n.ends_with(e)))? {
        let is_x = ArrayName::of(&file).is_some_and(|n| n.role == Role::X);
        let text = ![".npy", ".npz"].iter().any(|e| name(&file).ends_with(e));
        if name(&file).ends_with(".npz") || (is_x && (!text || companion(&file, Role::Y)?.is_some())) {
            arrays.push(file);
        }
    }
    arrays.extend(files(dir, |n| idx::is_name(n) && n.contains("idx3"))?);
    // Only answers in tables may lie beside arrays.
    let tables = files(dir, |n| n.ends_with(".csv"))?;
    let table = tables
        .iter()
        .find(|t| !arrays.contains(t) && ArrayName::of(t).is_none());
    let what = "give one of them, or add labels.csv";
    match (&arrays[..], table) {
        ([a, b, ..], _) => return Err(both(dir, a, b, what)),
        ([a], Some(b)) => return Err(both(dir, a, b, what)),
        ([one], None) => return source(one),
        ([], _) => {}
    }
    let tree = tree::walk(dir)?;
    let texts: Vec<PathBuf> = tree
        .files
        .iter()
        .map(|f| f.path.clone())
        .filter(|p| wisdm::is_one(p))
        .collect();
    if !texts.is_empty() {
        return Ok(Source::Wisdm(dir.into(), texts));
    }
    let tables: Vec<&tree::Found> = tree.files.iter().filter(|f| f.kind == tree::Kind::Table).collect();
    match &tables[..] {
        [one] if tree.files.iter().all(|f| f.kind >= tree::Kind::Table) => Ok(Source::Table(one.path.clone())),
        _ if !tree.files.is_empty() => Ok(Source::Folder(dir.into())),
        _ => Err(Error::data(
            dir,
            "folder",
            format!(
                "holds neither labels.csv nor x.npy, an .npz, .csv, .wav, .json or .cbor files, or IDX images{}; give the folder or the \
                 file of the recordings",
                tree.first_foreign()
            ),
        )),
    }
}

/// The folder within folders that hold nothing else, as archives leave them.
fn unwrapped(dir: &Path) -> Result<PathBuf, Error> {
    let mut dir = dir.to_path_buf();
    for _ in 0..WRAPPERS {
        let mut kept = Vec::new();
        for entry in std::fs::read_dir(&dir).map_err(Error::io(&dir))? {
            let entry = entry.map_err(Error::io(&dir))?;
            if !tree::is_passed_over(&entry.file_name().to_string_lossy()) {
                kept.push(entry.path());
            }
        }
        match &kept[..] {
            // A single class or person is a folder of recordings, and no wrapper.
            [one] if one.is_dir() && holds_folders_or_lists(one)? => dir = one.clone(),
            _ => break,
        }
    }
    Ok(dir)
}

fn holds_folders_or_lists(dir: &Path) -> Result<bool, Error> {
    let known = |n: &str| n.ends_with(".npy") || n.ends_with(".npz") || idx::is_name(n);
    let folders = std::fs::read_dir(dir)
        .map_err(Error::io(dir))?
        .flatten()
        .any(|e| e.path().is_dir());
    Ok(folders || list::find(dir).is_some() || !files(dir, known)?.is_empty())
}

/// The files of a folder whose lower-case names pass, in order, without hidden ones.
fn files(dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, Error> {
    let mut list = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(Error::io(dir))? {
        let path = entry.map_err(Error::io(dir))?.path();
        if path.is_file() && !tree::is_passed_over(&name(&path)) && wanted(&name(&path)) {
            list.push(path);
        }
    }
    list.sort();
    Ok(list)
}

/// Parts of a set beside its training part that are not read, for example a folder `val` beside `train`.
pub(crate) fn unread_parts(training: &Path) -> Vec<PathBuf> {
    let own = ArrayName::of(training).filter(|n| n.part == "train");
    let is_folder = TRAINING.contains(&&*name(training)) && training.is_dir();
    let Some(entries) = training
        .parent()
        .filter(|_| own.is_some() || is_folder)
        .and_then(|p| std::fs::read_dir(p).ok())
    else {
        return Vec::new();
    };
    let unread = |p: &PathBuf| match &own {
        Some(own) => ArrayName::of(p).is_some_and(|n| (n.role, n.part, &n.tag) == (Role::X, "val", &own.tag)),
        None => p.is_dir() && OTHER.contains(&&*name(p)),
    };
    let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(unread).collect();
    found.sort();
    found
}

/// The training part and the test part of a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// What [`crate::read()`] takes.
    pub train: PathBuf,
    /// The test part, where there is one.
    pub test: Option<PathBuf>,
}

/// Looks for the two parts of a set: `train_x.npy` (or `X_train.npy` and the like), `train.npz`, `train.csv`, `train/` (or
/// `training/`) or `train-images-...`, with their test counterparts (`t10k-images-...` for IDX), in any case; without them all of
/// `path` is the training part. A folder that holds nothing but another folder means that one.
///
/// # Errors
/// The folder cannot be read.
pub fn parts(path: &Path) -> Result<Parts, Error> {
    let whole = || {
        // One archive may hold both parts.
        let archive = source(path)
            .ok()
            .filter(|s| matches!(s, Source::Archive(file) if npz::has_two_parts(file)));
        Parts {
            train: path.into(),
            test: archive.map(|_| path.into()),
        }
    };
    if !path.is_dir() {
        return Ok(whole());
    }
    let dir = unwrapped(path)?;
    let all = files(&dir, |_| true)?;
    // Arrays, as .npy or as text with answers beside it.
    let of_part = |part: &str| {
        let mut found = all.iter().filter(|f| {
            let own = ArrayName::of(f).filter(|n| n.part == part && n.role == Role::X);
            own.is_some() && (name(f).ends_with(".npy") || companion(f, Role::Y).ok().flatten().is_some())
        });
        found.next().cloned()
    };
    if let Some(train) = of_part("train") {
        return Ok(Parts {
            train,
            test: of_part("test"),
        });
    }
    let called = |names: &[&str], end: &str| {
        let wanted: Vec<String> = names.iter().map(|n| format!("{n}{end}")).collect();
        all.iter().find(|f| wanted.contains(&name(f))).cloned()
    };
    for end in [".npz", ".csv", ".tsv"] {
        if let Some(train) = called(&TRAINING, end) {
            return Ok(Parts {
                train,
                test: called(&TEST, end),
            });
        }
    }
    let folder = |names: &[&str]| -> Result<Option<PathBuf>, Error> {
        let entries = std::fs::read_dir(&dir)
            .map_err(Error::io(&dir))?
            .flatten()
            .map(|e| e.path());
        Ok(entries.filter(|p| p.is_dir()).find(|p| names.contains(&&*name(p))))
    };
    if let Some(train) = folder(&TRAINING)? {
        return Ok(Parts {
            train,
            test: folder(&TEST)?,
        });
    }
    let images = |start: &'static str| files(&dir, move |n| n.starts_with(start) && idx::is_name(n));
    if let [train] = &images("train-images")?[..] {
        return Ok(Parts {
            train: train.clone(),
            test: images("t10k-images")?.pop(),
        });
    }
    Ok(whole())
}
