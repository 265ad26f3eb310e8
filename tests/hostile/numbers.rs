//! Every option that takes a number, with numbers that no one means: a limit that is stated, or a result, and never an abort.
#![cfg(target_os = "linux")]

use super::{
    commands::{inputs, limited, lines, options, words},
    common::{Folder, skiprnn},
};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    sync::{Mutex, atomic::AtomicUsize, atomic::Ordering::Relaxed},
};

/// Whole numbers; the first is given in every command, the others in the first one that has the option.
const WHOLE: [&str; 2] = ["18446744073709551615", "4294967296"];
/// Real numbers, likewise.
const REAL: [&str; 2] = ["1e308", "NaN"];
/// Address space of a command, in KiB.
const SPACE_KIB: u64 = 4_000_000;
/// Seconds after which a command is at work that was asked for, and is ended.
const WORK_S: f64 = 1.0;
/// Seconds after which any other hangs.
const HANG_S: f64 = 20.0;
/// Options whose value is an amount of work, of any size.
const WORK: [&str; 6] = [
    "--steps",
    "--finetune-steps",
    "--settle-steps",
    "--eval-every",
    "--seed",
    "--seconds",
];
/// Options that take infinity: no bound.
const UNBOUNDED: [&str; 1] = ["--decision-clip"];
/// Values of options of their own form.
const FORMS: [(&str, &[&str]); 14] = [
    ("train", &["--window", "18446744073709551615:1"]),
    ("train", &["--window", "1:18446744073709551615"]),
    ("train", &["--window", "4294967296"]),
    ("train", &["--audio", "raw:18446744073709551615"]),
    ("train", &["--dial-range", "-1e308:1e308:1e308"]),
    ("train", &["--lambda-schedule", "warmup:18446744073709551615"]),
    ("train", &["--learning-rate-schedule", "cosine:18446744073709551615"]),
    ("train", &["--budget-loss", "l2:1e308"]),
    ("train", &["--label-from", "folder:18446744073709551615"]),
    ("data describe", &["--group-from", "file-name:18446744073709551615"]),
    ("data describe", &["--full-scale", "1e308", "--channel-names", "a"]),
    ("energy measure", &["--columns", "time=18446744073709551615,current=2"]),
    ("energy fit", &["--point", "1e308:1e308"]),
    ("energy front", &["--dials", "1e308,-1e308"]),
];

/// What kind of number an option takes; `None` where it takes something else.
fn numbers(command: &str, option: &str) -> Option<&'static [&'static str]> {
    // With --help, which ends the command where the value is taken.
    let out = skiprnn(command.split(' ').chain([option, "abc", "--help"]));
    let said = String::from_utf8_lossy(&out.stderr);
    if said.contains("invalid digit") {
        return Some(&WHOLE);
    }
    (said.contains("invalid float") || said.contains("give a number")).then_some(&REAL)
}

/// A line without an option and its value.
fn without(mut words: Vec<String>, option: &str) -> Vec<String> {
    if let Some(at) = words.iter().position(|w| w == option) {
        words.drain(at..at + 2);
    }
    words
}

/// Lines to run: the words, and the option that they try.
fn tried(folder: &Folder) -> Vec<(Vec<String>, String, &'static str)> {
    let (mut all, mut kinds) = (Vec::new(), BTreeMap::new());
    for (command, rest) in lines() {
        for option in options(command) {
            let is_first = !kinds.contains_key(&option);
            // An option takes the same kind of value in every command.
            let kind = *kinds.entry(option.clone()).or_insert_with(|| numbers(command, &option));
            let Some(list) = kind else { continue };
            let is_work = WORK.contains(&option.as_str());
            let list = if is_first && !is_work { list } else { &list[..1] };
            for value in list {
                let mut line = without(words(command, rest, folder), &option);
                // What one option needs of another.
                line.extend(needed(command, &option));
                line.extend([format!("{option}={value}")]);
                all.push((line, option.clone(), *value));
            }
        }
    }
    for (command, given) in FORMS {
        let (_, rest) = lines().find(|(name, _)| *name == command).expect("in the table");
        let mut line = words(command, rest, folder);
        line.extend([format!("{}={}", given[0], given[1])]);
        line.extend(given[2..].iter().map(|w| (*w).to_owned()));
        all.push((line, given[0].to_owned(), given[1]));
    }
    all
}

/// Other options without which an option is refused.
fn needed(command: &str, option: &str) -> Vec<String> {
    let words = match option {
        "--horizon" if command == "flash" => "--budget-uj-per-hour 1000000",
        "--horizon" => "--budget-uj-per-hour 1000000 --board nrf52840 --sensor none",
        "--finetune-steps" => "--finetune",
        _ => "",
    };
    words.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

#[test]
fn numbers_beyond_all_measure_are_refused_by_option_or_mean_something() {
    let folder = inputs();
    let all = tried(&folder);
    assert!(all.len() > 200, "{}", all.len());
    let (next, problems) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((line, option, value)) = all.get(next.fetch_add(1, Relaxed)) {
            if let Err(problem) = check(line, option, value) {
                problems.lock().unwrap().push(problem);
            }
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
    let problems = problems.into_inner().unwrap();
    assert!(
        problems.is_empty(),
        "{} of {}:\n{}",
        problems.len(),
        all.len(),
        problems.join("\n")
    );
}

fn check(line: &[String], option: &str, value: &str) -> Result<(), String> {
    let text = line.join(" ");
    // A run of its own for every training.
    let own = tempfile::tempdir().expect("a temporary folder");
    let moved = |word: &String| match word.ends_with("/trained") || word.ends_with("/swept") || word.ends_with("/demo")
    {
        true => own.path().join("run").into_os_string(),
        false => OsString::from(word),
    };
    let words: Vec<OsString> = line.iter().map(moved).collect();
    let is_work = WORK.contains(&option);
    let Some(out) = limited(&words, SPACE_KIB, if is_work { WORK_S } else { HANG_S }) else {
        return match is_work {
            true => Ok(()),
            false => Err(format!("{text}: at work after {HANG_S} s")),
        };
    };
    let said = String::from_utf8_lossy(&out.stderr);
    let wrong = |what: &str| Err(format!("{text}: {what}, {}: {}", out.status, said.trim_end()));
    let bad = ["panicked", "memory allocation", "out of memory", "overflow"];
    if let Some(word) = bad.iter().find(|word| said.contains(**word)) {
        return wrong(word);
    }
    let refused = match out.status.code() {
        Some(0) => false,
        Some(1 | 2) => true,
        _ => return wrong("another exit"),
    };
    let no_number = value == "NaN" || (value == "inf" && !UNBOUNDED.contains(&option));
    // The option, a file that it does not fit, or the thing that it is a figure of: all of a battery are checked together.
    let word = option.trim_start_matches("--").split('-').next().unwrap_or(option);
    let named = said.contains(option)
        || said.contains(word.trim_end_matches('s'))
        || said.contains(&std::env::temp_dir().display().to_string());
    match refused {
        false if no_number => wrong("is taken"),
        true if no_number && !said.contains(option) => wrong("does not name the option"),
        true if !named
            && !["--", "board ", "two-state fit"]
                .iter()
                .any(|other| said.contains(other)) =>
        {
            wrong("names nothing")
        }
        _ => Ok(()),
    }
}
