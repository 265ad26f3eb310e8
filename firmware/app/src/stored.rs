//! What a loader puts into memory beside the image, and how it is found again: the blob behind a short header, and
//! sequences of raw sensor counts behind another. Both layouts stand byte by byte in the README of `firmware/`.
//!
//! Every field is checked before the first sample is read, so that a region that nobody filled, or filled only in
//! part, is an error with a name.

use core::fmt;

/// CRC-32/ISO-HDLC.
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
/// Version of both headers.
const VERSION: u16 = 1;

/// Offsets within the header of a blob, 16 bytes.
mod blob {
    pub const MAGIC: &[u8; 4] = b"SRBL";
    pub const LENGTH: usize = 8;
    pub const HEADER: usize = 16;
}

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

/// Which of the two loads an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// The model.
    Blob,
    /// The recorded sequences.
    Sequences,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blob => "blob",
            Self::Sequences => "sequences",
        })
    }
}

/// Why a region of memory is not what it should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadError {
    /// The header's magic is not there: nothing was loaded.
    Missing(Load),
    /// The header is of another version.
    Version {
        /// What was loaded.
        load: Load,
        /// The version that it states.
        found: u16,
    },
    /// The stated length exceeds the region, or differs from the one that the other fields give.
    Length {
        /// What was loaded.
        load: Load,
        /// The length that it states, in bytes.
        stated: u32,
        /// The length that it should have, or could have at most, in bytes.
        expected: u32,
    },
    /// A number that must not be zero is, or a reserved one is not.
    Field {
        /// What was loaded.
        load: Load,
        /// The field's name.
        field: &'static str,
        /// Its value.
        value: u32,
    },
    /// A sequence is larger than the buffer that it is streamed through.
    Buffer {
        /// Bytes of a sequence.
        sequence: usize,
        /// Bytes of the buffer.
        room: usize,
    },
    /// The checksum over the samples differs.
    Checksum {
        /// As the header states it.
        stated: u32,
        /// As the samples give it.
        computed: u32,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(load) => write!(f, "no {load} loaded"),
            Self::Version { load, found } => write!(f, "{load}: version {found}, this image reads version {VERSION}"),
            Self::Length { load, stated, expected } => write!(f, "{load}: {stated} bytes stated, not {expected}"),
            Self::Field { load, field, value } => write!(f, "{load}: {field} is {value}"),
            Self::Buffer { sequence, room } => write!(
                f,
                "sequences: one has {sequence} bytes, this image streams at most {room}"
            ),
            Self::Checksum { stated, computed } => {
                write!(f, "sequences: checksum {computed:08x}, the header says {stated:08x}")
            }
        }
    }
}

impl core::error::Error for LoadError {}

/// The two bytes at `offset`, little-endian, where they exist.
fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
}

/// The four bytes at `offset`, little-endian, where they exist.
fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

/// Checks magic, version and header length, the part that both headers begin with.
fn check_start(region: &[u8], load: Load, magic: &[u8; 4], header: usize) -> Result<(), LoadError> {
    if region.len() < header || region.first_chunk() != Some(magic) {
        return Err(LoadError::Missing(load));
    }
    match (u16_at(region, 4), u16_at(region, 6)) {
        (Some(VERSION), Some(length)) if usize::from(length) == header => Ok(()),
        (Some(VERSION), length) => Err(LoadError::Field {
            load,
            field: "header length",
            value: length.unwrap_or(0).into(),
        }),
        (found, _) => Err(LoadError::Version {
            load,
            found: found.unwrap_or(0),
        }),
    }
}

