//! Which column of a table is what: by name and unit in the header, or by `--columns`.

use std::path::Path;
use std::str::FromStr;

use super::instrument::{Quantity, UNITS, rigol_period, sigrok_rate, split_unit};
use super::table::Table;
use super::{Format, ReadOptions, fault};
use crate::error::Error;

/// A column by name, and its unit where the header does not hold it. Written `name` or `name:unit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name as in the header, with or without a unit in brackets; in a file without a header the number of the column,
    /// from 1.
    pub name: String,
    /// `s ms us ns`, `A mA uA nA`, `V mV uV`, `W mW uW nW`; it overrules the header. Of a time also `samples`, which
    /// [`ReadOptions::rate_hz`] turns into seconds.
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
    /// Time; the name `none` leaves the stamps of the file away, and [`ReadOptions::rate_hz`] gives them.
    pub time: Option<Column>,
    /// Current; this with a voltage, or `power`.
    pub current: Option<Column>,
    /// Voltage; a constant voltage may be given instead.
    pub voltage: Option<Column>,
    /// Power.
    pub power: Option<Column>,
    /// Voltage across a resistor, of [`ReadOptions::shunt_ohm`], in place of the current.
    pub shunt: Option<Column>,
}

/// A column found: where, and by what to multiply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub index: usize,
    pub factor: f64,
}

/// Where the times come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Times {
    /// Seconds, or whole samples, in a column.
    Numbers(Found),
    /// Dates or times of day; a second column may hold the fractions of their seconds.
    Clock { index: usize, fraction: Option<usize> },
    /// None: row by row at the rate that was given.
    Rows,
}

pub(super) struct Layout {
    pub time: Times,
    /// Microamperes, also where a voltage across a resistor is measured.
    pub current: Option<Found>,
    pub voltage: Option<Found>,
    pub power: Option<Found>,
    pub markers: [Option<usize>; 3],
    /// Samples per second that the file states.
    pub file_rate_hz: Option<f64>,
    /// Markers by the names of their columns, as `--markers` takes them; `None` where they are given or there are none.
    pub unused_markers: Option<String>,
}

/// The names of a table, for the search of its columns.
struct Header<'a> {
    path: &'a Path,
    format: Format,
    names: &'a [String],
    first: &'a [String],
}

/// The columns of a table.
///
/// # Errors
/// [`Error::Option`] and [`Error::Trace`], which name the option that mends it.
pub(super) fn layout(path: &Path, format: Format, table: &Table<'_>, options: &ReadOptions) -> Result<Layout, Error> {
    let rigol = match format {
        Format::Rigol => Some(rigol_period(&table.names, &table.first).ok_or_else(|| {
            let problem = "the row below holds no time from sample to sample below Increment; give --rate HZ and --format csv, or export again";
            fault(path, "header", problem)
        })?),
        _ => None,
    };
    let header = Header {
        path,
        format,
        names: rigol.as_ref().map_or(&table.names, |(_, names)| names),
        first: &table.first,
    };
    let sigrok = (format == Format::Sigrok).then(|| sigrok_rate(&table.above)).flatten();
    let mut time = header.time(options, sigrok.is_some() || rigol.is_some())?;
    if let (Times::Numbers(found), Some((_, factor))) = (&mut time, sigrok) {
        found.factor *= factor;
    }
    let columns = &options.columns;
    let mut layout = Layout {
        time,
        current: None,
        voltage: None,
        power: header.find(Quantity::Power, columns.power.as_ref())?,
        markers: header.markers(options)?,
        file_rate_hz: sigrok
            .map(|(rate_hz, _)| rate_hz)
            .or(rigol.as_ref().map(|(period_s, _)| 1.0 / period_s)),
        unused_markers: options.markers.is_none().then(|| header.likely_markers()).flatten(),
    };
    if options.shunt_ohm.is_some() {
        layout.power = None;
    }
    if layout.power.is_none() {
        header.current_and_voltage(options, &mut layout)?;
    }
    Ok(layout)
}

