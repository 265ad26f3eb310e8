//! Writing files so that a reader, or a crash, never sees half of one.

use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    path::Path,
};

/// Writes to a temporary name beside `path`, flushes to the disk and renames. Where that fails, for example because the disk is
/// full, `path` is as it was and the temporary file is removed.
///
/// # Errors
/// What the system says.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let written = write_whole(&partial, bytes).and_then(|()| fs::rename(&partial, path));
    match written {
        Ok(()) => {
            sync_folder(path);
            Ok(())
        }
        Err(error) => {
            // What is told is the first error.
            let _ = fs::remove_file(&partial);
            Err(error)
        }
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Flushes the new name to the disk too, where the system can: the file is whole in any case, and a crash could at most bring the
/// old one back.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = fs::File::open(parent.unwrap_or(Path::new(".")));
        let _ = folder.and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write(&path, b"first").unwrap();
        write(&path, b"2").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn what_fails_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        // A folder of that name cannot be replaced by a file.
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), "kept").unwrap();
        write(&path, b"first").unwrap_err();
        assert_eq!(names(folder.path()), ["a.json"]);
        assert_eq!(fs::read(path.join("inside")).unwrap(), b"kept");
    }
}
