//! TI EnergyTrace CSV: `Time (ns),Current (nA),Voltage (mV),Energy (uJ)`, fields quoted, rows at irregular times.
//!
//! Power is `I * V` of each row. Energy is the difference of the energy column, which the instrument accumulates
//! itself: the integral of the printed `I * V` differs from it by up to 0.6 %.

use std::path::Path;

use super::lines::{Lines, number, unquoted};
use super::{MOST_TIME_S, Sink, Step, Summary, cut_off, fault};
use crate::error::Error;

/// A step this many times the mean step so far is missing data.
const GAP_FACTOR: f64 = 10.0;

/// A megajoule: more was never on a battery of this trade.
const MOST_ENERGY_UJ: f64 = 1e12;

#[derive(Clone, Copy)]
struct Row {
    time_s: f64,
    current_na: f64,
    power_uw: f64,
    energy_uj: f64,
    voltage_v: f64,
}

pub(super) fn read(path: &Path, sink: &mut Sink<'_>) -> Result<Summary, Error> {
    let mut lines = Lines::open(path)?;
    let header = lines
        .next_text()?
        .ok_or_else(|| fault(path, "header", "is missing; export again"))?;
    let names: Vec<&[u8]> = header.split(',').map(|name| unquoted(name.as_bytes())).collect();
    let column = |wanted: &str| {
        let problem = format!("has no column \"{wanted}\"; export all four columns");
        names
            .iter()
            .position(|name| *name == wanted.as_bytes())
            .ok_or_else(|| fault(path, "header", problem))
    };
    let columns = [
        column("Time (ns)")?,
        column("Current (nA)")?,
        column("Voltage (mV)")?,
        column("Energy (uJ)")?,
    ];
    let mut summary = Summary::default();
    let (mut last, mut first_s, mut max_na, mut volts) = (None::<Row>, 0.0, 0.0_f64, 0.0);
    let mut rows = 0_u64;
    while let Some(line) = lines.next()? {
        let Some(row) = parse(line, columns) else {
            if !lines.ended() {
                summary.notes.push(cut_off("the last line is no whole row"));
                break;
            }
            return Err(lines.fault("is not a row of four numbers; the export may be cut off"));
        };
        if row.power_uw.is_nan() || row.energy_uj.is_nan() || row.time_s.is_nan() {
            return Err(lines.fault("holds no number (NaN); export again"));
        }
        if row.time_s.abs() > MOST_TIME_S || row.energy_uj.abs() > MOST_ENERGY_UJ {
            return Err(lines.fault("holds a time or an energy that no recording reaches; export again"));
        }
        rows += 1;
        max_na = max_na.max(row.current_na);
        volts += row.voltage_v;
        let Some(before) = last.replace(row) else {
            first_s = row.time_s;
            continue;
        };
        if row.time_s <= before.time_s {
            return Err(lines.fault(format!(
                "time goes from {} s to {} s; record again",
                before.time_s, row.time_s
            )));
        }
        if row.energy_uj < before.energy_uj {
            return Err(lines.fault("the accumulated energy falls; record again"));
        }
        let steps = rows - 2;
        let mean_s = (before.time_s - first_s) / steps.max(1) as f64;
        let dt = row.time_s - before.time_s;
        let missing = steps >= 8 && dt > GAP_FACTOR * mean_s;
        if missing {
            summary.missing = summary.missing.saturating_add((dt / mean_s) as u64);
        }
        let energy_uj = if missing { 0.0 } else { row.energy_uj - before.energy_uj };
        let (start_s, end_s, power_uw) = (before.time_s, row.time_s, before.power_uw);
        sink(&Step {
            start_s,
            end_s,
            power_uw,
            energy_uj,
            levels: 0,
            missing,
        })?;
    }
    summary.samples = rows.saturating_add(summary.missing);
    summary.file_voltage_v = (rows > 0).then(|| volts / rows as f64);
    summary.max_current_a = Some(max_na * 1e-9);
    Ok(summary)
}

fn parse(line: &[u8], columns: [usize; 4]) -> Option<Row> {
    let mut values = [f64::NAN; 4];
    let mut seen = 0;
    for (n, field) in line.split(|&byte| byte == b',').enumerate() {
        if let Some(slot) = columns.iter().position(|&column| column == n) {
            values[slot] = number(field)?;
            seen += 1;
        }
    }
    let [time_ns, current_na, voltage_mv, energy_uj] = values;
    let time_s = time_ns * 1e-9;
    // nA * mV = 1e-12 W = 1e-6 uW
    let power_uw = current_na * voltage_mv * 1e-6;
    (seen == 4).then_some(Row {
        time_s,
        current_na,
        power_uw,
        energy_uj,
        voltage_v: voltage_mv * 1e-3,
    })
}
