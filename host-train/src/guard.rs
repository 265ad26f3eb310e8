//! The collapse guard: when a run is worth taking back to its best state.
//!
//! Near the good operating points a skip gate tends to collapse: between two evaluations its bias drifts below zero,
//! u_t = 0 for all samples but the first, and no gradient pulls it out again.

use crate::{Error, evaluate::Evaluation};
use float_model::Metric;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Below this many updates a sequence the gate is dead: hardly anything but the first sample is used.
const DEAD: f64 = 2.0;
/// A gate has collapsed short of that where it uses less than this share of the best state's updates ...
const SHED: f64 = 0.5;
/// ... with more than this times its error: before the task is solved, nothing else tells a collapse from progress.
const WORSE: f64 = 4.0;
/// What evaluations in a row may cost that are unsolved after a solved one, or collapsed ...
const PATIENCE: u64 = 6;
/// ... each of them; one alone is often noise ...
const FALL: u64 = 3;
/// ... but this much where the gate sheds updates and the error stays within [`NEAR`] times the threshold's: a state that
/// learns to do with fewer samples is often unsolved on its way.
const DETOUR: u64 = 1;
const NEAR: f64 = 5.0;
/// A solved state with more than this times the best state's updates has drifted: it costs [`DETOUR`], because from there on
/// a run seldom comes back by itself.
const DRIFT: f64 = 2.0;
/// What [`Rollback`] names is multiplied by this at every return, and divided by it at every new best state until it is
/// itself again: a rate that only fell would leave a run that recovered with nothing to go on with.
const SLOWDOWN: f64 = 0.5;
/// Returns without a better state after which the run ends: what is lowered is then a thousandth.
const MOST_HALVINGS: u64 = 10;

/// What is halved at every return to the best state.
///
/// Half the learning rate goes on from there with smaller steps toward the same optimum; half of λ moves the optimum
/// itself to one with more updates, for runs that collapse at any rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rollback {
    /// The learning rate.
    #[default]
    Rate,
    /// λ.
    Lambda,
    /// Both.
    Both,
}

impl fmt::Display for Rollback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rollback::Rate => "rate",
            Rollback::Lambda => "lambda",
            Rollback::Both => "both",
        })
    }
}

impl FromStr for Rollback {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let all = [Rollback::Rate, Rollback::Lambda, Rollback::Both];
        let found = all.into_iter().find(|rollback| rollback.to_string() == text);
        found.ok_or_else(|| {
            Error::usage(
                "rollback",
                format!("unknown name '{text}'; expected rate, lambda or both"),
            )
        })
    }
}

/// What the guard remembers; part of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Guard {
    /// Times the run went back to its best state.
    pub(crate) returns: u64,
    /// Times that what is lowered stands halved.
    pub(crate) halvings: u64,
    /// Cost of the evaluations in a row that were worse than the best state.
    pub(crate) unsolved: u64,
}

impl Guard {
    /// Factors on the learning rate and on λ.
    pub(crate) fn factors(&self, rollback: Rollback) -> (f64, f64) {
        let factor = SLOWDOWN.powi(self.halvings.min(MOST_HALVINGS) as i32);
        match rollback {
            Rollback::Rate => (factor, 1.0),
            Rollback::Lambda => (1.0, factor),
            Rollback::Both => (factor, factor),
        }
    }

    /// Takes note of an evaluation that is not the best; says why to go back, where it is time to.
    /// `threshold` is where the task counts as solved.
    pub(crate) fn check(&mut self, now: &Evaluation, best: &Evaluation, threshold: Option<Metric>) -> Option<String> {
        let unsolved = now.solved != Some(true);
        // A best state that passed the threshold by less than chance may give is something to lose too.
        let passed = threshold.is_some_and(|t| error(best.metric) <= error(t));
        let lost = (best.solved == Some(true) || passed) && unsolved;
        let few = now.updates_mean < SHED * best.updates_mean;
        let shed = unsolved && few && error(now.metric) > WORSE * error(best.metric);
        let near = threshold.is_some_and(|t| error(now.metric) <= NEAR * error(t));
        let drifted = best.solved == Some(true) && now.updates_mean > DRIFT * best.updates_mean;
        self.unsolved = match (lost || shed, near && now.updates_mean < best.updates_mean) {
            (false, _) if drifted => self.unsolved + DETOUR,
            (false, _) => 0,
            (true, true) => self.unsolved + DETOUR,
            (true, false) => self.unsolved + FALL,
        };
        let dead = now.updates_mean < DEAD && best.updates_mean >= DEAD;
        if !dead && self.unsolved < PATIENCE {
            return None;
        }
        let what = match (dead, lost, drifted) {
            (true, _, _) => "the skip gate collapsed",
            (_, true, _) => "no longer solved",
            (_, _, true) => "the skip gate has drifted open",
            _ => "the skip gate collapsed",
        };
        let reason = format!(
            "{what} ({} {:.4} with {:.2} updates)",
            now.metric.name(),
            now.metric.value(),
            now.updates_mean
        );
        self.unsolved = 0;
        self.returns += 1;
        self.halvings += 1;
        Some(reason)
    }

    /// Takes note of a new best state.
    pub(crate) fn improved(&mut self) {
        self.unsolved = 0;
        self.halvings = self.halvings.saturating_sub(1);
    }

    /// Whether the run has gone back so often without a better state that it ends.
    pub(crate) fn gives_up(&self) -> bool {
        self.halvings >= MOST_HALVINGS
    }
}

