//! The log of an image, from bytes to lines.
//!
//! A frame is the number of a line's format string and the line's values, little-endian, encoded by reverse
//! zero-compressing COBS (rzCOBS), with a zero byte behind it. The bytes and the table may be anybody's: a frame, a line, the
//! depth of values in values and the whole log have limits, and nothing is allocated by a number that stands in them. defmt's own
//! decoder, which is made for images that one has built, trusts both: it panics, or allocates by a number of the image.

use super::{
    format::{Digits, Hint, Piece, Type, pieces},
    table::{Kind, Table},
};
use crate::Error;
use std::{
    fmt::{self, Write as _},
    path::Path,
};

/// The longest frame, encoded and decoded, in bytes.
const LONGEST_FRAME: usize = 1 << 16;
/// The longest line, in bytes.
const LONGEST_LINE: usize = 1 << 20;
/// The most that the lines of a run may have, in bytes.
const LONGEST_LOG: usize = 64 << 20;
/// Values within values, at most.
const DEEPEST: usize = 8;

/// Turns a log into lines as it comes.
pub struct Decoder<'t> {
    table: &'t Table,
    /// The frame that has not ended yet, encoded.
    frame: Vec<u8>,
    /// The lines so far.
    pub lines: Vec<String>,
    bytes: usize,
    /// Why the log is not read any further.
    wrong: Option<String>,
}

impl<'t> Decoder<'t> {
    /// A decoder by this table.
    pub fn new(table: &'t Table) -> Self {
        Self {
            table,
            frame: Vec::new(),
            lines: Vec::new(),
            bytes: 0,
            wrong: None,
        }
    }

    /// Whether the rest of the log is not read, because something in it is wrong.
    pub const fn gave_up(&self) -> bool {
        self.wrong.is_some()
    }

    /// Takes bytes of the log; `sink` takes each line that they complete.
    pub fn take(&mut self, bytes: &[u8], sink: &mut dyn FnMut(&str)) {
        let mut rest = bytes;
        while self.wrong.is_none() && !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == 0);
            let part = end.map_or(rest, |end| &rest[..end]);
            rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
            if self.frame.len() + part.len() > LONGEST_FRAME {
                self.wrong = Some(format!("a frame of more than {LONGEST_FRAME} bytes"));
                return;
            }
            self.frame.extend_from_slice(part);
            if end.is_some() && !self.frame.is_empty() {
                match self.line() {
                    Ok(line) => {
                        sink(&line);
                        self.lines.push(line);
                    }
                    Err(why) => self.wrong = Some(why),
                }
                self.frame.clear();
            }
        }
    }

    /// The line of the frame.
    fn line(&mut self) -> Result<String, String> {
        let bytes = unpacked(&self.frame).ok_or("a damaged frame")?;
        let mut values = Values {
            table: self.table,
            bytes: &bytes,
            line: String::new(),
        };
        let number = u16::from_le_bytes(values.array()?);
        let format = self.table.format(number, Kind::Line);
        values.print(format.ok_or("a line that its table does not have")?, None, 0)?;
        let line = values.line;
        self.bytes += line.len();
        match self.bytes > LONGEST_LOG {
            true => Err(format!("a log of more than {} MB", LONGEST_LOG >> 20)),
            false => Ok(line),
        }
    }

    /// All lines. One that the table does not explain means that image and table differ.
    pub fn finish(self, path: &Path) -> Result<Vec<String>, Error> {
        match self.wrong {
            None => Ok(self.lines),
            Some(why) => Err(Error::Image {
                path: path.to_owned(),
                why: format!("its log cannot be decoded after line {}: {why}", self.lines.len()),
            }),
        }
    }
}

