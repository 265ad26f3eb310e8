//! NumPy's `.npy` files, in and out.

mod file;
mod header;
mod numbers;

use crate::{
    Axes, Error, Notes,
    answers::{self, Wanted},
    store::Store,
    targets,
};
pub(crate) use file::ArrayFile;
use float_model::Targets;
use header::Header;
use npyz::{AutoSerialize, WriterBuilder};
use numbers::Kind;
use std::{fs::File, io::Read, path::Path};

/// Sequences of which the values take up to this many bytes as f32 are read into memory; more stay in their file.
pub(crate) const MOST_IN_MEMORY: usize = 256 << 20;

/// How the elements of a file are sequences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    /// Sequences, N.
    count: usize,
    /// Samples, T.
    length: usize,
    /// Channels, I.
    channels: usize,
    /// Whether the file has them as (N, I, T).
    is_channels_first: bool,
}

impl Shape {
    /// The shape of (N, T, I), or of (N, T) as I = 1. Says where the axes look like others, and nothing was asked for.
    fn of(path: &Path, header: &Header, axes: Option<Axes>, notes: &mut Notes) -> Result<Self, Error> {
        let wrong = |problem: String| Error::data(path, "shape", problem);
        let shape = &header.shape;
        let (count, [a, b]) = match shape[..] {
            [n, t] => (n, [t, 1]),
            [n, a, b] => (n, [a, b]),
            _ => {
                return Err(wrong(format!(
                    "{shape:?}; sequences are (N, T, I), or (N, T) for one channel"
                )));
            }
        };
        let is_channels_first = axes == Some(Axes::ChannelsFirst) && shape.len() == 3;
        let (length, channels) = if is_channels_first { (b, a) } else { (a, b) };
        if count == 0 || length == 0 || channels == 0 {
            return Err(wrong(format!("({count}, {length}, {channels}) is empty")));
        }
        if u32::try_from(length).is_err() || count > crate::store::MOST {
            return Err(wrong(format!(
                "{shape:?}; at most {} sequences of {} samples can be read",
                crate::store::MOST,
                u32::MAX
            )));
        }
        if axes.is_none() && channels > length {
            let sample = if length == 1 { "sample" } else { "samples" };
            notes.doubt(
                format!(
                    "{}: ({count}, {length}, {channels}) was read as {length} {sample} of {channels} channels; are the channels first, \
                     {length} of them, with {channels} samples each?",
                    path.display()
                ),
                "--axes channels-first (or channels-last)",
            );
        }
        Ok(Shape {
            count,
            length,
            channels,
            is_channels_first,
        })
    }

