//! `skiprnn emulate`

pub mod args;
mod board;
mod charge;
mod classify;
mod decision;
mod job;
mod measure;
mod power_trace;
mod replay;

pub use args::EmulateArgs;
pub use replay::emulate;

use crate::{
    blob,
    output::{Output, Usage},
};
use args::App;
use board_host::{
    Backend, Options,
    boards::{self, Board},
};
use job::Job;

/// Sequences by default.
pub const COUNT: usize = 200;

/// Runs the command.
pub fn run(args: &EmulateArgs, out: Output) -> anyhow::Result<()> {
    args.target.check()?;
    let board = real_board(args)?;
    if board.is_none() {
        charge::refuse(args, "what an emulated machine draws is not modelled")?;
    }
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    blob::known_period(&model, &args.blob)?;
    blob::to_run(&model, &args.blob)?;
    let prepared = blob::prepare(&model, args.task, &args.input, COUNT)?;
    let settings = &args.settings.settings;
    if args.app == App::Measure {
        settings.without_budget("measure")?;
    }
    let (settings, priced) = match &board {
        Some(board) => settings.resolve_for(board, args.app != App::Replay, &model)?,
        None => args.settings.resolve(&model)?,
    };
    let job = Job {
        args,
        blob: &blob,
        model: &model,
        prepared: &prepared,
        settings,
        priced: priced.as_ref(),
    };
    if let Some(board) = board {
        return board::run(&job, board, out);
    }
    let options = Options {
        machine: args.target.machine.unwrap_or_default(),
        backend: args.target.with,
        settings,
        firmware: args.target.firmware.clone(),
        ..Options::default()
    };
    match args.app {
        App::Replay => replay::run(&job, &options, out),
        App::Classify => classify::run(&job, &options, out),
        App::Measure => measure::run(&job, &options, out),
    }
}

/// The real board whose image is to run, where --board names one. A profile of `energy boards` only prices a budget.
fn real_board(args: &EmulateArgs) -> anyhow::Result<Option<Board>> {
    let board = args.settings.board.as_deref().and_then(|name| boards::find(name).ok());
    match (&board, &args.target.machine, args.seconds) {
        (Some(board), Some(_), _) => Err(Usage::error(format!(
            "--machine: {} runs its own image; give one of --board and --machine, or for a machine's budget a profile of \
             `skiprnn energy boards` as --board",
            board.name
        ))),
        (Some(_), None, _) if args.target.with != Backend::VirtualBoard => Err(Usage::error(
            "--with: QEMU has no model of a real board; leave --with out, or give --machine in place of --board",
        )),
        (None, _, Some(_)) => Err(Usage::error(
            "--seconds: a machine runs until its sequences end; it goes with a --board of `skiprnn boards`",
        )),
        _ => Ok(board),
    }
}
