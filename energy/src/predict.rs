use std::fmt;

use serde::Serialize;

use crate::error::Error;
use crate::gaps::GapModel;
use crate::interval::{Interval, significant};
use crate::model::{Model, Split, interval_of};
use crate::profile::{ActiveWorkload, Board, Evidence, Figure, Sensor};
use crate::workload::Workload;

/// Where the energy of one sequence goes, in microjoules.
#[derive(Debug, Clone, Serialize)]
pub struct Parts {
    /// Computing the updates.
    pub update: Interval,
    /// Waking up for them.
    pub wake: Interval,
    /// Reading samples over the bus.
    pub sample: Interval,
    /// The processor asleep.
    pub sleep: Interval,
    /// The sensor, on, turning on and off, and what switching it costs.
    pub sensor: Interval,
    /// The output layer and the end of the sequence, once per sequence.
    pub output: Interval,
}

impl Parts {
    pub(crate) fn of(splits: &[Split; 3]) -> Self {
        Self {
            update: interval_of(splits, |s| s.update),
            wake: interval_of(splits, |s| s.wake),
            sample: interval_of(splits, |s| s.sample),
            sleep: interval_of(splits, |s| s.sleep),
            sensor: interval_of(splits, |s| s.sensor),
            output: interval_of(splits, |s| s.output),
        }
    }

    /// Names and intervals, in the order of a stacked bar.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Interval); 6] {
        [
            ("update", self.update),
            ("wake", self.wake),
            ("sample", self.sample),
            ("sleep", self.sleep),
            ("sensor", self.sensor),
            ("output", self.output),
        ]
    }
}

/// The energy of one classified sequence, from profiles. Predicted, not measured.
#[derive(Debug, Clone, Serialize)]
pub struct Prediction {
    /// Name of the board's profile.
    pub board: String,
    /// Name of the sensor's profile.
    pub sensor: String,
    /// Always "predicted".
    pub label: &'static str,
    /// Energy of one sequence with skipping.
    pub uj_per_sequence: Interval,
    /// Energy of the same network that uses every sample.
    pub dense_uj_per_sequence: Interval,
    /// Where `uj_per_sequence` goes.
    pub parts: Parts,
    /// Where `dense_uj_per_sequence` goes.
    pub dense_parts: Parts,
    /// Average power with skipping, in microwatts.
    pub average_power_uw: Interval,
    /// Duration of a sequence.
    pub sequence_s: f64,
    /// Updates per sequence.
    pub updates_mean: f64,
    /// Cycles of one update.
    pub cycles_per_update: Interval,
    /// From the timer's event to the end of an update.
    pub update_time_s: Interval,
    /// True iff an update ends before the next sample even at the high end.
    pub update_fits: bool,
    /// True iff that also holds for the network that uses every sample.
    pub dense_update_fits: bool,
    /// The sensor is switched off in gaps of this many samples and more; null where that never pays.
    pub sensor_off_from_samples: Option<u32>,
    /// What makes the figures too small or too large for this model.
    pub warnings: Vec<String>,
    /// What to know when reading the figures.
    pub notes: Vec<String>,
}

