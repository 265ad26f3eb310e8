//! Zip archives in memory, as PyTorch and Keras write them. What their entries unpack to, all together, is bounded by the size of
//! the archive.

use float_model::printable;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Bytes that the entries of an archive may unpack to, however small it is.
const ALWAYS: u64 = 16 << 20;
/// Bytes that each byte of it may unpack to beyond them. Weights hardly get smaller when they are packed.
const EACH: u64 = 4;
/// Entries of the largest archive.
const ENTRIES: usize = 100_000;

/// An archive.
pub(crate) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    names: Vec<String>,
    left: u64,
}

impl<'a> Archive<'a> {
    /// # Errors
    /// What is wrong with the archive.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let zip = ZipArchive::new(Cursor::new(bytes));
        let zip = zip.map_err(|e| format!("is no whole zip archive ({e}); save or copy it again"))?;
        if zip.len() > ENTRIES {
            return Err(format!("has {} entries; a model has a few", zip.len()));
        }
        let names = zip.file_names().filter_map(Result::ok).map(|n| n.to_string()).collect();
        Ok(Archive {
            zip,
            names,
            left: ALWAYS + EACH * bytes.len() as u64,
        })
    }

    /// The names of the entries.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// What an entry holds.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let shown = printable(name);
        let entry = self
            .zip
            .by_name(name)
            .map_err(|e| format!("{shown}: cannot be unpacked ({e}); save it again"))?;
        let mut bytes = Vec::new();
        let read = entry.take(self.left + 1).read_to_end(&mut bytes);
        read.map_err(|e| format!("{shown}: cannot be unpacked ({e}); save it again"))?;
        match self.left.checked_sub(bytes.len() as u64) {
            Some(left) => {
                self.left = left;
                Ok(bytes)
            }
            None => Err(format!(
                "{shown}: unpacks to far more than the archive has; save it again"
            )),
        }
    }
}
