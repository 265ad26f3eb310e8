//! The layout of a text file in columns: comments, titles, the header and its units, the separator, the decimal sign.

use std::collections::VecDeque;
use std::path::Path;

use super::clock::is_time;
use super::lines::{Lines, number, text, unquoted};
use super::{Format, fault, instrument};
use crate::error::Error;

/// The rows of numbers begin within this many lines.
const HEAD_LINES: usize = 512;
/// This many rows decide on the separator.
const ROWS: usize = 16;

/// How a line splits into fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// A space stands for any number of spaces and tabs.
    pub separator: u8,
    pub decimal_comma: bool,
    /// Fields may be quoted and hold the separator.
    quoted: bool,
}

impl Dialect {
    /// The fields of a line, with their quotes.
    pub(super) fn fields<'l>(self, line: &'l [u8]) -> Fields<'l> {
        Fields {
            rest: Some(line),
            dialect: self,
        }
    }

    /// As [`number`], with this dialect's decimal sign.
    pub(super) fn number(self, field: &[u8]) -> Option<f64> {
        if !self.decimal_comma {
            return number(field);
        }
        let mut digits = [0_u8; 64];
        let digits = digits.get_mut(..field.len())?;
        digits.copy_from_slice(field);
        for byte in digits.iter_mut() {
            match *byte {
                b',' => *byte = b'.',
                b'.' => return None,
                _ => {}
            }
        }
        number(digits)
    }
}

/// The fields of one line.
pub(super) struct Fields<'l> {
    rest: Option<&'l [u8]>,
    dialect: Dialect,
}

impl<'l> Iterator for Fields<'l> {
    type Item = &'l [u8];

    #[inline]
    fn next(&mut self) -> Option<&'l [u8]> {
        let mut rest = self.rest?;
        let Dialect { separator, quoted, .. } = self.dialect;
        if separator == b' ' {
            rest = rest.trim_ascii_start();
        }
        let end = if !quoted && separator != b' ' {
            rest.iter().position(|&byte| byte == separator)
        } else {
            let mut inside = false;
            rest.iter().position(|&byte| {
                inside ^= quoted && byte == b'"';
                !inside && (byte == separator || (separator == b' ' && byte == b'\t'))
            })
        };
        let Some(end) = end else {
            self.rest = None;
            return Some(rest);
        };
        let (field, after) = rest.split_at(end);
        self.rest = Some(&after[1..]);
        Some(field)
    }
}

/// A line before the rows.
struct HeadLine {
    number: u64,
    bytes: Vec<u8>,
    ended: bool,
}

impl HeadLine {
    /// What stands behind the sign of a comment.
    fn comment(&self) -> Option<&[u8]> {
        let sign = self.bytes.first().filter(|&&byte| is_comment(byte))?;
        let rest = self.bytes.as_slice();
        Some(rest.trim_ascii_start().trim_start_with(*sign))
    }
}

trait TrimStartWith {
    fn trim_start_with(&self, byte: u8) -> &[u8];
}

impl TrimStartWith for [u8] {
    fn trim_start_with(&self, byte: u8) -> &[u8] {
        let start = self.iter().position(|&b| b != byte).unwrap_or(self.len());
        self[start..].trim_ascii()
    }
}

fn is_comment(byte: u8) -> bool {
    matches!(byte, b'#' | b'%' | b';')
}

/// A file of rows of numbers, after its header.
pub(super) struct Table<'a> {
    lines: Lines<'a>,
    path: &'a Path,
    /// Rows that were read to find the layout.
    buffered: VecDeque<HeadLine>,
    /// The line read last, where it was one of them.
    line: Option<HeadLine>,
    pub dialect: Dialect,
    /// Names of the columns, with their units in brackets where a row of units follows; `1`, `2` and so on without a header.
    pub names: Vec<String>,
    /// The fields of the first row.
    pub first: Vec<String>,
    /// What stands above the header, without the signs of comments.
    pub above: Vec<String>,
}

