//! The fidelity that is asked of a blob, figure by figure.

use crate::{Fidelity, Format};
use float_model::Objective;
use serde::Serialize;

/// Sequences from which on shares of decisions are known to two tenths of a point.
const MANY: usize = 2000;
/// Net decisions that may be lost on fewer.
const NET_LOST: f64 = 3.0;

/// One figure and what is asked of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bar {
    /// Name of the figure.
    pub name: &'static str,
    /// The figure.
    pub value: f64,
    /// What it must not go below (`least`) or beyond.
    pub limit: f64,
    /// Whether `limit` is a lower limit.
    pub least: bool,
}

impl Bar {
    fn least(name: &'static str, value: f64, limit: f64) -> Self {
        Bar {
            name,
            value,
            limit,
            least: true,
        }
    }

    fn most(name: &'static str, value: f64, limit: f64) -> Self {
        Bar {
            name,
            value,
            limit,
            least: false,
        }
    }

    /// Whether the figure is as asked.
    pub fn met(&self) -> bool {
        // A figure such as 1 - 0.998 is a rounding away from the limit it equals.
        const SLACK: f64 = 1e-9;
        match self.least {
            true => self.value >= self.limit - SLACK,
            false => self.value <= self.limit + SLACK,
        }
    }
}

/// Everything that is asked of a blob in a format.
///
/// The arithmetic alone: 99 % of the decisions, 90 % of the schedules (80 % for byte planes). Against the original model:
/// at most 0.2 points of accuracy, or 3 net decisions on fewer than 2,000 sequences; a mean squared error that still
/// solves the task, where `solved_mse` says when that is; mean updates within 3 %; 99 % of the decisions (98 % on fewer
/// than 2,000); and with i16 weights 85 % of the schedules.
pub fn bars(f: &Fidelity, format: Format, objective: Objective, solved_mse: Option<f64>) -> Vec<Bar> {
    let planes = format == Format::BytePlane8;
    let many = f.sequences >= MANY;
    let mut bars = vec![
        Bar::least("arith_same_decision", f.arith_same_decision, 0.99),
        Bar::least(
            "arith_same_schedule",
            f.arith_same_schedule,
            if planes { 0.8 } else { 0.9 },
        ),
    ];
    if let (Some(float), Some(fixed)) = (f.metric_float, f.metric_fixed) {
        match objective {
            Objective::Regression => {
                if let Some(solved) = solved_mse.filter(|solved| float <= *solved) {
                    bars.push(Bar::most("mse", fixed, solved));
                }
            }
            _ if many => bars.push(Bar::most("accuracy_lost", float - fixed, 0.002)),
            _ => {
                let lost = (float - fixed) * f.sequences as f64;
                bars.push(Bar::most("net_decisions_lost", lost.round(), NET_LOST));
            }
        }
    }
    let updates = (f.updates_fixed / f.updates_float - 1.0).abs();
    bars.push(Bar::most("updates_changed", updates, 0.03));
    bars.push(Bar::least(
        "same_decision",
        f.same_decision,
        if many { 0.99 } else { 0.98 },
    ));
    if format == Format::Block16 {
        bars.push(Bar::least("same_schedule", f.same_schedule, 0.85));
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fidelity() -> Fidelity {
        Fidelity {
            sequences: 2000,
            metric_float: Some(0.99),
            metric_fixed: Some(0.988),
            metric_standard_error: None,
            updates_float: 10.0,
            updates_fixed: 10.3,
            same_decision: 0.99,
            same_schedule: 0.7,
            arith_same_decision: 0.99,
            arith_same_schedule: 0.8,
            arith_max_abs_h_error: 0.1,
        }
    }

    fn missed(f: &Fidelity, format: Format, objective: Objective) -> Vec<&'static str> {
        let all = bars(f, format, objective, Some(1e-3));
        all.iter().filter(|b| !b.met()).map(|b| b.name).collect()
    }

    #[test]
    fn each_format_has_its_own_bars() {
        use Objective::{Classification, Regression};
        let f = fidelity();
        assert!(missed(&f, Format::BytePlane8, Classification).is_empty());
        assert_eq!(missed(&f, Format::Block8, Classification), ["arith_same_schedule"]);
        assert_eq!(
            missed(&f, Format::Block16, Classification),
            ["arith_same_schedule", "same_schedule"]
        );
        let worse = Fidelity {
            metric_fixed: Some(0.987),
            updates_fixed: 9.6,
            ..f.clone()
        };
        assert_eq!(
            missed(&worse, Format::BytePlane8, Classification),
            ["accuracy_lost", "updates_changed"]
        );
        let regression = Fidelity {
            metric_float: Some(9e-4),
            metric_fixed: Some(1.1e-3),
            ..f.clone()
        };
        assert_eq!(missed(&regression, Format::BytePlane8, Regression), ["mse"]);
        let few = Fidelity {
            sequences: 500,
            metric_fixed: Some(0.982),
            same_decision: 0.98,
            ..f
        };
        assert_eq!(missed(&few, Format::BytePlane8, Classification), ["net_decisions_lost"]);
    }
}
