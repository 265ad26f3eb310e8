//! Firmware images from the source tree: the ones of the emulated boards, and those of real ones.

pub use crate::{
    identity::Identity,
    memory::{Region, Regions, blob, sequences},
};

use crate::{Error, log};
use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Lines kept of what a failing build says.
const LOG_TAIL: usize = 30;

/// The lines that an image logged: `bytes` of its log, decoded by the table in its ELF; `path` names the image in errors.
///
/// # Errors
/// It is no ELF with such a table, or the table does not explain the bytes.
pub fn log_lines(elf: &[u8], path: &Path, bytes: &[u8]) -> Result<Vec<String>, Error> {
    let table = log::Table::read(elf, path)?;
    let mut decoder = log::Decoder::new(&table);
    decoder.take(bytes, &mut |_| {});
    decoder.finish(path)
}

/// The tree that this program was built from.
pub(crate) fn source_tree() -> Result<PathBuf, Error> {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tree = crate_root.parent().unwrap_or(crate_root).to_owned();
    let firmware = tree.join("firmware");
    match firmware.join("Cargo.toml").is_file() {
        true => Ok(tree),
        false => Err(Error::NoSourceTree { path: firmware }),
    }
}

/// A program of a board's package, and how it is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package<'a> {
    /// Below `firmware/boards`.
    pub folder: &'a str,
    /// The Rust target.
    pub target: &'static str,
    /// The binary.
    pub program: &'a str,
    /// Separated by commas.
    pub features: &'a str,
    /// Below `firmware`.
    pub target_dir: &'a str,
    /// Whether a warning of the compiler fails the build.
    pub warnings: Warnings,
}

/// What becomes of the compiler's warnings about the firmware's own sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Warnings {
    /// Nothing: a newer compiler warns of more, and its user cannot help it.
    #[default]
    Ignored,
    /// They fail the build, for the test suite.
    Denied,
}

impl Package<'_> {
    /// Builds the image and returns where it lies. A Rust target that is missing is added, if rustup is there and may.
    ///
    /// # Errors
    /// The source tree is gone, the target is missing and cannot be added, or the image does not compile.
    pub fn build(&self) -> Result<PathBuf, Error> {
        completing(|| self.attempt(), add_target)
    }

    fn attempt(&self) -> Result<PathBuf, Error> {
        let firmware = source_tree()?.join("firmware");
        let target_dir = firmware.join(self.target_dir);
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // The board's folder sets target and linker; what the caller set for the host must not reach it.
        cargo.current_dir(firmware.join("boards").join(self.folder));
        for (name, _) in env::vars_os() {
            let foreign = ["CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_"];
            if name
                .to_str()
                .is_some_and(|name| foreign.iter().any(|prefix| name.starts_with(prefix)))
            {
                cargo.env_remove(&name);
            }
        }
        for name in ["CARGO_ENCODED_RUSTFLAGS", "DEFMT_LOG", "RUSTFLAGS"] {
            cargo.env_remove(name);
        }
        cargo
            .args([
                "build",
                "--release",
                "--locked",
                "--bin",
                self.program,
                "--features",
                self.features,
                "--target",
                self.target,
                "--target-dir",
            ])
            .arg(&target_dir);
        let output = cargo.output().map_err(|source| Error::FirmwareBuild {
            log: format!("cargo: {source}"),
        })?;
        if !output.status.success() {
            let log = String::from_utf8_lossy(&output.stderr);
            return Err(if target_is_missing(&log) {
                Error::TargetMissing { target: self.target }
            } else {
                Error::FirmwareBuild { log: tail(&log) }
            });
        }
        let said = String::from_utf8_lossy(&output.stderr);
        if self.warnings == Warnings::Denied && has_warnings(&said) {
            return Err(Error::FirmwareBuild { log: tail(&said) });
        }
        Ok(target_dir.join(self.target).join("release").join(self.program))
    }
}

/// Builds; where the target is missing and `add` brings it, builds once more. A second failure is final.
fn completing<T>(mut build: impl FnMut() -> Result<T, Error>, add: impl FnOnce(&str) -> bool) -> Result<T, Error> {
    match build() {
        Err(Error::TargetMissing { target }) if add(target) => build(),
        built => built,
    }
}

