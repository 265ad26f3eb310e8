//! On the host, an example can write its signal as recordings to train on: `x.npy`, f32 (N, T, I) in the channels' unit, and
//! `y.npy`, i32 (N, T, 1), the class at every sample.

use std::{fs, io, path::Path};

/// Writes `count` sequences of `length` samples of I channels with their labels; one step of a count is `unit` in the channel's unit.
pub fn write<const I: usize>(
    folder: &Path,
    mut signal: impl Iterator<Item = ([i16; I], usize)>,
    (count, length): (usize, usize),
    unit: f32,
) -> io::Result<()> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (counts, class) in signal.by_ref().take(count * length) {
        x.extend(counts.iter().flat_map(|count| (f32::from(*count) * unit).to_le_bytes()));
        y.extend((class as i32).to_le_bytes());
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join("x.npy"), npy("<f4", [count, length, I], x))?;
    fs::write(folder.join("y.npy"), npy("<i4", [count, length, 1], y))
}

/// An array in version 1.0 of NumPy's format: magic, version, length of the header, header, values.
fn npy(descr: &str, [n, t, i]: [usize; 3], values: Vec<u8>) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({n}, {t}, {i}), }}");
    // Values begin at a multiple of 64 bytes.
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.into_bytes());
    file.extend(values);
    file
}
