//! Which states of fine-tuning count: those in which no figure of fidelity is worse than before.

use crate::{
    Error, IntegerModel,
    dequantize::dequantize,
    fidelity::{Arithmetic, Case, Fixed, Whole},
};
use float_model::{FloatModel, Metric, Outcome, Sequences, Targets};

/// Changes of mean updates, and losses of a mean squared error, that are none: a thousandth, and a hundredth.
const UPDATES_NOISE: f64 = 1e-3;
const MSE_NOISE: f64 = 1e-2;

/// The judging sequences, with what the original model makes of them.
pub(super) struct Judge<'a> {
    original: &'a FloatModel,
    x: &'a Sequences,
    /// Of the first sequences.
    y: Option<&'a Targets>,
    float: Vec<Outcome>,
    threads: usize,
}

/// The figures of calibration alone, which no state may fall below.
pub(super) struct Floor {
    pub(super) whole: Whole,
    arithmetic: Arithmetic,
}

/// The answers of two sets of sequences, one after the other; `None` where they are of different kinds.
pub(super) fn joined(a: &Targets, b: &Targets) -> Option<Targets> {
    Some(match (a, b) {
        (Targets::Labels(a), Targets::Labels(b)) => Targets::Labels([&a[..], b].concat()),
        (Targets::Values { values: a, outputs }, Targets::Values { values: b, outputs: n }) if n == outputs => {
            Targets::Values {
                values: [&a[..], b].concat(),
                outputs: *n,
            }
        }
        (Targets::Multilabel { values: a, outputs }, Targets::Multilabel { values: b, outputs: n }) if n == outputs => {
            Targets::Multilabel {
                values: [&a[..], b].concat(),
                outputs: *n,
            }
        }
        (Targets::PerStep { answers: a, length }, Targets::PerStep { answers: b, length: t }) if t == length => {
            Targets::PerStep {
                answers: Box::new(joined(a, b)?),
                length: *t,
            }
        }
        _ => return None,
    })
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        original: &'a FloatModel,
        x: &'a Sequences,
        y: Option<&'a Targets>,
        threads: usize,
    ) -> Result<Self, Error> {
        let float = float_model::Forward::new(original).run_all(x, 0.0, threads)?;
        Ok(Judge {
            original,
            x,
            y,
            float,
            threads,
        })
    }

    /// The figures of some integers; those of the arithmetic, which take longest, where `asked` wants them.
    fn figures(
        &self,
        integers: &IntegerModel,
        asked: impl FnOnce(&Whole) -> bool,
    ) -> Result<(Whole, Option<Arithmetic>), Error> {
        let blob = integers.blob()?;
        let case = Case {
            original: self.original,
            dequantized: &dequantize(integers),
            model: &blob.model(),
            x: self.x,
            y: self.y,
            threads: self.threads,
        };
        let fixed = Fixed::run(&case)?;
        let whole = case.whole(&self.float, &fixed)?;
        let arithmetic = match asked(&whole) {
            true => Some(case.arithmetic(&self.float, &fixed)?),
            false => None,
        };
        Ok((whole, arithmetic))
    }

    pub(super) fn floor(&self, integers: &IntegerModel) -> Result<Floor, Error> {
        let (whole, arithmetic) = self.figures(integers, |_| true)?;
        Ok(Floor {
            whole,
            arithmetic: arithmetic.expect("asked for"),
        })
    }

    /// The figures of a state, and the names of those that are worse than `floor`; those of the arithmetic are looked at
    /// where no other is.
    pub(super) fn compare(&self, floor: &Floor, integers: &IntegerModel) -> Result<(Whole, Vec<&'static str>), Error> {
        let (whole, arithmetic) = self.figures(integers, |w| worse(&floor.whole, w).is_empty())?;
        let names = match arithmetic {
            None => worse(&floor.whole, &whole),
            Some(now) => worse_arithmetic(&floor.arithmetic, &now),
        };
        Ok((whole, names))
    }
}

