//! What the firmware's drivers say of a fit: the ranges of the sensor, and the command that flashes the model.

use board_host::{
    boards::{self, Board},
    sensors::{self, Sensor},
};
use dataset::{ChannelConfig, DatasetConfig, DatasetSummary};
use experiments::{
    fit::{Flash, Found},
    shell,
};
use float_model::{printable, printable_list};
use skiprnn_nostd::Model;
use std::path::Path;

/// By how much faster a driver has to make samples than a model takes them.
const FASTER: f64 = 1.1;

/// The program of a board that decides what a sensor delivers, and the sensor as its driver runs it; where there is none, why.
fn program(board: &str, sensor: &str, channels: usize) -> Result<(Board, &'static str, Sensor), String> {
    let board = boards::resolve(board).map_err(|e| format!("no firmware: {e}"))?;
    let named = sensors::find(sensor).map(|s| format!("classify-{}", s.name));
    let program = board
        .program(named.as_deref().unwrap_or("classify"), channels)
        .map_err(|e| format!("no firmware: {e}"))?;
    let sensor = sensors::of_program(program).ok_or_else(|| format!("no firmware: {program} reads no sensor"))?;
    Ok((board, program, sensor))
}

/// Takes the ranges that the sensor has for channels whose full scale nobody gave: of each group of channels the smallest range
/// that holds all recorded values. Returns what was taken.
///
/// # Errors
/// Recordings that cannot be read.
pub fn ranges(config: &mut DatasetConfig, board: &str, sensor: &str) -> anyhow::Result<Option<String>> {
    if config.channels.iter().any(|c| c.full_scale.is_some()) || config.channels_file.is_some() {
        return Ok(None);
    }
    let summary = dataset::describe(config)?;
    let Ok((_, _, sensor)) = program(board, sensor, summary.channels.len()) else {
        return Ok(None);
    };
    let Some(chosen) = chosen(&summary, &sensor) else {
        return Ok(None);
    };
    let channels = summary.channels.iter().zip(&chosen);
    config.channels = channels
        .map(|(c, full_scale)| ChannelConfig {
            name: c.name.clone(),
            unit: c.unit.clone(),
            full_scale: Some(*full_scale),
        })
        .collect();
    let shown: Vec<String> = chosen.iter().map(f32::to_string).collect();
    Ok(Some(format!(
        "ranges of the {}: ±{} for the channels in their order, the smallest that hold the recordings; --full-scale takes others",
        sensor.part,
        shown.join(", ±")
    )))
}

/// A full scale for each channel; `None` where units differ from the sensor's, or one of its groups has no ranges of its own.
fn chosen(summary: &DatasetSummary, sensor: &Sensor) -> Option<Vec<f32>> {
    let mut channels = summary.channels.iter();
    let mut all = Vec::new();
    for group in sensor.channels {
        let own: Vec<_> = channels.by_ref().take(group.count).collect();
        if own.len() != group.count || own.iter().any(|c| c.unit != group.unit) {
            return None;
        }
        let reach = own.iter().map(|c| c.least.abs().max(c.most.abs())).fold(0.0, f32::max);
        let largest = group.full_scales.iter().copied().max_by(f32::total_cmp)?;
        let holds = group.full_scales.iter().copied().filter(|scale| *scale >= reach);
        let scale = holds.min_by(f32::total_cmp).unwrap_or(largest);
        all.extend(std::iter::repeat_n(scale, group.count));
    }
    Some(all)
}

