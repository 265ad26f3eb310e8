//! Recorded sequences, and their header; in memory they are read in place.

use super::{CRC, Load, LoadError, check_start, u32_at};
use core::fmt;

/// Offsets within the header of a sequence file, 32 bytes.
mod sequences {
    pub const MAGIC: &[u8; 4] = b"SRSQ";
    pub const N: usize = 8;
    pub const T: usize = 12;
    pub const I: usize = 16;
    pub const FLAGS: usize = 20;
    pub const LENGTH: usize = 24;
    pub const CRC: usize = 28;
    pub const HEADER: usize = 32;
}

/// What the header of recorded sequences says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceHeader {
    /// N.
    pub sequences: u32,
    /// T, samples of each sequence.
    pub length: u32,
    /// I, channels of each sample.
    pub inputs: u32,
    /// Bytes of all samples, 2·N·T·I.
    pub(super) bytes: u32,
    /// CRC-32/ISO-HDLC of all samples.
    crc: u32,
}

impl SequenceHeader {
    /// Bytes of the header.
    pub const BYTES: usize = sequences::HEADER;

    /// Reads and checks the header at the start of `bytes`.
    ///
    /// # Errors
    /// Where it is not one, or contradicts itself, or has a size of zero.
    pub fn parse(bytes: &[u8]) -> Result<Self, LoadError> {
        let load = Load::Sequences;
        check_start(bytes, load, sequences::MAGIC, sequences::HEADER)?;
        let field = |offset| u32_at(bytes, offset).unwrap_or(0);
        let (n, t, i) = (field(sequences::N), field(sequences::T), field(sequences::I));
        for (name, value) in [("N", n), ("T", t), ("I", i)] {
            if value == 0 {
                return Err(LoadError::Field {
                    load,
                    field: name,
                    value,
                });
            }
        }
        if field(sequences::FLAGS) != 0 {
            return Err(LoadError::Field {
                load,
                field: "flags",
                value: field(sequences::FLAGS),
            });
        }
        let stated = field(sequences::LENGTH);
        let expected = n
            .checked_mul(t)
            .and_then(|v| v.checked_mul(i))
            .and_then(|v| v.checked_mul(2))
            .unwrap_or(u32::MAX);
        if stated != expected {
            return Err(LoadError::Length { load, stated, expected });
        }
        Ok(Self {
            sequences: n,
            length: t,
            inputs: i,
            bytes: stated,
            crc: field(sequences::CRC),
        })
    }

    /// Bytes of one sequence, 2·T·I.
    #[must_use]
    pub const fn sequence_bytes(&self) -> usize {
        self.length as usize * self.inputs as usize * 2
    }

    /// Whether the samples were what the header says.
    pub(super) const fn check(&self, computed: u32) -> Result<(), LoadError> {
        if computed == self.crc {
            Ok(())
        } else {
            Err(LoadError::Checksum {
                stated: self.crc,
                computed,
            })
        }
    }
}

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
        let header = SequenceHeader::parse(region)?;
        let room = region.get(sequences::HEADER..).unwrap_or(&[]);
        let samples = room.get(..header.bytes as usize).ok_or(LoadError::Length {
            load: Load::Sequences,
            stated: header.bytes,
            expected: room.len() as u32,
        })?;
        header.check(CRC.checksum(samples))?;
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

    /// N = 2, T = 3, I = 1 with the counts 1, -1, 256, 2, -2, 512: the example of the README.
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

    #[test]
    fn malformed_sequences_are_named() {
        let find = |bytes: &[u8]| SequenceFile::find(bytes).unwrap_err().to_string();
        assert_eq!(find(&[0; 64]), "no sequences loaded");
        assert_eq!(find(&EXAMPLE[..31]), "no sequences loaded");
        assert_eq!(find(&with(4, 2)), "sequences: version 2, this image reads version 1");
        assert_eq!(find(&with(6, 16)), "sequences: header length is 16");
        assert_eq!(find(&with(8, 0)), "sequences: N is 0");
        assert_eq!(find(&with(12, 4)), "sequences: 12 bytes stated, not 16");
        assert_eq!(find(&with(8, 3)), "sequences: 12 bytes stated, not 18");
        assert_eq!(find(&with(20, 1)), "sequences: flags is 1");
        assert_eq!(
            find(&with(40, 3)),
            "sequences: checksum e1e401cf, the header says 95e8cfb5"
        );
        assert_eq!(find(&EXAMPLE[..43]), "sequences: 12 bytes stated, not 11");
        let mut huge = EXAMPLE;
        huge[8..20].fill(255);
        assert_eq!(find(&huge), "sequences: 12 bytes stated, not 4294967295");
    }
}
