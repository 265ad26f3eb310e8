//! A `.npy` file of sequences that stays where it is: samples are read at their places when they are used.

use super::{Shape, header::Header, not_finite, numbers};
use crate::Error;
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

/// Bytes that are read at once.
const BLOCK: usize = 1 << 20;

/// An open file.
#[derive(Debug)]
pub(crate) struct ArrayFile {
    path: PathBuf,
    file: File,
    header: Header,
    shape: Shape,
}

impl ArrayFile {
    /// A file whose elements lie as (N, T, I), or as (N, I, T) where `shape` says so.
    pub(crate) fn new(path: &Path, file: File, header: Header, shape: Shape) -> Self {
        ArrayFile {
            path: path.into(),
            file,
            header,
            shape,
        }
    }

    /// N, T and I.
    pub(crate) fn shape(&self) -> (usize, usize, usize) {
        (self.shape.count, self.shape.length, self.shape.channels)
    }

    /// Reads `length` samples from `start` on, counted over all sequences, into `to`, (length, I). They are not checked for NaN.
    pub(crate) fn read(&self, start: u64, length: usize, to: &mut Vec<f32>) -> Result<(), Error> {
        to.clear();
        let i = self.shape.channels;
        if !self.shape.is_channels_first {
            return self.elements(start as usize * i, length * i, to);
        }
        to.resize(length * i, 0.0);
        let (mut done, mut line) = (0, Vec::new());
        while done < length {
            let place = start as usize + done;
            let (n, t) = (place / self.shape.length, place % self.shape.length);
            let many = (self.shape.length - t).min(length - done);
            for channel in 0..i {
                line.clear();
                self.elements((n * i + channel) * self.shape.length + t, many, &mut line)?;
                for (k, v) in line.iter().enumerate() {
                    to[(done + k) * i + channel] = *v;
                }
            }
            done += many;
        }
        Ok(())
    }

    /// Adds `count` elements from element `first` on.
    fn elements(&self, first: usize, count: usize, to: &mut Vec<f32>) -> Result<(), Error> {
        let (kind, width) = (self.header.kind, self.header.kind.width());
        let mut bytes = vec![0; (count * width).min(BLOCK / width * width)];
        let mut at = (self.header.offset + first * width) as u64;
        let mut left = count * width;
        while left > 0 {
            let some = bytes.len().min(left);
            read_at(&self.file, &mut bytes[..some], at).map_err(|e| self.unreadable(e))?;
            numbers::to_f32(kind, self.header.is_big_endian, &bytes[..some], to);
            (at, left) = (at + some as u64, left - some);
        }
        Ok(())
    }

    fn unreadable(&self, e: io::Error) -> Error {
        match e.kind() {
            io::ErrorKind::UnexpectedEof => {
                let problem = "the file is shorter than when it was opened; leave it alone while it is used";
                Error::data(&self.path, "data", problem)
            }
            _ => Error::io(&self.path)(e),
        }
    }

    /// The error for a value of a sample, counted over all sequences, that is NaN or infinite.
    pub(crate) fn not_finite(&self, sample: u64, channel: usize, value: f32) -> Error {
        let length = self.shape.length as u64;
        not_finite(
            &self.path,
            (sample / length) as usize,
            (sample % length) as usize,
            channel,
            value,
        )
    }
}

#[cfg(unix)]
fn read_at(file: &File, to: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, to, at)
}

#[cfg(windows)]
fn read_at(file: &File, mut to: &mut [u8], mut at: u64) -> io::Result<()> {
    while !to.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, to, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                at += n as u64;
                to = &mut to[n..];
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
