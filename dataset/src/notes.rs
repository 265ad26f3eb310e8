//! What was noticed while reading: what files were taken for, what was changed, and what is uncertain.

use float_model::printable_text;
use serde::Serialize;
use std::{fmt, path::Path};

/// Something that a reading rests on and that may be wrong; training asks for the option, `describe` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// What was found, and what else it could be.
    pub text: String,
    /// What to type to settle it, for example `--columns time=t:ms`.
    pub option: String,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; settle it with {}", self.text, self.option)
    }
}

/// One kind of change, over all files that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Counted {
    count: u64,
    text: String,
    files: usize,
    first: String,
}

/// What was noticed while reading. However many files a thing concerns, it is one line. Names from files are made printable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    understood: Vec<String>,
    /// Recordings that files were cut into.
    cut: Option<Counted>,
    counted: Vec<Counted>,
    warnings: Vec<String>,
    doubts: Vec<Doubt>,
}

impl Notes {
    /// What a part of the files was taken for, for example `time: column timestamp, milliseconds since 1970`. Equal lines
    /// are one.
    pub(crate) fn understood(&mut self, text: impl Into<String>) {
        let text = printable_text(&text.into());
        if !self.understood.contains(&text) {
            self.understood.push(text);
        }
    }

    /// `count` recordings that a file of many was cut into.
    pub(crate) fn recordings(&mut self, count: usize, place: &Path) {
        let cut = Counted {
            count: count as u64,
            text: "each up to a change of the group or the class, or a jump of the clock".into(),
            files: 1,
            first: printable_text(&place.display().to_string()),
        };
        self.add_cut(cut);
    }

    fn add_cut(&mut self, cut: Counted) {
        match &mut self.cut {
            Some(known) => {
                known.count += cut.count;
                known.files += cut.files;
            }
            none => *none = Some(cut),
        }
    }

    /// `count` things of one kind in one file, for example 3 `samples with the time of the sample before were left out`. Counts of the
    /// same text in several files are added up.
    pub(crate) fn count(&mut self, count: u64, text: &str, place: &Path) {
        if count == 0 {
            return;
        }
        match self.counted.iter_mut().find(|c| c.text == text) {
            Some(known) => {
                known.count += count;
                known.files += 1;
            }
            None => self.counted.push(Counted {
                count,
                text: text.to_owned(),
                files: 1,
                first: printable_text(&place.display().to_string()),
            }),
        }
    }

    /// A warning of its own. Equal ones are one.
    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        let text = printable_text(&text.into());
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    /// A reading that may be wrong: `text` says what was found and what else it could be, `option` what to type.
    pub(crate) fn doubt(&mut self, text: impl Into<String>, option: impl Into<String>) {
        let doubt = Doubt {
            text: printable_text(&text.into()),
            option: printable_text(&option.into()),
        };
        // Files differ in their figures; what one option settles is one doubt.
        if !self.doubts.iter().any(|d| d.option == doubt.option) {
            self.doubts.push(doubt);
        }
    }

    /// Adds what was noticed in other files.
    pub(crate) fn merge(&mut self, other: Notes) {
        other.understood.into_iter().for_each(|text| self.understood(text));
        other.cut.into_iter().for_each(|cut| self.add_cut(cut));
        for c in other.counted {
            match self.counted.iter_mut().find(|known| known.text == c.text) {
                Some(known) => {
                    known.count += c.count;
                    known.files += c.files;
                }
                None => self.counted.push(c),
            }
        }
        other.warnings.into_iter().for_each(|text| self.warn(text));
        other.doubts.into_iter().for_each(|d| self.doubt(d.text, d.option));
    }

    /// What the files were taken for, a line each.
    #[must_use]
    pub fn readings(&self) -> Vec<String> {
        let cut = self.cut.iter().map(|c| {
            let place = match c.files {
                1 => c.first.clone(),
                n => format!("{n} files"),
            };
            format!("recordings: {} in {place}, {}", c.count, c.text)
        });
        self.understood.iter().cloned().chain(cut).collect()
    }

    /// What was changed, with counts, and what looks wrong, a line each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let counted = self.counted.iter().map(|c| match c.files {
            1 => format!("{} {} (in {})", c.count, c.text, c.first),
            n => format!("{} {} (in {n} files, first in {})", c.count, c.text, c.first),
        });
        counted.chain(self.warnings.iter().cloned()).collect()
    }

    /// What may be wrong, and the option that settles it.
    #[must_use]
    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_one_kind_are_one_line() {
        let mut notes = Notes::default();
        notes.count(2, "doubled stamps were left out", Path::new("a.csv"));
        notes.count(0, "empty lines", Path::new("a.csv"));
        let mut other = Notes::default();
        other.count(3, "doubled stamps were left out", Path::new("b.csv"));
        other.understood("time: column t");
        other.understood("time: column t");
        notes.merge(other);
        assert_eq!(
            notes.warnings(),
            ["5 doubled stamps were left out (in 2 files, first in a.csv)"]
        );
        assert_eq!(notes.readings(), ["time: column t"]);
    }

    #[test]
    fn a_doubt_says_what_to_type() {
        let mut notes = Notes::default();
        notes.doubt("column 'n' rises by 1 in every file", "--columns ignore=n");
        notes.doubt("column 'n' rises by 1 in every file", "--columns ignore=n");
        assert_eq!(notes.doubts().len(), 1);
        assert!(
            notes.doubts()[0]
                .to_string()
                .ends_with("settle it with --columns ignore=n")
        );
    }
}
