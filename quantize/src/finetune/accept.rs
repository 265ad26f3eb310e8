//! Which states of fine-tuning are acceptable: those in which no figure of fidelity is worse than with calibration alone,
//! and the schedules are better by more than sampling error.

use crate::Change;

/// The figure that fine-tuning is to raise.
const AIM: &str = "same_schedule";

/// The value of a figure, by its name.
pub(super) fn after(changes: &[Change], figure: &str) -> f64 {
    changes
        .iter()
        .find(|c| c.figure == figure)
        .map_or(f64::NAN, |c| c.after)
}

/// The figures that are worse.
pub(super) fn worse(changes: &[Change]) -> Vec<&'static str> {
    changes.iter().filter(|c| c.fell()).map(|c| c.figure).collect()
}

/// Whether a state is acceptable.
pub(super) fn acceptable(changes: &[Change]) -> bool {
    worse(changes).is_empty() && changes.iter().any(|c| c.figure == AIM && c.rose_clearly())
}

/// How sure it is that an acceptable state is better in everything that changed: the least certain of its gains, in
/// standard errors. A gain that is barely significant here may be a small loss elsewhere.
pub(super) fn certainty(changes: &[Change]) -> f64 {
    let all = changes.iter().filter_map(Change::certainty);
    all.fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(figure: &'static str, gain: f64, error: f64) -> Change {
        Change {
            figure,
            before: 0.5,
            after: 0.5 + gain,
            gain,
            error,
        }
    }

    #[test]
    fn a_state_is_acceptable_where_its_aim_is_clear_and_nothing_falls() {
        let clear = change(AIM, 0.1, 0.05);
        let kept = change("same_decision", 0.0, 0.01);
        assert!(acceptable(&[clear.clone(), kept.clone()]));
        assert!(!acceptable(&[change(AIM, 0.1, 0.2), kept.clone()]), "may be luck");
        assert!(
            !acceptable(&[clear.clone(), change("metric", -1e-3, 0.1)]),
            "a figure fell"
        );
        assert_eq!(worse(&[clear.clone(), change("metric", -1e-3, 0.1)]), ["metric"]);
        let doubtful = change("arith_same_schedule", 0.01, 0.02);
        assert!(certainty(&[clear.clone(), kept]) > certainty(&[clear, doubtful]));
    }
}
