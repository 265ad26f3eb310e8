//! Whether the files of a dataset are still those of before: a fingerprint of what they hold.

use crate::{DatasetConfig, Error, array_name::Role, locate, paths};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// Files up to this many bytes count as a whole; of larger ones three pieces of [`PIECE`] bytes do.
const WHOLE: u64 = 4 << 20;
/// Bytes at the begin, in the middle and at the end of a large file. The begin holds the header with shape and type.
const PIECE: u64 = 1 << 20;
/// Ends of the names of files that hold recordings, answers or descriptions of channels.
const ENDS: [&str; 12] = [
    ".npy", ".npz", ".csv", ".tsv", ".txt", ".wav", ".json", ".cbor", ".toml", ".idx", "-ubyte", ".gz",
];
/// A folder that holds these files is the run folder of a training, and no data.
const RUN: [&str; 2] = ["config.toml", "metrics.csv"];

/// FNV-1a with 64 bits (Fowler, Noll, Vo): the same on every machine and in every version.
struct Hash(u64);

impl Hash {
    fn new() -> Self {
        Hash(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Identifies the files of a dataset, training and test part, by name, length and content, as 16 hexadecimal digits. Files of up to
/// 4 MiB count as a whole; of larger ones the first, the middle and the last MiB. Where the files lie does not count, and
/// neither do hidden files, run folders, and files that hold no data by their names.
///
/// # Errors
/// Files that are missing or cannot be read.
pub fn fingerprint(config: &DatasetConfig) -> Result<String, Error> {
    let mut hash = Hash::new();
    let mut add = |part: &str, path: &Path| -> Result<(), Error> {
        for (name, file) in files_of(path)? {
            hash.add(part.as_bytes());
            hash.add(name.as_bytes());
            add_file(&mut hash, &file)?;
        }
        Ok(())
    };
    add("x", &config.train_x)?;
    let others = [
        ("y", config.train_y()),
        ("groups", config.groups.as_deref()),
        ("channels", config.channels_file.as_deref()),
        ("test x", config.test_x.as_deref()),
        ("test y", config.test_y.as_deref()),
    ];
    for (part, path) in others {
        path.map_or(Ok(()), |path| add(part, path))?;
    }
    Ok(format!("{:016x}", hash.0))
}

/// Identifies bytes, by the hash that [`fingerprint`] has, as 16 hexadecimal digits.
#[must_use]
pub fn fingerprint_of(bytes: &[u8]) -> String {
    let mut hash = Hash::new();
    hash.add(bytes);
    format!("{:016x}", hash.0)
}

/// The files that belong to a path, by their names below it: a file with what lies beside it by name, or all data of a folder.
fn files_of(path: &Path) -> Result<BTreeMap<String, PathBuf>, Error> {
    let mut found = BTreeMap::new();
    if path.is_dir() {
        walk(path, "", &mut found)?;
        return Ok(found);
    }
    let mut beside = vec![locate::idx_labels(path), path.with_file_name(crate::channels::FILE)];
    for role in [Role::Y, Role::Lengths, Role::Groups] {
        beside.extend(locate::companion(path, role)?);
    }
    for file in beside.into_iter().filter(|p| p.is_file()).chain([path.to_path_buf()]) {
        found.insert(paths::name(&file), file);
    }
    Ok(found)
}

fn walk(folder: &Path, below: &str, found: &mut BTreeMap<String, PathBuf>) -> Result<(), Error> {
    if RUN.iter().all(|name| folder.join(name).is_file()) {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let entry = entry.map_err(Error::io(folder))?;
        let kind = entry.file_type().map_err(Error::io(folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let (path, place) = (entry.path(), format!("{below}{name}"));
        // A link to a folder may lead back here.
        if kind.is_dir() {
            walk(&path, &format!("{place}/"), found)?;
        } else if path.is_file() && ENDS.iter().any(|end| name.to_ascii_lowercase().ends_with(end)) {
            found.insert(place, path);
        }
    }
    Ok(())
}

fn add_file(hash: &mut Hash, path: &Path) -> Result<(), Error> {
    let mut file = File::open(path).map_err(Error::io(path))?;
    let length = file.metadata().map_err(Error::io(path))?.len();
    hash.add(&length.to_le_bytes());
    let pieces = match length <= WHOLE {
        true => vec![(0, length)],
        false => vec![(0, PIECE), ((length - PIECE) / 2, PIECE), (length - PIECE, PIECE)],
    };
    let mut bytes = Vec::new();
    for (start, size) in pieces {
        bytes.clear();
        file.seek(SeekFrom::Start(start)).map_err(Error::io(path))?;
        (&mut file)
            .take(size)
            .read_to_end(&mut bytes)
            .map_err(Error::io(path))?;
        hash.add(&bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_changes_the_data_changes_the_fingerprint_and_nothing_else_does() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let config = |x: PathBuf| DatasetConfig {
            train_x: x,
            ..DatasetConfig::default()
        };
        fs::write(at("x.npy"), [1; 100]).unwrap();
        let file = config(at("x.npy"));
        let mut seen = vec![fingerprint(&file).unwrap()];
        assert_eq!(seen[0].len(), 16);
        let mut changed = |what: &str| {
            let now = fingerprint(&file).unwrap();
            assert!(!seen.contains(&now), "{what} changes nothing");
            seen.push(now);
        };
        fs::write(at("y.npy"), [0; 10]).unwrap();
        changed("y.npy");
        fs::write(at("x.npy"), [2; 100]).unwrap();
        changed("another value");
        fs::write(at("x.npy"), [2; 101]).unwrap();
        changed("another length");
        let large = vec![0; 5 << 20];
        fs::write(at("x.npy"), &large).unwrap();
        changed("a large file");
        let mut end = large.clone();
        *end.last_mut().unwrap() = 1;
        fs::write(at("x.npy"), &end).unwrap();
        changed("the end of a large file");
        fs::write(at("notes.md"), "later").unwrap();
        assert_eq!(fingerprint(&file).unwrap(), *seen.last().unwrap());

        // The same folder elsewhere, with the run of a training in it.
        let folder = |name: &str| {
            fs::create_dir_all(at(name).join("anna")).unwrap();
            fs::write(at(name).join("anna/a.csv"), "1\n2\n").unwrap();
            config(at(name))
        };
        let (one, other) = (folder("one"), folder("other"));
        assert_eq!(fingerprint(&one).unwrap(), fingerprint(&other).unwrap());
        fs::create_dir(at("one/run")).unwrap();
        fs::write(at("one/run/config.toml"), "").unwrap();
        fs::write(at("one/run/metrics.csv"), "").unwrap();
        fs::write(at("one/.hidden.csv"), "").unwrap();
        assert_eq!(fingerprint(&one).unwrap(), fingerprint(&other).unwrap());
        fs::write(at("one/anna/b.csv"), "1\n").unwrap();
        assert_ne!(fingerprint(&one).unwrap(), fingerprint(&other).unwrap());
        assert!(fingerprint(&config(at("absent"))).is_err());
    }
}
