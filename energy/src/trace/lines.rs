//! Lines of a text file, one by one.

use std::io::{BufRead, Read};
use std::path::Path;

use super::source::read_error;
use super::{fault, source};
use crate::error::Error;

/// A longer line is no row of a table: memory does not grow with what a file holds.
const MOST_LINE_BYTES: u64 = 1 << 20;

/// Lines of a file one by one, in one buffer, with their numbers.
pub(super) struct Lines<'a> {
    path: &'a Path,
    reader: Box<dyn BufRead>,
    line: Vec<u8>,
    number: u64,
    ended: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn open(path: &'a Path) -> Result<Self, Error> {
        Ok(Self {
            path,
            reader: source::open(path)?,
            line: Vec::new(),
            number: 0,
            ended: true,
        })
    }

    /// The next line that is not empty, without its end; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        Ok(self.advance()?.then_some(self.line.as_slice()))
    }

    /// Goes to the next line that is not empty; false at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
        loop {
            self.line.clear();
            let mut limited = (&mut self.reader).take(MOST_LINE_BYTES);
            let got = limited
                .read_until(b'\n', &mut self.line)
                .map_err(read_error(self.path))?;
            if got == 0 {
                return Ok(false);
            }
            if self.number == 0 && self.line.starts_with(b"\xef\xbb\xbf") {
                self.line.drain(..3);
            }
            self.number += 1;
            self.ended = self.line.last() == Some(&b'\n');
            if !self.ended && got as u64 == MOST_LINE_BYTES {
                return Err(self.fault("is longer than 1 MiB; a trace has one sample a line"));
            }
            while self.line.last().is_some_and(u8::is_ascii_whitespace) {
                self.line.pop();
            }
            if !self.line.is_empty() {
                return Ok(true);
            }
        }
    }

    /// The line read last, without its end.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// As [`Self::next`], as text: for headers.
    pub(super) fn next_text(&mut self) -> Result<Option<String>, Error> {
        Ok(self.next()?.map(text))
    }

    /// Whether the line read last has a line end; one without is the last one, and may be cut off.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// An error at the line read last.
    pub(super) fn fault(&self, problem: impl Into<String>) -> Error {
        fault(self.path, format!("line {}", self.number), problem)
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

/// A line as text: UTF-8, or else Windows-1252, which holds Latin-1 (the micro sign of older programs).
pub(super) fn text(line: &[u8]) -> String {
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(line).0.into_owned(),
    }
}

/// Takes the quotes off a field.
pub(super) fn unquoted(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    field
        .strip_prefix(b"\"")
        .and_then(|f| f.strip_suffix(b"\""))
        .map_or(field, <[u8]>::trim_ascii)
}

/// A number; NaN and infinities come out as NaN (missing), anything else that is no number as `None`.
pub(super) fn number(field: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(unquoted(field)).ok()?;
    if text.is_empty() {
        return Some(f64::NAN);
    }
    let value = match text.parse::<f64>() {
        Ok(value) => value,
        Err(_) => unwrapped(text)?.parse().ok()?,
    };
    Some(if value.is_finite() { value } else { f64::NAN })
}

/// What NumPy from version 2 on prints of a scalar: `np.float64(1.25)`.
fn unwrapped(text: &str) -> Option<&str> {
    let (kind, rest) = text.split_once('(')?;
    let number = kind.starts_with("np.") || kind.starts_with("numpy.");
    rest.strip_suffix(')').filter(|_| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_quoted_or_printed_by_numpy() {
        assert_eq!(number(b" \"1.5\" "), Some(1.5));
        assert_eq!(number(b"np.float64(-2e-3)"), Some(-2e-3));
        assert_eq!(number(b"f(1)"), None);
        assert!(number(b"").unwrap().is_nan() && number(b"inf").unwrap().is_nan());
    }

    #[test]
    fn a_line_that_is_no_utf_8_is_windows_1252() {
        assert_eq!(text(b"i (\xb5A)"), "i (\u{b5}A)");
        assert_eq!(text("i (µA)".as_bytes()), "i (µA)");
    }
}
