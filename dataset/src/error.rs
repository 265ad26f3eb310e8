//! What can go wrong between a file of recordings and a dataset.

use float_model::printable_text;
use std::path::{Path, PathBuf};

/// An error that names the file, the field and the fix.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option has a value that cannot work.
    #[error("{field}: {}", printable_text(.problem))]
    Usage {
        /// The option, as it is named in `config.toml`.
        field: String,
        /// What is wrong, and what to give instead.
        problem: String,
    },
    /// A file cannot be read or written.
    #[error("{}: cannot be accessed", printable_text(&path.display().to_string()))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file holds something else than it should.
    #[error("{file}: {field}: {problem}")]
    Data {
        /// The file.
        file: String,
        /// The array, column or key.
        field: String,
        /// What is wrong, and how to fix it.
        problem: String,
    },
    /// An array of sequences is wrong.
    #[error(transparent)]
    Model(#[from] float_model::Error),
}

/// What is wrong with a text that is no TOML, or has a field too few, too many or of another type: the line and the problem.
#[must_use]
pub fn toml_problem(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().and_then(|span| text.get(..span.start));
    let line = line.map_or(1, |before| before.matches('\n').count() + 1);
    float_model::printable_text(&format!("line {line}: {}", error.message().trim()))
}

impl Error {
    /// A bad option value.
    pub fn usage(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Error::Usage {
            field: field.into(),
            problem: problem.into(),
        }
    }

    /// Whether the caller gave something wrong (exit code 2), as opposed to something having failed (exit code 1).
    pub fn is_usage(&self) -> bool {
        matches!(self, Error::Usage { .. })
    }

    /// A file with wrong contents. Names from files in the texts are made printable.
    pub(crate) fn data(file: &Path, field: impl Into<String>, problem: impl Into<String>) -> Self {
        Error::Data {
            file: printable_text(&file.display().to_string()),
            field: printable_text(&field.into()),
            problem: printable_text(&problem.into()),
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Error::Io {
            path: path.into(),
            source,
        }
    }
}
