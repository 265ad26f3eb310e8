//! Text in columns: any table with named columns and units, and what the programs of instruments export as one.

use std::path::Path;

use super::clock::Clock;
use super::columns::{Layout, Times, layout};
use super::lines::{text, unquoted};
use super::raster::{Expected, Raster, Row};
use super::table::{Dialect, Table};
use super::{
    Format, MOST_CURRENT_A, MOST_POWER_W, MOST_TIME_S, MOST_VOLTAGE_V, ReadOptions, Sink, Summary, cut_off, fault,
};
use crate::error::Error;

pub(super) fn read(path: &Path, format: Format, options: &ReadOptions, sink: &mut Sink<'_>) -> Result<Summary, Error> {
    let mut table = Table::open(path)?;
    let layout = layout(path, format, &table, options)?;
    if format == Format::Rigol {
        // Its first row holds units.
        table.next()?;
    }
    let mut reader = Reader {
        dialect: table.dialect,
        row_s: options
            .rate_hz
            .or(layout.file_rate_hz)
            .map_or(0.0, |rate_hz| 1.0 / rate_hz),
        layout,
        clock: Clock::default(),
        rows: 0,
        voltage_v: options.voltage_v.unwrap_or(f64::NAN),
        held: 0,
        unknown: 0,
        max_ua: 0.0,
        volts: (0.0, 0),
    };
    // Stamps in a column are checked against a rate that is given, and then left away.
    let counted = options
        .columns
        .time
        .as_ref()
        .is_some_and(|time| time.unit.as_deref() == Some("samples"));
    let given_hz = options
        .rate_hz
        .filter(|_| !counted && !matches!(reader.layout.time, Times::Rows));
    let expected = match given_hz {
        Some(rate_hz) => Expected::Rate { rate_hz },
        None => Expected::Either,
    };
    let mut raster = Raster::new(expected, sink);
    let mut cut = false;
    while let Some(line) = table.next()? {
        let row = match reader.row(line) {
            Ok(row) => row,
            Err(_) if !table.ended() => {
                cut = true;
                break;
            }
            Err(problem) => return Err(table.fault(problem)),
        };
        let line = table.number();
        raster.push(Row { line, ..row }).map_err(|e| e.at(path))?;
    }
    let sample_rate_hz = raster.finish().map_err(|e| e.at(path))?;
    let mut summary = Summary {
        samples: raster.samples,
        missing: raster.missing,
        unknown_levels: reader.unknown,
        max_current_a: reader.layout.current.map(|_| reader.max_ua * 1e-6),
        sample_rate_hz,
        mean_rate_hz: raster.mean_rate_hz(),
        file_voltage_v: (reader.volts.1 > 0).then(|| reader.volts.0 / reader.volts.1 as f64),
        markers: reader.layout.unused_markers.take(),
        notes: raster.notes(),
        ..Summary::default()
    };
    if cut {
        summary.notes.push(cut_off("the last line is no whole row"));
    }
    if format == Format::Joulescope && summary.samples == 10_000 {
        let note =
            "exactly 10000 rows: jls csv averages a longer recording down to this number unless --count is given";
        summary.notes.push(note.into());
    }
    if reader.rows == 0 {
        return Err(fault(path, "content", "holds no rows; record again"));
    }
    Ok(summary)
}

struct Reader {
    dialect: Dialect,
    layout: Layout,
    clock: Clock,
    /// Seconds from row to row, where the rows have no stamps.
    row_s: f64,
    rows: u64,
    voltage_v: f64,
    held: u8,
    unknown: u64,
    max_ua: f64,
    /// Sum and number of the voltages read.
    volts: (f64, u64),
}

const NOT_A_ROW: &str =
    "is not a row of numbers; units belong into the header, and one decimal sign is used throughout";

/// The numbers of one row, before they become power.
#[derive(Default)]
struct Values {
    time_s: Option<f64>,
    fraction_s: f64,
    current_ua: Option<f64>,
    voltage_v: Option<f64>,
    power_uw: Option<f64>,
}

impl Reader {
    fn row(&mut self, line: &[u8]) -> Result<Row, String> {
        let values = self.values(line).ok_or(NOT_A_ROW)?;
        let power_uw = match (self.layout.power, self.layout.current) {
            (Some(_), _) => values.power_uw.ok_or(NOT_A_ROW)?,
            (None, _) => {
                let current_ua = values.current_ua.ok_or(NOT_A_ROW)?;
                within("current", current_ua * 1e-6, MOST_CURRENT_A, "A", "current")?;
                self.max_ua = self.max_ua.max(current_ua);
                let voltage_v = if self.layout.voltage.is_some() {
                    values.voltage_v.ok_or(NOT_A_ROW)?
                } else {
                    self.voltage_v
                };
                within("voltage", voltage_v, MOST_VOLTAGE_V, "V", "voltage")?;
                if self.layout.voltage.is_some() && voltage_v.is_finite() {
                    self.volts = (self.volts.0 + voltage_v, self.volts.1 + 1);
                }
                current_ua * voltage_v
            }
        };
        within("power", power_uw * 1e-6, MOST_POWER_W, "W", "power")?;
        let time_s = match self.layout.time {
            Times::Rows => self.rows as f64 * self.row_s,
            _ => values.time_s.filter(|time| !time.is_nan()).ok_or(NOT_A_ROW)? + values.fraction_s,
        };
        within("time", time_s, MOST_TIME_S, "s", "time")?;
        self.rows += 1;
        Ok(Row {
            time_s,
            power_uw,
            levels: self.held,
            line: 0,
        })
    }

    fn values(&mut self, line: &[u8]) -> Option<Values> {
        let layout = &self.layout;
        let mut values = Values::default();
        let mut unknown = false;
        for (n, field) in self.dialect.fields(line).enumerate() {
            let scaled = |factor: f64| Some(self.dialect.number(field)? * factor);
            match layout.time {
                Times::Numbers(found) if found.index == n => values.time_s = Some(scaled(found.factor)?),
                Times::Clock { index, .. } if index == n => {
                    values.time_s = Some(self.clock.seconds(&text(unquoted(field)))?);
                }
                Times::Clock { fraction, .. } if fraction == Some(n) => values.fraction_s = scaled(1.0)?,
                _ => {}
            }
            for (found, slot) in [
                (layout.current, &mut values.current_ua),
                (layout.voltage, &mut values.voltage_v),
                (layout.power, &mut values.power_uw),
            ] {
                if let Some(found) = found
                    && found.index == n
                {
                    *slot = Some(scaled(found.factor)?);
                }
            }
            for (bit, column) in layout.markers.iter().enumerate() {
                if *column == Some(n) {
                    match self.dialect.number(field) {
                        Some(level) if level >= 0.5 => self.held |= 1 << bit,
                        Some(level) if level < 0.5 => self.held &= !(1 << bit),
                        _ => unknown = true,
                    }
                }
            }
        }
        self.unknown += u64::from(unknown);
        Some(values)
    }
}

/// Whether a value is one that an instrument can deliver; NaN is a lost sample.
fn within(what: &str, value: f64, most: f64, unit: &str, option: &str) -> Result<(), String> {
    if value.abs() > most {
        return Err(format!(
            "a {what} of {value:e} {unit} is beyond {most:e} {unit}; if the unit is another, say it with --columns {option}=NAME:UNIT"
        ));
    }
    Ok(())
}
