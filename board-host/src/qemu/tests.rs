use super::*;
use crate::Machine;
use std::{fs, path::PathBuf, time::Instant};

/// Where code lies, behind the vector table, and its constants.
const CODE: u32 = 0x40;
const CONSTANTS: usize = 0x80;

/// An image of a few instructions, in a folder of its own.
fn image(folder: &Path, instructions: &[u16], constants: &[u8]) -> PathBuf {
    let mut image = vec![0; CONSTANTS];
    for (word, value) in image.as_chunks_mut::<4>().0.iter_mut().zip([0x2000_1000, CODE | 1]) {
        *word = u32::to_le_bytes(value);
    }
    let code = image[CODE as usize..].as_chunks_mut::<2>().0;
    for (halfword, instruction) in code.iter_mut().zip(instructions) {
        *halfword = instruction.to_le_bytes();
    }
    image.extend(constants);
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
    let path = folder.join("image.elf");
    fs::write(&path, elf).unwrap();
    path
}

fn options(timeout_s: u64) -> Options {
    Options {
        machine: Machine::Mps2An386,
        backend: crate::Backend::Qemu,
        timeout_s,
        ..Options::default()
    }
}

fn missing() -> bool {
    let missing = check().is_err();
    if missing {
        println!("skipped: qemu-system-arm is not installed");
    }
    missing
}

#[test]
fn an_image_that_somebody_gives_is_refused_before_anything_is_started() {
    let given = Options {
        firmware: Some("their.elf".into()),
        ..options(5)
    };
    let why = run(Path::new("other.elf"), &Loads::default(), &given, &mut |_| {})
        .map(|_| ())
        .unwrap_err();
    let said = why.to_string();
    assert!(
        said.starts_with("their.elf: ") && said.contains("leave --with qemu out"),
        "{said}"
    );
    let counted = program_counters(Path::new("other.elf"), &Loads::default(), &given, &mut |_| {});
    assert!(matches!(counted, Err(Error::GivenToQemu { .. })));
}

#[test]
fn qemu_itself_cannot_start_a_program_for_an_image() {
    if missing() {
        return;
    }
    if sandbox().is_empty() {
        println!("skipped: this qemu-system-arm was built without its sandbox");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    let shell = format!("touch '{}'", made.display());
    // MOVS R0, #SYS_SYSTEM; LDR R1, [PC, #60]; BKPT 0xAB; MOVS R0, #SYS_EXIT; LDR R1, [PC, #56]; BKPT 0xAB; B .
    let code = [0x2012, 0x490f, 0xbeab, 0x2018, 0x490e, 0xbeab, 0xe7fe];
    let mut constants = Vec::new();
    for word in [0x88, 0x2_0026, 0x90, shell.len() as u32] {
        constants.extend(u32::to_le_bytes(word));
    }
    constants.extend(shell.as_bytes());
    constants.push(0);
    let path = image(folder.path(), &code, &constants);
    let output = run(&path, &Loads::default(), &options(10), &mut |_| {}).unwrap();
    assert_eq!(output.end, End::Itself);
    assert!(!made.exists());
}

#[test]
fn a_run_without_end_is_ended_and_no_process_is_left() {
    if missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // B .
    let path = image(folder.path(), &[0xe7fe], &[]);
    let started = Instant::now();
    let loads = Loads {
        memory: vec![(0x2100_0000, vec![1; 8])],
        ..Loads::default()
    };
    let output = run(&path, &loads, &options(1), &mut |_| {}).unwrap();
    assert_eq!(output.end, End::Timeout, "{}", output.messages);
    // The time is looked at whether lines come or not.
    let counted = program_counters(&path, &loads, &options(1), &mut |_| {});
    assert!(matches!(counted, Err(Error::Timeout { seconds: 1, .. })), "{counted:?}");
    assert!(started.elapsed().as_secs() < 60);
}
