//! `cargo xtask fuzz`: readers under libFuzzer with AddressSanitizer, and corpora made as small as their coverage allows.
//! `blob` is parse and step of skiprnn-nostd; the other targets are the readers of the host, `fuzz/harness/`.

use crate::{
    needs::{self, Need},
    shell,
};
use anyhow::{Context, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

#[path = "../../fuzz/names.rs"]
mod readers;

const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Coverage for libFuzzer, and the sanitizer.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address --cfg fuzzing";
/// Larger seeds slow the fuzzer down, and larger inputs are not kept.
const SEED_BYTES: u64 = 8192;
/// The target that is built from skiprnn-nostd/fuzz.
const BLOB: &str = "blob";
/// Bytes of an input that is kept in a corpus: larger ones are models and recordings, and their kin.
const KEPT_BYTES: u64 = 1024;
/// Inputs of a corpus that are kept, the smallest ones.
const KEPT: usize = 200;

/// What is fuzzed.
struct Fuzzed {
    name: String,
    /// The workspace of its program.
    folder: PathBuf,
    program: &'static str,
    corpus: PathBuf,
}

impl Fuzzed {
    fn new(root: &Path, name: &str) -> Self {
        let (folder, program) = match name {
            BLOB => (root.join("skiprnn-nostd/fuzz"), "parse_step"),
            _ => (root.join("fuzz"), "readers"),
        };
        let corpus = match name {
            BLOB => folder.join("corpus"),
            _ => folder.join("corpus").join(name),
        };
        Self {
            name: name.to_owned(),
            folder,
            program,
            corpus,
        }
    }

    fn build(&self, target_dir: &Path) -> anyhow::Result<PathBuf> {
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
            .arg(target_dir)
            .current_dir(&self.folder)
            .env("RUSTFLAGS", FLAGS)
            // This is started by another toolchain's cargo.
            .env_remove("RUSTC")
            .env_remove("CARGO")
            .env_remove("RUSTUP_TOOLCHAIN")
            .status()
            .context("cargo cannot be started")?;
        if !built.success() {
            bail!("the fuzz target {} does not build; cargo says why above", self.name);
        }
        Ok(target_dir.join(TARGET).join("release").join(self.program))
    }

    /// Writes what the target starts from into `folder`.
    fn seeds(&self, root: &Path, program: &Path, folder: &Path) -> anyhow::Result<()> {
        let written = Command::new(program)
            .env("READER", &self.name)
            .env("SEEDS", folder)
            .status()?;
        if !written.success() {
            bail!("the seeds of {} could not be written", self.name);
        }
        if self.name != BLOB {
            return Ok(());
        }
        // The example of the document, and the small models.
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

    /// With `check` the corpus stays as it is.
    fn run(&self, root: &Path, seconds: u32, check: bool) -> anyhow::Result<()> {
        let program = self.build(&root.join("target/fuzz"))?;
        let work = tempfile::tempdir()?;
        let (grown, small) = (work.path().join("grown"), work.path().join("small"));
        fs::create_dir(&grown)?;
        fs::create_dir(&small)?;
        fs::create_dir_all(&self.corpus)?;
        self.seeds(root, &program, &grown)?;
        let fuzzed = Command::new(&program)
            .arg(&grown)
            .arg(&self.corpus)
            .arg(format!("-max_total_time={seconds}"))
            .args(["-max_len=16384", "-timeout=10", "-print_final_stats=1", "-reload=0"])
            // Nothing may be allocated by a number that an input states.
            .args(["-rss_limit_mb=2048", "-malloc_limit_mb=512"])
            .env("READER", &self.name)
            .current_dir(work.path())
            .status()?;
        if !fuzzed.success() {
            let kept = root.join("target/fuzz").join(format!("finding-{}", self.name));
            for entry in fs::read_dir(work.path())? {
                let path = entry?.path();
                if path.is_file() {
                    fs::copy(path, &kept)?;
                }
            }
            bail!(
                "the fuzzer found something in {}; the input is {}",
                self.name,
                kept.display()
            );
        }
        if check {
            tell!("{}: no finding in {seconds} s", self.name);
            return Ok(());
        }
        self.keep(&program, &grown, &small, seconds)
    }

    /// Makes the corpus anew: the smallest inputs that cover what all of `grown` covers.
    fn keep(&self, program: &Path, grown: &Path, small: &Path, seconds: u32) -> anyhow::Result<()> {
        let merged = Command::new(program)
            .arg("-merge=1")
            .args([small, grown, &self.corpus])
            .env("READER", &self.name)
            .status()?;
        if !merged.success() {
            bail!("the corpus of {} could not be made smaller", self.name);
        }
        for old in fs::read_dir(&self.corpus)? {
            fs::remove_file(old?.path())?;
        }
        let mut inputs = Vec::new();
        for input in fs::read_dir(small)? {
            let input = input?;
            inputs.push((input.metadata()?.len(), input.path()));
        }
        inputs.retain(|(bytes, _)| *bytes <= KEPT_BYTES);
        inputs.sort();
        inputs.truncate(KEPT);
        for (_, input) in &inputs {
            fs::copy(input, self.corpus.join(input.file_name().unwrap_or_default()))?;
        }
        tell!(
            "{}: no finding in {seconds} s; {} inputs kept in {}",
            self.name,
            inputs.len(),
            self.corpus.display()
        );
        Ok(())
    }
}

/// Names of all targets.
pub fn names() -> Vec<&'static str> {
    std::iter::once(BLOB).chain(readers::NAMES).collect()
}

/// Fuzzes each of `targets`, or, where none is named, all of them, for this many seconds, starting from its corpus and its seeds.
/// With `check` the corpora stay as they are.
pub fn run(targets: &[String], seconds: u32, check: bool) -> anyhow::Result<()> {
    let known = names();
    if let Some(unknown) = targets.iter().find(|t| !known.contains(&t.as_str())) {
        bail!("unknown target '{unknown}'; expected {}", known.join(", "));
    }
    needs::require(&[Need::nightly(&[])])?;
    let root = shell::root();
    let chosen = known
        .iter()
        .filter(|name| targets.is_empty() || targets.iter().any(|t| t == *name));
    for name in chosen {
        Fuzzed::new(&root, name).run(&root, seconds, check)?;
    }
    Ok(())
}
