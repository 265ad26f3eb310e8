//! What a trace is, by its content and by its name.

use std::io::Read;
use std::path::Path;

use super::source::{open, read_error};
use super::table::Table;
use super::{Format, fault};
use crate::error::Error;

/// The beginning of a file that shows what it is.
const HEAD_BYTES: u64 = 4096;

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
    if text.starts_with(super::simulated::MARK.as_bytes()) {
        return Ok(Some(Format::Simulated));
    }
    if text.starts_with(b"{") {
        return Ok(Some(Format::EnergyRunnerJson));
    }
    Ok(Some(Table::open(path)?.format()))
}
