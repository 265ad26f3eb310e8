//! Writers of the two PPK2 formats and of simulated traces, for recordings of one's own and for tests of the readers.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::error::Error;

/// Level of one channel within one sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Not known.
    Unknown,
    /// Low throughout.
    Low,
    /// High throughout.
    High,
    /// Both, in a sample that stands for several.
    Both,
}

/// One sample of a PPK2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ppk2Sample {
    /// Current in microamperes.
    pub current_ua: f32,
    /// D0 to D7.
    pub channels: [Channel; 8],
}

impl Ppk2Sample {
    /// What the app stores for a sample that was lost on the way.
    pub const LOST: Self = Self {
        current_ua: 0.2,
        channels: [Channel::Low; 8],
    };

    fn bits(&self) -> u16 {
        self.channels.iter().enumerate().fold(0, |bits, (n, channel)| {
            let pair = match channel {
                Channel::Unknown => 0,
                Channel::Low => 1,
                Channel::High => 2,
                Channel::Both => 3,
            };
            bits | pair << (2 * n)
        })
    }

    fn characters(&self) -> [char; 8] {
        self.channels.map(|channel| match channel {
            Channel::Unknown => '-',
            Channel::Low => '0',
            Channel::High => '1',
            Channel::Both => 'X',
        })
    }
}

pub(crate) fn write_error(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    |source| Error::Write {
        path: path.into(),
        source,
    }
}

/// Writes a `.ppk2` session. [`Self::finish`] completes the file; without it there is no directory, and what was flushed can be
/// measured all the same.
pub struct Ppk2Writer {
    path: PathBuf,
    zip: ZipWriter<BufWriter<UntilFault>>,
    fault: Fault,
}

/// The first error of writing a file.
type Fault = Arc<Mutex<Option<io::Error>>>;

/// A file until the first error of writing it: that one is kept for the owner of the archive, and what is written after it is dropped,
/// since an archive writes on, and complains on standard error, when it goes.
struct UntilFault {
    file: File,
    position: u64,
    fault: Fault,
}

impl UntilFault {
    /// The result of an action on the file; `otherwise` at its first error, and after it.
    fn attempt<T>(&mut self, otherwise: T, action: impl FnOnce(&mut File) -> io::Result<T>) -> T {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        if fault.is_none() {
            match action(&mut self.file) {
                Ok(done) => return done,
                Err(error) => *fault = Some(error),
            }
        }
        otherwise
    }
}

impl Write for UntilFault {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.attempt(bytes.len(), |file| {
            file.write_all(bytes)?;
            Ok(bytes.len())
        });
        self.position += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt((), File::flush);
        Ok(())
    }
}

impl Seek for UntilFault {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let otherwise = match to {
            SeekFrom::Start(place) => place,
            SeekFrom::Current(by) | SeekFrom::End(by) => self.position.saturating_add_signed(by),
        };
        self.position = self.attempt(otherwise, |file| file.seek(to));
        Ok(self.position)
    }
}

