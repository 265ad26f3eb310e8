//! What is asked for, and which candidate is taken: by the figures of the validation part alone.

use super::Candidate;
use crate::{Error, pareto_front};

/// A candidate that does not skip is taken in place of one that does, where it is as accurate for no more than this times its
/// energy: predictions are not finer, and it is the simpler one.
const TIE: f64 = 1.1;
/// What half the energy is worth in accuracy, where no target is given.
const HALVING: f64 = 0.02;
/// A point of accuracy.
const POINT: f64 = 0.01;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// This share of right answers, as cheaply as it goes.
    Accuracy(f64),
    /// The most accurate for no more than these microjoules an hour; where they come from in words, where they were not given.
    Budget {
        /// Microjoules an hour of one sequence after the other.
        uj_per_hour: f64,
        /// For example from which battery.
        origin: Option<String>,
    },
    /// Nothing: the knee of accuracy against energy, half the energy being worth two points of accuracy.
    Knee,
}

/// Whether what was asked for was reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Reached {
    /// It was.
    Yes,
    /// It was not: how far it came, and what to do.
    No(String),
}

impl Target {
    /// Checks it before anything is trained.
    ///
    /// # Errors
    /// An accuracy that is no share above 0, a budget that is no number above 0.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Target::Accuracy(a) if !(*a > 0.0 && *a < 1.0) => Err(Error::option(
                "accuracy",
                format!("is {a}; give a share of right answers between 0 and 1, for example 0.9"),
            )),
            Target::Budget { uj_per_hour, .. } if !(uj_per_hour.is_finite() && *uj_per_hour > 0.0) => {
                Err(Error::option(
                    "budget_uj_per_hour",
                    format!("is {uj_per_hour}; give microjoules above 0"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// The rule of the choice in words.
    #[must_use]
    pub fn rule(&self) -> String {
        match self {
            Target::Accuracy(a) => format!(
                "the least energy at which the validation part is answered with an accuracy of {a} or \
                                            more"
            ),
            Target::Budget { uj_per_hour, origin } => {
                let origin = origin.as_ref().map_or_else(String::new, |words| format!(" ({words})"));
                format!("the best accuracy on the validation part for at most {uj_per_hour:.0} uJ an hour{origin}")
            }
            Target::Knee => format!(
                "the knee of accuracy against energy on the validation part, half the energy being worth {:.0} points of \
                accuracy (no \
                 target was given)",
                100.0 * HALVING
            ),
        }
    }
}

/// Marks the front.
pub(super) fn mark(candidates: &mut [Candidate]) {
    let points: Vec<_> = candidates.iter().map(|c| Some((c.uj_per_hour(), c.accuracy))).collect();
    for (candidate, on_front) in candidates.iter_mut().zip(pareto_front(&points)) {
        candidate.on_front = on_front;
    }
}

/// The cheapest of those that `keep` holds for; of equally cheap ones the most accurate.
pub(super) fn cheapest(candidates: &[Candidate], keep: impl Fn(&Candidate) -> bool) -> Option<usize> {
    let kept = (0..candidates.len()).filter(|k| keep(&candidates[*k]));
    kept.min_by(|a, b| {
        let (a, b) = (&candidates[*a], &candidates[*b]);
        a.uj_per_hour()
            .total_cmp(&b.uj_per_hour())
            .then(b.accuracy.total_cmp(&a.accuracy))
    })
}

/// The most accurate of those that `keep` holds for; of equally accurate ones the cheapest.
pub(super) fn best(candidates: &[Candidate], keep: impl Fn(&Candidate) -> bool) -> Option<usize> {
    let kept = (0..candidates.len()).filter(|k| keep(&candidates[*k]));
    kept.max_by(|a, b| {
        let (a, b) = (&candidates[*a], &candidates[*b]);
        a.accuracy
            .total_cmp(&b.accuracy)
            .then(b.uj_per_hour().total_cmp(&a.uj_per_hour()))
    })
}

/// The candidate that a target asks for, and whether it reaches the target; `None` where there are no candidates.
pub(super) fn choose(candidates: &[Candidate], target: &Target) -> Option<(usize, Reached)> {
    let top = best(candidates, |_| true)?;
    let (found, reached) = match target {
        Target::Accuracy(wanted) => match cheapest(candidates, |c| c.accuracy >= *wanted) {
            Some(found) => (found, Reached::Yes),
            None => {
                let most = &candidates[top];
                let problem = format!(
                    "accuracy {wanted}: the most accurate model has {:.4} on the validation part ({}), {:.4} too little; ask for \
                     less, train longer with --minutes, or record more",
                    most.accuracy,
                    most.words(),
                    wanted - most.accuracy
                );
                (top, Reached::No(problem))
            }
        },
        Target::Budget { uj_per_hour, .. } => match best(candidates, |c| c.uj_per_hour() <= *uj_per_hour) {
            Some(found) => (found, Reached::Yes),
            None => {
                let least = cheapest(candidates, |_| true)?;
                let problem = format!(
                    "budget of {uj_per_hour:.0} uJ an hour: the least that a model takes is {:.0} ({}, predicted); ask for more, \
                     or take a cheaper sensor or board",
                    candidates[least].uj_per_hour().ceil(),
                    candidates[least].words()
                );
                (least, Reached::No(problem))
            }
        },
        Target::Knee => {
            let worth = |k: &usize| candidates[*k].accuracy - HALVING * candidates[*k].uj_per_hour().log2();
            let knee = (0..candidates.len()).max_by(|a, b| worth(a).total_cmp(&worth(b)));
            (knee.unwrap_or(top), Reached::Yes)
        }
    };
    Some((simpler(candidates, found), reached))
}

/// A candidate without a gate, where one is as good as the chosen one; see [`TIE`].
fn simpler(candidates: &[Candidate], chosen: usize) -> usize {
    let c = &candidates[chosen];
    if !c.method.skips() {
        return chosen;
    }
    match fixed_rate(candidates, c) {
        Some(other) if candidates[other].uj_per_hour() <= TIE * c.uj_per_hour() => other,
        _ => chosen,
    }
}

/// The cheapest candidate without a gate that is at least as accurate.
pub(super) fn fixed_rate(candidates: &[Candidate], than: &Candidate) -> Option<usize> {
    cheapest(candidates, |o| !o.method.skips() && o.accuracy >= than.accuracy)
}

/// The cheapest skipping candidate that is at least as accurate.
pub(super) fn skipping(candidates: &[Candidate], than: &Candidate) -> Option<usize> {
    cheapest(candidates, |o| o.method.skips() && o.accuracy >= than.accuracy)
}

/// The most accurate for at most half the energy.
pub(super) fn at_half(candidates: &[Candidate], than: &Candidate) -> Option<usize> {
    best(candidates, |o| o.uj_per_hour() <= 0.5 * than.uj_per_hour())
}

/// The cheapest with at least a point more.
pub(super) fn a_point_more(candidates: &[Candidate], than: &Candidate) -> Option<usize> {
    cheapest(candidates, |o| o.accuracy >= than.accuracy + POINT - 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::Method;
    use energy::{UpdateCost, Workload};
    use float_model::Cell;

    /// Candidates (skips, accuracy, updates), whose energy rises with their updates.
    fn candidates(list: &[(bool, f64, f64)]) -> Vec<Candidate> {
        let (board, sensor) = (energy::board("nrf52840").unwrap(), energy::sensor("none").unwrap());
        let of = |&(skips, accuracy, updates): &(bool, f64, f64)| {
            let update = UpdateCost::Counted { instructions: 8000 };
            let workload = Workload {
                sequence_length: 128,
                sample_period_s: 0.02,
                updates_mean: updates,
                schedules: None,
                update,
                dense_update: update,
                head_macs: 100,
                channels: 6,
            };
            Candidate {
                method: match skips {
                    true => Method::Dial(Cell::SkipGru, 32, 2),
                    false => Method::Every(Cell::Gru, 32, 8),
                },
                seed: 1,
                dial: 0.0,
                accuracy,
                accuracy_error: 0.01,
                samples: updates,
                prediction: energy::predict(&board, &sensor, &workload).unwrap(),
                on_front: false,
                ready: 0,
            }
        };
        list.iter().map(of).collect()
    }

    const LIST: [(bool, f64, f64); 6] = [
        (true, 0.85, 5.0),
        (true, 0.90, 10.0),
        (true, 0.94, 20.0),
        (true, 0.945, 40.0),
        (false, 0.91, 16.0),
        (false, 0.93, 128.0),
    ];

    fn chosen(list: &[(bool, f64, f64)], target: &Target) -> (f64, Reached) {
        let all = candidates(list);
        let (k, reached) = choose(&all, target).unwrap();
        (all[k].samples, reached)
    }

    #[test]
    fn each_target_takes_its_candidate() {
        assert_eq!(chosen(&LIST, &Target::Accuracy(0.9)), (10.0, Reached::Yes));
        // From 20 updates to 10, nearly half the energy, four points are lost; from 40 to 20 half a point.
        assert_eq!(chosen(&LIST, &Target::Knee), (20.0, Reached::Yes));
        let all = candidates(&LIST);
        let budget = |uj_per_hour| Target::Budget {
            uj_per_hour,
            origin: None,
        };
        assert_eq!(chosen(&LIST, &budget(all[2].uj_per_hour() + 1.0)), (20.0, Reached::Yes));
        let half = at_half(&all, &all[2]).unwrap();
        assert!(all[half].accuracy < 0.94 && all[half].uj_per_hour() <= 0.5 * all[2].uj_per_hour());
        assert_eq!(a_point_more(&all, &all[1]), Some(4));
        assert_eq!(a_point_more(&all, &all[3]), None);
    }

    #[test]
    fn what_cannot_be_reached_is_told_in_numbers() {
        let (samples, Reached::No(said)) = chosen(&LIST, &Target::Accuracy(0.99)) else {
            panic!()
        };
        assert_eq!(samples, 40.0);
        assert!(
            said.contains("0.9450 on the validation part") && said.contains("0.0450 too little"),
            "{said}"
        );
        let least = Target::Budget {
            uj_per_hour: 1.0,
            origin: None,
        };
        let (samples, Reached::No(said)) = chosen(&LIST, &least) else {
            panic!()
        };
        assert_eq!(samples, 5.0);
        assert!(said.contains("the least that a model takes is"), "{said}");
        assert!(Target::Accuracy(90.0).check().is_err() && Target::Accuracy(0.9).check().is_ok());
    }

    #[test]
    fn a_fixed_rate_that_costs_as_little_is_taken() {
        let list = [(true, 0.90, 10.0), (false, 0.90, 10.5)];
        assert_eq!(chosen(&list, &Target::Accuracy(0.9)).0, 10.5);
        let list = [(true, 0.90, 10.0), (false, 0.90, 16.0)];
        assert_eq!(chosen(&list, &Target::Accuracy(0.9)).0, 10.0);
        let list = [(true, 0.90, 10.0), (false, 0.89, 9.9)];
        assert_eq!(chosen(&list, &Target::Accuracy(0.9)).0, 10.0);
    }

    #[test]
    fn a_rule_says_what_it_goes_by() {
        for target in [
            Target::Accuracy(0.9),
            Target::Knee,
            Target::Budget {
                uj_per_hour: 5e5,
                origin: None,
            },
        ] {
            assert!(target.rule().contains("validation part"));
        }
    }
}
