//! Writing files so that a reader, or a crash, never sees half of one.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Names of temporary files: `skiprnn-PROCESS-COUNT.partial`. What ends so without its process is removed by the next writer.
const PREFIX: &str = "skiprnn-";
const SUFFIX: &str = ".partial";
/// Names that are tried before the folder is given up.
const TRIES: usize = 1000;

/// The temporary files that this process writes now.
static WRITING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Writes to a temporary name beside `path`, flushes file and folder to the disk and renames. Where that fails, for example because
/// the disk is full, `path` is as it was and the temporary file is removed; [`remove_partial_files`] removes it where a signal ends
/// the process, and the next `write` into the folder where nothing else could.
///
/// The temporary name belongs to this call alone, so that several processes may write one file: the last one wins. No symbolic link
/// is followed: one at `path` is replaced. A device or a pipe at `path` (`/dev/stdout`) is written to as it is.
///
/// # Errors
/// What the system says.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if is_stream(path) {
        return OpenOptions::new().append(true).open(path)?.write_all(bytes);
    }
    let folder = folder_of(path);
    remove_abandoned(folder);
    let mut partial = Partial::create(folder)?;
    partial.file.write_all(bytes)?;
    partial.file.sync_all()?;
    partial.rename(path)?;
    sync_folder(folder);
    Ok(())
}

/// Whether [`write()`] could write `path` now: what it replaces is no folder, and its folder takes new files. A folder that is missing
/// is judged by the nearest one above it that is there. Leaves nothing behind.
///
/// # Errors
/// What the system says.
pub fn check(path: &Path) -> io::Result<()> {
    if is_stream(path) {
        // A pipe would wait for its reader.
        return Ok(());
    }
    if path.is_dir() || path.file_name().is_none() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    check_folder(folder_of(path))
}

/// Whether files could be created in a folder, or in one that would be created there. Leaves nothing behind.
///
/// # Errors
/// What the system says.
pub fn check_folder(folder: &Path) -> io::Result<()> {
    let mut there = folder;
    while let Err(error) = fs::symlink_metadata(there) {
        if error.kind() != io::ErrorKind::NotFound {
            return Err(error);
        }
        there = folder_of(there);
    }
    if !fs::metadata(there)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Partial::create(there).map(drop)
}

/// Removes the temporary files of this process, and lets no further one begin: what to call before a signal ends the process. A
/// [`write()`] that is under way on another thread fails, or waits until the process has ended.
pub fn remove_partial_files() {
    let files = writing();
    for file in files.iter() {
        let _ = fs::remove_file(file);
    }
    std::mem::forget(files);
}

fn writing() -> MutexGuard<'static, Vec<PathBuf>> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The folder of a file; `.` for a bare name.
fn folder_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(if path.is_absolute() { "/" } else { "." }))
}

/// Whether there is something at `path` that takes bytes and is no file: a device, a pipe, a socket. What is in `/dev` and `/proc`
/// is never replaced, not even where it leads to a file, as `/dev/stdout` does.
fn is_stream(path: &Path) -> bool {
    let of_the_system =
        cfg!(unix) && (path.starts_with("/dev") || path.starts_with("/proc")) && !path.starts_with("/dev/shm");
    fs::metadata(path).is_ok_and(|found| !found.is_dir() && (of_the_system || !found.is_file()))
}

/// A temporary file, which goes away with the value unless it was renamed. It is locked while its writer lives.
struct Partial {
    path: PathBuf,
    file: File,
}

