//! Names by which people call the columns that are no channels, in a table of samples. Some are also those of columns of a list of
//! files (`crate::names`); others are not, as `y` is an axis here, and `name` no file.

use super::{stamp::words, units};
use crate::names::{CLASSES, PERSONS};

/// Names of the column that holds the class of each sample, beside those that lists of files have too.
const LABELS: [&str; 8] = [
    "classes",
    "activities",
    "annotation",
    "gesture",
    "activity_name",
    "label_name",
    "ground_truth",
    "activity_label",
];
/// Names of the column that says whose a sample is, beside those that lists of files have too.
const GROUPS: [&str; 4] = ["individual", "wearer", "proband", "owner"];
/// Names of the column that tells recordings of one file apart.
const SEQUENCES: [&str; 10] = [
    "sequence",
    "recording",
    "trial",
    "session",
    "segment",
    "series",
    "execution",
    "repetition",
    "file",
    "filename",
];
/// Names of columns that number the samples.
const INDICES: [&str; 20] = [
    "index",
    "idx",
    "sample",
    "samples",
    "sample_number",
    "sample_no",
    "sample_index",
    "sample_n",
    "samplenumber",
    "frame",
    "row",
    "n",
    "no",
    "nr",
    "count",
    "counter",
    "packet",
    "packet_counter",
    "seq",
    "unnamed_0",
];
/// More classes than this are none in a column of whole numbers.
pub(super) const MOST_CLASSES: usize = 200;

/// A name in small letters, its words joined by `_`.
pub(super) fn plain(name: &str) -> String {
    let base = units::bracketed(name).map_or(name, |(base, _)| base);
    words(base).join("_")
}

/// Whether a name is a word, or it with `id`, `name`, `number` beside it.
fn belongs(name: &str, word: &str) -> bool {
    let rest = name.strip_prefix(word).unwrap_or("?");
    let rest = rest.trim_start_matches('s').trim_start_matches('_');
    ["", "id", "name", "number", "no", "nr", "num", "ids"].contains(&rest)
}

/// Whether a name is that of the class of each sample.
pub(super) fn is_label(name: &str) -> bool {
    let name = plain(name);
    CLASSES.iter().chain(&LABELS).any(|l| *l == name)
}

/// Whether a name says whose a sample is; `many`: whether an `id` is one.
pub(super) fn is_group(name: &str, many: bool) -> bool {
    let name = plain(name);
    (many && name == "id") || PERSONS.iter().chain(&GROUPS).any(|g| belongs(&name, g))
}

/// Whether a name tells recordings of one file apart.
pub(super) fn is_sequence(name: &str) -> bool {
    let name = plain(name);
    SEQUENCES.iter().any(|s| belongs(&name, s))
}

/// Whether a name is that of the number of a sample, or no name at all.
pub(super) fn is_index(name: &str) -> bool {
    let name = name.trim();
    let bare = plain(name);
    let last = bare.rsplit('_').next().unwrap_or("");
    let of_many = bare.contains('_') && ["index", "sample", "number", "counter", "idx"].contains(&last);
    name.is_empty() || name == "#" || INDICES.contains(&bare.as_str()) || of_many
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_their_forms() {
        for name in ["label", "Activity", "class", "ground_truth", "activityLabel"] {
            assert!(is_label(name), "{name}");
        }
        for name in [
            "subject",
            "Subject ID",
            "user_id",
            "participantId",
            "volunteer number",
            "users",
        ] {
            assert!(is_group(name, false), "{name}");
        }
        assert!(is_group("ID", true) && !is_group("id", false) && !is_group("subjective", false));
        for name in ["sequence", "trial_id", "Recording", "session no"] {
            assert!(is_sequence(name), "{name}");
        }
        for name in [
            "",
            "index",
            "Unnamed: 0",
            "#",
            "sample",
            "Sample number",
            "frame",
            "loggingSample(N)",
            "packet_counter",
        ] {
            assert!(is_index(name), "{name}");
        }
        for name in ["ax", "number of steps", "temperature", "samples_per_s", "nx"] {
            assert!(
                !is_label(name) && !is_group(name, true) && !is_sequence(name) && !is_index(name),
                "{name}"
            );
        }
    }
}
