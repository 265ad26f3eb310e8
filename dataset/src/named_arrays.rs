//! All arrays of a `.npy` or `.npz` file, by name.

use crate::{
    Error,
    npy::{self, Values},
    npz::Archive,
    unpacked,
};
use std::path::Path;

/// Name, shape and values of an array, the last axis side by side.
pub type NamedArray = (String, Vec<usize>, Vec<f32>);

/// Each array of numbers in a `.npy` file (whose one array has no name) or a `.npz` archive.
///
/// # Errors
/// A file that cannot be read, or holds words.
pub fn named_arrays(path: &Path) -> Result<Vec<NamedArray>, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    if !bytes.starts_with(b"PK") {
        let (shape, values) = numbers(path, &bytes)?;
        return Ok(vec![(String::new(), shape, values)]);
    }
    let mut archive = Archive::open(path)?;
    let (mut found, mut total) = (Vec::new(), 0);
    for name in archive.entries() {
        let (place, unpacked) = archive.entry(&name)?;
        total += unpacked.len() as u64;
        if total > unpacked::most(bytes.len() as u64) {
            let problem = "its arrays unpack to far more than it has; write it with numpy.savez, which packs nothing";
            return Err(Error::data(path, "contents", problem));
        }
        let (shape, values) = numbers(&place, &unpacked)?;
        found.push((name.trim_end_matches(".npy").to_owned(), shape, values));
    }
    Ok(found)
}

fn numbers(path: &Path, bytes: &[u8]) -> Result<(Vec<usize>, Vec<f32>), Error> {
    match npy::read(path, bytes)? {
        (shape, Values::Real(values)) => Ok((shape, values)),
        (shape, Values::Whole(values)) => Ok((shape, values.into_iter().map(|n| n as f32).collect())),
        (_, Values::Words(_)) => Err(Error::data(path, "dtype", "holds words; save numbers")),
    }
}
