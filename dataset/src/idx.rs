//! IDX files, as MNIST comes in them, packed by gzip or not (LeCun, Cortes, Burges: the MNIST database, "file formats").
//!
//! Two bytes 0, the type (8: unsigned bytes), the number of dimensions, each dimension as a big-endian u32, then the
//! values. Images (N, rows, columns) become sequences of rows·columns samples of one channel in [0, 1], labels (N)
//! classes.

use crate::{Error, unpacked};
use flate2::read::GzDecoder;
use float_model::{Sequences, Targets};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// What the format is called; its numbers are of pictures more often than of a sensor.
pub(crate) const FORMAT: &str = "IDX";

const UNSIGNED_BYTES: u8 = 8;

/// Images, (N, rows, columns) of u8, which are read one after another: in memory they are four times as large.
pub(crate) struct Images {
    values: Values,
    pub(crate) count: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// Whether a file's name is one of an IDX file.
pub(crate) fn is_name(name: &str) -> bool {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    name.ends_with(".idx") || ["1", "3"].iter().any(|d| name.ends_with(&format!("idx{d}-ubyte")))
}

/// The values of a file, behind its header.
struct Values {
    from: Box<dyn Read>,
    packed: bool,
}

impl Values {
    /// The problem that a read met.
    fn problem(&self, path: &Path, error: io::Error) -> Error {
        match (self.packed, error.kind()) {
            (true, _) => Error::data(path, "contents", format!("broken gzip ({error}); fetch the file again")),
            (false, io::ErrorKind::UnexpectedEof) => truncated(path, "it ends within its values"),
            (false, _) => Error::io(path)(error),
        }
    }

    fn fill(&mut self, path: &Path, bytes: &mut [u8]) -> Result<(), Error> {
        self.from.read_exact(bytes).map_err(|e| self.problem(path, e))
    }

    /// That the file ends here.
    fn end(&mut self, path: &Path) -> Result<(), Error> {
        match self.from.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(truncated(path, "it has more values than its shape says")),
            Err(e) => Err(self.problem(path, e)),
        }
    }
}

fn truncated(path: &Path, problem: &str) -> Error {
    Error::data(path, "data", format!("{problem}; is the file truncated?"))
}

/// Dimensions, and the values to read. As many as the dimensions say are no more than the file can hold.
fn open(path: &Path) -> Result<(Vec<usize>, Values), Error> {
    let mut file = BufReader::new(File::open(path).map_err(Error::io(path))?);
    let size = file.get_ref().metadata().map_err(Error::io(path))?.len();
    let packed = file.fill_buf().map_err(Error::io(path))?.starts_with(&[0x1f, 0x8b]);
    let from: Box<dyn Read> = match packed {
        true => Box::new(BufReader::new(GzDecoder::new(file))),
        false => Box::new(file),
    };
    let mut values = Values { from, packed };
    let mut head = [0; 4];
    let mut rest = Vec::new();
    values
        .from
        .by_ref()
        .take(4)
        .read_to_end(&mut rest)
        .map_err(|e| values.problem(path, e))?;
    head[..rest.len()].copy_from_slice(&rest);
    let [0, 0, kind, dimensions] = head else {
        return Err(Error::data(
            path,
            "header",
            "no IDX file: the first two bytes are not 0; fetch it again",
        ));
    };
    if rest.len() < head.len() {
        return Err(truncated(path, "it ends within its header"));
    }
    if kind != UNSIGNED_BYTES {
        let problem = format!("{kind:#04x}; only unsigned bytes (0x08) are read: convert the file, or save .npy");
        return Err(Error::data(path, "type", problem));
    }
    let mut shape = Vec::new();
    for _ in 0..dimensions {
        let mut dimension = [0; 4];
        values.fill(path, &mut dimension)?;
        shape.push(u32::from_be_bytes(dimension) as usize);
    }
    let head = 4 + 4 * u64::from(dimensions);
    let stated = shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d as u64));
    let most = unpacked::most(size);
    match stated.and_then(|n| n.checked_add(head)) {
        Some(bytes) if !packed && bytes == size => Ok((shape, values)),
        Some(bytes) if packed && bytes <= most => Ok((shape, values)),
        Some(_) if packed => {
            let problem = format!("unpacks to more than {most} bytes; unpack it with gunzip");
            Err(Error::data(path, "contents", problem))
        }
        _ => Err(truncated(
            path,
            &format!("shape {shape:?} does not fit {} values", size.saturating_sub(head)),
        )),
    }
}

/// Reads a file of images.
pub(crate) fn images(path: &Path) -> Result<Images, Error> {
    let (shape, values) = open(path)?;
    match shape[..] {
        [count, rows, columns] if shape.iter().all(|d| *d > 0) => Ok(Images {
            values,
            count,
            rows,
            columns,
        }),
        _ => {
            let problem = format!("{shape:?}; images are (N, rows, columns). Are the labels given as the images?");
            Err(Error::data(path, "shape", problem))
        }
    }
}

/// Reads a file of labels.
pub(crate) fn labels(path: &Path) -> Result<Targets, Error> {
    let (shape, mut values) = open(path)?;
    match shape[..] {
        [count] => {
            let mut labels = Vec::new();
            let mut block = [0; 4096];
            while labels.len() < count {
                let part = &mut block[..(count - labels.len()).min(4096)];
                values.fill(path, part)?;
                labels.extend(part.iter().map(|label| u32::from(*label)));
            }
            values.end(path)?;
            Ok(Targets::Labels(labels))
        }
        _ => {
            let problem = format!("{shape:?}; labels are (N). Are the images given as the labels?");
            Err(Error::data(path, "shape", problem))
        }
    }
}

impl Images {
    /// Pixels in [0, 1], row by row; with `pool` > 1 the means of squares of that many pixels on a side.
    pub(crate) fn sequences(mut self, path: &Path, pool: usize) -> Result<Sequences, Error> {
        let (rows, columns) = (self.rows, self.columns);
        if pool == 0 || !rows.is_multiple_of(pool) || !columns.is_multiple_of(pool) {
            return Err(Error::usage(
                "pool",
                format!("is {pool}; give a divisor of {rows} and {columns}"),
            ));
        }
        let full = (pool * pool) as f32 * 255.0;
        // What a packed file states is known to be true only when it was unpacked.
        let mut values = match self.values.packed {
            true => Vec::new(),
            false => Vec::with_capacity(self.count * rows * columns / (pool * pool)),
        };
        let mut image = vec![0; rows * columns];
        for _ in 0..self.count {
            self.values.fill(path, &mut image)?;
            for row in (0..rows).step_by(pool) {
                for column in (0..columns).step_by(pool) {
                    let square = (row..row + pool).flat_map(|r| &image[r * columns + column..][..pool]);
                    values.push(square.map(|p| u32::from(*p)).sum::<u32>() as f32 / full);
                }
            }
        }
        self.values.end(path)?;
        let length = rows * columns / (pool * pool);
        Ok(Sequences::new(
            &path.display().to_string(),
            values,
            self.count,
            length,
            1,
        )?)
    }
}
