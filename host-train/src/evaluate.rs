//! Evaluation of a model on a set of sequences, and the rule by which the best state is kept.

use crate::{
    Budget, DataSource, Error,
    loss::{binary_cross_entropy, cross_entropy},
    philox::{Purpose, Stream},
};
use float_model::{FloatModel, Forward, Metric, Outcome, Sequences, Targets};
use serde::Serialize;

/// Which samples a model uses while it is evaluated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum EvaluationSchedule {
    /// The samples that the skip rule's closed form gives, as the chip runs it; every sample without a gate.
    Rule {
        /// Offset on the gate's pre-activation.
        dial: f32,
    },
    /// Random ones, as [`random_schedule`] draws them.
    Random {
        /// Probability of a skip.
        p_skip: f64,
        /// Seed of the draws.
        seed: u64,
        /// The place of the first sequence in the set that is evaluated.
        first: usize,
    },
}

impl EvaluationSchedule {
    /// The same for the sequences of a set from `first` on.
    pub(crate) fn from(self, first: usize) -> Self {
        match self {
            EvaluationSchedule::Random { p_skip, seed, .. } => EvaluationSchedule::Random { p_skip, seed, first },
            rule => rule,
        }
    }
}

/// Samples that a randomly skipping baseline (the paper's p_skip) uses in sequence n of a set that is evaluated: each of
/// 0..length with probability 1 - p_skip, drawn from `seed`.
pub fn random_schedule(p_skip: f64, seed: u64, n: usize, length: usize) -> Vec<u32> {
    let mut random = Stream::new(seed, Purpose::EvaluationUpdates, 0, n as u32);
    (0..length as u32).filter(|_| random.uniform() >= p_skip).collect()
}

/// How a model does on a set of sequences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Accuracy, MSE or mean average precision.
    pub metric: Metric,
    /// Updates per sequence, mean.
    pub updates_mean: f64,
    /// The task loss, mean over the sequences (and steps).
    pub loss: f64,
    /// The budget loss at `updates_mean`, λ included; 0 where nothing said what updates cost.
    pub budget: f64,
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
    let outcomes = outcomes(model, x, EvaluationSchedule::Rule { dial: 0.0 }, threads)?;
    of_outcomes(source, model, outcomes, y)
}

/// Runs `model` over x on the processor.
pub(crate) fn outcomes(
    model: &FloatModel,
    x: &Sequences,
    how: EvaluationSchedule,
    threads: usize,
) -> Result<Vec<Outcome>, Error> {
    let forward = Forward::new(model);
    Ok(match how {
        EvaluationSchedule::Rule { dial } => forward.run_all(x, dial, threads)?,
        EvaluationSchedule::Random { p_skip, seed, first } => {
            let schedule = |n| random_schedule(p_skip, seed, first + n, x.length_of(n));
            forward.run_imposed(x, threads, schedule)?
        }
    })
}

/// The evaluation of what came out of `model`.
pub(crate) fn of_outcomes(
    source: &DataSource,
    model: &FloatModel,
    outcomes: Vec<Outcome>,
    y: &Targets,
) -> Result<Evaluation, Error> {
    let count = outcomes.len();
    let updates: usize = outcomes.iter().map(|o| o.updates.len()).sum();
    let outputs: Vec<Vec<f32>> = outcomes.into_iter().map(|o| o.output).collect();
    let metric = Metric::of("validation part", model.description.objective, &outputs, y)?;
    let answers = outputs.iter().flat_map(|o| o.chunks_exact(model.outputs));
    let loss = match (y.answers(), metric) {
        (Targets::Labels(labels), _) => {
            let sum: f64 = answers.zip(labels).map(|(o, l)| cross_entropy(o, *l)).sum();
            sum / labels.len() as f64
        }
        (Targets::Multilabel { values, .. }, _) => {
            let logits = answers.flatten().map(|z| f64::from(*z));
            let sum: f64 = logits.zip(values).map(|(z, y)| binary_cross_entropy(z, *y)).sum();
            sum / values.len() as f64
        }
        (_, m) => 0.5 * m.value(),
    };
    Ok(Evaluation {
        metric,
        updates_mean: updates as f64 / count as f64,
        loss,
        budget: 0.0,
        solved: source.solved(metric),
    })
}

