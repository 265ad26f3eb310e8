//! Samples from a serial port, a line each: numbers separated by commas or tabs, as the data forwarder of Edge Impulse reads
//! them (docs.edgeimpulse.com, "Data forwarder").

use crate::{Error, collect::Ending};
use serial2::SerialPort;
use skiprnn_nostd::Printable;
use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// Bits a second where nothing else is said.
pub const BAUD: u32 = 115_200;

/// A line may be as long as this, in bytes.
const LONGEST_LINE: usize = 4096;
/// Columns that a line may have.
const MOST_COLUMNS: usize = 64;
/// Lines without a sample, before the first one, after which the port counts as one that sends something else.
const PATIENCE: usize = 20;
/// Lines in a row with one other number of columns, after which the sender has changed.
const CHANGED: usize = 3;
/// What comes within this of the opening was waiting before, here or in the board: how often it was made is not known.
const WAITING: Duration = Duration::from_millis(100);
/// How often it is looked whether to stop.
const GLANCE: Duration = Duration::from_millis(50);

/// A line of the port, after the first one, which may have begun before it was listened to.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// When the end of it arrived, since the port was opened. Lines that arrive together have one time.
    pub at: Duration,
    /// A sample; none where the line is no row of numbers, or has more or fewer than the others.
    pub values: Option<Vec<f64>>,
}

/// Opens a port and hands its lines to `sink` as they come; what waited in the port before, and what comes in the first tenth of a
/// second, is passed over. It goes on until `sink` says that it has enough, `stop` is set, nothing comes
/// for as long as `silence`, or the port goes away.
///
/// # Errors
/// [`Error::Port`] where `path` is no serial port, or the port sends no lines of numbers, or lines with another number of columns than
/// at first; [`Error::Io`] where it cannot be opened.
pub fn listen(
    path: &Path,
    baud: u32,
    stop: &AtomicBool,
    silence: Duration,
    sink: &mut dyn FnMut(Line) -> bool,
) -> Result<Ending, Error> {
    let open = || {
        let mut port = SerialPort::open(path, baud)?;
        port.set_read_timeout(GLANCE)?;
        port.discard_input_buffer()?;
        Ok(port)
    };
    let port = open().map_err(|source| not_opened(path, source))?;
    // Boards with USB of their own send nothing before somebody is there; a port without the line has no need of it.
    let _ = port.set_dtr(true);
    let (started, mut heard) = (Instant::now(), Instant::now());
    let mut reader = Reader::default();
    let mut buffer = [0; 4096];
    loop {
        if stop.load(Ordering::Relaxed) {
            return Ok(Ending::Stopped);
        }
        let count = match port.read(&mut buffer) {
            Ok(0) => return Ok(Ending::Gone("it ended".into())),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if [ErrorKind::TimedOut, ErrorKind::WouldBlock].contains(&error.kind()) => {
                if heard.elapsed() > silence {
                    return Ok(Ending::Silent(silence));
                }
                continue;
            }
            Err(error) => return Ok(Ending::Gone(error.to_string())),
        };
        heard = Instant::now();
        let at = heard - started;
        if at < WAITING {
            continue;
        }
        let mut enough = false;
        let taken = reader.take(&buffer[..count], &mut |values| {
            enough = enough || sink(Line { at, values });
        });
        taken.map_err(|why| Error::Port {
            port: path.to_owned(),
            why,
        })?;
        if enough {
            return Ok(Ending::Stopped);
        }
    }
}

/// The rows of the bytes that a port sent, as [`listen`] hears them: a sample, or none where the line is no row of numbers or has
/// more or fewer than the others.
///
/// # Errors
/// Why these are no lines of numbers.
pub fn rows(bytes: &[u8]) -> Result<Vec<Option<Vec<f64>>>, String> {
    let (mut reader, mut rows) = (Reader::default(), Vec::new());
    reader.take(bytes, &mut |row| rows.push(row))?;
    Ok(rows)
}

/// Why a serial port cannot be opened: an [`Error::Port`] that says what is at its path, where that is no port, and which ports there
/// are; an [`Error::Io`] for any other reason.
#[must_use]
pub fn not_opened(path: &Path, source: io::Error) -> Error {
    let what = match fs::metadata(path) {
        Ok(found) if found.is_file() => "is a file, and no serial port",
        Ok(found) if found.is_dir() => "is a folder, and no serial port",
        Ok(_) if not_a_terminal(&source) => "is no serial port",
        Err(_) if source.kind() == ErrorKind::NotFound => "there is no such serial port",
        _ => "",
    };
    if what.is_empty() {
        let path = path.to_owned();
        return Error::Io { path, source };
    }
    Error::Port {
        port: path.to_owned(),
        why: format!("{what}; {}", ports()),
    }
}

/// Whether the system says that a file is no terminal.
fn not_a_terminal(error: &io::Error) -> bool {
    /// ENOTTY, of every Unix.
    const NO_TERMINAL: i32 = 25;
    cfg!(unix) && error.raw_os_error() == Some(NO_TERMINAL)
}

