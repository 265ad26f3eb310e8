//! Names that people give to columns, files and folders, and how names from files are printed.

pub(crate) use float_model::{printable as shown, printable_list as list, without_unprintable as clean};

/// Columns of a list of files that name the file.
pub(crate) const FILE: [&str; 9] = [
    "file",
    "filename",
    "file_name",
    "fname",
    "path",
    "filepath",
    "file_path",
    "name",
    "recording",
];

/// Columns that hold a class, in a list of files and in a table of samples.
pub(crate) const CLASSES: [&str; 6] = ["label", "labels", "class", "class_name", "activity", "target"];

/// Columns that hold a class in a list of files alone: `y` is an axis in a table of samples.
pub(crate) const CLASSES_OF_FILES: [&str; 3] = ["classname", "category", "y"];

/// Columns that say which person a recording or a sample is of, in a list of files and in a table of samples.
pub(crate) const PERSONS: [&str; 8] = [
    "group",
    "subject",
    "user",
    "speaker",
    "participant",
    "person",
    "volunteer",
    "patient",
];

/// Columns that group the recordings in a list of files alone, after those of persons.
pub(crate) const OCCASIONS: [&str; 4] = ["subject_name", "fold", "session", "sid"];

/// Columns of several real targets, each followed by a number: `target_1`, `y1`.
const TARGETS: [&str; 4] = ["target", "output", "label", "y"];

/// A name in the form in which names are compared: without case, blanks and hyphens as underscores.
pub(crate) fn plain(name: &str) -> String {
    let name = name.trim_start_matches('\u{feff}').trim();
    name.to_lowercase().replace([' ', '-'], "_")
}

/// Whether a column names a file.
pub(crate) fn is_file(name: &str) -> bool {
    FILE.contains(&plain(name).as_str())
}

/// Whether a column holds a class.
pub(crate) fn is_label(name: &str) -> bool {
    let name = plain(name);
    CLASSES.iter().chain(&CLASSES_OF_FILES).any(|c| *c == name)
}

/// Whether a column says whose a recording is; `subject_id`, `userID` and the like too. The smaller the number, the more it counts.
pub(crate) fn group_rank(name: &str) -> Option<usize> {
    let name = plain(name);
    let stem = ["_id", "id", "_number", "_no"]
        .iter()
        .find_map(|end| name.strip_suffix(end));
    let rank = |n: &str| PERSONS.iter().chain(&OCCASIONS).position(|g| *g == n);
    rank(&name).or_else(|| rank(stem?))
}

/// The number of a target column, from names like `target_1` and `y1`.
pub(crate) fn target_number(name: &str) -> Option<u32> {
    let name = plain(name);
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = name[stem.len()..].parse().ok()?;
    TARGETS.contains(&stem.trim_end_matches('_')).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_their_names() {
        assert!(is_file("File Name") && is_file("\u{feff}file") && !is_file("files of"));
        assert!(is_label("Activity") && !is_label("label_1"));
        assert_eq!(group_rank("Subject ID"), group_rank("subject"));
        assert_eq!(group_rank("userID"), group_rank("user"));
        assert!(group_rank("user") < group_rank("session") && group_rank("id").is_none());
        assert_eq!((target_number("target_1"), target_number("Y2")), (Some(1), Some(2)));
        assert_eq!((target_number("x1"), target_number("target")), (None, None));
    }

    #[test]
    fn names_are_printed_without_control_characters_and_not_all_of_many() {
        assert_eq!(list(&["a\u{1b}b", "c"]), "a\\u{1b}b, c");
        let many: Vec<String> = (0..500).map(|n| n.to_string()).collect();
        assert!(list(&many).ends_with("10, 11 and 488 more"), "{}", list(&many));
    }
}