/// Undoes rzCOBS, whose last byte comes first: below 0x80 it says for each of seven bytes whether it is zero or stands in front;
/// below 0xff it stands for a zero behind `n + 7` bytes that stand in front; 0xff has 134 of these and no zero.
fn unpacked(frame: &[u8]) -> Option<Vec<u8>> {
    let mut packed = frame.iter().rev().copied();
    let mut bytes = Vec::new();
    while let Some(code) = packed.next() {
        if bytes.len() > LONGEST_FRAME {
            return None;
        }
        match code {
            0 => return None,
            0x01..=0x7f => {
                for bit in (0..7).rev() {
                    bytes.push(match code >> bit & 1 {
                        0 => packed.next()?,
                        _ => 0,
                    });
                }
            }
            _ => {
                let count = match code {
                    0xff => 134,
                    _ => {
                        bytes.push(0);
                        usize::from(code & 0x7f) + 7
                    }
                };
                for _ in 0..count {
                    bytes.push(packed.next()?);
                }
            }
        }
    }
    bytes.reverse();
    Some(bytes)
}

/// The values of a frame, and the line that they become.
struct Values<'a> {
    table: &'a Table,
    bytes: &'a [u8],
    line: String,
}

/// What is said of a frame that ends before its values do.
const TOO_SHORT: &str = "a frame that ends before its values";

