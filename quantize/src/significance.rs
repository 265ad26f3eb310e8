//! Whether one blob does significantly better than another: figure by figure, on the same sequences (paired), each
//! difference with its sampling error.

use crate::fidelity::{Arithmetic, VersusOriginal, mean};
use float_model::Metric;
use serde::Serialize;

/// Changes of mean updates (as a share) and losses of a mean squared error (as a share) that count as no change.
const UPDATES_NOISE: f64 = 1e-3;
const MSE_NOISE: f64 = 1e-2;
/// Half of a 95 % interval in standard errors.
const NORMAL: f64 = 1.96;

/// One figure of fidelity before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Name of the figure.
    pub figure: &'static str,
    /// The figure before.
    pub before: f64,
    /// The figure after.
    pub after: f64,
    /// By how much it is nearer to the original model, below 0 where it is farther off: of the metric the share of the
    /// original's that is no longer lost, of mean updates the share by which they are nearer to the original's, of shares
    /// their difference, and of the largest error of h the mean over the sequences of ln(largest before / largest after).
    pub gain: f64,
    /// Half of the 95 % interval of the gain, from the differences sequence by sequence.
    pub error: f64,
}

impl Change {
    /// Whether the figure is worse, by however little.
    pub fn fell(&self) -> bool {
        self.gain < 0.0 || (self.figure == H_ERROR && self.after > self.before)
    }

    /// Whether it is better by more than sampling error.
    pub fn rose_clearly(&self) -> bool {
        self.gain > self.error
    }

    /// Whether it is worse by more than sampling error.
    pub fn fell_clearly(&self) -> bool {
        -self.gain > self.error
    }

    /// The gain in standard errors; `None` where nothing changed.
    pub(crate) fn certainty(&self) -> Option<f64> {
        (self.gain != 0.0).then(|| NORMAL * self.gain / self.error.max(1e-12))
    }
}

const H_ERROR: &str = "arith_max_abs_h_error";

/// Half of the 95 % interval of the mean of paired differences.
fn error_of_mean(differences: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = differences.clone().count().max(2) as f64;
    let mean = differences.clone().sum::<f64>() / n;
    let variance = differences.map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    NORMAL * (variance / n).sqrt()
}

fn differences<'a>(before: &'a [f64], after: &'a [f64]) -> impl Iterator<Item = f64> + Clone + 'a {
    after.iter().zip(before).map(|(a, b)| a - b)
}

/// A figure that is the mean of a share a sequence.
fn share(figure: &'static str, before: &[f64], after: &[f64]) -> Change {
    Change {
        figure,
        before: mean(before),
        after: mean(after),
        gain: mean(after) - mean(before),
        error: error_of_mean(differences(before, after)),
    }
}

/// The figures against the original model.
pub(crate) fn versus_original(before: &VersusOriginal, after: &VersusOriginal) -> Vec<Change> {
    let mut changes = Vec::new();
    if let (Some((float, was)), Some((_, is))) = (before.metric, after.metric) {
        changes.push(Change {
            figure: "metric",
            before: was.value(),
            after: is.value(),
            gain: metric_lost(float, was) - metric_lost(float, is),
            error: error_of_mean(differences(&before.merit, &after.merit)) / float.value().abs().max(1e-12),
        });
    }
    let float = before.updates_float;
    let off = |w: &VersusOriginal| (mean(&w.updates) / float - 1.0).abs().max(UPDATES_NOISE);
    changes.push(Change {
        figure: "mean updates",
        before: mean(&before.updates),
        after: mean(&after.updates),
        gain: off(before) - off(after),
        error: error_of_mean(differences(&before.updates, &after.updates)) / float,
    });
    changes.push(share("same_decision", &before.same_decision, &after.same_decision));
    changes.push(share("same_schedule", &before.same_schedule, &after.same_schedule));
    changes
}

/// The figures of the arithmetic alone.
pub(crate) fn arithmetic(before: &Arithmetic, after: &Arithmetic) -> Vec<Change> {
    let ratios = before.h_error.iter().zip(&after.h_error);
    let ratios = ratios.map(|(b, a)| (b.max(1e-9) / a.max(1e-9)).ln());
    let n = before.h_error.len().max(1) as f64;
    vec![
        share("arith_same_decision", &before.same_decision, &after.same_decision),
        share("arith_same_schedule", &before.same_schedule, &after.same_schedule),
        Change {
            figure: H_ERROR,
            before: before.max_abs_h_error(),
            after: after.max_abs_h_error(),
            gain: ratios.clone().sum::<f64>() / n,
            error: error_of_mean(ratios),
        },
    ]
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

    /// `same` of `n` sequences are as the original's.
    fn with(n: usize, same: usize, accuracy: f64, updates: f64) -> VersusOriginal {
        let shares: Vec<f64> = (0..n).map(|k| f64::from(u8::from(k < same))).collect();
        VersusOriginal {
            metric: Some((Metric::Accuracy(0.9), Metric::Accuracy(accuracy))),
            merit: shares.clone(),
            updates_float: 10.0,
            updates: vec![updates; n],
            same_decision: shares.clone(),
            same_schedule: shares,
        }
    }

    #[test]
    fn every_figure_counts() {
        let (few, many) = (with(100, 80, 0.88, 10.2), with(100, 90, 0.89, 10.1));
        assert!(
            versus_original(&few, &few)
                .iter()
                .all(|c| !c.fell() && !c.rose_clearly())
        );
        assert!(
            versus_original(&few, &many)
                .iter()
                .all(|c| !c.fell() && c.certainty() > Some(0.0))
        );
        assert!(versus_original(&many, &few).iter().all(Change::fell));
        let arith = |same: usize, error: f64| Arithmetic {
            same_decision: with(100, same, 0.9, 10.0).same_decision,
            same_schedule: with(100, same, 0.9, 10.0).same_decision,
            h_error: (0..100).map(|k| error * f64::from(1 + k % 3)).collect(),
        };
        assert!(arithmetic(&arith(90, 0.1), &arith(80, 0.2)).iter().all(Change::fell));
        assert!(arithmetic(&arith(80, 0.2), &arith(90, 0.1)).iter().all(|c| !c.fell()));
        // A larger largest error is a fall, even where most errors are smaller.
        let mut one = arith(90, 0.1);
        one.h_error[0] = 1.0;
        let h = &arithmetic(&arith(90, 0.2), &one)[2];
        assert!(h.gain > 0.0 && h.fell());
    }

    #[test]
    fn the_error_is_that_of_paired_differences() {
        // Two of a hundred sequences change, in opposite directions; then ten in one.
        let base = with(100, 50, 0.9, 10.0);
        let mut swapped = base.clone();
        (swapped.same_schedule[0], swapped.same_schedule[99]) = (0.0, 1.0);
        let c = &versus_original(&base, &swapped)[3];
        assert!(
            c.gain == 0.0 && (c.error - 1.96 * (2.0f64 / 99.0 / 100.0).sqrt()).abs() < 1e-12,
            "{c:?}"
        );
        assert!(versus_original(&base, &with(100, 60, 0.9, 10.0))[3].rose_clearly());
        assert!(versus_original(&with(100, 60, 0.9, 10.0), &base)[3].fell_clearly());
        assert!(!versus_original(&base, &with(100, 52, 0.9, 10.0))[3].rose_clearly());
    }
}
