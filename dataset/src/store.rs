//! Sequences as views of samples that are in memory or stay in their file.
//!
//! Windows, every K-th sample and parts cost a place and a length each. What is used is gathered: a batch, or chunk after chunk of
//! a part.

use crate::{Error, npy::ArrayFile};
use float_model::Sequences;
use std::sync::Arc;

/// Values (f32) that a chunk holds, 16 MiB; a longer sequence is a chunk of its own.
const CHUNK: usize = 1 << 22;
/// Values that are visited at once.
const BLOCK: usize = 1 << 16;
/// Sequences of one store, at most: their places take 2 GiB.
pub(crate) const MOST: usize = 1 << 27;

/// Where samples are.
#[derive(Debug)]
enum Base {
    /// (S, I): the samples of all recordings, one after another, without padding.
    Memory(Vec<f32>),
    /// A `.npy` file that is read where samples are used.
    File(ArrayFile),
}

/// Samples of the base that are one sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Piece {
    /// The first sample, counted over the whole base.
    pub(crate) start: u64,
    /// Samples.
    pub(crate) length: u32,
}

/// N sequences of I channels, in the units of the sensor. Copies, selections, windows and every K-th sample share the samples.
#[derive(Debug, Clone)]
pub struct Store {
    base: Arc<Base>,
    pieces: Vec<Piece>,
    /// Samples 0, K, 2K, ... of each piece are seen.
    every: usize,
    channels: usize,
}

impl Store {
    /// Recordings of `lengths` samples each, one after another in `values` (S, I), which are finite.
    pub(crate) fn in_memory(values: Vec<f32>, channels: usize, lengths: &[u32]) -> Self {
        let mut start = 0;
        let piece = |length: &u32| {
            let piece = Piece { start, length: *length };
            start += u64::from(*length);
            piece
        };
        Store {
            pieces: lengths.iter().map(piece).collect(),
            base: Arc::new(Base::Memory(values)),
            every: 1,
            channels,
        }
    }

    /// Sequences of a file: `lengths` (N), or all of the array's own length.
    pub(crate) fn in_file(file: ArrayFile, lengths: Option<&[u32]>) -> Self {
        let (count, length, channels) = file.shape();
        let own = |n: usize| lengths.map_or(length as u32, |l| l[n]);
        let piece = |n: usize| Piece {
            start: n as u64 * length as u64,
            length: own(n),
        };
        Store {
            pieces: (0..count).map(piece).collect(),
            base: Arc::new(Base::File(file)),
            every: 1,
            channels,
        }
    }

    /// Sequences that are in memory already.
    #[must_use]
    pub fn of(x: Sequences) -> Self {
        let lengths: Vec<u32> = (0..x.count).map(|n| x.length_of(n) as u32).collect();
        let values = match x.lengths.is_empty() {
            true => x.values,
            false => x.iter().flatten().copied().collect(),
        };
        Store::in_memory(values, x.channels, &lengths)
    }

    /// Sequences, N.
    #[must_use]
    pub fn count(&self) -> usize {
        self.pieces.len()
    }

    /// Channels of a sample, I.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Samples of sequence `n`.
    ///
    /// # Panics
    /// `n` is not below [`Store::count`].
    #[must_use]
    pub fn length_of(&self, n: usize) -> usize {
        (self.pieces[n].length as usize).div_ceil(self.every)
    }

    /// Samples of the longest sequence, 0 without sequences.
    #[must_use]
    pub fn longest(&self) -> usize {
        (0..self.count()).map(|n| self.length_of(n)).max().unwrap_or(0)
    }

    /// Whether all sequences have the same number of samples.
    #[must_use]
    pub fn has_one_length(&self) -> bool {
        self.pieces.iter().all(|p| p.length == self.pieces[0].length) || {
            let first = self.length_of(0);
            (0..self.count()).all(|n| self.length_of(n) == first)
        }
    }

    /// Samples of all sequences together; those of windows that overlap count in each.
    #[must_use]
    pub fn samples(&self) -> usize {
        (0..self.count()).map(|n| self.length_of(n)).sum()
    }

    /// Whether the samples stay in their file until they are used.
    #[must_use]
    pub fn is_in_file(&self) -> bool {
        matches!(&*self.base, Base::File(_))
    }

    pub(crate) fn piece(&self, n: usize) -> Piece {
        self.pieces[n]
    }

    /// All samples of sequence `n`, (T, I); none where they stay in their file.
    pub(crate) fn samples_of(&self, n: usize) -> &[f32] {
        match &*self.base {
            Base::Memory(all) => &all[self.range(self.pieces[n])],
            Base::File(_) => &[],
        }
    }

    /// Other pieces of the same samples.
    pub(crate) fn with_pieces(&self, pieces: Vec<Piece>) -> Self {
        Store {
            base: self.base.clone(),
            pieces,
            every: self.every,
            channels: self.channels,
        }
    }

    /// These sequences, in this order.
    ///
    /// # Panics
    /// An index that is not below [`Store::count`].
    #[must_use]
    pub fn select(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        self.with_pieces(indices.into_iter().map(|n| self.pieces[n]).collect())
    }

    /// The first `n` sequences, or all of them where there are fewer.
    #[must_use]
    pub fn take(&self, n: usize) -> Self {
        self.select(0..n.min(self.count()))
    }

