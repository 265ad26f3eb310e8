//! `skiprnn emulate`

pub mod args;
mod board;
mod classify;
mod measure;

pub use args::EmulateArgs;

use crate::{
    args::ResultArgs,
    blob::{self, Prepared},
    output,
    output::{Output, Usage, merge},
    settings::{self, Expected, Priced},
    simulate,
};
use args::App;
use board::Job;
use board_host::{
    Backend, Emulation, Load, Options, Record,
    boards::{self, Board},
};
use float_model::OutputAt;
use quantize::{Blob, Run};
use serde_json::{Value, json};
use skiprnn_nostd::Model;

/// The images report the logits at the end of a sequence, not those of every step.
#[derive(Debug, thiserror::Error)]
#[error("output_at: the blob gives an output at every step, and the firmware reports the last one only; use simulate")]
pub struct OutputsAtSteps;

/// Sequences where nothing else is said.
pub const COUNT: usize = 200;

/// Whether the images can report what the model puts out.
fn check_output(model: &Model<'_>) -> anyhow::Result<()> {
    match blob::output_at(model) {
        OutputAt::Step => Err(OutputsAtSteps.into()),
        OutputAt::End => Ok(()),
    }
}

/// What a board made of its sequences, in the simulator's words.
fn runs(records: &[Record]) -> Vec<Run> {
    let run = |record: &Record| Run {
        updates: record.updates.clone(),
        logits: record.logits.clone(),
        state_crc: record.state_crc,
        decision: record.decision as usize,
    };
    records.iter().map(run).collect()
}

/// Runs prepared sequences on the emulated board and compares with the simulator, run by the same settings; the JSON is the
/// command's.
pub fn emulate(
    blob: &Blob,
    model: &Model<'_>,
    prepared: &Prepared,
    options: &Options,
    result: &ResultArgs,
) -> anyhow::Result<(Value, Emulation, Expected)> {
    let x = &prepared.data.x;
    check_output(model)?;
    let load = Load::new(blob.bytes(), &prepared.counts, (x.count, x.length, x.channels));
    let emulation = board_host::run(&load, options)?;
    let expected = settings::simulate(model, prepared, &options.settings)?;
    let runs = runs(&emulation.records);
    let different = expected.runs.iter().zip(&runs).position(|(a, b)| a != b);
    let booked = emulation.spending == expected.spending;
    let identical = runs.len() == expected.runs.len() && different.is_none() && booked;
    let mut value = simulate::summarize(model, prepared, &runs, result)?;
    merge(
        &mut value,
        json!({
            "identical_to_simulator": identical,
            "first_difference": different,
            "instructions_per_update": emulation.instructions_per_update,
            "instructions_min": emulation.instructions_min,
            "instructions_max": emulation.instructions_max,
            "seconds_asleep": emulation.seconds_asleep,
            "seconds_total": emulation.seconds_total,
            "late_updates": emulation.late_updates,
            "machine": emulation.machine,
        }),
    );
    Ok((value, emulation, expected))
}

/// Runs the command.
pub fn run(args: &EmulateArgs, out: Output) -> anyhow::Result<()> {
    let board = real_board(args)?;
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    let prepared = blob::prepare(&model, args.task, &args.input, COUNT)?;
    if args.app == App::Measure {
        args.settings.settings.without_budget("measure")?;
    }
    if let Some(board) = board {
        let (settings, priced) = args
            .settings
            .settings
            .resolve_for(&board, args.app != App::Replay, &model)?;
        return Job {
            args,
            board,
            blob: &blob,
            model: &model,
            prepared: &prepared,
            settings,
            priced: priced.as_ref(),
        }
        .run(out);
    }
    let (settings, priced) = args.settings.resolve(&model)?;
    let options = Options {
        machine: args.target.machine.unwrap_or_default(),
        backend: args.target.with,
        settings,
        firmware: args.target.firmware.clone(),
        ..Options::default()
    };
    match args.app {
        App::Replay => replay(args, &blob, &model, &prepared, &options, priced.as_ref(), out),
        App::Classify => classify::run(args, &blob, &model, &prepared, &options, priced.as_ref(), out),
        App::Measure => measure::run(args, &blob, &prepared, &options, out),
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

fn replay(
    args: &EmulateArgs,
    blob: &Blob,
    model: &Model<'_>,
    prepared: &Prepared,
    options: &Options,
    priced: Option<&Priced>,
    out: Output,
) -> anyhow::Result<()> {
    let spinner = output::progress_bar("emulating", 0);
    let result = emulate(blob, model, prepared, options, &args.result);
    spinner.finish_and_clear();
    let (mut value, emulation, expected) = result?;
    let budget = settings::add(&mut value, model, &options.settings, priced, &expected)?;
    if args.log {
        emulation.log.iter().for_each(|line| eprintln!("{line}"));
    }
    out.print(&value, || {
        format!(
            "{}: {}\n{} the simulator (schedules, logits, final states); {:.0} instructions per update (counted)\n\
             asleep {:.3} of {:.3} s of virtual time, {} late updates{budget}",
            emulation.machine,
            simulate::text(&value, model),
            if value["identical_to_simulator"] == true {
                "identical to"
            } else {
                "NOT identical to"
            },
            emulation.instructions_per_update,
            emulation.seconds_asleep,
            emulation.seconds_total,
            emulation.late_updates,
        )
    });
    if value["identical_to_simulator"] != true {
        let file = args.blob.display();
        match value["first_difference"].as_u64() {
            Some(sequence) => {
                anyhow::bail!("{file}: the emulated board and the simulator part, first at sequence {sequence}")
            }
            None => anyhow::bail!("{file}: the emulated board books another energy than the simulator"),
        }
    }
    Ok(())
}
