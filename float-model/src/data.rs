//! Sequences with their answers, and the metric that compares the two.

use crate::{Error, Objective};

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

/// What the sequences should give.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// (N): class indices.
    Labels(Vec<u32>),
    /// (N, O), row-major.
    Values {
        /// The targets.
        values: Vec<f32>,
        /// O.
        outputs: usize,
    },
}

impl Targets {
    /// Sequences covered, N.
    pub fn count(&self) -> usize {
        match self {
            Targets::Labels(labels) => labels.len(),
            Targets::Values { values, outputs } => values.len() / outputs.max(&1),
        }
    }

    /// The first `n`, or all of them where there are fewer.
    pub fn take(&self, n: usize) -> Targets {
        match self {
            Targets::Labels(labels) => Targets::Labels(labels[..n.min(labels.len())].to_vec()),
            Targets::Values { values, outputs } => Targets::Values {
                values: values[..(n * outputs).min(values.len())].to_vec(),
                outputs: *outputs,
            },
        }
    }
}

/// The figure of merit of a task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// Share of right decisions; higher is better.
    Accuracy(f64),
    /// Mean squared error; lower is better.
    Mse(f64),
}

impl Metric {
    /// Compares outputs (N, O) with targets.
    ///
    /// # Errors
    /// Counts or shapes that do not match the objective; `file` is what the error names.
    pub fn of(file: &str, objective: Objective, outputs: &[Vec<f32>], targets: &Targets) -> Result<Metric, Error> {
        if outputs.len() != targets.count() || outputs.is_empty() {
            return Err(Error::field(
                file,
                "count",
                format!("{} answers for {} sequences", targets.count(), outputs.len()),
            ));
        }
        match (objective, targets) {
            (Objective::Classification, Targets::Labels(labels)) => {
                let classes = outputs[0].len() as u32;
                if let Some(bad) = labels.iter().find(|l| **l >= classes) {
                    return Err(Error::field(
                        file,
                        "labels",
                        format!("{bad} is out of range, {classes} classes"),
                    ));
                }
                let right = outputs
                    .iter()
                    .zip(labels)
                    .filter(|(o, l)| argmax(o) == **l as usize)
                    .count();
                Ok(Metric::Accuracy(right as f64 / labels.len() as f64))
            }
            (Objective::Regression, Targets::Values { values, outputs: o }) => {
                if *o != outputs[0].len() {
                    return Err(Error::field(
                        file,
                        "targets",
                        format!("{o} a sequence, the model has {} outputs", outputs[0].len()),
                    ));
                }
                let sum: f64 = outputs
                    .iter()
                    .flatten()
                    .zip(values)
                    .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
                    .sum();
                Ok(Metric::Mse(sum / values.len() as f64))
            }
            (Objective::Classification, _) => Err(Error::field(
                file,
                "labels",
                "real targets given, but the model is a classifier",
            )),
            (Objective::Regression, _) => Err(Error::field(
                file,
                "targets",
                "class labels given, but the model is a regressor",
            )),
            (Objective::Multilabel, _) => Err(Error::field(
                file,
                "objective",
                "multilabel models cannot be evaluated yet",
            )),
        }
    }

    /// `accuracy` or `mse`.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::Accuracy(_) => "accuracy",
            Metric::Mse(_) => "mse",
        }
    }

    /// The number itself.
    pub const fn value(self) -> f64 {
        match self {
            Metric::Accuracy(v) | Metric::Mse(v) => v,
        }
    }

    /// Whether `self` is strictly better than `other`; metrics of different kinds never are.
    pub fn better_than(self, other: Metric) -> bool {
        match (self, other) {
            (Metric::Accuracy(a), Metric::Accuracy(b)) => a > b,
            (Metric::Mse(a), Metric::Mse(b)) => a < b,
            _ => false,
        }
    }
}

/// Index of the largest output, the first of equals, as on the chip.
pub fn argmax<T: PartialOrd>(outputs: &[T]) -> usize {
    let mut best = 0;
    for (k, v) in outputs.iter().enumerate() {
        if *v > outputs[best] {
            best = k;
        }
    }
    best
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
    fn metrics() {
        let outputs = vec![vec![0.0, 1.0], vec![2.0, 1.0]];
        let m = Metric::of("y", Objective::Classification, &outputs, &Targets::Labels(vec![1, 1])).unwrap();
        assert_eq!(m, Metric::Accuracy(0.5));
        let targets = Targets::Values {
            values: vec![0.0, 0.0, 2.0, 1.0],
            outputs: 2,
        };
        assert_eq!(
            Metric::of("y", Objective::Regression, &outputs, &targets).unwrap(),
            Metric::Mse(0.25)
        );
        assert!(Metric::of("y", Objective::Classification, &outputs, &Targets::Labels(vec![2, 1])).is_err());
        assert!(Metric::of("y", Objective::Classification, &outputs, &Targets::Labels(vec![1])).is_err());
    }
}
