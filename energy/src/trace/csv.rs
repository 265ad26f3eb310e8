//! Text in columns: any CSV with named columns and units, and the CSV of `jls csv` (Joulescope).

use std::path::Path;
use std::str::FromStr;

use super::lines::{Lines, number, unquoted};
use super::raster::{Expected, Raster, Row};
use super::{Format, ReadOptions, Sink, Summary, fault};
use crate::error::Error;

/// A column by name, and its unit where the header does not hold it. Written `name` or `name:unit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name as in the header, with or without a unit in brackets; in a file without a header the number of the column,
    /// from 1.
    pub name: String,
    /// `s ms us ns`, `A mA uA nA`, `V mV`, `W mW uW nW`.
    pub unit: Option<String>,
}

impl FromStr for Column {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, unit) = match text.rsplit_once(':') {
            Some((name, unit)) => (name, Some(unit.to_string())),
            None => (text, None),
        };
        if name.is_empty() {
            return Err(Error::Option {
                option: "--columns",
                problem: format!("\"{text}\" names no column"),
            });
        }
        Ok(Self {
            name: name.into(),
            unit,
        })
    }
}

/// The columns of a CSV; what is not given is found by the units in the header.
#[derive(Debug, Clone, Default)]
pub struct ColumnOptions {
    /// Time.
    pub time: Option<Column>,
    /// Current; this with a voltage, or `power`.
    pub current: Option<Column>,
    /// Voltage; a constant voltage may be given instead.
    pub voltage: Option<Column>,
    /// Power.
    pub power: Option<Column>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Time,
    Current,
    Voltage,
    Power,
}

impl Quantity {
    fn option(self) -> &'static str {
        match self {
            Self::Time => "--columns time",
            Self::Current => "--columns current",
            Self::Voltage => "--columns voltage",
            Self::Power => "--columns power",
        }
    }

    /// Factor to seconds, microamperes, volts, microwatts.
    fn factor(self, unit: &str) -> Option<f64> {
        let unit = unit.replace(['µ', 'μ'], "u");
        Some(match (self, unit.as_str()) {
            (Self::Time, "s") | (Self::Current, "uA") | (Self::Voltage, "V") | (Self::Power, "uW") => 1.0,
            (Self::Time, "ms") | (Self::Voltage, "mV") | (Self::Current, "nA") | (Self::Power, "nW") => 1e-3,
            (Self::Time, "us") => 1e-6,
            (Self::Time, "ns") => 1e-9,
            (Self::Current, "A") | (Self::Power, "W") => 1e6,
            (Self::Current, "mA") | (Self::Power, "mW") => 1e3,
            _ => return None,
        })
    }

    /// Joulescope names a signal by its source and its quantity, in base units.
    fn joulescope(self, name: &str) -> bool {
        match self {
            Self::Time => name == "timestamp",
            Self::Current => name.ends_with(".current"),
            Self::Voltage => name.ends_with(".voltage"),
            Self::Power => name.ends_with(".power"),
        }
    }

    fn base_unit(self) -> &'static str {
        match self {
            Self::Time => "s",
            Self::Current => "A",
            Self::Voltage => "V",
            Self::Power => "W",
        }
    }
}

/// A column found: where, and by what to multiply.
#[derive(Clone, Copy)]
struct Found {
    index: usize,
    factor: f64,
}

struct Layout {
    delimiter: u8,
    time: Found,
    current: Option<Found>,
    voltage: Option<Found>,
    power: Option<Found>,
    markers: [Option<usize>; 3],
}

/// Name and unit of a header field: `Current (mA)`, `Current[mA]`.
fn split_unit(field: &str) -> (&str, Option<&str>) {
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some((name, rest)) = field.split_once(open)
            && let Some(unit) = rest.trim_end().strip_suffix(close)
        {
            return (name.trim_end(), Some(unit.trim()));
        }
    }
    (field, None)
}

struct Header<'a> {
    path: &'a Path,
    format: Format,
    names: Vec<String>,
}

