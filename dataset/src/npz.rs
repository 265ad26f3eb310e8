//! NumPy's `.npz` archives: sequences and answers under the names that people give them, of one part or of two.

use crate::{Error, ReadOptions, Recordings, answers::Answers, npy};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};
use zip::{ZipArchive, result::ZipError};

/// Names of each array, in lower case and without signs between the words; with `train` or `test` before or behind them they are of
/// that part.
const X: [&str; 3] = ["x", "data", "inputs"];
const Y: [&str; 5] = ["y", "labels", "label", "targets", "target"];
const LENGTHS: [&str; 2] = ["lengths", "length"];
const GROUPS: [&str; 4] = ["groups", "group", "subjects", "subject"];
/// An array is packed to no less than a part of this many of it.
const PACKED: u64 = 1100;

/// Reads an archive as `numpy.savez` or `numpy.savez_compressed` writes it. Where it holds two parts, it is the training part, or
/// the test part where the options say so.
pub(crate) fn read(path: &Path, options: &ReadOptions<'_>) -> Result<Recordings<Option<Answers>>, Error> {
    let mut archive = Archive::open(path)?;
    let part = archive.part(options.test_part);
    let Some(x) = archive.array(&X, part)? else {
        return Err(Error::data(
            path,
            "x",
            format!("no such array, but {}; save x=..., y=...", archive.listed()),
        ));
    };
    let y = archive.array(&Y, part)?;
    let lengths = archive.array(&LENGTHS, part)?;
    let groups = archive.array(&GROUPS, part)?;
    let mut found = Recordings::of("NumPy archive");
    let lengths = lengths.map(|a| npy::whole_numbers(&a.0, &a.1)).transpose()?;
    found.x = npy::sequences(&x.0, &x.1, lengths, options.axes, &mut found.notes)?;
    found.y_path = path.join("y.npy");
    if let Some((place, bytes)) = y {
        let (y, names) = npy::targets(&place, &bytes, options.wanted(&[]), &mut found.notes)?;
        (found.y, found.class_names, found.y_path) = (Some(y.into()), names, place);
    }
    if let Some((place, bytes)) = groups {
        found.groups = npy::names(&place, &bytes)?.into_iter().collect();
    }
    let others = archive.unread();
    if !others.is_empty() {
        found
            .notes
            .warn(format!("{}: not read: {}", path.display(), others.join(", ")));
    }
    Ok(found)
}

/// Whether an archive holds a test part beside the training part.
pub(crate) fn has_two_parts(path: &Path) -> bool {
    Archive::open(path).is_ok_and(|a| a.part(true) == Part::Test && a.part(false) == Part::Train)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Only,
    Train,
    Test,
}

struct Archive<'a> {
    path: &'a Path,
    zip: ZipArchive<File>,
    /// Names of the entries, and whether they were read or belong to the other part.
    names: Vec<(String, bool)>,
}

/// A name as the lists have it.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Whether the name of an entry is one of the list, in this part.
fn is_called(entry: &str, list: &[&str], part: Part) -> bool {
    let name = plain(entry.trim_end_matches(".npy"));
    let affixes: &[&str] = match part {
        Part::Only => return list.contains(&name.as_str()),
        Part::Train => &["train", "training", "tr"],
        Part::Test => &["test", "te"],
    };
    affixes.iter().any(|affix| {
        let bare = name.strip_prefix(affix).or_else(|| name.strip_suffix(affix));
        bare.is_some_and(|bare| list.contains(&bare))
    })
}

impl<'a> Archive<'a> {
    fn open(path: &'a Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io(path))?;
        let broken = |e: ZipError| {
            Error::data(
                path,
                "contents",
                format!("no .npz archive ({e}); write it with numpy.savez"),
            )
        };
        let zip = ZipArchive::new(file).map_err(broken)?;
        let names = zip
            .file_names()
            .filter_map(Result::ok)
            .map(|n| (n.to_string(), false))
            .collect();
        Ok(Archive { path, zip, names })
    }

    /// The part that is meant: the one asked for, where there are two.
    fn part(&self, test: bool) -> Part {
        let has = |part: Part| self.names.iter().any(|(name, _)| is_called(name, &X, part));
        match test {
            true if has(Part::Test) => Part::Test,
            _ if has(Part::Only) || !has(Part::Train) => Part::Only,
            _ => Part::Train,
        }
    }

    /// The bytes of the array with one of these names, and the name that errors give.
    fn array(&mut self, list: &[&str], part: Part) -> Result<Option<(PathBuf, Vec<u8>)>, Error> {
        let all = [Part::Only, Part::Train, Part::Test];
        for other in all.into_iter().filter(|p| *p != part && part != Part::Only) {
            let of_other = self.names.iter_mut().filter(|(name, _)| is_called(name, list, other));
            of_other.for_each(|(_, read)| *read = true);
        }
        let called = |(name, _): &&mut (String, bool)| is_called(name, list, part);
        let mut found = self.names.iter_mut().filter(called);
        let Some((entry, read)) = found.next() else {
            return Ok(None);
        };
        if let Some((second, _)) = found.next() {
            let problem = format!("{entry} and {second} could both be meant; keep one of them");
            return Err(Error::data(self.path, list[0], problem));
        }
        *read = true;
        let place = self.path.join(&*entry);
        let broken = |e: String| {
            let problem = format!("cannot be unpacked ({e}); write it with numpy.savez");
            Error::data(&place, "contents", problem)
        };
        let file = self.zip.by_name(entry).map_err(|e| broken(e.to_string()))?;
        let most = file.compressed_size().saturating_mul(PACKED);
        if file.size() > most {
            return Err(broken(format!(
                "{} bytes cannot come of {}",
                file.size(),
                file.compressed_size()
            )));
        }
        let (size, mut bytes) = (file.size(), Vec::new());
        file.take(size)
            .read_to_end(&mut bytes)
            .map_err(|e| broken(e.to_string()))?;
        Ok(Some((place, bytes)))
    }

    /// Arrays that have no use here.
    fn unread(&self) -> Vec<&str> {
        let unread = self.names.iter().filter(|(_, read)| !read);
        unread.map(|(name, _)| name.trim_end_matches(".npy")).collect()
    }

    fn listed(&self) -> String {
        let list: Vec<&str> = self.names.iter().map(|(n, _)| n.trim_end_matches(".npy")).collect();
        match list.is_empty() {
            true => "no other".into(),
            false => list.join(", "),
        }
    }
}
