//! What else one would take: a convolutional network that the sensor's buffer feeds, and a classifier inside the sensor.

use super::{Data, Method, candidates::labels};
use crate::{Error, Hardware, baselines::cnn::Trained};
use energy::{Interval, Scheme, UpdateCost, Workload};
use float_model::{Sequences, Targets};
use serde::Serialize;

/// A model that this program does not put on a board, with its figures.
#[derive(Debug, Clone)]
pub struct Other {
    /// The kind of model.
    pub method: Method,
    /// The share of right answers on the validation part.
    pub accuracy: f64,
    /// The same on the test part.
    pub test_accuracy: f64,
    /// Microjoules of a sequence, predicted.
    pub uj_per_sequence: Interval,
    /// Whether the sensor's buffer collects samples while the processor sleeps.
    pub through_buffer: bool,
}

/// A classifier inside a sensor, by what its maker publishes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BuiltIn {
    /// The part, and what it tells apart.
    pub what: &'static str,
    /// Current of sensor and classifier together, in microamperes, and the voltage.
    pub current_ua: (f64, f64),
    /// Supply.
    pub supply_v: f64,
    /// From where.
    pub source: &'static str,
}

/// Sensors, by how the names of their profiles begin, of whose family parts have a classifier inside.
const BUILT_IN: [(&str, BuiltIn); 2] = [
    (
        "lsm6ds",
        BuiltIn {
            what: "LSM6DSV16X, LSM6DSOX or LSM6DSRX, decision trees in the machine-learning core, accelerometer alone",
            current_ua: (16.5, 24.0),
            supply_v: 1.8,
            source: "ST, examples for the machine-learning core: 16.5 uA for gym activities at 30 Hz, 20 to 24 uA for others",
        },
    ),
    (
        "lis",
        BuiltIn {
            what: "LIS2DUX12, decision trees in the machine-learning core",
            current_ua: (14.5, 14.5),
            supply_v: 1.8,
            source: "ST, example for the machine-learning core: 14.5 uA for asset tracking",
        },
    ),
];

impl BuiltIn {
    /// That of a sensor's family, where there is one.
    #[must_use]
    pub fn of(sensor: &str) -> Option<BuiltIn> {
        BUILT_IN
            .iter()
            .find(|(begins, _)| sensor.starts_with(begins))
            .map(|(_, b)| *b)
    }

    /// Microjoules of so many seconds, least and most: published, and the processor asleep is not in it.
    #[must_use]
    pub fn uj(&self, seconds: f64) -> (f64, f64) {
        let of = |current_ua: f64| current_ua * self.supply_v * seconds;
        (of(self.current_ua.0), of(self.current_ua.1))
    }
}

impl Other {
    /// A convolutional network on the validation and the test part.
    pub(super) fn cnn(
        method: Method,
        trained: &Trained,
        data: &Data,
        hardware: &Hardware,
        test: (&Sequences, &Targets),
    ) -> Result<Other, Error> {
        let answers = trained.cnn.decide(test.0)?;
        let (uj_per_sequence, through_buffer) = energy_of(trained.cnn.macs(data.length), data, hardware)?;
        Ok(Other {
            method,
            accuracy: trained.validation_accuracy,
            test_accuracy: crate::baselines::share_right(&answers, labels(test.1)?),
            uj_per_sequence,
            through_buffer,
        })
    }

    /// Microjoules of an hour of one sequence after the other.
    #[must_use]
    pub fn uj_per_hour(&self, data: &Data) -> f64 {
        self.uj_per_sequence.mid * 3600.0 / data.sequence_s()
    }
}

/// The energy of a network that reads every sample, by way of the sensor's buffer where it has one, and then does its work.
fn energy_of(macs: usize, data: &Data, hardware: &Hardware) -> Result<(Interval, bool), Error> {
    let length = data.length;
    // Its work, spread over the samples.
    let update = UpdateCost::Predicted {
        instructions: energy::mac_instructions(hardware.board.core, macs).scaled(1.0 / length as f64),
    };
    let workload = Workload {
        sequence_length: length,
        sample_period_s: data.period_s,
        updates_mean: length as f64,
        schedules: None,
        update,
        dense_update: update,
        head_macs: 0,
        channels: data.summary.channels.len(),
    };
    let compared = energy::compare(&hardware.board, &hardware.sensor, &workload)?;
    let of = |scheme| {
        compared
            .scenarios
            .iter()
            .find(|s| s.scheme == scheme)
            .map(|s| s.uj_per_sequence)
    };
    let dense = of(Scheme::Dense).ok_or_else(|| Error::data("energy", "no scheme reads every sample"))?;
    Ok(match of(Scheme::DenseFifo) {
        Some(buffered) => (buffered, true),
        None => (dense, false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_its_published_energy() {
        let ism = BuiltIn::of("lsm6dso-driver").unwrap();
        // 16.5 uA at 1.8 V for 2.56 s.
        assert!((ism.uj(2.56).0 - 76.032).abs() < 1e-9);
        assert_eq!(BuiltIn::of("adxl362"), None);
        assert_eq!(BuiltIn::of("none"), None);
    }
}
