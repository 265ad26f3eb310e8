//! The types of this crate from text, as options of a command line give them.

use crate::{
    DutyPoint,
    ppk2::Mode,
    trace::{Column, ColumnOptions, Format, Markers},
};
use std::{collections::BTreeMap, str::FromStr};

/// Why a text is not a value of its type; the message says what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(String);

fn wrong<T>(expected: impl Into<String>) -> Result<T, ParseError> {
    Err(ParseError(expected.into()))
}

/// Every format of a trace.
const FORMATS: [Format; 14] = [
    Format::Ppk2Csv,
    Format::Ppk2,
    Format::EnergyTrace,
    Format::EnergyRunner,
    Format::EnergyRunnerJson,
    Format::Joulescope,
    Format::Otii,
    Format::Monsoon,
    Format::Keithley,
    Format::Sigrok,
    Format::Rigol,
    Format::Numbers,
    Format::Simulated,
    Format::Csv,
];

impl FromStr for Format {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match FORMATS.into_iter().find(|format| format.to_string() == text) {
            Some(format) => Ok(format),
            None => wrong(format!("expected one of {}", FORMATS.map(|f| f.to_string()).join(", "))),
        }
    }
}

impl FromStr for Mode {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "source" => Ok(Mode::Source),
            "ampere" => Ok(Mode::Ampere),
            _ => wrong("expected source or ampere"),
        }
    }
}

/// Written `DUTY:MW`: a share of the time, and milliwatts.
impl FromStr for DutyPoint {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let numbers = text.split_once(':');
        let numbers = numbers.and_then(|(duty, mw)| Some((duty.parse().ok()?, mw.parse().ok()?)));
        match numbers {
            Some((duty, average_mw)) => Ok(DutyPoint { duty, average_mw }),
            None => wrong("expected DUTY:MW, for example 0.561:25.62"),
        }
    }
}

/// Values by their keys, from `key=value` pairs separated by commas; each key is one of `keys` and comes once.
fn pairs<'a>(text: &'a str, keys: &[&str]) -> Result<BTreeMap<&'a str, &'a str>, ParseError> {
    let mut pairs = BTreeMap::new();
    for part in text.split(',') {
        match part.split_once('=') {
            Some((key, value)) if keys.contains(&key) && !value.is_empty() => {
                if pairs.insert(key, value).is_some() {
                    return wrong(format!("'{key}' is given twice"));
                }
            }
            Some((key, value)) if !value.is_empty() => {
                return wrong(format!("unknown key '{key}'; expected {}", keys.join(", ")));
            }
            _ => return wrong(format!("'{part}' is not of the form KEY=NAME")),
        }
    }
    Ok(pairs)
}

/// Written `time=NAME:UNIT,current=NAME:UNIT,voltage=NAME:UNIT,power=NAME:UNIT,shunt=NAME:UNIT`, each of them at most once.
impl FromStr for ColumnOptions {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let pairs = pairs(text, &["time", "current", "voltage", "power", "shunt"])?;
        let column = |key: &str| {
            let parsed = pairs.get(key).map(|name| name.parse::<Column>());
            parsed.transpose().map_err(|error| ParseError(error.to_string()))
        };
        Ok(ColumnOptions {
            time: column("time")?,
            current: column("current")?,
            voltage: column("voltage")?,
            power: column("power")?,
            shunt: column("shunt")?,
        })
    }
}

/// Written `seq=D0,awake=D1,update=D2`; awake and update may be left out.
impl FromStr for Markers {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let pairs = pairs(text, &["seq", "awake", "update"])?;
        let name = |key: &str| pairs.get(key).map(|name| (*name).to_owned());
        match name("seq") {
            Some(seq) => Ok(Markers {
                seq,
                awake: name("awake"),
                update: name("update"),
            }),
            None => wrong("the windows come from seq: give seq=CHANNEL"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_back() {
        for format in FORMATS {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert_eq!("source".parse(), Ok(Mode::Source));
        let point: DutyPoint = "0.561:25.62".parse().unwrap();
        assert_eq!((point.duty, point.average_mw), (0.561, 25.62));
        let columns: ColumnOptions = "time=t:ms,current=I:mA".parse().unwrap();
        assert_eq!(columns.time.unwrap().unit.as_deref(), Some("ms"));
        assert!(columns.power.is_none());
        let markers: Markers = "update=D2,seq=D0".parse().unwrap();
        assert_eq!(
            (markers.seq.as_str(), markers.awake, markers.update.as_deref()),
            ("D0", None, Some("D2"))
        );
    }

    #[test]
    fn what_is_written_wrongly_is_told() {
        let said = |text: &str| text.parse::<Markers>().unwrap_err().to_string();
        assert_eq!(said("seq=D0,seq=D1"), "'seq' is given twice");
        assert_eq!(
            said("seq=D0,wake=D1"),
            "unknown key 'wake'; expected seq, awake, update"
        );
        assert_eq!(said("seq"), "'seq' is not of the form KEY=NAME");
        assert!(said("awake=D1").contains("seq=CHANNEL"));
        assert!("0.5".parse::<DutyPoint>().is_err());
        assert!("csv2".parse::<Format>().unwrap_err().to_string().contains("ppk2-csv"));
        assert!("time=:ms".parse::<ColumnOptions>().is_err());
    }
}
