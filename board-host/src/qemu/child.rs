//! The emulator as a child of this process: it ends with it, however that ends, and leaves no file behind.

use crate::Error;
use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    path::PathBuf,
    process::{self, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Bytes that are read of a pipe at once, and how many such pieces wait to be looked at.
const PIECE: usize = 1 << 17;
const PIECES: usize = 8;
/// How often an emulator that has closed its log is looked at.
const POLL: Duration = Duration::from_millis(5);
/// The most that is kept of what the emulator says besides the log, in bytes.
const MOST_MESSAGES: u64 = 1 << 16;

fn failed(error: impl ToString) -> Error {
    Error::Qemu {
        message: error.to_string(),
    }
}

/// A file without a name, at whose start it is read. It is gone with the last process that has it open.
fn nameless(bytes: &[u8]) -> Result<File, Error> {
    let write = || -> io::Result<File> {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        file.rewind()?;
        Ok(file)
    };
    write().map_err(|source| Error::Io {
        path: std::env::temp_dir(),
        source,
    })
}

/// A standard input with these bytes.
pub fn stream(bytes: &[u8]) -> Result<Stdio, Error> {
    Ok(nameless(bytes)?.into())
}

/// The files that a child reads by their paths.
#[derive(Default)]
pub struct Given {
    /// On Linux a child reads them by the numbers of its open files.
    #[cfg(target_os = "linux")]
    open: Vec<File>,
    /// Elsewhere by names, which go away with this value.
    #[cfg(not(target_os = "linux"))]
    named: Vec<tempfile::NamedTempFile>,
}

impl Given {
    /// The path of a file with these bytes, for the child.
    #[cfg(target_os = "linux")]
    pub fn file(&mut self, bytes: &[u8]) -> Result<PathBuf, Error> {
        use std::os::fd::AsRawFd as _;
        let file = nameless(bytes)?;
        let path = format!("/dev/fd/{}", file.as_raw_fd());
        self.open.push(file);
        Ok(path.into())
    }

    /// The path of a file with these bytes, for the child.
    #[cfg(not(target_os = "linux"))]
    pub fn file(&mut self, bytes: &[u8]) -> Result<PathBuf, Error> {
        let write = || -> io::Result<tempfile::NamedTempFile> {
            let mut file = tempfile::NamedTempFile::new()?;
            file.write_all(bytes)?;
            Ok(file)
        };
        let file = write().map_err(|source| Error::Io {
            path: std::env::temp_dir(),
            source,
        })?;
        let path = file.path().to_owned();
        self.named.push(file);
        Ok(path)
    }

    /// Lets the child have them, and lets it end with this process.
    fn prepare(&self, command: &mut Command) {
        #[cfg(target_os = "linux")]
        super::sys::bind(command, &self.open);
        #[cfg(not(target_os = "linux"))]
        let _ = command;
    }
}

/// A running emulator; it is ended with the value.
pub struct Child {
    process: process::Child,
    _given: Given,
}

impl Child {
    /// Starts it.
    pub fn start(mut command: Command, given: Given) -> Result<Self, Error> {
        given.prepare(&mut command);
        Ok(Self {
            process: command.spawn().map_err(failed)?,
            _given: given,
        })
    }

    /// What it writes to its standard output, which is a pipe; an error of the kind `TimedOut` after this time.
    pub fn log(&mut self, timeout_s: u64) -> Result<Pipe, Error> {
        let output = self.process.stdout.take();
        output
            .map(|output| Pipe::new(output, timeout_s))
            .ok_or_else(|| failed("its log cannot be read"))
    }

    /// What it writes to its standard error, which is a pipe; an error of the kind `TimedOut` after this time.
    pub fn trace(&mut self, timeout_s: u64) -> Result<Pipe, Error> {
        let trace = self.process.stderr.take();
        trace
            .map(|trace| Pipe::new(trace, timeout_s))
            .ok_or_else(|| failed("its log cannot be read"))
    }

    /// What it writes to its standard error, as text.
    pub fn messages(&mut self) -> Messages {
        let reader = self.process.stderr.take().map(|mut error| {
            thread::spawn(move || {
                let mut kept = Vec::new();
                let _ = error.by_ref().take(MOST_MESSAGES).read_to_end(&mut kept);
                // The rest is read and dropped, so that the emulator does not wait for a reader.
                let _ = io::copy(&mut error, &mut io::sink());
                kept
            })
        });
        Messages(reader)
    }

    /// Waits until it has ended by itself, and whether it did so in the time of its log: it may close that and go on.
    pub fn ended(&mut self, log: &Pipe) -> bool {
        loop {
            match self.process.try_wait() {
                Ok(None) if log.left().is_some() => thread::sleep(POLL),
                Ok(None) => return false,
                _ => return true,
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the emulator says besides the log.
pub struct Messages(Option<JoinHandle<Vec<u8>>>);

impl Messages {
    /// The text, once the emulator has ended.
    pub fn finish(self) -> String {
        let kept = self.0.and_then(|reader| reader.join().ok()).unwrap_or_default();
        String::from_utf8_lossy(&kept).trim().to_owned()
    }
}

/// A pipe that is read up to an instant.
pub struct Pipe {
    pieces: Receiver<io::Result<Vec<u8>>>,
    started: Instant,
    limit: Duration,
    piece: io::Cursor<Vec<u8>>,
}

impl Pipe {
    fn new(pipe: impl Read + Send + 'static, timeout_s: u64) -> Self {
        let (sender, pieces) = sync_channel(PIECES);
        thread::spawn(move || hand_on(pipe, &sender));
        Self {
            pieces,
            started: Instant::now(),
            limit: Duration::from_secs(timeout_s),
            piece: io::Cursor::default(),
        }
    }

    /// The time that is left.
    fn left(&self) -> Option<Duration> {
        self.limit.checked_sub(self.started.elapsed())
    }

    /// The next piece; an empty one at the end.
    fn next(&self) -> io::Result<Vec<u8>> {
        let left = self.left().ok_or(io::ErrorKind::TimedOut)?;
        match self.pieces.recv_timeout(left) {
            Ok(piece) => piece,
            Err(RecvTimeoutError::Timeout) => Err(io::ErrorKind::TimedOut.into()),
            Err(RecvTimeoutError::Disconnected) => Ok(Vec::new()),
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.position() == self.piece.get_ref().len() as u64 {
            self.piece = io::Cursor::new(self.next()?);
        }
        self.piece.read(buffer)
    }
}

/// Reads to the end, or until nobody takes the pieces any longer.
fn hand_on(mut pipe: impl Read, sender: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut piece = vec![0; PIECE];
        let read = match pipe.read(&mut piece) {
            Ok(0) => return,
            Ok(bytes) => {
                piece.truncate(bytes);
                Ok(piece)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let over = read.is_err();
        if sender.send(read).is_err() || over {
            return;
        }
    }
}
