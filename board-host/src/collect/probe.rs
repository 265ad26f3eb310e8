//! A program that shows a board's log, such as `probe-rs run`, read as it runs.

use super::{Heard, Listener, patience};
use crate::{Error, log};
use std::{
    io::{self, BufRead, BufReader, ErrorKind},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

/// How long a line of the log may be: a line that is longer is cut, so that no program fills the memory.
const LONGEST_LINE: u64 = 1 << 16;
/// How often it is looked whether to stop.
const GLANCE: Duration = Duration::from_millis(50);

/// When to stop reading.
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    /// Set from elsewhere, as by Ctrl-C, to stop.
    pub stop: &'a AtomicBool,
    /// How long the program may take until the board begins to record: it may write the board's flash first.
    pub start: Duration,
    /// How long the board may be silent while it records, at least; three times a block where that is longer.
    pub silence: Duration,
}

/// How a recording ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The board said that it is complete.
    Complete,
    /// The sink has enough, or it was stopped.
    Stopped,
    /// The board said nothing for this long.
    Silent(Duration),
    /// The program ended: with which status, in words.
    Gone(String),
}

/// The program; it is ended when this goes.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a program that writes a board's log to its standard output, and hands what the board says to `sink` line by line, until
/// the board has recorded all, `sink` says that it has enough, `watch` says so, or the program ends. A line that was cut off by
/// the program's end is not read. The program is ended too.
///
/// # Errors
/// The program cannot be started; or as [`Listener::line`].
pub fn follow(
    mut command: Command,
    board: &'static str,
    watch: &Watch<'_>,
    sink: &mut dyn FnMut(Heard) -> bool,
) -> Result<Ending, Error> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    apart(&mut command);
    let name = command.get_program().to_string_lossy().into_owned();
    let mut running = Running(command.spawn().map_err(|source| Error::Start { name, source })?);
    let stdout = running.0.stdout.take();
    let lines = lines(stdout.map(BufReader::new));
    let mut listener = Listener::new(board);
    let (mut limit, mut heard_at) = (watch.start, Instant::now());
    loop {
        if watch.stop.load(Ordering::Relaxed) {
            return Ok(Ending::Stopped);
        }
        match lines.recv_timeout(GLANCE) {
            Ok(line) => {
                let heard = listener.line(&line)?;
                if let Some(heard) = heard {
                    heard_at = Instant::now();
                    if let Heard::Begun(source) = &heard {
                        limit = watch.silence.max(patience(source));
                    }
                    let enough = sink(heard);
                    if listener.complete() {
                        return Ok(Ending::Complete);
                    }
                    if enough {
                        return Ok(Ending::Stopped);
                    }
                }
                if log::is_last(&line) && listener.complete() {
                    return Ok(Ending::Complete);
                }
            }
            Err(RecvTimeoutError::Timeout) if heard_at.elapsed() > limit => return Ok(Ending::Silent(limit)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let status = running.0.wait().map(|status| status.to_string());
                return Ok(Ending::Gone(status.unwrap_or_else(|error| error.to_string())));
            }
        }
    }
}

/// The lines of a program's output, from a thread of their own. A line without its end is none.
fn lines(output: Option<impl BufRead + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::sync_channel(1024);
    thread::spawn(move || {
        let Some(mut output) = output else { return };
        while let Ok(Some(line)) = line(&mut output) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The next line; none where the output ends before the line does.
fn line(output: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    loop {
        match io::Read::take(&mut *output, LONGEST_LINE).read_until(b'\n', &mut bytes) {
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let whole = bytes.ends_with(b"\n") || bytes.len() as u64 >= LONGEST_LINE;
    Ok(whole.then(|| String::from_utf8_lossy(&bytes).trim_end().to_owned()))
}

/// Keeps Ctrl-C at the terminal from the program, which would end before its last lines are read.
#[cfg(unix)]
fn apart(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Elsewhere the program gets Ctrl-C too.
#[cfg(not(unix))]
fn apart(_: &mut Command) {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_line_that_was_cut_off_is_none_and_an_endless_one_comes_in_pieces() {
        let mut cut = Cursor::new(b"one\r\ntwo\nthr".to_vec());
        assert_eq!(line(&mut cut).unwrap().as_deref(), Some("one"));
        assert_eq!(line(&mut cut).unwrap().as_deref(), Some("two"));
        assert_eq!(line(&mut cut).unwrap(), None);
        let mut endless = Cursor::new(vec![b'x'; 3 << 16]);
        for _ in 0..3 {
            assert_eq!(line(&mut endless).unwrap().map(|line| line.len()), Some(1 << 16));
        }
        assert_eq!(line(&mut endless).unwrap(), None);
    }
}
