//! The texts of a blob: UTF-8 in which control characters only separate, and as many names as the model needs.

use super::{Field, ParseError, sections::Sections};

impl<'a> Sections<'a> {
    /// The text of a section, whatever its lines; empty where there is no such section. Control characters other than a line
    /// feed, and a tab where `tabs` says so, are refused.
    fn text(&self, kind: u16, field: Field, tabs: bool) -> Result<&'a str, ParseError> {
        let bytes = self.find(kind, 0, field)?.unwrap_or(&[]);
        let text = core::str::from_utf8(bytes).map_err(|error| ParseError::Utf8 {
            field,
            at: error.valid_up_to(),
        })?;
        let mut last = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            let control = match byte {
                b'\n' => false,
                b'\t' => !tabs,
                0..0x20 | 0x7f => true,
                // U+0080 to U+009F are two bytes.
                0x80..0xa0 => last == 0xc2,
                _ => false,
            };
            if control {
                return Err(ParseError::Control { field, at });
            }
            last = byte;
        }
        Ok(text)
    }

    /// A text of one line.
    pub(super) fn line(&self, kind: u16, field: Field) -> Result<&'a str, ParseError> {
        let text = self.text(kind, field, false)?;
        match text.bytes().position(|byte| byte == b'\n') {
            None => Ok(text),
            Some(at) => Err(ParseError::Control { field, at }),
        }
    }

    /// `count` names with a line feed between two of them, or no text.
    pub(super) fn names(&self, kind: u16, field: Field, count: usize) -> Result<&'a str, ParseError> {
        let text = self.text(kind, field, false)?;
        let found = line_feeds(text).wrapping_add(1);
        match text.is_empty() || found == count {
            true => Ok(text),
            false => Err(ParseError::Lines {
                field,
                needed: count,
                found,
            }),
        }
    }

    /// `count` lines of a name, a tab, a unit and a line feed.
    pub(super) fn named_units(&self, kind: u16, field: Field, count: usize) -> Result<&'a str, ParseError> {
        let text = self.text(kind, field, true)?;
        let mut in_unit = false;
        for (at, byte) in text.bytes().enumerate() {
            match (byte, in_unit) {
                (b'\t', false) => in_unit = true,
                (b'\n', true) => in_unit = false,
                (b'\t' | b'\n', _) => return Err(ParseError::Control { field, at }),
                _ => (),
            }
        }
        let found = line_feeds(text);
        match found == count && (text.is_empty() || text.ends_with('\n')) {
            true => Ok(text),
            false => Err(ParseError::Lines {
                field,
                needed: count,
                found,
            }),
        }
    }
}

fn line_feeds(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}
