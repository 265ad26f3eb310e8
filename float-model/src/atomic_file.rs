//! Writing files so that a reader, or a crash, never sees half of one.

use std::{ffi::OsString, fs, io, path::Path};

/// Writes to a temporary name beside `path`, flushes to the disk and renames.
///
/// # Errors
/// What the system says.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let mut file = fs::File::create(&partial)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(&partial, path)
}