impl Header<'_> {
    fn fault(&self, problem: String) -> Error {
        fault(self.path, "header", problem)
    }

    fn position(&self, name: &str) -> Option<usize> {
        let whole = self.names.iter().position(|n| n == name);
        let bare = || self.names.iter().position(|n| split_unit(n).0 == name);
        // Columns may be counted as well, from 1.
        let number = || {
            name.parse::<usize>()
                .ok()
                .filter(|n| (1..=self.names.len()).contains(n))
        };
        whole.or_else(bare).or_else(|| number().map(|n| n - 1))
    }

    fn listed(&self) -> String {
        let mut names: Vec<&str> = self.names.iter().take(20).map(|name| name.trim()).collect();
        if self.names.len() > names.len() {
            names.push("...");
        }
        names.join(", ")
    }

    fn time(&self, options: &ReadOptions, rate_in_file: bool) -> Result<Times, Error> {
        let wanted = options.columns.time.as_ref();
        if let Some(Column { name, .. }) = wanted
            && name == "none"
            && self.position(name).is_none()
        {
            return match options.rate_hz {
                Some(_) => Ok(Times::Rows),
                None => Err(Error::Option {
                    option: "--columns time=none",
                    problem: "leaves the stamps away; give the samples per second with --rate".into(),
                }),
            };
        }
        if let Some(Column { name, unit }) = wanted
            && unit.as_deref() == Some("samples")
        {
            let Some(rate_hz) = options.rate_hz else {
                return Err(Error::Option {
                    option: "--columns time",
                    problem: "counts samples; give how many there are in a second with --rate".into(),
                });
            };
            let index = self.index(Quantity::Time, name)?;
            return Ok(Times::Numbers(Found {
                index,
                factor: 1.0 / rate_hz,
            }));
        }
        if let Some(time) = self.clock(wanted)? {
            return Ok(time);
        }
        if let Some(found) = self.find(Quantity::Time, wanted)? {
            return Ok(Times::Numbers(found));
        }
        if options.rate_hz.is_some() || rate_in_file {
            return Ok(Times::Rows);
        }
        let which = self.names.iter().find(|name| Quantity::Time.named(name));
        let problem = match which {
            Some(name) => format!(
                "the time column \"{name}\" has no unit; say it with --columns \"time={name}:UNIT\", UNIT being one of s ms us ns"
            ),
            None => format!(
                "no column holds time; name one with --columns time=NAME:UNIT, or give the samples per second with --rate HZ; there \
                 are {}",
                self.listed()
            ),
        };
        Err(self.fault(problem))
    }

    /// A column of dates or times of day.
    fn clock(&self, wanted: Option<&Column>) -> Result<Option<Times>, Error> {
        let is_time = |index: usize| self.first.get(index).is_some_and(|cell| super::clock::is_time(cell));
        let index = match wanted {
            Some(column) => Some(self.index(Quantity::Time, &column.name)?).filter(|&index| is_time(index)),
            None if self
                .names
                .iter()
                .any(|name| Quantity::Time.unit(self.format, name).is_some()) =>
            {
                None
            }
            None => (0..self.names.len()).find(|&index| is_time(index)),
        };
        let fraction = self.names.iter().position(|name| name == "Fractional Seconds");
        Ok(index.map(|index| Times::Clock { index, fraction }))
    }

    /// The columns whose names are those of markers.
    fn likely_markers(&self) -> Option<String> {
        let find = |words: &[&str]| {
            self.names.iter().find(|name| {
                let bare = split_unit(name).0.trim().to_lowercase();
                // Signals of a Joulescope are `0.gpi[0]`, and channels are numbered.
                let bare = bare.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
                let bare = bare.trim_end_matches(|c: char| c.is_ascii_digit() || "[]_ ".contains(c));
                words.contains(&bare)
            })
        };
        let seq = find(&[
            "seq",
            "sequence",
            "marker",
            "trigger",
            "trig",
            "gpio",
            "gpi",
            "sync",
            "inference",
        ])?;
        let mut text = format!("seq={seq}");
        for (key, words) in [("awake", ["awake", "active"]), ("update", ["upd", "update"])] {
            if let Some(name) = find(&words) {
                text += &format!(",{key}={name}");
            }
        }
        Some(text)
    }

    fn current_and_voltage(&self, options: &ReadOptions, layout: &mut Layout) -> Result<(), Error> {
        let columns = &options.columns;
        if let Some(ohm) = options.shunt_ohm {
            let (shunt, voltage) = self.shunt(options)?;
            // V / Ohm, in microamperes.
            layout.current = Some(Found {
                index: shunt.index,
                factor: shunt.factor * 1e6 / ohm,
            });
            layout.voltage = voltage;
        } else {
            layout.current = self.find(Quantity::Current, columns.current.as_ref())?;
            layout.voltage = self.find(Quantity::Voltage, columns.voltage.as_ref())?;
        }
        if layout.current.is_none() {
            return Err(self.fault(self.no_current(layout.voltage.is_some())));
        }
        if layout.voltage.is_none() && options.voltage_v.is_none() {
            let problem = "the file does not hold the supply voltage; give the volts at the pin of the device";
            return Err(Error::Option {
                option: "--voltage",
                problem: problem.into(),
            });
        }
        Ok(())
    }

    fn no_current(&self, has_voltage: bool) -> String {
        let which = self.names.iter().find(|name| {
            (Quantity::Current.named(name) || Quantity::Power.named(name)) && split_unit(name).1.is_none()
        });
        let shunt = if has_voltage {
            "; where a voltage across a resistor was recorded, give its value with --shunt OHM"
        } else {
            ""
        };
        match which {
            Some(name) if Quantity::Power.named(name) => {
                format!("the column \"{name}\" has no unit; say it with --columns \"power={name}:UNIT\"{shunt}")
            }
            Some(name) => {
                format!("the column \"{name}\" has no unit; say it with --columns \"current={name}:UNIT\"{shunt}")
            }
            None => format!(
                "no column holds current or power; name one with --columns current=NAME:UNIT or power=NAME:UNIT{shunt}; there are {}",
                self.listed()
            ),
        }
    }

    /// The voltage across the resistor, and that of the supply where there is one.
    fn shunt(&self, options: &ReadOptions) -> Result<(Found, Option<Found>), Error> {
        let columns = &options.columns;
        let voltages: Vec<usize> = (0..self.names.len())
            .filter(|&index| self.unit(Quantity::Voltage, index).is_some())
            .collect();
        let shunt = match columns.shunt.as_ref() {
            Some(column) => self.find(Quantity::Shunt, Some(column))?,
            None => {
                let named = voltages
                    .iter()
                    .copied()
                    .filter(|&index| Quantity::Shunt.named(&self.names[index]));
                let index = match (named.collect::<Vec<_>>().as_slice(), voltages.as_slice()) {
                    ([index], _) | ([], [index]) => Some(*index),
                    _ => None,
                };
                index.and_then(|index| self.found(Quantity::Shunt, index))
            }
        };
        let shunt = shunt.ok_or_else(|| Error::Option {
            option: "--shunt",
            problem: format!(
                "no column, or more than one, can be the voltage across the resistor; name it with --columns shunt=NAME:UNIT; there are {}",
                self.listed()
            ),
        })?;
        let voltage = match columns.voltage.as_ref() {
            Some(column) => self.find(Quantity::Voltage, Some(column))?,
            None => match voltages
                .iter()
                .copied()
                .filter(|&index| index != shunt.index)
                .collect::<Vec<_>>()[..]
            {
                [index] => self.found(Quantity::Voltage, index),
                _ => None,
            },
        };
        Ok((shunt, voltage))
    }

    fn index(&self, quantity: Quantity, name: &str) -> Result<usize, Error> {
        self.position(name).ok_or_else(|| Error::Option {
            option: quantity.option(),
            problem: format!("the file has no column \"{name}\"; it has {}", self.listed()),
        })
    }

    /// The unit of a column, by its header, the format, or the cell beside it.
    fn unit(&self, quantity: Quantity, index: usize) -> Option<&str> {
        let name = self.names.get(index)?;
        // A multimeter writes the unit of a reading behind it, in every row: `Amp DC`.
        let beside = || {
            let is_value = self.format == Format::Keithley && matches!(name.as_str(), "Reading" | "Value");
            let unit = self
                .names
                .iter()
                .skip(index)
                .position(|n| n == "Unit")
                .filter(|_| is_value)?;
            let word = self.first.get(index + unit)?.split_whitespace().next()?;
            ["A", "V", "W"].into_iter().find(|unit| match *unit {
                "A" => word.eq_ignore_ascii_case("amp") || word.eq_ignore_ascii_case("a"),
                "V" => word.eq_ignore_ascii_case("volt") || word.eq_ignore_ascii_case("v"),
                _ => word.eq_ignore_ascii_case("watt") || word.eq_ignore_ascii_case("w"),
            })
        };
        let unit = quantity.unit(self.format, name).or_else(beside)?;
        quantity.factor(unit).is_some().then_some(unit)
    }

    fn found(&self, quantity: Quantity, index: usize) -> Option<Found> {
        let factor = quantity.factor(self.unit(quantity, index)?)?;
        Some(Found { index, factor })
    }

    /// The column of a quantity: the one asked for, or the only one whose unit is of that quantity.
    fn find(&self, quantity: Quantity, wanted: Option<&Column>) -> Result<Option<Found>, Error> {
        let Some(wanted) = wanted else {
            return self.find_by_unit(quantity);
        };
        let option = quantity.option();
        let index = self.index(quantity, &wanted.name)?;
        let in_header = split_unit(&self.names[index]).1;
        // What was given overrules what the header says.
        let unit = wanted
            .unit
            .as_deref()
            .or_else(|| self.unit(quantity, index))
            .or(in_header);
        let Some(unit) = unit else {
            let problem = format!("the header gives no unit; write {}:UNIT", wanted.name);
            return Err(Error::Option { option, problem });
        };
        let factor = quantity.factor(unit).ok_or_else(|| Error::Option {
            option,
            problem: format!("\"{unit}\" is no unit of this quantity; write one of {UNITS}"),
        })?;
        Ok(Some(Found { index, factor }))
    }

    fn find_by_unit(&self, quantity: Quantity) -> Result<Option<Found>, Error> {
        let found: Vec<Found> = (0..self.names.len())
            .filter_map(|index| self.found(quantity, index))
            .collect();
        let preferred = |words: &[&str]| -> Vec<Found> {
            let is = |f: &&Found| {
                let name = self.names[f.index].to_lowercase();
                words.iter().any(|word| name.contains(word))
            };
            found.iter().filter(is).copied().collect()
        };
        if let [] | [_] = found.as_slice() {
            return Ok(found.first().copied());
        }
        // Of the outputs of an instrument the main one is meant; of several clocks the one that begins at 0.
        let words: &[&str] = match quantity {
            Quantity::Time => &["relative", "elapsed"],
            _ => &["main"],
        };
        if let [one] = preferred(words).as_slice() {
            return Ok(Some(*one));
        }
        let which = quantity.option();
        let mut problem = format!(
            "two columns hold this quantity; say which with {which}=NAME, NAME being one of {}",
            found
                .iter()
                .map(|f| self.names[f.index].trim())
                .collect::<Vec<_>>()
                .join(", ")
        );
        if quantity == Quantity::Voltage {
            problem += "; where one is the voltage across a resistor, give its value with --shunt OHM";
        }
        Err(Error::Option { option: which, problem })
    }

    fn markers(&self, options: &ReadOptions) -> Result<[Option<usize>; 3], Error> {
        let mut markers = [None; 3];
        let Some(wanted) = &options.markers else {
            return Ok(markers);
        };
        for (marker, name) in markers.iter_mut().zip(wanted.names()) {
            let Some(name) = name else { continue };
            let problem = || format!("the file has no column \"{name}\"; it has {}", self.listed());
            let index = self.position(name);
            *marker = Some(index.ok_or_else(|| Error::Option {
                option: "--markers",
                problem: problem(),
            })?);
        }
        Ok(markers)
    }
}
