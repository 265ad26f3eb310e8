//! NumPy's `.npy` files, in and out.

use crate::{Error, targets};
use float_model::{Sequences, Targets};
use npyz::{AutoSerialize, Deserialize, NpyFile, Order, TypeChar, WriterBuilder};
use std::path::Path;

/// The numbers of one file, by what they are.
enum Values {
    Real(Vec<f32>),
    Integer(Vec<i64>),
}

/// Reads (N, T, I), or (N, T) as I = 1, of f32 or f64, from the bytes of a file; `lengths` (N) say where sequences end.
pub(crate) fn sequences(path: &Path, bytes: &[u8], lengths: Option<Vec<i64>>) -> Result<Sequences, Error> {
    let (shape, values) = read(path, bytes)?;
    let (count, length, channels) = match shape[..] {
        [n, t] => (n, t, 1),
        [n, t, i] => (n, t, i),
        _ => {
            return Err(Error::data(
                path,
                "shape",
                format!("{shape:?}; sequences are (N, T, I), or (N, T) for one channel"),
            ));
        }
    };
    let Values::Real(values) = values else {
        return Err(Error::data(
            path,
            "dtype",
            "holds integers; save sequences as float32, in the sensor's unit",
        ));
    };
    let file = path.display().to_string();
    Ok(match lengths {
        None => Sequences::new(&file, values, count, length, channels)?,
        Some(lengths) => {
            // One beyond u32 is out of range in any case.
            let lengths = lengths.iter().map(|l| u32::try_from(*l).unwrap_or(u32::MAX)).collect();
            Sequences::ragged(&file, values, (count, length, channels), lengths)?
        }
    })
}

/// Reads integers (N), for example lengths.
pub(crate) fn whole_numbers(path: &Path, bytes: &[u8]) -> Result<Vec<i64>, Error> {
    match read(path, bytes)? {
        (shape, Values::Integer(list)) if shape.len() == 1 => Ok(list),
        (shape, Values::Integer(_)) => Err(Error::data(
            path,
            "shape",
            format!("{shape:?}; give (N), one a sequence"),
        )),
        _ => Err(Error::data(
            path,
            "dtype",
            "holds real numbers; save integers (N), one a sequence",
        )),
    }
}

/// [`whole_numbers`] of a file.
pub(crate) fn read_whole_numbers(path: &Path) -> Result<Vec<i64>, Error> {
    whole_numbers(path, &std::fs::read(path).map_err(Error::io(path))?)
}

/// Reads integers (N), (N, 1) or (N, T, 1) as class labels, with a longer last axis as independent labels of 0 or 1, and
/// f32 or f64 (N), (N, O) or (N, T, O) as real targets; three axes are answers at every step.
pub(crate) fn targets(path: &Path, bytes: &[u8]) -> Result<Targets, Error> {
    let (shape, values) = read(path, bytes)?;
    let outputs = match shape[..] {
        [_] => 1,
        [_, o] | [_, _, o] => o,
        _ => {
            return Err(Error::data(
                path,
                "shape",
                format!("{shape:?}; answers are (N) or (N, C), or (N, T, C) at every step"),
            ));
        }
    };
    let answers = match values {
        Values::Integer(labels) if outputs == 1 => {
            let steps = if shape.len() == 3 { shape[1] } else { 1 };
            targets::labels(path, &labels, steps)?
        }
        Values::Integer(labels) => targets::independent_labels(path, &labels, outputs)?,
        Values::Real(values) => targets::real_targets(path, values, outputs)?,
    };
    Ok(match shape[..] {
        [_, 0, _] => return Err(Error::data(path, "shape", format!("{shape:?} has no steps"))),
        [_, length, _] => Targets::PerStep {
            answers: Box::new(answers),
            length,
        },
        _ => answers,
    })
}

fn read(path: &Path, bytes: &[u8]) -> Result<(Vec<usize>, Values), Error> {
    let broken =
        |e: std::io::Error| Error::data(path, "header", format!("no .npy file ({e}); write it with numpy.save"));
    let file = NpyFile::new(bytes).map_err(broken)?;
    if file.order() == Order::Fortran && file.shape().len() > 1 {
        return Err(Error::data(
            path,
            "order",
            "is Fortran's; save numpy.ascontiguousarray(a)",
        ));
    }
    let shape: Vec<usize> = file.shape().iter().map(|n| *n as usize).collect();
    let kind = match file.dtype() {
        npyz::DType::Plain(kind) => kind,
        other => return Err(Error::data(path, "dtype", format!("{other:?}; save a plain array"))),
    };
    let width = kind.num_bytes().unwrap_or(0);
    let header = file.header().clone();
    let rest = file.into_inner();
    let size = shape.iter().try_fold(width, |n, d| n.checked_mul(*d));
    if size.is_none_or(|n| n > rest.len()) {
        return Err(Error::data(
            path,
            "data",
            format!(
                "shape {shape:?} does not fit {} bytes; is the file truncated?",
                rest.len()
            ),
        ));
    }
    let file = NpyFile::with_header(header, rest);
    let values = match (kind.type_char(), width) {
        (TypeChar::Float, 4) => Values::Real(all(path, file)?),
        (TypeChar::Float, 8) => Values::Real(all::<f64>(path, file)?.into_iter().map(|v| v as f32).collect()),
        (TypeChar::Bool, 1) => Values::Integer(all::<bool>(path, file)?.into_iter().map(i64::from).collect()),
        (TypeChar::Int, 1) => integers::<i8>(path, file)?,
        (TypeChar::Int, 2) => integers::<i16>(path, file)?,
        (TypeChar::Int, 4) => integers::<i32>(path, file)?,
        (TypeChar::Int, 8) => integers::<i64>(path, file)?,
        (TypeChar::Uint, 1) => integers::<u8>(path, file)?,
        (TypeChar::Uint, 2) => integers::<u16>(path, file)?,
        (TypeChar::Uint, 4) => integers::<u32>(path, file)?,
        // A label beyond i64 is out of range in any case.
        (TypeChar::Uint, 8) => {
            let wide = all::<u64>(path, file)?;
            Values::Integer(wide.into_iter().map(|v| v.try_into().unwrap_or(i64::MAX)).collect())
        }
        _ => {
            return Err(Error::data(
                path,
                "dtype",
                format!("{kind}; use float32, float64 or an integer type"),
            ));
        }
    };
    Ok((shape, values))
}

fn all<T: Deserialize>(path: &Path, file: NpyFile<&[u8]>) -> Result<Vec<T>, Error> {
    file.into_vec().map_err(Error::io(path))
}

fn integers<T: Deserialize + Into<i64>>(path: &Path, file: NpyFile<&[u8]>) -> Result<Values, Error> {
    Ok(Values::Integer(
        all::<T>(path, file)?.into_iter().map(Into::into).collect(),
    ))
}

/// Writes one array, atomically.
pub(crate) fn write<T: AutoSerialize + Copy>(path: &Path, shape: &[usize], values: &[T]) -> Result<(), Error> {
    let shape: Vec<u64> = shape.iter().map(|n| *n as u64).collect();
    let mut bytes = Vec::new();
    let fill = || {
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&shape)
            .writer(&mut bytes)
            .begin_nd()?;
        writer.extend(values.iter().copied())?;
        writer.finish()
    };
    let filled: std::io::Result<()> = { fill }();
    filled.map_err(Error::io(path))?;
    float_model::write_atomically(path, &bytes).map_err(Error::io(path))
}
