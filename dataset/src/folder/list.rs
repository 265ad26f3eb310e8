//! A table that lists files with their classes, groups or targets: `labels.csv` and its usual other names.

use super::{entry::Entry, tree};
use crate::{Columns, Error, Notes, names};
use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
};

/// Names of lists without their endings, the first one found counts; the first two may also lack a header row.
const STEMS: [&str; 9] = [
    "labels",
    "label",
    "annotations",
    "annotation",
    "metadata",
    "meta",
    "index",
    "files",
    "filelist",
];
/// Their endings.
const ENDINGS: [&str; 2] = ["csv", "tsv"];
/// Endings that a list may leave away.
const LEFT_AWAY: [&str; 5] = ["csv", "wav", "tsv", "json", "txt"];

/// What a column of a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    File,
    Label,
    Target,
    Group,
    Ignored,
}

/// The list of a folder: in it, or, where it is one part of a set, beside it.
pub(crate) fn find(dir: &Path) -> Option<PathBuf> {
    in_folder(dir).or_else(|| {
        let name = crate::paths::name(dir);
        crate::paths::is_part(&name).then(|| in_folder(dir.parent()?))?
    })
}

fn in_folder(dir: &Path) -> Option<PathBuf> {
    let mut found: Vec<(usize, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(dir).ok()?.flatten() {
        let path = entry.path();
        let name = crate::paths::name(&path);
        let Some((stem, ending)) = name.rsplit_once('.') else {
            continue;
        };
        let Some(rank) = STEMS.iter().position(|s| *s == stem) else {
            continue;
        };
        if ENDINGS.contains(&ending) && path.is_file() && (rank < 2 || is_list(&path)) {
            found.push((rank, path));
        }
    }
    found.sort();
    found.into_iter().next().map(|(_, path)| path)
}

/// Whether a table lists files: its header row names a column of files.
pub(crate) fn is_list(path: &Path) -> bool {
    let Ok(text) = text(path) else { return false };
    let Some(first) = text.lines().find(|l| !l.trim().is_empty()) else {
        return false;
    };
    let cells: Vec<&str> = first
        .split(separator(first))
        .map(|c| c.trim().trim_matches('"'))
        .collect();
    let file = cells.iter().find(|c| names::is_file(c));
    let other = |c: &&str| names::is_label(c) || names::group_rank(c).is_some() || names::target_number(c).is_some();
    // A table of samples may have a column `name` or `recording`: the cells below must be names of files.
    let Some(file) = file.and_then(|f| cells.iter().position(|c| c == f)) else {
        return false;
    };
    let second = text.lines().filter(|l| !l.trim().is_empty()).nth(1);
    let below = second.and_then(|l| l.split(separator(first)).nth(file));
    let below = below.map(|c| c.trim().trim_matches('"')).unwrap_or_default();
    tree::Kind::of(below).is_some() || (cells.iter().any(other) && resolve(path.parent(), below).is_some())
}

/// The separator of a table, by its first line.
fn separator(line: &str) -> char {
    let count = |c: char| line.matches(c).count();
    [',', ';', '\t']
        .into_iter()
        .rev()
        .max_by_key(|c| count(*c))
        .unwrap_or(',')
}

fn text(path: &Path) -> Result<String, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let text = match encoding_rs::Encoding::for_bom(&bytes) {
        Some((encoding, _)) => encoding.decode(&bytes).0,
        None => match std::str::from_utf8(&bytes) {
            Ok(text) => text.into(),
            Err(_) => encoding_rs::WINDOWS_1252.decode(&bytes).0,
        },
    };
    Ok(text.into_owned())
}

/// Reads a list. `dir` is the folder of the recordings: the list's own, or one part of it, and then only its files count.
pub(crate) fn read(path: &Path, dir: &Path, columns: Option<&Columns>, notes: &mut Notes) -> Result<Vec<Entry>, Error> {
    let text = text(path)?;
    let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(::csv::Trim::All)
        .delimiter(separator(first) as u8)
        .from_reader(text.as_bytes());
    let mut list = List {
        path,
        dir,
        roles: Vec::new(),
        lines: HashMap::new(),
        missing: Vec::new(),
        entries: Vec::new(),
    };
    for record in reader.records() {
        let record = record.map_err(|e| Error::data(path, "row", e.to_string()))?;
        let line = record.position().map_or(0, ::csv::Position::line);
        let cells: Vec<&str> = record.iter().collect();
        if cells.iter().all(|c| c.is_empty()) {
            continue;
        }
        match list.roles.is_empty() {
            false => list.row(line, &cells)?,
            true => {
                if list.header(line, &cells, columns, notes)? {
                    list.row(line, &cells)?;
                }
            }
        }
    }
    list.finish()
}

/// The files that a list names.
pub(crate) fn named(list: &Path) -> Vec<PathBuf> {
    let text = text(list).unwrap_or_default();
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let cells = |line: &str| -> Vec<String> {
        let cells = line
            .split(separator(first))
            .map(|c| c.trim().trim_matches('"').to_owned());
        cells.collect()
    };
    let Some(column) = cells(first).iter().position(|c| names::is_file(c)) else {
        return Vec::new();
    };
    let file = |line: &str| resolve(list.parent(), cells(line).get(column)?);
    lines.filter_map(file).collect()
}

