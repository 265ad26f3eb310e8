//! The pages are true in what a program can check: links lead to files, paths in code font exist, and the commands that they show
//! have these options.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Folders in which pages are looked for, below the root.
const FOLDERS: [&str; 18] = [
    "",
    "docs",
    "docs/notes",
    "energy",
    "examples/pytorch",
    "examples/serial",
    "firmware",
    "firmware/boards/nrf52840-dk",
    "firmware/boards/rp2350-pico2",
    "firmware/boards/stm32l4-iot01a",
    "firmware/boards/stm32u5-nucleo",
    "firmware/examples/embassy",
    "float-model",
    "quantize",
    "skiprnn-nostd",
    "skiprnn-nostd/docs",
    "virtual-board/oracle",
    "virtual-board/tests/fixtures/images",
];
/// Endings of the files whose paths are held to exist.
const ENDINGS: [&str; 8] = [".rs", ".md", ".toml", ".cu", ".sh", ".py", ".svg", "/"];
/// What is made by commands, and need not be there.
const MADE: [&str; 3] = ["target/", "runs/", "results/"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every page with its folder and text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = Vec::new();
    for folder in FOLDERS {
        let folder = root().join(folder);
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "md") {
                let text = fs::read_to_string(&path).unwrap();
                pages.push((path, text));
            }
        }
    }
    pages.sort();
    assert!(pages.len() > 20, "{}", pages.len());
    pages
}

/// The texts between two marks.
fn between<'a>(text: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(open)
        .skip(1)
        .filter_map(move |rest| rest.split_once(close).map(|(found, _)| found))
}

#[test]
fn every_link_leads_to_a_file() {
    let mut missing = Vec::new();
    for (page, text) in pages() {
        for link in between(&text, "](", ")") {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || link.contains("://") || link.contains(' ') {
                continue;
            }
            if !page.parent().unwrap().join(file).exists() {
                missing.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Code in a line: `like this`.
fn code(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// What a line may name files in: code, or all words of a line in a block.
fn named(line: &str) -> Vec<&str> {
    match line.strip_prefix("    ") {
        Some(block) => block
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| "`,:;()|".contains(c)))
            .collect(),
        None => code(line).collect(),
    }
}

#[test]
fn every_path_that_a_page_names_exists() {
    let mut missing = Vec::new();
    for (page, text) in pages() {
        // A changelog tells of what has been.
        if page.ends_with("CHANGELOG.md") {
            continue;
        }
        let folder = page.parent().unwrap().to_owned();
        // Below a folder that the page is about, or, of a board, below any board.
        let about = ["firmware", "firmware/boards/nrf52840-dk", "skiprnn-nostd"].map(|folder| root().join(folder));
        let places: Vec<PathBuf> = [root(), folder].into_iter().chain(about).collect();
        for span in text.lines().flat_map(named) {
            let plain = span.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            let path = plain && span.contains('/') && ENDINGS.iter().any(|ending| span.ends_with(ending));
            let first = span.split('/').next().unwrap_or_default();
            let ours = !first.is_empty() && places.iter().any(|place| place.join(first).is_dir());
            if !path || !ours || MADE.iter().any(|made| span.starts_with(made)) {
                continue;
            }
            if !places.iter().any(|place| place.join(span).exists()) {
                missing.push(format!("{}: {span}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Command lines of a page: in blocks, a line that a backslash continues being one, and in code font.
fn command_lines(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let mut lines = Vec::new();
    for line in joined.lines() {
        match line.strip_prefix("    ") {
            Some(block) => lines.push(block.trim_start().to_owned()),
            None => lines.extend(code(line).map(str::to_owned)),
        }
    }
    lines.retain(|line| line.starts_with("skiprnn "));
    lines
}

/// What `--help` of a command prints.
fn help(command: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_skiprnn"))
        .args(command)
        .arg("--help")
        .output()
        .unwrap();
    assert!(out.status.success(), "skiprnn {}: unknown command", command.join(" "));
    String::from_utf8(out.stdout).unwrap()
}

/// The names of the options in a text, without what follows them.
fn options(text: &str) -> BTreeSet<String> {
    text.split_whitespace()
        .filter_map(|word| word.trim_start_matches(['[', '(', '`', '"']).strip_prefix("--"))
        .map(|name| {
            let end = name.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
            name[..end.unwrap_or(name.len())].to_owned()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// Whether a line of a help text defines an option, and does not only mention it.
fn defines(line: &str) -> bool {
    line.trim_start().starts_with('-')
}

#[test]
fn every_command_that_a_page_shows_has_these_options() {
    let mut helps: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut wrong, mut shown) = (Vec::new(), 0);
    for (page, text) in pages() {
        if page.ends_with("CHANGELOG.md") || page.ends_with(Path::new("docs/fidelity.md")) {
            continue;
        }
        for line in command_lines(&text) {
            let words: Vec<&str> = line.split_whitespace().skip(1).collect();
            let named =
                |word: &&&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
            let depth = match words.first() {
                Some(&"energy" | &"data") => 2,
                _ => 1,
            };
            let command: Vec<&str> = words.iter().take(depth).take_while(named).copied().collect();
            if command.is_empty() {
                continue;
            }
            let known = helps.entry(command.join(" ")).or_insert_with(|| {
                help(&command)
                    .lines()
                    .filter(|line| defines(line))
                    .flat_map(options)
                    .collect()
            });
            shown += 1;
            for option in options(&line).difference(known) {
                wrong.push(format!("{}: --{option} in: {line}", page.display()));
            }
        }
    }
    assert!(shown > 50, "{shown}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
