//! Firmware images that are somebody else's: what they ask of the host is refused and named, and no damage to their files makes
//! the program panic, hang or take memory.

use board_host::{
    Error, Load, Machine, Options, boards,
    on_board::{BoardOptions, Input, OldHeader, observe},
    run,
};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const BOARD: &str = "nrf52840-dk";
/// Images of it, each with its program.
const IMAGES: [(&str, &str); 3] = [
    ("nrf52840-replay.elf", "replay"),
    ("nrf52840-classify-lis3dh.elf", "classify-lis3dh"),
    ("nrf52840-classify-lsm6ds.elf", "classify-lsm6ds"),
];

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../virtual-board/tests/fixtures/images");
    fs::read(folder.join(name)).unwrap()
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().unwrap())
}

fn half(bytes: &[u8], at: usize) -> usize {
    u16::from_le_bytes(*bytes[at..].first_chunk().unwrap()).into()
}

/// Where the file has the byte of an address; by the program headers.
fn offset_of(elf: &[u8], address: u32) -> usize {
    let headers = word(elf, 28) as usize;
    (0..half(elf, 44))
        .map(|k| headers + 32 * k)
        .find_map(|header| {
            let (offset, at, bytes) = (word(elf, header + 4), word(elf, header + 8), word(elf, header + 16));
            (word(elf, header) == 1 && (at..at + bytes).contains(&address)).then(|| (offset + address - at) as usize)
        })
        .expect("the entry lies in a segment")
}

/// The image begins with a request to the debugger: R0 is this operation, R1 the address of these words, behind which stands this
/// text; where a word is 0 its address is put. Then it loops.
fn asking(mut elf: Vec<u8>, operation: u16, block: &[u32], text: &[u8]) -> (Vec<u8>, u32) {
    let entry = word(&elf, 24) & !1;
    let mut code = Vec::new();
    if !entry.is_multiple_of(4) {
        // NOP
        code.push(0xbf00);
    }
    let start = entry + 2 * code.len() as u32;
    // MOVS R0, #operation; LDR R1, [PC, #4]; BKPT 0xAB; B .
    code.extend([0x2000 | operation, 0x4901, 0xbeab, 0xe7fe]);
    let words_at = start + 12;
    let text_at = words_at + 4 * block.len() as u32;
    let mut bytes: Vec<u8> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
    bytes.extend(words_at.to_le_bytes());
    for value in block {
        let value = if *value == 0 { text_at } else { *value };
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(text);
    let at = offset_of(&elf, entry);
    elf[at..at + bytes.len()].copy_from_slice(&bytes);
    (elf, start + 4)
}

/// Requests that would reach the host, with a file of it.
fn requests(file: &Path) -> Vec<(u16, Vec<u32>, Vec<u8>, &'static str)> {
    let name = format!("{}\0", file.display()).into_bytes();
    let length = name.len() as u32 - 1;
    let shell = format!("rm '{}'\0", file.display()).into_bytes();
    let shell_length = shell.len() as u32 - 1;
    vec![
        (
            0x12,
            vec![0, shell_length],
            shell,
            "a command of its shell (SYS_SYSTEM, 0x12)",
        ),
        (0x01, vec![0, 4, length], name.clone(), "a file, "),
        (0x01, vec![0, 1, length], name.clone(), "(SYS_OPEN, 0x1)"),
        (
            0x0e,
            vec![0, length],
            name.clone(),
            "the removal of a file (SYS_REMOVE, 0xe)",
        ),
        (
            0x0f,
            vec![0, length, 0, length],
            name,
            "the renaming of a file (SYS_RENAME, 0xf)",
        ),
        (
            0x15,
            vec![0, 64],
            vec![0; 64],
            "its command line (SYS_GET_CMDLINE, 0x15)",
        ),
    ]
}

/// A folder with a file that no image may touch.
fn victim() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept");
    fs::write(&file, "as it was").unwrap();
    (folder, file)
}

/// Runs an image for 20 ms of the board's time.
fn on_board(elf: &Path, program: &'static str) -> Result<(), Error> {
    let options = BoardOptions {
        firmware: Some(elf.to_owned()),
        old_header: Some(OldHeader::Two),
        seconds: Some(0.02),
        timeout_s: 10,
        ..BoardOptions::new(boards::find(BOARD).unwrap(), program)
    };
    observe(
        &options,
        &[0x5a; 64],
        &Input::Sequences(&[0; 12], (2, 3, 2)),
        &mut |_| false,
    )
    .map(|_| ())
}

