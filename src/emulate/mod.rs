//! `skiprnn emulate`

mod classify;
mod measure;

use crate::{
    blob::{self, Prepared},
    cli::{App, EmulateArgs, ResultArgs},
    inputs, output,
    output::{Output, Usage, merge},
    simulate,
};
use emulator::{Emulation, Machine, Options};
use float_model::OutputAt;
use quantize::{Blob, Run, Simulator};
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

/// Runs prepared sequences on the emulated board and compares with the simulator; the JSON is the command's.
pub fn emulate(
    blob: &Blob,
    model: &Model<'_>,
    prepared: &Prepared,
    options: &Options,
    result: &ResultArgs,
) -> anyhow::Result<(Value, Emulation)> {
    let x = &prepared.data.x;
    check_output(model)?;
    let emulation = emulator::run(blob.bytes(), &prepared.counts, x.count, x.length, x.channels, options)?;
    let expected = Simulator::new(model)?.run_all(&prepared.counts, x.length, inputs::threads());
    let runs: Vec<Run> = emulation
        .records
        .iter()
        .map(|r| Run {
            updates: r.updates.clone(),
            logits: r.logits.clone(),
            state_crc: r.state_crc,
            decision: r.decision as usize,
        })
        .collect();
    let different = expected.iter().zip(&runs).position(|(a, b)| a != b);
    let identical = runs.len() == expected.len() && different.is_none();
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
    Ok((value, emulation))
}

/// Runs the command.
pub fn run(args: &EmulateArgs, out: Output) -> anyhow::Result<()> {
    let machine: Machine = args
        .machine
        .parse()
        .map_err(|e: String| Usage::error(format!("--machine: {e}")))?;
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    let prepared = blob::prepare(&model, args.task, &args.input, COUNT)?;
    let options = Options {
        machine,
        firmware: args.firmware.clone(),
        ..Options::default()
    };
    match args.app {
        App::Replay => replay(args, &blob, &model, &prepared, &options, out),
        App::Classify => classify::run(args, &blob, &model, &prepared, &options, out),
        App::Measure => measure::run(args, &blob, &prepared, &options, out),
    }
}

fn replay(
    args: &EmulateArgs,
    blob: &Blob,
    model: &Model<'_>,
    prepared: &Prepared,
    options: &Options,
    out: Output,
) -> anyhow::Result<()> {
    let spinner = output::progress_bar("emulating", 0);
    let result = emulate(blob, model, prepared, options, &args.result);
    spinner.finish_and_clear();
    let (value, emulation) = result?;
    if args.log {
        emulation.log.iter().for_each(|line| eprintln!("{line}"));
    }
    out.print(&value, || {
        format!(
            "{}: {}\n{} the simulator (schedules, logits, final states); {:.0} instructions per update (counted)\n\
             asleep {:.3} of {:.3} s of virtual time, {} late updates",
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
        anyhow::bail!(
            "{}: the emulated board and the simulator part, first at sequence {}",
            args.blob.display(),
            value["first_difference"]
        );
    }
    Ok(())
}
