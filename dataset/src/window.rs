//! Windows of recordings, as they are asked for.

use serde::{Deserialize, Serialize};

/// Windows of a recording: the samples [k·stride, k·stride + length) that lie in it as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Samples of a window.
    pub length: usize,
    /// Samples from the start of one window to that of the next; `length` for windows that follow each other.
    pub stride: usize,
}
