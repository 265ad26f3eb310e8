//! Firmware images from the source tree: the ones of the emulated boards, and those of real ones.

pub use crate::{
    identity::Identity,
    memory::{Region, Regions, blob, sequences},
};

use crate::Error;
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// Lines kept of what a failing build says.
const LOG_TAIL: usize = 30;

/// Sizes of the largest model that an image has static room for; constants of `firmware/app/src/lib.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// H.
    pub hidden: usize,
    /// L.
    pub layers: usize,
    /// I.
    pub inputs: usize,
    /// O.
    pub outputs: usize,
}

/// What every image has.
pub const CAPACITY: Capacity = Capacity {
    hidden: 128,
    layers: 2,
    inputs: 16,
    outputs: 32,
};

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
}

impl Package<'_> {
    /// Builds the image and returns where it lies. A Rust target that is missing is added, if rustup is there and may.
    ///
    /// # Errors
    /// The source tree is gone, the target is missing and cannot be added, or the image does not compile.
    pub fn build(&self) -> Result<PathBuf, Error> {
        match self.attempt() {
            // A compiler that rustup keeps can be completed here and now.
            Err(Error::TargetMissing { target }) if add_target(target) => self.attempt(),
            built => built,
        }
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
        Ok(target_dir.join(self.target).join("release").join(self.program))
    }
}

/// Adds a target to the compiler of the source tree; whether that worked. Says so on standard error, as it takes a download.
fn add_target(target: &str) -> bool {
    let Ok(tree) = source_tree() else {
        return false;
    };
    eprintln!("adding the Rust target {target} (rustup target add {target})");
    let mut rustup = Command::new("rustup");
    rustup
        .args(["target", "add", target])
        .current_dir(tree.join("firmware"));
    rustup.output().is_ok_and(|output| output.status.success())
}

/// Whether a build failed because the compiler has no `core` for the target.
fn target_is_missing(log: &str) -> bool {
    log.contains("E0463") && log.contains("target may not be installed")
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
    fn the_capacity_is_the_images() {
        let source = source_tree().unwrap().join("firmware/app/src/lib.rs");
        let source = std::fs::read_to_string(source).unwrap();
        for (name, value) in [
            ("MAX_HIDDEN", CAPACITY.hidden),
            ("MAX_LAYERS", CAPACITY.layers),
            ("MAX_INPUTS", CAPACITY.inputs),
            ("MAX_OUTPUTS", CAPACITY.outputs),
        ] {
            let line = format!("pub const {name}: usize = {value};");
            assert!(source.contains(&line), "{line}");
        }
    }
}
