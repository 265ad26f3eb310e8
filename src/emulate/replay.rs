//! `skiprnn emulate --app replay`: recorded sequences in the image of an emulated machine.

use super::job::{Answers, Comparison, Job};
use crate::{
    args::ResultArgs,
    blob::Prepared,
    output::{self, Output, tell},
    settings::{self, Expected},
    simulate::Simulated,
};
use board_host::{Emulation, Load, Options};
use quantize::Blob;
use serde::Serialize;
use skiprnn_nostd::Model;

/// What the replay gives.
#[derive(Debug, Serialize)]
pub struct Replayed {
    /// What the board decided.
    #[serde(flatten)]
    pub simulated: Simulated,
    /// How that compares with the simulator.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// Instructions of one update, head excluded: the mean over all updates, counted.
    pub instructions_per_update: f64,
    instructions_min: u64,
    instructions_max: u64,
    seconds_asleep: f64,
    seconds_total: f64,
    late_updates: u64,
    machine: String,
}

/// Runs prepared sequences on the emulated machine and compares with the simulator, run by the same settings.
pub fn emulate(
    blob: &Blob,
    model: &Model<'_>,
    prepared: &Prepared,
    options: &Options,
    result: &ResultArgs,
) -> anyhow::Result<(Replayed, Emulation, Expected)> {
    let x = &prepared.data.x;
    let load = Load::new(blob.bytes(), &prepared.counts, (x.count, x.length, x.channels));
    let emulation = board_host::run(&load, options)?;
    let expected = settings::simulate(model, prepared, &options.settings)?;
    let answers = Answers::new(model, &options.settings, x.length)?;
    let runs = answers.runs(&emulation.records);
    let replayed = Replayed {
        simulated: Simulated::new(model, prepared, &runs, &options.settings, result)?,
        comparison: Comparison::of_runs(&expected, (&emulation.records, &runs), answers, emulation.spending),
        instructions_per_update: emulation.instructions_per_update,
        instructions_min: emulation.instructions_min,
        instructions_max: emulation.instructions_max,
        seconds_asleep: emulation.seconds_asleep,
        seconds_total: emulation.seconds_total,
        late_updates: emulation.late_updates,
        machine: emulation.machine.clone(),
    };
    Ok((replayed, emulation, expected))
}

/// Runs the application.
pub fn run(job: &Job<'_>, options: &Options, out: Output) -> anyhow::Result<()> {
    let spinner = output::progress_bar("emulating", 0);
    let result = emulate(job.blob, job.model, job.prepared, options, &job.args.result);
    spinner.finish_and_clear();
    let (replayed, emulation, expected) = result?;
    let (value, budget) = job.with_settings(&replayed, &expected)?;
    if job.args.log {
        emulation.log.iter().for_each(tell);
    }
    out.print(&value, || {
        format!(
            "{}: {}\n{} the simulator (schedules, logits, final states); {:.0} instructions per update (counted)\n\
             asleep {:.3} of {:.3} s of virtual time, {} late updates{budget}",
            replayed.machine,
            replayed.simulated,
            replayed.comparison.verdict(),
            replayed.instructions_per_update,
            replayed.seconds_asleep,
            replayed.seconds_total,
            replayed.late_updates,
        )
    });
    let file = job.args.blob.display().to_string();
    replayed.comparison.check(&file, "the emulated board", "")
}
