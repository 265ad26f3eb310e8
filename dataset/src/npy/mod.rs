//! NumPy's `.npy` files, in and out: their headers, their elements and their order. What arrays mean is said in `arrays`.

mod file;
pub(crate) mod header;
pub(crate) mod numbers;

use crate::Error;
pub(crate) use file::ArrayFile;
use header::Header;
use npyz::{AutoSerialize, WriterBuilder};
use std::path::Path;

/// How the elements of a file are sequences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    /// Sequences, N.
    pub(crate) count: usize,
    /// Samples, T.
    pub(crate) length: usize,
    /// Channels, I.
    pub(crate) channels: usize,
    /// Whether the file has them as (N, I, T).
    pub(crate) is_channels_first: bool,
}

impl Shape {
    /// Elements from one sequence, sample and channel to the next, in this order.
    pub(crate) fn strides(&self, is_fortran: bool) -> [usize; 3] {
        let Shape {
            count,
            length,
            channels,
            is_channels_first,
        } = *self;
        match (is_fortran, is_channels_first) {
            (false, false) => [length * channels, channels, 1],
            (false, true) => [length * channels, 1, length],
            (true, false) => [1, count, count * length],
            (true, true) => [1, count * channels, count],
        }
    }
}

/// The error for a value that is NaN or infinite.
pub(crate) fn not_finite(path: &Path, n: usize, t: usize, channel: usize, value: f32) -> Error {
    Error::data(
        path,
        format!("sequence {n}, sample {t}, channel {channel}"),
        format!("is {value}; remove or interpolate it"),
    )
}

/// An array in memory, in C order.
pub(crate) enum Values {
    Real(Vec<f32>),
    Whole(Vec<i64>),
    Words(Vec<String>),
}

/// Reads the bytes of a file: the shape of the array, and its elements.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<(Vec<usize>, Values), Error> {
    let header = Header::parse(path, bytes, bytes.len() as u64)?;
    let (kind, is_big) = (header.kind, header.is_big_endian);
    let elements = &bytes[header.offset..][..header.count() * kind.width()];
    let values = if kind.is_word() {
        Values::Words(in_c_order(&header, numbers::to_words(kind, is_big, elements)))
    } else if kind.is_whole() {
        Values::Whole(in_c_order(&header, numbers::to_i64(kind, is_big, elements)))
    } else {
        let mut list = Vec::with_capacity(header.count());
        numbers::to_f32(kind, is_big, elements, &mut list);
        Values::Real(in_c_order(&header, list))
    };
    Ok((header.shape, values))
}

/// Elements of an array with the last axis side by side.
fn in_c_order<T: Clone>(header: &Header, list: Vec<T>) -> Vec<T> {
    if !header.is_fortran {
        return list;
    }
    let place = |mut k: usize| {
        let (mut at, mut stride) = (0, header.count());
        for d in header.shape.iter().rev() {
            stride /= d;
            at += k % d * stride;
            k /= d;
        }
        at
    };
    (0..list.len()).map(|k| list[place(k)].clone()).collect()
}

/// Reads integers (N), for example lengths.
pub(crate) fn whole_numbers(path: &Path, bytes: &[u8]) -> Result<Vec<i64>, Error> {
    let (shape, values) = read(path, bytes)?;
    match (values, &shape[..]) {
        (Values::Whole(list), [_] | [_, 1]) => Ok(list),
        (Values::Whole(_), _) => {
            let problem = format!("{shape:?}; give (N), one a sequence");
            Err(Error::data(path, "shape", problem))
        }
        _ => {
            let problem = "holds real numbers; save integers (N), one a sequence";
            Err(Error::data(path, "dtype", problem))
        }
    }
}

/// [`whole_numbers`] of a file.
pub(crate) fn read_whole_numbers(path: &Path) -> Result<Vec<i64>, Error> {
    whole_numbers(path, &std::fs::read(path).map_err(Error::io(path))?)
}

/// Reads whose the sequences are, as words: integers or words (N).
pub(crate) fn names(path: &Path, bytes: &[u8]) -> Result<Vec<String>, Error> {
    match read(path, bytes)? {
        (shape, Values::Words(list)) if shape.len() == 1 || shape[1..] == [1] => Ok(list),
        _ => Ok(whole_numbers(path, bytes)?.iter().map(i64::to_string).collect()),
    }
}

/// Writes one array, atomically; missing folders are created.
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
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
    }
    float_model::write_atomically(path, &bytes).map_err(Error::io(path))
}
