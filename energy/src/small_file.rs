//! Files that people write by hand or a command writes for the next: read whole, and refused where they are larger than such a file is.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::Error;

/// A profile, a calibration, a header or a list of cycles has some kilobytes.
pub(crate) const MOST_BYTES: u64 = 1 << 20;

/// The text of a file of at most `most` bytes. No more than that is read, whatever the file is.
///
/// # Errors
/// [`Error::Read`]; [`Error::Profile`] where it is longer, or no UTF-8.
pub(crate) fn read(path: &Path, most: u64) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    read.map_err(|source| Error::Read {
        path: path.into(),
        source,
    })?;
    let fault = |problem: String| Error::Profile {
        file: path.display().to_string(),
        field: "content".into(),
        problem,
    };
    if bytes.len() as u64 > most {
        return Err(fault(format!(
            "is longer than {} KiB, which no such file is; give the right file",
            most >> 10
        )));
    }
    String::from_utf8(bytes).map_err(|_| fault("is no text in UTF-8; save it as UTF-8".into()))
}
