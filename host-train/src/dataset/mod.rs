//! Recorded sequences: reading and writing them, and making a training and a validation part.

mod channels;
mod folder;
mod npy;
mod part;

#[cfg(test)]
mod tests;

pub use folder::{Folder, load_folder};
pub(crate) use part::{Dataset, select_both};

use crate::Error;
use float_model::{Sequences, Targets};
use std::path::Path;

/// Most classes that labels may name; a label beyond is taken for a mistake.
const MOST_CLASSES: i64 = 4096;

/// Reads sequences from a `.npy` file, (N, T, I) or (N, T), f32 or f64, or from a folder of CSV files.
///
/// # Errors
/// A file that is missing, truncated, or of another shape or type; NaN or infinity, with its place.
pub fn load_sequences(path: &Path) -> Result<Sequences, Error> {
    match path.is_dir() {
        true => Ok(load_folder(path, &[])?.sequences),
        false => npy::sequences(path),
    }
}

/// Reads labels, integers (N), or real targets, floats (N) or (N, O), from a `.npy` file, or a folder's `labels.csv`.
///
/// # Errors
/// As [`load_sequences`], and negative or absurdly large labels.
pub fn load_targets(path: &Path) -> Result<Targets, Error> {
    match path.is_dir() {
        true => Ok(load_folder(path, &[])?.targets),
        false => npy::targets(path),
    }
}

/// Writes sequences as f32 (N, T, I), atomically.
///
/// # Errors
/// The file cannot be written.
pub fn save_sequences(path: &Path, x: &Sequences) -> Result<(), Error> {
    npy::write(path, &[x.count, x.length, x.channels], &x.values)
}

/// Writes labels as u32 (N) or targets as f32 (N, O), atomically.
///
/// # Errors
/// The file cannot be written.
pub fn save_targets(path: &Path, y: &Targets) -> Result<(), Error> {
    match y {
        Targets::Labels(labels) => npy::write(path, &[labels.len()], labels),
        Targets::Values { values, outputs } => npy::write(path, &[y.count(), *outputs], values),
    }
}

/// Writes rows of equal length as f32 (N, O), atomically.
///
/// # Errors
/// Rows of unequal lengths; the file cannot be written.
pub fn save_matrix(path: &Path, rows: &[Vec<f32>]) -> Result<(), Error> {
    let columns = rows.first().map_or(0, Vec::len);
    if let Some(n) = rows.iter().position(|r| r.len() != columns) {
        return Err(Error::data(
            path,
            format!("row {n}"),
            format!("{} values, row 0 has {columns}", rows[n].len()),
        ));
    }
    npy::write(path, &[rows.len(), columns], &rows.concat())
}

/// Labels within 0..[`MOST_CLASSES`].
fn labels(path: &Path, labels: &[i64]) -> Result<Targets, Error> {
    let check = |(n, l): (usize, &i64)| match (0..MOST_CLASSES).contains(l) {
        true => Ok(*l as u32),
        false => Err(Error::data(
            path,
            format!("label of sequence {n}"),
            format!(
                "{l} is out of range; classes count from 0 to at most {}",
                MOST_CLASSES - 1
            ),
        )),
    };
    Ok(Targets::Labels(
        labels.iter().enumerate().map(check).collect::<Result<_, _>>()?,
    ))
}

/// Finite real targets.
fn real_targets(path: &Path, values: Vec<f32>, outputs: usize) -> Result<Targets, Error> {
    if outputs == 0 {
        return Err(Error::data(
            path,
            "shape",
            "has no column; targets are (N, O), O at least 1",
        ));
    }
    if let Some(k) = values.iter().position(|v| !v.is_finite()) {
        return Err(Error::data(
            path,
            format!("target of sequence {}, output {}", k / outputs, k % outputs),
            format!("is {}; remove the sequence", values[k]),
        ));
    }
    Ok(Targets::Values { values, outputs })
}
