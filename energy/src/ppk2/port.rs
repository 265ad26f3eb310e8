use std::fs::{File, OpenOptions, TryLockError};
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use serial2::{SerialPort, Settings};

use super::RATE_HZ;
use super::session::{RecordOptions, Recording, record};
use crate::error::Error;
use crate::trace::write::{Ppk2CsvWriter, Ppk2Sample, Ppk2Writer, write_error};

/// Time after which a read without data returns.
const READ_TIMEOUT: Duration = Duration::from_millis(200);
/// The kit ignores it, but a port has one.
const BAUD: u32 = 115_200;
/// Samples between two calls of `progress`, and after which what was written can be read, whatever ends the program: a tenth of a
/// second.
const SAMPLES_PER_TOLD: u64 = 10_000;

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
/// It is written as `out.partial` in the same folder, a tenth of a second at a time, and is renamed to `out` when it is complete, was
/// stopped, or the device was disconnected. What is in `out.partial` when the program is killed or the power fails can be measured as
/// it is. While it is written the file is locked.
///
/// # Errors
/// Those of [`open_port`] and [`record`]; [`Error::Write`]; [`Error::Kept`] where samples came before what failed, as on a full disk;
/// [`Error::Trace`] where `out.partial` is there already; [`Error::Option`] for another extension.
pub fn record_to_file(
    port: &Path,
    out: &Path,
    options: &RecordOptions,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Recording, Error> {
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
    let (mut samples, mut kept) = (0, 0);
    let recorded = Writer::new(extension == Some("ppk2"), file, partial).and_then(|mut writer| {
        let recorded = record(&mut port, options, &mut |sample: &Ppk2Sample| {
            writer.push(sample)?;
            samples += 1;
            if samples % SAMPLES_PER_TOLD != 0 {
                return Ok(ControlFlow::Continue(()));
            }
            writer.flush()?;
            kept = samples;
            Ok(progress(samples))
        });
        // After an error the end of the file is written too, where that is possible.
        let finished = writer.finish();
        if finished.is_ok() {
            kept = samples;
        }
        recorded.and_then(|recording| finished.map(|()| recording))
    });
    named(partial, out, kept, recorded)
}

/// Gives a recording its name. One that ended by an error takes the place of no other, and where nothing of it is kept it goes.
fn named(partial: &Path, out: &Path, kept: u64, recorded: Result<Recording, Error>) -> Result<Recording, Error> {
    let cannot = |source: std::io::Error| Error::Write {
        path: out.into(),
        source,
    };
    let error = match recorded {
        Ok(recording) => {
            std::fs::rename(partial, out).map_err(cannot)?;
            sync_folder(out);
            return Ok(recording);
        }
        Err(error) if kept == 0 => {
            std::fs::remove_file(partial).map_err(cannot)?;
            return Err(error);
        }
        Err(error) => error,
    };
    let renamed = !out.exists() && std::fs::rename(partial, out).is_ok();
    let path = if renamed { out } else { partial };
    sync_folder(path);
    Err(Error::Kept {
        path: path.into(),
        samples: kept,
        source: Box::new(error),
    })
}

/// Makes the name of a file as safe from a loss of power as its content, where the system can.
fn sync_folder(file: &Path) {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    // Only some systems open folders; the content is safe without it.
    let _ = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
}

/// The file of a recording, in either format.
enum Writer<'a> {
    Session(Box<Ppk2Writer>),
    Table(Ppk2CsvWriter<BufWriter<File>>, &'a Path),
}

impl<'a> Writer<'a> {
    fn new(session: bool, file: File, path: &'a Path) -> Result<Self, Error> {
        if session {
            return Ok(Self::Session(Box::new(Ppk2Writer::new(file, path, RATE_HZ)?)));
        }
        let table = Ppk2CsvWriter::new(BufWriter::new(file), RATE_HZ);
        Ok(Self::Table(table.map_err(write_error(path))?, path))
    }

    fn push(&mut self, sample: &Ppk2Sample) -> Result<(), Error> {
        match self {
            Self::Session(session) => session.push(sample),
            Self::Table(table, path) => table.push(sample).map_err(write_error(path)),
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        match self {
            Self::Session(session) => session.flush(),
            Self::Table(table, path) => table.flush().map_err(write_error(path)),
        }
    }

    fn finish(self) -> Result<(), Error> {
        match self {
            Self::Session(session) => session.finish(),
            Self::Table(table, path) => table
                .finish()
                .and_then(|file| file.get_ref().sync_all())
                .map_err(write_error(path)),
        }
    }
}

/// A new file, locked. One of that name is what a killed program recorded, or another one is recording: it stays.
fn create(partial: &Path) -> Result<File, Error> {
    let refused = |problem: &str| Error::Trace {
        file: partial.display().to_string(),
        place: "file".into(),
        problem: problem.into(),
    };
    let file = match OpenOptions::new().write(true).read(true).create_new(true).open(partial) {
        Ok(file) => file,
        Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => {
            let busy = File::open(partial).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
            return Err(refused(match busy {
                true => "another program is recording into it; give another --out",
                false => {
                    "holds a recording that was interrupted; energy measure reads it as it is; move it, or give another --out"
                }
            }));
        }
        Err(source) => return Err(write_error(partial)(source)),
    };
    // A file system without locks records all the same.
    let _ = file.try_lock();
    Ok(file)
}
