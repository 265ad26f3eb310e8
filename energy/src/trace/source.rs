//! Opening a trace and telling what it is.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use flate2::bufread::MultiGzDecoder;

use super::table::Table;
use super::{Format, fault};
use crate::error::Error;

const BUFFER_BYTES: usize = 1 << 18;
const HEAD_BYTES: u64 = 4096;
const GZIP: [u8; 2] = [0x1f, 0x8b];

pub(super) fn read_error(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    |source| Error::Read {
        path: path.into(),
        source,
    }
}

/// The bytes of a file, unpacked where it is a gzip, as UTF-8 where it is UTF-16.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, Error> {
    let file = File::open(path).map_err(read_error(path))?;
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, file);
    if reader.fill_buf().map_err(read_error(path))?.starts_with(&GZIP) {
        let unpacked = BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(reader));
        return decoded(unpacked).map_err(read_error(path));
    }
    decoded(reader).map_err(read_error(path))
}

fn decoded(mut reader: impl BufRead + 'static) -> std::io::Result<Box<dyn BufRead>> {
    let head = reader.fill_buf()?;
    let encoding = match head {
        [0xff, 0xfe, ..] => UTF_16LE,
        [0xfe, 0xff, ..] => UTF_16BE,
        // No mark, but every other byte of the ASCII header is 0.
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => UTF_16LE,
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => UTF_16BE,
        _ => return Ok(Box::new(reader)),
    };
    let utf8 = Utf8 {
        reader,
        decoder: encoding.new_decoder_with_bom_removal(),
        ended: false,
    };
    Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, utf8)))
}

/// UTF-16 as UTF-8, piece by piece.
struct Utf8<R> {
    reader: R,
    decoder: Decoder,
    ended: bool,
}

impl<R: BufRead> Read for Utf8<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while !self.ended {
            let bytes = self.reader.fill_buf()?;
            let last = bytes.is_empty();
            let (result, read, written, _) = self.decoder.decode_to_utf8(bytes, out, last);
            self.reader.consume(read);
            self.ended = last && result == CoderResult::InputEmpty;
            if written > 0 || (read == 0 && !last) {
                return Ok(written);
            }
        }
        Ok(0)
    }
}

/// What other programs save, which is not read, and how to export it.
fn of_another_program(head: &[u8], extension: Option<&str>) -> Option<&'static str> {
    Some(match (head, extension) {
        ([b'j', b'l', b's', b'f', b'm', b't', ..] | [0xd3, b't', b'a', b'g', b'f', b'm', b't', ..], _)
        | (_, Some("jls")) => {
            "is a Joulescope recording; export it as CSV in the Joulescope application, or with `jls csv --count N FILE`, N being \
             the number of its samples"
        }
        (_, Some("ppk")) => {
            "is a session of the first Power Profiler application; open it there and export CSV, or save it as .ppk2 in a newer one"
        }
        (_, Some("otii" | "otii3")) => "is an Otii project; export the recording as CSV in the Otii application",
        (_, Some("pt4" | "pt5")) => "is a recording of Monsoon's PowerTool; export it as CSV there",
        (_, Some("xlsx" | "xls" | "ods")) => "is a workbook; save the sheet as CSV",
        (_, Some("sr")) => "is a sigrok session; export it with `sigrok-cli -i FILE -O csv`",
        _ => return None,
    })
}

pub(super) fn detect(path: &Path) -> Result<Format, Error> {
    let mut head = Vec::new();
    let mut reader = open(path)?.take(HEAD_BYTES);
    reader.read_to_end(&mut head).map_err(read_error(path))?;
    if head.is_empty() {
        return Err(fault(path, "content", "is empty; record again"));
    }
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let name = name.strip_suffix(".partial").unwrap_or(&name);
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    if let Some(problem) = of_another_program(&head, extension) {
        return Err(fault(path, "content", problem));
    }
    let format = from_content(path, &head)?;
    let promised = match extension {
        Some("ppk2") => Some(("a PPK2 session (zip)", matches!(format, Some(Format::Ppk2)))),
        Some("bin") => Some((
            "an EnergyRunner trace (first byte 0xF1)",
            matches!(format, Some(Format::EnergyRunner)),
        )),
        Some("json") => {
            let json = matches!(format, Some(Format::EnergyRunnerJson | Format::Numbers));
            Some(("a results.json or a list of numbers", json))
        }
        Some("csv" | "txt" | "tsv" | "log") => {
            let text = !matches!(format, Some(Format::Ppk2 | Format::EnergyRunner) | None);
            Some(("text in columns", text))
        }
        _ => None,
    };
    match (format, promised) {
        (_, Some((what, false))) => {
            let found = format.map_or("none of the known formats".into(), |f| format!("format {f}"));
            Err(fault(
                path,
                "extension",
                format!("promises {what}, the content is {found}; rename or export again"),
            ))
        }
        (Some(format), _) => Ok(format),
        (None, _) => Err(fault(
            path,
            "content",
            "is none of the known formats; export CSV, or name the format with --format",
        )),
    }
}

fn from_content(path: &Path, head: &[u8]) -> Result<Option<Format>, Error> {
    if head.starts_with(b"PK") {
        return Ok(Some(Format::Ppk2));
    }
    if head.first() == Some(&0xf1) {
        return Ok(Some(Format::EnergyRunner));
    }
    let is_binary = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    if head.iter().any(is_binary) {
        return Ok(None);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if let Some(rest) = text.strip_prefix(b"[") {
        let number = matches!(rest.trim_ascii_start().first(), Some(b'0'..=b'9' | b'-' | b'.' | b'n'));
        return Ok(Some(if number {
            Format::Numbers
        } else {
            Format::EnergyRunnerJson
        }));
    }
    if text.starts_with(b"{") {
        return Ok(Some(Format::EnergyRunnerJson));
    }
    Ok(Some(Table::open(path)?.format()))
}
