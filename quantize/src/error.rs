//! Why a model cannot become a blob.

/// An error that names the file or the field, and the fix. The text of an error does not hold that of its cause.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model or the data are not valid.
    #[error(transparent)]
    Model(#[from] float_model::Error),
    /// A part of the model has no fixed-point form.
    #[error("{field}: {}", float_model::printable_text(.problem))]
    Unquantizable {
        /// The tensor and row.
        field: String,
        /// What is wrong, and how to fix it.
        problem: String,
    },
    /// Bytes that are not a valid blob.
    #[error("{file}: invalid blob")]
    Blob {
        /// The file, or what stands for it.
        file: String,
        /// What the parser found.
        source: skiprnn_nostd::ParseError,
    },
    /// Data and blob do not fit each other.
    #[error("{file}: {}", float_model::printable_text(.problem))]
    Data {
        /// The file, or what stands for it.
        file: String,
        /// What does not fit, and how to fix it.
        problem: String,
    },
}

impl Error {
    pub(crate) fn unquantizable(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Error::Unquantizable {
            field: field.into(),
            problem: problem.into(),
        }
    }
}
