//! Recordings as they were read, one by one.

use std::path::PathBuf;

/// One recording, before resampling.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Track {
    /// What errors and warnings call it.
    pub(crate) path: PathBuf,
    /// (T, I).
    pub(crate) values: Vec<f32>,
    /// (T): seconds; empty where unknown.
    pub(crate) times: Vec<f64>,
    /// (T): labels of single samples; empty where it has none.
    pub(crate) labels: Vec<String>,
}

/// What the samples of a folder's files are.
pub(crate) struct Columns {
    /// I.
    pub(crate) count: usize,
    /// One each, or empty.
    pub(crate) names: Vec<String>,
}

/// A folder's files.
pub(crate) struct Tracks {
    pub(crate) list: Vec<Track>,
    /// Where the files say so by themselves; else 0.
    pub(crate) sample_period_s: f64,
    pub(crate) warnings: Vec<String>,
}
