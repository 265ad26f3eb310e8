//! What updates cost: the budget losses of Campos et al., ICLR 2018, section 3.2.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The part of the loss that depends on the number of updates; all are weighted by λ.
///
/// Written `cost`, `l1:N` or `l2:N`, where N is a target number of updates per sequence.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Budget {
    /// λ · Σ_t u_t (equation 8).
    #[default]
    Cost,
    /// λ · |Σ_t u_t - N|.
    L1(f64),
    /// λ · (Σ_t u_t - N)².
    L2(f64),
}

impl Budget {
    /// The loss without λ at a mean number of updates: how far a state is from the budget.
    pub(crate) fn at(&self, updates_mean: f64) -> f64 {
        match *self {
            Budget::Cost => updates_mean,
            Budget::L1(target) => (updates_mean - target).abs(),
            Budget::L2(target) => (updates_mean - target).powi(2),
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Budget::Cost => write!(f, "cost"),
            Budget::L1(n) => write!(f, "l1:{n}"),
            Budget::L2(n) => write!(f, "l2:{n}"),
        }
    }
}

impl FromStr for Budget {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let target = |n: &str| n.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
        let budget = match text.split_once(':') {
            None if text == "cost" => Some(Budget::Cost),
            Some(("l1", n)) => target(n).map(Budget::L1),
            Some(("l2", n)) => target(n).map(Budget::L2),
            _ => None,
        };
        budget.ok_or_else(|| {
            Error::usage(
                "budget",
                format!("unknown budget '{text}'; expected cost, l1:N or l2:N, N updates a sequence"),
            )
        })
    }
}

impl TryFrom<String> for Budget {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Budget> for String {
    fn from(budget: Budget) -> String {
        budget.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_loss_of_a_mean_by_hand() {
        assert_eq!(Budget::L2(4.0).at(5.0), 1.0);
        assert_eq!((Budget::Cost.at(5.0), Budget::L1(6.0).at(5.0)), (5.0, 1.0));
    }

    #[test]
    fn names_come_back_and_others_are_refused() {
        for text in ["cost", "l1:12.5", "l2:0"] {
            assert_eq!(text.parse::<Budget>().unwrap().to_string(), text);
        }
        for text in ["", "l1", "l1:", "l2:-3", "l2:NaN", "cost:4", "l3:4"] {
            assert!(text.parse::<Budget>().unwrap_err().is_usage(), "{text}");
        }
    }
}
