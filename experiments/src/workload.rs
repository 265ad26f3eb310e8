//! What a float model costs: multiply-accumulates, and energy on a board.

use crate::Error;
use energy::{Board, Interval, NetworkShape, Sensor, Workload};
use float_model::{FloatModel, OutputAt};

/// A board and the sensor on it, by their profiles.
#[derive(Debug, Clone)]
pub struct Hardware {
    /// The board.
    pub board: Board,
    /// The sensor.
    pub sensor: Sensor,
}

/// An energy per sequence, or the reason why none can be predicted.
pub(crate) type Predicted = Result<Interval, String>;

impl Hardware {
    /// The board's and the sensor's name.
    pub(crate) fn names(&self) -> HardwareNames {
        HardwareNames {
            board: self.board.name.clone(),
            sensor: self.sensor.name.clone(),
        }
    }

    /// The energy of one sequence in microjoules; the inner error says why none can be predicted for such sequences.
    ///
    /// # Errors
    /// A workload that no board can have.
    pub(crate) fn uj_per_sequence(&self, equal_lengths: bool, workload: &Workload) -> Result<Predicted, Error> {
        if !equal_lengths {
            return Ok(Err("the sequences are of unequal length".into()));
        }
        if workload.sample_period_s <= 0.0 {
            let reason = "the time between samples is unknown: train with --sample-period-s";
            return Ok(Err(reason.into()));
        }
        let prediction = energy::predict(&self.board, &self.sensor, workload)?;
        Ok(Ok(prediction.uj_per_sequence))
    }
}

/// Names of a board's and a sensor's profile.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HardwareNames {
    /// The board's name.
    pub board: String,
    /// The sensor's name.
    pub sensor: String,
}

impl std::fmt::Display for HardwareNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} with {}", self.board, self.sensor)
    }
}

/// The shape of a float model that runs on sequences of `sequence_length` samples.
#[must_use]
pub fn network_shape(model: &FloatModel, sequence_length: usize) -> NetworkShape {
    NetworkShape {
        sequence_length,
        sample_period_s: model.description.sample_period_s,
        channels: model.input,
        hidden: model.hidden,
        rows: model.layers.len() * model.cell.family().gates() * model.hidden,
        macs: model.macs_per_update(),
        skips: model.cell.skips(),
        outputs: model.outputs,
        every_step: model.description.output_at == OutputAt::Step,
    }
}
