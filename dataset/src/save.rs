//! Sequences, answers and outputs into `.npy` files.

use crate::{Error, locate, npy};
use float_model::{Sequences, Targets};
use std::path::Path;

/// Writes sequences as f32 (N, T, I), atomically; where lengths differ, or such a file is there, `lengths.npy` beside it too.
///
/// # Errors
/// The file cannot be written; unequal lengths and a name other than `x.npy` or `..._x.npy`.
pub fn save_sequences(path: &Path, x: &Sequences) -> Result<(), Error> {
    match locate::sibling(path, "lengths") {
        Some(beside) if !x.lengths.is_empty() || beside.exists() => {
            let lengths: Vec<u32> = (0..x.count).map(|n| x.length_of(n) as u32).collect();
            npy::write(&beside, &[x.count], &lengths)?;
        }
        None if !x.lengths.is_empty() => {
            let problem = "unequal lengths go into lengths.npy beside x.npy; name the file x.npy or ..._x.npy";
            return Err(Error::data(path, "lengths", problem));
        }
        _ => {}
    }
    npy::write(path, &[x.count, x.length, x.channels], &x.values)
}

/// Writes class labels as u32 (N), independent ones as u32 (N, C) or targets as f32 (N, O), atomically; with a second axis
/// (T) for answers at every step.
///
/// # Errors
/// The file cannot be written.
pub fn save_targets(path: &Path, y: &Targets) -> Result<(), Error> {
    let mut shape = vec![y.count()];
    if let Targets::PerStep { length, .. } = y {
        shape.push(*length);
    }
    match y.answers() {
        Targets::Labels(labels) => {
            shape.extend((shape.len() > 1).then_some(1));
            npy::write(path, &shape, labels)
        }
        Targets::Multilabel { values, outputs } => {
            shape.push(*outputs);
            let flags: Vec<u32> = values.iter().map(|v| u32::from(*v > 0.5)).collect();
            npy::write(path, &shape, &flags)
        }
        Targets::Values { values, outputs } => {
            shape.push(*outputs);
            npy::write(path, &shape, values)
        }
        Targets::PerStep { .. } => Err(Error::data(path, "shape", "has too many axes")),
    }
}

/// Writes rows of equal length as f32 (N, O), or (N, T, O) where a row holds `steps` = T outputs, atomically.
///
/// # Errors
/// Rows of unequal lengths; the file cannot be written.
pub fn save_outputs(path: &Path, rows: &[Vec<f32>], steps: Option<usize>) -> Result<(), Error> {
    let columns = rows.first().map_or(0, Vec::len);
    if let Some(n) = rows.iter().position(|r| r.len() != columns) {
        return Err(Error::data(
            path,
            format!("row {n}"),
            format!("{} values, row 0 has {columns}", rows[n].len()),
        ));
    }
    match steps {
        None => npy::write(path, &[rows.len(), columns], &rows.concat()),
        Some(steps) => npy::write(path, &[rows.len(), steps, columns / steps.max(1)], &rows.concat()),
    }
}
