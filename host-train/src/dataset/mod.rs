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

/// Reads answers from a `.npy` file, or a folder's `labels.csv`.
///
/// Integers (N) are class labels, integers or booleans (N, C) are C independent labels of 0 or 1 each, and floats (N) or
/// (N, O) are real targets. With three axes, (N, T, C) or (N, T, O), there is an answer at every step; integers
/// (N, T, 1) are class labels.
///
/// # Errors
/// As [`load_sequences`], and negative or absurdly large labels, and independent labels that are neither 0 nor 1.
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

/// The place of answer `n`, where every sequence has `steps` of them.
fn place(n: usize, steps: usize) -> String {
    match steps {
        1 => format!("label of sequence {n}"),
        _ => format!("label of sequence {}, sample {}", n / steps, n % steps),
    }
}

/// Labels within 0..[`MOST_CLASSES`], `steps` a sequence.
fn labels(path: &Path, labels: &[i64], steps: usize) -> Result<Targets, Error> {
    let check = |(n, l): (usize, &i64)| match (0..MOST_CLASSES).contains(l) {
        true => Ok(*l as u32),
        false => Err(Error::data(
            path,
            place(n, steps),
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

/// Labels of 0 or 1, (rows, outputs).
fn independent_labels(path: &Path, labels: &[i64], outputs: usize) -> Result<Targets, Error> {
    if outputs == 0 {
        return Err(Error::data(path, "shape", "has no column; give one a label"));
    }
    let flag = |(k, l): (usize, &i64)| match l {
        0 | 1 => Ok(*l as f32),
        _ => Err(Error::data(
            path,
            format!("answer {}, label {}", k / outputs, k % outputs),
            format!("is {l}; independent labels are 0 or 1, class labels have one column"),
        )),
    };
    Ok(Targets::Multilabel {
        values: labels.iter().enumerate().map(flag).collect::<Result<_, _>>()?,
        outputs,
    })
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
