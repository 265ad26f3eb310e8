//! `skiprnn emulate --app measure`: the same sequences dense, polled and asleep, counted in instructions.

use super::job::Job;
use crate::{
    output::{Output, Usage, notes},
    settings::SettingsJson,
};
use board_host::{Options, measure::Mode};
use energy::BudgetOutcome;
use serde::Serialize;
use std::{fmt, path::Path};

/// The counts of one way of running.
#[derive(Serialize)]
struct Counts {
    way: &'static str,
    sequences: u64,
    updates: u64,
    wakes: u64,
    instructions_awake: u64,
    instructions_updating: u64,
    seconds_total: f64,
    seconds_asleep: f64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_sequence = |instructions: u64| instructions as f64 / self.sequences as f64;
        write!(
            f,
            "{:<10} {:>9} updates {:>9} wakes {:>12.0} instructions a sequence, {:.0} of them in updates; asleep {:.2} %",
            self.way,
            self.updates,
            self.wakes,
            per_sequence(self.instructions_awake),
            per_sequence(self.instructions_updating),
            100.0 * (self.seconds_asleep / self.seconds_total),
        )
    }
}

/// What the command gives.
#[derive(Serialize)]
struct Measured<'a> {
    machine: &'static str,
    blob: &'a Path,
    ways: Vec<Counts>,
    notes: &'a [String],
    settings: SettingsJson<BudgetOutcome>,
}

/// Runs the command.
pub fn run(job: &Job<'_>, options: &Options, out: Output) -> anyhow::Result<()> {
    if job.args.target.firmware.is_some() {
        return Err(Usage::error(
            "--firmware: measure runs three images, one for each way; leave it out",
        ));
    }
    let shape = job.shape();
    let count = |mode: Mode| -> anyhow::Result<Counts> {
        let window = board_host::measure::run(mode, &job.load(), options)?;
        Ok(Counts {
            way: mode.name(),
            sequences: window.sequences,
            updates: window.updates,
            wakes: window.wakes,
            instructions_awake: window.instructions_awake,
            instructions_updating: window.instructions_updating,
            seconds_total: window.seconds_total,
            seconds_asleep: window.seconds_asleep,
        })
    };
    let measured = Measured {
        machine: options.machine.name(),
        blob: &job.args.blob,
        ways: Mode::ALL.into_iter().map(count).collect::<anyhow::Result<_>>()?,
        notes: &job.prepared.data.notes,
        settings: SettingsJson::new(&options.settings, None),
    };
    out.print(&serde_json::to_value(&measured)?, || {
        let ways: String = measured.ways.iter().map(|counts| format!("\n{counts}")).collect();
        format!(
            "{}: {} sequences of {} samples, counted{ways}{}",
            options.machine,
            shape.0,
            shape.1,
            notes(measured.notes)
        )
    });
    Ok(())
}
