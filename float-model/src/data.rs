//! Sequences with their answers.

use crate::{Error, Objective, OutputAt};

/// N sequences as one dense array; where their lengths differ, shorter ones are padded at the end.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sequences {
    /// (N, T, I), row-major, in the units of the sensor; padding is 0.
    pub values: Vec<f32>,
    /// Sequences, N.
    pub count: usize,
    /// Samples per sequence, T; of the longest where lengths differ.
    pub length: usize,
    /// Channels per sample, I.
    pub channels: usize,
    /// (N): samples of each sequence, from 1 to T; empty where all have T.
    pub lengths: Vec<u32>,
}

impl Sequences {
    /// Takes an array of shape (count, length, channels).
    ///
    /// # Errors
    /// A length that does not match the shape, an empty axis, NaN or infinity; `file` is what the error names.
    pub fn new(file: &str, values: Vec<f32>, count: usize, length: usize, channels: usize) -> Result<Self, Error> {
        if count == 0 || length == 0 || channels == 0 {
            return Err(Error::field(
                file,
                "shape",
                format!("({count}, {length}, {channels}) is empty"),
            ));
        }
        if Some(values.len()) != count.checked_mul(length).and_then(|n| n.checked_mul(channels)) {
            return Err(Error::field(
                file,
                "shape",
                format!("{} values do not fill ({count}, {length}, {channels})", values.len()),
            ));
        }
        if let Some(k) = values.iter().position(|v| !v.is_finite()) {
            let (n, t, i) = (k / (length * channels), k / channels % length, k % channels);
            return Err(Error::field(
                file,
                format!("sequence {n}, sample {t}, channel {i}"),
                format!("is {}; remove or interpolate it", values[k]),
            ));
        }
        Ok(Sequences {
            values,
            count,
            length,
            channels,
            lengths: Vec::new(),
        })
    }

    /// Takes an array of shape (count, length, channels) of which sequence n is the first `lengths[n]` samples. What
    /// follows them may be anything, NaN too, and becomes 0; axis T is cut to the longest sequence.
    ///
    /// # Errors
    /// As [`Sequences::new`], and lengths that are not one a sequence, from 1 to `length`.
    pub fn ragged(
        file: &str,
        mut values: Vec<f32>,
        (count, length, channels): (usize, usize, usize),
        lengths: Vec<u32>,
    ) -> Result<Self, Error> {
        if lengths.len() != count {
            let problem = format!("{} for {count} sequences; give one a sequence", lengths.len());
            return Err(Error::field(file, "lengths", problem));
        }
        if let Some(n) = lengths.iter().position(|l| !(1..=length).contains(&(*l as usize))) {
            return Err(Error::field(
                file,
                format!("length of sequence {n}"),
                format!(
                    "{} is out of range; the array holds 1 to {length} samples a sequence",
                    lengths[n]
                ),
            ));
        }
        if values.len() == count * length * channels {
            for (row, used) in values.chunks_mut((length * channels).max(1)).zip(&lengths) {
                row[*used as usize * channels..].fill(0.0);
            }
        }
        let all = Sequences::new(file, values, count, length, channels)?;
        let longest = lengths.iter().copied().max().unwrap_or(0) as usize;
        let values = match longest == length {
            true => all.values,
            false => {
                let rows = all.values.chunks(length * channels);
                rows.flat_map(|row| &row[..longest * channels]).copied().collect()
            }
        };
        let equal = lengths.iter().all(|l| *l as usize == longest);
        Ok(Sequences {
            values,
            length: longest,
            lengths: if equal { Vec::new() } else { lengths },
            ..all
        })
    }

    /// Samples of sequence `n`.
    pub fn length_of(&self, n: usize) -> usize {
        self.lengths.get(n).map_or(self.length, |l| *l as usize)
    }

    /// Samples of all sequences together, padding aside.
    pub fn samples(&self) -> usize {
        match self.lengths.is_empty() {
            true => self.count * self.length,
            false => self.lengths.iter().map(|l| *l as usize).sum(),
        }
    }

    /// Sequence `n` without padding, (T_n, I).
    pub fn sequence(&self, n: usize) -> &[f32] {
        let start = n * self.length * self.channels;
        &self.values[start..start + self.length_of(n) * self.channels]
    }

    /// All sequences without padding, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[f32]> {
        (0..self.count).map(|n| self.sequence(n))
    }

    /// The first `n` sequences, or all of them where there are fewer.
    pub fn take(&self, n: usize) -> Sequences {
        self.select(0..n.min(self.count))
    }

    /// These sequences, in this order. T stays as it is.
    ///
    /// # Panics
    /// An index of `count` or more.
    pub fn select(&self, indices: impl IntoIterator<Item = usize>) -> Sequences {
        let size = self.length * self.channels;
        let mut selected = Sequences {
            values: Vec::new(),
            count: 0,
            length: self.length,
            channels: self.channels,
            lengths: Vec::new(),
        };
        for n in indices {
            selected
                .values
                .extend_from_slice(&self.values[n * size..(n + 1) * size]);
            selected.lengths.extend(self.lengths.get(n));
            selected.count += 1;
        }
        selected
    }
}

/// What the sequences should give: one answer a sequence, or one at every step.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// (N): class indices.
    Labels(Vec<u32>),
    /// (N, O), row-major: real numbers.
    Values {
        /// The targets.
        values: Vec<f32>,
        /// O.
        outputs: usize,
    },
    /// (N, C), row-major: for each of C labels whether it holds, 0 or 1.
    Multilabel {
        /// 0 or 1.
        values: Vec<f32>,
        /// C.
        outputs: usize,
    },
    /// An answer at every step: (N, T) class indices, (N, T, O) or (N, T, C).
    PerStep {
        /// The answers of all steps, N·T in the order of sequences and then of samples; never `PerStep` itself.
        answers: Box<Targets>,
        /// T.
        length: usize,
    },
}

