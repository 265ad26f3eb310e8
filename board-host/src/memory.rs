//! What the loader puts into the board's memory, as `firmware/README.md` specifies it byte by byte.

use crate::{Error, Settings};
use object::{Object, ObjectSymbol};
use std::path::Path;

/// What a run puts into a board.
#[derive(Debug, Default)]
pub struct Loads {
    /// Address and bytes.
    pub memory: Vec<(u32, Vec<u8>)>,
    /// Streamed in.
    pub stream: Vec<u8>,
}

/// A stretch of a board's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Its first address.
    pub start: u32,
    /// Its length.
    pub bytes: u32,
}

/// Where an image wants its loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Regions {
    /// The blob, behind its header.
    pub blob: Region,
    /// The sequences, behind theirs; empty where they are streamed in.
    pub sequences: Region,
}

impl Regions {
    /// Reads them from the symbols that the image's linker script defines.
    ///
    /// # Errors
    /// It is no ELF, or has no such symbols.
    pub fn of(elf: &[u8], path: &Path) -> Result<Self, Error> {
        let image = |why: String| Error::Image {
            path: path.to_owned(),
            why,
        };
        let file = object::File::parse(elf).map_err(|error| image(error.to_string()))?;
        let symbol = |name: &str| {
            file.symbols()
                .find(|symbol| symbol.name() == Ok(name))
                .map(|symbol| symbol.address() as u32)
                .ok_or_else(|| image(format!("the ELF has no symbol {name}")))
        };
        Ok(Self {
            blob: Region {
                start: symbol("_blob_start")?,
                bytes: symbol("_blob_size")?,
            },
            sequences: Region {
                start: symbol("_sequences_start")?,
                bytes: symbol("_sequences_size")?,
            },
        })
    }
}

impl Loads {
    /// A blob with the settings to run it by, and `n` sequences of `t` samples of `i` channels.
    pub fn new(
        regions: &Regions,
        blob: &[u8],
        settings: &Settings,
        counts: &[i16],
        (n, t, i): (usize, usize, usize),
    ) -> Result<Self, Error> {
        let blob = self::blob(blob, settings, regions.blob.bytes as usize)?;
        let mut loads = Self {
            memory: vec![(regions.blob.start, blob)],
            stream: Vec::new(),
        };
        match regions.sequences.bytes as usize {
            0 => loads.stream = sequences(counts, n, t, i, u32::MAX as usize)?,
            room => {
                let bytes = sequences(counts, n, t, i, room)?;
                loads.memory.push((regions.sequences.start, bytes));
            }
        }
        Ok(loads)
    }
}

const BLOB_VERSION: u16 = 2;
const BLOB_HEADER: u16 = 36;
const SEQUENCES_VERSION: u16 = 1;
const SEQUENCES_HEADER: u16 = 32;

/// A blob behind its header with the settings, where the board has `room` bytes for both.
///
/// # Errors
/// It is empty, or too large, or the settings contradict each other.
pub fn blob(blob: &[u8], settings: &Settings, room: usize) -> Result<Vec<u8>, Error> {
    let what = "blob";
    let limit = room - usize::from(BLOB_HEADER);
    if blob.is_empty() || blob.len() > limit {
        return Err(Error::Load {
            what,
            why: format!("{} bytes, the board holds 1 to {limit}", blob.len()),
        });
    }
    let mut bytes = Vec::with_capacity(usize::from(BLOB_HEADER) + blob.len());
    bytes.extend(b"SRBL");
    bytes.extend(BLOB_VERSION.to_le_bytes());
    bytes.extend(BLOB_HEADER.to_le_bytes());
    bytes.extend((blob.len() as u32).to_le_bytes());
    bytes.extend(settings.bytes()?);
    bytes.extend(blob);
    Ok(bytes)
}

