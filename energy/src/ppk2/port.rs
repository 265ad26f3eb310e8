use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use serial2::{SerialPort, Settings};

use super::RATE_HZ;
use super::session::{RecordOptions, Recording, record};
use crate::error::Error;
use crate::trace::write::{Ppk2CsvWriter, Ppk2Sample, Ppk2Writer};

/// Time after which a read without data returns.
const READ_TIMEOUT: Duration = Duration::from_millis(200);
/// The kit ignores it, but a port has one.
const BAUD: u32 = 115_200;
/// Samples between two calls of `progress`: a tenth of a second.
const SAMPLES_PER_TOLD: u64 = 10_000;
/// Samples after which what was written can be read, whatever ends the program: a second.
const SAMPLES_PER_FLUSH: u64 = 100_000;

/// Opens a serial port for raw bytes, without translation, echo or flow control. The kit ignores the baud rate.
///
/// # Errors
/// [`Error::Read`] where it cannot be opened or is no serial port.
pub fn open_port(path: &Path) -> Result<SerialPort, Error> {
    let raw = |mut settings: Settings| {
        settings.set_raw();
        settings.set_baud_rate(BAUD)?;
        Ok(settings)
    };
    let open = || {
        let mut port = SerialPort::open(path, raw)?;
        port.set_read_timeout(READ_TIMEOUT)?;
        port.discard_input_buffer()?;
        Ok(port)
    };
    let port = open().map_err(|source| Error::Read {
        path: path.into(),
        source,
    })?;
    // Windows does not say by itself that the program is ready; a pseudo-terminal has no such line.
    let _ = port.set_dtr(true);
    Ok(port)
}

/// Records from the kit at `port` into `out`: a session where its extension is `ppk2`, a CSV where it is `csv`. Tells `progress`
/// the samples so far, ten times a second; it ends the recording by a break.
///
/// It is written as `out.partial` in the same folder, a second of samples at a time, and is renamed to `out` when it is complete,
/// was stopped, or the device was disconnected. What is in `out.partial` when the program is killed or the power fails can be
/// measured as it is.
///
/// # Errors
/// Those of [`open_port`] and [`record`]; [`Error::Write`], also where `out.partial` is there already; [`Error::Option`] for another
/// extension.
pub fn record_to_file(
    port: &Path,
    out: &Path,
    options: &RecordOptions,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Recording, Error> {
    let cannot = |source: std::io::Error| Error::Write {
        path: out.into(),
        source,
    };
    let extension = out.extension().and_then(|extension| extension.to_str());
    if !matches!(extension, Some("ppk2" | "csv")) {
        let problem = format!("{} ends neither in .ppk2 nor in .csv", out.display());
        return Err(Error::Option {
            option: "--out",
            problem,
        });
    }
    options.validate()?;
    let mut port = open_port(port)?;
    let mut partial = out.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    let file = create(partial)?;
    let mut samples = 0;
    let mut told = || {
        samples += 1;
        let flow = match samples % SAMPLES_PER_TOLD {
            0 => progress(samples),
            _ => ControlFlow::Continue(()),
        };
        (flow, samples % SAMPLES_PER_FLUSH == 0)
    };
    let recording = if extension == Some("ppk2") {
        let mut writer = Ppk2Writer::new(file, partial, RATE_HZ)?;
        let recording = record(&mut port, options, &mut |sample: &Ppk2Sample| {
            writer.push(sample)?;
            let (flow, flush) = told();
            if flush {
                writer.flush()?;
            }
            Ok(flow)
        });
        writer.finish()?;
        recording
    } else {
        let mut writer = Ppk2CsvWriter::new(BufWriter::new(file), RATE_HZ).map_err(cannot)?;
        let recording = record(&mut port, options, &mut |sample: &Ppk2Sample| {
            writer.push(sample).map_err(cannot)?;
            let (flow, flush) = told();
            if flush {
                writer.flush().map_err(cannot)?;
            }
            Ok(flow)
        });
        writer.finish().map_err(cannot)?;
        recording
    };
    if recording.is_err() && samples == 0 {
        // Nothing was recorded, so no file stays.
        std::fs::remove_file(partial).map_err(cannot)?;
    } else {
        std::fs::rename(partial, out).map_err(cannot)?;
    }
    recording
}

/// A new file. One of that name is what a killed program recorded, or another one is recording: it stays.
fn create(partial: &Path) -> Result<File, Error> {
    let created = OpenOptions::new().write(true).read(true).create_new(true).open(partial);
    created.map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => Error::Trace {
            file: partial.display().to_string(),
            place: "file".into(),
            problem: "holds a recording that was interrupted, or another program is recording into it; measure it, then move or remove it"
                .into(),
        },
        _ => Error::Write {
            path: partial.into(),
            source,
        },
    })
}
