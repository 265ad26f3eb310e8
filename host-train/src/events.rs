//! Learning curves for TensorBoard: event files in its record format, written without its libraries.
//!
//! A record is its length (u64, little-endian), a masked CRC-32C of those eight bytes, the data, and a masked CRC-32C
//! of the data; the data is an `Event` message (protocol buffers; the formats are documented in TensorFlow's
//! `record_writer` and `event.proto`). Wall times are seconds of training, so that resumed runs have no gaps.

/// The file in a run folder, named so that TensorBoard finds it.
pub(crate) const FILE: &str = "events.out.tfevents.0.skiprnn";

/// CRC-32C (Castagnoli; reflected polynomial 0x82F63B78), bit by bit: a row has a few hundred bytes.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let shift = |c: u32| if c & 1 == 1 { c >> 1 ^ 0x82F6_3B78 } else { c >> 1 };
        (0..8).fold(crc ^ u32::from(*byte), |c, _| shift(c))
    };
    !bytes.iter().fold(u32::MAX, step)
}

/// A CRC of data that itself holds CRCs is masked: rotated right by 15 bits, plus a constant.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xA282_EAD8)
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let parts = [
        &length[..],
        &masked(&length).to_le_bytes(),
        data,
        &masked(data).to_le_bytes(),
    ];
    parts.concat()
}

fn varint(mut v: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
    out
}

/// A field of bytes, wire type 2.
fn bytes(field: u8, data: &[u8]) -> Vec<u8> {
    [&[field << 3 | 2][..], &varint(data.len() as u64), data].concat()
}

/// `Event.wall_time` (field 1, double).
fn wall_time(seconds: f64) -> Vec<u8> {
    [&[1 << 3 | 1][..], &seconds.to_le_bytes()].concat()
}

/// The first record of a file.
pub(crate) fn header() -> Vec<u8> {
    record(&[wall_time(0.0), bytes(3, b"brain.Event:2")].concat())
}

/// One record with all figures of a step.
pub(crate) fn scalars(step: u64, seconds: f64, figures: &[(&str, f64)]) -> Vec<u8> {
    let value = |(tag, v): &(&str, f64)| {
        let simple = [&[2 << 3 | 5][..], &(*v as f32).to_le_bytes()].concat();
        bytes(1, &[bytes(1, tag.as_bytes()), simple].concat())
    };
    let summary: Vec<u8> = figures.iter().flat_map(value).collect();
    let step = [&[2 << 3][..], &varint(step)].concat();
    record(&[wall_time(seconds), step, bytes(5, &summary)].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of CRC-32/ISCSI, and RFC 3720, B.4: 32 bytes of zeros.
    #[test]
    fn checksums() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
    }

    /// The header by hand: 24 bytes of data, as TensorFlow's own files begin (their wall time apart).
    #[test]
    fn header_by_hand() {
        let data = [&[9][..], &[0; 8], &[26, 13], b"brain.Event:2"].concat();
        let h = header();
        assert_eq!(h[..8], 24u64.to_le_bytes());
        assert_eq!(h[12..36], data);
        assert_eq!(h.len(), 8 + 4 + 24 + 4);
        assert_eq!(h[36..], masked(&data).to_le_bytes());
    }

    #[test]
    fn scalars_by_hand() {
        let data = &scalars(300, 1.0, &[("a", 0.5)])[12..];
        let expected = [
            &[9, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F][..], // wall_time 1.0
            &[16, 0xAC, 2],                         // step 300
            &[42, 10, 10, 8, 10, 1, b'a', 21, 0, 0, 0, 0x3F],
        ]
        .concat();
        assert_eq!(data[..data.len() - 4], expected);
    }
}
