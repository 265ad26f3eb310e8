//! When sleeping pays, when switching the sensor off pays, and how long a battery lasts.

use std::fmt;

use serde::Serialize;

use crate::error::Error;
use crate::interval::{Corner, Interval};
use crate::model::Model;
use crate::predict::Prediction;
use crate::profile::{Board, Sensor};
use crate::workload::Workload;

/// The times from which it pays. Predicted, not measured.
#[derive(Debug, Clone, Serialize)]
pub struct BreakEven {
    /// Name of the board's profile.
    pub board: String,
    /// Name of the sensor's profile.
    pub sensor: String,
    /// Always "predicted".
    pub label: &'static str,
    /// Sleep instead of idling for longer than this: `E_wake / (P_idle - P_sleep)`, in seconds; null where the profile
    /// has no idle power, or one whose low end is not above the high end asleep.
    pub sleep_s: Option<Interval>,
    /// Switch the sensor off for gaps longer than this: `t_on + E_switch / (P_on - P_off)`, in seconds; null without a
    /// sensor.
    pub sensor_off_s: Option<Interval>,
    /// The break-even gap in samples: gaps of this many samples and more.
    pub sensor_off_from_samples: Option<u32>,
    /// Saved by one skipped update, its wake-up and its read included, less the sleep instead.
    pub skipped_update_uj: Interval,
}

/// Break-even times of a board, a sensor and a workload.
///
/// `E_switch` is a wake-up of its own to switch the sensor on ahead of the sample, and the commands, taken as long as
/// one read. Each end of an interval takes the ends of its factors that favour it.
///
/// # Errors
/// Those of [`predict`](crate::predict()), but that the updates need not fit into the sequence.
pub fn break_even(board: &Board, sensor: &Sensor, workload: &Workload) -> Result<BreakEven, Error> {
    let model = Model::new(board, sensor, workload)?;
    let sleep_s = board.idle_power_mw.as_ref().and_then(|idle| {
        let idle_uw = idle.interval().scaled(1e3);
        let time_s = |wake: Corner, idle_uw: f64, sleep: Corner| {
            let gain_uw = idle_uw - board.sleep_power_uw(sleep);
            (gain_uw > 0.0).then(|| board.wake_energy_uj(wake) / gain_uw)
        };
        Interval::new(
            time_s(Corner::Low, idle_uw.high, Corner::Low)?,
            time_s(Corner::Mid, idle_uw.mid, Corner::Mid)?,
            time_s(Corner::High, idle_uw.low, Corner::High)?,
        )
    });
    let update = model.update_time_s(&workload.update);
    let cycles = model.cycles(&workload.update);
    let skipped = |corner| {
        let awake_uj = board.wake_energy_uj(corner)
            + model.read_energy_uj(corner)
            + cycles.at(corner) * board.cycle_energy_uj(corner);
        awake_uj - board.sleep_power_uw(corner) * update.at(corner)
    };
    Ok(BreakEven {
        board: board.name.clone(),
        sensor: sensor.name.clone(),
        label: "predicted",
        sleep_s,
        sensor_off_s: model.sensor_break_even(),
        sensor_off_from_samples: model.gate_from_samples(),
        skipped_update_uj: Interval::from_corners(skipped),
    })
}

impl fmt::Display for BreakEven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Break-even, predicted: board {}, sensor {}", self.board, self.sensor)?;
        match self.sleep_s {
            Some(s) => writeln!(f, "  sleep instead of idling         from {} ms", s.scaled(1e3))?,
            None => writeln!(
                f,
                "  sleep instead of idling         not known: the profile has no idle power, or one that may be below that asleep"
            )?,
        }
        match (self.sensor_off_s, self.sensor_off_from_samples) {
            (Some(s), Some(n)) => {
                writeln!(
                    f,
                    "  switch the sensor off           from {} ms, {n} samples and more",
                    s.scaled(1e3)
                )?;
            }
            _ => writeln!(f, "  switch the sensor off           never pays, or there is none")?,
        }
        writeln!(f, "  saved by one skipped update     {} uJ", self.skipped_update_uj)
    }
}

/// A battery and how often it is asked for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Battery {
    /// Rated capacity.
    pub capacity_mah: f64,
    /// Mean voltage over the discharge.
    pub voltage_v: f64,
    /// Share of the rated energy that reaches the device: self-discharge, cut-off voltage and regulator.
    pub usable_share: f64,
    /// Decisions per hour; between them processor asleep and sensor off.
    pub decisions_per_hour: f64,
}

/// How long a battery lasts, predicted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BatteryLife {
    /// The battery.
    #[serde(flatten)]
    pub battery: Battery,
    /// Days of operation.
    pub days: Interval,
}

impl fmt::Display for BatteryLife {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Battery {
            capacity_mah,
            voltage_v,
            usable_share,
            decisions_per_hour,
        } = self.battery;
        let Interval { low, mid, high } = self.days;
        write!(
            f,
            "Battery of {capacity_mah:?} mAh at {voltage_v:?} V, {usable_share:?} of it usable, {decisions_per_hour:.1} decisions an \
             hour: {mid:.0} days ({low:.0} to {high:.0}), predicted"
        )
    }
}

/// Days of operation, from a prediction: `capacity * V * share / (rate * E_seq + (1 - rate * T) * (P_sleep + P_off))`.
///
/// # Errors
/// [`Error::Mismatch`] for a battery or a rate that cannot be.
pub fn battery_life(
    battery: &Battery,
    prediction: &Prediction,
    board: &Board,
    sensor: &Sensor,
) -> Result<BatteryLife, Error> {
    let fault = |problem: String| Err(Error::Mismatch(format!("battery: {problem}")));
    let positive = |value: f64| value > 0.0 && value <= 1e12;
    if !(positive(battery.capacity_mah) && positive(battery.voltage_v) && positive(battery.decisions_per_hour)) {
        return fault("give capacity, voltage and decisions per hour above 0, at most 1e12".into());
    }
    if !(positive(battery.usable_share) && battery.usable_share <= 1.0) {
        return fault(format!(
            "the usable share is {}; it lies in (0, 1]",
            battery.usable_share
        ));
    }
    let rate_hz = battery.decisions_per_hour / 3600.0;
    let busy = rate_hz * prediction.sequence_s;
    if busy > 1.0 + 1e-9 {
        let most = 3600.0 / prediction.sequence_s;
        return fault(format!(
            "{} decisions per hour, but only {most:.1} sequences fit",
            battery.decisions_per_hour
        ));
    }
    // mAh * V = 3.6 J = 3.6e6 uJ
    let energy_uj = battery.capacity_mah * battery.voltage_v * battery.usable_share * 3.6e6;
    let days = |corner: Corner| {
        let asleep_uw = board.sleep_power_uw(corner) + sensor.off_power_uw(corner);
        let power_uw = rate_hz * prediction.uj_per_sequence.at(corner) + (1.0 - busy).max(0.0) * asleep_uw;
        energy_uj / power_uw / 86_400.0
    };
    Ok(BatteryLife {
        battery: *battery,
        days: Interval {
            low: days(Corner::High),
            mid: days(Corner::Mid),
            high: days(Corner::Low),
        },
    })
}
