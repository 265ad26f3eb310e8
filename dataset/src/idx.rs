//! IDX files, as MNIST comes in them, packed by gzip or not (LeCun, Cortes, Burges: the MNIST database, "file formats").
//!
//! Two bytes 0, the type (8: unsigned bytes), the number of dimensions, each dimension as a big-endian u32, then the
//! values. Images (N, rows, columns) become sequences of rows·columns samples of one channel in [0, 1], labels (N)
//! classes.

use crate::{Error, unpacked};
use flate2::read::GzDecoder;
use float_model::{Sequences, Targets};
use std::path::Path;

const UNSIGNED_BYTES: u8 = 8;

/// Images, (N, rows, columns) of u8.
pub(crate) struct Images {
    pub(crate) pixels: Vec<u8>,
    pub(crate) count: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// Whether a file's name is one of an IDX file.
pub(crate) fn is_name(name: &str) -> bool {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    name.ends_with(".idx") || ["1", "3"].iter().any(|d| name.ends_with(&format!("idx{d}-ubyte")))
}

/// Dimensions and values.
fn read(path: &Path) -> Result<(Vec<usize>, Vec<u8>), Error> {
    let mut bytes = std::fs::read(path).map_err(Error::io(path))?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let size = bytes.len() as u64;
        let unpacking = unpacked::read(GzDecoder::new(&bytes[..]), size);
        let unpacking =
            unpacking.map_err(|e| Error::data(path, "contents", format!("broken gzip ({e}); fetch the file again")))?;
        bytes = unpacking.ok_or_else(|| {
            let problem = format!(
                "unpacks to more than {} bytes; unpack it with gunzip",
                unpacked::most(size)
            );
            Error::data(path, "contents", problem)
        })?;
    }
    let [0, 0, kind, dimensions, rest @ ..] = &bytes[..] else {
        return Err(Error::data(
            path,
            "header",
            "no IDX file: the first two bytes are not 0; fetch it again",
        ));
    };
    if *kind != UNSIGNED_BYTES {
        let problem = format!("{kind:#04x}; only unsigned bytes (0x08) are read: convert the file, or save .npy");
        return Err(Error::data(path, "type", problem));
    }
    let head = 4 * usize::from(*dimensions);
    let truncated = |problem: String| Error::data(path, "data", format!("{problem}; is the file truncated?"));
    if rest.len() < head {
        return Err(truncated(format!(
            "{dimensions} dimensions do not fit {} bytes",
            bytes.len()
        )));
    }
    let size = |b: &[u8]| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize;
    let shape: Vec<usize> = rest[..head].chunks_exact(4).map(size).collect();
    let values = rest.len() - head;
    if shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)) != Some(values) {
        return Err(truncated(format!("shape {shape:?} does not fit {values} values")));
    }
    bytes.drain(..4 + head);
    Ok((shape, bytes))
}

/// Reads a file of images.
pub(crate) fn images(path: &Path) -> Result<Images, Error> {
    let (shape, pixels) = read(path)?;
    match shape[..] {
        [count, rows, columns] if pixels.len() == count * rows * columns && !pixels.is_empty() => Ok(Images {
            pixels,
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
    let (shape, values) = read(path)?;
    match shape[..] {
        [_] => Ok(Targets::Labels(values.into_iter().map(u32::from).collect())),
        _ => {
            let problem = format!("{shape:?}; labels are (N). Are the images given as the labels?");
            Err(Error::data(path, "shape", problem))
        }
    }
}

impl Images {
    /// Pixels in [0, 1], row by row; with `pool` > 1 the means of squares of that many pixels on a side.
    pub(crate) fn sequences(&self, path: &Path, pool: usize) -> Result<Sequences, Error> {
        let (rows, columns) = (self.rows, self.columns);
        if pool == 0 || !rows.is_multiple_of(pool) || !columns.is_multiple_of(pool) {
            return Err(Error::usage(
                "pool",
                format!("is {pool}; give a divisor of {rows} and {columns}"),
            ));
        }
        let full = (pool * pool) as f32 * 255.0;
        let mut values = Vec::with_capacity(self.pixels.len() / (pool * pool));
        for image in self.pixels.chunks_exact(rows * columns) {
            for row in (0..rows).step_by(pool) {
                for column in (0..columns).step_by(pool) {
                    let square = (row..row + pool).flat_map(|r| &image[r * columns + column..][..pool]);
                    values.push(square.map(|p| u32::from(*p)).sum::<u32>() as f32 / full);
                }
            }
        }
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
