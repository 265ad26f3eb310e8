//! What the loader puts into the board's memory: the headers of [`board_link`] with a model and its sequences behind them.

use crate::{Error, Load};
use board_link::{Budget, Pauses, SequenceHeader, Settings, blob::HEADER_BYTES, symbols};
use std::path::Path;
use virtual_board::host::symbols::Symbols;

/// What a run puts into a board.
#[derive(Debug, Default)]
pub struct Loads {
    /// Address and bytes.
    pub memory: Vec<(u32, Vec<u8>)>,
    /// Bytes that are streamed in.
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
        let symbols = Symbols::read(elf).map_err(image)?;
        let symbol = |name: &str| {
            symbols
                .value(name)
                .ok_or_else(|| image(format!("the ELF has no symbol {name}")))
        };
        let region = |start, bytes| -> Result<Region, Error> {
            Ok(Region {
                start: symbol(start)?,
                bytes: symbol(bytes)?,
            })
        };
        Ok(Self {
            blob: region(symbols::BLOB_START, symbols::BLOB_SIZE)?,
            sequences: region(symbols::SEQUENCES_START, symbols::SEQUENCES_SIZE)?,
        })
    }
}

impl Loads {
    /// A blob with the settings to run it by, and its sequences.
    pub fn new(regions: &Regions, load: &Load<'_>, settings: &Settings) -> Result<Self, Error> {
        let blob = self::blob(load.blob, settings, regions.blob.bytes as usize)?;
        let mut loads = Self {
            memory: vec![(regions.blob.start, blob)],
            stream: Vec::new(),
        };
        match regions.sequences.bytes as usize {
            0 => loads.stream = sequences(load.counts, load.shape, u32::MAX as usize)?,
            room => {
                let bytes = sequences(load.counts, load.shape, room)?;
                loads.memory.push((regions.sequences.start, bytes));
            }
        }
        Ok(loads)
    }
}

/// A blob behind its header with the settings, where the board has `room` bytes for both.
///
/// # Errors
/// It is empty, or too large, or the settings contradict each other.
pub fn blob(blob: &[u8], settings: &Settings, room: usize) -> Result<Vec<u8>, Error> {
    let limit = room.saturating_sub(HEADER_BYTES);
    if blob.is_empty() || blob.len() > limit {
        return Err(Error::Load {
            what: "blob",
            why: format!("{} bytes, the board holds 1 to {limit}", blob.len()),
        });
    }
    let header = board_link::blob::header(blob.len() as u32, settings).map_err(|error| Error::Load {
        what: "settings",
        why: error.to_string(),
    })?;
    Ok([&header, blob].concat())
}

/// A former version of the header before a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldHeader {
    /// Version 2, which ends before the field for answers, and keeps no state.
    Two,
    /// Version 3, which ends before the prices of pauses.
    Three,
}

impl OldHeader {
    /// Its number, and its bytes.
    const fn version(self) -> (u8, u8) {
        match self {
            Self::Two => (2, 36),
            Self::Three => (3, 40),
        }
    }
}

/// A blob as images read it that know a former version of its header. They book every update alike: its price then has a switching
/// of the sensor.
///
/// # Errors
/// As [`blob`], and settings that such an image does not know.
pub(crate) fn blob_for_old_image(
    bytes: &[u8],
    settings: &Settings,
    room: usize,
    header: OldHeader,
) -> Result<Vec<u8>, Error> {
    if header == OldHeader::Two && (settings.keep_state || settings.answer_every.is_some()) {
        return Err(Error::Load {
            what: "settings",
            why: "this image neither keeps its state nor answers within a sequence; build a newer one".into(),
        });
    }
    let alike = |budget: Budget| Budget {
        update_nj: budget.update_nj.saturating_add(budget.pauses.switch_nj),
        pauses: Pauses::NONE,
        ..budget
    };
    let settings = Settings {
        budget: settings.budget.map(alike),
        ..*settings
    };
    let mut loaded = blob(bytes, &settings, room)?;
    let (version, length) = header.version();
    loaded[4..8].copy_from_slice(&[version, 0, length, 0]);
    loaded.drain(usize::from(length)..HEADER_BYTES);
    Ok(loaded)
}

