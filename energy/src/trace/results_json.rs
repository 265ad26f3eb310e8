//! The `results.json` of EEMBC's newer EnergyRunner: for each run joules for each sample, a thousand in a second, and the events and
//! the count of its sequences.
//!
//! Samples go to the sink as they are read, so that memory does not grow with the file.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::energyrunner::Steps;
use super::source::open;
use super::{FileWindow, MOST_SEQUENCES, MOST_VOLTAGE_V, MOST_WINDOWS, Sink, Summary, fault};
use crate::error::Error;

/// Samples per second; events are counted in samples.
const RATE_HZ: f64 = 1000.0;

pub(super) fn read(path: &Path, sink: &mut Sink<'_>) -> Result<Summary, Error> {
    let mut reader = Reader {
        path,
        sink,
        steps: Steps::new(RATE_HZ),
        windows: Vec::new(),
        voltage_v: None,
        failed: None,
    };
    let mut text = serde_json::Deserializer::from_reader(open(path)?);
    let read = Runs(&mut reader).deserialize(&mut text).and_then(|()| text.end());
    match (reader.failed.take(), read) {
        (Some(error), _) => Err(error),
        (None, Err(e)) => Err(fault(
            path,
            "content",
            format!("{e}; take results.json of an energy run"),
        )),
        (None, Ok(())) => Ok(Summary {
            windows: reader.windows,
            file_voltage_v: reader.voltage_v,
            ..reader.steps.summary()
        }),
    }
}

/// What has been read.
struct Reader<'a, 's> {
    path: &'a Path,
    sink: &'a mut Sink<'s>,
    steps: Steps,
    windows: Vec<FileWindow>,
    voltage_v: Option<f64>,
    /// Why reading ended, where it was not the text.
    failed: Option<Error>,
}

impl Reader<'_, '_> {
    /// Ends the reading.
    fn fail<E: serde::de::Error>(&mut self, error: Error) -> E {
        self.failed = Some(error);
        E::custom("it is told elsewhere")
    }

    /// The window of a run whose samples begin at index `before`.
    fn window(&mut self, before: u64, events: Events, iterations: u64) -> Result<(), Error> {
        let refused = |problem: String| Err(fault(self.path, format!("run {}", self.windows.len()), problem));
        let Events([Some(start), Some(end)]) = events else {
            return refused("has fewer than two time stamps; record again".into());
        };
        if start >= end || end > self.steps.samples - before {
            return refused("has time stamps that do not rise or lie beyond its samples; record again".into());
        }
        if !(1..=MOST_SEQUENCES).contains(&iterations) {
            return refused(format!(
                "has {iterations} iterations, 1 to {MOST_SEQUENCES} can be; record again"
            ));
        }
        if self.windows.len() == MOST_WINDOWS {
            return refused(format!("is one more than the {MOST_WINDOWS} runs that are read"));
        }
        let at = |event: u64| (before + event) as f64 * self.steps.period_s;
        self.windows.push(FileWindow {
            start_s: at(start),
            end_s: at(end),
            sequences: iterations,
        });
        Ok(())
    }
}

/// The list of runs.
struct Runs<'r, 'a, 's>(&'r mut Reader<'a, 's>);

impl<'de> DeserializeSeed<'de> for Runs<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Runs<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of runs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut runs: A) -> Result<(), A::Error> {
        while runs.next_element_seed(Run(self.0))?.is_some() {}
        Ok(())
    }
}

/// One run: `power` and `infer`.
struct Run<'r, 'a, 's>(&'r mut Reader<'a, 's>);

#[derive(Deserialize)]
struct Infer {
    iterations: u64,
}

impl<'de> DeserializeSeed<'de> for Run<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Run<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a run with power and infer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut run: A) -> Result<(), A::Error> {
        let before = self.0.steps.samples;
        let (mut events, mut iterations) = (None, None);
        while let Some(key) = run.next_key::<String>()? {
            match key.as_str() {
                "power" if events.is_none() => events = Some(run.next_value_seed(Power(self.0))?),
                "infer" if iterations.is_none() => iterations = Some(run.next_value::<Infer>()?.iterations),
                "power" | "infer" => return Err(A::Error::custom("a run has power or infer twice")),
                _ => drop(run.next_value::<IgnoredAny>()?),
            }
        }
        let events = events.ok_or_else(|| A::Error::missing_field("power"))?;
        let iterations = iterations.ok_or_else(|| A::Error::missing_field("infer"))?;
        self.0
            .window(before, events, iterations)
            .map_err(|error| self.0.fail(error))
    }
}

/// The part `power` of a run: `samples`, `timestamps` and perhaps `voltage`.
struct Power<'r, 'a, 's>(&'r mut Reader<'a, 's>);

impl<'de> DeserializeSeed<'de> for Power<'_, '_, '_> {
    type Value = Events;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Events, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Power<'_, '_, '_> {
    type Value = Events;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("samples and timestamps")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut power: A) -> Result<Events, A::Error> {
        let (mut events, mut samples) = (None, false);
        while let Some(key) = power.next_key::<String>()? {
            match key.as_str() {
                "samples" if !samples => {
                    power.next_value_seed(Samples(self.0))?;
                    samples = true;
                }
                "timestamps" if events.is_none() => events = Some(power.next_value::<Events>()?),
                "voltage" => {
                    let volts = power.next_value::<Option<f64>>()?;
                    if let Some(volts) = volts.filter(|volts| volts.abs() > MOST_VOLTAGE_V) {
                        return Err(A::Error::custom(format!(
                            "a voltage of {volts:e} V is beyond {MOST_VOLTAGE_V:e} V"
                        )));
                    }
                    self.0.voltage_v = self.0.voltage_v.or(volts);
                }
                "samples" | "timestamps" => return Err(A::Error::custom("a run has samples or timestamps twice")),
                _ => drop(power.next_value::<IgnoredAny>()?),
            }
        }
        match (samples, events) {
            (true, Some(events)) => Ok(events),
            (false, _) => Err(A::Error::missing_field("samples")),
            (true, None) => Err(A::Error::missing_field("timestamps")),
        }
    }
}

/// Joules for each sample.
struct Samples<'r, 'a, 's>(&'r mut Reader<'a, 's>);

impl<'de> DeserializeSeed<'de> for Samples<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Samples<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of joules")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut samples: A) -> Result<(), A::Error> {
        let Reader {
            steps, sink, failed, ..
        } = self.0;
        while let Some(joules) = samples.next_element::<f64>()? {
            if let Err(error) = steps.push(joules * 1e6, sink) {
                *failed = Some(error);
                return Err(A::Error::custom("it is told elsewhere"));
            }
        }
        Ok(())
    }
}

/// The last two of a list of events with their samples: the first and the last of the sequences.
#[derive(Clone, Copy, Default)]
struct Events([Option<u64>; 2]);

impl<'de> Deserialize<'de> for Events {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de> Visitor<'de> for Events {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events, each with the index of a sample")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut events: A) -> Result<Self, A::Error> {
        let Self([_, mut last]) = self;
        let mut before = None;
        while let Some((_, sample)) = events.next_element::<(IgnoredAny, u64)>()? {
            before = last.replace(sample);
        }
        Ok(Self([before, last]))
    }
}
