//! Saved session of Nordic's Power Profiler app: a zip of `metadata.json` and `session.raw`.
//!
//! `session.raw` is frames of 6 bytes: f32 little-endian current in microamperes, then u16 big-endian with two bits for
//! each channel, `(bits >> 2i) & 3`: 0 unknown, 1 low, 2 high, 3 both. A lost sample is 0.2 uA with `bits == 0x5555`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use serde::Deserialize;
use zip::{ZipArchive, result::ZipError};

use super::ppk2_csv::{LOST_UA, Level, Levels, channels, hazards};
use super::source::read_error;
use super::{Format, ReadOptions, Sink, Step, Summary, cut_off, fault, required_voltage};
use crate::error::Error;

const FRAME_BYTES: usize = 6;
const ALL_LOW: u16 = 0x5555;

#[derive(Deserialize)]
struct Metadata {
    metadata: Session,
    #[serde(rename = "formatVersion")]
    format_version: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    samples_per_second: f64,
    /// Not Nordic's: a simulated board made the session.
    #[serde(default)]
    simulated: bool,
}

pub(super) fn read(path: &Path, options: &ReadOptions, sink: &mut Sink<'_>) -> Result<Summary, Error> {
    let voltage_v = required_voltage(options, Format::Ppk2)?;
    let channels = channels(options.markers.as_ref())?;
    let file = BufReader::new(File::open(path).map_err(read_error(path))?);
    let cut = |e: &ZipError| {
        fault(
            path,
            "zip",
            format!("{e}; the file may be cut off, copy or save it again"),
        )
    };
    let mut frames = Frames {
        voltage_v,
        levels: Levels::new(channels),
        ..Frames::new(path)
    };
    let rate_hz = match ZipArchive::new(file) {
        Ok(mut archive) => {
            options.used_by(Format::Ppk2)?;
            let session = session(path, archive.by_name("metadata.json").map_err(|e| cut(&e))?)?;
            frames.simulated = session.simulated;
            let rate_hz = session.samples_per_second;
            let member = archive
                .by_name("session.raw")
                .map_err(|e| fault(path, "session.raw", format!("{e}; save it again")))?;
            frames.period_s = 1.0 / rate_hz;
            frames.read(member, sink)?;
            rate_hz
        }
        // The directory is written last.
        Err(e) => cut_session(path, options.rate_hz, &mut frames, sink)?.ok_or_else(|| cut(&e))?,
    };
    let mut summary = Summary {
        samples: frames.samples,
        missing: frames.missing,
        unknown_levels: frames.levels.unknown,
        max_current_a: Some(f64::from(frames.max_ua) * 1e-6),
        sample_rate_hz: Some(rate_hz),
        mean_rate_hz: Some(rate_hz),
        simulated: frames.simulated,
        ..Summary::default()
    };
    if frames.cut {
        summary
            .notes
            .push(cut_off("it has no directory, and its last sample may not be whole"));
    }
    hazards(&mut summary, rate_hz, frames.clipped);
    Ok(summary)
}

/// Whether a session says that a simulated board made it. What cannot be read says nothing.
pub(super) fn simulated(path: &Path) -> Result<bool, Error> {
    let file = BufReader::new(File::open(path).map_err(read_error(path))?);
    if let Ok(mut archive) = ZipArchive::new(file) {
        let session = archive.by_name("metadata.json").map(|member| session(path, member));
        return Ok(session.is_ok_and(|session| session.is_ok_and(|session| session.simulated)));
    }
    let mut reader = BufReader::new(File::open(path).map_err(read_error(path))?);
    let first = member(&mut reader);
    let metadata = first.is_some_and(|name| name == b"metadata.json");
    Ok(metadata && session(path, DeflateDecoder::new(&mut reader)).is_ok_and(|session| session.simulated))
}

