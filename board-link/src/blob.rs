//! A model in a board's memory: the blob behind a header of 52 bytes with the settings to run it by. All numbers are
//! little-endian.
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | magic `SRBL` |
//! | 4 | 2 | version, 4 |
//! | 6 | 2 | bytes of this header, 52 |
//! | 8 | 4 | bytes of the blob |
//! | 12 | 40 | the settings ([`Settings`]): dial, cap, allowance, base, update, horizon, keep state, answer every, switch, on, off from |
//! | 52 | | the blob, 4-byte aligned where the region is |

use crate::{
    load::{Load, LoadError, put, u32_at},
    settings::{DialBesideBudget, Settings},
};

/// Bytes of the header.
pub const HEADER_BYTES: usize = Load::Blob.header_bytes() as usize;

/// Offset of the blob's length, 4 bytes.
const LENGTH: usize = 8;

/// What was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded<'a> {
    /// The blob; its content is not checked yet.
    pub blob: &'a [u8],
    /// How to run it.
    pub settings: Settings,
}

/// The header of a blob with this many bytes.
///
/// # Errors
/// The settings have a dial beside a budget.
pub fn header(blob_bytes: u32, settings: &Settings) -> Result<[u8; HEADER_BYTES], DialBesideBudget> {
    let mut header = [0; HEADER_BYTES];
    Load::Blob.write_start(&mut header);
    put(&mut header, LENGTH, blob_bytes.to_le_bytes());
    settings.write(&mut header)?;
    Ok(header)
}

