//! The steps of `cargo xtask test` in order, and the tier that each belongs to.

use crate::{metadata::Metadata, msrv, needs::Need};

/// When a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// With `--quick` and without.
    Both,
    /// With `--quick` only: a part of what another step does.
    Quick,
    /// Without `--quick` only.
    Full,
}

/// A step: a command, and what it is for.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it checks, for `--help`.
    pub what: &'static str,
    /// Below the root.
    pub folder: &'static str,
    /// The command, split at spaces.
    pub line: String,
    pub tier: Tier,
    /// What it uses on this machine beside the compiler. It runs without what is optional of that.
    pub needs: Vec<Need>,
    /// Where this is missing, the step is skipped.
    only_with: Option<Need>,
}

/// Why a step is not run.
#[derive(Debug)]
pub enum Lack<'a> {
    /// This is missing, and the step fails.
    Needed(&'a Need),
    /// What is missing is optional.
    Skipped,
}

impl Step {
    pub fn new(tier: Tier, what: &'static str, folder: &'static str, line: impl Into<String>) -> Self {
        Self {
            what,
            folder,
            line: line.into(),
            tier,
            needs: Vec::new(),
            only_with: None,
        }
    }

    pub fn needing(mut self, needs: impl IntoIterator<Item = Need>) -> Self {
        self.needs.extend(needs);
        self
    }

    pub fn skipped_without(mut self, need: Need) -> Self {
        self.needs.push(need.clone());
        self.only_with = Some(need);
        self
    }

    /// Why the step cannot run on a machine that lacks `missing`.
    pub fn lacks<'a>(&self, missing: &'a [Need]) -> Option<Lack<'a>> {
        if self.only_with.as_ref().is_some_and(|need| missing.contains(need)) {
            return Some(Lack::Skipped);
        }
        let mut needed = missing.iter().filter(|need| self.needs.contains(need));
        needed.find(|need| !need.is_optional()).map(Lack::Needed)
    }
}

/// Integration tests that `--quick` skips: they build images, run boards, or take more than about ten seconds. A test that is
/// not here is in the quick tier.
pub const SLOW: [(&str, &str); 20] = [
    ("applications", "builds images and runs them"),
    ("classify", "builds images and runs them"),
    ("collect", "builds images and runs them"),
    ("demo", "trains two models, and builds an image and runs it"),
    ("emulated_models", "builds images and runs them"),
    ("energy", "builds images to count cycles"),
    ("faults", "builds images and runs them"),
    ("fidelity", "evaluates every model in every format"),
    ("flash", "builds images and runs them"),
    ("hostile_images", "builds an image, and runs it and damaged ones"),
    ("identical", "builds images and runs them"),
    ("image", "builds images and runs them"),
    ("kill", "trains, and is killed, many times"),
    ("large_data", "reads a file of 20 GB, most of it a hole"),
    ("models", "builds images and runs them"),
    ("reproduce", "trains for every row of a table"),
    ("road", "builds images and runs them"),
    ("second_opinion", "builds images and runs them"),
    ("stm32", "builds images and runs them"),
    ("virtual_board", "builds images and runs them"),
];

/// What the steps depend on.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Names of the integration tests.
    pub tests: Vec<String>,
    /// The oldest Rust that skiprnn-nostd states.
    pub oldest_rust: Option<String>,
    /// The crates that others may use.
    pub for_others: Vec<String>,
}

impl Workspace {
    pub fn read() -> anyhow::Result<Self> {
        let metadata = Metadata::read("")?;
        Ok(Self {
            tests: metadata.integration_tests(),
            oldest_rust: msrv::version(&metadata).map(str::to_owned),
            for_others: metadata
                .members()
                .filter(|package| package.is_for_others())
                .map(|package| package.name.clone())
                .collect(),
        })
    }
}

/// Every step that runs with `quick`, or without it; the cheap ones first.
pub fn steps(quick: bool, workspace: &Workspace) -> Vec<Step> {
    let mut steps = all(workspace);
    steps.retain(|step| match step.tier {
        Tier::Both => true,
        Tier::Quick => quick,
        Tier::Full => !quick,
    });
    steps
}

/// The command of the quick tests.
fn quick_tests(tests: &[String]) -> String {
    let fast = tests.iter().filter(|test| SLOW.iter().all(|(slow, _)| slow != test));
    fast.fold(
        "cargo test --quiet --workspace --no-fail-fast --lib --bins".to_owned(),
        |line, test| line + " --test " + test,
    )
}

/// Packs crates as they would be published and builds what was packed. Everything that it takes has been fetched before.
fn packages(names: &[String]) -> String {
    names.iter().fold(
        "cargo package --quiet --offline --locked --allow-dirty".to_owned(),
        |line, name| line + " --package " + name,
    )
}

