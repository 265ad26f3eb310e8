//! Where the class or the group of a recording is written, as a user says it.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Where the class or the group of a recording is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Origin {
    /// The name of a folder: the one that holds the file, or with N that of level N, from 1 at the top.
    Folder(Option<usize>),
    /// A word of the file's name: the one that looks like it, or with N word N, from 1. Where the name has points before its
    /// ending, they separate words, else `_`, `-`, blanks and brackets do.
    FileName(Option<usize>),
    /// A column: of the list of files, or of the files themselves.
    Column,
    /// Nowhere: recordings have no groups.
    None,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Folder(None) => f.write_str("folder"),
            Origin::Folder(Some(n)) => write!(f, "folder:{n}"),
            Origin::FileName(None) => f.write_str("file-name"),
            Origin::FileName(Some(n)) => write!(f, "file-name:{n}"),
            Origin::Column => f.write_str("column"),
            Origin::None => f.write_str("none"),
        }
    }
}

impl FromStr for Origin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unknown = || {
            let problem =
                format!("unknown place '{text}'; expected folder[:N], file-name[:N], column or none, N from 1");
            Error::usage("label_from, group_from", problem)
        };
        let (word, number) = match text.split_once(':') {
            None => (text, None),
            Some((word, n)) => (word, Some(n.parse().ok().filter(|n| *n > 0).ok_or_else(unknown)?)),
        };
        match (word, number) {
            ("folder", n) => Ok(Origin::Folder(n)),
            ("file-name", n) => Ok(Origin::FileName(n)),
            ("column", None) => Ok(Origin::Column),
            ("none", None) => Ok(Origin::None),
            _ => Err(unknown()),
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> String {
        origin.to_string()
    }
}

/// What a user says of the parts of paths; absent: as the folder looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PathRoles {
    /// Where the class is.
    pub label: Option<Origin>,
    /// Where the group is.
    pub group: Option<Origin>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_printed() {
        for text in ["folder", "folder:2", "file-name", "file-name:1", "column", "none"] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), text);
        }
        for text in ["folder:0", "folder:x", "column:1", "path"] {
            assert!(text.parse::<Origin>().unwrap_err().to_string().contains(text));
        }
    }
}
