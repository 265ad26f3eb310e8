//! The part of HDF5 that Keras writes: groups of named objects, attributes, and arrays of numbers that lie in one piece.
//!
//! Format: "HDF5 File Format Specification Version 3.0" of the HDF Group. Older and newer object headers are both read; chunked and
//! filtered arrays, groups in a fractal heap and links to other files are refused. This is a reader of its own because the ones in
//! pure Rust are young, and the library in C is a dependency of another size that reads hostile files in the program's own memory.

mod header;
mod heap;
mod types;

pub(crate) use header::Object;
use std::cell::Cell;

/// The first bytes of a file.
pub(crate) const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
/// An address that leads nowhere.
pub(crate) const UNDEFINED: u64 = u64::MAX;
/// Messages, links and entries that are read of one file, so that circles end.
const STEPS: usize = 400_000;
const DAMAGED: &str = "is damaged, or no whole HDF5 file; save or copy it again";

/// A file in memory.
pub(crate) struct File<'a> {
    bytes: &'a [u8],
    root: u64,
    steps: Cell<usize>,
    /// Values that may yet be read: several names may lead to one array.
    values: Cell<usize>,
}

impl<'a> File<'a> {
    /// # Errors
    /// What is wrong with the file.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let mut file = File {
            bytes,
            root: 0,
            steps: Cell::new(STEPS),
            values: Cell::new((4 << 20) + bytes.len()),
        };
        let (sizes, base, root) = match file.part(8, 1)? {
            // Behind the versions: sizes, tree parameters, flags, four addresses, the root's name and its header.
            [0] => (13, 24, 64),
            [1] => (13, 28, 68),
            [2 | 3] => (9, 12, 36),
            _ => return Err("has a version of HDF5 that is not known here; save it with an older library".into()),
        };
        if file.part(sizes, 2)? != [8, 8] {
            return Err("has addresses of another size than 8 bytes; save it again".into());
        }
        if file.number::<8>(base)? != 0 {
            return Err("begins with a block of another program; save it without one".into());
        }
        file.root = file.number::<8>(root)?;
        Ok(file)
    }

    /// The group of everything.
    pub(crate) fn root(&self) -> Result<Object<'_, 'a>, String> {
        Object::at(self, self.root)
    }

    /// Bytes of the file.
    fn part(&self, at: u64, length: u64) -> Result<&'a [u8], String> {
        let range = usize::try_from(at)
            .ok()
            .zip(at.checked_add(length).and_then(|end| usize::try_from(end).ok()));
        range
            .and_then(|(at, end)| self.bytes.get(at..end))
            .ok_or_else(|| DAMAGED.into())
    }

    fn number<const BYTES: u64>(&self, at: u64) -> Result<u64, String> {
        Ok(little_endian(self.part(at, BYTES)?))
    }

    /// Counts one step.
    ///
    /// # Errors
    /// There were too many.
    fn step(&self) -> Result<(), String> {
        let left = self.steps.get().checked_sub(1);
        self.steps
            .set(left.ok_or("has more objects than a model has, or leads in circles; save it again")?);
        Ok(())
    }

    fn take_values(&self, count: usize) -> Result<(), String> {
        let left = self.values.get().checked_sub(count);
        self.values
            .set(left.ok_or("has more values than its size; save it again")?);
        Ok(())
    }
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte))
}

/// Numbers and bytes, one behind the other.
#[derive(Clone, Copy)]
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(DAMAGED)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self, bytes: usize) -> Result<u64, String> {
        Ok(little_endian(self.take(bytes)?))
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }
}
