//! The project's own commands. `cargo xtask test` is the whole test suite, emulated boards included.
#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic where nobody reads; say.rs has what prints"
)]

#[macro_use]
mod say;

mod bench_mcu;
mod blobs;
mod charges;
mod circles;
mod coverage;
mod day;
mod dependencies;
mod firmware_size;
mod fuzz;
mod identical;
mod metadata;
mod miri;
mod model_cards;
mod msrv;
mod needs;
mod no_panic;
mod program;
mod shell;
mod sizes;
mod test;

use board_host::Backend;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Tests, benchmarks and checks of the project.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the test suite, or with --quick a part of under three minutes; `test --help` lists the steps of both.
    #[command(after_long_help = test::tiers())]
    Test {
        /// Runs the quick steps only.
        #[arg(long)]
        quick: bool,
    },
    /// Counts the instructions of one update on emulated cores, and writes them to benches/mcu.md.
    BenchMcu {
        /// Also prints the figures as a JSON list.
        #[arg(long)]
        json: bool,
        /// Writes nothing; fails where a figure is more than 3 % above the file's.
        #[arg(long)]
        check: bool,
        /// Counts on this emulated machine only; prints the figures and writes nothing.
        #[arg(long)]
        machine: Option<String>,
        /// What runs the images: virtual-board or qemu. Figures of qemu are printed and not written.
        #[arg(long, default_value_t)]
        with: Backend,
    },
    /// Runs the commands that the cards in models/ name, and writes cards and blobs.
    ModelCards {
        /// Writes nothing; fails where the figures of the commands differ from those in the cards.
        #[arg(long)]
        check: bool,
        /// A folder with the recordings of the activity models, `har` and `har3`.
        #[arg(long)]
        data: Option<std::path::PathBuf>,
        /// Names of the models; all of them where none is given.
        names: Vec<String>,
    },
    /// Runs every board with its sensor, and writes what a sequence and a used sample cost into docs/virtual-board.md.
    Charges {
        /// Writes nothing; fails where the page has other figures.
        #[arg(long)]
        check: bool,
    },
    /// Runs a day of board time on the virtual nRF52840-DK: decisions, grid, counters and budget hold. Takes minutes.
    Day,
    /// Builds every image of every board, and writes its use of flash and RAM to firmware/SIZES.md.
    FirmwareSize {
        /// Writes nothing; fails where an image is larger than in the file, or no longer fits the smallest chip.
        #[arg(long)]
        check: bool,
    },
    /// Measures how many lines of firmware/app its tests reach; fails below 90 %.
    Coverage,
    /// Checks that random networks give the same bits on every emulated core as on the host.
    Identical {
        /// Number of pairs of a network and its samples on each machine.
        #[arg(long, default_value_t = 10_000)]
        pairs: usize,
        /// Seed of the networks and samples.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Checks this emulated machine only.
        #[arg(long)]
        machine: Option<String>,
        /// What runs the images: virtual-board or qemu.
        #[arg(long, default_value_t)]
        with: Backend,
    },
    /// Draws blobs with right checksums and mutated fields, and checks that skiprnn-nostd refuses or computes each as its format's
    /// page says.
    Blobs {
        /// Number of blobs.
        #[arg(long, default_value_t = 1_000_000)]
        count: u64,
        /// Seed of the blobs and of their samples.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Checks licences, packages in more than one version, and the dependencies between crates that ARCHITECTURE.md allows.
    Dependencies,
    /// Checks that no modules of a crate depend on each other in a circle, apart from a list of exceptions.
    Circles,
    /// Copies the figures of benches/mcu.md into the README of skiprnn-nostd.
    Readme {
        /// Writes nothing; fails where the README has other figures.
        #[arg(long)]
        check: bool,
    },
    /// Fuzzes the blob parser with the update, and the host's readers, with libFuzzer (nightly Rust), and keeps small corpora.
    Fuzz {
        /// Targets to fuzz: blob, and those of fuzz/harness/. [default: all]
        targets: Vec<String>,
        /// How long to fuzz each, in seconds.
        #[arg(long, default_value_t = 600)]
        seconds: u32,
        /// Leaves the corpora as they are.
        #[arg(long)]
        check: bool,
    },
    /// Runs the tests of the portable code of skiprnn-nostd under Miri (nightly Rust).
    Miri,
    /// Compiles skiprnn-nostd with the oldest Rust that its Cargo.toml states.
    Msrv,
    /// Checks that an image with all of skiprnn-nostd contains no code that panics.
    NoPanic,
    /// Installs what the other commands need: Rust targets, tools and compilers, QEMU. Prints the command to type for what this user
    /// cannot install.
    Setup,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Test { quick } => test::run(quick),
        Command::BenchMcu {
            json,
            check,
            machine,
            with,
        } => bench_mcu::run(json, check, machine.as_deref(), with),
        Command::ModelCards { check, data, names } => model_cards::run(check, data.as_deref(), &names),
        Command::Blobs { count, seed } => blobs::run(count, seed),
        Command::Charges { check } => charges::run(check),
        Command::Circles => circles::run(),
        Command::Coverage => coverage::run(),
        Command::Day => day::run(),
        Command::Dependencies => dependencies::run(),
        Command::FirmwareSize { check } => firmware_size::run(check),
        Command::Identical {
            pairs,
            seed,
            machine,
            with,
        } => identical::run(pairs, seed, machine.as_deref(), with),
        Command::Readme { check } => bench_mcu::readme::run(check),
        Command::Fuzz {
            targets,
            seconds,
            check,
        } => fuzz::run(&targets, seconds, check),
        Command::Miri => miri::run(),
        Command::Msrv => msrv::run(),
        Command::NoPanic => no_panic::run(),
        Command::Setup => test::setup(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