    /// Elements from one sequence, sample and channel to the next, in this order.
    fn strides(&self, is_fortran: bool) -> [usize; 3] {
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
fn not_finite(path: &Path, n: usize, t: usize, channel: usize, value: f32) -> Error {
    Error::data(
        path,
        format!("sequence {n}, sample {t}, channel {channel}"),
        format!("is {value}; remove or interpolate it"),
    )
}

/// Reads (N, T, I), or (N, T) as I = 1, of any number type, from a file, of which the values stay there where they are many; `lengths`
/// (N) say where sequences end, and what follows an end may be anything.
pub(crate) fn read_sequences(
    path: &Path,
    lengths: Option<Vec<i64>>,
    axes: Option<Axes>,
    notes: &mut Notes,
) -> Result<Store, Error> {
    read_within(MOST_IN_MEMORY, path, lengths, axes, notes)
}

/// [`read_sequences`], of which up to `most` bytes are read into memory.
pub(crate) fn read_within(
    most: usize,
    path: &Path,
    lengths: Option<Vec<i64>>,
    axes: Option<Axes>,
    notes: &mut Notes,
) -> Result<Store, Error> {
    let mut file = File::open(path).map_err(Error::io(path))?;
    let size = file.metadata().map_err(Error::io(path))?.len();
    let mut head = Vec::new();
    let beginning = (&mut file).take(header::LONGEST as u64 + 12);
    { beginning }.read_to_end(&mut head).map_err(Error::io(path))?;
    let header = Header::parse(path, &head, size)?;
    if header.count().saturating_mul(size_of::<f32>()) <= most {
        file.read_to_end(&mut head).map_err(Error::io(path))?;
        return sequences(path, &head, lengths, axes, notes);
    }
    let shape = Shape::of(path, &header, axes, notes)?;
    if header.kind.is_word() {
        return Err(words_as_samples(path));
    }
    if header.is_fortran {
        let problem = format!(
            "is Fortran's; an array of more than {} MiB (as float32) is read at its place, in C order only: save \
             numpy.ascontiguousarray(a)",
            MOST_IN_MEMORY >> 20
        );
        return Err(Error::data(path, "order", problem));
    }
    let lengths = lengths.map(|l| checked(path, &l, &shape)).transpose()?;
    note_integers(path, header.kind, notes);
    notes.understood(format!(
        "{}: {} sequences, read at their places in the file when they are used",
        path.display(),
        shape.count
    ));
    Ok(Store::in_file(
        ArrayFile::new(path, file, header, shape),
        lengths.as_deref(),
    ))
}

/// [`read_sequences`] of the bytes of a file.
pub(crate) fn sequences(
    path: &Path,
    bytes: &[u8],
    lengths: Option<Vec<i64>>,
    axes: Option<Axes>,
    notes: &mut Notes,
) -> Result<Store, Error> {
    let header = Header::parse(path, bytes, bytes.len() as u64)?;
    let shape = Shape::of(path, &header, axes, notes)?;
    if header.kind.is_word() {
        return Err(words_as_samples(path));
    }
    let lengths = match lengths {
        Some(lengths) => checked(path, &lengths, &shape)?,
        None => vec![shape.length as u32; shape.count],
    };
    let (kind, width) = (header.kind, header.kind.width());
    let elements = &bytes[header.offset..][..header.count() * width];
    let strides = shape.strides(header.is_fortran);
    let (length, channels) = (shape.length, shape.channels);
    let mut values = Vec::new();
    if strides == [length * channels, channels, 1] {
        for (row, used) in elements.chunks_exact(length * channels * width).zip(&lengths) {
            numbers::to_f32(
                kind,
                header.is_big_endian,
                &row[..*used as usize * channels * width],
                &mut values,
            );
        }
    } else {
        let mut all = Vec::with_capacity(header.count());
        numbers::to_f32(kind, header.is_big_endian, elements, &mut all);
        let [each, sample, channel] = strides;
        for (n, used) in lengths.iter().enumerate() {
            let samples = 0..*used as usize;
            values.extend(samples.flat_map(|t| {
                {
                    let first = n * each + t * sample;
                    (0..channels).map(move |i| first + i * channel)
                }
                .map(|k| all[k])
            }));
        }
    }
    if let Some(bad) = values.iter().position(|v| !v.is_finite()) {
        let (mut n, mut sample) = (0, bad / channels);
        while sample >= lengths[n] as usize {
            sample -= lengths[n] as usize;
            n += 1;
        }
        return Err(not_finite(path, n, sample, bad % channels, values[bad]));
    }
    note_integers(path, kind, notes);
    Ok(Store::in_memory(values, channels, &lengths))
}

fn words_as_samples(path: &Path) -> Error {
    Error::data(
        path,
        "dtype",
        "holds words; save sequences as float32, in the sensor's unit",
    )
}

/// Whole numbers are counts of a converter more often than a unit.
fn note_integers(path: &Path, kind: Kind, notes: &mut Notes) {
    if kind.is_whole() {
        notes.warn(format!(
            "{}: the samples are whole numbers; if they are counts of a converter, name that as the channels' unit, or save float32 in \
             the sensor's unit",
            path.display()
        ));
    }
}

/// Lengths of sequences, one each, from 1 to T.
fn checked(path: &Path, lengths: &[i64], shape: &Shape) -> Result<Vec<u32>, Error> {
    if lengths.len() != shape.count {
        let problem = format!("{} for {} sequences; give one a sequence", lengths.len(), shape.count);
        return Err(Error::data(path, "lengths", problem));
    }
    let check = |(n, l): (usize, &i64)| match u32::try_from(*l) {
        Ok(length @ 1..) if length as usize <= shape.length => Ok(length),
        _ => Err(Error::data(
            path,
            format!("length of sequence {n}"),
            format!(
                "{l} is out of range; the array holds 1 to {} samples a sequence",
                shape.length
            ),
        )),
    };
    lengths.iter().enumerate().map(check).collect()
}

/// An array in memory, in C order.
enum Values {
    Real(Vec<f32>),
    Whole(Vec<i64>),
    Words(Vec<String>),
}

fn read(path: &Path, bytes: &[u8]) -> Result<(Vec<usize>, Values), Error> {
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

/// Reads integers or words (N), (N, 1) or (N, T, 1) as class labels, integers with a longer last axis as independent labels of 0
/// or 1, and real numbers (N), (N, O) or (N, T, O) as real targets; three axes are answers at every step. Words are looked up in
/// the class names that are wanted, or, without any, become classes in sorted order. Returns the class names too.
pub(crate) fn targets(
    path: &Path,
    bytes: &[u8],
    wanted: Wanted<'_>,
    notes: &mut Notes,
) -> Result<(Targets, Vec<String>), Error> {
    let (shape, values) = read(path, bytes)?;
    let (steps, outputs) = match shape[..] {
        [_] => (None, 1),
        [_, o] => (None, o),
        [_, 0, _] => return Err(Error::data(path, "shape", format!("{shape:?} has no steps"))),
        [_, t, o] => (Some(t), o),
        _ => {
            let problem = format!("{shape:?}; answers are (N) or (N, C), or (N, T, C) at every step");
            return Err(Error::data(path, "shape", problem));
        }
    };
    let place = |k: usize| targets::place(k, steps.unwrap_or(1));
    let (answers, names) = match values {
        Values::Whole(labels) if outputs == 1 => answers::of_numbers(path, &labels, place, wanted, notes)?,
        Values::Words(words) if outputs == 1 => {
            let words = words.iter().map(String::as_str);
            answers::of_words(path, words, place, wanted, notes)?
        }
        Values::Words(_) => {
            let problem = format!("{shape:?}; words are one class a sequence, (N), or a step, (N, T, 1)");
            return Err(Error::data(path, "shape", problem));
        }
        Values::Whole(labels) => (
            targets::independent_labels(path, &labels, outputs)?,
            wanted.class_names.to_vec(),
        ),
        Values::Real(values) => (
            targets::real_targets(path, values, outputs)?,
            wanted.class_names.to_vec(),
        ),
    };
    let answers = match steps {
        Some(length) => Targets::PerStep {
            answers: Box::new(answers),
            length,
        },
        None => answers,
    };
    Ok((answers, names))
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
