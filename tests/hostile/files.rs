//! Small files of every kind that the program reads, byte by byte, so that one byte of them can be made wrong.

#[path = "../../fuzz/harness/bytes.rs"]
mod bytes;
#[path = "../../fuzz/harness/pickle.rs"]
mod pickle;

pub use bytes::{elf, npy, stored};
pub use pickle::state_dict;

use skiprnn_nostd::format;
use std::{fs, path::Path};

/// Writes a file, and the folders that it lies in.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be made");
    fs::write(path, bytes).expect("a file can be written");
}

/// Values (N, T, I) of f32 as `.npy`.
pub fn sequences(count: usize, length: usize, channels: usize) -> Vec<u8> {
    let value = |k: usize| ((k as f32 * 0.37).sin() * 0.5).to_le_bytes();
    let data: Vec<u8> = (0..count * length * channels).flat_map(value).collect();
    npy("<f4", &format!("({count}, {length}, {channels})"), "False", &data)
}

/// Class indices 0, 1, 0, 1, ... (N) as `.npy`.
pub fn labels(count: usize) -> Vec<u8> {
    let data: Vec<u8> = (0..count).map(|n| (n % 2) as u8).collect();
    npy("|u1", &format!("({count},)"), "False", &data)
}

/// A WAV file of 16-bit amplitudes in one channel at 8 kHz.
pub fn wav(amplitudes: usize) -> Vec<u8> {
    let data: Vec<u8> = (0..amplitudes)
        .flat_map(|k| (((k as f64 * 0.4).sin() * 9000.0) as i16).to_le_bytes())
        .collect();
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(8000u32.to_le_bytes());
    file.extend(16_000u32.to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// Four images of 2 x 2 pixels as IDX.
pub fn images() -> Vec<u8> {
    let mut file = b"\0\0\x08\x03\0\0\0\x04\0\0\0\x02\0\0\0\x02".to_vec();
    file.extend((0..16u8).map(|k| k * 15));
    file
}

/// Their labels as IDX.
pub fn digits() -> Vec<u8> {
    b"\0\0\x08\x01\0\0\0\x04\x01\x02\x01\x02".to_vec()
}

/// A state dict of `nn.LSTM(1, 2)` and `nn.Linear(2, 2)` as safetensors.
pub fn safetensors() -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, shape) in [
        ("weight_ih_l0", vec![8usize, 1]),
        ("weight_hh_l0", vec![8, 2]),
        ("bias_ih_l0", vec![8]),
        ("bias_hh_l0", vec![8]),
        ("fc.weight", vec![2, 2]),
        ("fc.bias", vec![2]),
    ] {
        let start = data.len();
        let value = |k: usize| ((k as f32 * 0.7).sin() * 0.5).to_le_bytes();
        data.extend((0..shape.iter().product()).flat_map(value));
        let entry = serde_json::json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, data.len()] });
        header.insert(name.to_owned(), entry);
    }
    let header = serde_json::Value::Object(header).to_string();
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), &data].concat()
}

/// The blob of `skiprnn-nostd/docs/blob-format.md`: a GRU of one unit with a skip gate, 8 samples of one channel.
pub fn blob() -> Vec<u8> {
    quantize::example_blob().bytes().to_vec()
}

/// The same bytes with the right checksum; those that are too short for one stay as they are.
pub fn sealed(mut blob: Vec<u8>) -> Vec<u8> {
    if blob.len() >= 16 {
        let mut digest = format::CRC.digest();
        digest.update(&blob[..12]);
        digest.update(&blob[16..]);
        let crc = digest.finalize().to_le_bytes();
        blob[12..16].copy_from_slice(&crc);
    }
    blob
}
