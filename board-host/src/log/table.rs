//! The table in an image's ELF that turns its log back into text.
//!
//! The image logs with [defmt](https://defmt.ferrous-systems.com): each format string is the name of a symbol in the section
//! `.defmt`, as JSON with the fields `tag` and `data`, and the symbol's value is the number that the log has for it. The symbols
//! `_defmt_version_ = N` and `_defmt_encoding_ = rzcobs` say how the log is written.

use crate::Error;
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeMap, path::Path};
use virtual_board::host::symbols::Symbols;

/// Versions of the log's format that are read. They differ in what no image of this project uses.
const VERSIONS: [&str; 2] = ["3", "4"];
/// The way in which frames are told apart.
const ENCODING: &str = "rzcobs";

/// What the name of a symbol says.
#[derive(Deserialize)]
struct Name<'e> {
    #[serde(borrow)]
    tag: Cow<'e, str>,
    #[serde(borrow)]
    data: Cow<'e, str>,
}

/// Whether a format string is that of a line, or of a value within one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line.
    Line,
    /// A value.
    Value,
}

impl Kind {
    fn of(tag: &str) -> Option<Self> {
        match tag {
            "defmt_println" | "defmt_trace" | "defmt_debug" | "defmt_info" | "defmt_warn" | "defmt_error" => {
                Some(Self::Line)
            }
            "defmt_prim" | "defmt_derived" | "defmt_write" | "defmt_str" => Some(Self::Value),
            _ => None,
        }
    }
}

/// Format strings by their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    entries: BTreeMap<u16, (Kind, String)>,
}

impl Table {
    /// Reads it from the symbols of an ELF; `path` names that in errors.
    ///
    /// # Errors
    /// The file is no ELF or has no such table, or one that is written in another way.
    pub fn read(elf: &[u8], path: &Path) -> Result<Self, Error> {
        let image = |why: String| Error::Image {
            path: path.to_owned(),
            why,
        };
        let symbols = Symbols::read(elf).map_err(image)?;
        let of_table = |name: &str| name == ".defmt" || name.starts_with(".defmt.");
        if !symbols.sections().iter().any(|name| of_table(name)) {
            return Err(image("the ELF has no table of log lines (section .defmt)".into()));
        }
        let said = |what: &str| {
            let prefix = format!("_defmt_{what}_ = ");
            let found = symbols
                .iter()
                .find_map(|symbol| symbol.name.trim_matches('"').strip_prefix(&prefix));
            found.ok_or_else(|| image(format!("the ELF does not say the {what} of its log")))
        };
        let (version, encoding) = (said("version")?, said("encoding")?);
        if !VERSIONS.contains(&version) || encoding != ENCODING {
            return Err(image(format!(
                "its log is of version {version:.20} in {encoding:.20}; this program reads version {} in {ENCODING}",
                VERSIONS.join(" and ")
            )));
        }
        let mut entries = BTreeMap::new();
        for symbol in symbols.iter() {
            if !symbols.section_of(symbol).is_some_and(of_table) || !symbol.name.starts_with('{') {
                continue;
            }
            let name: Name<'_> = serde_json::from_str(symbol.name)
                .map_err(|error| image(format!("the table of its log is damaged: {error}")))?;
            if name.tag == "defmt_timestamp" {
                return Err(image(
                    "its log has times of its own, which no image of this project has".into(),
                ));
            }
            if let (Some(kind), Ok(number)) = (Kind::of(&name.tag), u16::try_from(symbol.value)) {
                entries.insert(number, (kind, name.data.into_owned()));
            }
        }
        Ok(Self { entries })
    }

    /// The format string of this number, if it is of this kind.
    pub fn format(&self, number: u16, kind: Kind) -> Option<&str> {
        self.entries
            .get(&number)
            .filter(|(of, _)| *of == kind)
            .map(|(_, format)| format.as_str())
    }

    /// A table of these entries.
    #[cfg(test)]
    pub fn of(entries: &[(u16, Kind, &str)]) -> Self {
        Self {
            entries: entries
                .iter()
                .map(|(number, kind, format)| (*number, (*kind, (*format).to_owned())))
                .collect(),
        }
    }
}
