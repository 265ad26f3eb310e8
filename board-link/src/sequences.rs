//! Recorded sequences in a board's memory, or on their way to it: raw sensor counts behind a header of 32 bytes. All numbers
//! are little-endian.
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | magic `SRSQ` |
//! | 4 | 2 | version, 1 |
//! | 6 | 2 | bytes of this header, 32 |
//! | 8 | 4 | N, sequences |
//! | 12 | 4 | T, samples of each |
//! | 16 | 4 | I, channels of each sample |
//! | 20 | 4 | flags, zero |
//! | 24 | 4 | bytes of the samples, 2·N·T·I |
//! | 28 | 4 | CRC-32/ISO-HDLC of the samples |
//! | 32 | | i16 raw sensor counts, (N, T, I) |

use crate::load::{CRC, Load, LoadError, put, u32_at};

/// Offsets within the header.
mod offset {
    pub const N: usize = 8;
    pub const T: usize = 12;
    pub const I: usize = 16;
    pub const FLAGS: usize = 20;
    pub const LENGTH: usize = 24;
    pub const CRC: usize = 28;
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
    /// CRC-32/ISO-HDLC of all samples.
    crc: u32,
}

/// 2·N·T·I, or `None` where that is more than a header can state.
const fn sample_bytes(n: u32, t: u32, i: u32) -> Option<u32> {
    match n.checked_mul(t) {
        Some(nt) => match nt.checked_mul(i) {
            Some(nti) => nti.checked_mul(2),
            None => None,
        },
        None => None,
    }
}

/// A checksum of samples that arrive one after the other.
pub type Digest = crc::Digest<'static, u32>;

/// Begins a checksum of samples.
#[must_use]
pub fn digest() -> Digest {
    CRC.digest()
}

impl SequenceHeader {
    /// Bytes of the header.
    pub const BYTES: usize = Load::Sequences.header_bytes() as usize;

    /// The header of these samples: (N, T, I) counts, little-endian. `None` where there are none, or not that many.
    #[must_use]
    pub fn of([sequences, length, inputs]: [u32; 3], samples: &[u8]) -> Option<Self> {
        let bytes = sample_bytes(sequences, length, inputs)?;
        (bytes != 0 && samples.len() == bytes as usize).then(|| Self {
            sequences,
            length,
            inputs,
            crc: CRC.checksum(samples),
        })
    }

