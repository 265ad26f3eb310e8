//! What a skipping network has to beat: models that others would take for the same data, trained and judged in the same way.
//!
//! A plain LSTM or GRU on every sample, the same on every k-th, and one that skips at random are runs of the trainer
//! ([`without_gate`]). Here are the two that are not: a small convolutional network ([`cnn`]), and a recurrent network that
//! stops as soon as it is sure ([`early_exit`]).

pub mod cnn;
pub mod early_exit;

use crate::{Binarize, Budget, Rollback, Schedule, TrainConfig};

/// The same training of the same cell without its gate: all that speaks of updates is left out, all else stays.
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
    use crate::{Cell, DataSource};

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