fn all(workspace: &Workspace) -> Vec<Step> {
    use Tier::{Both, Full, Quick};
    let xtask = |what, command: &str| {
        Step::new(
            Full,
            what,
            "",
            format!("cargo run --quiet --package xtask -- {command}"),
        )
    };
    let rustfmt = Need::CargoCommand {
        component: "rustfmt",
        command: "fmt",
    };
    let clippy = Need::CargoCommand {
        component: "clippy",
        command: "clippy",
    };
    let (m0, m4) = (
        Need::target("thumbv6m-none-eabi"),
        Need::target("thumbv7em-none-eabihf"),
    );
    let mut steps = vec![
        Step::new(Both, "format of the host crates", "", "cargo fmt --all --check").needing([rustfmt.clone()]),
        Step::new(Both, "format of the firmware", "firmware", "cargo fmt --all --check").needing([rustfmt]),
        Step::new(
            Both,
            "licences, packages in more than one version, build scripts, crates for others, dependencies between crates",
            "",
            "cargo run --quiet --package xtask -- dependencies",
        ),
        Step::new(
            Both,
            "no modules that depend on each other in a circle",
            "",
            "cargo run --quiet --package xtask -- circles",
        ),
        Step::new(
            Both,
            "lints of the host crates",
            "",
            "cargo clippy --quiet --workspace --all-targets -- -D warnings",
        )
        .needing([clippy.clone()]),
        Step::new(
            Full,
            "lints of skiprnn-nostd with every feature",
            "",
            "cargo clippy --quiet --package skiprnn-nostd --all-features --lib -- -D warnings",
        ),
        Step::new(
            Full,
            "lints of the CUDA engine; needs neither a GPU nor a CUDA toolkit",
            "",
            "cargo clippy --quiet --package host-train --features cuda --all-targets -- -D warnings",
        ),
        Step::new(
            Quick,
            "unit tests of the host crates, and their integration tests without images",
            "",
            quick_tests(&workspace.tests),
        ),
        Step::new(
            Quick,
            "tests of the firmware's applications",
            "firmware/app",
            "cargo test --quiet",
        ),
        Step::new(
            Full,
            "unit, integration and documentation tests of the host crates; the firmware runs on virtual boards",
            "",
            "cargo test --quiet --workspace --no-fail-fast",
        )
        .needing(Need::arm_targets())
        .needing([Need::Qemu, Need::PyTorch]),
        Step::new(
            Full,
            "the asynchronous runner",
            "",
            // With the whole workspace, so that no third party's crate is compiled again with other features.
            "cargo test --quiet --workspace --features skiprnn-nostd/async --test runner",
        ),
        Step::new(
            Full,
            "the documentation builds without a warning",
            "",
            "env RUSTDOCFLAGS=-Dwarnings cargo doc --quiet --no-deps --package skiprnn-nostd --package float-model --package quantize --package virtual-board --package board-host",
        ),
        Step::new(
            Full,
            "lints of the firmware's applications",
            "firmware/app",
            "cargo clippy --quiet --all-targets -- -D warnings",
        ),
        xtask("tests of the firmware's applications, and the share of lines that they reach", "coverage").needing([Need::LlvmTools]),
        // One machine for each of timers, stack guards and instruction sets; the tests build all of them.
        Step::new(
            Full,
            "lints of an emulated board with a Cortex-M4",
            "firmware/boards/qemu",
            "cargo clippy --quiet --release --target-dir ../../target/qemu --features mps2-an386 -- -D warnings",
        )
        .needing([m4.clone()]),
        Step::new(
            Full,
            "lints of an emulated board with a Cortex-M0",
            "firmware/boards/qemu",
            "cargo clippy --quiet --release --target-dir ../../target/qemu --features microbit --target thumbv6m-none-eabi -- -D warnings",
        )
        .needing([m0.clone()]),
        Step::new(
            Full,
            "lints of the nRF52840-DK",
            "firmware/boards/nrf52840-dk",
            "cargo clippy --quiet --release --target-dir ../../target/boards/nrf52840-dk -- -D warnings",
        )
        .needing([m4.clone()]),
        xtask("random networks give the same bits on every emulated core", "identical --pairs 500").needing(Need::arm_targets()),
        Step::new(
            Full,
            "examples of skiprnn-nostd on a Cortex-M4",
            "",
            "cargo build --quiet --package skiprnn-nostd --examples --target thumbv7em-none-eabihf",
        )
        .needing([m4.clone()]),
        Step::new(
            Full,
            "example of skiprnn-nostd on embassy",
            "firmware/examples/embassy",
            "cargo build --quiet --release --locked",
        )
        .needing([m4.clone()]),
        xtask("figures in the README of skiprnn-nostd", "readme --check"),
        xtask("what every board draws, simulated and predicted", "charges --check").needing(Need::arm_targets()),
        xtask("no panic in an image with all of skiprnn-nostd", "no-panic").needing([m0, m4]),
        xtask("use of flash and RAM of every image", "firmware-size --check").needing(Need::arm_targets()),
        xtask("instructions of an update on emulated cores", "bench-mcu --check").needing(Need::arm_targets()),
        xtask("cards of the models", "model-cards --check"),
    ];
    steps.push(Step::new(
        Full,
        "the crates that others may use build from what would be published",
        "",
        packages(&workspace.for_others),
    ));
    let oldest = workspace.oldest_rust.as_deref().unwrap_or("VERSION");
    steps.push(
        Step::new(
            Full,
            "skiprnn-nostd builds with the oldest Rust that it states",
            "",
            msrv::line(oldest),
        )
        .skipped_without(msrv::need(oldest)),
    );
    for target in Need::arm_targets().into_iter().chain([Need::target(RISC_V)]) {
        let Need::Target(name) = &target else { continue };
        for features in ["", " --features defmt,async"] {
            let line = format!("cargo build --quiet --release --package skiprnn-nostd --target {name}{features}");
            steps.push(Step::new(Full, "skiprnn-nostd builds for every target", "", line).needing([target.clone()]));
        }
    }
    steps
}

/// A target that is no Arm core: skiprnn-nostd builds for it.
const RISC_V: &str = "riscv32imc-unknown-none-elf";
