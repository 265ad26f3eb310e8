//! What a loader puts into memory beside the image, and how it is found again: the blob behind a short header with the
//! settings to run it by, and sequences of raw sensor counts behind another. Both layouts stand byte by byte in the README of `firmware/`.
//!
//! Every field is checked before the first sample is read, so that a region that nobody filled, or filled only in
//! part, is an error with a name.

mod recording;
mod settings;
mod stream;

pub use recording::{Recording, SampleError, SequenceFile, SequenceHeader};
pub use settings::{Budget, Settings, SettingsError};
pub use stream::{ByteSource, Ended, SequenceStream};

use core::fmt;

/// CRC-32/ISO-HDLC.
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// Offsets within the header of a blob, 36 bytes; [`settings`] has the rest.
mod blob {
    pub const MAGIC: &[u8; 4] = b"SRBL";
    pub const LENGTH: usize = 8;
    pub const HEADER: usize = 36;
}

/// Which of the two loads an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// The model.
    Blob,
    /// The recorded sequences.
    Sequences,
}

impl Load {
    /// The version of its header that this image reads.
    const fn version(self) -> u16 {
        match self {
            Self::Blob => 2,
            Self::Sequences => 1,
        }
    }
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
    let (found, length) = (u16_at(region, 4).unwrap_or(0), u16_at(region, 6).unwrap_or(0));
    if found != load.version() {
        return Err(LoadError::Version { load, found });
    }
    if usize::from(length) != header {
        return Err(LoadError::Field {
            load,
            field: "header length",
            value: length.into(),
        });
    }
    Ok(())
}

/// What was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded<'a> {
    /// The blob, not looked at yet.
    pub blob: &'a [u8],
    /// How to run it.
    pub settings: Settings,
}

/// The blob in a region that a loader filled, and the settings beside it. Where the region is 4-byte aligned, so is the
/// blob.
///
/// # Errors
/// Where no blob was loaded, a longer one than the region holds, or with settings that make no sense. The blob itself is
/// not looked at.
pub fn find_blob(region: &[u8]) -> Result<Loaded<'_>, LoadError> {
    let load = Load::Blob;
    check_start(region, load, blob::MAGIC, blob::HEADER)?;
    let settings = Settings::parse(region)?;
    let stated = u32_at(region, blob::LENGTH).unwrap_or(0);
    let room = region.get(blob::HEADER..).unwrap_or(&[]);
    match room.get(..stated as usize) {
        Some(blob) => Ok(Loaded { blob, settings }),
        None => Err(LoadError::Length {
            load,
            stated,
            expected: room.len() as u32,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_found_behind_its_header() {
        let mut region = [0u8; 52];
        assert_eq!(find_blob(&region).unwrap_err().to_string(), "no blob loaded");
        assert_eq!(find_blob(&region[..3]).unwrap_err(), LoadError::Missing(Load::Blob));
        region[..12].copy_from_slice(&[b'S', b'R', b'B', b'L', 2, 0, 36, 0, 5, 0, 0, 0]);
        region[36..41].copy_from_slice(b"model");
        assert_eq!(
            find_blob(&region).unwrap(),
            Loaded {
                blob: b"model",
                settings: Settings::default()
            }
        );
        region[8] = 17;
        assert_eq!(
            find_blob(&region).unwrap_err().to_string(),
            "blob: 17 bytes stated, not 16"
        );
        region[6] = 16;
        assert_eq!(find_blob(&region).unwrap_err().to_string(), "blob: header length is 16");
    }

    #[test]
    fn an_older_header_is_refused_by_its_version() {
        let mut region = [0u8; 52];
        region[..16].copy_from_slice(&[b'S', b'R', b'B', b'L', 1, 0, 16, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            find_blob(&region).unwrap_err().to_string(),
            "blob: version 1, this image reads version 2"
        );
    }
}