/// Smaller is better: 1 - accuracy, or the squared error.
fn error(metric: Metric) -> f64 {
    match metric {
        Metric::Accuracy(v) | Metric::MeanAveragePrecision(v) => 1.0 - v,
        Metric::Mse(v) => v,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(guard: &mut Guard, now: &Evaluation, best: &Evaluation) -> Option<String> {
        guard.check(now, best, best.solved.map(|_| Metric::Accuracy(0.99)))
    }

    fn at(accuracy: f64, updates_mean: f64, threshold: bool) -> Evaluation {
        Evaluation {
            metric: Metric::Accuracy(accuracy),
            updates_mean,
            loss: 1.0 - accuracy,
            budget: 0.0,
            solved: threshold.then_some(accuracy > 0.99),
        }
    }

    #[test]
    fn a_dead_gate_goes_back_at_once() {
        for threshold in [true, false] {
            let mut guard = Guard::default();
            let best = at(0.995, 14.0, threshold);
            assert!(
                check(&mut guard, &at(0.5, 1.3, threshold), &best)
                    .unwrap()
                    .contains("1.30")
            );
            assert_eq!(guard.returns, 1);
            let of = |rollback| guard.factors(rollback);
            assert_eq!(of(Rollback::Rate), (0.5, 1.0));
            assert_eq!(of(Rollback::Lambda), (1.0, 0.5));
            assert_eq!(of(Rollback::Both), (0.5, 0.5));
            guard.improved();
            assert_eq!((guard.returns, guard.factors(Rollback::Rate)), (1, (1.0, 1.0)));
        }
    }

    #[test]
    fn one_dip_is_forgiven_and_two_are_not() {
        let mut guard = Guard::default();
        let best = at(0.995, 14.0, true);
        assert_eq!(check(&mut guard, &at(0.989, 13.0, true), &best), None);
        assert_eq!(check(&mut guard, &at(0.992, 15.0, true), &best), None);
        assert_eq!(check(&mut guard, &at(0.989, 13.0, true), &best), None);
        assert!(check(&mut guard, &at(0.5, 12.0, true), &best).is_none());
        assert!(
            check(&mut guard, &at(0.94, 12.0, true), &best)
                .unwrap()
                .contains("0.9400")
        );
        assert_eq!(guard.unsolved, 0);
    }

    #[test]
    fn shedding_updates_near_the_threshold_takes_its_time() {
        let mut guard = Guard::default();
        let best = at(0.993, 60.0, true);
        for accuracy in [0.98, 0.96, 0.97, 0.98, 0.985] {
            assert_eq!(check(&mut guard, &at(accuracy, 20.0, true), &best), None);
        }
        assert!(check(&mut guard, &at(0.985, 20.0, true), &best).is_some());
        assert_eq!(check(&mut guard, &at(0.98, 70.0, true), &best), None);
        assert!(
            check(&mut guard, &at(0.98, 70.0, true), &best).is_some(),
            "more updates are no progress"
        );
    }

    /// A run that collapsed from 71 updates to 2 before it had solved anything.
    #[test]
    fn a_collapse_before_the_first_solution_is_seen() {
        for threshold in [true, false] {
            let mut guard = Guard::default();
            let best = at(0.986, 71.0, threshold);
            assert_eq!(check(&mut guard, &at(0.527, 3.0, threshold), &best), None);
            let reason = check(&mut guard, &at(0.578, 2.0, threshold), &best).unwrap();
            assert!(reason.contains("collapsed"));
            // Fewer updates with nearly the same error are progress.
            for _ in 0..3 {
                assert_eq!(check(&mut guard, &at(0.979, 26.0, threshold), &best), None);
            }
        }
    }

    /// 0.9905 on fresh sequences: above the threshold, but not clearly, so that it does not count as solved.
    #[test]
    fn a_state_that_barely_passes_is_kept_too() {
        let mut guard = Guard::default();
        let best = Evaluation {
            solved: Some(false),
            ..at(0.9905, 18.0, true)
        };
        let threshold = Some(Metric::Accuracy(0.99));
        let fallen = at(0.81, 20.0, true);
        assert_eq!(guard.check(&fallen, &best, threshold), None);
        assert!(guard.check(&fallen, &best, threshold).is_some());
    }

    /// A run that had solved the task with 9.6 updates stood at 100 for thousands of steps, solved better than before.
    #[test]
    fn a_gate_that_drifts_open_goes_back() {
        let mut guard = Guard::default();
        let best = at(0.993, 9.6, true);
        for _ in 0..5 {
            assert_eq!(check(&mut guard, &at(0.999, 100.0, true), &best), None);
        }
        let reason = check(&mut guard, &at(0.999, 100.0, true), &best).unwrap();
        assert!(reason.contains("drifted"), "{reason}");
        for _ in 0..20 {
            assert_eq!(check(&mut guard, &at(0.999, 15.0, true), &best), None);
        }
    }

    #[test]
    fn what_was_never_good_is_left_alone() {
        let mut guard = Guard::default();
        for _ in 0..5 {
            assert_eq!(check(&mut guard, &at(0.6, 50.0, true), &at(0.7, 80.0, true)), None);
            assert_eq!(check(&mut guard, &at(0.6, 50.0, false), &at(0.7, 80.0, false)), None);
            assert_eq!(check(&mut guard, &at(0.5, 1.0, true), &at(0.51, 1.0, true)), None);
        }
    }
}
