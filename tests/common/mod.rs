//! Running the program as a user does.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub mod held_out;
pub mod runs;

use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Runs `skiprnn` with these arguments.
pub fn skiprnn<I, S>(args: I) -> Output
where
    I: IntoIterator<Item = S>,
    S: AsRef<std::ffi::OsStr>,
{
    Command::new(env!("CARGO_BIN_EXE_skiprnn"))
        .args(args)
        .output()
        .expect("the program starts")
}

/// Runs it with `--json` and returns the one object on standard output.
pub fn json(line: &str) -> Value {
    let out = skiprnn(line.split(' ').chain(["--json"]));
    let (stdout, stderr) = (
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr),
    );
    assert!(out.status.success(), "{line}\n{stderr}");
    assert_eq!(
        stdout.lines().count(),
        1,
        "{line}: more than one object on standard output:\n{stdout}"
    );
    serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{line}: {e}\n{stdout}"))
}

/// Runs a line that must fail with this exit code, without a panic, and say all of `needles`.
pub fn fails(line: &str, code: i32, needles: &[&str]) {
    let out = skiprnn(line.split(' '));
    let stderr = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(code), "{line}\n{stderr}");
    assert!(!stderr.contains("panicked"), "{line}\n{stderr}");
    assert!(out.stdout.is_empty(), "{line}: wrote to standard output");
    for needle in needles {
        assert!(stderr.contains(needle), "{line}: does not say '{needle}':\n{stderr}");
    }
}

/// A folder that goes away with the test, and paths in it.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// An empty folder.
    pub fn new() -> Self {
        Folder(tempfile::tempdir().expect("a temporary folder"))
    }

    /// A path in it, as text for a command line.
    pub fn at(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Names of everything in it, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.0.path())
            .expect("readable")
            .map(|e| e.expect("readable").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// Trains a model that is only just a model, in a second or two.
pub fn tiny_run(task: &str, cell: &str, out: &str) -> Value {
    json(&format!(
        "train {task} --cell {cell} --hidden 6 --steps 4 --eval-every 2 --batch 16 --threads 1 --out {out}"
    ))
}

/// Whether a file exists.
pub fn exists(path: &Path) -> bool {
    path.exists()
}