/// Predicts the energy of one sequence: `E_seq = n_upd * (E_wake + E_read + C_u * e_cyc) + P_sleep * (T - t_awake) +
/// E_sensor + C_out * e_cyc` with `e_cyc = V * I(f) / f * k`, every factor an interval and the result the interval from
/// all factors low to all factors high (the model rises with each of them). `E_sensor` is `P_on * gap` where the sensor
/// stays on, and `P_on * t_on + P_off * (gap - t_on) + E_switch` in gaps long enough for switching it off to pay.
///
/// The dense figure is the same model with every sample used and `dense_update` for each.
///
/// # Errors
/// [`Error::Workload`] for an impossible workload, [`Error::Mismatch`] where the sensor is too slow, or where the
/// updates of a sequence take longer than the sequence.
pub fn predict(board: &Board, sensor: &Sensor, workload: &Workload) -> Result<Prediction, Error> {
    let model = Model::new(board, sensor, workload)?;
    let gaps = GapModel::of(workload);
    let update_time_s = model.update_time_s(&workload.update);
    let dense_time_s = model.update_time_s(&workload.dense_update);
    if update_time_s.low * workload.updates_mean > workload.duration_s() {
        return Err(Error::Mismatch(format!(
            "board {}: {} updates of {} s or more do not fit into a sequence of {} s; \
             choose a faster board, a smaller network, fewer updates or a longer sample period",
            board.name,
            significant(workload.updates_mean),
            significant(update_time_s.low),
            significant(workload.duration_s())
        )));
    }
    let splits = model.corners(&workload.update, &gaps);
    let dense_splits = model.corners(&workload.dense_update, &GapModel::dense(workload.sequence_length));
    let uj_per_sequence = interval_of(&splits, Split::total);
    let notes = notes(&model, &gaps, update_time_s, dense_time_s);
    Ok(Prediction {
        board: board.name.clone(),
        sensor: sensor.name.clone(),
        label: "predicted",
        uj_per_sequence,
        dense_uj_per_sequence: interval_of(&dense_splits, Split::total),
        parts: Parts::of(&splits),
        dense_parts: Parts::of(&dense_splits),
        average_power_uw: uj_per_sequence.scaled(1.0 / workload.duration_s()),
        sequence_s: workload.duration_s(),
        updates_mean: workload.updates_mean,
        cycles_per_update: model.cycles(&workload.update),
        update_time_s,
        update_fits: update_time_s.high <= workload.sample_period_s,
        dense_update_fits: dense_time_s.high <= workload.sample_period_s,
        sensor_off_from_samples: model.gate_from_samples(),
        warnings: sensor.lacks(workload.channels).into_iter().collect(),
        notes,
    })
}

fn notes(model: &Model<'_>, gaps: &GapModel, update_s: Interval, dense_s: Interval) -> Vec<String> {
    let (board, sensor, workload) = (model.board, model.sensor, model.workload);
    let mut notes = vec![
        "predicted from profiles, not measured".to_string(),
        format!("one update: {}", workload.update.provenance()),
        format!("one update without skipping: {}", workload.dense_update.provenance()),
        "output layer: predicted from its MACs".to_string(),
    ];
    match board.active_workload {
        ActiveWorkload::NeuralNetwork => {
            notes.push(format!("board {}: active energy taken on neural networks", board.name));
        }
        ActiveWorkload::Headline | ActiveWorkload::Coremark => notes.push(format!(
            "board {}: active current not taken on a neural network; widened by the factor {}",
            board.name,
            board.effective_workload_factor()
        )),
    }
    if !gaps.exact {
        notes.push(
            "the schedules are not given: equal gaps for the middle and the high end, one long gap for the low end"
                .to_string(),
        );
    }
    for (what, time_s) in [("an update", update_s), ("an update without skipping", dense_s)] {
        let verdict = match () {
            () if time_s.mid > workload.sample_period_s => "does not fit",
            () if time_s.high > workload.sample_period_s => "may not fit",
            () => continue,
        };
        notes.push(format!(
            "{what} {verdict} into the sample period of {} s: it takes {time_s} s with its wake-up",
            significant(workload.sample_period_s)
        ));
    }
    if dense_s.mid > workload.sample_period_s {
        notes.push("without skipping this board does not keep up; its figure is that of a later answer".to_string());
    }
    if sensor.is_none() {
        notes.push("no sensor is contained: the input is replayed".to_string());
    }
    match (model.gate_from_samples(), sensor.is_none()) {
        (_, true) => {}
        (Some(gap), false) => notes.push(format!("the sensor is switched off in gaps of {gap} samples and more")),
        (None, false) => notes.push("switching the sensor off never pays".to_string()),
    }
    for (what, name, figures) in [
        ("board", &board.name, figures(model)),
        ("sensor", &sensor.name, sensor_figures(model)),
    ] {
        let weak = |(_, figure): &(&str, &Figure)| matches!(figure.evidence, Evidence::Recalled | Evidence::Assumed);
        let weak: Vec<&str> = figures.into_iter().filter(weak).map(|(name, _)| name).collect();
        if !weak.is_empty() {
            notes.push(format!("{what} {name}: recalled or assumed are {}", weak.join(", ")));
        }
    }
    notes
}