    /// The header as a loader writes it.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut header = [0; Self::BYTES];
        Load::Sequences.write_start(&mut header);
        for (offset, field) in [
            (offset::N, self.sequences),
            (offset::T, self.length),
            (offset::I, self.inputs),
            (offset::LENGTH, self.bytes()),
            (offset::CRC, self.crc),
        ] {
            put(&mut header, offset, field.to_le_bytes());
        }
        header
    }

    /// Reads and checks the header at the start of `bytes`.
    ///
    /// # Errors
    /// Where it is not one, or contradicts itself, or has a size of zero.
    pub fn parse(bytes: &[u8]) -> Result<Self, LoadError> {
        let load = Load::Sequences;
        load.check_start(bytes)?;
        let field = |offset| u32_at(bytes, offset).unwrap_or(0);
        let (n, t, i) = (field(offset::N), field(offset::T), field(offset::I));
        for (name, value) in [("N", n), ("T", t), ("I", i)] {
            if value == 0 {
                return Err(LoadError::Field {
                    load,
                    field: name,
                    value,
                });
            }
        }
        if field(offset::FLAGS) != 0 {
            return Err(LoadError::Field {
                load,
                field: "flags",
                value: field(offset::FLAGS),
            });
        }
        let stated = field(offset::LENGTH);
        match sample_bytes(n, t, i) {
            Some(bytes) if bytes == stated => Ok(Self {
                sequences: n,
                length: t,
                inputs: i,
                crc: field(offset::CRC),
            }),
            bytes => Err(LoadError::Length {
                load,
                stated,
                expected: bytes.unwrap_or(u32::MAX),
            }),
        }
    }

    /// The samples behind the header in a region that a loader filled, (N, T, I), little-endian.
    ///
    /// # Errors
    /// As [`SequenceHeader::parse`]; or the region ends before the samples do, or the checksum differs.
    pub fn find(region: &[u8]) -> Result<(Self, &[u8]), LoadError> {
        let header = Self::parse(region)?;
        let room = region.get(Self::BYTES..).unwrap_or(&[]);
        let samples = room.get(..header.bytes() as usize).ok_or(LoadError::Length {
            load: Load::Sequences,
            stated: header.bytes(),
            expected: room.len() as u32,
        })?;
        header.check(CRC.checksum(samples))?;
        Ok((header, samples))
    }

    /// Bytes of all samples, 2·N·T·I.
    #[must_use]
    pub const fn bytes(&self) -> u32 {
        // A header exists only where the product does.
        self.sequences
            .wrapping_mul(self.length)
            .wrapping_mul(self.inputs)
            .wrapping_mul(2)
    }

    /// Bytes of one sequence, 2·T·I.
    #[must_use]
    pub const fn sequence_bytes(&self) -> usize {
        self.length as usize * self.inputs as usize * 2
    }

    /// Checks the CRC-32/ISO-HDLC of all samples ([`digest`]) against the header's.
    ///
    /// # Errors
    /// The two differ: the samples are damaged.
    pub const fn check(&self, computed: u32) -> Result<(), LoadError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The golden: N = 2, T = 3, I = 1 with the counts 1, -1, 256, 2, -2, 512.
    const EXAMPLE: [u8; 44] = [
        b'S', b'R', b'S', b'Q', 1, 0, 32, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0xb5, 0xcf,
        0xe8, 0x95, 1, 0, 255, 255, 0, 1, 2, 0, 254, 255, 0, 2,
    ];

    #[test]
    fn the_golden_header_is_written_and_read() {
        let counts = [1i16, -1, 256, 2, -2, 512];
        let samples: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
        assert_eq!(samples, EXAMPLE[SequenceHeader::BYTES..]);
        let header = SequenceHeader::of([2, 3, 1], &samples).unwrap();
        assert_eq!(header.to_bytes(), EXAMPLE[..SequenceHeader::BYTES]);
        assert_eq!(SequenceHeader::find(&EXAMPLE).unwrap(), (header, samples.as_slice()));
        assert_eq!((header.bytes(), header.sequence_bytes()), (12, 6));
    }

    #[test]
    fn samples_of_another_shape_have_no_header() {
        for (shape, bytes) in [
            ([2, 3, 1], 11),
            ([2, 3, 1], 14),
            ([0, 3, 1], 0),
            ([u32::MAX, u32::MAX, 2], 0),
        ] {
            assert_eq!(SequenceHeader::of(shape, &vec![0; bytes]), None);
        }
    }

    #[test]
    fn malformed_sequences_are_named() {
        let find = |bytes: &[u8]| SequenceHeader::find(bytes).unwrap_err().to_string();
        let with = |offset: usize, value: u8| {
            let mut bytes = EXAMPLE;
            bytes[offset] = value;
            bytes
        };
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

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            (shape, samples) in (1u32..5, 1u32..5, 1u32..5).prop_flat_map(|(n, t, i)| (
                Just([n, t, i]),
                proptest::collection::vec(any::<u8>(), 2 * (n * t * i) as usize),
            )),
            behind in 0usize..20,
        ) {
            let header = SequenceHeader::of(shape, &samples).unwrap();
            let mut region = header.to_bytes().to_vec();
            region.extend(&samples);
            region.resize(region.len() + behind, 0xff);
            prop_assert_eq!(SequenceHeader::find(&region).unwrap(), (header, samples.as_slice()));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut bytes = bytes;
            if let Some(room) = bytes.first_chunk_mut() {
                *room = [b'S', b'R', b'S', b'Q', 1, 0, 32, 0];
            }
            if let Ok(header) = SequenceHeader::parse(&bytes) {
                prop_assert_eq!(&header.to_bytes()[..], &bytes[..SequenceHeader::BYTES]);
            }
        }
    }
}
