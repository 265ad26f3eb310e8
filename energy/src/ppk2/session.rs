use std::cell::Cell;
use std::io::{ErrorKind, Read, Write};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::RATE_HZ;
use super::decode::{Decoder, Modifiers};
use crate::error::Error;
use crate::trace::write::Ppk2Sample;

const GET_METADATA: u8 = 0x19;
const SET_REGULATOR: u8 = 0x0d;
const SET_POWER: u8 = 0x0c;
const SET_MODE: u8 = 0x11;
const START: u8 = 0x06;
const STOP: u8 = 0x07;

/// Silence after which the device counts as gone.
const SILENCE: Duration = Duration::from_secs(3);
/// More text than this is no metadata.
const METADATA_BYTES: usize = 1 << 14;

/// What the kit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It measures the current of another supply.
    Ampere,
    /// It supplies the device and measures what that takes.
    Source,
}

/// What to record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordOptions {
    /// Supply voltage, 800 to 5000 mV; in ampere mode that of the other supply.
    pub voltage_mv: u16,
    /// What the kit does.
    pub mode: Mode,
    /// Length of the recording.
    pub seconds: f64,
}

impl RecordOptions {
    /// The checks that [`record`] makes first.
    ///
    /// # Errors
    /// [`Error::Option`] with the fix.
    pub fn validate(&self) -> Result<(), Error> {
        if !(800..=5000).contains(&self.voltage_mv) {
            let problem = format!("{} mV; the kit knows 800 to 5000 mV", self.voltage_mv);
            return Err(Error::Option {
                option: "--voltage",
                problem,
            });
        }
        if !(self.seconds.is_finite() && self.seconds > 0.0) {
            return Err(Error::Option {
                option: "--seconds",
                problem: "give seconds above 0".into(),
            });
        }
        Ok(())
    }
}

/// How a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// After the seconds that were asked for.
    Complete,
    /// The device fell silent or was unplugged; what it sent until then is recorded.
    Disconnected,
    /// The receiver of the samples asked to end; what came until then is recorded.
    Stopped,
}

/// What was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Recording {
    /// Samples, the lost ones included.
    pub samples: u64,
    /// Samples that the counter shows to be lost (modulo 64).
    pub lost: u64,
    /// How it ended.
    pub ending: Ending,
}

/// Drives a kit: reads its calibration, sets mode and voltage, powers the device, records, and stops. Every sample goes
/// to `sink`, which ends the recording by a break.
///
/// A read of `port` without data must return after a short time, empty or with a time-out; it is tried again until the
/// device has been silent for three seconds. The device is left powered.
///
/// # Errors
/// [`Error::Option`] for impossible options, [`Error::Mismatch`] where the device does not answer as a PPK2, and those
/// of `sink`. A device that is disconnected during the run is not an error but gives [`Ending::Disconnected`].
pub fn record(
    port: &mut (impl Read + Write),
    options: &RecordOptions,
    sink: &mut dyn FnMut(&Ppk2Sample) -> Result<ControlFlow<()>, Error>,
) -> Result<Recording, Error> {
    options.validate()?;
    let modifiers = metadata(port)?;
    let [high, low] = options.voltage_mv.to_be_bytes();
    send(port, &[SET_MODE, if options.mode == Mode::Ampere { 1 } else { 2 }])?;
    send(port, &[SET_REGULATOR, high, low])?;
    send(port, &[SET_POWER, 1])?;
    send(port, &[START])?;
    let wanted = (options.seconds * f64::from(RATE_HZ)).round() as u64;
    let mut decoder = Decoder::new(modifiers, f64::from(options.voltage_mv) * 1e-3);
    let (recorded, stopped) = (Cell::new(0), Cell::new(false));
    let mut limited = |sample: &Ppk2Sample| {
        if recorded.get() < wanted && !stopped.get() {
            recorded.set(recorded.get() + 1);
            stopped.set(sink(sample)?.is_break());
        }
        Ok(())
    };
    let mut buffer = [0_u8; 1 << 14];
    let mut ending = Ending::Complete;
    while decoder.samples() < wanted && ending == Ending::Complete {
        match receive(port, &mut buffer) {
            Some(got) => decoder.push(&buffer[..got], &mut limited)?,
            None => ending = Ending::Disconnected,
        }
        if stopped.get() {
            ending = Ending::Stopped;
        }
    }
    if ending != Ending::Disconnected {
        // What was recorded is whole, whether the kit is still there to hear this or not.
        let _ = send(port, &[STOP]);
    }
    Ok(Recording {
        samples: recorded.get(),
        lost: decoder.lost(),
        ending,
    })
}

fn send(port: &mut impl Write, command: &[u8]) -> Result<(), Error> {
    let sent = port.write_all(command).and_then(|()| port.flush());
    sent.map_err(|e| Error::Mismatch(format!("PPK2: command 0x{:02x} cannot be sent: {e}", command[0])))
}

/// Some bytes, or `None` after silence or a broken connection.
fn receive(port: &mut impl Read, buffer: &mut [u8]) -> Option<usize> {
    let start = Instant::now();
    while start.elapsed() < SILENCE {
        match port.read(buffer) {
            Ok(0) => std::thread::sleep(Duration::from_millis(1)),
            Ok(got) => return Some(got),
            Err(e)
                if matches!(
                    e.kind(),
                    ErrorKind::Interrupted | ErrorKind::TimedOut | ErrorKind::WouldBlock
                ) => {}
            Err(_) => return None,
        }
    }
    None
}

/// The calibration. A kit that was left recording is stopped first, and what it still sends is passed over.
fn metadata(port: &mut (impl Read + Write)) -> Result<Modifiers, Error> {
    send(port, &[STOP])?;
    send(port, &[GET_METADATA])?;
    let mut text = Vec::new();
    let mut buffer = [0_u8; 1024];
    loop {
        let Some(got) = receive(port, &mut buffer) else {
            let problem = "PPK2: no answer to the request for its calibration; is this the kit's second serial port?";
            return Err(Error::Mismatch(problem.into()));
        };
        text.extend_from_slice(&buffer[..got]);
        let found = String::from_utf8_lossy(&text);
        if found.contains("END") {
            // What is left of the last line would shift every word of the recording.
            let start = Instant::now();
            while start.elapsed() < SILENCE && port.read(&mut buffer).is_ok_and(|got| got > 0) {}
            return Modifiers::parse(&found);
        }
        if text.len() > METADATA_BYTES {
            return Err(Error::Mismatch(
                "PPK2: its calibration has no end; reset the device and try again".into(),
            ));
        }
    }
}
