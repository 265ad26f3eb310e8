//! A file of a folder of recordings, with what is said of it.

use std::path::PathBuf;

/// A stretch of a recording with a class of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Span {
    /// From here on, in milliseconds or in samples: the format's documentation and its files differ.
    pub(crate) start: f64,
    /// To here.
    pub(crate) end: f64,
    pub(crate) label: String,
}

/// A file of recordings.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Entry {
    /// The path from the folder on.
    pub(crate) file: String,
    pub(crate) path: PathBuf,
    /// Its class, or its targets, where a list says them.
    pub(crate) answer: Vec<String>,
    /// Whose it is, where a list says so.
    pub(crate) group: Option<String>,
    /// Classes of stretches of it, where a list says them.
    pub(crate) spans: Vec<Span>,
}