    /// Samples 0, K, 2K, ... of each sequence; K is at least 1.
    pub(crate) fn every_kth(&self, k: usize) -> Self {
        let mut seen = self.clone();
        seen.every = self.every.saturating_mul(k.max(1));
        seen
    }

    /// These sequences as an array, padded with 0 to the longest of them.
    ///
    /// # Errors
    /// A file that cannot be read, was cut since it was opened, or holds NaN or infinity there.
    ///
    /// # Panics
    /// An index that is not below [`Store::count`].
    pub fn gather(&self, indices: &[usize]) -> Result<Sequences, Error> {
        let length = indices.iter().map(|n| self.length_of(*n)).max().unwrap_or(0);
        let row = length * self.channels;
        let mut values = vec![0.0; indices.len() * row];
        match &*self.base {
            Base::Memory(all) => {
                for (n, to) in indices.iter().zip(values.chunks_exact_mut(row.max(1))) {
                    self.copy_seen(&all[self.range(self.pieces[*n])], to);
                }
            }
            Base::File(file) => self.gather_from(file, indices, row, &mut values)?,
        }
        let lengths: Vec<u32> = indices.iter().map(|n| self.length_of(*n) as u32).collect();
        let equal = lengths.iter().all(|l| *l as usize == length);
        Ok(Sequences {
            values,
            count: indices.len(),
            length,
            channels: self.channels,
            lengths: if equal { Vec::new() } else { lengths },
        })
    }

    /// All sequences as one array in memory, padded with 0 to the longest one.
    ///
    /// # Errors
    /// As [`Store::gather`].
    pub fn all(&self) -> Result<Sequences, Error> {
        self.gather(&(0..self.count()).collect::<Vec<_>>())
    }

    /// All sequences in order, as arrays of at most 16 MiB with the index of their first sequence; a longer sequence is a chunk of
    /// its own.
    pub fn chunks(&self) -> impl Iterator<Item = Result<(usize, Sequences), Error>> + '_ {
        let mut next = 0;
        std::iter::from_fn(move || {
            let first = next;
            let mut longest = 0;
            while next < self.count() {
                longest = longest.max(self.length_of(next));
                let size = (next + 1 - first) * longest * self.channels;
                if next > first && size > CHUNK {
                    break;
                }
                next += 1;
            }
            let indices: Vec<usize> = (first..next).collect();
            (first < next).then(|| Ok((first, self.gather(&indices)?)))
        })
    }

    /// Calls `with` with the samples of all sequences in order, some (B, I) of one sequence at a time.
    pub(crate) fn visit(&self, mut with: impl FnMut(&[f32])) -> Result<(), Error> {
        if let (Base::Memory(all), 1) = (&*self.base, self.every) {
            let size = (BLOCK / self.channels).max(1) * self.channels;
            let pieces = self.pieces.iter().flat_map(|p| all[self.range(*p)].chunks(size));
            pieces.for_each(with);
            return Ok(());
        }
        for chunk in self.chunks() {
            let (_, x) = chunk?;
            x.iter().for_each(&mut with);
        }
        Ok(())
    }

    /// The values of a piece in a base that is in memory.
    fn range(&self, piece: Piece) -> std::ops::Range<usize> {
        let start = piece.start as usize * self.channels;
        start..start + piece.length as usize * self.channels
    }

    /// Copies every K-th sample of a whole piece.
    fn copy_seen(&self, samples: &[f32], to: &mut [f32]) {
        match self.every {
            1 => to[..samples.len()].copy_from_slice(samples),
            every => {
                let step = every.saturating_mul(self.channels);
                for (from, to) in samples.chunks(step).zip(to.chunks_exact_mut(self.channels)) {
                    to.copy_from_slice(&from[..self.channels]);
                }
            }
        }
    }

    /// Reads neighbouring pieces together.
    fn gather_from(&self, file: &ArrayFile, indices: &[usize], row: usize, values: &mut [f32]) -> Result<(), Error> {
        let most = (CHUNK / self.channels).max(1) as u64;
        let (mut k, mut samples) = (0, Vec::new());
        while k < indices.len() {
            let first = self.pieces[indices[k]];
            let mut end = first.start + u64::from(first.length);
            let mut after = k + 1;
            while after < indices.len() {
                let next = self.pieces[indices[after]];
                let then = next.start + u64::from(next.length);
                if next.start < first.start || next.start > end || then.max(end) - first.start > most {
                    break;
                }
                end = end.max(then);
                after += 1;
            }
            file.read(first.start, (end - first.start) as usize, &mut samples)?;
            for k in k..after {
                let piece = self.pieces[indices[k]];
                let start = (piece.start - first.start) as usize * self.channels;
                let own = &samples[start..start + piece.length as usize * self.channels];
                let to = &mut values[k * row..(k + 1) * row];
                self.copy_seen(own, to);
                if let Some(bad) = to.iter().position(|v| !v.is_finite()) {
                    let t = bad / self.channels * self.every;
                    return Err(file.not_finite(piece.start + t as u64, bad % self.channels, to[bad]));
                }
            }
            k = after;
        }
        Ok(())
    }
}

/// Whether the sequences are the same, wherever they are kept; a file that cannot be read equals nothing.
impl PartialEq for Store {
    fn eq(&self, other: &Self) -> bool {
        matches!((self.all(), other.all()), (Ok(a), Ok(b)) if a == b)
    }
}
