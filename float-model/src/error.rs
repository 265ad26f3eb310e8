//! What can be wrong with a model file or with data, said so that the reader can mend it.

use std::path::PathBuf;

/// An error that names the file, the field and the mend.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no safetensors file.
    #[error("{path}: not a readable safetensors file ({reason}); is it truncated, or another format?")]
    NotSafetensors {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// A tensor, a metadata field or an array is missing or wrong.
    #[error("{file}: {field}: {problem}")]
    Field {
        /// The file, or what stands for it ("model", "data").
        file: String,
        /// The tensor, metadata key or array.
        field: String,
        /// What is wrong, and how to mend it.
        problem: String,
    },
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
