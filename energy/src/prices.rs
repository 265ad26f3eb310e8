//! The energy of a sequence as a part that is always there, a part for each update and a part for each pause, for a board that
//! keeps a budget.

use crate::error::Error;
use crate::gaps::Gaps;
use crate::interval::{Corner, Interval};
use crate::model::{Model, Work};
use crate::profile::{Board, Sensor};
use crate::workload::Workload;
use serde::Serialize;

/// What a sequence costs without its updates, what each update adds, and what each pause from one update to the next, or to the
/// end of the sequence, adds. Predicted, not measured.
///
/// Their sum over the updates and pauses of a schedule is what [`predict`](crate::predict()) gives for it.
#[derive(Debug, Clone, Serialize)]
pub struct Prices {
    /// Name of the board's profile.
    #[serde(skip)]
    pub board: String,
    /// Name of the sensor's profile.
    #[serde(skip)]
    pub sensor: String,
    /// A sequence without its updates: sleep, the output layer, and the sensor off, or on all the time where it is never
    /// switched.
    pub base_uj: Interval,
    /// Each update: waking, reading, computing.
    pub update_uj: Interval,
    /// Each pause in which the sensor is off: the commands, a wake-up, and the turn-on. Zero where it is never switched.
    pub switch_uj: Interval,
    /// Each sample of a pause in which the sensor stays on, above what it takes while it is off. Zero where it is never switched.
    pub on_uj: Interval,
    /// The shortest pause in which the sensor is switched off, in samples; `None` where a sequence has no such pause.
    pub off_from_samples: Option<u32>,
    /// Duration of a sequence.
    #[serde(skip)]
    pub sequence_s: f64,
    /// Samples of a sequence.
    #[serde(skip)]
    pub sequence_length: usize,
}

impl Prices {
    /// The updates at equal distances that this many microjoules a sequence pay for by the middle figures; 0 where they do not
    /// pay for the rest.
    #[must_use]
    pub fn updates(&self, uj_per_sequence: f64) -> f64 {
        let left = uj_per_sequence - self.base_uj.mid;
        let length = self.sequence_length as f64;
        let switched = (left / (self.update_uj.mid + self.switch_uj.mid)).max(0.0);
        match self.off_from_samples.map(f64::from) {
            // So many updates leave no pause that pays: the sensor is on all the time. Just fewer have it off in every pause.
            Some(from) if switched * from > length => {
                let on = (left - length * self.on_uj.mid) / self.update_uj.mid;
                on.max(length / from)
            }
            _ => switched,
        }
    }

    /// What a pause of this many samples adds, in microjoules, by the middle figures.
    #[must_use]
    pub fn pause_uj(&self, samples: f64) -> f64 {
        match self.off_from_samples {
            Some(from) if samples >= f64::from(from) => self.switch_uj.mid,
            _ => samples * self.on_uj.mid,
        }
    }

    /// The least that a board can spend in an hour of one sequence after the other, by the middle figures: sample 0 is always
    /// used.
    #[must_use]
    pub fn least_uj_per_hour(&self) -> f64 {
        let pause = self.pause_uj(self.sequence_length as f64);
        (self.base_uj.mid + self.update_uj.mid + pause) * 3600.0 / self.sequence_s
    }
}

/// The prices of a sequence. The updates of the workload and its schedules are not looked at.
///
/// # Errors
/// As [`predict`](crate::predict()), but that the updates need not fit into the sequence.
pub fn prices(board: &Board, sensor: &Sensor, workload: &Workload) -> Result<Prices, Error> {
    let model = Model::new(board, sensor, workload)?;
    let length = workload.sequence_length;
    // A sensor that no pause of a sequence is long enough for is on all the time.
    let off_from_samples = model.gate_from_samples().filter(|from| *from as usize <= length);
    let switched = |uj: &dyn Fn(Corner) -> f64| match off_from_samples {
        Some(_) => Interval::from_corners(uj),
        None => Interval::exact(0.0),
    };
    let no_gaps = Gaps::new();
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
    let power_uw = |corner, off| model.sensor_power_uw(corner, off);
    Ok(Prices {
        board: model.board.name.clone(),
        sensor: model.sensor.name.clone(),
        base_uj: Interval::from_corners(|corner| {
            awake(corner, 0.0) + power_uw(corner, off_from_samples.is_some()) * workload.duration_s()
        }),
        update_uj: Interval::from_corners(|corner| awake(corner, 1.0) - awake(corner, 0.0)),
        switch_uj: switched(&|corner| model.switched_on_uj(corner)),
        on_uj: switched(&|corner| (power_uw(corner, false) - power_uw(corner, true)) * workload.sample_period_s),
        off_from_samples,
        sequence_s: workload.duration_s(),
        sequence_length: length,
    })
}
