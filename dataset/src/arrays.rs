//! Arrays of `.npy` files as sequences and as answers.

use crate::{
    Axes, Error, Loss, Notes, Store,
    answers::{self, Wanted},
    npy::{
        ArrayFile, Shape, Values,
        header::{self, Header},
        not_finite,
        numbers::{self, Kind},
        read,
    },
    store::MOST,
    strays::{Samples, warn_of_counts, warn_of_single_samples, warn_of_strays},
    targets,
};
use float_model::Targets;
use std::{fs::File, io::Read, path::Path};

/// Sequences of which the values take up to this many bytes as f32 are read into memory; more stay in their file.
const MOST_IN_MEMORY: usize = 256 << 20;

/// The shape of (N, T, I), or of (N, T) as I = 1. Says where the axes look like others, and nothing was asked for.
fn shape_of(path: &Path, header: &Header, axes: Option<Axes>, notes: &mut Notes) -> Result<Shape, Error> {
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
    if u32::try_from(length).is_err() || count > MOST {
        return Err(wrong(format!(
            "{shape:?}; at most {} sequences of {} samples can be read",
            MOST,
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
    let shape = shape_of(path, &header, axes, notes)?;
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
    let shape = shape_of(path, &header, axes, notes)?;
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
    // As many as the elements that are there, at most.
    let used = lengths.iter().map(|length| *length as usize).sum::<usize>();
    let mut values = Vec::with_capacity(used * channels);
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
    let store = Store::in_memory(values, channels, &lengths);
    warn_of_values(path, kind, &store, notes);
    Ok(store)
}

/// Warns of values that look wrong.
fn warn_of_values(path: &Path, kind: Kind, store: &Store, notes: &mut Notes) {
    let samples = Samples::of_store(store, path);
    warn_of_strays(&samples, notes);
    warn_of_single_samples(&samples, notes);
    if !kind.is_whole() {
        warn_of_counts(&samples, |_| false, notes);
    }
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
        Values::Real(values) if wanted.loss == Some(Loss::Ce) && outputs == 1 && targets::are_whole(&values) => {
            let labels: Vec<i64> = values.iter().map(|v| *v as i64).collect();
            answers::of_numbers(path, &labels, place, wanted, notes)?
        }
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
