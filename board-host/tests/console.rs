//! Images of a few instructions: how a run ends that the program does not end.

use board_host::{Error, Machine, Options, console};
use std::path::Path;

/// Where code lies, behind the vector table.
const CODE: u32 = 0x40;

/// An ELF with a vector table, these instructions, and from 0x80 on these constants.
fn elf(instructions: &[u16], constants: &[u32]) -> Vec<u8> {
    let mut image = vec![0; 0x80 + 4 * constants.len()];
    // Stack, reset, NMI, HardFault: the last two are no code.
    for (word, value) in image
        .as_chunks_mut::<4>()
        .0
        .iter_mut()
        .zip([0x2000_1000, CODE | 1, 0, 0])
    {
        *word = value.to_le_bytes();
    }
    let code = image[CODE as usize..].as_chunks_mut::<2>().0;
    for (halfword, instruction) in code.iter_mut().zip(instructions) {
        *halfword = instruction.to_le_bytes();
    }
    for (word, constant) in image[0x80..].as_chunks_mut::<4>().0.iter_mut().zip(constants) {
        *word = constant.to_le_bytes();
    }
    let mut elf = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x28\0".to_vec();
    for word in [1, CODE | 1, 52, 0, 0x0500_0000] {
        elf.extend(u32::to_le_bytes(word));
    }
    for half in [52u16, 32, 1, 40, 0, 0] {
        elf.extend(half.to_le_bytes());
    }
    let length = image.len() as u32;
    for word in [1, 84, 0, 0, length, length, 5, 4] {
        elf.extend(u32::to_le_bytes(word));
    }
    elf.extend(image);
    elf
}

fn stopped(instructions: &[u16], constants: &[u32], machine: Machine) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.elf");
    std::fs::write(&path, elf(instructions, constants)).unwrap();
    let options = Options {
        machine,
        timeout_s: 5,
        ..Options::default()
    };
    match console(&path, &[], &options) {
        Err(Error::Stopped { why, lines: 0 }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_board_that_sleeps_for_ever_is_told_from_a_slow_one() {
    for machine in [Machine::Mps2An386, Machine::Microbit] {
        // WFI
        let why = stopped(&[0xbf30], &[], machine);
        assert!(why.starts_with("the core sleeps for ever before 0x00000042"), "{why}");
    }
}

#[test]
fn a_register_without_a_model_is_named() {
    // LDR R0, [PC, #60]; LDR R1, [R0]
    let why = stopped(&[0x480f, 0x6801], &[0x4000_4000], Machine::Mps2An385);
    assert!(why.starts_with("not modelled: address 0x40004000"), "{why}");
    assert!(why.contains("0x00000042"), "{why}");
}

#[test]
fn a_lockup_is_named() {
    // UDF, and its handler's address has no mark of Thumb code.
    for machine in [Machine::Mps2An386, Machine::Microbit] {
        let why = stopped(&[0xde00], &[], machine);
        assert!(why.starts_with("the core locked up at 0x"), "{why}");
    }
}

#[test]
fn an_image_for_another_machine_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.elf");
    std::fs::write(&path, elf(&[0xbf30], &[])).unwrap();
    let options = Options {
        machine: Machine::Mps2An505,
        ..Options::default()
    };
    let why = console(Path::new(&path), &[], &options).unwrap_err().to_string();
    assert!(
        why.contains("128 bytes of it belong to 0x00000000, and the machine has SSRAM 1 at 0x10000000"),
        "{why}"
    );
}
