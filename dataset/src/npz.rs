//! NumPy's `.npz` archives: sequences and answers under the names that people give them, of one part or of two.

use crate::{
    Error, ReadOptions, Recordings,
    answers::Answers,
    array_name::{ArrayName, Role},
    arrays, npy, unpacked,
};
use std::{
    fs::File,
    path::{Path, PathBuf},
};
use zip::{ZipArchive, result::ZipError};

/// Reads an archive as `numpy.savez` or `numpy.savez_compressed` writes it. Where it holds two parts, it is the training part, or
/// the test part where the options say so.
pub(crate) fn read(path: &Path, options: &ReadOptions<'_>) -> Result<Recordings<Option<Answers>>, Error> {
    let mut archive = Archive::open(path)?;
    let part = archive.part(options.test_part);
    let Some(x) = archive.array(Role::X, part)? else {
        return Err(Error::data(
            path,
            "x",
            format!("no such array, but {}; save x=..., y=...", archive.listed()),
        ));
    };
    let y = archive.array(Role::Y, part)?;
    let lengths = archive.array(Role::Lengths, part)?;
    let groups = archive.array(Role::Groups, part)?;
    let mut found = Recordings::of("NumPy archive");
    let lengths = lengths.map(|a| npy::whole_numbers(&a.0, &a.1)).transpose()?;
    found.x = arrays::sequences(&x.0, &x.1, lengths, options.axes, &mut found.notes)?;
    found.y_path = path.join("y.npy");
    if let Some((place, bytes)) = y {
        let (y, names) = arrays::targets(&place, &bytes, options.wanted(&[]), &mut found.notes)?;
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
    Archive::open(path).is_ok_and(|a| a.has(Part::Test) && (a.has(Part::Only) || a.has(Part::Train)))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Only,
    Train,
    Test,
}

impl Part {
    /// What names of arrays call it.
    const fn word(self) -> &'static str {
        match self {
            Part::Only => "",
            Part::Train => "train",
            Part::Test => "test",
        }
    }
}

/// An archive of arrays.
pub(crate) struct Archive<'a> {
    path: &'a Path,
    /// Bytes of the archive.
    size: u64,
    zip: ZipArchive<File>,
    /// Names of the entries, and whether they were read or belong to the other part.
    names: Vec<(String, bool)>,
}

/// What the name of an entry says of an array of this part; lower is nearer to x and y.
fn rank(entry: &str, role: Role, part: Part) -> Option<u8> {
    let name = ArrayName::of_word(entry.trim_end_matches(".npy"))?;
    (name.role == role && name.part == part.word()).then_some(name.synonym)
}

impl<'a> Archive<'a> {
    pub(crate) fn open(path: &'a Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io(path))?;
        let size = file.metadata().map_err(Error::io(path))?.len();
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
        Ok(Archive { path, size, zip, names })
    }

    /// The part that is meant: the one asked for, where there are two.
    fn part(&self, test: bool) -> Part {
        match test {
            true if self.has(Part::Test) => Part::Test,
            _ if self.has(Part::Only) || !self.has(Part::Train) => Part::Only,
            _ => Part::Train,
        }
    }

    /// Whether there are sequences of a part.
    fn has(&self, part: Part) -> bool {
        self.names.iter().any(|(name, _)| rank(name, Role::X, part).is_some())
    }

    /// The bytes of an array, and the name that errors give.
    fn array(&mut self, role: Role, part: Part) -> Result<Option<(PathBuf, Vec<u8>)>, Error> {
        let all = [Part::Only, Part::Train, Part::Test];
        for other in all
            .into_iter()
            .filter(|p| *p != part && (part, *p) != (Part::Only, Part::Train))
        {
            let of_other = self
                .names
                .iter_mut()
                .filter(|(name, _)| rank(name, role, other).is_some());
            of_other.for_each(|(_, read)| *read = true);
        }
        let ranked = self.names.iter_mut().filter_map(|n| Some((rank(&n.0, role, part)?, n)));
        let mut found: Vec<(u8, &mut (String, bool))> = ranked.collect();
        found.sort_by_key(|(rank, _)| *rank);
        let mut found = found.into_iter();
        let Some((first, (entry, read))) = found.next() else {
            return Ok(None);
        };
        if let Some((_, (second, _))) = found.next().filter(|(rank, _)| *rank == first) {
            let problem = format!("{entry} and {second} could both be meant; keep one of them");
            return Err(Error::data(self.path, "arrays", problem));
        }
        *read = true;
        let entry = entry.clone();
        self.entry(&entry).map(Some)
    }

    /// The names of all entries.
    pub(crate) fn entries(&self) -> Vec<String> {
        self.names.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The bytes of an entry, and the name that errors give.
    pub(crate) fn entry(&mut self, entry: &str) -> Result<(PathBuf, Vec<u8>), Error> {
        let place = self.path.join(entry);
        let broken = |e: String| {
            let problem = format!("cannot be unpacked ({e}); write it with numpy.savez");
            Error::data(&place, "contents", problem)
        };
        let file = self.zip.by_name(entry).map_err(|e| broken(e.to_string()))?;
        let bytes = unpacked::read(file, self.size).map_err(|e| broken(e.to_string()))?;
        let Some(bytes) = bytes else {
            let problem = format!(
                "unpacks to more than {} bytes, and the archive has {}; write it with numpy.savez, which packs nothing, or as .npy",
                unpacked::most(self.size),
                self.size
            );
            return Err(Error::data(&place, "contents", problem));
        };
        Ok((place, bytes))
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
