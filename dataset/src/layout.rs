//! What the folders and names of files say: which part of a path is the class, and which says whose a recording is.

#[cfg(test)]
mod tests;

use crate::{Error, Notes, Origin, PathRoles, names};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// What the paths say of each file; empty where they say nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// (files)
    pub(crate) labels: Vec<String>,
    /// (files)
    pub(crate) groups: Vec<String>,
}

/// What is still to be found in the paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needed {
    /// The classes.
    pub(crate) labels: bool,
    /// The groups.
    pub(crate) groups: bool,
    /// Whether a folder that is no class, and not called like a person, may be a group: not where folders may repeat classes that
    /// are known from elsewhere.
    pub(crate) any_folder: bool,
}

/// Prefixes of the name of a person's folder that are followed by a number.
const PEOPLE: [&str; 22] = [
    "s",
    "sub",
    "subj",
    "subject",
    "u",
    "usr",
    "user",
    "p",
    "part",
    "participant",
    "person",
    "pers",
    "speaker",
    "spk",
    "vol",
    "volunteer",
    "vp",
    "id",
    "pat",
    "patient",
    "proband",
    "pid",
];
/// Those of an occasion.
const OCCASIONS: [&str; 13] = [
    "session",
    "sess",
    "run",
    "trial",
    "rec",
    "recording",
    "day",
    "take",
    "exp",
    "experiment",
    "visit",
    "set",
    "round",
];

/// Whether a name is one of `prefixes` with a number, for example `s01` or `subject_3`.
fn numbered(name: &str, prefixes: &[&str]) -> bool {
    let lower = name.to_lowercase();
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit());
    stem.len() < lower.len() && prefixes.contains(&stem.trim_end_matches(['_', '-', ' ', '.']))
}

fn is_person(name: &str) -> bool {
    numbered(name, &PEOPLE)
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
}

/// What the names of one level of folders are, taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    People,
    Occasions,
    /// One name alone.
    Same,
    Numbers,
    Words,
}

/// The words of a file's name, from 1 on as users count them.
fn words(file: &str) -> Vec<&str> {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let separators: &[char] = match stem.contains('.') {
        true => &['.'],
        false => &['_', '-', ' ', '(', ')'],
    };
    stem.split(separators).filter(|w| !w.is_empty()).collect()
}

/// A word without the number at its end.
fn bare(word: &str) -> &str {
    word.trim_end_matches(|c: char| c.is_ascii_digit() || ['_', '-', ' '].contains(&c))
}

/// Names of a level that a message shows.
const FIRST: usize = 5;

/// The files of one folder, each as the names of its folders and its own.
struct Paths<'a> {
    dir: &'a Path,
    files: &'a [Vec<String>],
    /// Folders that every file has above it.
    levels: usize,
}

/// Finds classes and groups in paths. What the user says counts; else the folders do: names like `s01` are people, other names
/// classes. Names of files are the last resort. Where more than one reading is left, that is a doubt.
pub(crate) fn read(
    dir: &Path,
    files: &[Vec<String>],
    needed: Needed,
    roles: PathRoles,
    notes: &mut Notes,
) -> Result<Said, Error> {
    let levels = files.iter().map(|f| f.len() - 1).min().unwrap_or(0);
    let paths = Paths { dir, files, levels };
    let mut said = Said::default();
    let mut class_level = None;
    match roles.label {
        Some(Origin::Column | Origin::None) => {}
        Some(origin) => {
            said.labels = paths.at(origin, "label_from", &|n| paths.class_word(n))?;
            class_level = match origin {
                Origin::Folder(n) => Some(n.unwrap_or(levels) - 1),
                _ => None,
            };
        }
        None if needed.labels => (said.labels, class_level) = paths.labels(roles.group, notes)?,
        None => {}
    }
    match roles.group {
        Some(Origin::Column | Origin::None) => {}
        Some(origin) => said.groups = paths.at(origin, "group_from", &|n| paths.person_word(n))?,
        None if needed.groups => said.groups = paths.groups(class_level, needed.any_folder, notes),
        None => {}
    }
    Ok(said)
}

