use serde::{Deserialize, Serialize};

use super::{Check, Evidence, Figure};
use crate::error::Error;
use crate::interval::Corner;

const BUILT_IN: &[(&str, &str)] = &[
    ("adxl362", include_str!("../../profiles/sensors/adxl362.toml")),
    ("bmi270", include_str!("../../profiles/sensors/bmi270.toml")),
    ("lis3dh", include_str!("../../profiles/sensors/lis3dh.toml")),
    (
        "lis3dh-driver",
        include_str!("../../profiles/sensors/lis3dh-driver.toml"),
    ),
    (
        "lis3dh-low-power",
        include_str!("../../profiles/sensors/lis3dh-low-power.toml"),
    ),
    (
        "lsm6dsl-driver",
        include_str!("../../profiles/sensors/lsm6dsl-driver.toml"),
    ),
    ("lsm6dso", include_str!("../../profiles/sensors/lsm6dso.toml")),
    (
        "lsm6dso-accel",
        include_str!("../../profiles/sensors/lsm6dso-accel.toml"),
    ),
    (
        "lsm6dso-driver",
        include_str!("../../profiles/sensors/lsm6dso-driver.toml"),
    ),
    ("lsm6dsv", include_str!("../../profiles/sensors/lsm6dsv.toml")),
    ("mp34dt06j", include_str!("../../profiles/sensors/mp34dt06j.toml")),
    ("none", include_str!("../../profiles/sensors/none.toml")),
];

/// Current at one output data rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputRate {
    /// Samples per second that the part delivers.
    pub odr_hz: f64,
    /// Current at that rate.
    pub current_ua: Figure,
}

/// Depth of the part's own buffer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Depth {
    /// Samples of all channels that it holds.
    pub samples: u32,
    /// How the figure came to be known.
    pub evidence: Evidence,
    /// From where.
    pub source: String,
}

/// A sensor: what it takes at each rate, switched off, and while it turns on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensor {
    /// Short name, as `--sensor` takes it.
    pub name: String,
    /// Part and mode that the figures hold for.
    pub part: String,
    /// Channels of one sample; 0 for a replayed input, which has any number.
    pub channels: usize,
    /// Supply of the sensor.
    pub supply_v: Figure,
    /// Current switched off, still on the supply.
    pub off_current_ua: Figure,
    /// From the command to the first valid sample, the part that does not depend on the rate.
    pub turn_on_time_ms: Figure,
    /// From the command to the first valid sample, the part counted in output periods.
    pub turn_on_periods: Figure,
    /// Time the processor is awake to read one sample over the bus.
    pub read_time_us: Figure,
    /// Time that the transfers of one sample take on the bus beside `read_time_us`, where the figures are kept apart: a
    /// board that sleeps at the bus halts its core meanwhile, another one waits awake.
    pub bus_time_us: Option<Figure>,
    /// Time that the transfers take which switch the part off and on; as long as those of one sample where it is not given.
    pub switch_bus_time_us: Option<Figure>,
    /// The part's own buffer, where it has one.
    pub fifo: Option<Depth>,
    /// Currents by rate; a workload takes the lowest rate that is not below its own. Empty for a replayed input.
    #[serde(default, rename = "rate")]
    pub rates: Vec<OutputRate>,
}

