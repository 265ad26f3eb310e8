//! `skiprnn energy boards`

use super::args::BoardsArgs;
use crate::output::{Output, Usage};
use board_host::boards as real;
use energy::{board, boards, sensor, sensors};
use serde_json::{Value, json};

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
        let as_board = real::energy_profile(name).map_err(|error| Usage::error(error.to_string()))?;
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
            let each: String = profiles.iter().map(profile).collect();
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

/// A profile: a line with its name, then a line for each figure.
fn profile(profile: &Value) -> String {
    let of = |key: &str| profile[key].as_str().unwrap_or_default();
    let mut text = format!("\n{}: {}\n", of("name"), of("part"));
    for (key, value) in profile.as_object().into_iter().flatten() {
        text += &figure(key, value);
    }
    for rate in profile["rate"].as_array().into_iter().flatten() {
        text += &figure(&format!("current_ua at {} Hz", rate["odr_hz"]), &rate["current_ua"]);
    }
    text
}

/// One figure; nothing for a field that is none.
fn figure(name: &str, value: &Value) -> String {
    let (Some(evidence), Some(source)) = (value["evidence"].as_str(), value["source"].as_str()) else {
        return String::new();
    };
    let number = match value.get("samples") {
        Some(samples) => format!("{samples} samples"),
        None if value["low"] == value["high"] => value["mid"].to_string(),
        None => format!("{} ({} to {})", value["mid"], value["low"], value["high"]),
    };
    format!("  {name:<28} {number:<28} {evidence}: {source}\n")
}
