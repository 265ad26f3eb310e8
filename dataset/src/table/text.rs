//! The lines of a text file, whatever its encoding: UTF-8, UTF-16, or a page of one byte a sign.

use super::content;
use crate::{Error, Notes};
use std::{
    borrow::Cow,
    fs::File,
    io::{BufRead, BufReader, Cursor, Read},
    path::{Path, PathBuf},
};

/// Bytes by which the encoding is found.
const HEAD: usize = 1 << 16;
/// The longest line, in bytes. A table of samples has no longer ones.
const LONGEST: u64 = 1 << 24;

/// The lines of a file, one after the other; the file is never in memory as a whole.
pub(crate) struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    /// What ends a line.
    end: u8,
    raw: Vec<u8>,
    decoded: String,
    /// The number of the last line, from 1.
    number: usize,
    /// Whether the last line had an end: a file that was cut off while it was written has none.
    ended: bool,
    /// Whether some line was no UTF-8.
    one_byte: bool,
}

/// A line and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: usize,
    /// Without its end.
    pub(crate) text: &'a str,
    /// Whether it had an end.
    pub(crate) ended: bool,
}

impl Lines {
    /// Opens a file and finds its encoding.
    ///
    /// # Errors
    /// A file that cannot be read, or whose first bytes are those of something else than text.
    pub(crate) fn open(path: &Path, notes: &mut Notes) -> Result<Self, Error> {
        let mut file = File::open(path).map_err(Error::io(path))?;
        let mut head = Vec::new();
        file.by_ref()
            .take(HEAD as u64)
            .read_to_end(&mut head)
            .map_err(Error::io(path))?;
        content::check(path, &head)?;
        let (coding, skip) = coding(&head);
        let zero = coding == Coding::Bytes && head.contains(&0);
        if zero {
            let problem = "no table of text: the file is binary (it holds zero bytes); export it as CSV";
            return Err(Error::data(path, "contents", problem));
        }
        let end = match head.contains(&b'\r') && !head.contains(&b'\n') {
            true => b'\r',
            false => b'\n',
        };
        let rest = Cursor::new(head.split_off(skip)).chain(file);
        let reader: Box<dyn BufRead> = match coding {
            Coding::Bytes => Box::new(BufReader::with_capacity(HEAD, rest)),
            Coding::Utf16(encoding) => {
                notes.understood(format!("text: {}", encoding.name()));
                Box::new(BufReader::with_capacity(HEAD, Utf16::new(rest, encoding)))
            }
        };
        Ok(Lines {
            path: path.into(),
            reader,
            end,
            raw: Vec::new(),
            decoded: String::new(),
            number: 0,
            ended: true,
            one_byte: false,
        })
    }

    /// The next line; `None` at the end of the file.
    ///
    /// # Errors
    /// A file that cannot be read on, and a line of more than 16 MiB.
    pub(crate) fn next(&mut self, notes: &mut Notes) -> Result<Option<Line<'_>>, Error> {
        self.raw.clear();
        let read = self.reader.by_ref().take(LONGEST).read_until(self.end, &mut self.raw);
        let read = read.map_err(Error::io(&self.path))?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if read as u64 == LONGEST {
            let field = format!("line {}", self.number);
            return Err(Error::data(
                &self.path,
                field,
                "more than 16 MiB long; give a line a sample",
            ));
        }
        self.ended = self.raw.last() == Some(&self.end);
        while matches!(self.raw.last(), Some(b'\r' | b'\n')) {
            self.raw.pop();
        }
        let text = match str::from_utf8(&self.raw) {
            Ok(text) => text,
            Err(_) => {
                if !self.one_byte {
                    self.one_byte = true;
                    notes.understood("text: Windows-1252, since it is no UTF-8");
                }
                self.decoded.clear();
                match encoding_rs::WINDOWS_1252.decode_without_bom_handling(&self.raw).0 {
                    Cow::Borrowed(text) => self.decoded.push_str(text),
                    Cow::Owned(text) => self.decoded = text,
                }
                &self.decoded
            }
        };
        Ok(Some(Line {
            number: self.number,
            text,
            ended: self.ended,
        }))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Coding {
    /// UTF-8, or one byte a sign.
    Bytes,
    Utf16(&'static encoding_rs::Encoding),
}

/// The encoding of a file that begins so, and the length of its mark.
fn coding(head: &[u8]) -> (Coding, usize) {
    use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
    match Encoding::for_bom(head) {
        Some((encoding, skip)) if encoding == UTF_8 => return (Coding::Bytes, skip),
        Some((encoding, skip)) => return (Coding::Utf16(encoding), skip),
        None => {}
    }
    // Digits and commas have an upper byte of 0.
    let pairs = head.len() / 2;
    let zeros = |at: usize| head.chunks_exact(2).filter(|pair| pair[at] == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let (most, few) = (pairs - pairs / 10, pairs / 50);
    match () {
        () if pairs >= 4 && second >= most && first <= few => (Coding::Utf16(UTF_16LE), 0),
        () if pairs >= 4 && first >= most && second <= few => (Coding::Utf16(UTF_16BE), 0),
        () => (Coding::Bytes, 0),
    }
}

/// UTF-16 as UTF-8.
struct Utf16<R> {
    from: R,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    /// Bytes of `text` that were handed out.
    given: usize,
    ended: bool,
}

impl<R: Read> Utf16<R> {
    fn new(from: R, encoding: &'static encoding_rs::Encoding) -> Self {
        Utf16 {
            from,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; HEAD],
            text: Vec::new(),
            given: 0,
            ended: false,
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            let count = self.from.read(&mut self.raw)?;
            self.ended = count == 0;
            let room = self.decoder.max_utf8_buffer_length(count).unwrap_or(4 * HEAD);
            self.text.resize(room, 0);
            let (_, _, written, _) = self
                .decoder
                .decode_to_utf8(&self.raw[..count], &mut self.text, self.ended);
            self.text.truncate(written);
            self.given = 0;
        }
        let count = into.len().min(self.text.len() - self.given);
        into[..count].copy_from_slice(&self.text[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> (Vec<String>, Notes) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, bytes).unwrap();
        let mut notes = Notes::default();
        let mut lines = Lines::open(&path, &mut notes).unwrap();
        let mut found = Vec::new();
        while let Some(line) = lines.next(&mut notes).unwrap() {
            found.push(line.text.to_owned());
        }
        (found, notes)
    }

    #[test]
    fn every_encoding_gives_the_same_lines() {
        let text = "Zeit,m/s²\n0,1\n2,3";
        let wanted = ["Zeit,m/s²", "0,1", "2,3"];
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
        let crlf = text.replace('\n', "\r\n");
        let cr = text.replace('\n', "\r");
        for bytes in [
            text.as_bytes(),
            &[b"\xef\xbb\xbf", text.as_bytes()].concat(),
            &[b"\xff\xfe", &le[..]].concat(),
            &[b"\xfe\xff", &be[..]].concat(),
            &le,
            &be,
            &latin,
            crlf.as_bytes(),
            cr.as_bytes(),
        ] {
            assert_eq!(lines(bytes).0, wanted, "{bytes:?}");
        }
        assert_eq!(lines(&latin).1.readings(), ["text: Windows-1252, since it is no UTF-8"]);
        assert_eq!(lines(&be).1.readings(), ["text: UTF-16BE"]);
        assert!(lines(text.as_bytes()).1.readings().is_empty());
    }
}
