//! Judging a state on the validation part, and the rule by which the best state is kept.

use crate::{DataSource, Error};
use float_model::{FloatModel, Forward, Metric, Objective, Sequences, Targets};
use serde::Serialize;

/// How a model does on a set of sequences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Accuracy or MSE.
    pub metric: Metric,
    /// Updates per sequence, mean.
    pub updates_mean: f64,
    /// Cross-entropy or half the MSE, mean over the sequences.
    pub loss: f64,
    /// Whether the task counts as solved; `None` where it has no threshold.
    pub solved: Option<bool>,
}

/// An evaluation as `training.json` holds it.
#[derive(Serialize)]
pub(crate) struct EvaluationRecord {
    metric_name: &'static str,
    metric: f64,
    updates_mean: f64,
    loss: f64,
    solved: Option<bool>,
}

impl From<Evaluation> for EvaluationRecord {
    fn from(e: Evaluation) -> Self {
        EvaluationRecord {
            metric_name: e.metric.name(),
            metric: e.metric.value(),
            updates_mean: e.updates_mean,
            loss: e.loss,
            solved: e.solved,
        }
    }
}

/// Runs `model` over (x, y) with the closed-form skip rule, on `threads` threads.
///
/// # Errors
/// Data that does not match the model.
pub fn evaluate(
    source: &DataSource,
    model: &FloatModel,
    x: &Sequences,
    y: &Targets,
    threads: usize,
) -> Result<Evaluation, Error> {
    let outcomes = Forward::new(model).run_all(x, 0.0, threads)?;
    let updates: usize = outcomes.iter().map(|o| o.updates.len()).sum();
    let outputs: Vec<Vec<f32>> = outcomes.into_iter().map(|o| o.output).collect();
    let metric = Metric::of("validation part", model.description.objective, &outputs, y)?;
    let loss = match (y, metric) {
        (Targets::Labels(labels), _) => {
            let sum: f64 = outputs.iter().zip(labels).map(|(o, l)| cross_entropy(o, *l)).sum();
            sum / labels.len() as f64
        }
        (Targets::Values { .. }, m) => 0.5 * m.value(),
    };
    Ok(Evaluation {
        metric,
        updates_mean: updates as f64 / x.count as f64,
        loss,
        solved: source.solved(metric),
    })
}

/// -ln softmax(logits)[label].
fn cross_entropy(logits: &[f32], label: u32) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|l| f64::from(l - largest).exp()).sum();
    sum.ln() - f64::from(logits[label as usize] - largest)
}

impl Evaluation {
    /// Whether this state is to be kept in place of `best`.
    ///
    /// Where the task has a threshold: solved before unsolved, among solved ones fewer updates (then the better
    /// metric), among unsolved ones the better metric. Elsewhere: least loss + λ·updates.
    pub fn better_than(&self, best: &Evaluation, lambda: f64) -> bool {
        match (self.solved, best.solved) {
            (Some(a), Some(b)) if a != b => a,
            (Some(true), Some(true)) if self.updates_mean != best.updates_mean => self.updates_mean < best.updates_mean,
            (Some(_), Some(_)) => self.metric.better_than(best.metric),
            _ => self.loss + lambda * self.updates_mean < best.loss + lambda * best.updates_mean,
        }
    }

    /// Whether the stop rule holds: the metric beats `stop_metric` (or, without it, the task is solved), with fewer
    /// updates than `stop_updates`.
    pub(crate) fn stops(&self, stop_metric: Option<f64>, stop_updates: Option<f64>) -> bool {
        let good = match (stop_metric, self.metric) {
            (Some(limit), Metric::Accuracy(v)) => v > limit,
            (Some(limit), Metric::Mse(v)) => v < limit,
            (None, _) => stop_updates.is_some() && self.solved == Some(true),
        };
        good && stop_updates.is_none_or(|limit| self.updates_mean < limit)
    }
}

/// The objective that targets ask for.
pub(crate) fn objective(y: &Targets) -> Objective {
    match y {
        Targets::Labels(_) => Objective::Classification,
        Targets::Values { .. } => Objective::Regression,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accuracy(value: f64, updates_mean: f64) -> Evaluation {
        let metric = Metric::Accuracy(value);
        Evaluation {
            metric,
            updates_mean,
            loss: 1.0 - value,
            solved: DataSource::Frequency { sample_period_s: 1e-3 }.solved(metric),
        }
    }

    #[test]
    fn solved_first_then_fewest_updates() {
        let better = |a: Evaluation, b: Evaluation| a.better_than(&b, 1e-4);
        assert!(better(accuracy(0.991, 50.0), accuracy(0.98, 5.0)));
        assert!(!better(accuracy(0.98, 5.0), accuracy(0.991, 50.0)));
        assert!(better(accuracy(0.991, 20.0), accuracy(0.999, 21.0)));
        assert!(better(accuracy(0.999, 20.0), accuracy(0.991, 20.0)));
        assert!(better(accuracy(0.9, 100.0), accuracy(0.5, 2.0)));
        assert!(!better(accuracy(0.9, 100.0), accuracy(0.9, 100.0)));
        assert_eq!(
            accuracy(0.99, 1.0).solved,
            Some(false),
            "the threshold itself is not over it"
        );
        let adding = DataSource::Adding { length: 50 };
        assert_eq!(adding.solved(Metric::Mse(1.67e-3)), Some(true));
    }

    #[test]
    fn without_a_threshold_the_loss_with_its_budget_counts() {
        let e = |loss, updates_mean| Evaluation {
            metric: Metric::Accuracy(0.5),
            updates_mean,
            loss,
            solved: None,
        };
        assert!(e(0.5, 10.0).better_than(&e(0.45, 100.0), 1e-3));
        assert!(!e(0.5, 10.0).better_than(&e(0.45, 100.0), 1e-4));
    }

    #[test]
    fn stop_rule() {
        assert!(accuracy(0.995, 20.0).stops(Some(0.99), Some(25.0)));
        assert!(!accuracy(0.995, 30.0).stops(Some(0.99), Some(25.0)));
        assert!(!accuracy(0.98, 20.0).stops(Some(0.99), Some(25.0)));
        assert!(accuracy(0.98, 200.0).stops(Some(0.9), None));
        assert!(accuracy(0.995, 20.0).stops(None, Some(25.0)));
        assert!(!accuracy(0.995, 20.0).stops(None, None));
    }

    #[test]
    fn cross_entropy_by_hand() {
        assert!((cross_entropy(&[0.0, 0.0], 1) - 2f64.ln()).abs() < 1e-12);
        assert!((cross_entropy(&[1000.0, 0.0], 1) - 1000.0).abs() < 1e-9);
    }
}
