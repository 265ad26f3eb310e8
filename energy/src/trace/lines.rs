use std::io::BufRead;
use std::path::Path;

use super::source::read_error;
use super::{fault, source};
use crate::error::Error;

/// Lines of a file one by one, in one buffer, with their numbers.
pub(super) struct Lines<'a> {
    path: &'a Path,
    reader: Box<dyn BufRead>,
    line: Vec<u8>,
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn open(path: &'a Path) -> Result<Self, Error> {
        Ok(Self {
            path,
            reader: source::open(path)?,
            line: Vec::new(),
            number: 0,
        })
    }

    /// The next line that is not empty, without its end; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        loop {
            self.line.clear();
            if self
                .reader
                .read_until(b'\n', &mut self.line)
                .map_err(read_error(self.path))?
                == 0
            {
                return Ok(None);
            }
            self.number += 1;
            while self.line.last().is_some_and(u8::is_ascii_whitespace) {
                self.line.pop();
            }
            if !self.line.is_empty() {
                return Ok(Some(&self.line));
            }
        }
    }

    /// As [`Self::next`], as text: for headers.
    pub(super) fn next_text(&mut self) -> Result<Option<String>, Error> {
        let line = self.next()?.map(<[u8]>::to_vec);
        let Some(line) = line else { return Ok(None) };
        let text = String::from_utf8(line).map_err(|_| self.fault("is not text; export as UTF-8"))?;
        Ok(Some(text.trim_start_matches('\u{feff}').to_string()))
    }

    /// An error at the line read last.
    pub(super) fn fault(&self, problem: impl Into<String>) -> Error {
        fault(self.path, format!("line {}", self.number), problem)
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

/// Takes the quotes off a field.
pub(super) fn unquoted(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    field
        .strip_prefix(b"\"")
        .and_then(|f| f.strip_suffix(b"\""))
        .unwrap_or(field)
}

/// A number; NaN and infinities come out as NaN (missing), anything else that is no number as `None`.
pub(super) fn number(field: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(unquoted(field)).ok()?;
    if text.is_empty() {
        return Some(f64::NAN);
    }
    let value = text.parse::<f64>().ok()?;
    Some(if value.is_finite() { value } else { f64::NAN })
}
