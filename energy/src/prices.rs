//! The energy of a sequence as a part that is always there and a part for each update, for a board that keeps a budget.

use crate::error::Error;
use crate::gaps::Gaps;
use crate::interval::{Corner, Interval};
use crate::model::{Model, Work};
use crate::profile::{Board, Sensor};
use crate::workload::Workload;
use serde::Serialize;

/// What a sequence costs without its updates, and what each update adds. Predicted, not measured.
///
/// For updates at equal distances `base_uj + n * update_uj` is what [`predict`](crate::predict()) gives for `n` updates, as
/// long as the sensor is switched off between them or as long as it is not. For other schedules they are an estimate: a pause
/// in which the sensor stays on costs less than the price where it is short, and more where it is just too short for
/// switching it off.
#[derive(Debug, Clone, Serialize)]
pub struct Prices {
    /// Name of the board's profile.
    pub board: String,
    /// Name of the sensor's profile.
    pub sensor: String,
    /// Always "predicted".
    pub label: &'static str,
    /// A sequence without its updates: sleep, the output layer, and the sensor off, or on all the time.
    pub base_uj: Interval,
    /// Each update: waking, reading, computing, and where the sensor is switched off in between, switching it on.
    pub update_uj: Interval,
    /// Whether the sensor is switched off between updates.
    pub sensor_off_between: bool,
    /// Duration of a sequence.
    pub sequence_s: f64,
}

impl Prices {
    /// The updates that this many microjoules a sequence pay for by the middle figures; 0 where they do not pay for the rest.
    #[must_use]
    pub fn updates(&self, uj_per_sequence: f64) -> f64 {
        ((uj_per_sequence - self.base_uj.mid) / self.update_uj.mid).max(0.0)
    }

    /// The least that a board can spend in an hour of one sequence after the other, by the middle figures: sample 0 is always
    /// used.
    #[must_use]
    pub fn least_uj_per_hour(&self) -> f64 {
        (self.base_uj.mid + self.update_uj.mid) * 3600.0 / self.sequence_s
    }
}

/// The prices around `workload.updates_mean` updates at equal distances, which say whether the sensor is switched off between
/// them. Schedules are not looked at.
///
/// # Errors
/// As [`predict`](crate::predict()), but that the updates need not fit into the sequence.
pub fn prices(board: &Board, sensor: &Sensor, workload: &Workload) -> Result<Prices, Error> {
    let model = Model::new(board, sensor, workload)?;
    let gap = workload.sequence_length as f64 / workload.updates_mean;
    let off = model.gate_from_samples().is_some_and(|from| gap >= f64::from(from));
    Ok(of(&model, off))
}

/// The prices for a board that may spend `uj_per_sequence` microjoules a sequence: around the updates that these pay for.
///
/// # Errors
/// As [`prices`].
pub fn prices_for(board: &Board, sensor: &Sensor, workload: &Workload, uj_per_sequence: f64) -> Result<Prices, Error> {
    let model = Model::new(board, sensor, workload)?;
    let Some(from) = model.gate_from_samples() else {
        return Ok(of(&model, false));
    };
    let off = of(&model, true);
    let length = workload.sequence_length as f64;
    let updates = off.updates(uj_per_sequence).max(1.0);
    // Where that many updates leave no pause that pays, it stays on: never cheaper than the other prices promise there.
    match length / updates >= f64::from(from) {
        true => Ok(off),
        false => Ok(of(&model, false)),
    }
}

fn of(model: &Model<'_>, sensor_off_between: bool) -> Prices {
    let (workload, no_gaps) = (model.workload, Gaps::new());
    // Without the sensor.
    let awake = |corner, updates: f64| {
        let work = Work {
            updates,
            wakes: updates,
            reads: updates,
            polls: 0.0,
            gaps: &no_gaps,
            gate: false,
        };
        model.sequence(corner, &workload.update, &work).total()
    };
    let base_of =
        |corner| awake(corner, 0.0) + model.sensor_power_uw(corner, sensor_off_between) * workload.duration_s();
    let update_of = |corner: Corner| {
        let switching = if sensor_off_between {
            model.switched_on_uj(corner)
        } else {
            0.0
        };
        awake(corner, 1.0) - awake(corner, 0.0) + switching
    };
    Prices {
        board: model.board.name.clone(),
        sensor: model.sensor.name.clone(),
        label: "predicted",
        base_uj: Interval::from_corners(base_of),
        update_uj: Interval::from_corners(update_of),
        sensor_off_between,
        sequence_s: workload.duration_s(),
    }
}
