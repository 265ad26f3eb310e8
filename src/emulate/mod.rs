//! `skiprnn emulate`

mod classify;
mod measure;

use crate::{
    blob::{self, Prepared},
    cli::{App, EmulateArgs, ResultArgs},
    output,
    output::{Output, Usage, merge},
    settings::{self, Expected, Priced},
    simulate,
};
use emulator::{Emulation, Machine, Options};
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
    let emulation = emulator::run(blob.bytes(), &prepared.counts, x.count, x.length, x.channels, options)?;
    let expected = settings::simulate(model, prepared, &options.settings)?;
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
    let machine: Machine = args
        .machine
        .parse()
        .map_err(|e: String| Usage::error(format!("--machine: {e}")))?;
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    let prepared = blob::prepare(&model, args.task, &args.input, COUNT)?;
    let (settings, priced) = args.settings.resolve(&model)?;
    if args.app == App::Measure {
        args.settings.settings.without_budget("measure")?;
    }
    let options = Options {
        machine,
        backend: args.with,
        settings,
        firmware: args.firmware.clone(),
        ..Options::default()
    };
    match args.app {
        App::Replay => replay(args, &blob, &model, &prepared, &options, priced.as_ref(), out),
        App::Classify => classify::run(args, &blob, &model, &prepared, &options, priced.as_ref(), out),
        App::Measure => measure::run(args, &blob, &prepared, &options, out),
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
