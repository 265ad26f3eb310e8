//! The current of a simulated board: steps of whole picoamperes from whole picoseconds on.
//!
//! The first line says that the file is simulated, and at which supply; a row is the instant from which a current flows, the current,
//! and the levels of SEQ, AWAKE and UPDATE. The last row is the end. Nothing between two rows is left to a rule of summing.

use std::io::Read;
use std::path::Path;

use super::lines::Lines;
use super::source::open;
use super::{MOST_CURRENT_A, MOST_TIME_S, MOST_VOLTAGE_V, Markers, ReadOptions, Sink, Step, Summary, cut_off, fault};
use crate::error::Error;

/// How the first line begins.
pub(super) const MARK: &str = "# simulated power trace of skiprnn, version 1, supply_uv ";
/// The second line.
pub(super) const HEADER: &str = "time_ps,current_pa,SEQ,AWAKE,UPDATE";
/// The channels.
const CHANNELS: [&str; 3] = ["SEQ", "AWAKE", "UPDATE"];

/// Whether a file begins as a simulated trace does, whatever it is read as.
pub(super) fn marked(path: &Path) -> Result<bool, Error> {
    let mut head = Vec::new();
    let mut reader = open(path)?.take(MARK.len() as u64);
    // What cannot be unpacked is told by its reader.
    let _ = reader.read_to_end(&mut head);
    Ok(head == MARK.as_bytes())
}

struct Row {
    time_ps: u64,
    current_pa: u64,
    levels: u8,
}

/// For each of the three markers, the bit of a row's channel; an error names the option where there is no such channel.
fn bits(markers: Option<&Markers>) -> Result<[Option<usize>; 3], Error> {
    let Some(markers) = markers else { return Ok([None; 3]) };
    let find = |name: Option<&String>| match name {
        None => Ok(None),
        Some(name) => match CHANNELS.iter().position(|channel| channel.eq_ignore_ascii_case(name)) {
            Some(channel) => Ok(Some(channel)),
            None => Err(Error::Option {
                option: "--markers",
                problem: format!(
                    "a simulated trace has the channels SEQ, AWAKE and UPDATE, and no {}",
                    crate::error::printable(name)
                ),
            }),
        },
    };
    Ok([
        find(Some(&markers.seq))?,
        find(markers.awake.as_ref())?,
        find(markers.update.as_ref())?,
    ])
}

pub(super) fn read(path: &Path, options: &ReadOptions, sink: &mut Sink<'_>) -> Result<Summary, Error> {
    let bits = bits(options.markers.as_ref())?;
    let mut lines = Lines::open(path)?;
    let first = lines.next_text()?.unwrap_or_default();
    let supply_uv: Option<u64> = first.strip_prefix(MARK).and_then(|text| text.parse().ok());
    let supply_v = match supply_uv.map(|uv| uv as f64 * 1e-6) {
        Some(volts) if volts > 0.0 && volts <= MOST_VOLTAGE_V => volts,
        _ => return Err(lines.fault("does not say the supply of a simulated trace; simulate again")),
    };
    if lines.next_text()?.as_deref() != Some(HEADER) {
        return Err(lines.fault(format!("is not {HEADER}; simulate again")));
    }
    let mut summary = Summary {
        simulated: true,
        file_voltage_v: Some(supply_v),
        markers: options
            .markers
            .is_none()
            .then(|| "seq=SEQ,awake=AWAKE,update=UPDATE".to_owned()),
        ..Summary::default()
    };
    let (mut before, mut most_pa) = (None::<Row>, 0);
    while let Some(line) = lines.next()? {
        let Some(row) = parse(line, bits) else {
            if !lines.ended() {
                summary.notes.push(cut_off("the last line is no whole row"));
                break;
            }
            return Err(lines.fault("is not a row of whole numbers and levels; simulate again"));
        };
        if row.time_ps as f64 * 1e-12 > MOST_TIME_S || row.current_pa as f64 * 1e-12 > MOST_CURRENT_A {
            return Err(lines.fault("holds a time or a current that no board reaches; simulate again"));
        }
        most_pa = most_pa.max(row.current_pa);
        if let Some(before) = &before {
            if row.time_ps <= before.time_ps {
                return Err(lines.fault(format!(
                    "time goes from {} ps to {} ps; simulate again",
                    before.time_ps, row.time_ps
                )));
            }
            summary.samples += 1;
            // 1e-12 A times 1e-12 s times volts, in microjoules.
            let charge = before.current_pa as f64 * (row.time_ps - before.time_ps) as f64;
            sink(&Step {
                start_s: before.time_ps as f64 * 1e-12,
                end_s: row.time_ps as f64 * 1e-12,
                power_uw: before.current_pa as f64 * 1e-6 * supply_v,
                energy_uj: charge * 1e-18 * supply_v,
                levels: before.levels,
                missing: false,
            })?;
        }
        before = Some(row);
    }
    if summary.samples == 0 {
        return Err(fault(path, "content", "holds no step of a current; simulate again"));
    }
    summary.max_current_a = Some(most_pa as f64 * 1e-12);
    Ok(summary)
}

fn parse(line: &[u8], bits: [Option<usize>; 3]) -> Option<Row> {
    let text = std::str::from_utf8(line).ok()?;
    let mut fields = text.split(',');
    let (time_ps, current_pa) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let mut channels = [0_u8; 3];
    for level in &mut channels {
        *level = match fields.next()? {
            "0" => 0,
            "1" => 1,
            _ => return None,
        };
    }
    let level = |(marker, channel): (usize, &Option<usize>)| channel.map_or(0, |channel| channels[channel] << marker);
    fields.next().is_none().then(|| Row {
        time_ps,
        current_pa,
        levels: bits.iter().enumerate().map(level).sum(),
    })
}
