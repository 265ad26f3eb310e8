//! `skiprnn`: from a labelled recording to a sensor board that sleeps.
#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic where nobody reads; output.rs has what prints"
)]

mod args;
mod baselines;
mod blob;
mod boards;
mod cli;
mod collect;
mod compare;
mod data;
mod demo;
mod description;
mod emulate;
mod energy;
mod errors;
mod evaluate;
mod experiment;
mod fidelity;
mod fit;
mod flash;
mod import;
mod inputs;
mod inspect;
mod interrupt;
mod leak;
mod memory;
mod numbers;
mod output;
mod outputs;
mod plot;
mod quantize;
mod reproduce;
mod results;
mod settings;
mod simulate;
mod sweep;
mod train;

use clap::{CommandFactory, FromArgMatches};
use cli::{Cli, Command};
use errors::{CommandLine, Failure};
use std::{ffi::OsString, process::ExitCode};

fn main() -> ExitCode {
    interrupt::listen();
    // clap ends wrong usage with exit code 2 by itself.
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let command = Cli::command();
    let line = CommandLine::new(&command, &matches, words.collect());
    let sound = utf8(std::env::args_os().skip(1))
        .and_then(|()| numbers::check(&command, &matches))
        .and_then(|()| outputs::check(&line));
    match sound.and_then(|()| run(&cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let failure = Failure::new(&error, &line);
            output::tell(format_args!("error: {}", failure.message));
            ExitCode::from(failure.exit_code)
        }
    }
}

/// Refuses paths that JSON, `config.toml` and reports, which are UTF-8, could not name.
fn utf8(words: impl Iterator<Item = OsString>) -> anyhow::Result<()> {
    match words.into_iter().find(|word| word.to_str().is_none()) {
        None => Ok(()),
        Some(word) => Err(output::Usage::error(format!(
            "{}: is not written in UTF-8, as a path must be here; rename it, or reach it through a link",
            word.display()
        ))),
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let out = output::Output { json: cli.json };
    match &cli.command {
        Command::Demo(args) => demo::run(args, out),
        Command::Fit(args) => fit::run(args, out),
        Command::Import(args) => import::run(args, out),
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
        Command::Collect(args) => collect::run(args, out),
        Command::Boards => {
            boards::run(out);
            Ok(())
        }
        Command::Energy(args) => energy::run(args, out),
        Command::Data(args) => data::run(args, out),
    }
}
