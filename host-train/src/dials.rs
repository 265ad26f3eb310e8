//! One model, every budget: training in which each sequence draws its dial and is charged the λ that belongs to it.
//!
//! The dial is an offset on the gate's pre-activation (`docs/numerics.md`, section 2), which firmware may turn without
//! retraining. A model that was trained at one offset alone works well there only; one that met all of them, and found
//! updates cheap where the dial asks for many and expensive where it asks for few, follows the dial along the whole range.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The range of the dial in training, and the λ of its values.
///
/// Written `LOW:HIGH:FACTOR`: each sequence of a batch draws its dial uniformly from LOW to HIGH, and its λ is the run's
/// times FACTOR^-dial, so that the run's λ holds at 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Dials {
    /// The lowest dial, with the fewest updates.
    pub low: f64,
    /// The highest dial, with the most updates.
    pub high: f64,
    /// What λ is divided by for each unit of the dial.
    pub factor: f64,
}

/// Settings of the dial that a state is evaluated at.
const SETTINGS: usize = 5;

impl Dials {
    /// The dial of a uniform number.
    pub(crate) fn draw(&self, uniform: f64) -> f64 {
        self.low + (self.high - self.low) * uniform
    }

    /// What λ is multiplied by at `dial`: FACTOR^-dial.
    pub fn lambda_factor(&self, dial: f64) -> f64 {
        self.factor.powf(-dial)
    }

    /// Five settings from the lowest to the highest.
    pub fn settings(&self) -> [f64; SETTINGS] {
        std::array::from_fn(|k| self.draw(k as f64 / (SETTINGS - 1) as f64))
    }
}

impl fmt::Display for Dials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.low, self.high, self.factor)
    }
}

impl FromStr for Dials {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let numbers: Vec<f64> = text.split(':').filter_map(|n| n.parse().ok()).collect();
        match (&numbers[..], text.split(':').count()) {
            (&[low, high, factor], 3)
                if (-16.0..=16.0).contains(&low)
                    && (-16.0..=16.0).contains(&high)
                    && low < high
                    && (1.0..=1000.0).contains(&factor) =>
            {
                Ok(Dials { low, high, factor })
            }
            _ => Err(Error::usage(
                "dials",
                format!(
                    "unknown range '{text}'; expected LOW:HIGH:FACTOR, for example -2:2:3, with LOW < HIGH within ±16 and FACTOR from 1 to 1000"
                ),
            )),
        }
    }
}

impl TryFrom<String> for Dials {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Dials> for String {
    fn from(dials: Dials) -> String {
        dials.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambda_is_the_runs_at_zero_and_falls_as_the_dial_rises() {
        let dials: Dials = "-2:2:3".parse().unwrap();
        assert_eq!(dials.settings(), [-2.0, -1.0, 0.0, 1.0, 2.0]);
        assert_eq!([-2.0, 0.0, 1.0].map(|d| dials.lambda_factor(d)), [9.0, 1.0, 1.0 / 3.0]);
        assert_eq!([0.0, 0.5].map(|u| dials.draw(u)), [-2.0, 0.0]);
    }

    #[test]
    fn ranges_come_back_and_others_are_refused() {
        for text in ["-2:2:3", "0:1.5:10", "-1:0:1"] {
            assert_eq!(text.parse::<Dials>().unwrap().to_string(), text);
        }
        for text in [
            "", "1", "-2:2", "2:-2:3", "1:1:3", "-2:2:0.5", "-2:2:NaN", "-20:2:3", "-2:2:3:4", "a:-2:2:3",
        ] {
            assert!(text.parse::<Dials>().unwrap_err().is_usage(), "{text}");
        }
    }
}