impl Ppk2Writer {
    /// Begins a session of `rate_hz` samples per second.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn create(path: &Path, rate_hz: u32) -> Result<Self, Error> {
        let file = File::create(path).map_err(write_error(path))?;
        Self::new(file, path, rate_hz)
    }

    /// As [`Self::create`], into a file that is open; `path` is what errors call it.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn new(file: File, path: &Path, rate_hz: u32) -> Result<Self, Error> {
        Self::of(file, path, serde_json::json!({ "samplesPerSecond": rate_hz }))
    }

    /// As [`Self::new`], for the session of a simulated board: its metadata say so, and [`crate::measure`] repeats it.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn simulated(file: File, path: &Path, rate_hz: u32) -> Result<Self, Error> {
        Self::of(
            file,
            path,
            serde_json::json!({ "samplesPerSecond": rate_hz, "simulated": true }),
        )
    }

    fn of(file: File, path: &Path, metadata: serde_json::Value) -> Result<Self, Error> {
        let fault = Fault::default();
        let mut zip = ZipWriter::new(BufWriter::new(UntilFault {
            file,
            position: 0,
            fault: Arc::clone(&fault),
        }));
        let metadata = serde_json::json!({ "metadata": metadata, "formatVersion": 2 }).to_string();
        // It comes first, so that a session that was cut off still says its rate.
        let mut begin = || {
            start(&mut zip, "metadata.json")?;
            zip.write_all(metadata.as_bytes())?;
            start(&mut zip, "session.raw")
        };
        begin().map_err(write_error(path))?;
        let path = path.into();
        Ok(Self { path, zip, fault })
    }

    /// The first error of writing the file; it is told once, and what is written after it is dropped.
    fn faultless(fault: &Fault, path: &Path) -> Result<(), Error> {
        let mut fault = fault.lock().unwrap_or_else(PoisonError::into_inner);
        // Another error stays in its place, so that nothing is written behind a gap.
        let again = || io::Error::other("an earlier part could not be written");
        match fault.as_mut() {
            Some(error) => Err(write_error(path)(std::mem::replace(error, again()))),
            None => Ok(()),
        }
    }

    /// Appends one sample.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn push(&mut self, sample: &Ppk2Sample) -> Result<(), Error> {
        let mut frame = [0_u8; 6];
        frame[..4].copy_from_slice(&sample.current_ua.to_le_bytes());
        frame[4..].copy_from_slice(&sample.bits().to_be_bytes());
        self.zip.write_all(&frame).map_err(write_error(&self.path))
    }

    /// Hands everything so far to the system: what ends the program does not lose it.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn flush(&mut self) -> Result<(), Error> {
        self.zip.flush().map_err(write_error(&self.path))?;
        Self::faultless(&self.fault, &self.path)
    }

    /// Closes the file, safe on the disk.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn finish(self) -> Result<(), Error> {
        let mut file = self.zip.finish().map_err(|e| write_error(&self.path)(e.into()))?;
        file.flush().map_err(write_error(&self.path))?;
        file.get_mut().attempt((), |file| file.sync_all());
        Self::faultless(&self.fault, &self.path)
    }
}

fn start(zip: &mut ZipWriter<BufWriter<UntilFault>>, name: &str) -> std::io::Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .large_file(true);
    Ok(zip.start_file(name, options)?)
}

/// Writes the CSV that the app exports, all columns.
pub struct Ppk2CsvWriter<W: Write> {
    out: W,
    rate_hz: u32,
    samples: u64,
}

impl<W: Write> Ppk2CsvWriter<W> {
    /// Writes the header; samples follow at `rate_hz`.
    ///
    /// # Errors
    /// The writer's.
    pub fn new(mut out: W, rate_hz: u32) -> std::io::Result<Self> {
        out.write_all(b"Timestamp(ms),Current(uA),D0-D7,D0,D1,D2,D3,D4,D5,D6,D7\n")?;
        Ok(Self {
            out,
            rate_hz,
            samples: 0,
        })
    }

    /// Appends one sample, the current with three decimals as the app prints it.
    ///
    /// # Errors
    /// The writer's.
    pub fn push(&mut self, sample: &Ppk2Sample) -> std::io::Result<()> {
        let time_ms = self.samples as f64 * 1000.0 / f64::from(self.rate_hz);
        self.samples += 1;
        let bits = sample.characters();
        let packed: String = bits.iter().collect();
        write!(self.out, "{time_ms},{:.3},{packed}", sample.current_ua)?;
        bits.iter().try_for_each(|bit| write!(self.out, ",{bit}"))?;
        self.out.write_all(b"\n")
    }

    /// Leaves a sample out, as the app does where it holds none.
    pub fn skip(&mut self) {
        self.samples += 1;
    }

    /// Hands everything so far to the writer's own end.
    ///
    /// # Errors
    /// The writer's.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }

    /// Flushes and hands the writer back.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> std::io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Writes the current of a simulated board as steps, marked simulated in its first line.
pub struct SimulatedWriter<W: Write> {
    out: W,
}

impl<W: Write> SimulatedWriter<W> {
    /// Writes the header, with the supply in microvolts.
    ///
    /// # Errors
    /// The writer's.
    pub fn new(mut out: W, supply_uv: u64) -> io::Result<Self> {
        writeln!(out, "{}{supply_uv}", super::simulated::MARK)?;
        writeln!(out, "{}", super::simulated::HEADER)?;
        Ok(Self { out })
    }

    /// Appends a step: from an instant on, in picoseconds, a current in picoamperes and the levels of SEQ, AWAKE and UPDATE.
    /// Instants have to rise. The last step only says where the one before it ends.
    ///
    /// # Errors
    /// The writer's.
    pub fn push(&mut self, time_ps: u64, current_pa: u64, [seq, awake, update]: [bool; 3]) -> io::Result<()> {
        let (seq, awake, update) = (u8::from(seq), u8::from(awake), u8::from(update));
        writeln!(self.out, "{time_ps},{current_pa},{seq},{awake},{update}")
    }

    /// Flushes and hands the writer back.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}