/// Reads a session without a directory, member by member, as far as it goes. Gives the rate; `None` where it holds no samples, or
/// nothing says their rate.
fn cut_session(
    path: &Path,
    given_hz: Option<f64>,
    frames: &mut Frames<'_>,
    sink: &mut Sink<'_>,
) -> Result<Option<f64>, Error> {
    let mut reader = BufReader::new(File::open(path).map_err(read_error(path))?);
    let mut rate_hz = given_hz;
    while let Some(name) = member(&mut reader) {
        let unpacked = DeflateDecoder::new(&mut reader);
        match (name.as_slice(), rate_hz) {
            (b"metadata.json", _) => {
                let session = session(path, unpacked)?;
                frames.simulated = session.simulated;
                rate_hz = Some(session.samples_per_second);
            }
            (b"session.raw", Some(rate)) => {
                frames.cut = true;
                frames.period_s = 1.0 / rate;
                frames.read(unpacked, sink)?;
                return Ok(rate_hz);
            }
            (b"session.raw", None) => {
                let problem = "the file was cut off before its rate; give it with --rate HZ, 100000 where nothing else was chosen";
                return Err(fault(path, "session.raw", problem));
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// The name of the member that begins here, packed by deflate; `None` where none does.
fn member(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut header = [0_u8; 30];
    reader.read_exact(&mut header).ok()?;
    let u16_at = |place: usize| u64::from(u16::from_le_bytes([header[place], header[place + 1]]));
    if !header.starts_with(b"PK\x03\x04") || u16_at(8) != 8 {
        return None;
    }
    let (name_bytes, extra_bytes) = (u16_at(26), u16_at(28));
    let mut name = Vec::new();
    reader.take(name_bytes).read_to_end(&mut name).ok()?;
    std::io::copy(&mut reader.take(extra_bytes), &mut std::io::sink()).ok()?;
    Some(name)
}

fn session(path: &Path, member: impl Read) -> Result<Session, Error> {
    let bad = |problem: String| fault(path, "metadata.json", format!("{problem}; save the session again"));
    let mut text = String::new();
    member
        .take(1 << 20)
        .read_to_string(&mut text)
        .map_err(|e| bad(e.to_string()))?;
    let metadata: Metadata = serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?;
    if metadata.format_version != 2 {
        return Err(bad(format!("formatVersion is {}, 2 is read", metadata.format_version)));
    }
    let rate_hz = metadata.metadata.samples_per_second;
    if !(1e-3..=1e9).contains(&rate_hz) {
        return Err(bad(format!("samplesPerSecond is {rate_hz:e}, 0.001 to 1e9 can be")));
    }
    Ok(metadata.metadata)
}

struct Frames<'a> {
    path: &'a Path,
    voltage_v: f64,
    period_s: f64,
    levels: Levels,
    samples: u64,
    missing: u64,
    clipped: u64,
    max_ua: f32,
    /// The file was cut off: what cannot be unpacked is its end.
    cut: bool,
    simulated: bool,
}

impl<'a> Frames<'a> {
    fn new(path: &'a Path) -> Self {
        let levels = Levels::new([None; 3]);
        Self {
            path,
            voltage_v: 1.0,
            period_s: 1.0,
            levels,
            samples: 0,
            missing: 0,
            clipped: 0,
            max_ua: 0.0,
            cut: false,
            simulated: false,
        }
    }

    fn read(&mut self, mut member: impl Read, sink: &mut Sink<'_>) -> Result<(), Error> {
        let mut buffer = vec![0_u8; FRAME_BYTES << 14];
        let mut filled = 0;
        loop {
            let got = match member.read(&mut buffer[filled..]) {
                Ok(got) => got,
                Err(_) if self.cut => 0,
                Err(e) => {
                    let problem = format!("{e} after sample {}; the file may be cut off", self.samples);
                    return Err(fault(self.path, "session.raw", problem));
                }
            };
            filled += got;
            let whole = filled - filled % FRAME_BYTES;
            for frame in buffer[..whole].chunks_exact(FRAME_BYTES) {
                self.frame(frame, sink)?;
            }
            buffer.copy_within(whole..filled, 0);
            filled -= whole;
            if got == 0 {
                break;
            }
        }
        if filled != 0 && !self.cut {
            let problem = format!("ends with {filled} bytes of a frame of {FRAME_BYTES}; save the session again");
            return Err(fault(self.path, "session.raw", problem));
        }
        Ok(())
    }

    #[inline]
    fn frame(&mut self, frame: &[u8], sink: &mut Sink<'_>) -> Result<(), Error> {
        let &[a, b, c, d, e, f] = frame else { return Ok(()) };
        let current_ua = f32::from_le_bytes([a, b, c, d]);
        let bits = u16::from_be_bytes([e, f]);
        let start_s = self.samples as f64 * self.period_s;
        let end_s = (self.samples + 1) as f64 * self.period_s;
        self.samples += 1;
        if (current_ua == LOST_UA as f32 && bits == ALL_LOW) || !current_ua.is_finite() {
            self.missing += 1;
            let levels = self.levels.held;
            return sink(&Step {
                start_s,
                end_s,
                power_uw: 0.0,
                energy_uj: 0.0,
                levels,
                missing: true,
            });
        }
        let levels = self.levels.update(|channel| match (bits >> (2 * channel)) & 3 {
            1 => Level::Low,
            2 => Level::High,
            _ => Level::Unknown,
        });
        self.clipped += u64::from(current_ua == 0.0);
        self.max_ua = self.max_ua.max(current_ua);
        let power_uw = f64::from(current_ua) * self.voltage_v;
        sink(&Step {
            start_s,
            end_s,
            power_uw,
            energy_uj: power_uw * self.period_s,
            levels,
            missing: false,
        })
    }
}
