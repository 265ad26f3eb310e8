//! The figure of merit of a task.

use crate::{Error, Objective, Targets};

/// The figure of merit of a task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// Share of right decisions; higher is better.
    Accuracy(f64),
    /// Mean squared error; lower is better.
    Mse(f64),
    /// Mean average precision over the labels that occur; higher is better.
    MeanAveragePrecision(f64),
}

impl Metric {
    /// Compares the outputs of N sequences with their answers: (O) each, or (T, O) with an answer at every step.
    ///
    /// Over steps, every step of every sequence counts alike.
    ///
    /// # Errors
    /// Counts or shapes that do not match the objective; `file` is what the error names.
    pub fn of(file: &str, objective: Objective, outputs: &[Vec<f32>], targets: &Targets) -> Result<Metric, Error> {
        let wrong = |field: &str, problem: String| Error::field(file, field, problem);
        if outputs.len() != targets.count() || outputs.is_empty() {
            return Err(wrong(
                "count",
                format!("{} answers for {} sequences", targets.count(), outputs.len()),
            ));
        }
        let steps = match targets {
            Targets::PerStep { length, .. } => *length,
            _ => 1,
        };
        let width = outputs[0].len() / steps;
        if let Some(n) = outputs.iter().position(|o| o.len() != width * steps || width == 0) {
            let problem = format!(
                "sequence {n} has {} outputs for {steps} answers; is the model asked at other times than the answers say?",
                outputs[n].len()
            );
            return Err(wrong("outputs", problem));
        }
        let rows: Vec<&[f32]> = outputs.iter().flat_map(|o| o.chunks_exact(width)).collect();
        let same_width = |wanted: usize, field: &str| match wanted == width {
            true => Ok(()),
            false => Err(wrong(
                field,
                format!("{wanted} an answer, the model has {width} outputs"),
            )),
        };
        match (objective, targets.answers()) {
            (Objective::Classification, Targets::Labels(labels)) => {
                if let Some(bad) = labels.iter().find(|l| **l as usize >= width) {
                    return Err(wrong("labels", format!("{bad} is out of range, {width} classes")));
                }
                let right = rows.iter().zip(labels).filter(|(o, l)| argmax(o) == **l as usize);
                Ok(Metric::Accuracy(right.count() as f64 / labels.len() as f64))
            }
            (Objective::Regression, Targets::Values { values, outputs }) => {
                same_width(*outputs, "targets")?;
                let found = rows.iter().copied().flatten();
                let squares = found.zip(values).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
                Ok(Metric::Mse(squares.sum::<f64>() / values.len() as f64))
            }
            (Objective::Multilabel, Targets::Multilabel { values, outputs }) => {
                same_width(*outputs, "labels")?;
                mean_average_precision(&rows, values, width)
                    .map(Metric::MeanAveragePrecision)
                    .ok_or_else(|| wrong("labels", "none holds in any answer; nothing can be ranked".into()))
            }
            (Objective::Classification, _) => Err(wrong(
                "labels",
                "the model is a classifier; give class indices, integers (N), or (N, T, 1) at every step".into(),
            )),
            (Objective::Regression, _) => Err(wrong(
                "targets",
                "the model is a regressor; give floats (N, O), or (N, T, O) at every step".into(),
            )),
            (Objective::Multilabel, _) => Err(wrong(
                "labels",
                "the model has independent labels; give integers 0 or 1, (N, C), or (N, T, C) at every step".into(),
            )),
        }
    }

    /// `accuracy`, `mse` or `map`.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::Accuracy(_) => "accuracy",
            Metric::Mse(_) => "mse",
            Metric::MeanAveragePrecision(_) => "map",
        }
    }

    /// The number itself.
    pub const fn value(self) -> f64 {
        match self {
            Metric::Accuracy(v) | Metric::Mse(v) | Metric::MeanAveragePrecision(v) => v,
        }
    }

    /// Whether `self` is strictly better than `other`; metrics of different kinds never are.
    pub fn better_than(self, other: Metric) -> bool {
        match (self, other) {
            (Metric::Accuracy(a), Metric::Accuracy(b))
            | (Metric::MeanAveragePrecision(a), Metric::MeanAveragePrecision(b)) => a > b,
            (Metric::Mse(a), Metric::Mse(b)) => a < b,
            _ => false,
        }
    }
}

/// Mean over the labels of the average precision Σ (R_k - R_{k-1})·P_k over falling thresholds (Manning et al.,
/// Introduction to Information Retrieval, 2008, chapter 8); equal scores are one threshold. `values` is
/// (rows, width), 0 or 1. Labels that never hold are left out; `None` where that is all of them.
fn mean_average_precision(rows: &[&[f32]], values: &[f32], width: usize) -> Option<f64> {
    let of_label = |label: usize| {
        let holds = values.iter().skip(label).step_by(width).map(|v| *v > 0.5);
        let mut ranked: Vec<(f32, bool)> = rows.iter().map(|r| r[label]).zip(holds).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let positives = ranked.iter().filter(|(_, holds)| *holds).count();
        let (mut found, mut seen, mut sum) = (0, 0, 0.0);
        for equal in ranked.chunk_by(|a, b| a.0 == b.0) {
            let new = equal.iter().filter(|(_, holds)| *holds).count();
            (found, seen) = (found + new, seen + equal.len());
            sum += new as f64 * found as f64 / seen as f64;
        }
        (positives > 0).then(|| sum / positives as f64)
    };
    let of_labels: Vec<f64> = (0..width).filter_map(of_label).collect();
    (!of_labels.is_empty()).then(|| of_labels.iter().sum::<f64>() / of_labels.len() as f64)
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

    #[test]
    fn every_step_counts() {
        let outputs = vec![vec![0.0, 1.0, 2.0, 1.0], vec![0.0, 1.0, 0.0, 1.0]];
        let steps = |answers| Targets::PerStep {
            answers: Box::new(answers),
            length: 2,
        };
        let of = |objective, answers| Metric::of("y", objective, &outputs, &steps(answers));
        let labels = Targets::Labels(vec![1, 0, 1, 0]);
        assert_eq!(of(Objective::Classification, labels).unwrap(), Metric::Accuracy(0.75));
        let flags = Targets::Multilabel {
            values: vec![0.0; 8],
            outputs: 2,
        };
        assert!(of(Objective::Multilabel, flags).is_err(), "no label holds");
        let end = Metric::of("y", Objective::Classification, &outputs, &Targets::Labels(vec![0, 9]));
        assert!(end.unwrap_err().to_string().contains("out of range"));
    }

    #[test]
    fn average_precision_by_hand() {
        let of = |scores: &[f32], values: &[f32]| {
            let rows: Vec<&[f32]> = scores.chunks(1).collect();
            mean_average_precision(&rows, values, 1)
        };
        // Ranks 1 and 3 of 4: (1/1 + 2/3) / 2.
        let ap = of(&[0.9, 0.8, 0.7, 0.1], &[1.0, 0.0, 1.0, 0.0]).unwrap();
        assert!((ap - 5.0 / 6.0).abs() < 1e-12);
        // Two of three equal scores hold: one threshold of precision 2/3.
        let ap = of(&[0.5, 0.5, 0.5], &[1.0, 0.0, 1.0]).unwrap();
        assert!((ap - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(of(&[0.5], &[0.0]), None);
        // The second label never holds and is left out.
        let rows: [&[f32]; 2] = [&[1.0, 0.0], &[0.0, 1.0]];
        assert_eq!(mean_average_precision(&rows, &[1.0, 0.0, 0.0, 0.0], 2), Some(1.0));
    }
}