impl<'a> Table<'a> {
    /// Reads up to the first rows.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Trace`] where no rows of numbers begin within 512 lines.
    pub(super) fn open(path: &'a Path) -> Result<Self, Error> {
        let mut lines = Lines::open(path)?;
        let mut head = Vec::new();
        let mut found = None;
        while head.len() < HEAD_LINES && found.is_none() {
            let Some(bytes) = lines.next()?.map(<[u8]>::to_vec) else {
                break;
            };
            let (number, ended) = (lines.number(), lines.ended());
            head.push(HeadLine { number, bytes, ended });
            // A few rows more than the first one decide on the separator.
            if head.len().is_multiple_of(ROWS) {
                found = layout(&head).filter(|(_, first)| head.len() >= first + ROWS);
            }
        }
        let Some((dialect, first)) = found.or_else(|| layout(&head)) else {
            let problem = "no rows of numbers are found below it, separated by a comma, a semicolon, a tab, a bar or spaces; give one \
                           sample a line";
            return Err(fault(path, "header", problem));
        };
        let rows: VecDeque<HeadLine> = head.drain(first..).collect();
        let row = rows.front().map(|row| row.bytes.as_slice()).unwrap_or_default();
        let first: Vec<String> = dialect.fields(row).map(|field| text(unquoted(field))).collect();
        let (names, above) = header(head, dialect, first.len());
        // They are shown in messages.
        let names = names.map(|names| names.iter().map(|name| name.replace(char::is_control, "")).collect());
        Ok(Self {
            lines,
            path,
            buffered: rows,
            line: None,
            dialect,
            names: names.unwrap_or_else(|| (1..=first.len()).map(|n| n.to_string()).collect()),
            first,
            above,
        })
    }

    /// The format that the header is of.
    pub(super) fn format(&self) -> Format {
        instrument::recognise(&self.names, &self.above)
    }

    /// The next line that is not empty and no comment.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        let separator = self.dialect.separator;
        // sigrok puts lines between the frames of an instrument.
        let is_row = |line: &[u8]| {
            let comment = line.first().is_some_and(|&byte| is_comment(byte) && byte != separator);
            !comment && !line.starts_with(b"FRAME-")
        };
        loop {
            self.line = self.buffered.pop_front();
            let found = match &self.line {
                Some(line) => is_row(&line.bytes),
                None if !self.lines.advance()? => return Ok(None),
                None => is_row(self.lines.line()),
            };
            if found {
                return Ok(Some(match &self.line {
                    Some(line) => &line.bytes,
                    None => self.lines.line(),
                }));
            }
        }
    }

    /// Number of the line read last.
    pub(super) fn number(&self) -> u64 {
        self.line
            .as_ref()
            .map_or_else(|| self.lines.number(), |line| line.number)
    }

    /// Whether the line read last has a line end; the last one of a recording that was cut off has none.
    pub(super) fn ended(&self) -> bool {
        self.line.as_ref().map_or_else(|| self.lines.ended(), |line| line.ended)
    }

    /// An error at the line read last.
    pub(super) fn fault(&self, problem: impl Into<String>) -> Error {
        fault(self.path, format!("line {}", self.number()), problem)
    }
}

