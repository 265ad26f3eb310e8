//! CSV export of Nordic's Power Profiler app.
//!
//! Header: a choice of `Timestamp(ms),Current(uA),D0-D7,D0,D1,D2,D3,D4,D5,D6,D7`. `D0-D7` is eight characters, D0
//! first: `0`, `1`, `X` (both levels within the sample) or `-` (unknown). A sample that the app lost on the way over
//! USB stands there as 0.200 uA with all channels low; it is missing, and its levels are those before it.

use std::path::Path;

use super::lines::unquoted;
use super::raster::{Expected, Raster, Row};
use super::table::{Dialect, Table};
use super::{Format, MOST_TIME_S, Markers, ReadOptions, Sink, Summary, cut_off, fault, required_voltage};
use crate::error::Error;

/// What the app stores for a lost sample, in microamperes.
pub(super) const LOST_UA: f64 = 0.2;

/// Notes that hold for both formats of the app.
pub(super) fn hazards(summary: &mut Summary, rate_hz: f64, clipped: u64) {
    if rate_hz < 99_000.0 {
        summary.notes.push(format!(
            "recorded at {rate_hz:.0} samples/s: below 100000 the app stores filtered currents and merged marker levels"
        ));
    }
    if clipped > 0 {
        summary.notes.push(format!(
            "{clipped} samples read 0 uA: the instrument cuts off below 0.2 uA"
        ));
    }
    if summary.max_current_a.is_some_and(|a| a > 0.9) {
        summary
            .notes
            .push("the largest current is near the instrument's limit of 1 A".into());
    }
}

/// Channel numbers of the markers.
pub(super) fn channels(markers: Option<&Markers>) -> Result<[Option<u8>; 3], Error> {
    let mut channels = [None; 3];
    let Some(markers) = markers else { return Ok(channels) };
    for (channel, name) in channels.iter_mut().zip(markers.names()) {
        let Some(name) = name else { continue };
        let digit = name
            .strip_prefix(['D', 'd'])
            .and_then(|digit| digit.parse::<u8>().ok())
            .filter(|&digit| digit < 8);
        let problem = || format!("\"{name}\" is no channel of a PPK2; write D0 to D7");
        *channel = Some(digit.ok_or_else(|| Error::Option {
            option: "--markers",
            problem: problem(),
        })?);
    }
    Ok(channels)
}

/// One channel of a sample.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Low,
    High,
    Unknown,
}

/// Keeps the levels of the markers, holding what a sample does not tell.
pub(super) struct Levels {
    channels: [Option<u8>; 3],
    pub held: u8,
    pub unknown: u64,
}

impl Levels {
    pub(super) fn new(channels: [Option<u8>; 3]) -> Self {
        Self {
            channels,
            held: 0,
            unknown: 0,
        }
    }

    #[inline]
    pub(super) fn update(&mut self, level: impl Fn(u8) -> Level) -> u8 {
        let mut unknown = false;
        for (bit, channel) in self.channels.iter().enumerate() {
            let Some(channel) = *channel else { continue };
            match level(channel) {
                Level::Low => self.held &= !(1 << bit),
                Level::High => self.held |= 1 << bit,
                Level::Unknown => unknown = true,
            }
        }
        self.unknown += u64::from(unknown);
        self.held
    }
}

/// Where the columns are.
struct Header {
    columns: usize,
    time: usize,
    current: usize,
    packed: Option<usize>,
    single: [Option<usize>; 8],
}

impl Header {
    fn of(path: &Path, names: &[String]) -> Result<Self, Error> {
        let find = |wanted: &str| names.iter().position(|name| name.trim() == wanted);
        let required = |wanted: &str| {
            let problem = format!("has no column {wanted}; export with time stamps and currents");
            find(wanted).ok_or_else(|| fault(path, "header", problem))
        };
        let mut single = [None; 8];
        for (channel, column) in single.iter_mut().enumerate() {
            *column = find(&format!("D{channel}"));
        }
        Ok(Self {
            columns: names
                .iter()
                .rposition(|name| !name.is_empty())
                .map_or(0, |last| last + 1),
            time: required("Timestamp(ms)")?,
            current: required("Current(uA)")?,
            packed: find("D0-D7"),
            single,
        })
    }
}

