//! Running commands, and saying what they are.

use anyhow::{Context, bail};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the repository")
        .to_path_buf()
}

/// Runs `line`, split at spaces, in a folder below the root.
pub fn run(folder: &str, line: &str) -> anyhow::Result<()> {
    tell!(
        "\n$ {}{line}",
        if folder.is_empty() {
            String::new()
        } else {
            format!("cd {folder} && ")
        }
    );
    let mut words = line.split(' ');
    let program = words.next().context("empty command")?;
    let status = Command::new(program)
        .args(words)
        .current_dir(root().join(folder))
        // The firmware has its own target folder and its own flags.
        .env_remove("CARGO_BUILD_TARGET")
        .status()
        .with_context(|| format!("{program} cannot be started"))?;
    if !status.success() {
        bail!(
            "failed: {line}{}",
            if folder.is_empty() {
                String::new()
            } else {
                format!(" (in {folder})")
            }
        );
    }
    Ok(())
}

/// The standard output of a command, or `None` where it cannot be started or fails.
pub fn output(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    let out = Command::new(words.next()?)
        .args(words)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    out.status
        .success()
        .then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}
