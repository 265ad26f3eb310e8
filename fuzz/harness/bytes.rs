//! Small files of formats that hold bytes, made by hand: what the fuzz targets start from, and what tests damage.

/// A `.npy` file of version 1.0. `order` is True for Fortran's.
pub fn npy(descr: &str, shape: &str, order: &str, data: &[u8]) -> Vec<u8> {
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (text.len() + 11) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.into_bytes());
    bytes.extend(data);
    bytes
}

/// A zip archive that stores its files as they are, with the right checksums.
pub fn stored(files: &[(&str, impl AsRef<[u8]>)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, contents) in files {
        let contents = contents.as_ref();
        let mut crc = u32::MAX;
        for byte in contents {
            crc ^= u32::from(*byte);
            (0..8).for_each(|_| crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()));
        }
        // Version, flags, method, time, date; then checksum and lengths.
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        common.extend((!crc).to_le_bytes());
        common.extend((contents.len() as u32).to_le_bytes());
        common.extend((contents.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        let start = bytes.len() as u32;
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(contents);
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

/// Name, type, flags, address, contents, link, info, size of an entry.
type Section<'a> = (u32, u32, u32, u32, &'a [u8], u32, u32, u32);

/// An ELF of 32 bits for Arm with one segment, the symbols of a board's image, and an empty table of log lines.
pub fn elf(board: &str) -> Vec<u8> {
    let board = format!("_board_{}", board.replace('-', "_"));
    let of_log = ["_defmt_encoding_ = rzcobs", "_defmt_version_ = 4"];
    let symbols = [
        ("_blob_start", 0x1_0000u32, 1u16),
        ("_blob_size", 0x2_0000, 1),
        ("_sequences_start", 0x3_0000, 1),
        ("_sequences_size", 0x8_0000, 1),
        (&board, 0, 1),
        (of_log[0], 0, 2),
        (of_log[1], 0, 2),
        (
            "{\"package\":\"app\",\"tag\":\"defmt_info\",\"data\":\"block first={=u64}\",\"disambiguator\":\"1\",\"crate_name\":\"app\"}",
            1,
            2,
        ),
    ];
    let (mut strings, mut table) = (vec![0], vec![0; 16]);
    for (name, value, section) in symbols {
        table.extend((strings.len() as u32).to_le_bytes());
        table.extend(value.to_le_bytes());
        table.extend([0; 4]);
        table.extend([0x10, 0]);
        table.extend(section.to_le_bytes());
        strings.extend(name.bytes().chain([0]));
    }
    // What follows begins at a multiple of 4.
    strings.resize(strings.len().next_multiple_of(4), 0);
    let names = b"\0.text\0.defmt\0.symtab\0.strtab\0.shstrtab\0";
    let text = [0, 0x80, 0, 0x20, 1, 1, 0, 0, 0xfe, 0xe7, 0, 0xbf];
    let (headers, segment) = (52, 32);
    let mut at = headers + segment;
    let mut contents: Vec<u8> = Vec::new();
    let sections: [Section<'_>; 6] = [
        (0, 0, 0, 0, &[], 0, 0, 0),
        (1, 1, 6, 0, &text, 0, 0, 0),
        (7, 1, 0, 0, &[0; 4], 0, 0, 0),
        (14, 2, 0, 0, &table, 4, 1, 16),
        (22, 3, 0, 0, &strings, 0, 0, 0),
        (30, 3, 0, 0, names, 0, 0, 0),
    ];
    let mut list = Vec::new();
    for (name, kind, flags, address, bytes, link, info, entry) in sections {
        let fields = [name, kind, flags, address, at, bytes.len() as u32, link, info, 1, entry];
        list.extend(fields.iter().flat_map(|f| f.to_le_bytes()));
        contents.extend(bytes);
        at += bytes.len() as u32;
    }
    let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let halves = |file: &mut Vec<u8>, values: &[u16]| file.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    let words = |file: &mut Vec<u8>, values: &[u32]| file.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    halves(&mut file, &[2, 40]);
    words(&mut file, &[1, 0x101, headers, at, 0x0500_0000]);
    halves(&mut file, &[52, 32, 1, 40, 6, 5]);
    words(
        &mut file,
        &[1, headers + segment, 0, 0, text.len() as u32, text.len() as u32, 5, 4],
    );
    file.extend(contents);
    file.extend(list);
    file
}
