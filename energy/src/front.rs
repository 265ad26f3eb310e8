//! Models at settings of the dial, by their metric and their predicted energy.

use crate::{Interval, picture::OperatingPoint};
use serde::Serialize;
use std::fmt;

/// One model at one setting of the dial.
#[derive(Debug, Clone, Serialize)]
pub struct FrontPoint {
    /// Name of the model.
    pub name: String,
    /// Offset of the skip gate.
    pub dial: f64,
    /// Accuracy, or mean squared error.
    pub metric: f64,
    /// Mean updates of a sequence.
    pub updates_mean: f64,
    /// Energy of a sequence, predicted.
    pub uj_per_sequence: Interval,
}

impl FrontPoint {
    /// The point as it is drawn: a model at another dial than 0 has the dial in its name.
    #[must_use]
    pub fn drawn(&self) -> OperatingPoint {
        OperatingPoint {
            name: match self.dial == 0.0 {
                true => self.name.clone(),
                false => format!("{} {:+}", self.name, self.dial),
            },
            accuracy: self.metric,
            uj_per_sequence: self.uj_per_sequence,
        }
    }
}

/// Models on a board with a sensor.
#[derive(Debug, Clone, Serialize)]
pub struct EnergyFront {
    /// Always "predicted".
    pub label: &'static str,
    /// Name of the board's profile.
    pub board: String,
    /// Name of the sensor's profile.
    pub sensor: String,
    /// `accuracy` or `mse`; the same for all.
    pub metric_name: Option<&'static str>,
    /// The models, in the order they were given.
    pub points: Vec<FrontPoint>,
}

impl fmt::Display for EnergyFront {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metric = self.metric_name.unwrap_or_default();
        writeln!(f, "{} with {}: predicted, not measured", self.board, self.sensor)?;
        write!(
            f,
            "  {:<20} {:>7} {metric:>10} {:>9}  uJ per sequence",
            "", "dial", "updates"
        )?;
        for p in &self.points {
            write!(
                f,
                "\n  {:<20} {:>7.3} {:>10.5} {:>9.2}  {}",
                p.name, p.dial, p.metric, p.updates_mean, p.uj_per_sequence
            )?;
        }
        Ok(())
    }
}
