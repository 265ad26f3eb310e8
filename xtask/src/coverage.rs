//! `cargo xtask coverage`: the tests of `firmware/app` with the compiler's own instruments, and the share of its lines that
//! they reach. What stands behind a source's `#[cfg(test)]` does not count.

use crate::{
    needs::{self, Need, ThisMachine},
    shell,
};
use anyhow::{Context, bail};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The least share of lines that tests must reach, over all sources together, in percent.
const LEAST_PERCENT: f64 = 90.0;
/// Where the tests run, and below it the sources that count.
const FOLDER: &str = "firmware/app";
/// Beside the plain build of the same tests.
const TARGET_DIR: &str = "firmware/target/coverage";

/// Lines of one source.
struct Lines {
    file: String,
    all: u64,
    reached: u64,
}

/// Runs the tests, prints a line for each source, and fails below [`LEAST_PERCENT`].
pub fn run() -> anyhow::Result<()> {
    let tools = tools()?;
    let profiles = shell::root().join(TARGET_DIR).join("profiles");
    if profiles.exists() {
        fs::remove_dir_all(&profiles).with_context(|| profiles.display().to_string())?;
    }
    let binaries = build(&profiles)?;
    let status = tests(&profiles, &[])?.status().context("cargo cannot be started")?;
    if !status.success() {
        bail!("the tests of {FOLDER} fail");
    }
    let merged = merge(&tools, &profiles)?;
    let mut lines = lines(&export(&tools, &merged, &binaries)?)?;
    lines.sort_by(|a, b| a.file.cmp(&b.file));
    let percent = |lines: &Lines| 100.0 * lines.reached as f64 / lines.all.max(1) as f64;
    for source in &lines {
        tell!(
            "{:<32} {:>4} of {:>4} lines, {:5.1} %",
            source.file,
            source.reached,
            source.all,
            percent(source)
        );
    }
    let total = Lines {
        file: FOLDER.into(),
        all: lines.iter().map(|source| source.all).sum(),
        reached: lines.iter().map(|source| source.reached).sum(),
    };
    say!(
        "{FOLDER}: {} of {} lines, {:.1} %",
        total.reached,
        total.all,
        percent(&total)
    );
    if percent(&total) < LEAST_PERCENT {
        bail!("{FOLDER}: below {LEAST_PERCENT} % of its lines");
    }
    Ok(())
}

/// The folder of llvm-profdata and llvm-cov that belong to the compiler.
fn tools() -> anyhow::Result<PathBuf> {
    needs::require(&[Need::LlvmTools])?;
    let sysroot = needs::sysroot(&ThisMachine).context("rustc cannot be started")?;
    Ok(Path::new(&sysroot).join("lib/rustlib").join(host()?).join("bin"))
}

/// This machine's target.
fn host() -> anyhow::Result<String> {
    needs::host(&ThisMachine).context("rustc -vV names no host")
}

/// `cargo test` with instruments. With a target, so that build scripts get none.
fn tests(profiles: &Path, more: &[&str]) -> anyhow::Result<Command> {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(shell::root().join(FOLDER))
        .args([
            "test",
            "--quiet",
            "--locked",
            "--tests",
            "--target",
            &host()?,
            "--target-dir",
        ])
        .arg(shell::root().join(TARGET_DIR))
        .args(more)
        .env("RUSTFLAGS", "-Cinstrument-coverage")
        .env_remove("CARGO_BUILD_TARGET")
        .env("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"));
    Ok(cargo)
}

/// Builds the tests; returns their programs.
fn build(profiles: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let out = tests(profiles, &["--no-run", "--message-format=json-render-diagnostics"])?
        .stderr(Stdio::inherit())
        .output()
        .context("cargo cannot be started")?;
    if !out.status.success() {
        bail!("the tests of {FOLDER} do not build");
    }
    let messages = String::from_utf8_lossy(&out.stdout);
    let programs = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    Ok(programs.collect())
}

fn merge(tools: &Path, profiles: &Path) -> anyhow::Result<PathBuf> {
    let merged = profiles.join("all.profdata");
    let raw = fs::read_dir(profiles).with_context(|| profiles.display().to_string())?;
    let raw: Vec<PathBuf> = raw.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    let status = Command::new(tools.join("llvm-profdata"))
        .args(["merge", "-sparse", "-o"])
        .arg(&merged)
        .args(raw)
        .status()
        .context("llvm-profdata cannot be started")?;
    match status.success() {
        true => Ok(merged),
        false => bail!("llvm-profdata failed"),
    }
}

/// The counts of every line, in the format of lcov.
fn export(tools: &Path, merged: &Path, binaries: &[PathBuf]) -> anyhow::Result<String> {
    let mut cov = Command::new(tools.join("llvm-cov"));
    cov.args(["export", "-format=lcov", "-instr-profile"]).arg(merged);
    for binary in binaries {
        cov.arg("-object").arg(binary);
    }
    let out = cov.output().context("llvm-cov cannot be started")?;
    if !out.status.success() {
        bail!("llvm-cov failed: {}", String::from_utf8_lossy(&out.stderr));
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// The sources of [`FOLDER`] in what llvm-cov exports.
fn lines(lcov: &str) -> anyhow::Result<Vec<Lines>> {
    let sources = shell::root().join(FOLDER).join("src");
    let mut lines = Vec::new();
    for record in lcov.split("end_of_record") {
        let path = record.lines().find_map(|line| line.strip_prefix("SF:"));
        let Some(file) = path.and_then(|path| Path::new(path).strip_prefix(&sources).ok()) else {
            continue;
        };
        let text = fs::read_to_string(sources.join(file)).with_context(|| file.display().to_string())?;
        let code = text.lines().take_while(|line| line.trim() != "#[cfg(test)]").count();
        let counts: Vec<u64> = record.lines().filter_map(|line| count(line, code)).collect();
        lines.push(Lines {
            file: file.display().to_string(),
            all: counts.len() as u64,
            reached: counts.iter().filter(|count| **count > 0).count() as u64,
        });
    }
    match lines.is_empty() {
        true => bail!("llvm-cov lists no source of {FOLDER}"),
        false => Ok(lines),
    }
}

/// How often a line of the code was reached: `DA:LINE,COUNT`.
fn count(line: &str, code: usize) -> Option<u64> {
    let (line, count) = line.strip_prefix("DA:")?.split_once(',')?;
    (line.parse::<usize>().ok()? <= code).then(|| count.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_code_of_the_folder_counts() {
        let source = shell::root().join(FOLDER).join("src/fault.rs");
        let lcov = format!(
            "SF:/elsewhere.rs\nDA:1,1\nend_of_record\nSF:{}\nDA:1,0\nDA:2,7\nDA:9999,7\nend_of_record\n",
            source.display()
        );
        let lines = lines(&lcov).unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!(
            (lines[0].file.as_str(), lines[0].all, lines[0].reached),
            ("fault.rs", 2, 1)
        );
        assert!(super::lines("").is_err());
    }
}
