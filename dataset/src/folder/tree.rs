//! The files in a folder and below it.

use crate::Error;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Folders within folders that are looked into.
const DEPTH: usize = 16;
/// Files and folders that are looked at; more are taken for the wrong path.
const MOST: usize = 2_000_000;

/// What a data file holds, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Sound.
    Wav,
    /// A text table.
    Table,
    /// JSON or CBOR in the data acquisition format.
    Acquisition,
    /// Text that may be a table.
    Text,
}

impl Kind {
    /// By the end of a name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (_, end) = name.rsplit_once('.')?;
        Some(match &*end.to_ascii_lowercase() {
            "wav" => Kind::Wav,
            "csv" | "tsv" => Kind::Table,
            "json" | "cbor" => Kind::Acquisition,
            "txt" => Kind::Text,
            _ => return None,
        })
    }

    /// In words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Kind::Wav => "WAV",
            Kind::Table => "CSV",
            Kind::Acquisition => "JSON or CBOR",
            Kind::Text => "text",
        }
    }
}

/// Files of other programs that people keep recordings in: their endings, what they are, and what to do.
const FOREIGN: [(&[&str], &str); 7] = [
    (
        &["xlsx", "xlsm", "xls", "ods", "numbers"],
        "spreadsheets (.xlsx and the like) were not read: save every sheet as CSV",
    ),
    (
        &["parquet", "feather", "arrow"],
        "tables of Parquet or Arrow were not read: save them as CSV",
    ),
    (
        &["mat", "h5", "hdf5", "hdf"],
        "files of MATLAB or HDF5 were not read: save them as CSV",
    ),
    (
        &["pkl", "pickle", "rds", "rda", "sav", "sqlite", "db"],
        "files of Python, R, SPSS or a database were not read: save their tables as CSV",
    ),
    (
        &["npy", "npz"],
        "arrays in these folders were not read: one x.npy holds all sequences, (N, T, I), and y.npy their classes",
    ),
    (
        &["mp3", "m4a", "flac", "ogg", "opus", "aac", "wma", "aif", "aiff"],
        "files of other sound than WAV were not read: convert them to WAV",
    ),
    (
        &["zip", "gz", "bz2", "xz", "zst", "7z", "rar", "tar", "tgz"],
        "packed files were not read: unpack them",
    ),
];

/// What a file of another program is, in words, by the end of its name.
fn foreign(name: &str) -> Option<&'static str> {
    let (_, end) = name.rsplit_once('.')?;
    let end = end.to_ascii_lowercase();
    let found = FOREIGN.iter().find(|(endings, _)| endings.contains(&end.as_str()));
    found.map(|(_, words)| *words)
}

/// A file below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// Names of the folders from the given one to the file, and of the file.
    pub(crate) parts: Vec<String>,
    pub(crate) kind: Kind,
}

impl Found {
    /// The path from the given folder on.
    pub(crate) fn relative(&self) -> String {
        self.parts.join("/")
    }
}

/// The data files of a folder in order, and how many of which kinds of files were passed over.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: Vec<Found>,
    /// Hidden files that end like data, for example `._a.csv`.
    pub(crate) hidden: usize,
    /// Files of other programs, each with what it is and what to do.
    pub(crate) foreign: Vec<(&'static str, PathBuf)>,
    /// Folders that were met before, through a link.
    pub(crate) again: usize,
}

impl Tree {
    /// What the first file of another program is, for a message that nothing else was found; empty where there is none.
    pub(crate) fn first_foreign(&self) -> String {
        match self.foreign.first() {
            Some((words, path)) => format!("; {words}, for example {}", path.display()),
            None => String::new(),
        }
    }
}

/// Whether a file or folder belongs to the system, or tells people about the data.
pub(crate) fn is_passed_over(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let told = [
        "readme",
        "license",
        "licence",
        "copying",
        "changelog",
        "citation",
        "notice",
    ];
    lower.starts_with('.')
        || ["__macosx", "thumbs.db", "desktop.ini", "$recycle.bin"].contains(&&*lower)
        || told.iter().any(|t| {
            lower
                .strip_prefix(t)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '_', '-']))
        })
}