impl Partial {
    fn create(folder: &Path) -> io::Result<Self> {
        for _ in 0..TRIES {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("{PREFIX}{}-{count}{SUFFIX}", std::process::id()));
            let mut known = writing();
            // A new file, never one that is there or that a link points to.
            let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
                // Of another process, in a container with its own numbers or long ago.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                other => other?,
            };
            known.push(path.clone());
            drop(known);
            let partial = Partial { path, file };
            // A file system without locks still takes the file. One that another process has just taken for abandoned is not ours.
            let taken = matches!(partial.file.try_lock(), Err(fs::TryLockError::WouldBlock));
            if !taken && partial.path.exists() {
                return Ok(partial);
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn rename(self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // What is told is the first error; after a rename the name is gone.
        let _ = fs::remove_file(&self.path);
        writing().retain(|path| *path != self.path);
    }
}

/// Removes temporary files whose process has ended in the midst of writing: their locks are free.
fn remove_abandoned(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let temporary = |name: &OsStr| {
        let name = name.to_string_lossy();
        name.starts_with(PREFIX) && name.ends_with(SUFFIX)
    };
    for entry in entries.flatten().filter(|entry| temporary(&entry.file_name())) {
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        let free = |file: File| file.try_lock().is_ok();
        if !writing().contains(&path) && File::open(&path).is_ok_and(free) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Flushes the new name to the disk too, where the system can: the file is whole in any case, and a crash could at most bring the
/// old one back.
fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    #[cfg(not(unix))]
    let _ = folder;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
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
        assert_eq!(check(&path).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        write(&path, b"first").unwrap_err();
        assert_eq!(names(folder.path()), ["a.json"]);
        assert_eq!(fs::read(path.join("inside")).unwrap(), b"kept");
    }

    #[test]
    fn writers_of_one_file_do_not_share_a_temporary_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let text = |k: u8| vec![k; 10_000];
        std::thread::scope(|scope| {
            for k in 0..4 {
                let path = &path;
                scope.spawn(move || (0..20).for_each(|_| write(path, &text(k)).unwrap()));
            }
        });
        let written = fs::read(&path).unwrap();
        assert!((0..4).any(|k| written == text(k)), "a mixture of two writers");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_file_that_a_killed_process_left_is_removed_and_a_living_ones_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join("skiprnn-4000000000-0.partial");
        let living = folder.path().join("skiprnn-4000000000-1.partial");
        fs::write(&left, "half").unwrap();
        fs::write(folder.path().join("mine.partial"), "not ours").unwrap();
        let held = File::create(&living).unwrap();
        held.try_lock().unwrap();
        write(&folder.path().join("a"), b"first").unwrap();
        assert_eq!(
            names(folder.path()),
            ["a", "mine.partial", "skiprnn-4000000000-1.partial"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn no_symbolic_link_is_followed() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("precious"), "kept").unwrap();
        symlink(at("precious"), at("a")).unwrap();
        symlink(at("precious"), at("a.partial")).unwrap();
        let pid = std::process::id();
        let next = COUNT.load(Ordering::Relaxed);
        // Links at the very names that come next, as long as no other test takes them.
        for n in next..next + 50 {
            symlink(at("precious"), at(&format!("skiprnn-{pid}-{n}.partial"))).unwrap();
        }
        write(&at("a"), b"new").unwrap();
        assert_eq!(fs::read(at("precious")).unwrap(), b"kept");
        assert_eq!(fs::read(at("a")).unwrap(), b"new");
        assert!(at("a").symlink_metadata().unwrap().is_file());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_stays_a_device() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        for path in [Path::new("/dev/null"), &link] {
            check(path).unwrap();
            write(path, b"nothing").unwrap();
            assert!(fs::metadata(path).unwrap().file_type().is_char_device());
        }
        assert_eq!(names(folder.path()), ["link"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_of_an_open_file_is_not_replaced() {
        use std::os::fd::AsRawFd;
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("a")).unwrap();
        let name = format!("/dev/fd/{}", file.as_raw_fd());
        for _ in 0..2 {
            write(Path::new(&name), b"more").unwrap();
        }
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"moremore");
    }

    #[test]
    fn what_could_not_be_written_is_known_before() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "").unwrap();
        let kind = |path: &Path| check(path).unwrap_err().kind();
        assert_eq!(kind(&at("file/a")), io::ErrorKind::NotADirectory);
        assert_eq!(kind(&at("file/b/a")), io::ErrorKind::NotADirectory);
        assert_eq!(
            check_folder(&at("file")).unwrap_err().kind(),
            io::ErrorKind::NotADirectory
        );
        check(&at("file")).unwrap();
        check(&at("new/folder/a")).unwrap();
        check_folder(&at("new/folder")).unwrap();
        assert_eq!(names(folder.path()), ["file"]);
    }
}
