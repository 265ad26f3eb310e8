//! Names of arrays in files, in the spellings that people use: `x.npy`, `X_train.npy`, `train_X.npy`, `trainX.npy`,
//! `UCIActivity_X.npy`.

use std::path::Path;

/// What an array holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The sequences.
    X,
    /// The answers.
    Y,
    /// The length of each sequence.
    Lengths,
    /// Whose each sequence is.
    Groups,
}

/// What a name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArrayName {
    pub(crate) role: Role,
    /// `train`, `test`, `val`, or empty.
    pub(crate) part: &'static str,
    /// The other words, in lower case.
    pub(crate) tag: String,
    /// 0: called x or y; 1, 2: called by another word, such as data and labels. Answers belong to sequences of at least one less.
    pub(crate) synonym: u8,
}

const ROLES: [(&str, Role, u8); 16] = [
    ("x", Role::X, 0),
    ("xs", Role::X, 0),
    ("data", Role::X, 1),
    ("features", Role::X, 1),
    ("sequences", Role::X, 1),
    ("y", Role::Y, 0),
    ("ys", Role::Y, 0),
    ("labels", Role::Y, 1),
    ("label", Role::Y, 1),
    ("targets", Role::Y, 2),
    ("target", Role::Y, 2),
    ("lengths", Role::Lengths, 0),
    ("groups", Role::Groups, 0),
    ("group", Role::Groups, 0),
    ("subjects", Role::Groups, 0),
    ("subject", Role::Groups, 0),
];
const PARTS: [(&str, &str); 7] = [
    ("training", "train"),
    ("train", "train"),
    ("testing", "test"),
    ("test", "test"),
    ("validation", "val"),
    ("valid", "val"),
    ("val", "val"),
];

fn role(word: &str) -> Option<(Role, u8)> {
    ROLES
        .iter()
        .find(|(w, ..)| *w == word)
        .map(|(_, role, synonym)| (*role, *synonym))
}

fn part(word: &str) -> Option<&'static str> {
    PARTS.iter().find(|(w, _)| *w == word).map(|(_, part)| *part)
}

impl ArrayName {
    /// What the name of a `.npy`, `.csv` or `.txt` file says; `None` where it names no array.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let name = crate::paths::name(path);
        let (stem, end) = name.rsplit_once('.')?;
        if !["npy", "csv", "tsv", "txt"].contains(&end) {
            return None;
        }
        ArrayName::of_word(stem)
    }

    /// What a name without an ending says, for example that of an array in an archive.
    pub(crate) fn of_word(name: &str) -> Option<Self> {
        let lower = name.to_lowercase();
        let (mut found, mut of_part, mut tag) = (None, "", Vec::new());
        for word in lower.split(['_', '-', '.', ' ']).filter(|w| !w.is_empty()) {
            let glued = || {
                let start = PARTS.iter().find_map(|(w, p)| Some((role(word.strip_prefix(w)?)?, *p)));
                start.or_else(|| PARTS.iter().find_map(|(w, p)| Some((role(word.strip_suffix(w)?)?, *p))))
            };
            if let Some(part) = part(word).filter(|_| of_part.is_empty()) {
                of_part = part;
            } else if let Some(role) = role(word).filter(|_| found.is_none()) {
                found = Some(role);
            } else if let Some((role, part)) = glued().filter(|_| found.is_none() && of_part.is_empty()) {
                (found, of_part) = (Some(role), part);
            } else {
                tag.push(word);
            }
        }
        let (role, synonym) = found?;
        // A word such as `data` among others names no array: `sensor_data.npy`.
        (synonym == 0 || tag.is_empty()).then(|| ArrayName {
            role,
            part: of_part,
            tag: tag.join("_"),
            synonym,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_spellings_are_known() {
        let of = |name: &str| ArrayName::of(Path::new(name)).map(|n| (n.role, n.part, n.tag));
        for name in [
            "X_train.npy",
            "x_train.npy",
            "train_X.npy",
            "trainX.npy",
            "XTrain.npy",
            "train-x.npy",
            "x_train.csv",
        ] {
            assert_eq!(of(name), Some((Role::X, "train", String::new())), "{name}");
        }
        assert_eq!(of("Y.npy"), Some((Role::Y, "", String::new())));
        assert_eq!(of("UCIActivity_X.npy"), Some((Role::X, "", "uciactivity".into())));
        assert_eq!(of("test_labels.npy"), Some((Role::Y, "test", String::new())));
        assert_eq!(of("train_lengths.npy"), Some((Role::Lengths, "train", String::new())));
        for name in ["walking.csv", "sensor_data.npy", "x.png", "train.csv"] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