/// The figures against the original model in which `now` is worse than `floor`.
fn worse(floor: &Whole, now: &Whole) -> Vec<&'static str> {
    let metric = |w: &Whole| w.metric.map_or(0.0, |(float, fixed)| metric_lost(float, fixed));
    let updates = |w: &Whole| (w.updates.1 / w.updates.0 - 1.0).abs();
    named([
        ("metric", metric(now) > metric(floor)),
        ("mean updates", updates(now) > updates(floor).max(UPDATES_NOISE)),
        ("same_decision", now.same_decision < floor.same_decision),
        ("same_schedule", now.same_schedule < floor.same_schedule),
    ])
}

/// The same of the figures of the arithmetic alone.
fn worse_arithmetic(floor: &Arithmetic, now: &Arithmetic) -> Vec<&'static str> {
    named([
        ("arith_same_decision", now.same_decision < floor.same_decision),
        ("arith_same_schedule", now.same_schedule < floor.same_schedule),
        ("arith_max_abs_h_error", now.max_abs_h_error > floor.max_abs_h_error),
    ])
}

fn named<const N: usize>(figures: [(&'static str, bool); N]) -> Vec<&'static str> {
    figures
        .into_iter()
        .filter_map(|(name, worse)| worse.then_some(name))
        .collect()
}

/// Share of the original's metric that is lost; 0 where it is better.
fn metric_lost(original: Metric, fixed: Metric) -> f64 {
    let (was, is) = (original.value(), fixed.value());
    match original {
        Metric::Mse(_) => match is / was - 1.0 {
            lost if lost <= MSE_NOISE => 0.0,
            lost => lost,
        },
        _ => (1.0 - is / was).max(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_than_the_original_is_no_loss() {
        let lost = |was, is| metric_lost(Metric::Mse(was), Metric::Mse(is));
        assert_eq!((lost(1.0, 0.9), lost(1.0, 1.005)), (0.0, 0.0));
        assert!((lost(1.0, 1.2) - 0.2).abs() < 1e-12);
        let lost = |was, is| metric_lost(Metric::Accuracy(was), Metric::Accuracy(is));
        assert_eq!(lost(0.8, 0.9), 0.0);
        assert!((lost(0.8, 0.6) - 0.25).abs() < 1e-12);
    }

    #[test]
    fn answers_join_to_those_of_all_sequences() {
        let labels = Targets::Labels(vec![0, 1, 2, 0, 1, 2]);
        let values = Targets::Values {
            values: vec![0.5; 12],
            outputs: 2,
        };
        let multilabel = Targets::Multilabel {
            values: vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0],
            outputs: 1,
        };
        let steps = Targets::PerStep {
            answers: Box::new(labels.clone()),
            length: 2,
        };
        for all in [&labels, &values, &multilabel, &steps] {
            let n = all.count();
            assert_eq!(joined(&all.take(1), &all.select(1..n)).as_ref(), Some(all));
        }
        assert_eq!(joined(&labels, &values), None);
        assert_eq!(joined(&labels, &steps), None);
    }

    #[test]
    fn every_figure_counts() {
        let floor = Whole {
            metric: Some((Metric::Accuracy(0.9), Metric::Accuracy(0.89))),
            updates: (10.0, 10.02),
            same_decision: 0.99,
            same_schedule: 0.8,
        };
        assert!(worse(&floor, &floor).is_empty());
        let better = Whole {
            metric: Some((Metric::Accuracy(0.9), Metric::Accuracy(0.95))),
            updates: (10.0, 9.99),
            same_decision: 1.0,
            same_schedule: 0.9,
        };
        assert!(worse(&floor, &better).is_empty());
        let all = ["metric", "mean updates", "same_decision", "same_schedule"];
        assert_eq!(
            worse(
                &better,
                &Whole {
                    updates: (10.0, 9.97),
                    ..floor
                }
            ),
            all
        );
        let floor = Arithmetic {
            same_decision: 0.99,
            same_schedule: 0.9,
            max_abs_h_error: 0.1,
        };
        assert!(worse_arithmetic(&floor, &floor).is_empty());
        let lost = Arithmetic {
            same_decision: 0.98,
            same_schedule: 0.8,
            max_abs_h_error: 0.2,
        };
        assert_eq!(worse_arithmetic(&floor, &lost).len(), 3);
        assert!(worse_arithmetic(&lost, &floor).is_empty());
    }
}
