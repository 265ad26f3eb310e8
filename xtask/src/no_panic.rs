//! `cargo xtask no-panic`: nothing that a board calls of the inference crate can panic, seen in the linked image.
//!
//! `firmware/no-panic` holds all of it. After link-time optimisation a symbol of `core::panicking` is there if and only
//! if something still calls it. The same image with one index that may lie outside has to fail.

use crate::{
    needs::{self, Need},
    shell,
};
use anyhow::{Context, bail};
use object::{Object, ObjectSymbol};
use std::{fs, process::Command};

/// Sums in assembly under portable cells, and whole passes in assembly.
const TARGETS: [&str; 2] = ["thumbv6m-none-eabi", "thumbv7em-none-eabihf"];

/// What a name must not hold: calls of a panic, the handler, and what formats its message.
const FORBIDDEN: [&str; 4] = ["9panicking", "rust_begin_unwind", "core3fmt", "core..fmt"];

/// What the image must hold, so that an image from which everything was removed does not pass.
const PROBES: [&str; 7] = [
    "probe_parse",
    "probe_metadata",
    "probe_sequence",
    "probe_controller",
    "probe_fit",
    "probe_runner",
    "probe_queue",
];

/// Builds the images and looks at their symbols.
pub fn run() -> anyhow::Result<()> {
    needs::require(&TARGETS.map(Need::target))?;
    for target in TARGETS {
        let symbols = symbols(target, "")?;
        if let Some(probe) = PROBES.iter().find(|probe| !symbols.iter().any(|s| s.contains(**probe))) {
            bail!("{target}: the image does not hold {probe}; the check would see nothing");
        }
        let found = forbidden(&symbols);
        if !found.is_empty() {
            bail!("{target}: the image can panic:\n  {}", found.join("\n  "));
        }
        tell!("{target}: {} symbols, none of a panic", symbols.len());
    }
    let target = TARGETS[1];
    if forbidden(&symbols(target, "panics")?).is_empty() {
        bail!("{target}: the check does not see an image that panics");
    }
    tell!("{target}: an image that can panic is seen");
    Ok(())
}

fn forbidden(symbols: &[String]) -> Vec<&str> {
    let bad = |name: &&String| FORBIDDEN.iter().any(|part| name.contains(part));
    symbols.iter().filter(bad).map(String::as_str).collect()
}

/// Builds the image and returns the names of its symbols.
fn symbols(target: &str, features: &str) -> anyhow::Result<Vec<String>> {
    let target_dir = shell::root().join("firmware/target/no-panic");
    let built = Command::new("cargo")
        .current_dir(shell::root().join("firmware/no-panic"))
        .args(["build", "--quiet", "--release", "--locked", "--target", target])
        .args(["--features", features, "--target-dir"])
        .arg(&target_dir)
        .env_remove("CARGO_BUILD_TARGET")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS")
        .status()
        .context("cargo cannot be started")?;
    if !built.success() {
        bail!("the image does not build for {target}; cargo says why above");
    }
    let path = target_dir.join(target).join("release/no-panic");
    let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
    let file = object::File::parse(&*bytes)?;
    Ok(file
        .symbols()
        .filter_map(|s| s.name().ok().map(str::to_owned))
        .collect())
}