impl<'a> Values<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(TOO_SHORT)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (taken, rest) = self.bytes.split_first_chunk().ok_or(TOO_SHORT)?;
        self.bytes = rest;
        Ok(*taken)
    }

    fn length(&mut self) -> Result<usize, String> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    /// A number of this many bytes, at most 16.
    fn number(&mut self, bytes: usize) -> Result<u128, String> {
        let taken = self.take(bytes)?;
        Ok(taken
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u128::from(*byte)))
    }

    /// The format string of a value.
    fn format(&mut self) -> Result<&'a str, String> {
        let number = u16::from_le_bytes(self.array()?);
        let format = self.table.format(number, Kind::Value);
        format.ok_or_else(|| "a value that its table does not have".into())
    }

    /// The variant of an enumeration that comes next; of any other format string all of it.
    fn variant(&mut self, format: &'a str) -> Result<&'a str, String> {
        let others = format.matches('|').count();
        let bytes = match others {
            0 => return Ok(format),
            1..=0xff => 1,
            0x100..=0xffff => 2,
            _ => 4,
        };
        let number = self.number(bytes)? as usize;
        format
            .split('|')
            .nth(number)
            .ok_or_else(|| "a variant that is not there".into())
    }

    fn say(&mut self, text: fmt::Arguments<'_>) -> Result<(), String> {
        // Writing to a String cannot fail.
        let _ = self.line.write_fmt(text);
        match self.line.len() > LONGEST_LINE {
            true => Err(format!("a line of more than {} MB", LONGEST_LINE >> 20)),
            false => Ok(()),
        }
    }

    /// Prints a format string with its values; `outer` is the hint of what it is a part of.
    fn print(&mut self, format: &'a str, outer: Option<Hint>, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(format!("more than {DEEPEST} values within each other"));
        }
        for piece in pieces(format) {
            match piece? {
                Piece::Text(text) => self.say(format_args!("{text}"))?,
                Piece::Value(of, hint) => self.value(of, hint.or(outer), depth)?,
            }
        }
        Ok(())
    }

    fn value(&mut self, of: Type, hint: Option<Hint>, depth: usize) -> Result<(), String> {
        let with = hint.unwrap_or_default();
        match of {
            Type::Unsigned(bytes) => {
                let number = self.number(bytes)?;
                self.digits(number, with)
            }
            Type::Signed(bytes) => self.signed(bytes, with),
            Type::F32 => {
                let number = f32::from_le_bytes(self.array()?);
                self.say(format_args!("{number}"))
            }
            Type::F64 => {
                let number = f64::from_le_bytes(self.array()?);
                self.say(format_args!("{number}"))
            }
            Type::Bool => match self.array()? {
                [0] => self.say(format_args!("false")),
                [1] => self.say(format_args!("true")),
                _ => Err("a truth value that is none".into()),
            },
            Type::Char => {
                let c = char::from_u32(u32::from_le_bytes(self.array()?)).ok_or("a character that is none")?;
                self.text(c.encode_utf8(&mut [0; 4]), with)
            }
            Type::Str => {
                let length = self.length()?;
                let bytes = self.take(length)?;
                self.text(utf8(bytes)?, with)
            }
            Type::Text => {
                let end = self.bytes.iter().position(|byte| *byte == 0xff).ok_or(TOO_SHORT)?;
                let bytes = self.take(end)?;
                self.take(1)?;
                self.text(utf8(bytes)?, with)
            }
            Type::Interned => {
                let text = self.format()?;
                self.text(text, with)
            }
            Type::Bytes => {
                let length = self.length()?;
                self.list_of_bytes(length, with)
            }
            Type::ByteArray(length) => self.list_of_bytes(length, with),
            Type::Format => {
                let format = self.format()?;
                let format = self.variant(format)?;
                self.print(format, hint, depth + 1)
            }
            Type::Slice => {
                let length = self.length()?;
                self.list(length, hint, depth)
            }
            Type::Array(length) => self.list(length, hint, depth),
            Type::Sequence => loop {
                match self.bytes {
                    [0, 0, rest @ ..] => {
                        self.bytes = rest;
                        return Ok(());
                    }
                    _ => {
                        let format = self.format()?;
                        self.print(format, hint, depth + 1)?;
                    }
                }
            },
        }
    }

    fn text(&mut self, text: &str, hint: Hint) -> Result<(), String> {
        match hint.debug {
            true => self.say(format_args!("{text:?}")),
            false => self.say(format_args!("{text}")),
        }
    }

    /// Values of one format string.
    fn list(&mut self, length: usize, hint: Option<Hint>, depth: usize) -> Result<(), String> {
        let format = self.format()?;
        self.say(format_args!("["))?;
        for k in 0..length {
            if k > 0 {
                self.say(format_args!(", "))?;
            }
            let format = self.variant(format)?;
            self.print(format, hint, depth + 1)?;
        }
        self.say(format_args!("]"))
    }

    fn list_of_bytes(&mut self, length: usize, hint: Hint) -> Result<(), String> {
        let bytes = self.take(length)?;
        self.say(format_args!("["))?;
        for (k, byte) in bytes.iter().enumerate() {
            if k > 0 {
                self.say(format_args!(", "))?;
            }
            self.digits((*byte).into(), hint)?;
        }
        self.say(format_args!("]"))
    }

    /// A number of this many bytes; in digits other than decimal ones as its two's complement.
    fn signed(&mut self, bytes: usize, hint: Hint) -> Result<(), String> {
        let number = self.number(bytes)?;
        let unused = 128 - 8 * bytes as u32;
        let value = (number << unused).cast_signed() >> unused;
        match (hint.digits, hint.columns) {
            (Digits::Decimal, columns) => self.say(format_args!("{value:0columns$}")),
            _ => self.digits(number, hint),
        }
    }

    fn digits(&mut self, number: u128, hint: Hint) -> Result<(), String> {
        let columns = hint.columns;
        match (hint.digits, hint.prefix) {
            (Digits::Decimal, _) => self.say(format_args!("{number:0columns$}")),
            (Digits::Hex, false) => self.say(format_args!("{number:0columns$x}")),
            (Digits::Hex, true) => self.say(format_args!("{number:#0columns$x}")),
            (Digits::UpperHex, false) => self.say(format_args!("{number:0columns$X}")),
            (Digits::UpperHex, true) => self.say(format_args!("{number:#0columns$X}")),
            (Digits::Octal, false) => self.say(format_args!("{number:0columns$o}")),
            (Digits::Octal, true) => self.say(format_args!("{number:#0columns$o}")),
            (Digits::Binary, false) => self.say(format_args!("{number:0columns$b}")),
            (Digits::Binary, true) => self.say(format_args!("{number:#0columns$b}")),
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "a text that is no UTF-8".into())
}

#[cfg(test)]
mod tests;
