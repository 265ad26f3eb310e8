//! The training of a plain cell that is like that of a skip cell.

use host_train::{Binarize, Budget, Rollback, Schedule, TrainConfig};

/// The same training of the same cell without its gate: options of the gate and of updates are at their defaults, all others stay.
#[must_use]
pub fn without_gate(config: &TrainConfig) -> TrainConfig {
    TrainConfig {
        cell: config.cell.dense(),
        lambda: 0.0,
        budget: Budget::default(),
        binarize: Binarize::default(),
        lambda_schedule: Schedule::default(),
        rollback: Rollback::default(),
        decision_clip: None,
        dials: None,
        p_skip: None,
        start_every: None,
        ..config.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host_train::{Cell, DataSource};

    #[test]
    fn without_its_gate_a_run_is_valid_and_the_same_for_every_lambda() {
        let run = |lambda, decision_clip, dials: Option<&str>| TrainConfig {
            cell: Cell::SkipGru,
            lambda,
            decision_clip,
            dials: dials.map(|d| d.parse().unwrap()),
            dropout: 0.25,
            lambda_schedule: "warmup:10".parse().unwrap(),
            rollback: Rollback::Both,
            start_every: Some(8),
            ..DataSource::Adding { length: 50 }.default_config()
        };
        let plain = without_gate(&run(1e-3, Some(0.1), None));
        plain.validate().unwrap();
        assert_eq!((plain.cell, plain.dropout), (Cell::Gru, 0.25));
        assert_eq!(plain, without_gate(&run(0.0, None, Some("-2:2:3"))));
        assert_eq!(plain, without_gate(&plain));
    }
}