/// The blob in a region that a loader filled. Where the region is 4-byte aligned, so is the blob.
///
/// # Errors
/// Where no blob was loaded, or a longer one than the region holds. The blob itself is not looked at.
pub fn find_blob(region: &[u8]) -> Result<&[u8], LoadError> {
    let load = Load::Blob;
    check_start(region, load, blob::MAGIC, blob::HEADER)?;
    let stated = u32_at(region, blob::LENGTH).unwrap_or(0);
    let room = region.get(blob::HEADER..).unwrap_or(&[]);
    room.get(..stated as usize).ok_or(LoadError::Length {
        load,
        stated,
        expected: room.len() as u32,
    })
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
    bytes: u32,
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
    const fn check(&self, computed: u32) -> Result<(), LoadError> {
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

/// Bytes that arrive one after the other, over a wire or from a host.
pub trait ByteSource {
    /// Fills the buffer.
    ///
    /// # Errors
    /// Where fewer bytes arrive.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Ended>;
}

/// A [`ByteSource`] has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended;

/// Recorded sequences that arrive one at a time, for a board whose flash does not hold them all. The same bytes as of a
/// [`SequenceFile`]; the checksum is known only after the last sequence.
pub struct SequenceStream<'a, S> {
    source: S,
    buffer: &'a mut [u8],
    header: SequenceHeader,
    digest: crc::Digest<'static, u32>,
    /// Sequences that have arrived.
    arrived: u32,
    /// Whether the buffer holds the present one.
    here: bool,
}

impl<'a, S: ByteSource> SequenceStream<'a, S> {
    /// Reads and checks the header. `buffer` takes one sequence.
    ///
    /// # Errors
    /// Where nothing arrives, or not a header, or a sequence is larger than the buffer.
    pub fn open(mut source: S, buffer: &'a mut [u8]) -> Result<Self, LoadError> {
        let mut start = [0; SequenceHeader::BYTES];
        source
            .fill(&mut start)
            .map_err(|Ended| LoadError::Missing(Load::Sequences))?;
        let header = SequenceHeader::parse(&start)?;
        let room = buffer.len();
        match buffer.get_mut(..header.sequence_bytes()) {
            Some(buffer) => Ok(Self {
                source,
                buffer,
                header,
                digest: CRC.digest(),
                arrived: 0,
                here: false,
            }),
            None => Err(LoadError::Buffer {
                sequence: header.sequence_bytes(),
                room,
            }),
        }
    }
}

impl<S: ByteSource> Recording for SequenceStream<'_, S> {
    fn header(&self) -> SequenceHeader {
        self.header
    }

    fn advance(&mut self) -> Result<(), LoadError> {
        self.here = false;
        if self.arrived == self.header.sequences {
            return Ok(());
        }
        self.source.fill(self.buffer).map_err(|Ended| LoadError::Length {
            load: Load::Sequences,
            stated: self.header.bytes,
            expected: self.arrived.wrapping_mul(self.buffer.len() as u32),
        })?;
        self.digest.update(self.buffer);
        self.arrived = self.arrived.wrapping_add(1);
        if self.arrived == self.header.sequences {
            self.header.check(self.digest.clone().finalize())?;
        }
        self.here = true;
        Ok(())
    }

    fn samples(&self) -> &[u8] {
        if self.here { self.buffer } else { &[] }
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
mod tests {
    use super::*;

    /// N = 2, T = 3, I = 1 with the counts 1, -1, 256, 2, -2, 512: the example of the README.
    const EXAMPLE: [u8; 44] = [
        b'S', b'R', b'S', b'Q', 1, 0, 32, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0xb5, 0xcf,
        0xe8, 0x95, 1, 0, 255, 255, 0, 1, 2, 0, 254, 255, 0, 2,
    ];

    fn with(offset: usize, value: u8) -> [u8; 44] {
        let mut bytes = EXAMPLE;
        bytes[offset] = value;
        bytes
    }

    #[test]
    fn sequences_are_read_in_place() {
        check(&mut SequenceFile::find(&EXAMPLE).unwrap());
    }

    #[test]
    fn sequences_are_streamed_through_a_buffer_of_one() {
        check(&mut SequenceStream::open(&EXAMPLE[..], &mut [0; 7]).unwrap());
    }

    /// What the example holds.
    fn check(recording: &mut impl Recording) {
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

    impl ByteSource for &[u8] {
        fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Ended> {
            let (now, later) = self.split_at_checked(buffer.len()).ok_or(Ended)?;
            buffer.copy_from_slice(now);
            *self = later;
            Ok(())
        }
    }

    #[test]
    fn a_stream_that_ends_early_or_is_damaged_is_named() {
        let mut buffer = [0; 6];
        let mut error = |bytes: &[u8], room: usize| -> String {
            match SequenceStream::open(bytes, &mut buffer[..room]) {
                Err(error) => error.to_string(),
                Ok(mut stream) => (0..2).find_map(|_| stream.advance().err()).unwrap().to_string(),
            }
        };
        assert_eq!(error(&EXAMPLE[..31], 6), "no sequences loaded");
        assert_eq!(error(&with(8, 0), 6), "sequences: N is 0");
        assert_eq!(
            error(&EXAMPLE, 5),
            "sequences: one has 6 bytes, this image streams at most 5"
        );
        assert_eq!(error(&EXAMPLE[..43], 6), "sequences: 12 bytes stated, not 6");
        assert_eq!(
            error(&with(40, 3), 6),
            "sequences: checksum e1e401cf, the header says 95e8cfb5"
        );
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

    #[test]
    fn a_blob_is_found_behind_its_header() {
        let mut region = [0u8; 32];
        assert_eq!(find_blob(&region).unwrap_err().to_string(), "no blob loaded");
        assert_eq!(find_blob(&region[..3]).unwrap_err(), LoadError::Missing(Load::Blob));
        region[..16].copy_from_slice(&[b'S', b'R', b'B', b'L', 1, 0, 16, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
        region[16..21].copy_from_slice(b"model");
        assert_eq!(find_blob(&region).unwrap(), b"model");
        region[8] = 17;
        assert_eq!(
            find_blob(&region).unwrap_err().to_string(),
            "blob: 17 bytes stated, not 16"
        );
    }
}