impl<'a> Paths<'a> {
    fn names(&self, level: usize) -> BTreeSet<&'a str> {
        self.files.iter().map(|f| f[level].as_str()).collect()
    }

    fn level(&self, level: usize) -> Level {
        let names = self.names(level);
        let all = |of: &dyn Fn(&str) -> bool| names.iter().all(|n| of(n));
        if all(&is_person) {
            Level::People
        } else if all(&|n| numbered(n, &OCCASIONS)) {
            Level::Occasions
        } else if names.len() == 1 {
            Level::Same
        } else if all(&is_number) {
            Level::Numbers
        } else {
            Level::Words
        }
    }

    fn of_kind(&self, kind: Level) -> Vec<usize> {
        (0..self.levels).filter(|k| self.level(*k) == kind).collect()
    }

    fn folders(&self, level: usize) -> Vec<String> {
        self.files.iter().map(|f| f[level].clone()).collect()
    }

    /// The first names of a level in a message.
    fn shown(&self, level: usize) -> String {
        let names: Vec<&str> = self.names(level).into_iter().collect();
        let more = if names.len() > FIRST { ", ..." } else { "" };
        let first = names::list(&names[..names.len().min(FIRST)]);
        format!("{} folders of level {} ({first}{more})", names.len(), level + 1)
    }

    /// What the user says.
    fn at(
        &self,
        origin: Origin,
        option: &str,
        word: &dyn Fn(Option<usize>) -> Option<Vec<String>>,
    ) -> Result<Vec<String>, Error> {
        let says = |problem: String| Error::usage(option, format!("is {origin}; {problem}"));
        match origin {
            Origin::Folder(n) => {
                let shortest = self.files.iter().min_by_key(|f| f.len());
                let level = n.unwrap_or(self.levels);
                if level == 0 || level > self.levels {
                    let file = shortest.map(|f| f.join("/")).unwrap_or_default();
                    return Err(says(format!(
                        "{} lies in {} folders below the given one",
                        names::shown(&file),
                        self.levels
                    )));
                }
                match n {
                    Some(n) => Ok(self.folders(n - 1)),
                    None => Ok(self.files.iter().map(|f| f[f.len() - 2].clone()).collect()),
                }
            }
            Origin::FileName(n) => word(n).ok_or_else(|| {
                let first = self.files.first().and_then(|f| f.last()).cloned().unwrap_or_default();
                says(format!(
                    "not every name has such a word, {} for example has {}",
                    names::shown(&first),
                    words(&first).join(", ")
                ))
            }),
            Origin::Column | Origin::None => Ok(Vec::new()),
        }
    }

    /// Word `n` of every file's name.
    fn word(&self, n: usize) -> Option<Vec<&'a str>> {
        self.files
            .iter()
            .map(|f| words(f.last()?).get(n.checked_sub(1)?).copied())
            .collect()
    }

    /// Word `n` without the number at its end, or, without `n`, the first word that names classes.
    fn class_word(&self, n: Option<usize>) -> Option<Vec<String>> {
        let bare_words =
            |n: usize| -> Option<Vec<String>> { Some(self.word(n)?.into_iter().map(|w| bare(w).to_owned()).collect()) };
        match n {
            Some(n) => {
                let found = bare_words(n)?;
                match found.iter().any(String::is_empty) {
                    true => Some(self.word(n)?.into_iter().map(str::to_owned).collect()),
                    false => Some(found),
                }
            }
            None => bare_words(self.class_place()?),
        }
    }

    /// The first word of the names that may be a class: no number, no person, at least two, each of them on average twice.
    fn class_place(&self) -> Option<usize> {
        let most = self
            .files
            .iter()
            .map(|f| words(&f[f.len() - 1]).len())
            .min()
            .unwrap_or(0);
        (1..=most).find(|n| {
            let Some(found) = self.word(*n) else { return false };
            let distinct: BTreeSet<&str> = found.iter().map(|w| bare(w)).collect();
            let people = found.iter().all(|w| is_person(w) || numbered(w, &OCCASIONS));
            !people && !distinct.contains("") && distinct.len() > 1 && 2 * distinct.len() <= self.files.len()
        })
    }

    /// Word `n`, or, without `n`, the first word that names people.
    fn person_word(&self, n: Option<usize>) -> Option<Vec<String>> {
        let most = self
            .files
            .iter()
            .map(|f| words(&f[f.len() - 1]).len())
            .max()
            .unwrap_or(0);
        let n = match n {
            Some(n) => n,
            None => (1..=most).find(|n| self.word(*n).is_some_and(|found| found.iter().all(|w| is_person(w))))?,
        };
        Some(self.word(n)?.into_iter().map(str::to_owned).collect())
    }

    /// Classes as the folders look, and their level; as the file names look where no folder can be a class.
    fn labels(&self, group: Option<Origin>, notes: &mut Notes) -> Result<(Vec<String>, Option<usize>), Error> {
        let given = match group {
            Some(Origin::Folder(n)) => n.or(Some(self.levels)).map(|n| n - 1),
            _ => None,
        };
        let mut candidates = self.of_kind(Level::Words);
        candidates.retain(|k| Some(*k) != given);
        let certain = !candidates.is_empty();
        if candidates.is_empty() {
            candidates = self.of_kind(Level::Numbers);
            candidates.retain(|k| Some(*k) != given);
        }
        let people = self.of_kind(Level::People);
        let level = match &candidates[..] {
            [] => return self.labels_in_names(notes),
            [one] => {
                if !certain && people.is_empty() && given.is_none() {
                    notes.doubt(
                        format!("classes: {}, which may also be people", self.shown(*one)),
                        format!("--label-from folder:{}, or --group-from folder:{0}", one + 1),
                    );
                }
                *one
            }
            [a, b, ..] if !people.is_empty() || candidates.len() > 2 || self.repeats(*a, *b) => {
                let (class, other) = match self.names(*b).len() < self.names(*a).len() {
                    true => (*b, *a),
                    false => (*a, *b),
                };
                notes.doubt(
                    format!(
                        "classes: {}; they could also be the {}",
                        self.shown(class),
                        self.shown(other)
                    ),
                    format!("--label-from folder:{} or --label-from folder:{}", class + 1, other + 1),
                );
                class
            }
            // The lower folders divide the upper ones, so that no name of theirs is in two of them.
            [a, ..] => *a,
        };
        notes.understood(format!("classes: {}", self.shown(level)));
        Ok((self.folders(level), Some(level)))
    }

    /// Whether a name of level `b` is in more than one folder of level `a`.
    fn repeats(&self, a: usize, b: usize) -> bool {
        let mut above: BTreeMap<&str, &str> = BTreeMap::new();
        self.files
            .iter()
            .any(|f| above.insert(&f[b], &f[a]).is_some_and(|before| before != f[a]))
    }

    fn labels_in_names(&self, notes: &mut Notes) -> Result<(Vec<String>, Option<usize>), Error> {
        let Some(place) = self.class_place() else {
            let deep = self.files.iter().find(|f| f.len() > self.levels + 1);
            let beside = match deep {
                Some(f) if self.levels == 0 => format!(
                    " {} lies beside folders such as {}.",
                    self.files.iter().find(|f| f.len() == 1).map_or("a file", |f| &f[0]),
                    names::shown(&f[0])
                ),
                _ => String::new(),
            };
            let problem = format!(
                "neither labels.csv nor a folder for each class, and no column label in the {} files.{beside} Write \
                 labels.csv with the lines file,label, or say where the class is with --label-from folder:N or file-name:N",
                self.files.len()
            );
            return Err(Error::data(self.dir, "labels", problem));
        };
        let labels = self.class_word(Some(place)).unwrap_or_default();
        let distinct: Vec<&String> = labels.iter().collect::<BTreeSet<_>>().into_iter().collect();
        notes.doubt(
            format!(
                "no list and no folder says the class; word {place} of the file names is taken for it: {}",
                names::list(&distinct)
            ),
            format!("--label-from file-name:{place}"),
        );
        Ok((labels, None))
    }

    /// Groups as the folders look: people, else people in file names, else where `any_folder` allows it whatever folders there are.
    fn groups(&self, class_level: Option<usize>, any_folder: bool, notes: &mut Notes) -> Vec<String> {
        let first = |kind| self.of_kind(kind).into_iter().find(|k| Some(*k) != class_level);
        let named = |level: usize, notes: &mut Notes| {
            notes.understood(format!("groups: {}", self.shown(level)));
            self.folders(level)
        };
        if let Some(level) = first(Level::People) {
            return named(level, notes);
        }
        if let Some(groups) = self.speakers() {
            let distinct = groups.iter().collect::<BTreeSet<_>>().len();
            notes.understood(format!("groups: {distinct} speakers, the file names before _nohash_"));
            return groups;
        }
        // One name a file tells nothing of people.
        let distinct = |groups: &[String]| groups.iter().collect::<BTreeSet<_>>().len();
        if let Some(groups) = self.person_word(None).filter(|g| distinct(g) < g.len()) {
            let distinct: Vec<&String> = groups.iter().collect::<BTreeSet<_>>().into_iter().collect();
            notes.understood(format!(
                "groups: {} names in the file names ({})",
                distinct.len(),
                names::list(&distinct)
            ));
            return groups;
        }
        let other = first(Level::Numbers)
            .or_else(|| first(Level::Words))
            .or_else(|| first(Level::Occasions));
        match other {
            Some(level) if any_folder => named(level, notes),
            _ => Vec::new(),
        }
    }

    /// The speakers of the Speech Commands set, whose files are called `SPEAKER_nohash_N.wav` (Warden, 2018, section 5).
    fn speakers(&self) -> Option<Vec<String>> {
        let speaker = |f: &Vec<String>| Some(f.last()?.split_once("_nohash_")?.0.to_owned());
        self.files.iter().map(speaker).collect()
    }
}
