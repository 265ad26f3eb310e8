//! `cargo xtask test`: every step runs, failures are collected and reported together.

use crate::shell::{self, output};
use anyhow::bail;

/// Where the inference crate must build.
const TARGETS: [&str; 5] = [
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.main-none-eabihf",
    "riscv32imc-unknown-none-elf",
];

/// (folder, command), in order; the cheap ones first.
const STEPS: &[(&str, &str)] = &[
    ("", "cargo fmt --all --check"),
    ("firmware", "cargo fmt --all --check"),
    ("", "cargo clippy --quiet --workspace --all-targets -- -D warnings"),
    (
        "",
        "cargo clippy --quiet --package skiprnn-nostd --all-features --lib -- -D warnings",
    ),
    // Needs neither a GPU nor a CUDA toolkit.
    (
        "",
        "cargo clippy --quiet --package host-train --features cuda --all-targets -- -D warnings",
    ),
    ("", "cargo test --quiet --workspace --no-fail-fast"),
    (
        "",
        "cargo test --quiet --package skiprnn-nostd --features async --test runner",
    ),
    (
        "",
        "env RUSTDOCFLAGS=-Dwarnings cargo doc --quiet --no-deps --package skiprnn-nostd --package float-model --package quantize --package virtual-board --package board-host",
    ),
    ("firmware/app", "cargo clippy --quiet --all-targets -- -D warnings"),
    // Runs the tests of firmware/app, and holds how much of it they reach.
    ("", "cargo run --quiet --package xtask -- coverage"),
    // One machine for each of timers, stack guards and instruction sets; the emulator's tests build all of them.
    (
        "firmware/boards/qemu",
        "cargo clippy --quiet --release --target-dir ../../target/qemu --features mps2-an386 -- -D warnings",
    ),
    (
        "firmware/boards/qemu",
        "cargo clippy --quiet --release --target-dir ../../target/qemu --features microbit --target thumbv6m-none-eabi -- -D warnings",
    ),
    (
        "firmware/boards/nrf52840-dk",
        "cargo clippy --quiet --release --target-dir ../../target/boards/nrf52840-dk -- -D warnings",
    ),
    ("", "cargo run --quiet --package xtask -- identical --pairs 500"),
    (
        "",
        "cargo build --quiet --package skiprnn-nostd --examples --target thumbv7em-none-eabihf",
    ),
    ("", "cargo run --quiet --package xtask -- readme --check"),
    ("", "cargo run --quiet --package xtask -- no-panic"),
    ("", "cargo run --quiet --package xtask -- firmware-size --check"),
    ("", "cargo run --quiet --package xtask -- bench-mcu --check"),
    ("", "cargo run --quiet --package xtask -- model-cards --check"),
];

/// Adds missing Rust targets; and QEMU, with which the emulated boards are compared, where this user may install it. Says what it
/// could not add and goes on: what needs a target then fails by itself, and nothing needs QEMU.
pub fn setup() {
    add_targets();
    if output("qemu-system-arm --version").is_none() && !add_qemu() {
        println!("qemu-system-arm is not installed: its second opinion is skipped, all else runs without it");
    }
}

fn add_targets() {
    let installed = output("rustup target list --installed").unwrap_or_default();
    let missing: Vec<&str> = TARGETS
        .into_iter()
        .filter(|t| !installed.lines().any(|line| line == *t))
        .collect();
    if missing.is_empty() {
        return;
    }
    if let Err(error) = shell::run("", &format!("rustup target add {}", missing.join(" "))) {
        println!("{error:#}");
    }
}

/// Whether QEMU could be installed.
fn add_qemu() -> bool {
    let Some(sudo) = sudo(output("id -u").as_deref(), output("sudo -n true").is_some()) else {
        return false;
    };
    let apt = |line: &str| shell::run("", &format!("{sudo}apt-get {line}")).is_ok();
    apt("update -qq") && apt("install -y -qq --no-install-recommends qemu-system-arm")
}

/// What goes before a command of root's; nothing where this user is not root and may not be without a password.
fn sudo(user: Option<&str>, sudo_works: bool) -> Option<&'static str> {
    match user.map(str::trim) {
        Some("0") => Some(""),
        _ if sudo_works => Some("sudo -n "),
        _ => None,
    }
}

