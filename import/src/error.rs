//! Why a file does not become a model.

use float_model::{printable, printable_text};
use std::path::{Path, PathBuf};

/// An error that names the file, the part of it, and the fix.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{}: cannot be accessed", printable_text(&path.display().to_string()))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file holds another network than a model can be, or is damaged.
    #[error("{}: {}", printable_text(&path.display().to_string()), printable_text(.problems))]
    Refused {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong, each with the tensor, the layer or the node, and how to fix it.
        problems: String,
    },
    /// The tensors are no model, or the file is one of this program's own and is wrong.
    #[error(transparent)]
    Model(#[from] float_model::Error),
    /// A file with the mean and the standard deviation of the inputs cannot be read.
    #[error(transparent)]
    Array(#[from] dataset::Error),
}

impl Error {
    pub(crate) fn refused(path: &Path, problems: impl Into<String>) -> Self {
        Error::Refused {
            path: path.into(),
            problems: problems.into(),
        }
    }
}

/// Names of which a message shows the first ones.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 16;
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| printable(name)).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// At most this many problems, joined; a damaged file may have thousands.
pub(crate) fn joined(problems: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown = problems[..problems.len().min(SHOWN)].join("; ");
    match problems.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more problems"),
    }
}