/// The blob in a region that a loader filled, and the settings beside it. Every field of the header is checked, so that a
/// region that nobody filled, or filled only in part, is an error with a name.
///
/// # Errors
/// Where no blob was loaded, a longer one than the region holds, or with settings that contradict each other. The blob itself
/// is not checked.
pub fn find_blob(region: &[u8]) -> Result<Loaded<'_>, LoadError> {
    let load = Load::Blob;
    load.check_start(region)?;
    let settings = Settings::read(region)?;
    let stated = u32_at(region, LENGTH).unwrap_or(0);
    let room = region.get(HEADER_BYTES..).unwrap_or(&[]);
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
    use crate::settings::{Budget, Pauses};
    use core::num::{NonZeroU16, NonZeroU32};
    use fixed::types::I16F16;
    use proptest::prelude::*;

    /// The first golden: dial -1.5, cap 20, no budget, the state kept, an answer every 8 samples, and a blob of the four bytes
    /// `blob`.
    const FIXED: [u8; 56] = *b"SRBL\x04\x00\x34\x00\x04\x00\x00\x00\x00\x80\xfe\xff\x14\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x08\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00blob";

    /// The second golden: 200 mJ an hour, 40 uJ a sequence, 9 uJ an update, over 50 sequences; 50 uJ to switch the sensor in a
    /// pause of 5 samples or more, 12 uJ a sample in a shorter one.
    const BUDGET: [u8; 56] = *b"SRBL\x04\x00\x34\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x40\x0d\x03\x00\x40\x9c\x00\x00\x28\x23\x00\x00\x32\x00\x00\x00\x00\x00\x00\x00\
        \x50\xc3\x00\x00\xe0\x2e\x00\x00\x05\x00\x00\x00blob";

    fn fixed() -> Settings {
        Settings {
            dial: I16F16::from_num(-1.5),
            cap: NonZeroU32::new(20),
            budget: None,
            answer_every: NonZeroU32::new(8),
            keep_state: true,
        }
    }

    fn budget() -> Settings {
        Settings {
            budget: Some(Budget {
                allowance_uj_per_hour: NonZeroU32::new(200_000).unwrap(),
                base_nj: 40_000,
                update_nj: NonZeroU32::new(9_000).unwrap(),
                pauses: Pauses {
                    switch_nj: 50_000,
                    on_nj: 12_000,
                    off_from: 5,
                },
                horizon: NonZeroU16::new(50).unwrap(),
            }),
            ..Settings::default()
        }
    }

    #[test]
    fn the_golden_headers_are_written_and_read() {
        for (bytes, settings) in [(FIXED, fixed()), (BUDGET, budget())] {
            assert_eq!(header(4, &settings).unwrap(), bytes[..HEADER_BYTES]);
            let blob = b"blob".as_slice();
            assert_eq!(find_blob(&bytes).unwrap(), Loaded { blob, settings });
        }
    }

    #[test]
    fn a_dial_beside_a_budget_is_refused() {
        let both = Settings {
            dial: I16F16::ONE,
            ..budget()
        };
        let error = header(4, &both).unwrap_err().to_string();
        assert!(error.starts_with("dial: 1 beside a budget"), "{error}");
    }

    #[test]
    fn a_blob_is_found_behind_its_header() {
        let mut region = [0u8; 64];
        assert_eq!(find_blob(&region).unwrap_err().to_string(), "no blob loaded");
        assert_eq!(find_blob(&region[..3]).unwrap_err(), LoadError::Missing(Load::Blob));
        region[..12].copy_from_slice(&[b'S', b'R', b'B', b'L', 4, 0, 52, 0, 5, 0, 0, 0]);
        region[52..57].copy_from_slice(b"model");
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
            "blob: 17 bytes stated, not 12"
        );
        region[6] = 16;
        assert_eq!(find_blob(&region).unwrap_err().to_string(), "blob: header length is 16");
    }

    #[test]
    fn an_older_header_is_refused_by_its_version() {
        let mut region = [0u8; 64];
        for (version, bytes) in [(1, 16), (3, 40)] {
            region[..12].copy_from_slice(&[b'S', b'R', b'B', b'L', version, 0, bytes, 0, 5, 0, 0, 0]);
            assert_eq!(
                find_blob(&region).unwrap_err().to_string(),
                format!("blob: version {version}, this image reads version 4")
            );
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let with = |header: [u8; 56], at: usize, byte: u8| {
            let mut header = header;
            header[at] = byte;
            find_blob(&header).unwrap_err().to_string()
        };
        let without = |at: usize| {
            let mut header = BUDGET;
            header[at..at + 2].fill(0);
            find_blob(&header).unwrap_err().to_string()
        };
        assert_eq!(without(28), "blob: update_nj is 0");
        assert_eq!(without(32), "blob: horizon is 0");
        assert_eq!(with(BUDGET, 34, 2), "blob: keep_state is 2");
        assert_eq!(with(FIXED, 35, 1), "blob: keep_state is 257");
        assert_eq!(with(BUDGET, 12, 7), "blob: dial beside an allowance is 7");
        assert_eq!(with(FIXED, 24, 7), "blob: base_nj without an allowance is 7");
        assert_eq!(with(FIXED, 28, 7), "blob: update_nj without an allowance is 7");
        assert_eq!(with(FIXED, 32, 7), "blob: horizon without an allowance is 7");
        assert_eq!(with(FIXED, 40, 7), "blob: switch_nj without an allowance is 7");
        assert_eq!(with(FIXED, 44, 7), "blob: on_nj without an allowance is 7");
        assert_eq!(with(FIXED, 48, 7), "blob: off_from without an allowance is 7");
    }

    fn settings() -> impl Strategy<Value = Settings> {
        let pauses = (any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(switch_nj, on_nj, off_from)| Pauses {
            switch_nj,
            on_nj,
            off_from,
        });
        let budget =
            (1u32.., any::<u32>(), 1u32.., pauses, 1u16..).prop_map(|(allowance, base_nj, update, pauses, horizon)| {
                Budget {
                    allowance_uj_per_hour: NonZeroU32::new(allowance).unwrap(),
                    base_nj,
                    update_nj: NonZeroU32::new(update).unwrap(),
                    pauses,
                    horizon: NonZeroU16::new(horizon).unwrap(),
                }
            });
        let numbers = (any::<i32>(), any::<u32>(), any::<u32>(), any::<bool>());
        (numbers, proptest::option::of(budget)).prop_map(|((dial, cap, every, keep_state), budget)| Settings {
            dial: I16F16::from_bits(if budget.is_some() { 0 } else { dial }),
            cap: NonZeroU32::new(cap),
            budget,
            answer_every: NonZeroU32::new(every),
            keep_state,
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            settings in settings(),
            blob in proptest::collection::vec(any::<u8>(), 0..100),
            behind in 0usize..20,
        ) {
            let mut region = header(blob.len() as u32, &settings).unwrap().to_vec();
            region.extend(&blob);
            region.resize(region.len() + behind, 0xff);
            prop_assert_eq!(find_blob(&region).unwrap(), Loaded { blob: &blob, settings });
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut bytes = bytes;
            let start = [b'S', b'R', b'B', b'L', 4, 0, 52, 0];
            if let Some(room) = bytes.first_chunk_mut() {
                *room = start;
            }
            // What is read is what a writer would write.
            if let Ok(loaded) = find_blob(&bytes) {
                let written = header(loaded.blob.len() as u32, &loaded.settings).unwrap();
                prop_assert_eq!(&written[..], &bytes[..HEADER_BYTES]);
            }
        }
    }
}