/// Looks through a folder. Links to folders are followed once, hidden files, notes for people and files of the system are passed
/// over.
pub(crate) fn walk(dir: &Path) -> Result<Tree, Error> {
    let mut tree = Tree::default();
    let mut looked = 0;
    visit(dir, &mut Vec::new(), &mut BTreeSet::new(), &mut looked, &mut tree)?;
    tree.files.sort_by(|a, b| a.parts.cmp(&b.parts));
    Ok(tree)
}

fn visit(
    dir: &Path,
    parts: &mut Vec<String>,
    seen: &mut BTreeSet<PathBuf>,
    looked: &mut usize,
    tree: &mut Tree,
) -> Result<(), Error> {
    if !seen.insert(dir.canonicalize().map_err(Error::io(dir))?) {
        tree.again += 1;
        return Ok(());
    }
    if parts.len() > DEPTH {
        let problem = format!("lies more than {DEPTH} folders deep; give the folder of the recordings itself");
        return Err(Error::data(dir, "folder", problem));
    }
    for (name, path) in children(dir, looked)? {
        let is_dir = path.is_dir();
        if is_passed_over(&name) {
            tree.hidden += usize::from(!is_dir && name.starts_with('.') && Kind::of(&name).is_some());
            continue;
        }
        if is_dir && Kind::of(&name).is_some() {
            let problem = "is a folder, and its name ends as that of a file: give a folder the name of its class or its person, or \
                           move its files up";
            return Err(Error::data(&path, "folder", problem));
        }
        if let Some(words) = foreign(&name).filter(|_| !is_dir) {
            tree.foreign.push((words, path));
            continue;
        }
        parts.push(name);
        if is_dir {
            visit(&path, parts, seen, looked, tree)?;
        } else if let Some(kind) = Kind::of(&parts[parts.len() - 1]).filter(|_| path.is_file()) {
            tree.files.push(Found {
                path,
                parts: parts.clone(),
                kind,
            });
        }
        parts.pop();
    }
    Ok(())
}

/// Names and paths in a folder, in order.
fn children(dir: &Path, looked: &mut usize) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut list = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(Error::io(dir))? {
        let entry = entry.map_err(Error::io(dir))?;
        *looked += 1;
        if *looked > MOST {
            let problem = format!("holds more than {MOST} files; give the folder of the recordings itself");
            return Err(Error::data(dir, "folder", problem));
        }
        list.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    list.sort();
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, name: &str) {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "1\n").unwrap();
    }

    #[test]
    fn data_files_are_found_and_others_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "b/2.CSV",
            "b/1.csv",
            "a.wav",
            "._a.csv",
            ".DS_Store",
            "Thumbs.db",
            "README.csv",
            "__MACOSX/b/._1.csv",
            "x.png",
        ] {
            write(dir.path(), name);
        }
        let tree = walk(dir.path()).unwrap();
        let names: Vec<String> = tree.files.iter().map(Found::relative).collect();
        assert_eq!(names, ["a.wav", "b/1.csv", "b/2.CSV"]);
        assert_eq!(tree.hidden, 1);
    }

    #[test]
    fn files_of_other_programs_are_named_and_a_folder_called_like_a_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a/1.csv", "a/2.XLSX", "b/3.parquet", "notes.md"] {
            write(dir.path(), name);
        }
        let found = walk(dir.path()).unwrap().foreign;
        let words: Vec<&str> = found.iter().map(|(words, _)| &words[..12]).collect();
        assert_eq!(words, ["spreadsheets", "tables of Pa"]);
        write(dir.path(), "x.csv/1.csv");
        let said = walk(dir.path()).unwrap_err().to_string();
        assert!(said.contains("x.csv: folder: is a folder"), "{said}");
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_and_deep_folders_end() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "a/1.csv");
        std::os::unix::fs::symlink(dir.path(), dir.path().join("a/round")).unwrap();
        let tree = walk(dir.path()).unwrap();
        assert_eq!((tree.files.len(), tree.again), (1, 1));
        write(dir.path(), &format!("{}1.csv", "d/".repeat(30)));
        assert!(walk(dir.path()).unwrap_err().to_string().contains("folders deep"));
    }
}