/// `n` sequences of `t` samples of `i` channels behind their header, where the board has `room` bytes for both.
///
/// # Errors
/// The counts are not that many, or too many for the board.
pub fn sequences(counts: &[i16], (n, t, i): (usize, usize, usize), room: usize) -> Result<Vec<u8>, Error> {
    let error = |why: String| Error::Load { what: "sequences", why };
    let other_shape = || error(format!("{} counts are not {n} x {t} x {i}", counts.len()));
    let product = n.checked_mul(t).and_then(|nt| nt.checked_mul(i));
    if counts.is_empty() || product != Some(counts.len()) {
        return Err(other_shape());
    }
    let (length, room) = (counts.len() * 2, room.saturating_sub(SequenceHeader::BYTES));
    if length > room {
        let most = room / (2 * t * i);
        return Err(error(format!(
            "{length} bytes, the board holds {room}: {most} sequences of this size; lower --n"
        )));
    }
    let samples: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
    // All three are at most the number of counts, which fits the region.
    let header = SequenceHeader::of([n as u32, t as u32, i as u32], &samples).ok_or_else(other_shape)?;
    Ok([header.to_bytes().as_slice(), &samples].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOB_ROOM: usize = 0x40_0000;
    const SEQUENCES_ROOM: usize = 0xc0_0000;

    #[test]
    fn what_is_loaded_is_what_a_board_finds() {
        let counts = [1, -1, 256, 2, -2, 512];
        let bytes = sequences(&counts, (2, 3, 1), 64).unwrap();
        let (header, samples) = SequenceHeader::find(&bytes).unwrap();
        assert_eq!((header.sequences, header.length, header.inputs), (2, 3, 1));
        let read = samples.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes));
        assert_eq!(read.collect::<Vec<_>>(), counts);
        let bytes = blob(b"blob", &Settings::default(), 64).unwrap();
        assert_eq!(board_link::find_blob(&bytes).unwrap().blob, b"blob");
    }

    #[test]
    fn what_cannot_be_loaded_is_named() {
        let message = |result: Result<Vec<u8>, Error>| result.unwrap_err().to_string();
        assert_eq!(
            message(blob(&[], &Settings::default(), BLOB_ROOM)),
            "blob: 0 bytes, the board holds 1 to 4194252"
        );
        let whole = vec![0; BLOB_ROOM];
        assert!(message(blob(&whole, &Settings::default(), BLOB_ROOM)).starts_with("blob: 4194304 bytes"));
        assert_eq!(
            message(sequences(&[0; 5], (2, 3, 1), SEQUENCES_ROOM)),
            "sequences: 5 counts are not 2 x 3 x 1"
        );
        assert_eq!(
            message(sequences(&[], (0, 3, 1), SEQUENCES_ROOM)),
            "sequences: 0 counts are not 0 x 3 x 1"
        );
        let many = sequences(&vec![0; 8_000_000], (80_000, 100, 1), SEQUENCES_ROOM);
        assert!(message(many).ends_with("62914 sequences of this size; lower --n"));
    }

    #[test]
    fn an_image_of_an_old_header_books_every_update_with_a_switching() {
        let word = |value| std::num::NonZeroU32::new(value).unwrap();
        let budget = Budget {
            allowance_uj_per_hour: word(200_000),
            base_nj: 40_000,
            update_nj: word(9_000),
            pauses: Pauses {
                switch_nj: 50_000,
                on_nj: 12_000,
                off_from: 5,
            },
            horizon: std::num::NonZeroU16::new(50).unwrap(),
        };
        let settings = Settings {
            budget: Some(budget),
            ..Settings::default()
        };
        for (header, version, length) in [(OldHeader::Two, 2, 36), (OldHeader::Three, 3, 40)] {
            let bytes = blob_for_old_image(b"blob", &settings, 64, header).unwrap();
            let at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            assert_eq!(
                (bytes.len(), at(4), &bytes[length..]),
                (length + 4, (length as u32) << 16 | version, b"blob".as_slice())
            );
            assert_eq!([20, 24, 28, 32].map(at), [200_000, 40_000, 59_000, 50]);
        }
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        let budget = board_link::Budget {
            allowance_uj_per_hour: std::num::NonZeroU32::MIN,
            base_nj: 1,
            update_nj: std::num::NonZeroU32::MIN,
            pauses: board_link::Pauses::NONE,
            horizon: std::num::NonZeroU16::MIN,
        };
        let settings = Settings {
            dial: fixed::types::I16F16::ONE,
            cap: None,
            budget: Some(budget),
            ..Settings::default()
        };
        let error = blob(b"blob", &settings, 64).unwrap_err().to_string();
        assert!(error.starts_with("settings: dial: 1 beside a budget"), "{error}");
    }
}