pub(super) fn read(path: &Path, options: &ReadOptions, sink: &mut Sink<'_>) -> Result<Summary, Error> {
    let voltage_v = required_voltage(options, Format::Ppk2Csv)?;
    let mut table = Table::open(path)?;
    let dialect = table.dialect;
    let header = Header::of(path, &table.names)?;
    let channels = channels(options.markers.as_ref())?;
    for channel in channels.into_iter().flatten() {
        if header.packed.is_none() && header.single[channel as usize].is_none() {
            let problem = format!("the file holds no channel D{channel}; export the digital channels");
            return Err(Error::Option {
                option: "--markers",
                problem,
            });
        }
    }
    let mut levels = Levels::new(channels);
    let mut raster = Raster::new(Expected::Regular, sink);
    let (mut max_ua, mut clipped) = (0.0_f64, 0_u64);
    let mut cut = false;
    while let Some(line) = table.next()? {
        let fields = Fields::split(line, dialect, &header);
        let ended = table.ended();
        // A packed field of a line without its end may have been cut.
        let Some(fields) = fields.filter(|fields| ended || !fields.padded) else {
            if !table.ended() {
                cut = true;
                break;
            }
            return Err(table.fault("is not a row of the header's columns; the export may be cut off"));
        };
        if fields.time_ms.abs() > MOST_TIME_S {
            return Err(table.fault("has a time that no recording lasts; export again"));
        }
        let lost = fields.current_ua == LOST_UA && fields.all_low();
        let held = if lost {
            levels.held
        } else {
            levels.update(|channel| fields.level(channel))
        };
        let current_ua = if lost { f64::NAN } else { fields.current_ua };
        clipped += u64::from(current_ua == 0.0);
        max_ua = max_ua.max(current_ua);
        let row = Row {
            time_s: fields.time_ms * 1e-3,
            power_uw: current_ua * voltage_v,
            levels: held,
            line: table.number(),
        };
        raster.push(row).map_err(|e| e.at(path))?;
    }
    let rate_hz = raster.finish().map_err(|e| e.at(path))?;
    let mut summary = Summary {
        samples: raster.samples,
        missing: raster.missing,
        unknown_levels: levels.unknown,
        max_current_a: Some(max_ua * 1e-6),
        sample_rate_hz: rate_hz,
        mean_rate_hz: rate_hz,
        notes: raster.notes(),
        ..Summary::default()
    };
    if cut {
        summary.notes.push(cut_off("the last line is no whole row"));
    }
    if header.packed.is_none() && header.single.contains(&None) {
        let note = "not all digital channels are in the file: every sample of exactly 0.200 uA counts as lost";
        summary.notes.push(note.into());
    }
    hazards(&mut summary, rate_hz.unwrap_or(0.0), clipped);
    Ok(summary)
}

/// Characters of D0 to D7. A spreadsheet takes them for a number and cuts zeros off in front.
fn packed(field: &[u8]) -> Option<[u8; 8]> {
    let mut bits = [b'0'; 8];
    let start = 8_usize.checked_sub(field.len()).filter(|start| *start < 8)?;
    let is_number = start == 0 || field.iter().all(|bit| matches!(bit, b'0' | b'1'));
    bits[start..].copy_from_slice(field);
    is_number.then_some(bits)
}

/// The fields of one row that matter.
struct Fields {
    time_ms: f64,
    current_ua: f64,
    /// Characters of D0 to D7; 0 where the file has no such column.
    bits: [u8; 8],
    /// Whether zeros were put in front of them.
    padded: bool,
}

impl Fields {
    fn split(line: &[u8], dialect: Dialect, header: &Header) -> Option<Self> {
        let mut fields = Self {
            time_ms: f64::NAN,
            current_ua: f64::NAN,
            bits: [0; 8],
            padded: false,
        };
        let (mut seen, mut count) = (0, 0);
        for (n, field) in dialect.fields(line).enumerate() {
            count = n + 1;
            if n == header.time {
                fields.time_ms = dialect.number(field)?;
                seen += 1;
            } else if n == header.current {
                fields.current_ua = dialect.number(field)?;
                seen += 1;
            } else if header.packed == Some(n) {
                let field = unquoted(field);
                fields.padded = field.len() < 8;
                fields.bits = packed(field)?;
            } else if header.packed.is_none()
                && let Some(channel) = header.single.iter().position(|&column| column == Some(n))
            {
                fields.bits[channel] = *unquoted(field).first()?;
            }
        }
        let known = fields
            .bits
            .iter()
            .all(|bit| matches!(bit, 0 | b'0' | b'1' | b'X' | b'-'));
        (seen == 2 && count >= header.columns && known && !fields.time_ms.is_nan()).then_some(fields)
    }

    fn all_low(&self) -> bool {
        self.bits.iter().all(|bit| matches!(bit, 0 | b'0'))
    }

    fn level(&self, channel: u8) -> Level {
        match self.bits[channel as usize & 7] {
            b'0' => Level::Low,
            b'1' => Level::High,
            _ => Level::Unknown,
        }
    }
}
