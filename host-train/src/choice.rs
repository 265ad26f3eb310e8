//! An option of training that nobody gave and the recordings chose.

use serde::{Deserialize, Serialize};

/// One option that the rules chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The option of `skiprnn train`, for example `--start-every`.
    pub option: String,
    /// Its value, as one would give it.
    pub value: String,
    /// Why, in a sentence without its full stop.
    pub why: String,
}
