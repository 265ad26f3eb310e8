//! How the learning rate and λ change over a run.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Share of the full value that a cosine ends at.
const COSINE_END: f64 = 0.01;

/// A factor over the steps of a run: it rises linearly to 1 over the warm-up, and then stays or falls.
///
/// Written `constant`, `warmup:N`, `cosine` or `cosine:N`, where N is the number of steps of the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Schedule {
    /// Steps until the factor is 1.
    pub warmup: u64,
    /// Whether it falls along half a cosine to a hundredth at the last step.
    pub cosine: bool,
}

impl Schedule {
    /// The factor at step `step`, counted from 1, of `steps`.
    pub fn factor(&self, step: u64, steps: u64) -> f64 {
        if step < self.warmup {
            return step as f64 / self.warmup as f64;
        }
        if !self.cosine {
            return 1.0;
        }
        let length = steps.saturating_sub(self.warmup).max(1) as f64;
        let done = ((step - self.warmup) as f64 / length).min(1.0);
        COSINE_END + (1.0 - COSINE_END) * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.cosine, self.warmup) {
            (false, 0) => write!(f, "constant"),
            (false, n) => write!(f, "warmup:{n}"),
            (true, 0) => write!(f, "cosine"),
            (true, n) => write!(f, "cosine:{n}"),
        }
    }
}

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, warmup) = match text.split_once(':') {
            Some((name, n)) => (name, n.parse().ok()),
            None => (text, Some(0)),
        };
        match (name, warmup) {
            ("constant", Some(0)) => Ok(Schedule::default()),
            ("warmup", Some(warmup)) if warmup > 0 => Ok(Schedule { warmup, cosine: false }),
            ("cosine", Some(warmup)) => Ok(Schedule { warmup, cosine: true }),
            _ => Err(Error::usage(
                "schedule",
                format!("unknown schedule '{text}'; expected constant, warmup:N, cosine or cosine:N, N in steps"),
            )),
        }
    }
}

impl TryFrom<String> for Schedule {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> String {
        schedule.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors() {
        let of = |text: &str, step| text.parse::<Schedule>().unwrap().factor(step, 1000);
        assert_eq!((of("constant", 1), of("constant", 1000)), (1.0, 1.0));
        assert_eq!((of("warmup:100", 25), of("warmup:100", 100)), (0.25, 1.0));
        assert_eq!(of("cosine:200", 100), 0.5);
        assert!((of("cosine:200", 600) - 0.505).abs() < 1e-12);
        assert!((of("cosine", 1000) - 0.01).abs() < 1e-12 && of("cosine", 2000) == of("cosine", 1000));
    }

    #[test]
    fn names_come_back_and_others_are_refused() {
        for text in ["constant", "warmup:7", "cosine", "cosine:300"] {
            assert_eq!(text.parse::<Schedule>().unwrap().to_string(), text);
        }
        for text in ["", "linear", "warmup", "warmup:0", "cosine:-1", "constant:5"] {
            assert!(text.parse::<Schedule>().unwrap_err().is_usage(), "{text}");
        }
    }
}
