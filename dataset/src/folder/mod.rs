//! A folder of recordings, one or more in each file: with a list of the files, or with folders that say what each is.

pub(crate) mod entry;
pub(crate) mod kinds;
pub(crate) mod list;
mod tables;
pub(crate) mod tree;

use crate::{
    ChannelConfig, Columns, Error, Notes, Origin, ReadOptions, Recordings,
    answers::{self, Answers, Wanted, Written},
    channels::{self, named},
    edge_impulse,
    layout::{self, Needed},
    names, stack,
    table::{self, TableOptions},
    track::{Header, Labels, Track},
    wav,
};
use entry::Entry;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use tree::{Kind, Tree};

/// Reads a folder, or the list of one: a class of each file from the list, from the samples or from the folders, in this order.
/// Words are looked up in the options' class names, or, where those are empty, in those of `channels.toml`, or become classes in
/// sorted order.
pub(crate) fn read(path: &Path, options: &ReadOptions<'_>) -> Result<Recordings<Option<Answers>>, Error> {
    let dir = match path.is_dir() {
        true => path,
        false => path.parent().unwrap_or(Path::new("")),
    };
    let list = match path.is_dir() {
        true => list::find(dir),
        false => Some(path.to_path_buf()),
    };
    let mut notes = Notes::default();
    let mut columns = options.columns.cloned();
    let (entries, place) = if let Some(list) = list {
        let entries = list::read(&list, dir, options.columns, &mut notes)?;
        not_listed(&list, dir, &entries, &mut notes)?;
        columns = columns.and_then(|c| list::without(c, &list));
        (entries, Some(list))
    } else if let Some(info) = edge_impulse::info_labels(dir) {
        let entries = edge_impulse::list(&info, dir, &mut notes)?;
        columns = edge_impulse::columns(&entries, columns)?;
        (entries, Some(info))
    } else {
        (in_tree(dir, &mut notes)?, None)
    };
    let reading = Reading {
        dir,
        place: place.as_deref().unwrap_or(dir),
        options,
        columns,
        notes,
    };
    reading.finish(entries, place.is_some())
}

/// The recordings of a folder without a list: its files of the first kind there is, without tables of another kind.
fn in_tree(dir: &Path, notes: &mut Notes) -> Result<Vec<Entry>, Error> {
    let tree = tree::walk(dir)?;
    let first_foreign = tree.first_foreign();
    let Tree {
        mut files,
        hidden,
        foreign,
        again,
    } = tree;
    notes.count(hidden as u64, "hidden files such as ._x.csv were passed over", dir);
    notes.count(
        again as u64,
        "links to folders that were read already were not followed",
        dir,
    );
    let Some(kind) = files.iter().map(|f| f.kind).min() else {
        let problem =
            format!("holds no recordings: no .csv, .wav, .json or .cbor file in it or below it{first_foreign}");
        return Err(Error::data(dir, "folder", problem));
    };
    for (words, path) in &foreign {
        notes.count(1, words, path);
    }
    files.retain(|f| {
        if f.kind != kind {
            notes.count(
                1,
                &format!(
                    "{} files beside the {} files were left out",
                    f.kind.words(),
                    kind.words()
                ),
                &f.path,
            );
        }
        f.kind == kind
    });
    // Long noise that is mixed into the words of the Speech Commands set, and is no class of it (Warden, 2018, section 5.8).
    files.retain(|f| {
        let noise = f.parts.iter().any(|p| p == "_background_noise_");
        notes.count(u64::from(noise), "files of _background_noise_ were left out", &f.path);
        !noise
    });
    if kind == Kind::Table {
        let paths: Vec<PathBuf> = files.iter().map(|f| f.path.clone()).collect();
        let kinds = kinds::part(&paths)?;
        let of_kind = |wanted: bool| files.iter().zip(&kinds).filter(move |(_, (_, alike))| *alike == wanted);
        for (other, (columns, _)) in of_kind(false) {
            let sibling = of_kind(true).find(|(f, _)| f.path.parent() == other.path.parent());
            // Not at the top, where tables of people lie beside their recordings.
            let beside = sibling.is_some() && other.parts.len() > 1;
            if let Some((recording, (theirs, _))) = sibling.or(of_kind(true).next())
                && (beside || columns.is_timed())
            {
                // A recording with other columns, and not something to leave out.
                let problem = format!(
                    "{}; {} has {}: make them alike, or move the file away",
                    columns.shown(),
                    recording.path.display(),
                    theirs.shown()
                );
                return Err(Error::data(&other.path, "columns", problem));
            }
        }
        let others: Vec<String> = of_kind(false).map(|(f, _)| f.relative()).collect();
        if !others.is_empty() {
            notes.understood(left_out(&others));
        }
        let mut kinds = kinds.into_iter();
        files.retain(|_| kinds.next().is_none_or(|(_, alike)| alike));
    }
    let entry = |f: tree::Found| Entry {
        file: f.relative(),
        path: f.path,
        ..Entry::default()
    };
    Ok(files.into_iter().map(entry).collect())
}

