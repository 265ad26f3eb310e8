//! NumPy's `.npy` files, in and out.

use crate::{
    Error, atomic_file,
    npy_format::{self, Header, Kind, Number},
    targets,
};
use float_model::{Sequences, Targets};
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
    let broken = |e: String| Error::data(path, "header", format!("no .npy file ({e}); write it with numpy.save"));
    let (header, rest) = npy_format::parse(bytes).map_err(broken)?;
    let Header {
        descr, shape, number, ..
    } = header;
    if header.fortran_order && shape.len() > 1 {
        let problem = "is Fortran's; save numpy.ascontiguousarray(a)";
        return Err(Error::data(path, "order", problem));
    }
    let unknown = || {
        Error::data(
            path,
            "dtype",
            format!("{descr}; use float32, float64 or an integer type"),
        )
    };
    let (kind, width) = number.ok_or_else(unknown)?;
    let size = shape.iter().try_fold(width, |n, d| n.checked_mul(*d));
    let Some(bytes) = size.and_then(|n| rest.get(..n)) else {
        return Err(Error::data(
            path,
            "data",
            format!(
                "shape {shape:?} does not fit {} bytes; is the file truncated?",
                rest.len()
            ),
        ));
    };
    let big_endian = header.big_endian;
    let values = match (kind, width) {
        (Kind::Float, 4) => Values::Real(numbers(bytes, big_endian, f32::from_le_bytes)),
        (Kind::Float, 8) => Values::Real(numbers(bytes, big_endian, |b| f64::from_le_bytes(b) as f32)),
        (Kind::Bool, 1) => Values::Integer(numbers(bytes, big_endian, |[b]| i64::from(b != 0))),
        (Kind::Int, 1) => Values::Integer(numbers(bytes, big_endian, |b| i8::from_le_bytes(b).into())),
        (Kind::Int, 2) => Values::Integer(numbers(bytes, big_endian, |b| i16::from_le_bytes(b).into())),
        (Kind::Int, 4) => Values::Integer(numbers(bytes, big_endian, |b| i32::from_le_bytes(b).into())),
        (Kind::Int, 8) => Values::Integer(numbers(bytes, big_endian, i64::from_le_bytes)),
        (Kind::Uint, 1) => Values::Integer(numbers(bytes, big_endian, |b| u8::from_le_bytes(b).into())),
        (Kind::Uint, 2) => Values::Integer(numbers(bytes, big_endian, |b| u16::from_le_bytes(b).into())),
        (Kind::Uint, 4) => Values::Integer(numbers(bytes, big_endian, |b| u32::from_le_bytes(b).into())),
        // A label beyond i64 is out of range in any case.
        (Kind::Uint, 8) => Values::Integer(numbers(bytes, big_endian, |b| {
            i64::try_from(u64::from_le_bytes(b)).unwrap_or(i64::MAX)
        })),
        _ => return Err(unknown()),
    };
    Ok((shape, values))
}

/// Values of `WIDTH` bytes each.
fn numbers<T, const WIDTH: usize>(bytes: &[u8], big_endian: bool, number: impl Fn([u8; WIDTH]) -> T) -> Vec<T> {
    let value = |b: &[u8; WIDTH]| {
        let mut b = *b;
        if big_endian {
            b.reverse();
        }
        number(b)
    };
    bytes.as_chunks().0.iter().map(value).collect()
}

/// Writes one array, atomically.
pub(crate) fn write<T: Number>(path: &Path, shape: &[usize], values: &[T]) -> Result<(), Error> {
    debug_assert_eq!(shape.iter().product::<usize>(), values.len());
    atomic_file::write(path, &npy_format::file(shape, values)).map_err(Error::io(path))
}
