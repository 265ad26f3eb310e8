use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

use super::RATE_HZ;
use super::session::{RecordOptions, Recording, record};
use crate::error::Error;
use crate::trace::write::{Ppk2CsvWriter, Ppk2Writer};

/// Tenths of a second after which a read without data returns.
const READ_TIMEOUT_DS: u8 = 2;
/// Samples between two calls of `progress`.
const SAMPLES_PER_TOLD: u64 = 10_000;

/// Opens a serial port for raw bytes, without translation, echo or flow control. The kit ignores the baud rate.
///
/// # Errors
/// [`Error::Read`] where it cannot be opened or is no terminal.
pub fn open_port(path: &Path) -> Result<File, Error> {
    let cannot = |source: std::io::Error| Error::Read {
        path: path.into(),
        source,
    };
    let flags = i32::try_from(OFlags::NOCTTY.bits()).unwrap_or(0);
    let port = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(flags)
        .open(path)
        .map_err(cannot)?;
    let mut settings = tcgetattr(&port).map_err(|e| cannot(e.into()))?;
    settings.make_raw();
    settings.special_codes[SpecialCodeIndex::VMIN] = 0;
    settings.special_codes[SpecialCodeIndex::VTIME] = READ_TIMEOUT_DS;
    tcsetattr(&port, OptionalActions::Flush, &settings).map_err(|e| cannot(e.into()))?;
    Ok(port)
}

/// Records from the kit at `port` into `out`: a session where its extension is `ppk2`, a CSV where it is `csv`, and tells
/// `progress` the samples so far, now and then.
///
/// It is written as `out.partial` in the same folder and is renamed to `out` when it is complete or the device was
/// disconnected. A CSV is readable before that as well, whatever ends the program.
///
/// # Errors
/// Those of [`open_port`] and [`record`]; [`Error::Write`]; [`Error::Option`] for another extension.
pub fn record_to_file(
    port: &Path,
    out: &Path,
    options: &RecordOptions,
    progress: &mut dyn FnMut(u64),
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
    let mut told = |samples: &mut u64| {
        *samples += 1;
        if samples.is_multiple_of(SAMPLES_PER_TOLD) {
            progress(*samples);
        }
    };
    let mut samples = 0;
    let recording = if extension == Some("ppk2") {
        let mut writer = Ppk2Writer::create(partial, RATE_HZ)?;
        let recording = record(&mut port, options, &mut |sample| {
            told(&mut samples);
            writer.push(sample)
        });
        writer.finish()?;
        recording
    } else {
        let file = File::create(partial).map_err(cannot)?;
        let mut writer = Ppk2CsvWriter::new(BufWriter::new(file), RATE_HZ).map_err(cannot)?;
        let recording = record(&mut port, options, &mut |sample| {
            told(&mut samples);
            writer.push(sample).map_err(cannot)
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
