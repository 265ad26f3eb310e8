//! Errors of model files and of data. Each names the file, the field and the fix.

use crate::printable_text;
use std::path::PathBuf;

/// Why a model file or data cannot be used.
///
/// As in every crate of this project, the text of an error does not hold that of its cause, which
/// [`source`](std::error::Error::source) gives; [`with_causes`] puts them on one line.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("{path}: cannot be accessed")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no safetensors file.
    #[error("{path}: not a readable safetensors file ({}); is it truncated, or another format?", printable_text(.reason))]
    NotSafetensors {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// A model file holds something else than a model that can be used.
    #[error("{path}: {}", printable_text(.problems))]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong, each with the tensor or the metadata field, and how to fix it.
        problems: String,
    },
    /// A tensor, a metadata field or an array is missing or wrong.
    #[error("{file}: {}: {}", printable_text(.field), printable_text(.problem))]
    Field {
        /// The file, or what stands for it ("model", "data").
        file: String,
        /// The tensor, metadata key or array.
        field: String,
        /// What is wrong, and how to fix it.
        problem: String,
    },
}

/// An error with all of its causes on one line, separated by colons, as the command line prints it.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl Error {
    pub(crate) fn field(file: impl Into<String>, field: impl Into<String>, problem: impl Into<String>) -> Self {
        Error::Field {
            file: file.into(),
            field: field.into(),
            problem: problem.into(),
        }
    }
}
