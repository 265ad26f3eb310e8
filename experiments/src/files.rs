//! Files that are written whole or not at all.

use crate::Error;
use std::path::Path;

/// Writes a file under a temporary name beside it and renames it; missing folders are created.
///
/// # Errors
/// A folder that cannot be created, a file that cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
        std::fs::create_dir_all(dir).map_err(Error::io(dir, "created"))?;
    }
    float_model::write_atomically(path, bytes).map_err(Error::io(path, "written"))
}
