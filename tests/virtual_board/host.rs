//! What an image may reach of this computer, and what is left when a run is ended.

use crate::common::{Folder, fails, held_out};
use board_host::{Machine, Program, program_image};
use std::{fs, path::Path};

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().unwrap())
}

/// An image that begins with SYS_SYSTEM of this shell's line, and the address of the request.
fn asking_for(mut elf: Vec<u8>, line: &str) -> (Vec<u8>, u32) {
    let entry = word(&elf, 24) & !1;
    let headers = word(&elf, 28) as usize;
    let segment = (0..usize::from(elf[44]))
        .map(|k| headers + 32 * k)
        .find(|header| {
            let (at, bytes) = (word(&elf, header + 8), word(&elf, header + 16));
            word(&elf, *header) == 1 && (at..at + bytes).contains(&entry)
        })
        .expect("the entry lies in a segment");
    let offset = (word(&elf, segment + 4) + entry - word(&elf, segment + 8)) as usize;
    let mut code = Vec::new();
    if !entry.is_multiple_of(4) {
        // NOP
        code.extend(0xbf00u16.to_le_bytes());
    }
    let start = entry + code.len() as u32;
    // MOVS R0, #SYS_SYSTEM; LDR R1, [PC, #4]; BKPT 0xAB; B .
    for half in [0x2012u16, 0x4901, 0xbeab, 0xe7fe] {
        code.extend(half.to_le_bytes());
    }
    for word in [start + 12, start + 20, line.len() as u32] {
        code.extend(word.to_le_bytes());
    }
    code.extend(line.bytes().chain([0]));
    elf[offset..offset + code.len()].copy_from_slice(&code);
    (elf, start + 4)
}

#[test]
fn an_image_that_asks_for_a_command_is_stopped_and_the_call_is_named() {
    let f = Folder::new();
    let shell = format!("touch '{}'", f.at("made"));
    let blob = held_out::file("frequency-five").display().to_string();
    let line = |command: &str, machine: &str| {
        let firmware = f.at("image.elf");
        format!("{command} {blob} {machine} --task frequency --n 1 --firmware {firmware}")
    };
    let built = program_image(Machine::default(), Program::Replay).unwrap_or_else(|error| panic!("{error}"));
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("virtual-board/tests/fixtures/images/nrf52840-replay.elf");
    for (image, machine) in [(built, "--machine mps2-an386"), (fixture, "--board nrf52840-dk")] {
        let (elf, at) = asking_for(fs::read(image).unwrap(), &shell);
        fs::write(f.path("image.elf"), elf).unwrap();
        let place = format!("{at:#010x}");
        fails(
            &line("emulate", machine),
            1,
            &["a command of its shell (SYS_SYSTEM, 0x12)", &place],
        );
    }
    // QEMU would do it: it is not given such an image.
    for command in ["emulate", "energy cycles"] {
        fails(
            &line(command, "--machine mps2-an386 --with qemu"),
            2,
            &["--firmware", "leave --with qemu out"],
        );
    }
    assert!(!f.path("made").exists());
}

/// A run in QEMU that is ended from outside leaves neither QEMU nor a file behind, whatever the signal.
#[cfg(target_os = "linux")]
#[test]
fn an_emulation_that_is_killed_leaves_no_process_and_no_file() {
    use board_host::Backend;
    use std::{
        process::{Command, Stdio},
        thread::sleep,
        time::{Duration, Instant},
    };
    if !Backend::Qemu.available() {
        println!("skipped: qemu-system-arm is not installed");
        return;
    }
    // Built beforehand, so that the command starts QEMU at once.
    program_image(Machine::default(), Program::Replay).unwrap_or_else(|error| panic!("{error}"));
    let blob = held_out::file("frequency-five");
    for signal in ["INT", "TERM", "HUP", "KILL"] {
        let f = Folder::new();
        // A shell in the background has its programs ignore some of them.
        let mut run = Command::new("env")
            .args(["--default-signal=INT,TERM,HUP", env!("CARGO_BIN_EXE_skiprnn")])
            .args(["emulate", "--with", "qemu", "--task", "frequency", "--n", "20000"])
            .arg(&blob)
            .env("TMPDIR", f.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let patience = Instant::now();
        let qemu = loop {
            let tasks = fs::read_dir(format!("/proc/{}/task", run.id())).unwrap();
            let children = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
            let running = |child: &String| {
                fs::read_to_string(format!("/proc/{child}/comm")).is_ok_and(|name| name.starts_with("qemu"))
            };
            let all: String = children.collect();
            if let Some(child) = all.split_whitespace().map(str::to_owned).find(running) {
                break child;
            }
            assert!(run.try_wait().unwrap().is_none(), "it ended by itself");
            assert!(patience.elapsed() < Duration::from_secs(60), "it never started QEMU");
            sleep(Duration::from_millis(10));
        };
        let sent = Command::new("kill")
            .args(["-s", signal, &run.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        run.wait().unwrap();
        // Gone, or dead and not yet taken off the list.
        let alive = || fs::read_to_string(format!("/proc/{qemu}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        let patience = Instant::now();
        while alive() {
            assert!(
                patience.elapsed() < Duration::from_secs(20),
                "QEMU outlives SIG{signal}"
            );
            sleep(Duration::from_millis(10));
        }
        assert_eq!(f.names(), Vec::<String>::new(), "SIG{signal}");
    }
}
