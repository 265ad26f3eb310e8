//! What a program that records a sensor is asked for, in place of a blob: a header of 32 bytes where the blob would be. All
//! numbers are little-endian. A board that finds none records at the full rate until it is stopped.
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | magic `SRCO` |
//! | 4 | 2 | version, 1 |
//! | 6 | 2 | bytes of this header, 32 |
//! | 8 | 4 | samples after which it ends; zero for none |
//! | 12 | 4 | zero |
//! | 16 | 8 | nanoseconds from one sample to the next; zero for every sample of the sensor |
//! | 24 | 4 | f32: full scale of the first group of channels; zero for the sensor's first one |
//! | 28 | 4 | f32: full scale of the second group of channels |

use crate::{
    load::{Load, LoadError, put, u32_at},
    sensors::Sensor,
};
use core::num::{NonZeroU32, NonZeroU64};

/// Groups of channels, each with a unit and a range of its own, that a header has room for.
pub const GROUPS: usize = 2;

/// Offsets within the header.
mod offset {
    pub const SAMPLES: usize = 8;
    pub const RESERVED: usize = 12;
    pub const PERIOD: usize = 16;
    pub const FULL_SCALES: usize = 24;
}

/// What to record of a sensor; by default every sample, at its first ranges, without an end.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Collection {
    /// Samples after which the recording ends.
    pub samples: Option<NonZeroU32>,
    /// Nanoseconds from one sample to the next by the board's clock; without it every sample that the sensor makes is
    /// recorded, at its own instants.
    pub period_ns: Option<NonZeroU64>,
    /// The magnitude at 32,768 counts of each group of the sensor's channels, in its unit; 0 for the sensor's first one.
    pub full_scales: [f32; GROUPS],
}

impl Collection {
    /// Bytes of the header.
    pub const BYTES: usize = Load::Collection.header_bytes() as usize;

    /// The header as a loader writes it.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut header = [0; Self::BYTES];
        Load::Collection.write_start(&mut header);
        put(
            &mut header,
            offset::SAMPLES,
            self.samples.map_or(0, NonZeroU32::get).to_le_bytes(),
        );
        put(
            &mut header,
            offset::PERIOD,
            self.period_ns.map_or(0, NonZeroU64::get).to_le_bytes(),
        );
        for (full_scale, at) in self.full_scales.iter().zip((offset::FULL_SCALES..).step_by(4)) {
            put(&mut header, at, full_scale.to_le_bytes());
        }
        header
    }

    /// Reads the header at the start of a region that a loader filled.
    ///
    /// # Errors
    /// There is none, it is of another version, or a field makes no sense.
    pub fn find(region: &[u8]) -> Result<Self, LoadError> {
        let load = Load::Collection;
        load.check_start(region)?;
        let word = |at| u32_at(region, at).unwrap_or(0);
        let wrong = |field, value| Err(LoadError::Field { load, field, value });
        if word(offset::RESERVED) != 0 {
            return wrong("reserved", word(offset::RESERVED));
        }
        let mut full_scales = [0.0; GROUPS];
        for (full_scale, at) in full_scales.iter_mut().zip((offset::FULL_SCALES..).step_by(4)) {
            *full_scale = f32::from_bits(word(at));
            if !full_scale.is_finite() || full_scale.is_sign_negative() {
                return wrong("full scale", word(at));
            }
        }
        let (low, high) = (word(offset::PERIOD), word(offset::PERIOD.wrapping_add(4)));
        Ok(Self {
            samples: NonZeroU32::new(word(offset::SAMPLES)),
            period_ns: NonZeroU64::new(u64::from(high) << 32 | u64::from(low)),
            full_scales,
        })
    }

    /// The full scale of each of a sensor's channels, in the order of a sample: what was asked for, or the sensor's first one.
    pub fn full_scales_of(&self, sensor: &Sensor) -> impl Iterator<Item = f32> + use<> {
        let asked = self.full_scales;
        let group = move |(index, group): (usize, &'static crate::sensors::Channels)| {
            let first = group.full_scales.first().copied().unwrap_or_default();
            let full_scale = asked.get(index).copied().filter(|asked| *asked > 0.0).unwrap_or(first);
            core::iter::repeat_n(full_scale, group.count)
        };
        sensor.channels.iter().enumerate().flat_map(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensors::{LIS3DH, LSM6DS, SENSORS};
    use proptest::prelude::*;

    /// 12,000 samples, one every 20 ms, at 4 g and 10.0084 rad/s.
    const GOLDEN: [u8; 32] = *b"SRCO\x01\x00\x20\x00\xe0\x2e\x00\x00\x00\x00\x00\x00\
        \x00\x2d\x31\x01\x00\x00\x00\x00\x00\x00\x80\x40\x68\x22\x20\x41";

    fn golden() -> Collection {
        Collection {
            samples: NonZeroU32::new(12_000),
            period_ns: NonZeroU64::new(20_000_000),
            full_scales: [4.0, 10.0084],
        }
    }

    #[test]
    fn the_golden_header_is_written_and_read() {
        assert_eq!(golden().to_bytes(), GOLDEN);
        assert_eq!(Collection::find(&GOLDEN), Ok(golden()));
    }

    #[test]
    fn flash_without_a_header_and_a_header_that_makes_no_sense_are_told_apart() {
        assert_eq!(Collection::find(&[0xff; 40]), Err(LoadError::Missing(Load::Collection)));
        assert_eq!(
            Collection::find(&GOLDEN[..31]),
            Err(LoadError::Missing(Load::Collection))
        );
        let with = |at: usize, byte: u8| {
            let mut header = GOLDEN;
            header[at] = byte;
            Collection::find(&header).unwrap_err().to_string()
        };
        assert_eq!(with(4, 2), "collection: version 2, this image reads version 1");
        assert_eq!(with(6, 33), "collection: header length is 33");
        assert_eq!(with(12, 1), "collection: reserved is 1");
        assert!(with(27, 0xc0).starts_with("collection: full scale is"));
        let mut infinite = GOLDEN;
        infinite[28..].copy_from_slice(&f32::INFINITY.to_le_bytes());
        assert!(Collection::find(&infinite).is_err());
    }

    #[test]
    fn ranges_are_given_by_group_and_default_to_the_first() {
        let of = |full_scales, sensor| {
            let collection = Collection {
                full_scales,
                ..Collection::default()
            };
            collection.full_scales_of(sensor).collect::<Vec<_>>()
        };
        assert_eq!(of([0.0, 0.0], &LIS3DH), [2.0; 3]);
        assert_eq!(of([8.0, 0.0], &LSM6DS), [8.0, 8.0, 8.0, 5.0042, 5.0042, 5.0042]);
        assert!(SENSORS.iter().all(|sensor| sensor.channels.len() <= GROUPS));
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 24..60)) {
            let mut bytes = bytes;
            bytes[..8].copy_from_slice(&GOLDEN[..8]);
            if let Ok(collection) = Collection::find(&bytes) {
                prop_assert_eq!(&collection.to_bytes()[..], &bytes[..32]);
            }
        }
    }
}
