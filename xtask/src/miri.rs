//! `cargo xtask miri`: the tests of the inference crate on its portable path under Miri.

use crate::{
    needs::{self, Need},
    shell,
};
use anyhow::bail;

/// The tests that Miri runs: the unsafe code of the portable path, parsing, updating, the runner. A test that takes minutes is
/// marked `#[cfg_attr(miri, ignore)]` where it stands.
const LINES: [&str; 3] = [
    "cargo +nightly miri test --quiet --package skiprnn-nostd --features _portable --test corpus",
    "cargo +nightly miri test --quiet --package skiprnn-nostd --features _portable,async --test runner",
    "cargo +nightly miri test --quiet --package skiprnn-nostd --features _portable --lib",
];

/// The corpus is read from its folder; the runner's tests leak the queues that are statics in firmware.
const FLAGS: &str = "-Zmiri-disable-isolation -Zmiri-ignore-leaks";

/// Runs them.
pub fn run() -> anyhow::Result<()> {
    needs::require(&[Need::nightly(&["miri", "rust-src"])])?;
    for line in LINES {
        tell!("\n$ MIRIFLAGS='{FLAGS}' {line}");
        let mut words = line.split(' ');
        let status = std::process::Command::new(words.next().unwrap_or_default())
            .args(words)
            .env("MIRIFLAGS", FLAGS)
            .current_dir(shell::root())
            .status()?;
        if !status.success() {
            bail!("failed: {line}");
        }
    }
    Ok(())
}