impl Header<'_> {
    fn fault(&self, problem: String) -> Error {
        fault(self.path, "header", problem)
    }

    fn position(&self, name: &str) -> Option<usize> {
        let whole = self.names.iter().position(|n| n == name);
        whole.or_else(|| self.names.iter().position(|n| split_unit(n).0 == name))
    }

    fn listed(&self) -> String {
        self.names.join(", ")
    }

    /// The column of a quantity: the one asked for, or the only one whose unit is of that quantity.
    fn find(&self, quantity: Quantity, wanted: Option<&Column>) -> Result<Option<Found>, Error> {
        let Some(wanted) = wanted else {
            return self.find_by_unit(quantity);
        };
        let option = quantity.option();
        let Some(index) = self.position(&wanted.name) else {
            let problem = format!("the file has no column \"{}\"; it has {}", wanted.name, self.listed());
            return Err(Error::Option { option, problem });
        };
        let in_header = split_unit(&self.names[index]).1;
        let base = (self.format == Format::Joulescope).then(|| quantity.base_unit());
        let unit = match (wanted.unit.as_deref(), in_header.or(base)) {
            (Some(given), Some(header)) if quantity.factor(given) != quantity.factor(header) => {
                let problem = format!("mixed units: {given} was given, the header says {header}");
                return Err(Error::Option { option, problem });
            }
            (Some(unit), _) | (None, Some(unit)) => unit,
            (None, None) => {
                let problem = format!("the header gives no unit; write {}:UNIT", wanted.name);
                return Err(Error::Option { option, problem });
            }
        };
        let factor = quantity.factor(unit).ok_or_else(|| Error::Option {
            option,
            problem: format!(
                "\"{unit}\" is no unit of this quantity; write one of s ms us ns, A mA uA nA, V mV, W mW uW nW"
            ),
        })?;
        Ok(Some(Found { index, factor }))
    }

    fn find_by_unit(&self, quantity: Quantity) -> Result<Option<Found>, Error> {
        let mut found = None;
        for (index, name) in self.names.iter().enumerate() {
            let factor = if self.format == Format::Joulescope && quantity.joulescope(name) {
                quantity.factor(quantity.base_unit())
            } else {
                split_unit(name).1.and_then(|unit| quantity.factor(unit))
            };
            let Some(factor) = factor else { continue };
            if found.is_some() {
                let problem = format!("two columns hold this quantity; name one of {}", self.listed());
                return Err(Error::Option {
                    option: quantity.option(),
                    problem,
                });
            }
            found = Some(Found { index, factor });
        }
        Ok(found)
    }

    fn layout(&self, delimiter: u8, options: &ReadOptions) -> Result<Layout, Error> {
        let columns = &options.columns;
        let time = self.find(Quantity::Time, columns.time.as_ref())?.ok_or_else(|| {
            self.fault(format!(
                "no column holds time; name one with its unit, of {}",
                self.listed()
            ))
        })?;
        let power = self.find(Quantity::Power, columns.power.as_ref())?;
        let (mut current, mut voltage) = (None, None);
        if power.is_none() {
            current = self.find(Quantity::Current, columns.current.as_ref())?;
            voltage = self.find(Quantity::Voltage, columns.voltage.as_ref())?;
            if current.is_none() {
                let problem = format!(
                    "no column holds current or power; name one with its unit, of {}",
                    self.listed()
                );
                return Err(self.fault(problem));
            }
            if voltage.is_none() && options.voltage_v.is_none() {
                let problem = "the file does not hold the supply voltage; give the volts at the pin of the device";
                return Err(Error::Option {
                    option: "--voltage",
                    problem: problem.into(),
                });
            }
        }
        let mut markers = [None; 3];
        if let Some(wanted) = &options.markers {
            for (marker, name) in markers.iter_mut().zip(wanted.names()) {
                let Some(name) = name else { continue };
                let problem = || format!("the file has no column \"{name}\"; it has {}", self.listed());
                let index = self.position(name);
                *marker = Some(index.ok_or_else(|| Error::Option {
                    option: "--markers",
                    problem: problem(),
                })?);
            }
        }
        Ok(Layout {
            delimiter,
            time,
            current,
            voltage,
            power,
            markers,
        })
    }
}

/// Names of the columns; `1`, `2` and so on where the first line is a row of numbers.
fn names(header: &str, delimiter: u8) -> (Vec<String>, bool) {
    let line = header.trim_start_matches('#');
    let fields: Vec<&[u8]> = line.as_bytes().split(|&byte| byte == delimiter).map(unquoted).collect();
    if fields.iter().all(|field| number(field).is_some()) {
        return ((1..=fields.len()).map(|n| n.to_string()).collect(), true);
    }
    (
        fields
            .iter()
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect(),
        false,
    )
}

fn delimiter(header: &str) -> u8 {
    let count = |byte: u8| header.bytes().filter(|&b| b == byte).count();
    let best = [b',', b';', b'\t'].into_iter().rev().max_by_key(|&byte| count(byte));
    best.unwrap_or(b',')
}

