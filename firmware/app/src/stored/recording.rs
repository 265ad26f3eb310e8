//! Recorded sequences; in memory they are read in place.

use super::{LoadError, SequenceHeader};
use core::fmt;

/// Recorded sequences of equal length, one after the other.
///
/// The present one is its own queue: samples that fall due while an update still runs wait in it.
pub trait Recording {
    /// Their number and sizes.
    fn header(&self) -> SequenceHeader;

    /// Makes the next sequence the present one; before the first call, and after the last sequence, it is empty.
    ///
    /// # Errors
    /// Where it cannot be had, or the samples turn out to be damaged.
    fn advance(&mut self) -> Result<(), LoadError>;

    /// The present sequence, (T, I), little-endian.
    fn samples(&self) -> &[u8];

    /// Reads the sample with this index, counted from the start of the present sequence, as raw 16-bit counts, one for
    /// each channel.
    ///
    /// # Errors
    /// The sequence has no such sample.
    fn read(&self, sample: u64, counts: &mut [i16]) -> Result<(), SampleError> {
        let size = (counts.len() * 2).max(1);
        let start = usize::try_from(sample).ok().and_then(|k| k.checked_mul(size));
        let bytes = start.and_then(|start| self.samples().get(start..)?.get(..size));
        for (count, bytes) in counts
            .iter_mut()
            .zip(bytes.ok_or(SampleError::EndOfRecording)?.as_chunks().0)
        {
            *count = i16::from_le_bytes(*bytes);
        }
        Ok(())
    }
}

/// Recorded sequences of equal length, read in place.
#[derive(Debug, Clone, Copy)]
pub struct SequenceFile<'a> {
    samples: &'a [u8],
    header: SequenceHeader,
    /// Sequences that have been made the present one.
    begun: usize,
}

impl<'a> SequenceFile<'a> {
    /// Finds and checks the sequences in a region that a loader filled.
    ///
    /// # Errors
    /// Where no sequences were loaded, or not all of them, or with a size of zero.
    pub fn find(region: &'a [u8]) -> Result<Self, LoadError> {
        let (header, samples) = SequenceHeader::find(region)?;
        Ok(Self {
            samples,
            header,
            begun: 0,
        })
    }
}

impl Recording for SequenceFile<'_> {
    fn header(&self) -> SequenceHeader {
        self.header
    }

    fn advance(&mut self) -> Result<(), LoadError> {
        self.begun = self.begun.saturating_add(1);
        Ok(())
    }

    fn samples(&self) -> &[u8] {
        let mut sequences = self.samples.chunks_exact(self.header.sequence_bytes().max(1));
        self.begun
            .checked_sub(1)
            .and_then(|index| sequences.nth(index))
            .unwrap_or(&[])
    }
}

/// Why a sample could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SampleError {
    /// The recording ends before this sample.
    EndOfRecording,
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndOfRecording => f.write_str("the recording ends before it"),
        }
    }
}

impl core::error::Error for SampleError {}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// N = 2, T = 3, I = 1 with the counts 1, -1, 256, 2, -2, 512: the golden of `board_link::sequences`.
    pub(in crate::stored) const EXAMPLE: [u8; 44] = [
        b'S', b'R', b'S', b'Q', 1, 0, 32, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0xb5, 0xcf,
        0xe8, 0x95, 1, 0, 255, 255, 0, 1, 2, 0, 254, 255, 0, 2,
    ];

    pub(in crate::stored) fn with(offset: usize, value: u8) -> [u8; 44] {
        let mut bytes = EXAMPLE;
        bytes[offset] = value;
        bytes
    }

    #[test]
    fn sequences_are_read_in_place() {
        check(&mut SequenceFile::find(&EXAMPLE).unwrap());
    }

    /// What the example holds.
    pub(in crate::stored) fn check(recording: &mut impl Recording) {
        let header = recording.header();
        assert_eq!((header.sequences, header.length, header.inputs), (2, 3, 1));
        let mut counts = [0];
        assert!(recording.samples().is_empty());
        for expected in [[1, -1, 256], [2, -2, 512]] {
            recording.advance().unwrap();
            for (sample, expected) in (0..).zip(expected) {
                recording.read(sample, &mut counts).unwrap();
                assert_eq!(counts, [expected]);
            }
            assert_eq!(recording.read(3, &mut counts), Err(SampleError::EndOfRecording));
        }
        recording.advance().unwrap();
        assert_eq!(recording.read(0, &mut counts), Err(SampleError::EndOfRecording));
    }
}
