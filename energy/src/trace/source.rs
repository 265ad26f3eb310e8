//! Opening a trace and telling what it is.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::{Format, fault};
use crate::error::Error;

const BUFFER_BYTES: usize = 1 << 18;
const GZIP: [u8; 2] = [0x1f, 0x8b];

pub(super) fn read_error(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    |source| Error::Read {
        path: path.into(),
        source,
    }
}

/// The bytes of a file, unpacked where it is a gzip.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, Error> {
    let file = File::open(path).map_err(read_error(path))?;
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, file);
    if reader.fill_buf().map_err(read_error(path))?.starts_with(&GZIP) {
        return Ok(Box::new(BufReader::with_capacity(
            BUFFER_BYTES,
            MultiGzDecoder::new(reader),
        )));
    }
    Ok(Box::new(reader))
}

pub(super) fn detect(path: &Path) -> Result<Format, Error> {
    let mut head = Vec::new();
    open(path)?
        .take(4096)
        .read_to_end(&mut head)
        .map_err(read_error(path))?;
    if head.is_empty() {
        return Err(fault(path, "content", "is empty; record again"));
    }
    let format = from_content(&head);
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let promised = match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("ppk2") => Some(("a PPK2 session (zip)", matches!(format, Some(Format::Ppk2)))),
        Some("bin") => Some((
            "an EnergyRunner trace (first byte 0xF1)",
            matches!(format, Some(Format::EnergyRunner)),
        )),
        Some("json") => Some(("a results.json", matches!(format, Some(Format::EnergyRunnerJson)))),
        Some("csv" | "txt") => {
            let text = !matches!(
                format,
                Some(Format::Ppk2 | Format::EnergyRunner | Format::EnergyRunnerJson) | None
            );
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
        (None, _) => Err(fault(path, "content", "is none of the known formats; name the format")),
    }
}

fn from_content(head: &[u8]) -> Option<Format> {
    if head.starts_with(b"PK") {
        return Some(Format::Ppk2);
    }
    if head[0] == 0xf1 {
        return Some(Format::EnergyRunner);
    }
    // A character may be cut at the end of the head.
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => std::str::from_utf8(&head[..e.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('[') || text.starts_with('{') {
        return Some(Format::EnergyRunnerJson);
    }
    let header = text.lines().next().unwrap_or_default();
    let has = |part: &str| header.contains(part);
    Some(match () {
        () if has("Current(uA)") => Format::Ppk2Csv,
        () if has("Time (ns)") && has("Energy (uJ)") => Format::EnergyTrace,
        () if header.starts_with('#') && has("timestamp") => Format::Joulescope,
        () => Format::Csv,
    })
}