/// The tests that Miri runs: the unsafe code of the portable path, parsing, updating, the runner. What takes minutes is marked
/// `#[cfg_attr(miri, ignore)]` where it stands.
const MIRI: [&str; 3] = [
    "cargo +nightly miri test --quiet --package skiprnn-nostd --features _portable --test corpus",
    "cargo +nightly miri test --quiet --package skiprnn-nostd --features _portable,async --test runner",
    "cargo +nightly miri test --quiet --package skiprnn-nostd --features _portable --lib",
];

/// The corpus is read from its folder; the runner's tests leak the queues that are statics in firmware.
const MIRI_FLAGS: &str = "-Zmiri-disable-isolation -Zmiri-ignore-leaks";

/// Runs them.
pub fn miri() -> anyhow::Result<()> {
    for line in MIRI {
        eprintln!("\n$ MIRIFLAGS='{MIRI_FLAGS}' {line}");
        let mut words = line.split(' ');
        let status = std::process::Command::new(words.next().unwrap_or_default())
            .args(words)
            .env("MIRIFLAGS", MIRI_FLAGS)
            .current_dir(shell::root())
            .status()?;
        if !status.success() {
            bail!("failed: {line}");
        }
    }
    Ok(())
}

/// What came of the steps.
#[derive(Default)]
struct Outcome {
    /// Every step with the seconds that it took, in order.
    steps: Vec<(String, f64)>,
    failures: Vec<String>,
}

impl Outcome {
    fn attempt(&mut self, folder: &str, line: &str) {
        let started = std::time::Instant::now();
        if let Err(error) = shell::run(folder, line) {
            eprintln!("{error:#}");
            self.failures.push(format!("{error:#}"));
        }
        let place = if folder.is_empty() { "" } else { " in " };
        let name = format!("{line}{place}{folder}");
        let seconds = started.elapsed().as_secs_f64();
        eprintln!("{seconds:.1} s");
        self.steps.push((name, seconds));
    }

    /// What each step took, so that a step that has grown is seen.
    fn table(&self) -> String {
        let row = |(name, seconds): &(String, f64)| format!("{seconds:>7.1} s  {name}");
        self.steps.iter().map(row).collect::<Vec<_>>().join("\n")
    }
}

/// Runs every step.
fn run_steps() -> Outcome {
    let mut outcome = Outcome::default();
    for (folder, line) in STEPS {
        outcome.attempt(folder, line);
    }
    for target in TARGETS {
        for features in ["", " --features defmt,async"] {
            outcome.attempt(
                "",
                &format!("cargo build --quiet --release --package skiprnn-nostd --target {target}{features}"),
            );
        }
    }
    outcome
}

/// The whole suite.
pub fn run() -> anyhow::Result<()> {
    setup();
    let started = std::time::Instant::now();
    let outcome = run_steps();
    let (steps, failures) = (outcome.steps.len(), &outcome.failures);
    eprintln!(
        "\n{}\n{} of {steps} steps passed in {:.0} s",
        outcome.table(),
        steps - failures.len(),
        started.elapsed().as_secs_f64()
    );
    if failures.is_empty() {
        return Ok(());
    }
    bail!("{} steps failed:\n  {}", failures.len(), failures.join("\n  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qemu_is_installed_only_where_this_user_may() {
        assert_eq!(sudo(Some("0\n"), false), Some(""));
        assert_eq!(sudo(Some("1000\n"), true), Some("sudo -n "));
        assert_eq!(sudo(Some("1000\n"), false), None);
        assert_eq!(sudo(None, false), None);
    }

    #[test]
    fn a_step_that_fails_is_told_with_its_time_and_the_next_one_runs() {
        let mut outcome = Outcome::default();
        outcome.attempt("", "false");
        outcome.attempt("xtask", "true");
        assert_eq!(outcome.failures, ["failed: false"]);
        let table = outcome.table();
        let rows: Vec<_> = table.lines().collect();
        assert!(rows[0].ends_with(" s  false"), "{table}");
        assert!(rows[1].ends_with(" s  true in xtask"), "{table}");
    }
}
