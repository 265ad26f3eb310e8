use skiprnn_nostd::PrintableText;
use std::path::PathBuf;

/// A text of a file as it may be shown: control characters, which a terminal would obey, are written out.
pub(crate) fn printable(text: &str) -> String {
    match text.chars().any(char::is_control) {
        true => text
            .chars()
            .map(|c| {
                if c.is_control() {
                    c.escape_default().to_string()
                } else {
                    c.into()
                }
            })
            .collect(),
        false => text.to_owned(),
    }
}

/// An error that names the file, the field and the fix. The text of an error does not hold that of its cause.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A profile name that is neither built in nor a file.
    #[error("no {what} profile \"{name}\": it is neither built in nor a file; built in are {known}")]
    UnknownProfile {
        /// "board" or "sensor".
        what: &'static str,
        /// The name as it was given.
        name: String,
        /// The built-in names, comma-separated.
        known: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A file that cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A profile that does not hold what a profile must hold.
    #[error("{file}: {}: {}", PrintableText(.field), PrintableText(.problem))]
    Profile {
        /// File, or the built-in profile's name.
        file: String,
        /// The field, dotted.
        field: String,
        /// What is wrong and how to fix it.
        problem: String,
    },
    /// A workload that cannot be.
    #[error("workload: {field}: {problem}")]
    Workload {
        /// The field of [`Workload`](crate::Workload).
        field: &'static str,
        /// What is wrong and how to fix it.
        problem: String,
    },
    /// A trace that does not hold what its format says, or that cannot be relied on.
    #[error("{file}: {}: {}", PrintableText(.place), PrintableText(.problem))]
    Trace {
        /// The file.
        file: String,
        /// Line, sample or part of the file.
        place: String,
        /// What is wrong and how to fix it.
        problem: String,
    },
    /// A recording that cannot go on; what came before is kept.
    #[error("{}: the recording ended early, its first {samples} samples are kept", path.display())]
    Kept {
        /// The file that holds it, which can be measured as it is.
        path: PathBuf,
        /// Samples that it holds at least.
        samples: u64,
        /// Why it ended.
        source: Box<Self>,
    },
    /// An option of a measurement that is missing or does not fit the trace.
    #[error("{option}: {}", PrintableText(.problem))]
    Option {
        /// The option.
        option: &'static str,
        /// What is wrong and how to fix it.
        problem: String,
    },
    /// Board, sensor and workload that do not go together.
    #[error("{}", PrintableText(.0))]
    Mismatch(String),
}