impl Sensor {
    /// Reads a profile and checks it.
    ///
    /// # Errors
    /// [`Error::Profile`] with file, field and fix.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, Error> {
        let sensor: Self = super::parse(file, text)?;
        sensor.validate(file)?;
        Ok(sensor)
    }

    fn validate(&self, file: &str) -> Result<(), Error> {
        let check = Check { file };
        if self.name.trim().is_empty() {
            return Err(check.fault("name", "is empty; give the name to print"));
        }
        check.words("name", &self.name)?;
        check.words("part", &self.part)?;
        check.figure("supply_v", &self.supply_v)?;
        check.figure("off_current_ua", &self.off_current_ua)?;
        check.figure("turn_on_time_ms", &self.turn_on_time_ms)?;
        check.figure("turn_on_periods", &self.turn_on_periods)?;
        check.figure("read_time_us", &self.read_time_us)?;
        check.some_positive("bus_time_us", self.bus_time_us.as_ref())?;
        check.some_positive("switch_bus_time_us", self.switch_bus_time_us.as_ref())?;
        if self.switch_bus_time_us.is_some() && self.bus_time_us.is_none() {
            return Err(check.fault("switch_bus_time_us", "needs bus_time_us; give that time too"));
        }
        if self.channels > 0 && self.rates.is_empty() {
            return Err(check.fault(
                "rate",
                "is missing; give at least one [[rate]] with odr_hz and current_ua",
            ));
        }
        for (n, rate) in self.rates.iter().enumerate() {
            check.number(&format!("rate[{n}].odr_hz"), rate.odr_hz)?;
            let field = format!("rate[{n}].current_ua");
            check.positive(&field, &rate.current_ua)?;
            if rate.current_ua.low < self.off_current_ua.high {
                return Err(check.fault(&field, "is below off_current_ua; check both figures"));
            }
        }
        if self.rates.windows(2).any(|pair| pair[0].odr_hz >= pair[1].odr_hz) {
            return Err(check.fault("rate", "list the rates in rising order of odr_hz"));
        }
        if self.fifo.as_ref().is_some_and(|fifo| fifo.samples == 0) {
            return Err(check.fault("fifo.samples", "is 0; leave [fifo] out for a part without one"));
        }
        if let Some(fifo) = &self.fifo {
            check.words("fifo.source", &fifo.source)?;
        }
        Ok(())
    }

    /// True for the profile of a replayed input: no sensor is powered.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.rates.is_empty()
    }

    /// A warning where a model reads more channels than this sensor gives: the energy of the others is in no figure.
    #[must_use]
    pub fn lacks(&self, channels: usize) -> Option<String> {
        let fewer = !self.is_none() && self.channels < channels;
        fewer.then(|| {
            format!(
                "the sensor {} gives {} channels, the model reads {channels}: the energy of the others is not in the figures; choose a \
                 sensor with {channels} channels, or write a profile for the two sensors together",
                self.name, self.channels
            )
        })
    }

    /// The rate that serves a sample period: the lowest that is not slower (one part in a thousand is forgiven).
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the part is too slow.
    pub fn rate_for(&self, sample_period_s: f64) -> Result<Option<&OutputRate>, Error> {
        let Some(fastest) = self.rates.last() else {
            return Ok(None);
        };
        // Rounded: a period of 0.02 s may be a little more as f32.
        let wanted_hz = (1e6 / sample_period_s).round() / 1e6;
        let found = self.rates.iter().find(|rate| rate.odr_hz >= wanted_hz * 0.999);
        found.map(Some).ok_or_else(|| {
            Error::Mismatch(format!(
                "sensor {}: the model samples at {wanted_hz} Hz, the profile's highest rate is {} Hz; \
                 choose another sensor, or a longer sample period",
                self.name, fastest.odr_hz
            ))
        })
    }

    /// Power at a rate.
    #[must_use]
    pub fn on_power_uw(&self, rate: &OutputRate, corner: Corner) -> f64 {
        rate.current_ua.interval().at(corner) * self.supply_v.interval().at(corner)
    }

    /// Power switched off.
    #[must_use]
    pub fn off_power_uw(&self, corner: Corner) -> f64 {
        self.off_current_ua.interval().at(corner) * self.supply_v.interval().at(corner)
    }

    /// Time that the transfers of one sample take on the bus, where it is not part of `read_time_us`.
    #[must_use]
    pub fn bus_time_s(&self, corner: Corner) -> f64 {
        self.bus_time_us
            .as_ref()
            .map_or(0.0, |figure| figure.interval().at(corner) * 1e-6)
    }

    /// Time that the transfers take which switch the part off and on, where it is not part of `read_time_us`.
    #[must_use]
    pub fn switch_bus_time_s(&self, corner: Corner) -> f64 {
        self.switch_bus_time_us
            .as_ref()
            .map_or_else(|| self.bus_time_s(corner), |figure| figure.interval().at(corner) * 1e-6)
    }

    /// From the command to the first valid sample.
    #[must_use]
    pub fn turn_on_s(&self, rate: &OutputRate, corner: Corner) -> f64 {
        self.turn_on_time_ms.interval().at(corner) * 1e-3 + self.turn_on_periods.interval().at(corner) / rate.odr_hz
    }
}

/// Names of the built-in sensors.
#[must_use]
pub fn sensors() -> Vec<&'static str> {
    BUILT_IN.iter().map(|(name, _)| *name).collect()
}

/// A built-in sensor by name, or a profile of the user's own by path.
///
/// # Errors
/// [`Error::UnknownProfile`] with the known names, [`Error::Read`], [`Error::Profile`] with file, field and fix.
pub fn sensor(name_or_path: &str) -> Result<Sensor, Error> {
    let (file, text) = super::text("sensor", name_or_path, BUILT_IN)?;
    Sensor::from_toml(&file, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_sensor_loads_under_its_name() {
        for name in sensors() {
            assert_eq!(sensor(name).expect(name).name, name);
        }
    }

    #[test]
    fn the_lowest_sufficient_rate_is_taken() {
        let part = sensor("lis3dh").unwrap();
        assert_eq!(part.rate_for(0.02).unwrap().unwrap().odr_hz, 50.0);
        assert_eq!(part.rate_for(0.03).unwrap().unwrap().odr_hz, 50.0);
        assert!(part.rate_for(1e-4).unwrap_err().to_string().contains("highest rate"));
        assert!(sensor("none").unwrap().rate_for(1e-6).unwrap().is_none());
    }

    #[test]
    fn faults_name_file_field_and_fix() {
        let good = BUILT_IN.iter().find(|(name, _)| *name == "adxl362").unwrap().1;
        let message = Sensor::from_toml("my.toml", &good.replace("odr_hz = 100.0", "odr_hz = 1000.0")).unwrap_err();
        assert!(
            message
                .to_string()
                .contains("my.toml: rate: list the rates in rising order"),
            "{message}"
        );
        let message = Sensor::from_toml("my.toml", &good.replace("source = \"", "sauce = \"")).unwrap_err();
        assert!(message.to_string().contains("sauce"), "{message}");
    }
}
