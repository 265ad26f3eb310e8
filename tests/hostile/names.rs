//! Paths that are not UTF-8, and words from files that hold control characters.
#![cfg(target_os = "linux")]

use super::{
    commands::{inputs, lines, options, words},
    common::{Folder, fails, json, skiprnn},
    files::{self, write},
};
use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// A name that no text can hold.
const NAME: &[u8] = b"\xff\xfe";

/// Everything that a word of a command's line can be replaced by, and every option added.
fn tried() -> Vec<Vec<OsString>> {
    let folder = inputs();
    let mut bad = folder.path("").into_os_string().into_vec();
    bad.extend(NAME);
    bad.extend(b"/x.npy");
    let bad = OsString::from_vec(bad);
    let mut all = Vec::new();
    for (command, rest) in lines() {
        let line: Vec<OsString> = words(command, rest, &folder).into_iter().map(OsString::from).collect();
        for at in command.split(' ').count()..line.len() {
            if !line[at].as_bytes().starts_with(b"--") {
                let mut line = line.clone();
                line[at] = bad.clone();
                all.push(line);
            }
        }
        for option in options(command) {
            let mut line = line.clone();
            if let Some(at) = line.iter().position(|w| *w == *option) {
                line.drain(at..at + 2);
            }
            line.extend([OsString::from(option), bad.clone()]);
            all.push(line);
        }
    }
    all
}

#[test]
fn a_path_that_is_not_utf_8_is_refused_in_one_sentence_by_every_command() {
    let all = tried();
    let (next, by_us) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some(line) = all.get(next.fetch_add(1, Relaxed)) {
            let out = skiprnn(line);
            let said = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(2), "{line:?}\n{said}");
            assert!(
                said.starts_with("error: ") && !said.contains("panicked"),
                "{line:?}\n{said}"
            );
            if said.contains("is not written in UTF-8") {
                assert_eq!(said.lines().count(), 1, "{line:?}\n{said}");
                by_us.fetch_add(1, Relaxed);
            }
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
    // All others are options that take a number or a word, which clap refuses.
    assert!(by_us.into_inner() > 100, "of {}", all.len());
}

#[test]
fn in_a_folder_that_is_not_utf_8_recordings_are_refused_where_their_place_is_kept() {
    let f = Folder::new();
    let inside = f.path("").join(OsStr::from_bytes(NAME));
    write(&inside.join("x.npy"), files::sequences(12, 4, 1));
    write(&inside.join("y.npy"), files::labels(12));
    write(&inside.join("m.srnn"), files::blob());
    let run = |line: &str| {
        let out = Command::new(env!("CARGO_BIN_EXE_skiprnn"))
            .args(line.split(' '))
            .current_dir(&inside)
            .output()
            .expect("the program starts");
        (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
    };
    for line in [
        "train dataset --data . --steps 1 --out run",
        "data describe .",
        "sweep dataset --data . --steps 1 --out swept",
    ] {
        let (code, said) = run(line);
        assert_eq!(code, Some(2), "{line}\n{said}");
        assert!(
            said.contains("is not written in UTF-8") && said.lines().count() == 1,
            "{said}"
        );
    }
    assert!(!inside.join("run").exists() && !inside.join("swept").exists());
    assert_eq!(run("inspect m.srnn").0, Some(0));
}

#[test]
fn recordings_whose_names_are_not_utf_8_are_read() {
    let f = Folder::new();
    let table = "ax\n1\n2\n3\n";
    for class in ["yes", "no"] {
        for name in [&b"\xff.csv"[..], b"\xfe.csv", b"a.csv"] {
            write(&f.path("d").join(class).join(OsStr::from_bytes(name)), table);
        }
    }
    let found = json(&format!("data describe {}", f.at("d")));
    assert_eq!(found["class_names"], serde_json::json!(["no", "yes"]), "{found}");
    // One of them is wrong: it is named as far as it can be.
    write(&f.path("d/yes").join(OsStr::from_bytes(b"\xff.csv")), "ax\n1\nx\n");
    fails(&format!("data describe {}", f.at("d")), 1, &["\u{fffd}.csv", "line 3"]);
}

/// Escapes that a terminal would obey, and nothing else does.
const ESCAPE: &str = "\u{1b}]0;title\u{7}\u{1b}[31m";

/// Whether nothing that was printed would be obeyed.
fn plain(words: &[&OsStr]) -> bool {
    let out = skiprnn(words);
    let all = [out.stdout, out.stderr].concat();
    String::from_utf8_lossy(&all)
        .chars()
        .all(|c| !c.is_control() || c == '\n')
}

#[test]
fn words_from_files_are_printed_without_control_characters() {
    let f = Folder::new();
    // A blob whose name and class names are escapes.
    let blob = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/activity/model.srnn")).unwrap();
    for section in [1u16, 2, 4] {
        let mut changed = blob.clone();
        let (at, length) = section_of(&blob, section);
        let text = &mut changed[at..at + length];
        let escapes: Vec<u8> = ESCAPE.bytes().collect();
        // Separators stay, so that the numbers of classes and channels do.
        let mut escape = escapes.iter().cycle();
        text.iter_mut()
            .filter(|b| !b"\n\t".contains(b))
            .for_each(|b| *b = *escape.next().unwrap());
        write(&f.path("m.srnn"), files::sealed(changed));
        for line in ["inspect", "energy predict", "simulate"] {
            let more = match line {
                "inspect" => String::new(),
                "simulate" => format!(" --x {}", f.at("none.npy")),
                _ => " --board nrf52840 --compare".into(),
            };
            let line = format!("{line} {}{more}", f.at("m.srnn"));
            let words: Vec<&OsStr> = line.split(' ').map(OsStr::new).collect();
            assert!(plain(&words), "{line}, section {section}");
        }
    }
    // Names of columns, classes and groups, a unit, and a file of that name.
    let name = f.path("d").join(format!("{ESCAPE}.csv"));
    for (header, label) in [
        (format!("{ESCAPE},ay"), "yes".to_owned()),
        (format!("ax [{ESCAPE}],ay"), "yes".to_owned()),
        ("ax,ay".to_owned(), ESCAPE.to_owned()),
    ] {
        write(&name, format!("{header}\n1,2\n3,4\n"));
        write(&f.path("d/b.csv"), format!("{header}\n1,2\n3,4\n"));
        write(
            &f.path("d/labels.csv"),
            format!("file,label,group\n{ESCAPE}.csv,{label},{ESCAPE}\nb.csv,no,b\n"),
        );
        let words = ["data", "describe", &f.at("d")].map(OsString::from);
        let words: Vec<&OsStr> = words.iter().map(OsString::as_os_str).collect();
        assert!(plain(&words), "{header:?} {label:?}");
    }
}

/// Where a section of a blob lies, and its length.
fn section_of(blob: &[u8], kind: u16) -> (usize, usize) {
    let u32_at = |at: usize| u32::from_le_bytes(blob[at..at + 4].try_into().unwrap()) as usize;
    let entries = (56..)
        .step_by(12)
        .take(usize::from(u16::from_le_bytes([blob[6], blob[7]])));
    let of_kind = |at: &usize| u16::from_le_bytes([blob[*at], blob[*at + 1]]) == kind;
    let at = { entries }.find(of_kind).expect("the section is there");
    (u32_at(at + 4), u32_at(at + 8))
}
