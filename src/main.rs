//! `skiprnn`: from a labelled recording to a sensor board that sleeps.

mod args;
mod baselines;
mod blob;
mod boards;
mod cli;
mod compare;
mod data;
mod demo;
mod emulate;
mod energy;
mod evaluate;
mod experiment;
mod fidelity;
mod flash;
mod inputs;
mod inspect;
mod leak;
mod output;
mod plot;
mod quantize;
mod reproduce;
mod settings;
mod simulate;
mod sweep;
mod train;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

/// Exit code of a command that failed.
const FAILED: u8 = 1;
/// Exit code of a command that was used wrongly.
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    // clap ends wrong usage with exit code 2 by itself.
    let cli = Cli::parse();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let out = output::Output { json: cli.json };
    match &cli.command {
        Command::Demo(args) => demo::run(args, out),
        Command::Train(args) => train::run(args, out),
        Command::Eval(args) => evaluate::run(args, out),
        Command::Reproduce(args) => reproduce::run(args, out),
        Command::Sweep(args) => sweep::run(args, out),
        Command::Baselines(args) => baselines::run(args, out),
        Command::Plot(args) => plot::run(args, out),
        Command::Quantize(args) => quantize::run(args, out),
        Command::Fidelity(args) => fidelity::run(args, out),
        Command::Compare(args) => compare::run(args, out),
        Command::Inspect(args) => inspect::run(args, out),
        Command::Simulate(args) => simulate::run(args, out),
        Command::Leak(args) => leak::run(args, out),
        Command::Emulate(args) => emulate::run(args, out),
        Command::Flash(args) => flash::run(args, out),
        Command::Boards => {
            boards::run(out);
            Ok(())
        }
        Command::Energy(args) => energy::run(args, out),
        Command::Data(args) => data::run(args, out),
    }
}

fn exit_code(error: &anyhow::Error) -> u8 {
    let usage = error.downcast_ref::<output::Usage>().is_some()
        || error
            .downcast_ref::<host_train::Error>()
            .is_some_and(host_train::Error::is_usage);
    if usage { WRONG_USAGE } else { FAILED }
}
