//! NumPy's `.npz` archives: the arrays `x` and `y`, and `lengths` and `groups` where there are.

use crate::{Error, Recordings, npy};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};
use zip::{ZipArchive, result::ZipError};

/// Reads an archive as `numpy.savez` or `numpy.savez_compressed` writes it.
pub(crate) fn read(path: &Path) -> Result<Recordings, Error> {
    let mut archive = Archive::open(path)?;
    let Some(x) = archive.array("x")? else {
        return Err(Error::data(
            path,
            "x",
            format!("no such array, but {}; save x=..., y=...", archive.names()),
        ));
    };
    let y = archive.array("y")?;
    let lengths = archive.array("lengths")?;
    let groups = archive.array("groups")?;
    let lengths = lengths.map(|a| npy::whole_numbers(&a.0, &a.1)).transpose()?;
    Ok(Recordings {
        x: npy::sequences(&x.0, &x.1, lengths)?,
        y: y.map(|a| npy::targets(&a.0, &a.1)).transpose()?,
        y_path: path.join("y.npy"),
        groups: match groups {
            None => Vec::new(),
            Some(a) => npy::whole_numbers(&a.0, &a.1)?.iter().map(i64::to_string).collect(),
        },
        ..Recordings::of("NumPy archive")
    })
}

struct Archive<'a> {
    path: &'a Path,
    zip: ZipArchive<File>,
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
        Ok(Archive {
            path,
            zip: ZipArchive::new(file).map_err(broken)?,
        })
    }

    /// The bytes of `name.npy`, with the name that errors give.
    fn array(&mut self, name: &str) -> Result<Option<(PathBuf, Vec<u8>)>, Error> {
        let entry = format!("{name}.npy");
        let broken = |e: String| {
            Error::data(
                self.path,
                name,
                format!("cannot be unpacked ({e}); write it with numpy.savez"),
            )
        };
        let mut file = match self.zip.by_name(&entry) {
            Err(ZipError::FileNotFound) => return Ok(None),
            other => other.map_err(|e| broken(e.to_string()))?,
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| broken(e.to_string()))?;
        Ok(Some((self.path.join(entry), bytes)))
    }

    fn names(&self) -> String {
        let names = self.zip.file_names().filter_map(Result::ok);
        let list: Vec<String> = names.map(|n| n.trim_end_matches(".npy").to_owned()).collect();
        match list.is_empty() {
            true => "no other".into(),
            false => list.join(", "),
        }
    }
}
