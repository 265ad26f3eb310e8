//! The project's program, built here and asked for JSON.

use crate::shell;
use anyhow::{Context, bail};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Which build computes the figures: they are the same in both.
#[derive(Debug, Clone, Copy)]
pub enum Build {
    /// Slower, and compiled already where the tests have run.
    Development,
    Release,
}

impl Build {
    /// The command that makes it.
    pub fn line(self) -> &'static str {
        match self {
            Self::Development => "cargo build --quiet --workspace --bin skiprnn",
            Self::Release => "cargo build --quiet --release --bin skiprnn",
        }
    }

    /// Below the target folder.
    fn program(self) -> &'static str {
        match self {
            Self::Development => "debug/skiprnn",
            Self::Release => "release/skiprnn",
        }
    }

    /// The JSON of one command, run where the paths in it lead.
    pub fn json(self, folder: &Path, arguments: &[&str]) -> anyhow::Result<Value> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| shell::root().join("target"), PathBuf::from);
        let out = Command::new(target.join(self.program()))
            .args(arguments)
            .arg("--json")
            .current_dir(folder)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("{} cannot be started", self.program()))?;
        if !out.status.success() {
            bail!("failed: skiprnn {}", arguments.join(" "));
        }
        Ok(serde_json::from_slice(&out.stdout)?)
    }
}

/// Figures of another machine's floating point may differ from the committed ones by this share.
const TOLERANCE: f64 = 5e-3;

/// Lines in which the two texts differ by more than the tolerance of a number.
pub fn differences(committed: &str, now: &str) -> Vec<String> {
    let mut differences = Vec::new();
    let (old, new): (Vec<&str>, Vec<&str>) = (committed.lines().collect(), now.lines().collect());
    if old.len() != new.len() {
        return vec![format!("{} lines, {} are committed", new.len(), old.len())];
    }
    for (old, new) in old.iter().zip(new) {
        let words = |line: &str| line.split([' ', '(', ')', ',']).map(str::to_owned).collect::<Vec<_>>();
        let (a, b) = (words(old), words(new));
        let same = a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a == b || near(a, b));
        if !same {
            differences.push(format!("'{old}' is now '{new}'"));
        }
    }
    differences
}

/// Whether both are numbers that nearly agree.
fn near(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()),
        _ => false,
    }
}

/// The text with what lies between two marks replaced.
pub fn between(text: &str, (begin, end): (&str, &str), inner: &str) -> anyhow::Result<String> {
    let (head, rest) = text.split_once(begin).with_context(|| format!("has no {begin}"))?;
    let (_, tail) = rest.split_once(end).with_context(|| format!("has no {end}"))?;
    Ok(format!("{head}{begin}{inner}{end}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_may_differ_a_little_and_words_may_not() {
        let card = "| float (`skiprnn eval`) | accuracy 0.9921, solved |\n| blob | 56256 bytes, kernel row |";
        assert!(differences(card, &card.replace("0.9921", "0.9920")).is_empty());
        for (from, to) in [("0.9921", "0.9821"), ("solved", "unsolved"), ("row", "block")] {
            assert_eq!(differences(card, &card.replace(from, to)).len(), 1, "{to}");
        }
        assert_eq!(differences(card, "| blob |").len(), 1);
    }

    #[test]
    fn what_lies_between_the_marks_is_replaced() {
        let replaced = between("a\n[old]\nb", ("[", "]"), "new").unwrap();
        assert_eq!(replaced, "a\n[new]\nb");
        assert!(between("a b", ("[", "]"), "new").is_err());
    }
}
