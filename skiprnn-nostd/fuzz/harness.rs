//! What the fuzzer runs, and a stable test on the corpus: whatever the bytes are, parsing and updates do with them what the
//! format's page says, to the bit.

#[path = "blobs/mod.rs"]
pub mod blobs;

use blobs::{
    compare::Tally,
    draw::{self, Noise},
    read::crc,
};

/// Takes `data` as a blob; what lies behind its length chooses the samples. The checksum is made right first: a fuzzer does
/// not guess it. Returns whether there was a model.
pub fn check(data: &[u8]) -> bool {
    let mut bytes = data.to_vec();
    let length = data.get(8..12).map_or(0, |length| {
        length.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    });
    if (16..=data.len()).contains(&length) {
        let crc = crc(&bytes[..length]);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    }
    let behind = data.get(length..).unwrap_or(&[]);
    Tally::default().check(&bytes, &mut Noise::new(crc(behind).into(), 0))
}

/// Drawn blobs to start from, most of them valid, with a few bytes behind them.
#[allow(dead_code, reason = "the test of the corpus needs none")]
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |index| {
        let mut noise = Noise::new(1, index);
        let mut bytes = draw::blob(&mut noise);
        bytes.extend((0..8).map(|_| noise.next() as u8));
        bytes
    };
    (0..400).map(seed).collect()
}
