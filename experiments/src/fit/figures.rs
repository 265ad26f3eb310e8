//! The figures of the test part, which had no part in any choice.

use super::{Data, candidates::Simulated};
use crate::{Error, Spread, stats::mean_updates};
use serde::Serialize;
use std::collections::BTreeMap;

/// How often each class was taken for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// (O, O): of the sequences of a row's class, how many were given a column's.
    pub counts: Vec<Vec<usize>>,
}

impl Confusion {
    fn of(answers: &[u32], labels: &[u32], classes: usize) -> Self {
        let mut counts = vec![vec![0; classes]; classes];
        for (answer, label) in answers.iter().zip(labels) {
            if let Some(n) = counts
                .get_mut(*label as usize)
                .and_then(|row| row.get_mut(*answer as usize))
            {
                *n += 1;
            }
        }
        Confusion { counts }
    }

    /// The share of a class's sequences that were given it; `None` where there are none.
    #[must_use]
    pub fn recall(&self, class: usize) -> Option<f64> {
        let all: usize = self.counts[class].iter().sum();
        (all > 0).then(|| self.counts[class][class] as f64 / all as f64)
    }

    /// What is most often taken for what: the class, what it was given, how often. `None` where every answer is right.
    #[must_use]
    pub fn worst(&self) -> Option<(usize, usize, usize)> {
        let rows = self.counts.iter().enumerate();
        let wrong = rows.flat_map(|(a, row)| row.iter().enumerate().map(move |(b, n)| (a, b, *n)));
        wrong.filter(|(a, b, n)| a != b && *n > 0).max_by_key(|(.., n)| *n)
    }
}

/// The figures of one person, or of another group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupFigures {
    /// The group.
    pub name: String,
    /// Its sequences.
    pub sequences: usize,
    /// The share of right answers.
    pub accuracy: f64,
    /// Mean samples used of a sequence.
    pub samples: f64,
}

/// What a model does on the test part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestFigures {
    /// Sequences.
    pub sequences: usize,
    /// The share of right answers.
    pub accuracy: f64,
    /// One standard error of it: over groups, where at least three are known, else over sequences.
    pub standard_error: f64,
    /// Whether the error is over groups.
    pub error_over_groups: bool,
    /// Mean samples used of a sequence.
    pub samples: f64,
    /// Which class was taken for which.
    pub confusion: Confusion,
    /// By group; empty where none are known.
    pub groups: Vec<GroupFigures>,
}

/// Groups by which an error is taken, at least.
const GROUPS: usize = 3;

impl TestFigures {
    /// Figures of answers to sequences with these classes; `groups` is whose each is, or empty.
    pub(super) fn of(simulated: &Simulated, labels: &[u32], groups: &[String], classes: usize) -> Self {
        let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (n, group) in groups.iter().enumerate().take(labels.len()) {
            members.entry(group).or_default().push(n);
        }
        let figures = |(name, members): (&str, Vec<usize>)| {
            let right = members.iter().filter(|n| simulated.classes[**n] == labels[**n]).count();
            let used: usize = members.iter().map(|n| simulated.schedules[*n].len()).sum();
            GroupFigures {
                name: float_model::printable(name),
                sequences: members.len(),
                accuracy: right as f64 / members.len() as f64,
                samples: used as f64 / members.len() as f64,
            }
        };
        let groups: Vec<GroupFigures> = members.into_iter().map(figures).collect();
        let shares: Vec<f64> = groups.iter().map(|g| g.accuracy).collect();
        let over_groups = Spread::of(&shares)
            .and_then(|s| s.deviation)
            .map(|d| d / (shares.len() as f64).sqrt());
        let over_groups = over_groups.filter(|_| groups.len() >= GROUPS);
        TestFigures {
            sequences: labels.len(),
            accuracy: simulated.accuracy,
            // Sequences of one person resemble each other: neither error is too small for both reasons.
            standard_error: over_groups.unwrap_or(0.0).max(simulated.accuracy_error),
            error_over_groups: over_groups.is_some_and(|e| e > simulated.accuracy_error),
            samples: mean_updates(&simulated.schedules),
            confusion: Confusion::of(&simulated.classes, labels, classes),
            groups,
        }
    }
}

/// Whose each sequence of the test part is; empty where that is not known.
pub(super) fn test_groups(data: &Data) -> Result<Vec<String>, Error> {
    let test = dataset::test_recordings(&data.config).map_err(host_train::Error::from)?;
    Ok(test.groups.iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_class_and_by_group_by_hand() {
        let simulated = Simulated {
            classes: vec![0, 1, 1, 0, 2, 2],
            schedules: vec![vec![0], vec![0, 3], vec![0], vec![0], vec![0, 1, 2], vec![0]],
            accuracy: 4.0 / 6.0,
            accuracy_error: 0.1,
        };
        let groups = ["a", "b", "a", "c", "c", "b"].map(str::to_owned);
        let figures = TestFigures::of(&simulated, &[0, 1, 0, 1, 2, 2], &groups, 3);
        assert_eq!(figures.confusion.counts, [[1, 1, 0], [1, 1, 0], [0, 0, 2]]);
        assert_eq!(figures.confusion.recall(2), Some(1.0));
        assert!(matches!(figures.confusion.worst(), Some((0 | 1, 0 | 1, 1))));
        let by: Vec<(&str, f64, f64)> = figures
            .groups
            .iter()
            .map(|g| (&*g.name, g.accuracy, g.samples))
            .collect();
        assert_eq!(by, [("a", 0.5, 1.0), ("b", 1.0, 1.5), ("c", 0.5, 2.0)]);
        // Three groups of 0.5, 1 and 0.5: a deviation of 0.289, over the root of three.
        assert!((figures.standard_error - 1.0 / 6.0).abs() < 1e-12 && figures.error_over_groups);
        let unknown = TestFigures::of(&simulated, &[0, 1, 0, 1, 2, 2], &[], 3);
        assert_eq!(
            (unknown.standard_error, unknown.error_over_groups, unknown.groups.len()),
            (0.1, false, 0)
        );
    }
}
