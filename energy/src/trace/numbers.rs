//! Lists of numbers in brackets, as ppk2-api's examples print them: `[12.1, 11.9, ...]`, one list after the other.

use skiprnn_nostd::Printable;
use std::io::BufRead;
use std::path::Path;

use super::lines::number;
use super::raster::{Expected, Raster, Row};
use super::source::{open, read_error};
use super::{Format, MOST_CURRENT_A, MOST_POWER_W, ReadOptions, Sink, Summary, cut_off, fault, required_voltage};
use crate::error::Error;
use crate::trace::instrument::{Quantity, UNITS};

/// No number is longer.
const MOST_BYTES: usize = 64;

pub(super) fn read(path: &Path, options: &ReadOptions, sink: &mut Sink<'_>) -> Result<Summary, Error> {
    let rate_hz = options.rate_hz.ok_or_else(|| Error::Option {
        option: "--rate",
        problem: "a list of numbers holds no time; give its samples per second (a PPK2 takes 100000)".into(),
    })?;
    let (factor, voltage_v, noted) = scale(options)?;
    let mut raster = Raster::new(Expected::Either, sink);
    let (mut samples, mut max_ua) = (0_u64, 0.0_f64);
    let mut list = List::default();
    let mut reader = open(path)?;
    loop {
        let bytes = reader.fill_buf().map_err(read_error(path))?;
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        for &byte in bytes {
            let Some(cell) = list
                .push(byte)
                .map_err(|problem| fault(path, format!("sample {samples}"), problem))?
            else {
                continue;
            };
            let value = cell * factor;
            let (most, unit) = if voltage_v.is_some() {
                (MOST_CURRENT_A, "A")
            } else {
                (MOST_POWER_W, "W")
            };
            if (value * 1e-6).abs() > most {
                let problem = format!(
                    "{:e} {unit} is beyond {most:e} {unit}; say the unit with --columns",
                    value * 1e-6
                );
                return Err(fault(path, format!("sample {samples}"), problem));
            }
            max_ua = max_ua.max(value);
            let row = Row {
                time_s: samples as f64 / rate_hz,
                power_uw: value * voltage_v.unwrap_or(1.0),
                levels: 0,
                line: list.line,
            };
            raster.push(row).map_err(|e| e.at(path))?;
            samples += 1;
        }
        reader.consume(length);
    }
    let sample_rate_hz = raster.finish().map_err(|e| e.at(path))?;
    let mut summary = Summary {
        samples: raster.samples,
        missing: raster.missing,
        max_current_a: voltage_v.map(|_| max_ua * 1e-6),
        sample_rate_hz,
        mean_rate_hz: raster.mean_rate_hz(),
        notes: raster.notes(),
        ..Summary::default()
    };
    if noted {
        let note = "the numbers are taken for microamperes, which ppk2-api gives; another unit is said with --columns current=1:UNIT";
        summary.notes.push(note.into());
    }
    if list.left_out > 0 {
        let note = format!("{} lines of text between the lists are left out", list.left_out);
        summary.notes.push(note);
    }
    if list.inside {
        summary.notes.push(cut_off("the last list has no end"));
    }
    Ok(summary)
}

/// Factor to microamperes with the voltage, or to microwatts without; and whether nobody said the unit.
fn scale(options: &ReadOptions) -> Result<(f64, Option<f64>, bool), Error> {
    let columns = &options.columns;
    let unit_of = |quantity: Quantity, unit: Option<&str>| {
        let unit = unit.unwrap_or_default();
        quantity.factor(unit).ok_or_else(|| Error::Option {
            option: quantity.option(),
            problem: format!("\"{unit}\" is no unit of this quantity; write 1:UNIT with one of {UNITS}"),
        })
    };
    if let Some(power) = &columns.power {
        return Ok((unit_of(Quantity::Power, power.unit.as_deref())?, None, false));
    }
    let voltage_v = Some(required_voltage(options, Format::Numbers)?);
    match (&columns.current, options.shunt_ohm) {
        (_, Some(ohm)) => {
            let unit = columns.shunt.as_ref().and_then(|column| column.unit.as_deref());
            Ok((unit_of(Quantity::Shunt, unit)? * 1e6 / ohm, voltage_v, false))
        }
        (Some(column), None) => Ok((unit_of(Quantity::Current, column.unit.as_deref())?, voltage_v, false)),
        (None, None) => Ok((1.0, voltage_v, true)),
    }
}

/// The numbers between brackets, byte by byte.
#[derive(Default)]
struct List {
    inside: bool,
    cell: Vec<u8>,
    /// Whether the line so far holds text that is no list.
    text: bool,
    left_out: u64,
    line: u64,
}

impl List {
    /// Takes a byte; gives the number that it ends.
    fn push(&mut self, byte: u8) -> Result<Option<f64>, String> {
        if byte == b'\n' {
            self.line += 1;
            self.left_out += u64::from(std::mem::take(&mut self.text));
        }
        if !self.inside {
            self.inside = byte == b'[';
            self.text |= !self.inside && !byte.is_ascii_whitespace() && !matches!(byte, b',' | b';') && byte.is_ascii();
            return Ok(None);
        }
        match byte {
            b',' | b']' => {
                self.inside = byte == b',';
                let bare = self.cell.trim_ascii();
                let value = if bare.is_empty() {
                    Some(None)
                } else {
                    number(bare).map(Some)
                };
                let shown = Printable(&String::from_utf8_lossy(bare)).to_string();
                self.cell.clear();
                value.ok_or_else(|| format!("'{shown}' is no number; give a list of numbers"))
            }
            _ if self.cell.len() == MOST_BYTES => {
                Err("is no number; give a list of numbers separated by commas".into())
            }
            _ => {
                self.cell.push(byte);
                Ok(None)
            }
        }
    }
}