pub(super) fn read(path: &Path, format: Format, options: &ReadOptions, sink: &mut Sink<'_>) -> Result<Summary, Error> {
    let mut lines = Lines::open(path)?;
    let header = lines
        .next_text()?
        .ok_or_else(|| fault(path, "header", "is missing; export again"))?;
    let delimiter = delimiter(&header);
    let (names, headerless) = names(&header, delimiter);
    let layout = Header { path, format, names }.layout(delimiter, options)?;
    let mut reader = Reader {
        layout,
        voltage_v: options.voltage_v.unwrap_or(f64::NAN),
        held: 0,
        unknown: 0,
        max_ua: 0.0,
    };
    let mut raster = Raster::new(Expected::Either, sink);
    let not_a_row = "is not a row of numbers; units belong into the header, the decimal sign is a point";
    if headerless {
        let row = reader
            .row(header.as_bytes(), lines.number())
            .ok_or_else(|| lines.fault(not_a_row))?;
        raster.push(row).map_err(|e| e.at(path))?;
    }
    while let Some(line) = lines.next()? {
        let Some(row) = reader.row(line, 0) else {
            return Err(lines.fault(not_a_row));
        };
        raster
            .push(Row {
                line: lines.number(),
                ..row
            })
            .map_err(|e| e.at(path))?;
    }
    let sample_rate_hz = raster.finish().map_err(|e| e.at(path))?;
    let mut summary = Summary {
        samples: raster.samples,
        missing: raster.missing,
        unknown_levels: reader.unknown,
        max_current_a: reader.layout.current.map(|_| reader.max_ua * 1e-6),
        sample_rate_hz,
        ..Summary::default()
    };
    if format == Format::Joulescope && summary.samples == 10_000 {
        let note =
            "exactly 10000 rows: jls csv averages a longer recording down to this number unless --count is given";
        summary.notes.push(note.into());
    }
    Ok(summary)
}

struct Reader {
    layout: Layout,
    voltage_v: f64,
    held: u8,
    unknown: u64,
    max_ua: f64,
}

impl Reader {
    fn row(&mut self, line: &[u8], line_number: u64) -> Option<Row> {
        let layout = &self.layout;
        let value = |found: Found, n: usize, field: &[u8], slot: &mut Option<f64>| -> Option<()> {
            if n == found.index {
                *slot = Some(number(field)? * found.factor);
            }
            Some(())
        };
        let (mut time, mut current, mut voltage, mut power) = (None, None, None, None);
        let mut unknown = false;
        for (n, field) in line.split(|&byte| byte == layout.delimiter).enumerate() {
            value(layout.time, n, field, &mut time)?;
            for (found, slot) in [
                (layout.current, &mut current),
                (layout.voltage, &mut voltage),
                (layout.power, &mut power),
            ] {
                if let Some(found) = found {
                    value(found, n, field, slot)?;
                }
            }
            for (bit, column) in layout.markers.iter().enumerate() {
                if *column == Some(n) {
                    match number(field) {
                        Some(level) if level >= 0.5 => self.held |= 1 << bit,
                        Some(level) if level < 0.5 => self.held &= !(1 << bit),
                        _ => unknown = true,
                    }
                }
            }
        }
        self.unknown += u64::from(unknown);
        let power_uw = match (layout.power, layout.current) {
            (Some(_), _) => power?,
            (None, _) => {
                let current_ua = current?;
                self.max_ua = self.max_ua.max(current_ua);
                current_ua
                    * if layout.voltage.is_some() {
                        voltage?
                    } else {
                        self.voltage_v
                    }
            }
        };
        let time_s = time.filter(|time| !time.is_nan())?;
        Some(Row {
            time_s,
            power_uw,
            levels: self.held,
            line: line_number,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_in_brackets() {
        assert_eq!(split_unit("Current (mA)"), ("Current", Some("mA")));
        assert_eq!(split_unit("t[ns]"), ("t", Some("ns")));
        assert_eq!(split_unit("plain"), ("plain", None));
        assert_eq!(Quantity::Current.factor("µA"), Some(1.0));
        assert_eq!(Quantity::Current.factor("V"), None);
    }

    #[test]
    fn the_commonest_separator_is_the_delimiter() {
        assert_eq!(delimiter("a,b,c"), b',');
        assert_eq!(delimiter("a (x,y);b;c"), b';');
        assert_eq!(delimiter("a\tb"), b'\t');
    }
}