fn left_out(tables: &[String]) -> String {
    format!(
        "left out: {}, {} without a column of the recordings",
        names::list(tables),
        if tables.len() == 1 { "a table" } else { "tables" }
    )
}

/// Every file of recordings beside a listed one must be listed; tables of another kind need not.
fn not_listed(list: &Path, dir: &Path, entries: &[Entry], notes: &mut Notes) -> Result<(), Error> {
    let known: BTreeSet<&Path> = entries.iter().map(|e| e.path.as_path()).collect();
    let folders: BTreeSet<&Path> = entries.iter().filter_map(|e| e.path.parent()).collect();
    let kinds: BTreeSet<Option<Kind>> = entries.iter().map(|e| Kind::of(&e.file)).collect();
    let tree = tree::walk(dir)?;
    notes.count(tree.hidden as u64, "hidden files such as ._x.csv were passed over", dir);
    // The list of another part may lie beside.
    let lists = tree.files.iter().filter(|f| f.path != list && list::is_list(&f.path));
    let other_parts: BTreeSet<PathBuf> = lists
        .flat_map(|f| [list::named(&f.path), vec![f.path.clone()]].concat())
        .collect();
    let others: Vec<&tree::Found> = tree
        .files
        .iter()
        .filter(|f| f.path != list && !known.contains(f.path.as_path()) && !other_parts.contains(&f.path))
        .filter(|f| kinds.contains(&Some(f.kind)) && f.path.parent().is_some_and(|p| folders.contains(p)))
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    let all: Vec<PathBuf> = known
        .iter()
        .map(|p| p.to_path_buf())
        .chain(others.iter().map(|f| f.path.clone()))
        .collect();
    let alike = match kinds.contains(&Some(Kind::Table)) {
        true => kinds::part(&all)?.into_iter().map(|(_, alike)| alike).collect(),
        false => vec![true; all.len()],
    };
    let (recordings, tables): (Vec<_>, Vec<_>) = others.iter().zip(&alike[known.len()..]).partition(|(_, a)| **a);
    if !tables.is_empty() {
        notes.understood(left_out(&tables.iter().map(|(f, _)| f.relative()).collect::<Vec<_>>()));
    }
    match recordings.first() {
        None => Ok(()),
        Some((found, _)) => Err(Error::data(
            list,
            "rows",
            format!(
                "{} labels, but {} has none ({} such files); label them or move them away",
                entries.len(),
                names::shown(&found.relative()),
                recordings.len()
            ),
        )),
    }
}

/// What the reading of one folder goes by.
struct Reading<'a> {
    dir: &'a Path,
    /// What errors about the answers name.
    place: &'a Path,
    options: &'a ReadOptions<'a>,
    /// What is said of the columns of the files themselves.
    columns: Option<Columns>,
    notes: Notes,
}

