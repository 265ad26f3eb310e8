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

/// Records from the kit at `port` into `out`: a session where its extension is `ppk2`, a CSV where it is `csv`. A
/// session becomes readable when it is complete or the device has gone away; a CSV is readable at any time.
///
/// # Errors
/// Those of [`open_port`] and [`record`]; [`Error::Write`]; [`Error::Option`] for another extension.
pub fn record_to_file(port: &Path, out: &Path, options: &RecordOptions) -> Result<Recording, Error> {
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
    let mut port = open_port(port)?;
    if extension == Some("ppk2") {
        let mut writer = Ppk2Writer::create(out, RATE_HZ)?;
        let recording = record(&mut port, options, &mut |sample| writer.push(sample));
        writer.finish()?;
        return recording;
    }
    let file = File::create(out).map_err(cannot)?;
    let mut writer = Ppk2CsvWriter::new(BufWriter::new(file), RATE_HZ).map_err(cannot)?;
    let recording = record(&mut port, options, &mut |sample| writer.push(sample).map_err(cannot));
    writer.finish().map_err(cannot)?;
    recording
}