/// What is said of the columns of the recordings, without those of the list; `None` where nothing is left.
pub(crate) fn without(mut columns: Columns, list: &Path) -> Option<Columns> {
    let text = text(list).unwrap_or_default();
    let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
    let titles: Vec<String> = first
        .split(separator(first))
        .map(|c| names::plain(c.trim().trim_matches('"')))
        .collect();
    let is_title = |name: &String| titles.contains(&names::plain(name));
    columns.label = columns.label.filter(|n| !is_title(n));
    columns.group = columns.group.filter(|n| !is_title(n));
    columns.ignore.retain(|n| !is_title(n));
    (!columns.is_empty()).then_some(columns)
}

struct List<'a> {
    path: &'a Path,
    dir: &'a Path,
    roles: Vec<Role>,
    /// The line of every file.
    lines: HashMap<PathBuf, u64>,
    missing: Vec<(u64, String)>,
    entries: Vec<Entry>,
}

impl List<'_> {
    fn problem(&self, line: u64, problem: impl Into<String>) -> Error {
        Error::data(self.path, format!("line {line}"), problem)
    }

    /// Takes the first line; true where it is a row and no header.
    fn header(
        &mut self,
        line: u64,
        cells: &[&str],
        columns: Option<&Columns>,
        notes: &mut Notes,
    ) -> Result<bool, Error> {
        if resolve(self.path.parent(), cells[0]).is_some() || resolve(Some(self.dir), cells[0]).is_some() {
            // Without a header: the file, and then its class or its targets.
            self.roles = vec![Role::Label; cells.len().max(2)];
            self.roles[0] = Role::File;
            if cells.len() > 2 {
                let number = |c: &&str| c.parse::<f64>().is_ok();
                if !cells[1..].iter().all(number) {
                    let problem = format!(
                        "{} columns without a header; begin with a line that names them, for example file,label,subject",
                        cells.len()
                    );
                    return Err(self.problem(line, problem));
                }
                self.roles[1..].fill(Role::Target);
            }
            return Ok(true);
        }
        let given = |name: &str, wanted: Option<&String>| wanted.is_some_and(|w| names::plain(w) == names::plain(name));
        let mut unknown = Vec::new();
        for (k, name) in cells.iter().enumerate() {
            let role = match columns {
                Some(c) if given(name, c.label.as_ref()) => Role::Label,
                Some(c) if given(name, c.group.as_ref()) => Role::Group,
                Some(c) if c.ignore.iter().any(|i| given(name, Some(i))) => Role::Ignored,
                _ if names::is_file(name) => Role::File,
                _ if names::is_label(name) => Role::Label,
                _ if names::target_number(name).is_some() => Role::Target,
                _ if names::group_rank(name).is_some() => Role::Group,
                // The index that pandas writes.
                _ if name.is_empty() || names::plain(name).starts_with("unnamed:") => Role::Ignored,
                _ => {
                    unknown.push((k, *name));
                    Role::Ignored
                }
            };
            self.roles.push(role);
        }
        if !self.roles.contains(&Role::File) {
            let has = |r| self.roles.contains(&r);
            return Err(match has(Role::Label) || has(Role::Group) || has(Role::Target) {
                true => self.problem(
                    line,
                    format!(
                        "the header is {}, and none names the files; call one file",
                        names::list(cells)
                    ),
                ),
                false => self.problem(
                    line,
                    format!(
                        "'{}' is no file here, and no known header; name the files from this folder on, or begin with \
                         a line like file,label",
                        names::shown(cells[0])
                    ),
                ),
            });
        }
        if let Some((_, name)) = unknown.first() {
            let problem = format!(
                "the header has a column '{}'; known are {} (the file), {} (the class), target_1, ... (real targets), {} (the \
                 group). Rename it, or say what it is with --columns label=NAME, group=NAME or ignore=NAME",
                names::shown(name),
                names::FILE[..5].join(", "),
                [&names::CLASSES[..], &names::CLASSES_OF_FILES[..2]].concat().join(", "),
                [&names::PERSONS[..], &names::OCCASIONS].concat().join(", "),
            );
            return Err(self.problem(line, problem));
        }
        self.one_of_each(line, cells, columns, notes)?;
        Ok(false)
    }

    /// One column of files, one of classes or several of targets, one of groups: of several group columns the first by rank.
    fn one_of_each(
        &mut self,
        line: u64,
        cells: &[&str],
        columns: Option<&Columns>,
        notes: &mut Notes,
    ) -> Result<(), Error> {
        let of = |role: Role| -> Vec<usize> { (0..self.roles.len()).filter(|k| self.roles[*k] == role).collect() };
        let (files, labels, targets, groups) = (of(Role::File), of(Role::Label), of(Role::Target), of(Role::Group));
        if let [file, rest @ ..] = &files[..]
            && !rest.is_empty()
        {
            let shown = names::list(&files.iter().map(|k| cells[*k]).collect::<Vec<_>>());
            let problem = format!(
                "the columns {shown} could all name the files; keep {} and leave the others out with --columns ignore=NAME",
                cells[*file]
            );
            return Err(self.problem(line, problem));
        }
        if labels.len() > 1 || (!labels.is_empty() && !targets.is_empty()) {
            let both: Vec<&str> = labels.iter().chain(&targets).map(|k| cells[*k]).collect();
            let problem = format!(
                "the columns {} could all be the answer; give one with --columns label=NAME and leave the others \
                 out with ignore=NAME",
                names::list(&both)
            );
            return Err(self.problem(line, problem));
        }
        if let [group] = groups[..] {
            notes.understood(format!(
                "groups: column {} of {}",
                names::shown(cells[group]),
                crate::paths::name(self.path)
            ));
        }
        if groups.len() > 1 && columns.is_none_or(|c| c.group.is_none()) {
            let best = *groups
                .iter()
                .min_by_key(|k| names::group_rank(cells[**k]))
                .unwrap_or(&groups[0]);
            let others: Vec<&str> = groups.iter().filter(|k| **k != best).map(|k| cells[*k]).collect();
            notes.understood(format!(
                "groups: column {} of {}; {} is left out (--columns group=NAME chooses)",
                names::shown(cells[best]),
                crate::paths::name(self.path),
                names::list(&others)
            ));
            for k in groups {
                if k != best {
                    self.roles[k] = Role::Ignored;
                }
            }
        }
        Ok(())
    }

    fn row(&mut self, line: u64, cells: &[&str]) -> Result<(), Error> {
        if cells.len() > self.roles.len() && cells[self.roles.len()..].iter().any(|c| !c.is_empty()) {
            let problem = format!(
                "has {} cells, the first line {}; quote names that hold the separator",
                cells.len(),
                self.roles.len()
            );
            return Err(self.problem(line, problem));
        }
        let of = |role: Role| {
            let places = self.roles.iter().enumerate().filter(move |(_, r)| **r == role);
            places.map(|(k, _)| cells.get(k).copied().unwrap_or_default())
        };
        let file = of(Role::File).next().unwrap_or_default();
        let answer: Vec<String> = of(Role::Label).chain(of(Role::Target)).map(str::to_owned).collect();
        let group = of(Role::Group).next().map(str::to_owned);
        if file.is_empty() {
            return Err(self.problem(line, "names no file"));
        }
        if answer.iter().any(String::is_empty) {
            return Err(self.problem(line, "has no label; write file,label"));
        }
        if group.as_ref().is_some_and(String::is_empty) {
            return Err(self.problem(line, "has no group; give one a sequence"));
        }
        let relative = inside(file).ok_or_else(|| {
            let problem = format!(
                "'{}' leads out of the folder; move the file in, and name it from there",
                names::shown(file)
            );
            self.problem(line, problem)
        })?;
        let base = self.path.parent().unwrap_or(Path::new(""));
        let at = resolve(Some(base), file).or_else(|| resolve(Some(self.dir), file));
        let Some(at) = at else {
            self.missing.push((line, file.to_owned()));
            return Ok(());
        };
        if let Some(before) = self.lines.insert(at.clone(), line) {
            let problem = format!(
                "{} is listed twice (lines {before}, {line}); keep one of them",
                names::shown(file)
            );
            return Err(Error::data(self.path, "file", problem));
        }
        if at.starts_with(self.dir) {
            self.entries.push(Entry {
                file: relative.display().to_string(),
                path: at,
                answer,
                group,
                spans: Vec::new(),
            });
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<Entry>, Error> {
        // The list of a whole set names files of its other parts, which may lie elsewhere.
        let whole = self.path.parent() == Some(self.dir);
        if let Some((line, file)) = self.missing.first()
            && (whole || self.entries.is_empty())
        {
            let more = match self.missing.len() {
                1 => String::new(),
                n => format!(" ({n} such lines)"),
            };
            let problem = format!(
                "{}: no such file{more}; names count from the folder of the list",
                names::shown(file)
            );
            return Err(self.problem(*line, problem));
        }
        match self.entries.is_empty() {
            false => Ok(self.entries),
            true => Err(Error::data(
                self.path,
                "rows",
                "none; give one line (file,label) a sequence",
            )),
        }
    }
}

/// The path of a listed file without `.`; `None` where it leads out of the folder. A backslash separates folders too.
fn inside(file: &str) -> Option<PathBuf> {
    let drive = file.as_bytes().get(1) == Some(&b':');
    let mut path = PathBuf::new();
    for part in Path::new(&file.replace('\\', "/")).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    (!drive && !path.as_os_str().is_empty()).then_some(path)
}

/// The file that a name in a list means, where there is one: in the folder, or with an ending that was left away.
fn resolve(folder: Option<&Path>, file: &str) -> Option<PathBuf> {
    let path = folder?.join(inside(file)?);
    if path.is_file() {
        return Some(path);
    }
    let name = path.file_name()?.to_str()?.to_owned();
    let ended = LEFT_AWAY.iter().map(|end| path.with_file_name(format!("{name}.{end}")));
    ended.into_iter().find(|p| p.is_file())
}