/// `n` sequences of `t` samples of `i` channels behind their header, where the board has `room` bytes for both.
///
/// # Errors
/// The counts are not that many, or too many for the board.
pub fn sequences(counts: &[i16], n: usize, t: usize, i: usize, room: usize) -> Result<Vec<u8>, Error> {
    let what = "sequences";
    let product = n.checked_mul(t).and_then(|nt| nt.checked_mul(i));
    if counts.is_empty() || product != Some(counts.len()) {
        return Err(Error::Load {
            what,
            why: format!("{} counts are not {n} x {t} x {i}", counts.len()),
        });
    }
    let (length, room) = (counts.len() * 2, room - usize::from(SEQUENCES_HEADER));
    if length > room {
        let most = room / (2 * t * i);
        let why = format!("{length} bytes, the board holds {room}: {most} sequences of this size; lower --n");
        return Err(Error::Load { what, why });
    }
    let samples: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
    let mut bytes = Vec::with_capacity(usize::from(SEQUENCES_HEADER) + samples.len());
    bytes.extend(b"SRSQ");
    bytes.extend(SEQUENCES_VERSION.to_le_bytes());
    bytes.extend(SEQUENCES_HEADER.to_le_bytes());
    // All three are at most the number of counts, which fits the region.
    for field in [n, t, i] {
        bytes.extend((field as u32).to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes.extend((length as u32).to_le_bytes());
    bytes.extend(
        crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC)
            .checksum(&samples)
            .to_le_bytes(),
    );
    bytes.extend(samples);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Budget;
    use fixed::types::I16F16;
    use std::num::{NonZeroU16, NonZeroU32};

    const BLOB_ROOM: usize = 0x40_0000;
    const SEQUENCES_ROOM: usize = 0xc0_0000;

    #[test]
    fn the_example_of_the_specification() {
        assert_eq!(
            sequences(&[1, -1, 256, 2, -2, 512], 2, 3, 1, 64).unwrap(),
            [
                b'S', b'R', b'S', b'Q', 1, 0, 32, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0xb5,
                0xcf, 0xe8, 0x95, 1, 0, 255, 255, 0, 1, 2, 0, 254, 255, 0, 2,
            ]
        );
        let fixed = Settings {
            dial: I16F16::from_num(-1.5),
            cap: NonZeroU32::new(20),
            budget: None,
        };
        assert_eq!(
            blob(b"blob", &fixed, 64).unwrap(),
            *b"SRBL\x02\x00\x24\x00\x04\x00\x00\x00\x00\x80\xfe\xff\x14\x00\x00\x00\
              \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00blob"
        );
        let budget = Settings {
            budget: Some(Budget {
                allowance_uj_per_hour: NonZeroU32::new(200_000).unwrap(),
                base_nj: 40_000,
                update_nj: NonZeroU32::new(9_000).unwrap(),
                horizon: NonZeroU16::new(50).unwrap(),
            }),
            ..Settings::default()
        };
        assert_eq!(
            blob(b"blob", &budget, 64).unwrap(),
            *b"SRBL\x02\x00\x24\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
              \x40\x0d\x03\x00\x40\x9c\x00\x00\x28\x23\x00\x00\x32\x00\x00\x00blob"
        );
    }

    #[test]
    fn what_cannot_be_loaded_is_named() {
        let message = |result: Result<Vec<u8>, Error>| result.unwrap_err().to_string();
        assert_eq!(
            message(blob(&[], &Settings::default(), BLOB_ROOM)),
            "blob: 0 bytes, the board holds 1 to 4194268"
        );
        let whole = vec![0; BLOB_ROOM];
        assert!(message(blob(&whole, &Settings::default(), BLOB_ROOM)).starts_with("blob: 4194304 bytes"));
        assert_eq!(
            message(sequences(&[0; 5], 2, 3, 1, SEQUENCES_ROOM)),
            "sequences: 5 counts are not 2 x 3 x 1"
        );
        assert_eq!(
            message(sequences(&[], 0, 3, 1, SEQUENCES_ROOM)),
            "sequences: 0 counts are not 0 x 3 x 1"
        );
        let many = sequences(&vec![0; 8_000_000], 80_000, 100, 1, SEQUENCES_ROOM);
        assert!(message(many).ends_with("62914 sequences of this size; lower --n"));
    }
}