#[test]
fn a_boards_image_that_asks_the_host_for_a_file_or_a_command_is_stopped_and_named() {
    let (folder, file) = victim();
    for (name, program) in IMAGES {
        for (operation, block, text, what) in requests(&file) {
            let (elf, at) = asking(fixture(name), operation, &block, &text);
            let path = folder.path().join("image.elf");
            fs::write(&path, elf).unwrap();
            let said = on_board(&path, program).unwrap_err().to_string();
            assert!(
                said.contains(what) && said.contains(&format!("{at:#010x}")),
                "{name}: {said}"
            );
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "as it was");
    }
}

#[test]
fn a_machines_image_that_asks_the_host_for_a_file_or_a_command_is_stopped_and_named() {
    let (folder, file) = victim();
    let machine = Machine::default();
    let built =
        board_host::program_image(machine, board_host::Program::Replay).unwrap_or_else(|error| panic!("{error}"));
    let built = fs::read(built).unwrap();
    for (operation, block, text, what) in requests(&file) {
        let (elf, at) = asking(built.clone(), operation, &block, &text);
        let path = folder.path().join("image.elf");
        fs::write(&path, elf).unwrap();
        let options = Options {
            machine,
            firmware: Some(path),
            timeout_s: 10,
            ..Options::default()
        };
        let said = run(&Load::new(&[0x5a; 64], &[0; 12], (2, 3, 2)), &options)
            .unwrap_err()
            .to_string();
        assert!(said.contains(what) && said.contains(&format!("{at:#010x}")), "{said}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "as it was");
}

/// Numbers that repeat.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

/// Where an image says something: header, program headers, section headers, and the sections of symbols, names and log lines;
/// and its segments.
fn places(elf: &[u8]) -> Vec<std::ops::Range<usize>> {
    let (programs, sections) = (word(elf, 28) as usize, word(elf, 32) as usize);
    let (programs_end, count) = (programs + 32 * half(elf, 44), half(elf, 48));
    let mut places = vec![16..52, programs..programs_end, sections..sections + 40 * count];
    for header in (0..count).map(|k| sections + 40 * k) {
        let (kind, offset, bytes) = (word(elf, header + 4), word(elf, header + 16), word(elf, header + 20));
        // Contents of the program, symbols, names; not those that have no bytes in the file.
        if [1, 2, 3].contains(&kind) && bytes > 0 {
            places.push(offset as usize..(offset + bytes) as usize);
        }
    }
    places
}

/// One to eight changes: a byte, or a word that is large, small or the file's length.
fn damaged(elf: &[u8], places: &[std::ops::Range<usize>], random: &mut Random) -> Vec<u8> {
    let mut elf = elf.to_vec();
    for _ in 0..=random.below(8) {
        let place = places[random.below(places.len())].clone();
        let at = place.start + random.below(place.len());
        let words = [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX, elf.len() as u32, 0x2000_0000];
        match random.below(3) {
            0 => elf[at] ^= 1 << random.below(8),
            1 => elf[at] = random.below(256) as u8,
            _ => {
                let value = words[random.below(words.len())].to_le_bytes();
                let at = (at & !3).min(elf.len() - 4);
                elf[at..at + 4].copy_from_slice(&value);
            }
        }
    }
    if random.below(10) == 0 {
        elf.truncate(random.below(elf.len()));
    }
    elf
}

#[test]
fn no_damage_to_an_image_makes_the_program_panic_or_hang() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.elf");
    let mut random = Random(18);
    let (mut ran, mut slowest) = (0, Duration::ZERO);
    for (name, program) in IMAGES {
        let whole = fixture(name);
        let places = places(&whole);
        for _ in 0..100 {
            fs::write(&path, damaged(&whole, &places, &mut random)).unwrap();
            let started = Instant::now();
            ran += usize::from(on_board(&path, program).is_ok());
            slowest = slowest.max(started.elapsed());
        }
    }
    println!("{ran} ran, slowest {slowest:?}");
    // Damage to what is not used changes nothing.
    assert!(ran > 30, "{ran} of 300 ran");
    assert!(slowest < Duration::from_secs(30), "{slowest:?}");
}
