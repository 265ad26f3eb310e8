//! What a file is that holds no text table, by its first bytes.

use crate::Error;
use std::path::Path;

/// First bytes of files that people hand over for a table, what they are, and what to do.
const KNOWN: [(&[u8], &str); 18] = [
    (
        b"version https://git-lfs",
        "a pointer of git-lfs, not the data; fetch the data with: git lfs pull",
    ),
    (
        b"PK\x03\x04",
        "a zip archive or an Excel workbook; unpack it, or save the sheet as CSV",
    ),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save the sheet as CSV"),
    (b"\x1f\x8b", "packed with gzip; unpack it with: gzip -d"),
    (b"BZh", "packed with bzip2; unpack it with: bzip2 -d"),
    (b"\xfd7zXZ\0", "packed with xz; unpack it with: xz -d"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd; unpack it with: zstd -d"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
    (b"SQLite format 3", "an SQLite database; export the table as CSV"),
    (b"\x89HDF", "an HDF5 or MATLAB file; save it as .npy or CSV"),
    (b"MATLAB 5.0", "a MATLAB file; save it as .npy or CSV"),
    (b"\x93NUMPY", "a NumPy array; name it .npy"),
    (b"RIFF", "a WAV file; name it .wav"),
    (b"PAR1", "a Parquet file; save it as CSV"),
    (b"%PDF", "a PDF document; export the table as CSV"),
    (
        b"\x00\x05\x16\x07",
        "a file in which macOS keeps attributes of another one (._NAME), not the data; remove it",
    ),
    (b"{\\rtf", "a rich text document; save it as plain text"),
    (b"<?xml", "XML; export the table as CSV"),
];

/// Refuses what is no text table, by the name of what it is.
pub(super) fn check(path: &Path, head: &[u8]) -> Result<(), Error> {
    let refuse = |what: &str| {
        Err(Error::data(
            path,
            "contents",
            format!("no table of text: this is {what}"),
        ))
    };
    if let Some((_, what)) = KNOWN.iter().find(|(start, _)| head.starts_with(start)) {
        return refuse(what);
    }
    let start = head.trim_ascii_start();
    let start = start[..start.len().min(14)].to_ascii_lowercase();
    if [&b"<!doctype html"[..], b"<html"].iter().any(|s| start.starts_with(s)) {
        return refuse("a web page, perhaps of a sign-in or an error; download the file itself");
    }
    if start.starts_with(b"{") || start.starts_with(b"[{") || start.starts_with(b"[[") {
        return refuse("JSON; name it .json, or export the table as CSV");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_refused_by_name() {
        for (head, word) in [
            (&b"version https://git-lfs.github.com/spec/v1\n"[..], "git lfs pull"),
            (b"\n <!DOCTYPE html><html>", "web page"),
            (b"PK\x03\x04....", "Excel"),
            (b"\x1f\x8b\x08", "gzip"),
            (b"{\"protected\": 1}", "JSON"),
        ] {
            let said = check(Path::new("a.csv"), head).unwrap_err().to_string();
            assert!(said.contains("a.csv") && said.contains(word), "{said}");
        }
        check(Path::new("a.csv"), b"time,ax\n0,1\n").unwrap();
        check(Path::new("a.csv"), b"[g],[g]\n0,1\n").unwrap();
    }
}
