//! Recorded sequences: reading and writing them, and making a training and a validation part.
//!
//! [`read`] knows the formats, a file each: `npy`, `npz`, `idx`, `folder` (of CSV or WAV files), `long` (one CSV file).
//! What they hold then goes one way, [`part`]: windows, every K-th sample ([`view`]), parts, normalisation. [`describe`] tells what was understood.

mod answers;
mod channels;
mod config;
mod describe;
mod folder;
mod idx;
mod long;
mod mel;
mod mnist;
mod npy;
mod npz;
mod part;
mod recordings;
mod resample;
mod split;
mod table;
mod track;
mod view;
mod wav;
mod window;

#[cfg(test)]
mod formats;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod tests;

pub use config::{ChannelConfig, DatasetConfig};
pub use describe::{ChannelSummary, DatasetSummary, PartSummary, describe};
pub use mnist::MnistConfig;
pub use part::read_like;
pub(crate) use part::{Dataset, select_both};
pub use recordings::{Parts, ReadOptions, Recordings, parts, read};
pub use view::every_kth;
pub use wav::Audio;
pub use window::Window;

use crate::Error;
use float_model::{Sequences, Targets};
use std::path::Path;

/// Most classes that labels may name; a label beyond is taken for a mistake.
const MOST_CLASSES: i64 = 4096;

/// Reads sequences from a file or folder of any format that [`read`] knows.
///
/// # Errors
/// As [`read`].
pub fn load_sequences(path: &Path) -> Result<Sequences, Error> {
    Ok(read(path, &ReadOptions::default())?.x)
}

/// Reads answers from a `.npy` file, from IDX labels, or from what holds sequences and answers.
///
/// Integers (N) are class labels, integers or booleans (N, C) are C independent labels of 0 or 1 each, and floats (N) or
/// (N, O) are real targets. With three axes, (N, T, C) or (N, T, O), there is an answer at every step; integers
/// (N, T, 1) are class labels.
///
/// # Errors
/// As [`read`], and negative or absurdly large labels, and independent labels that are neither 0 nor 1.
pub fn load_targets(path: &Path) -> Result<Targets, Error> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    if idx::is_name(&name) {
        return idx::labels(path);
    }
    if path.is_dir() || name.ends_with(".npz") || name.ends_with(".csv") {
        let found = read(path, &ReadOptions::default())?;
        return found
            .y
            .ok_or_else(|| Error::data(path, "y", "no such array; save x=..., y=..."));
    }
    npy::targets(path, &std::fs::read(path).map_err(Error::io(path))?)
}

/// Writes sequences as f32 (N, T, I), atomically; where lengths differ, or such a file is there, `lengths.npy` beside it too.
///
/// # Errors
/// The file cannot be written; unequal lengths and a name other than `x.npy` or `..._x.npy`.
pub fn save_sequences(path: &Path, x: &Sequences) -> Result<(), Error> {
    match recordings::sibling(path, "lengths") {
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