/// The command that flashes the chosen model, and what is to be known.
pub fn flash(found: &Found, blob: &Path, board: &str, sensor: &str) -> Flash {
    let model = found.blob.model();
    let (board, program, driver) = match program(board, sensor, model.inputs()) {
        Ok(found) => found,
        Err(why) => {
            let note = format!("{why}; the crate skiprnn-nostd runs model.srnn in firmware of your own");
            return Flash {
                command: None,
                notes: vec![note],
            };
        }
    };
    let dial = match found.choice().dial {
        0.0 => String::new(),
        dial => format!(" --dial {dial}"),
    };
    let mut notes = refusals(&model, &driver);
    let profile = board.profile_of(&driver);
    if found.sensor_name() != profile {
        notes.push(format!(
            "the energies are of the sensor profile {}; as the driver of {program} runs it, the sensor is profiled as {profile}",
            found.sensor_name()
        ));
    }
    if let Some(uj) = found.budget_uj_per_hour().filter(|_| model.skips()) {
        notes.push(format!(
            "in place of a dial, --budget-uj-per-hour {uj:.0} lets the board turn it itself and keep the budget over many sequences"
        ));
    }
    Flash {
        command: notes_allow(&notes).then(|| {
            format!(
                "skiprnn flash {} --board {} --app {program}{dial}",
                shell::path(blob),
                board.name
            )
        }),
        notes,
    }
}

/// How a note begins that says why a board would refuse the model.
const REFUSED: &str = "the board would refuse it: ";

fn notes_allow(notes: &[String]) -> bool {
    !notes.iter().any(|n| n.starts_with(REFUSED))
}

/// Channels in other units than a driver delivers, in words; `None` where there are none.
fn other_units<'a>(channels: impl Iterator<Item = (&'a str, &'a str)>, driver: &Sensor) -> Option<String> {
    let groups = driver.channels.iter().flat_map(|g| std::iter::repeat_n(g, g.count));
    let differ = channels.zip(groups).filter(|((_, unit), group)| *unit != group.unit);
    let units: Vec<String> = differ
        .map(|((name, unit), group)| format!("{} in {} for {}", printable(name), printable(unit), group.unit))
        .collect();
    (!units.is_empty()).then(|| {
        format!(
            "{REFUSED}the model takes {}, which the {} delivers; convert the recordings, or write the unit behind the name of each \
             column of a text file, as in 'ax (m/s^2)': then it is converted",
            printable_list(&units),
            driver.part
        )
    })
}

/// What is to be known before anything is trained: the units of the recordings, where the board's driver delivers others.
pub fn doubt(summary: &DatasetSummary, board: &str, sensor: &str) -> Option<String> {
    let (.., driver) = program(board, sensor, summary.channels.len()).ok()?;
    other_units(summary.channels.iter().map(|c| (&c.name[..], &c.unit[..])), &driver)
}

/// Why a driver could not deliver what a model takes.
fn refusals(model: &Model<'_>, driver: &Sensor) -> Vec<String> {
    let mut notes = Vec::new();
    let groups = driver.channels.iter().flat_map(|g| std::iter::repeat_n(g, g.count));
    let mut scales = Vec::new();
    for (channel, group) in model.channels().zip(groups) {
        if channel.unit == group.unit
            && !group.full_scales.is_empty()
            && !group.full_scales.contains(&channel.full_scale)
        {
            scales.push(format!("{} ±{}", printable(channel.name), channel.full_scale));
        }
    }
    notes.extend(other_units(model.channels().map(|c| (c.name, c.unit)), driver));
    if !scales.is_empty() {
        notes.push(format!(
            "{REFUSED}{}, and the {} has {}; give --full-scale",
            printable_list(&scales),
            driver.part,
            driver.full_scales()
        ));
    }
    let rate_hz = 1e9 / model.sample_period_ns().max(1) as f64;
    if rate_hz * FASTER > f64::from(driver.rate_hz) {
        notes.push(format!(
            "{REFUSED}the model takes {rate_hz:.2} samples a second, and the driver of the {} makes {}; record more slowly",
            driver.part, driver.rate_hz
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_a_driver_does_not_deliver_are_named_with_what_to_do() {
        let (_, _, driver) = program("nrf52840-dk", "lis3dh", 3).unwrap();
        let channels = |unit| ["x", "y", "z"].into_iter().map(move |name| (name, unit));
        assert_eq!(other_units(channels("g"), &driver), None);
        let said = other_units(channels("m/s^2"), &driver).unwrap();
        assert!(
            said.contains("takes x in m/s^2 for g, y in m/s^2 for g") && said.contains("'ax (m/s^2)'"),
            "{said}"
        );
    }
}
