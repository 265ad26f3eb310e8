//! What the fuzzer runs on the readers of the host, and a stable test on its corpora: whatever the files hold, reading them either
//! fails with a message that names a file or an option, or yields numbers that are finite and fit together.

mod board;
mod bytes;
mod energy;
mod imported;
mod models;
mod pickle;
mod recordings;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// How the bytes of an input become files.
pub enum Layout {
    /// One file of this name.
    File(&'static str),
    /// Several files. Each begins with a line `=== NAME`; what stands before the first is left out.
    Folder,
}

/// A reader under test.
pub struct Target {
    /// The name of its corpus.
    pub name: &'static str,
    layout: Layout,
    /// Reads the files; whether they were taken.
    read: fn(&Path) -> Result<(), String>,
    /// Inputs to start from.
    seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub fn targets() -> impl Iterator<Item = &'static Target> {
    [
        recordings::TARGETS,
        energy::TARGETS,
        models::TARGETS,
        imported::TARGETS,
        board::TARGETS,
    ]
    .into_iter()
    .flatten()
}

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    targets().find(|t| t.name == name)
}

fn texts(list: &[&str]) -> Vec<Vec<u8>> {
    list.iter().map(|t| t.as_bytes().to_vec()).collect()
}

/// Inputs that a target starts from.
pub fn seeds(target: &Target) -> Vec<Vec<u8>> {
    (target.seeds)()
}

/// Writes the files of `data` into a folder of memory, where there is one, and reads them. Returns whether they were taken.
pub fn check(target: &Target, data: &[u8]) -> bool {
    let memory = Path::new("/dev/shm");
    let folder = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    let folder = folder.expect("a folder for the input");
    for (name, contents) in files(&target.layout, data) {
        let path = folder.path().join(name);
        let parent = path.parent().expect("it is in the folder");
        // A name that cannot be created is no input.
        let _ = fs::create_dir_all(parent).and_then(|()| fs::write(&path, contents));
    }
    match (target.read)(folder.path()) {
        Ok(()) => true,
        Err(message) => {
            assert!(!message.is_empty());
            assert!(
                !message.chars().any(|c| c.is_control() && c != '\n'),
                "a control character of the file is printed: {message:?}"
            );
            false
        }
    }
}

fn files<'a>(layout: &Layout, data: &'a [u8]) -> Vec<(PathBuf, &'a [u8])> {
    const MARK: &[u8] = b"=== ";
    if let Layout::File(name) = layout {
        return vec![(name.into(), data)];
    }
    let starts: Vec<usize> = (0..data.len())
        .filter(|k| data[*k..].starts_with(MARK) && (*k == 0 || data[*k - 1] == b'\n'))
        .take(16)
        .collect();
    let mut list = Vec::new();
    for (n, start) in starts.iter().enumerate() {
        let end = starts.get(n + 1).map_or(data.len(), |next| next - 1);
        let part = &data[start + MARK.len()..end.max(start + MARK.len())];
        let line = part.iter().position(|b| *b == b'\n').unwrap_or(part.len());
        let name = String::from_utf8_lossy(&part[..line]).into_owned();
        let inside = name
            .split('/')
            .all(|p| !p.is_empty() && p != "." && p != ".." && p.len() < 60);
        if inside && !name.contains('\0') && name.split('/').count() < 6 {
            list.push((name.into(), &part[(line + 1).min(part.len())..]));
        }
    }
    list
}
