//! `skiprnn energy cycles`

use super::args::CyclesArgs;
use crate::{
    blob,
    output::{Output, progress_bar, write_atomically},
};
use anyhow::Context;
use board_host::{Load, Options};
use energy::{Calls, Listing, UpdateCycles};
use serde::Serialize;
use std::time::Duration;

/// Sequences by default: every instruction is looked at.
const COUNT: usize = 1;
/// Seconds until the emulator is stopped.
const TIMEOUT_S: u64 = 600;
/// What the name of the image's update holds, in either way of mangling.
const UPDATE: [&str; 3] = ["Instance", "Network", "4step"];

/// What the command gives.
#[derive(Serialize)]
struct CyclesJson {
    #[serde(flatten)]
    cycles: UpdateCycles,
    machine: &'static str,
    sequences: usize,
    /// Instructions per update by the board's own timer.
    instructions_by_timer: f64,
}

/// Runs the command.
pub fn run(args: &CyclesArgs, out: Output) -> anyhow::Result<()> {
    args.target.check()?;
    let machine = args.target.machine.unwrap_or_default();
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    blob::to_run(&model, &args.blob)?;
    let mut prepared = blob::prepare(&model, args.task, &args.input, COUNT)?;
    if args.input.n.is_none() {
        prepared.data.x = prepared.data.x.take(COUNT);
        prepared.counts.truncate(prepared.data.x.values.len());
    }
    let x = &prepared.data.x;
    let options = Options {
        machine,
        backend: args.target.with,
        firmware: args.target.firmware.clone(),
        timeout_s: TIMEOUT_S,
        ..Options::default()
    };
    let image = board_host::firmware_image(&options)?;
    let listing = Listing::parse(&energy::disassembly(&image)?);
    let entry = listing.function(&UPDATE).with_context(|| {
        format!(
            "{}: holds no update by the name it has in firmware/app; give an image with its symbols",
            image.display()
        )
    })?;
    let spinner = progress_bar("counting instructions", 0);
    spinner.enable_steady_tick(Duration::from_millis(200));
    let mut calls = Calls::new(&listing, entry);
    let load = Load::new(blob.bytes(), &prepared.counts, (x.count, x.length, x.channels));
    let run = board_host::program_counters(&load, &options, &mut |pc| {
        calls.push(pc);
    });
    let counted = run.and_then(|()| board_host::run(&load, &options));
    spinner.finish_and_clear();
    let counted = counted?;
    let Some(cycles) = UpdateCycles::new(&calls) else {
        anyhow::bail!("{}: no update came to its end", image.display());
    };
    let result = CyclesJson {
        cycles,
        machine: machine.name(),
        sequences: x.count,
        instructions_by_timer: counted.instructions_per_update,
    };
    let value = serde_json::to_value(&result)?;
    if let Some(path) = &args.out {
        write_atomically(path, format!("{value:#}\n").as_bytes())?;
    }
    out.print(&value, || {
        format!(
            "{:.1} instructions per update, mean of {}, call and return included (counted; {:.1} by the board's timer)\n{}",
            result.cycles.instructions_per_update,
            result.cycles.updates,
            result.instructions_by_timer,
            result.cycles
        )
    });
    Ok(())
}