fn sensor_figures<'a>(model: &Model<'a>) -> Vec<(&'static str, &'a Figure)> {
    let (sensor, Some(rate)) = (model.sensor, model.rate) else {
        return Vec::new();
    };
    let mut figures = vec![
        ("supply_v", &sensor.supply_v),
        ("off_current_ua", &sensor.off_current_ua),
        ("turn_on_time_ms", &sensor.turn_on_time_ms),
        ("turn_on_periods", &sensor.turn_on_periods),
        ("rate.current_ua", &rate.current_ua),
    ];
    if model.firmware().is_none() {
        figures.push(("read_time_us", &sensor.read_time_us));
    }
    let optional = [
        ("bus_time_us", &sensor.bus_time_us),
        ("switch_bus_time_us", &sensor.switch_bus_time_us),
    ];
    figures.extend(
        optional
            .into_iter()
            .filter_map(|(name, figure)| Some((name, figure.as_ref()?))),
    );
    figures
}

fn figures<'a>(model: &Model<'a>) -> Vec<(&'static str, &'a Figure)> {
    let board = model.board;
    let mut figures = vec![
        ("supply_v", &board.supply_v),
        ("clock_hz", &board.clock_hz),
        ("memory_cycle_factor", &board.memory_cycle_factor),
        ("sleep_current_ua", &board.sleep_current_ua),
        ("wake_time_us", &board.wake_time_us),
    ];
    let optional = [
        ("active_current_ua_per_mhz", &board.active_current_ua_per_mhz),
        ("active_energy_pj_per_cycle", &board.active_energy_pj_per_cycle),
        ("workload_factor", &board.workload_factor),
        ("wake_current_ma", &board.wake_current_ma),
        ("wake_energy_uj", &board.wake_energy_uj),
        ("bus_pulls_ua", &board.bus_pulls_ua),
    ];
    figures.extend(
        optional
            .into_iter()
            .filter_map(|(name, figure)| figure.as_ref().map(|figure| (name, figure))),
    );
    if let Some(firmware) = model.firmware() {
        figures.extend([
            ("firmware.sample_cycles", &firmware.sample_cycles),
            ("firmware.switch_cycles", &firmware.switch_cycles),
            ("firmware.sequence_cycles", &firmware.sequence_cycles),
        ]);
        figures.extend(
            firmware
                .sleep_current_ua
                .as_ref()
                .map(|figure| ("firmware.sleep_current_ua", figure)),
        );
    }
    figures
}

impl fmt::Display for Prediction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Energy per sequence, predicted: board {}, sensor {}",
            self.board, self.sensor
        )?;
        for warning in &self.warnings {
            writeln!(f, "Warning: {warning}")?;
        }
        writeln!(f, "  skipping         {} uJ", self.uj_per_sequence)?;
        writeln!(f, "  every sample     {} uJ", self.dense_uj_per_sequence)?;
        writeln!(
            f,
            "  average power    {} uW over {} s",
            self.average_power_uw,
            significant(self.sequence_s)
        )?;
        writeln!(f, "Where it goes, in uJ")?;
        writeln!(f, "  {:<8} {:<30} {:<30}", "", "skipping", "every sample")?;
        for ((name, part), (_, dense)) in self.parts.named().into_iter().zip(self.dense_parts.named()) {
            writeln!(f, "  {name:<8} {:<30} {:<30}", part.to_string(), dense.to_string())?;
        }
        writeln!(f, "Notes")?;
        for note in &self.notes {
            writeln!(f, "  - {note}")?;
        }
        Ok(())
    }
}