/// Recordings with their files.
struct Taken {
    tracks: Vec<Track>,
    /// (tracks): whose each is, where its file says so.
    groups: Vec<Option<String>>,
    /// (tracks): the file, among the entries.
    files: Vec<usize>,
    header: Header,
    sample_period_s: f64,
}

impl Reading<'_> {
    fn finish(mut self, entries: Vec<Entry>, listed: bool) -> Result<Recordings<Option<Answers>>, Error> {
        let Some(first) = entries.first() else {
            return Err(Error::data(self.dir, "recordings", "none"));
        };
        let kind = |e: &Entry| Kind::of(&e.file).unwrap_or(Kind::Table);
        let (of_first, sound) = (kind(first), kind(first) == Kind::Wav);
        if let Some(other) = entries.iter().find(|e| (kind(e) == Kind::Wav) != sound) {
            let problem = format!(
                "{} and {} are of two kinds; put them into two folders",
                first.file, other.file
            );
            return Err(Error::data(self.place, "file", problem));
        }
        let header = channels::load_beside(self.dir)?.unwrap_or_default();
        let header_period = header.period(&self.dir.join(channels::FILE))?;
        let grid = match self.options.sample_period_s > 0.0 {
            true => self.options.sample_period_s,
            false => header_period,
        };
        let taken = match sound {
            true => self.sound(&entries)?,
            false => self.tables(&entries, &header.channel, grid)?,
        };
        let labelled = taken.tracks.iter().any(|t| !t.labels.is_empty());
        let (entries, groups) = self.by_paths(entries, &taken, listed, labelled)?;
        let files: Vec<&Entry> = taken.files.iter().map(|n| &entries[*n]).collect();
        self.warn_of_answers(&taken, &files);
        let stacked = stack::stack(self.dir, taken.tracks, &taken.header, grid)?;
        let wanted = self.options.wanted(&header.class_names);
        let (y, class_names) = self.answers(&files, &stacked.labels, wanted)?;
        self.notes.merge(stacked.notes);
        let described = named(&header.channel, taken.header);
        Ok(Recordings {
            x: stacked.x,
            y: Some(y),
            y_path: self.place.to_path_buf(),
            groups: groups.iter().map(String::as_str).collect(),
            channels: described,
            class_names,
            sample_period_s: match (taken.sample_period_s > 0.0, stacked.sample_period_s > 0.0) {
                (true, _) => taken.sample_period_s,
                (_, true) => stacked.sample_period_s,
                _ => header_period,
            },
            format: match of_first {
                Kind::Wav => "folder of WAV files",
                Kind::Acquisition => "Edge Impulse's data acquisition format",
                _ => "folder of CSV files",
            },
            notes: self.notes,
        })
    }

    /// The answers of the files, or those of their samples.
    fn answers(
        &mut self,
        files: &[&Entry],
        labels: &[Labels],
        wanted: Wanted<'_>,
    ) -> Result<(Answers, Vec<String>), Error> {
        let same: Option<Vec<&str>> = labels.iter().map(Labels::same).collect();
        let of_files: Vec<Vec<String>> = match (&files[0].answer[..], same) {
            ([], _) if labels.is_empty() => {
                let problem = "no label column, and no label in the files; write file,label";
                return Err(Error::data(self.place, "label", problem));
            }
            ([], None) => return answers::parse_samples(self.dir, labels, wanted, &mut self.notes),
            ([], Some(same)) => same.into_iter().map(|label| vec![label.to_owned()]).collect(),
            _ => {
                if !labels.is_empty() {
                    let list = self.place.display();
                    self.notes.warn(format!(
                        "the classes are those of {list}; the column of classes in the files is not used"
                    ));
                }
                files.iter().map(|e| e.answer.clone()).collect()
            }
        };
        let written = |(e, cells): (&&Entry, Vec<String>)| Written {
            place: e.file.clone(),
            cells,
        };
        let list: Vec<Written> = files.iter().zip(of_files).map(written).collect();
        let (y, names) = answers::parse(self.place, &list, wanted, &mut self.notes)?;
        Ok((y.into(), names))
    }

    /// Warns of channels that hold the class.
    fn warn_of_answers(&mut self, taken: &Taken, files: &[&Entry]) {
        let label = |entry: &&Entry| match &entry.answer[..] {
            [one] => Some(one.clone()),
            _ => None,
        };
        let recordings = taken.tracks.iter().zip(files.iter().map(label));
        table::warn_of_answers(recordings, &taken.header, &mut self.notes);
    }

    fn sound(&mut self, entries: &[Entry]) -> Result<Taken, Error> {
        let files: Vec<PathBuf> = entries.iter().map(|e| e.path.clone()).collect();
        let (tracks, header) = wav::read_all(&files, self.options.audio)?;
        self.notes.merge(tracks.notes);
        Ok(Taken {
            groups: vec![None; tracks.list.len()],
            files: (0..tracks.list.len()).collect(),
            tracks: tracks.list,
            header,
            sample_period_s: tracks.sample_period_s,
        })
    }

    fn tables(&mut self, entries: &[Entry], described: &[ChannelConfig], grid: f64) -> Result<Taken, Error> {
        let told = TableOptions {
            columns: self.columns.as_ref(),
            channels: match self.options.channels.is_empty() {
                true => described,
                false => self.options.channels,
            },
            period_s: grid,
            many: true,
        };
        let (parts, header) = tables::read(self.dir, entries, told, &mut self.notes)?;
        Ok(Taken {
            groups: parts.iter().map(|p| p.group.clone()).collect(),
            files: parts.iter().map(|p| p.entry).collect(),
            tracks: parts.into_iter().map(|p| p.track).collect(),
            header,
            sample_period_s: 0.0,
        })
    }

    /// Adds to the entries what their paths say; returns the groups too, one a recording, or none where they are unknown.
    fn by_paths(
        &mut self,
        mut entries: Vec<Entry>,
        taken: &Taken,
        listed: bool,
        labelled: bool,
    ) -> Result<(Vec<Entry>, Vec<String>), Error> {
        let roles = self.options.path_roles;
        let has_answers = entries.iter().any(|e| !e.answer.is_empty());
        let has_groups = entries.iter().any(|e| e.group.is_some()) || taken.groups.iter().any(Option::is_some);
        let varied = taken
            .tracks
            .iter()
            .any(|t| !t.labels.is_empty() && t.labels.same().is_none());
        let needed = Needed {
            labels: !listed && !labelled && !has_answers,
            groups: !has_groups,
            any_folder: varied || (!listed && !labelled),
        };
        let parts: Vec<Vec<String>> = entries
            .iter()
            .map(|e| e.file.split('/').map(str::to_owned).collect())
            .collect();
        let said = layout::read(self.dir, &parts, needed, roles, &mut self.notes)?;
        if roles.label == Some(Origin::Column) && !labelled && !has_answers {
            let problem =
                "is column, and no list and no file has a column with the class; name it with --columns label=NAME";
            return Err(Error::usage("label_from", problem));
        }
        for (entry, label) in entries.iter_mut().zip(said.labels) {
            entry.answer = vec![label];
        }
        let own = |(k, file): (usize, &usize)| taken.groups[k].clone().or_else(|| entries[*file].group.clone());
        let groups: Option<Vec<String>> = match (roles.group, said.groups.is_empty()) {
            (Some(Origin::None), _) => None,
            (_, false) => Some(taken.files.iter().map(|n| said.groups[*n].clone()).collect()),
            _ => taken.files.iter().enumerate().map(own).collect(),
        };
        if groups.is_none() && has_groups && roles.group != Some(Origin::None) {
            let lacks = taken.files.iter().enumerate().find(|(k, n)| own((*k, n)).is_none());
            let file = lacks.map_or(self.dir, |(_, n)| &entries[*n].path);
            return Err(Error::data(
                file,
                "group",
                "is not given, but other files have one; add it everywhere or nowhere",
            ));
        }
        Ok((entries, groups.unwrap_or_default()))
    }
}
