//! Small files of every kind that the program reads, byte by byte, so that one byte of them can be made wrong.

use skiprnn_nostd::format;
use std::{fs, path::Path};

/// Writes a file, and the folders that it lies in.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be made");
    fs::write(path, bytes).expect("a file can be written");
}

/// A `.npy` file of version 1.0.
pub fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// Values (N, T, I) of f32 as `.npy`.
pub fn sequences(count: usize, length: usize, channels: usize) -> Vec<u8> {
    let value = |k: usize| ((k as f32 * 0.37).sin() * 0.5).to_le_bytes();
    let data: Vec<u8> = (0..count * length * channels).flat_map(value).collect();
    npy("<f4", &format!("({count}, {length}, {channels})"), &data)
}

/// Class indices 0, 1, 0, 1, ... (N) as `.npy`.
pub fn labels(count: usize) -> Vec<u8> {
    let data: Vec<u8> = (0..count).map(|n| (n % 2) as u8).collect();
    npy("|u1", &format!("({count},)"), &data)
}

/// The checksum of a zip archive.
fn crc32(bytes: &[u8]) -> u32 {
    format::CRC.checksum(bytes)
}

/// An archive that stores its files as they are, with the right checksums.
pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, contents) in files {
        // Version, flags, method, time, date; then checksum and lengths.
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        common.extend(crc32(contents).to_le_bytes());
        common.extend((contents.len() as u32).to_le_bytes());
        common.extend((contents.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        let start = bytes.len() as u32;
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(*contents);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = bytes.len() as u32;
    let count = (files.len() as u16).to_le_bytes();
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
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

/// An ELF for Arm that has the symbols of the image of the board nrf52840-dk, and one segment without code.
pub fn elf() -> Vec<u8> {
    let symbols = [
        ("_board_nrf52840_dk", 0u32),
        ("_blob_start", 0x1_0000),
        ("_blob_size", 0x2_0000),
        ("_sequences_start", 0x3_0000),
        ("_sequences_size", 0x8_0000),
    ];
    let (mut names, mut table) = (vec![0u8], vec![0u8; 16]);
    for (name, address) in symbols {
        let words = [names.len() as u32, address, 0];
        table.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        // A global symbol without a type, absolute.
        table.extend([0x10, 0, 0xf1, 0xff]);
        names.extend(name.bytes().chain([0]));
    }
    let (segment, at) = (16u32, 52 + 32 + 16);
    let end = at + table.len() as u32 + names.len() as u32;
    let mut elf = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let halves = |elf: &mut Vec<u8>, list: &[u16]| elf.extend(list.iter().flat_map(|half| half.to_le_bytes()));
    let words = |elf: &mut Vec<u8>, list: &[u32]| elf.extend(list.iter().flat_map(|word| word.to_le_bytes()));
    halves(&mut elf, &[2, 40]);
    words(&mut elf, &[1, 0, 52, end, 0x0500_0000]);
    halves(&mut elf, &[52, 32, 1, 40, 3, 2]);
    // PT_LOAD of 16 bytes for address 0.
    words(&mut elf, &[1, 84, 0, 0, segment, segment, 5, 4]);
    elf.extend(vec![0xbf; segment as usize]);
    elf.extend(&table);
    elf.extend(&names);
    for section in [
        [0u32; 10],
        [0, 2, 0, 0, at, table.len() as u32, 2, 1, 4, 16],
        [0, 3, 0, 0, at + table.len() as u32, names.len() as u32, 0, 0, 1, 0],
    ] {
        words(&mut elf, &section);
    }
    elf
}