impl Targets {
    /// Sequences covered, N.
    pub fn count(&self) -> usize {
        match self {
            Targets::Labels(labels) => labels.len(),
            Targets::Values { values, outputs } | Targets::Multilabel { values, outputs } => {
                values.len() / outputs.max(&1)
            }
            Targets::PerStep { answers, length } => answers.count() / length.max(&1),
        }
    }

    /// The first `n`, or all of them where there are fewer.
    pub fn take(&self, n: usize) -> Targets {
        self.select(0..n.min(self.count()))
    }

    /// The answers of these sequences, in this order.
    ///
    /// # Panics
    /// An index of [`Targets::count`] or more.
    pub fn select(&self, indices: impl IntoIterator<Item = usize>) -> Targets {
        let rows = |values: &[f32], outputs: usize, indices: &mut dyn Iterator<Item = usize>| -> Vec<f32> {
            indices
                .flat_map(|n| &values[n * outputs..(n + 1) * outputs])
                .copied()
                .collect()
        };
        let mut indices = indices.into_iter();
        match self {
            Targets::Labels(labels) => Targets::Labels(indices.map(|n| labels[n]).collect()),
            Targets::Values { values, outputs } => Targets::Values {
                values: rows(values, *outputs, &mut indices),
                outputs: *outputs,
            },
            Targets::Multilabel { values, outputs } => Targets::Multilabel {
                values: rows(values, *outputs, &mut indices),
                outputs: *outputs,
            },
            Targets::PerStep { answers, length } => {
                let steps: Vec<usize> = indices.flat_map(|n| n * length..(n + 1) * length).collect();
                Targets::PerStep {
                    answers: Box::new(answers.select(steps)),
                    length: *length,
                }
            }
        }
    }

    /// The answers without their arrangement in time: of a sequence each, or of a step each.
    pub fn answers(&self) -> &Targets {
        match self {
            Targets::PerStep { answers, .. } => answers,
            other => other,
        }
    }

    /// When a model that is to give these answers is asked.
    pub const fn output_at(&self) -> OutputAt {
        match self {
            Targets::PerStep { .. } => OutputAt::Step,
            _ => OutputAt::End,
        }
    }

    /// What the outputs of a model that is to give these answers mean.
    pub fn objective(&self) -> Objective {
        match self.answers() {
            Targets::Values { .. } => Objective::Regression,
            Targets::Multilabel { .. } => Objective::Multilabel,
            _ => Objective::Classification,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_arrays_are_named() {
        let e = Sequences::new("x.npy", vec![0.0, 1.0, f32::NAN, 2.0], 2, 2, 1)
            .unwrap_err()
            .to_string();
        assert!(
            e.contains("x.npy") && e.contains("sequence 1, sample 0, channel 0"),
            "{e}"
        );
        assert!(Sequences::new("x", vec![0.0; 3], 2, 2, 1).is_err());
        assert!(Sequences::new("x", vec![], 0, 2, 1).is_err());
    }

    #[test]
    fn padding_is_no_part_of_a_sequence() {
        let nan = f32::NAN;
        let values = vec![1.0, nan, nan, 2.0, 3.0, nan];
        let x = Sequences::ragged("x.npy", values.clone(), (2, 3, 1), vec![1, 2]).unwrap();
        assert_eq!((x.length, x.samples(), x.length_of(0)), (2, 3, 1), "cut to the longest");
        assert_eq!(x.iter().collect::<Vec<_>>(), [&[1.0][..], &[2.0, 3.0]]);
        assert_eq!(x.values, [1.0, 0.0, 2.0, 3.0]);
        let swapped = x.select([1, 0]);
        assert_eq!(
            (swapped.lengths.as_slice(), swapped.sequence(0)),
            (&[2, 1][..], &[2.0, 3.0][..])
        );
        assert_eq!(x.take(1).lengths, [1]);
        let equal = Sequences::ragged("x.npy", vec![1.0, 2.0], (2, 1, 1), vec![1, 1]).unwrap();
        assert_eq!(equal, Sequences::new("x", vec![1.0, 2.0], 2, 1, 1).unwrap());
        for (lengths, part) in [
            (vec![1], "1 for 2 sequences"),
            (vec![1, 4], "length of sequence 1: 4 is out of range"),
            (vec![0, 2], "length of sequence 0"),
            (vec![2, 2], "sequence 0, sample 1"),
        ] {
            let e = Sequences::ragged("x.npy", values.clone(), (2, 3, 1), lengths)
                .unwrap_err()
                .to_string();
            assert!(e.contains("x.npy") && e.contains(part), "{e}");
        }
    }

    #[test]
    fn answers_of_steps_stay_together() {
        let labels = |v: &[u32]| Targets::PerStep {
            answers: Box::new(Targets::Labels(v.to_vec())),
            length: 2,
        };
        let y = labels(&[0, 1, 2, 3, 4, 5]);
        assert_eq!((y.count(), y.output_at()), (3, OutputAt::Step));
        assert_eq!(y.select([2, 0]), labels(&[4, 5, 0, 1]));
        assert_eq!(y.take(9), y);
        let values = Targets::Multilabel {
            values: vec![0.0, 1.0, 1.0, 1.0],
            outputs: 2,
        };
        assert_eq!((values.count(), values.objective()), (2, Objective::Multilabel));
    }
}
