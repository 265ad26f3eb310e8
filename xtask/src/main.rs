//! The project's own commands. `cargo xtask test` is the whole test suite, emulator included.

mod bench_mcu;
mod circles;
mod coverage;
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
mod shell;
mod sizes;
mod test;

use board_host::Backend;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The project's own commands.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the tests: everything, or with --quick what takes less than three minutes. `--help` lists what is in which tier.
    #[command(after_long_help = test::tiers())]
    Test {
        /// The quick tier only.
        #[arg(long)]
        quick: bool,
    },
    /// Counts the instructions of one update on emulated cores, into benches/mcu.md.
    BenchMcu {
        /// Also prints the figures as a JSON list.
        #[arg(long)]
        json: bool,
        /// Writes nothing; fails where a figure is more than 3 % above the file's.
        #[arg(long)]
        check: bool,
        /// Counts on this machine only, and prints without writing.
        #[arg(long)]
        machine: Option<String>,
        /// What runs the images: virtual-board, or qemu, of which nothing is written.
        #[arg(long, default_value_t)]
        with: Backend,
    },
    /// Makes the cards and blobs of models/ by the commands that they name.
    ModelCards {
        /// Writes nothing; fails where the commands give other figures than the cards.
        #[arg(long)]
        check: bool,
        /// A folder with the recordings of the activity models, `har` and `har3`.
        #[arg(long)]
        data: Option<std::path::PathBuf>,
        /// These models only.
        names: Vec<String>,
    },
    /// Builds every image of every board, and writes its text and static RAM into firmware/SIZES.md.
    FirmwareSize {
        /// Writes nothing; fails where an image has grown beyond the file, or no longer fits the smallest part.
        #[arg(long)]
        check: bool,
    },
    /// Runs the tests of firmware/app with instruments; fails where they reach less than 90 % of its lines.
    Coverage,
    /// Compares the arithmetic of every emulated machine with the host's, on random networks and samples.
    Identical {
        /// Pairs of a network and samples on each machine.
        #[arg(long, default_value_t = 10_000)]
        pairs: usize,
        /// Seed of networks and samples.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Compares this machine only.
        #[arg(long)]
        machine: Option<String>,
        /// What runs the images: virtual-board, or qemu.
        #[arg(long, default_value_t)]
        with: Backend,
    },
    /// Checks licences, packages in more than one version, and that crates depend on each other as ARCHITECTURE.md says.
    Dependencies,
    /// Checks that no modules of a crate use each other in a circle, but those of a list.
    Circles,
    /// Puts the figures of benches/mcu.md into the README of the inference crate.
    Readme {
        /// Writes nothing; fails where the README has other figures.
        #[arg(long)]
        check: bool,
    },
    /// Fuzzes parse and step (nightly), and keeps a small corpus.
    Fuzz {
        /// For how long.
        #[arg(long, default_value_t = 600)]
        seconds: u32,
    },
    /// Runs the inference crate's tests on its portable path under Miri (nightly).
    Miri,
    /// Checks the inference crate with the oldest Rust that its Cargo.toml states, which rustup installs.
    Msrv,
    /// Checks that no symbol of core::panicking is in an image with all of the inference crate.
    NoPanic,
    /// Installs what the other commands need, where this user may: Rust targets and tools, compilers of other versions, QEMU. Names
    /// the line to type for the rest.
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
        Command::Circles => circles::run(),
        Command::Coverage => coverage::run(),
        Command::Dependencies => dependencies::run(),
        Command::FirmwareSize { check } => firmware_size::run(check),
        Command::Identical {
            pairs,
            seed,
            machine,
            with,
        } => identical::run(pairs, seed, machine.as_deref(), with),
        Command::Readme { check } => bench_mcu::readme::run(check),
        Command::Fuzz { seconds } => fuzz::run(seconds),
        Command::Miri => miri::run(),
        Command::Msrv => msrv::run(),
        Command::NoPanic => no_panic::run(),
        Command::Setup => test::setup(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
