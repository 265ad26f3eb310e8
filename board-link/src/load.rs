//! What the headers have in common: magic, version, length, and the errors of a region that does not hold what it should.

use core::fmt;

/// CRC-32/ISO-HDLC.
pub(crate) const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// Offset of the version in every header, 2 bytes.
const VERSION: usize = 4;
/// Offset of the header's own length in every header, 2 bytes.
const HEADER_LENGTH: usize = 6;

/// Which of the loads an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// The model.
    Blob,
    /// The recorded sequences.
    Sequences,
    /// What a program that records a sensor is asked for.
    Collection,
}

impl Load {
    /// The four bytes that the header begins with.
    pub(crate) const fn magic(self) -> [u8; 4] {
        match self {
            Self::Blob => *b"SRBL",
            Self::Sequences => *b"SRSQ",
            Self::Collection => *b"SRCO",
        }
    }

    /// The version of the header that this crate writes and reads.
    pub(crate) const fn version(self) -> u16 {
        match self {
            Self::Blob => 4,
            Self::Sequences | Self::Collection => 1,
        }
    }

    /// Bytes of the header.
    pub(crate) const fn header_bytes(self) -> u16 {
        match self {
            Self::Blob => 52,
            Self::Sequences | Self::Collection => 32,
        }
    }

    /// Writes magic, version and header length.
    pub(crate) fn write_start(self, header: &mut [u8]) {
        put(header, 0, self.magic());
        put(header, VERSION, self.version().to_le_bytes());
        put(header, HEADER_LENGTH, self.header_bytes().to_le_bytes());
    }

    /// Checks magic, version and header length.
    pub(crate) fn check_start(self, region: &[u8]) -> Result<(), LoadError> {
        if region.len() < usize::from(self.header_bytes()) || region.first_chunk() != Some(&self.magic()) {
            return Err(LoadError::Missing(self));
        }
        let (found, length) = (
            u16_at(region, VERSION).unwrap_or(0),
            u16_at(region, HEADER_LENGTH).unwrap_or(0),
        );
        if found != self.version() {
            return Err(LoadError::Version { load: self, found });
        }
        if length != self.header_bytes() {
            return Err(LoadError::Field {
                load: self,
                field: "header length",
                value: length.into(),
            });
        }
        Ok(())
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blob => "blob",
            Self::Sequences => "sequences",
            Self::Collection => "collection",
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
    /// A number that must not be zero is, or one that must be is not.
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
        /// The checksum that the header states.
        stated: u32,
        /// The checksum of the samples.
        computed: u32,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(load) => write!(f, "no {load} loaded"),
            Self::Version { load, found } => write!(
                f,
                "{load}: version {found}, this image reads version {}",
                load.version()
            ),
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
pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
}

/// The four bytes at `offset`, little-endian, where they exist.
pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

/// Puts a field at `offset`, which every caller has room for.
pub(crate) fn put<const N: usize>(bytes: &mut [u8], offset: usize, field: [u8; N]) {
    let room = bytes.get_mut(offset..).and_then(|rest| rest.first_chunk_mut());
    debug_assert!(room.is_some(), "a field lies within its header");
    if let Some(room) = room {
        *room = field;
    }
}