/// The serial ports of this machine, for a message.
fn ports() -> String {
    let Ok(mut found) = SerialPort::available_ports() else {
        return "which ports there are, this system does not say".to_owned();
    };
    found.sort();
    match found.as_slice() {
        [] => "this machine has no serial port now: is the board plugged in?".to_owned(),
        [only] => format!("the only port of this machine is {}", only.display()),
        several => {
            let names: Vec<String> = several.iter().map(|port| port.display().to_string()).collect();
            format!("the ports of this machine are {}", names.join(", "))
        }
    }
}

/// Makes lines of bytes, and rows of numbers of lines.
#[derive(Debug, Default)]
struct Reader {
    line: Vec<u8>,
    /// Lines so far.
    lines: usize,
    /// Columns of the first sample; none before it.
    columns: Option<usize>,
    /// The last other number of columns, and how many lines in a row had it.
    other: (usize, usize),
}

impl Reader {
    /// Takes bytes; `sink` takes the row of each line that they complete.
    fn take(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Option<Vec<f64>>)) -> Result<(), String> {
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                if self.line.len() > LONGEST_LINE {
                    return Err(format!(
                        "sends {LONGEST_LINE} bytes without the end of a line; is --baud what the board sends at?"
                    ));
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            self.lines += 1;
            // The first one may have begun before the port was opened.
            if self.lines > 1 && !line.trim_ascii().is_empty() {
                sink(self.row(&line)?);
            }
        }
        Ok(())
    }

    fn row(&mut self, line: &[u8]) -> Result<Option<Vec<f64>>, String> {
        let row = numbers(line);
        match (row, self.columns) {
            (Some(row), None) => {
                self.columns = Some(row.len());
                Ok(Some(row))
            }
            (Some(row), Some(columns)) if row.len() == columns => {
                self.other = (0, 0);
                Ok(Some(row))
            }
            (Some(row), Some(columns)) => {
                let before = if self.other.0 == row.len() { self.other.1 } else { 0 };
                self.other = (row.len(), before + 1);
                match before + 1 < CHANGED {
                    true => Ok(None),
                    false => Err(format!(
                        "sends {} numbers a line since line {}, and sent {columns} before; stop the sender and begin again",
                        row.len(),
                        self.lines + 1 - CHANGED
                    )),
                }
            }
            (None, None) if self.lines > PATIENCE => {
                let shown = String::from_utf8_lossy(line);
                Err(format!(
                    "sends no lines of numbers separated by commas or tabs, but such as \"{}\"; is --baud what the board sends at?",
                    Printable(shown.trim())
                ))
            }
            (None, _) => Ok(None),
        }
    }
}

/// The numbers of a line; one separator may stand behind the last.
fn numbers(line: &[u8]) -> Option<Vec<f64>> {
    let line = std::str::from_utf8(line).ok()?.trim();
    let line = line.strip_suffix([',', '\t']).unwrap_or(line);
    let mut row = Vec::new();
    for cell in line.split([',', '\t']) {
        let value: f64 = cell.trim().parse().ok()?;
        if !value.is_finite() || row.len() == MOST_COLUMNS {
            return None;
        }
        row.push(value);
    }
    Some(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> (Vec<Option<Vec<f64>>>, Result<(), String>) {
        let (mut reader, mut rows) = (Reader::default(), Vec::new());
        let mut ended = Ok(());
        // In pieces that fall anywhere.
        for piece in text.as_bytes().chunks(7) {
            ended = ended.and_then(|()| reader.take(piece, &mut |row| rows.push(row)));
        }
        (rows, ended)
    }

    #[test]
    fn numbers_are_separated_by_commas_or_tabs_and_the_first_line_is_dropped() {
        let (found, ended) = rows("12,3\n-0.12,-6.20,7.90\r\n1\t2e-3\t 3\n\n4,5,6,\n7,8");
        let expected = [vec![-0.12, -6.2, 7.9], vec![1.0, 2e-3, 3.0], vec![4.0, 5.0, 6.0]].map(Some);
        assert_eq!((found.as_slice(), ended), (expected.as_slice(), Ok(())));
    }

    #[test]
    fn a_bad_line_is_no_sample_and_a_lasting_change_of_columns_is_refused() {
        let (found, ended) = rows("x\n1,2,3\n1,2\nhello\n1,NaN,3\n1,2,\u{fffd}\n4,5,6\n1,2\n1,2,3,4\n7,8,9\n");
        let samples: Vec<bool> = found.iter().map(Option::is_some).collect();
        assert_eq!(samples, [true, false, false, false, false, true, false, false, true]);
        assert_eq!(ended, Ok(()));
        let (_, ended) = rows("x\n1,2,3\n1,2\n1,2\n1,2\n");
        let why = ended.unwrap_err();
        assert!(
            why.starts_with("sends 2 numbers a line since line 3, and sent 3 before"),
            "{why}"
        );
    }

    #[test]
    fn a_port_that_sends_something_else_is_named() {
        let (_, ended) = rows(&"hello\u{7}\n".repeat(30));
        let why = ended.unwrap_err();
        assert!(why.contains("\"hello\\u{7}\"") && why.contains("--baud"), "{why}");
        let (_, ended) = rows(&"x".repeat(5000));
        assert!(ended.unwrap_err().contains("without the end of a line"));
        let many = "1,".repeat(65) + "1";
        assert_eq!(numbers(many.as_bytes()), None);
    }
}
