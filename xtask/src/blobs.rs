//! `cargo xtask blobs`: drawn blobs with right checksums and mutated fields, held to the format's page in 128-bit integers.
//! The test `blobs` of skiprnn-nostd does it, here in a release build with overflow checks and for more of them.

use crate::shell;
use anyhow::{Context, bail};
use std::process::Command;

/// Draws `count` blobs of a seed; fails at the first on which skiprnn-nostd and the page differ.
pub fn run(count: u64, seed: u64) -> anyhow::Result<()> {
    let line = "test --release --package skiprnn-nostd --test blobs -- --ignored --nocapture";
    let status = Command::new("cargo")
        .args(line.split(' '))
        .current_dir(shell::root())
        .env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true")
        .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true")
        .env("BLOBS_COUNT", count.to_string())
        .env("BLOBS_SEED", seed.to_string())
        .status()
        .context("cargo cannot be started")?;
    match status.success() {
        true => Ok(()),
        false => bail!("skiprnn-nostd and docs/blob-format.md differ; the blob is named above"),
    }
}
