//! Writing files so that a reader, or a crash, never sees half of one.

use crate::Error;
use std::{ffi::OsString, fs, path::Path};

/// Writes to a temporary name beside `path`, flushes to the disk and renames.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let steps = || {
        let mut file = fs::File::create(&partial)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    steps().map_err(Error::io(path))
}
