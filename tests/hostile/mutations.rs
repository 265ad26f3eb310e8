//! Three hundred changes to a valid file of each kind: what reads it refuses it cleanly, or takes it, in little memory and time.
//!
//! The work is done by a second process of this test, whose address space is limited: a reader that allocates by a number which a
//! file states ends that process, and the file of the case that it was at says which one it was.
#![cfg(target_os = "linux")]

use super::{
    formats::{FORMATS, Format},
    mutate::{Random, mutated},
};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Changed files of each kind.
const CASES: u64 = 300;
/// Of them every so many-th is given to the program, too.
const EVERY: u64 = 75;
/// Address space of the readers, in KiB: the threads of a run have stacks of their own.
const SPACE_KIB: u64 = 1_500_000;
/// Memory that was really used by then, in KiB: four times the files, of some KiB each, and 256 MiB.
const USED_KIB: u64 = 256 * 1024;
/// Seconds that one file may take, on a machine that does much else.
const HANG_S: u64 = 60;
/// Says to the second process which kinds it reads, and where it keeps its files.
const KINDS: &str = "SKIPRNN_HOSTILE_KINDS";
const FOLDER: &str = "SKIPRNN_HOSTILE_FOLDER";

#[test]
fn three_hundred_changes_to_each_kind_of_file_end_in_clean_errors_or_results() {
    // Two halves, side by side.
    let halves = [0, 1].map(|half| std::thread::spawn(move || read_in_second_process(half)));
    for half in halves {
        if let Err(problem) = half.join().expect("the thread ends") {
            panic!("{problem}");
        }
    }
}

/// Reads every second kind in a process of its own.
fn read_in_second_process(half: usize) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = std::env::current_exe().expect("this test has a path");
    let log = fs::File::create(folder.path().join("log")).expect("writable");
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {SPACE_KIB} && exec \"$0\" \"$@\""))
        .arg(program)
        .args(["--exact", "mutations::second_process", "--ignored", "--nocapture"])
        .env(KINDS, half.to_string())
        .env(FOLDER, folder.path())
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("the second process starts");
    let case = || fs::read_to_string(folder.path().join("case")).unwrap_or_default();
    let (mut seen, mut since) = (String::new(), Instant::now());
    let ended = loop {
        if let Some(status) = child.try_wait().expect("its own child") {
            break status.success();
        }
        let now = case();
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
        if since.elapsed() > Duration::from_secs(HANG_S) {
            child.kill().expect("its own child");
            child.wait().expect("its own child");
            return Err(format!("{seen}: not read after {HANG_S} s"));
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    let tail = &log[log.floor_char_boundary(log.len().saturating_sub(4000))..];
    match ended {
        true => Ok(()),
        false => Err(format!("ended at {}:\n{tail}", case())),
    }
}

#[test]
#[ignore = "the second process of the test above; the limits are set there"]
fn second_process() {
    let Ok(half) = std::env::var(KINDS) else { return };
    let half: usize = half.parse().expect("0 or 1");
    let folder = std::env::var(FOLDER).expect("set beside it");
    let mut problems = Vec::new();
    // The message of a panic is part of the problem that is told.
    std::panic::set_hook(Box::new(|info| println!("{info}")));
    for format in FORMATS.iter().skip(half).step_by(2) {
        let taken = read_all(format, Path::new(&folder), &mut problems);
        println!("{}: {taken} of {CASES} taken", format.name);
    }
    let used = used_kib();
    assert!(used < USED_KIB, "{used} KiB were used");
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

/// The most memory that this process has used so far.
fn used_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .expect("it is there");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

/// Reads the changed files of a kind; returns how many were taken.
fn read_all(format: &Format, folder: &Path, problems: &mut Vec<String>) -> u64 {
    let seed = (format.seed)();
    let place = folder.join("files");
    let mut taken = 0;
    for case in 0..=CASES {
        let mut random = Random::new(case);
        // The first one is valid.
        let bytes = if case == 0 {
            seed.clone()
        } else {
            mutated(&seed, &mut random)
        };
        fs::write(folder.join("case"), format!("{}, change {case}", format.name)).expect("writable");
        let mut problem = |what: String| problems.push(format!("{}, change {case}: {what}", format.name));
        let _ = fs::remove_dir_all(&place);
        (format.place)(&place, &bytes);
        match catch_unwind(AssertUnwindSafe(|| (format.read)(&place))) {
            Err(_) => problem("a panic".into()),
            Ok(Ok(())) => taken += 1,
            Ok(Err(message)) if case == 0 => problem(format!("the valid file is refused: {message}")),
            Ok(Err(message)) => clean(&message, &place).unwrap_or_else(&mut problem),
        }
        if case % EVERY == 0 {
            let _ = fs::remove_dir_all(&place);
            (format.place)(&place, &bytes);
            program(format, &place, case == 0).unwrap_or_else(&mut problem);
        }
    }
    taken
}

/// A message names the file or the folder that it lies in, and holds no control characters.
fn clean(message: &str, place: &Path) -> Result<(), String> {
    if !message.contains(&place.display().to_string()) {
        return Err(format!("names no file: {message}"));
    }
    match message.chars().any(|c| c.is_control() && c != '\n') {
        true => Err(format!("prints control characters: {message:?}")),
        false => Ok(()),
    }
}

/// Gives a file to the program.
fn program(format: &Format, place: &Path, valid: bool) -> Result<(), String> {
    let line = format.line.replace("{}", &place.display().to_string());
    let out = crate::common::skiprnn(line.split(' '));
    let (stdout, stderr) = (
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr),
    );
    let wrong = |what: &str| Err(format!("{what}: {line}\n{stdout}{stderr}"));
    if stdout
        .chars()
        .chain(stderr.chars())
        .any(|c| c.is_control() && c != '\n')
    {
        return wrong("control characters are printed");
    }
    match out.status.code() {
        Some(0) => Ok(()),
        Some(1 | 2) if !valid && stderr.contains("error: ") && !stderr.contains("panicked") => {
            let error = &stderr[stderr.find("error: ").unwrap_or(0)..];
            clean(error, place).or_else(|why| wrong(&why))
        }
        _ => wrong("ended in another way"),
    }
}
