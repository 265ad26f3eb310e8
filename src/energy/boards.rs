//! `skiprnn energy boards`

use super::args::BoardsArgs;
use crate::output::{Output, Usage};
use board_host::boards as real;
use energy::{board, boards, sensor, sensors};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Number, Value, json};
use std::{collections::BTreeMap, fmt};

/// Runs the command.
pub fn run(args: &BoardsArgs, out: Output) -> anyhow::Result<()> {
    let (mut board_values, mut sensor_values) = (Vec::new(), Vec::new());
    if args.names.is_empty() {
        for name in boards() {
            board_values.push(serde_json::to_value(board(name)?)?);
        }
        for name in sensors() {
            sensor_values.push(serde_json::to_value(sensor(name)?)?);
        }
    }
    for name in &args.names {
        if sensors().contains(&name.as_str()) {
            sensor_values.push(serde_json::to_value(sensor(name)?)?);
            continue;
        }
        // The name of a real board or of a sensor with a driver stands for its profile.
        let as_board = real::energy_profile(name);
        let as_sensor = real::sensor_energy_profile(name, "", |name| sensors().contains(&name));
        match (board(as_board), sensor(as_sensor)) {
            (Ok(board), _) => board_values.push(serde_json::to_value(board)?),
            (Err(_), Ok(sensor)) => sensor_values.push(serde_json::to_value(sensor)?),
            (Err(energy::Error::UnknownProfile { .. }), Err(_)) => {
                return Err(Usage::error(format!(
                    "{name}: neither a built-in profile nor a file; boards are {}; sensors are {}",
                    boards().join(", "),
                    sensors().join(", ")
                )));
            }
            (Err(as_board), Err(as_sensor)) => anyhow::bail!("as a board: {as_board}; as a sensor: {as_sensor}"),
        }
    }
    let value = json!({ "boards": board_values, "sensors": sensor_values });
    out.print(&value, || {
        if args.names.is_empty() {
            return crate::boards::text();
        }
        let section = |title: &str, profiles: &[Value]| -> String {
            let shown = |p: &Value| Profile::deserialize(p).map_or_else(|_| String::new(), |p| p.to_string());
            let each: String = profiles.iter().map(shown).collect();
            if each.is_empty() {
                each
            } else {
                format!("{title}\n{each}")
            }
        };
        let text = section("Boards", &board_values) + &section("Sensors", &sensor_values);
        text.trim_end().to_owned()
    });
    Ok(())
}

/// A profile as it serialises: what is not a figure is left out.
#[derive(Deserialize)]
struct Profile {
    name: String,
    part: String,
    #[serde(default)]
    rate: Vec<Rate>,
    #[serde(flatten)]
    fields: BTreeMap<String, Field>,
}

#[derive(Deserialize)]
struct Rate {
    odr_hz: Number,
    current_ua: Figure,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    Figure(Figure),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Figure {
    evidence: String,
    source: String,
    samples: Option<Number>,
    low: Option<Number>,
    mid: Option<Number>,
    high: Option<Number>,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}: {}", self.name, self.part)?;
        for (name, field) in &self.fields {
            if let Field::Figure(figure) = field {
                figure.line(name, f)?;
            }
        }
        for rate in &self.rate {
            rate.current_ua.line(&format!("current_ua at {} Hz", rate.odr_hz), f)?;
        }
        Ok(())
    }
}

impl Figure {
    fn line(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = match (&self.samples, &self.low, &self.mid, &self.high) {
            (Some(samples), ..) => format!("{samples} samples"),
            (None, Some(low), Some(mid), Some(high)) if low != high => format!("{mid} ({low} to {high})"),
            (None, _, Some(mid), _) => mid.to_string(),
            _ => return Ok(()),
        };
        writeln!(f, "  {name:<28} {number:<28} {}: {}", self.evidence, self.source)
    }
}