impl Evaluation {
    /// The means over all settings of the dial. A threshold of the task does not count: no threshold applies at the lowest
    /// dial.
    pub(crate) fn mean(all: &[Evaluation]) -> Self {
        let mean = |of: &dyn Fn(&Evaluation) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
        let metric = mean(&|e| e.metric.value());
        Evaluation {
            metric: match all[0].metric {
                Metric::Accuracy(_) => Metric::Accuracy(metric),
                Metric::MeanAveragePrecision(_) => Metric::MeanAveragePrecision(metric),
                Metric::Mse(_) => Metric::Mse(metric),
            },
            updates_mean: mean(&|e| e.updates_mean),
            loss: mean(&|e| e.loss),
            budget: mean(&|e| e.budget),
            solved: None,
        }
    }

    /// Whether this state is to be kept in place of `best`.
    ///
    /// Where the task has a threshold: solved before unsolved, among solved ones the smaller budget loss (the fewer
    /// updates, or those nearer to the target; then the better metric), among unsolved ones the better metric.
    /// Elsewhere: the least loss, the budget's included.
    pub fn better_than(&self, best: &Evaluation, budget: Budget) -> bool {
        let (cost, best_cost) = (budget.at(self.updates_mean), budget.at(best.updates_mean));
        match (self.solved, best.solved) {
            (Some(a), Some(b)) if a != b => a,
            (Some(true), Some(true)) if cost != best_cost => cost < best_cost,
            (Some(_), Some(_)) => self.metric.better_than(best.metric),
            _ => self.loss + self.budget < best.loss + best.budget,
        }
    }

    /// Whether the stop rule holds: the metric beats `stop_metric` (or, without it, the task is solved), with fewer
    /// updates than `stop_updates`.
    pub(crate) fn stops(&self, stop_metric: Option<f64>, stop_updates: Option<f64>) -> bool {
        let good = match (stop_metric, self.metric) {
            (Some(limit), Metric::Accuracy(v) | Metric::MeanAveragePrecision(v)) => v > limit,
            (Some(limit), Metric::Mse(v)) => v < limit,
            (None, _) => stop_updates.is_some() && self.solved == Some(true),
        };
        good && stop_updates.is_none_or(|limit| self.updates_mean < limit)
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
            budget: 0.0,
            solved: DataSource::Frequency { sample_period_s: 1e-3 }.solved(metric),
        }
    }

    #[test]
    fn solved_first_then_fewest_updates() {
        let better = |a: Evaluation, b: Evaluation| a.better_than(&b, Budget::Cost);
        assert!(better(accuracy(0.991, 50.0), accuracy(0.98, 5.0)));
        assert!(!better(accuracy(0.98, 5.0), accuracy(0.991, 50.0)));
        assert!(better(accuracy(0.991, 20.0), accuracy(0.999, 21.0)));
        assert!(better(accuracy(0.999, 20.0), accuracy(0.991, 20.0)));
        assert!(better(accuracy(0.9, 100.0), accuracy(0.5, 2.0)));
        assert!(!better(accuracy(0.9, 100.0), accuracy(0.9, 100.0)));
        let (near, far) = (accuracy(0.991, 20.0), accuracy(0.999, 5.0));
        assert!(near.better_than(&far, Budget::L1(18.0)) && !far.better_than(&near, Budget::L2(18.0)));
        assert_eq!(
            accuracy(0.99, 1.0).solved,
            Some(false),
            "the threshold itself is not over it"
        );
        let adding = DataSource::Adding { length: 50 };
        let frequency = DataSource::Frequency { sample_period_s: 1e-3 };
        for (value, clearly) in [(0.9922, false), (0.9930, true)] {
            assert_eq!(frequency.clearly_solved(Metric::Accuracy(value), 10_000), Some(clearly));
        }
        assert_eq!(adding.clearly_solved(Metric::Mse(1.6e-3), 10_000), Some(false));
        assert_eq!(adding.solved(Metric::Mse(1.67e-3)), Some(true));
    }

    #[test]
    fn without_a_threshold_the_loss_with_its_budget_counts() {
        let e = |loss, lambda: f64, updates_mean: f64| Evaluation {
            metric: Metric::Accuracy(0.5),
            updates_mean,
            loss,
            budget: lambda * updates_mean,
            solved: None,
        };
        assert!(e(0.5, 1e-3, 10.0).better_than(&e(0.45, 1e-3, 100.0), Budget::Cost));
        assert!(!e(0.5, 1e-4, 10.0).better_than(&e(0.45, 1e-4, 100.0), Budget::Cost));
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
}
