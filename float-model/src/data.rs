//! Sequences with their answers.

use crate::{Error, Objective, OutputAt};

/// N sequences of equal length, as one dense array.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sequences {
    /// (N, T, I), row-major, in the units of the sensor.
    pub values: Vec<f32>,
    /// Sequences, N.
    pub count: usize,
    /// Samples per sequence, T.
    pub length: usize,
    /// Channels per sample, I.
    pub channels: usize,
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
        })
    }

    /// One sequence, (T, I).
    pub fn sequence(&self, n: usize) -> &[f32] {
        let size = self.length * self.channels;
        &self.values[n * size..(n + 1) * size]
    }

    /// All sequences, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.length * self.channels)
    }

    /// The first `n` sequences, or all of them where there are fewer.
    pub fn take(&self, n: usize) -> Sequences {
        let count = n.min(self.count);
        let size = self.length * self.channels;
        Sequences {
            values: self.values[..count * size].to_vec(),
            count,
            ..*self
        }
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
