//! How long the network sleeps between its updates.

use std::collections::BTreeMap;

use crate::workload::Workload;

/// Gaps of one sequence: `(samples to the next use, how many such gaps on average)`. A gap of 1 skips nothing. The gap
/// after the last update reaches to sample 0 of the next sequence, so the gaps of a sequence add up to its length.
pub(crate) type Gaps = Vec<(f64, f64)>;

/// What is known of the gaps.
pub(crate) struct GapModel {
    /// The gaps for the middle and the high end: from the schedules, or all equal.
    pub even: Gaps,
    /// The gaps for the low end: from the schedules, or all skipped samples in one gap.
    ///
    /// The saving of a gap is convex in its length (nothing up to the break-even, then a straight line), so for a given
    /// mean equal gaps save least and one long gap saves most: the truth lies between.
    pub long: Gaps,
    /// True where schedules told.
    pub exact: bool,
}

impl GapModel {
    pub(crate) fn of(workload: &Workload) -> Self {
        let length = workload.sequence_length as f64;
        if let Some(schedules) = &workload.schedules {
            let mut counts = BTreeMap::<u32, u64>::new();
            for schedule in schedules {
                let ends = schedule
                    .iter()
                    .skip(1)
                    .copied()
                    .chain([workload.sequence_length as u32]);
                for (start, end) in schedule.iter().zip(ends) {
                    *counts.entry(end - start).or_default() += 1;
                }
            }
            let share = 1.0 / schedules.len() as f64;
            let gaps: Gaps = counts
                .iter()
                .map(|(&gap, &n)| (f64::from(gap), n as f64 * share))
                .collect();
            return Self {
                even: gaps.clone(),
                long: gaps,
                exact: true,
            };
        }
        let updates = workload.updates_mean;
        Self {
            even: vec![(length / updates, updates)],
            long: vec![(1.0, updates - 1.0), (length - updates + 1.0, 1.0)],
            exact: false,
        }
    }

    /// Every sample used.
    pub(crate) fn dense(sequence_length: usize) -> Self {
        let gaps = vec![(1.0, sequence_length as f64)];
        Self {
            even: gaps.clone(),
            long: gaps,
            exact: true,
        }
    }
}
