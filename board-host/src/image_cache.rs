//! Which firmware image runs: the one that is given, or the one that is built from the source tree and cached.

use crate::{
    Error, Machine, Options, Program,
    firmware::{self, Package},
};
use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::Hasher,
    io,
    path::{Path, PathBuf},
};

/// The image to run.
pub fn find(options: &Options, program: Program) -> Result<PathBuf, Error> {
    match &options.firmware {
        Some(path) => Ok(path.clone()),
        None => built(options.machine, program, false),
    }
}

/// An image of the source tree, with the kernels that the core allows, or with the portable ones.
pub fn built(machine: Machine, program: Program, portable: bool) -> Result<PathBuf, Error> {
    let tree = firmware::source_tree()?;
    let firmware = tree.join("firmware");
    let features = match portable {
        true => format!("{machine},portable"),
        false => machine.name().to_owned(),
    };
    let name = format!("{} {features}", program.name());
    let hash = hash_of_sources(&tree, &name)?;
    let cache = firmware.join("target/cache");
    let cached = cache.join(format!("{hash:016x}.elf"));
    if !cached.is_file() {
        let io = |source| Error::Io {
            path: cache.clone(),
            source,
        };
        fs::create_dir_all(&cache).map_err(io)?;
        // One build at a time, until the image is where the next build does not overwrite it.
        let lock = fs::File::create(cache.join("lock")).map_err(io)?;
        lock.lock().map_err(io)?;
        if !cached.is_file() {
            let built = Package {
                folder: "qemu",
                target: machine.target(),
                program: program.name(),
                features: &features,
                target_dir: "target/qemu",
                warnings: firmware::Warnings::default(),
            }
            .build()?;
            store(&built, &cached)?;
        }
    }
    Ok(cached)
}

/// Hashes everything that the image is made from. Only the cache relies on it, so that a hash which changes with the
/// toolchain costs a build and nothing else.
fn hash_of_sources(tree: &Path, image: &str) -> Result<u64, Error> {
    let mut files = Vec::new();
    for root in [
        "board-link",
        "firmware/app",
        "firmware/boards/qemu",
        "firmware/cortex",
        "firmware/Cargo.lock",
        "firmware/Cargo.toml",
        "skiprnn-nostd",
        "Cargo.toml",
        "rust-toolchain.toml",
    ] {
        collect(&tree.join(root), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    hasher.write(image.as_bytes());
    for path in files {
        let bytes = fs::read(&path).map_err(|source| Error::Io {
            path: path.clone(),
            source,
        })?;
        let name = path.strip_prefix(tree).unwrap_or(&path).to_string_lossy().into_owned();
        for part in [name.as_bytes(), &bytes] {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
    }
    Ok(hasher.finish())
}

/// The files at and under `path`, build folders left out. What does not exist has none.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    if path.is_dir() {
        if path.file_name().is_some_and(|name| name == "target") {
            return Ok(());
        }
        for entry in fs::read_dir(path).map_err(io)? {
            collect(&entry.map_err(io)?.path(), files)?;
        }
    } else if path.is_file() {
        files.push(path.to_owned());
    }
    Ok(())
}

/// Copies a built image into the cache, whole or not at all.
fn store(built: &Path, cached: &Path) -> Result<(), Error> {
    let write = || -> io::Result<()> {
        let folder = cached.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::copy(&mut fs::File::open(built)?, &mut file)?;
        file.persist(cached)?;
        Ok(())
    };
    write().map_err(|source| Error::Io {
        path: cached.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_follows_every_source() {
        let tree = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = tree.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            hash_of_sources(tree.path(), "replay mps2-an386").unwrap()
        };
        let first = write("firmware/app/src/lib.rs", "a");
        let second = write("firmware/app/src/lib.rs", "b");
        let third = write("board-link/src/lib.rs", "a");
        assert!(second != third);
        let third = write("skiprnn-nostd/src/lib.rs", "a");
        let fourth = write("rust-toolchain.toml", "a");
        assert!(first != second && second != third && third != fourth);
        assert_eq!(write("firmware/app/target/release/x", "a"), fourth);
        assert_eq!(
            write("firmware/app/src/lib.rs", "a"),
            write("firmware/app/src/lib.rs", "a")
        );
    }
}
