//! What the names of files and folders say.

use std::path::Path;

/// Names of the folders of one part of a set: training, test, and parts that are not read.
pub(crate) const TRAINING: [&str; 2] = ["train", "training"];
pub(crate) const TEST: [&str; 2] = ["test", "testing"];
pub(crate) const OTHER: [&str; 4] = ["val", "valid", "validation", "dev"];

/// The name of a file, in lower case.
pub(crate) fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase()
}

/// Whether a folder of this name is one part of a set.
pub(crate) fn is_part(name: &str) -> bool {
    [&TRAINING[..], &TEST, &OTHER].concat().contains(&name)
}