/// A line on standard error, which may be closed.
fn tell(line: &str) {
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Adds a target to the compiler of the source tree by rustup, where it is there; whether that worked. Says so on standard error,
/// as it takes a download, and says there why it did not work.
fn add_target(target: &str) -> bool {
    let Ok(tree) = source_tree() else {
        return false;
    };
    let mut rustup = Command::new("rustup");
    rustup
        .args(["target", "add", target])
        .current_dir(tree.join("firmware"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let Ok(child) = rustup.spawn() else {
        return false;
    };
    tell(&format!("adding the Rust target {target} (rustup target add {target})"));
    let Ok(output) = child.wait_with_output() else {
        return false;
    };
    if !output.status.success() {
        tell(&tail(String::from_utf8_lossy(&output.stderr).trim()));
    }
    output.status.success()
}

/// Whether a build failed because the compiler has no `core` for the target.
fn target_is_missing(log: &str) -> bool {
    log.contains("E0463") && log.contains("target may not be installed")
}

/// Whether a build warned. Cargo keeps the warnings of what is compiled already, and shows none of third parties.
fn has_warnings(log: &str) -> bool {
    log.lines().any(|line| line.starts_with("warning: "))
}

/// The last lines of a log.
fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_target_is_told_from_a_broken_build() {
        let missing = "error[E0463]: can't find crate for `core`\n  = note: the `thumbv7em-none-eabihf` target may not be installed";
        assert!(target_is_missing(missing));
        assert!(!target_is_missing("error[E0463]: can't find crate for `app`"));
        assert_eq!(tail(&"x\n".repeat(100)).lines().count(), LOG_TAIL);
    }

    #[test]
    fn a_warning_is_told_from_what_cargo_says_else() {
        assert!(has_warnings("   Compiling app v0.1.0\nwarning: unused variable: `x`\n"));
        assert!(!has_warnings(
            "   Compiling app v0.1.0 (warning: no)\n    Finished `release` profile"
        ));
    }

    const MISSING: Error = Error::TargetMissing {
        target: "thumbv7em-none-eabihf",
    };

    /// Builds with these outcomes in turn, and adds targets or does not: what comes of it, the targets asked for, the builds done.
    fn attempts(outcomes: Vec<Result<(), Error>>, adds: bool) -> (Result<(), Error>, Vec<String>, usize) {
        let count = outcomes.len();
        let mut outcomes = outcomes.into_iter();
        let mut asked = Vec::new();
        let built = completing(
            || outcomes.next().expect("no build more"),
            |target| {
                asked.push(target.to_owned());
                adds
            },
        );
        (built, asked, count - outcomes.len())
    }

    #[test]
    fn a_missing_target_is_added_once_and_the_build_repeated() {
        let (built, asked, builds) = attempts(vec![Err(MISSING), Ok(())], true);
        assert!(built.is_ok());
        assert_eq!((asked, builds), (vec!["thumbv7em-none-eabihf".to_owned()], 2));
        // A target that is said to be added and is still missing is not asked for again.
        let (built, asked, builds) = attempts(vec![Err(MISSING), Err(MISSING), Ok(())], true);
        assert!(matches!(built, Err(Error::TargetMissing { .. })));
        assert_eq!((asked.len(), builds), (1, 2));
    }

    #[test]
    fn where_no_target_can_be_added_the_error_is_the_line_to_type() {
        let (built, asked, builds) = attempts(vec![Err(MISSING), Ok(())], false);
        let said = built.unwrap_err().to_string();
        assert!(
            said.ends_with("type: rustup target add thumbv7em-none-eabihf"),
            "{said}"
        );
        assert_eq!((asked.len(), builds), (1, 1));
    }

    #[test]
    fn nothing_is_added_for_a_build_that_works_or_is_broken() {
        let (built, asked, builds) = attempts(vec![Ok(())], true);
        assert!(built.is_ok());
        assert_eq!((asked.len(), builds), (0, 1));
        let broken = Error::FirmwareBuild { log: "E0308".into() };
        let (built, asked, builds) = attempts(vec![Err(broken), Ok(())], true);
        assert!(matches!(built, Err(Error::FirmwareBuild { .. })));
        assert_eq!((asked.len(), builds), (0, 1));
    }
}