/// The names of the columns, and the text above them.
fn header(mut head: Vec<HeadLine>, dialect: Dialect, columns: usize) -> (Option<Vec<String>>, Vec<String>) {
    let split = |line: &HeadLine| -> Option<Vec<String>> {
        let bytes = line.comment().unwrap_or(&line.bytes);
        let fields: Vec<String> = dialect.fields(bytes).map(|field| text(unquoted(field))).collect();
        let empty_end = fields.last().is_some_and(String::is_empty);
        let fits = fields.len() == columns || (fields.len() == columns + 1 && empty_end) || fields.len() + 1 == columns;
        let named = fields
            .iter()
            .any(|name| !name.is_empty() && name.parse::<f64>().is_err());
        (fits && named && (columns > 1 || line.comment().is_none())).then_some(fields)
    };
    // Comments between the header and the rows.
    let mut names = None;
    let below = head.iter().rposition(|line| line.comment().is_none());
    let place = below.filter(|&n| split(&head[n]).is_some()).or_else(|| {
        let last = head.len().checked_sub(1)?;
        split(&head[last]).is_some().then_some(last)
    });
    if let Some(place) = place {
        let mut found = split(&head[place]).unwrap_or_default();
        head.truncate(place);
        let above = head.last().and_then(split);
        if found.iter().all(|unit| unit.is_empty() || instrument::is_unit(unit))
            && let Some(above) = above
        {
            let united = |(name, unit): (&String, &String)| {
                let unit = instrument::bare_unit(unit);
                if unit.is_empty() {
                    name.clone()
                } else {
                    format!("{name} ({unit})")
                }
            };
            found = above.iter().zip(&found).map(united).collect();
            head.pop();
        }
        names = Some(found);
    }
    let above = head
        .iter()
        .map(|line| text(line.comment().unwrap_or(&line.bytes)))
        .collect();
    (names, above)
}

/// The dialect in which most lines of the head are rows, and the index of the first row.
fn layout(head: &[HeadLine]) -> Option<(Dialect, usize)> {
    let quoted = head.iter().any(|line| line.bytes.contains(&b'"'));
    let dialects = [b';', b'\t', b'|', b',', b' '].into_iter().flat_map(|separator| {
        let dialect = |decimal_comma| Dialect {
            separator,
            decimal_comma,
            quoted,
        };
        [dialect(false), dialect(true)]
    });
    let found = dialects
        .filter(|d| !d.decimal_comma || d.separator != b',' || quoted)
        .filter_map(|dialect| rows(head, dialect, 2).map(|(first, rows)| (dialect, first, rows)));
    let best = found.reduce(|best, other| if other.2 > best.2 { other } else { best });
    if let Some((dialect, first, _)) = best {
        return Some((dialect, first));
    }
    // One column.
    let dialect = |decimal_comma| Dialect {
        // Never within a line.
        separator: b'\n',
        decimal_comma,
        quoted: false,
    };
    [dialect(false), dialect(true)]
        .into_iter()
        .find_map(|dialect| Some((dialect, rows(head, dialect, 1)?.0)))
}

/// Index of the first of the rows with which the head ends, and their number.
fn rows(head: &[HeadLine], dialect: Dialect, least: usize) -> Option<(usize, usize)> {
    let shape = |line: &HeadLine| {
        if line
            .bytes
            .first()
            .is_some_and(|&byte| is_comment(byte) && byte != dialect.separator)
        {
            return None;
        }
        row(&line.bytes, dialect, least)
    };
    let first = (0..head.len()).find(|&n| {
        let this = shape(&head[n]);
        // Two lines of one shape make a table; a single one at the end of a file may be one as well.
        this.is_some() && (n + 1 == head.len() || this == shape(&head[n + 1]))
    })?;
    // A bad line after the first row is told when it is read, and no header.
    let like = shape(&head[first]);
    let first = head.iter().position(|line| shape(line) == like).unwrap_or(first);
    let count = head[first..].iter().filter(|line| shape(line).is_some()).count();
    Some((first, count))
}

/// How many fields a row has; `None` where a line is no row: it needs numbers, or a time and a number.
fn row(line: &[u8], dialect: Dialect, least: usize) -> Option<usize> {
    let (mut fields, mut numbers, mut times) = (0, 0, 0);
    for field in dialect.fields(line) {
        fields += 1;
        let bare = unquoted(field);
        if !bare.is_empty() && dialect.number(bare).is_some() {
            numbers += 1;
        } else if is_time(&text(bare)) {
            times += 1;
        }
    }
    let is_row = fields >= least && numbers > 0 && numbers + times >= least.min(2) && (least > 1 || fields == 1);
    is_row.then_some(fields)
}
