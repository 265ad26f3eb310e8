//! `cargo xtask fuzz`: parse and step under libFuzzer with AddressSanitizer, and the corpus made as small as its
//! coverage allows.

use crate::{
    needs::{self, Need},
    shell,
};
use anyhow::{Context, bail};
use std::{fs, path::Path, process::Command};

const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Coverage for libFuzzer, and the sanitizer.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address --cfg fuzzing";
/// Larger seeds slow the fuzzer down.
const SEED_BYTES: u64 = 8192;

/// Fuzzes for this many seconds, starting from the corpus, the document's example and the small models.
pub fn run(seconds: u32) -> anyhow::Result<()> {
    needs::require(&[Need::nightly(&[])])?;
    let root = shell::root();
    let folder = root.join("skiprnn-nostd/fuzz");
    let target_dir = root.join("target/fuzz");
    let built = Command::new("cargo")
        .args([
            "+nightly",
            "build",
            "--quiet",
            "--release",
            "--target",
            TARGET,
            "--target-dir",
        ])
        .arg(&target_dir)
        .current_dir(&folder)
        .env("RUSTFLAGS", FLAGS)
        // This is started by another toolchain's cargo.
        .env_remove("RUSTC")
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN")
        .status()
        .context("cargo cannot be started")?;
    if !built.success() {
        bail!("the fuzz target does not build; cargo says why above");
    }
    let program = target_dir.join(TARGET).join("release/parse_step");
    let work = tempfile::tempdir()?;
    let (grown, small) = (work.path().join("grown"), work.path().join("small"));
    fs::create_dir(&grown)?;
    fs::create_dir(&small)?;
    seeds(&root, &grown)?;
    let corpus = folder.join("corpus");
    let fuzzed = Command::new(&program)
        .arg(&grown)
        .arg(&corpus)
        .arg(format!("-max_total_time={seconds}"))
        .args(["-max_len=8192", "-timeout=10", "-print_final_stats=1", "-reload=0"])
        .current_dir(work.path())
        .status()?;
    if !fuzzed.success() {
        let kept = root.join("target/fuzz/finding");
        for entry in fs::read_dir(work.path())? {
            let path = entry?.path();
            if path.is_file() {
                fs::copy(path, &kept)?;
            }
        }
        bail!("the fuzzer found something; the input is {}", kept.display());
    }
    let merged = Command::new(&program)
        .arg("-merge=1")
        .args([&small, &grown, &corpus])
        .status()?;
    if !merged.success() {
        bail!("the corpus could not be made smaller");
    }
    for old in fs::read_dir(&corpus)? {
        fs::remove_file(old?.path())?;
    }
    let mut kept = 0;
    for input in fs::read_dir(&small)? {
        let input = input?;
        // Large inputs are models that are in the repository anyway, and their kin.
        if input.metadata()?.len() <= 1024 {
            fs::copy(input.path(), corpus.join(input.file_name()))?;
            kept += 1;
        }
    }
    eprintln!("no finding in {seconds} s; {kept} inputs kept in {}", corpus.display());
    Ok(())
}

/// The example of the document, and the small models.
fn seeds(root: &Path, folder: &Path) -> anyhow::Result<()> {
    fs::write(folder.join("example"), quantize::example_blob().bytes())?;
    for model in fs::read_dir(root.join("models"))? {
        let model = model?;
        let blob = model.path().join("model.srnn");
        if blob.metadata().is_ok_and(|m| m.len() <= SEED_BYTES) {
            fs::copy(blob, folder.join(model.file_name()))?;
        }
    }
    Ok(())
}
