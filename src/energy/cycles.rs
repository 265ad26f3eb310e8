//! `skiprnn energy cycles`

use super::args::CyclesArgs;
use crate::{
    blob,
    output::{Output, progress_bar, write_atomically},
};
use anyhow::Context;
use board_host::{Load, Options};
use energy::{Board, Calls, Core, Histogram, Interval, Listing, UpdateCost};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::BTreeMap,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Sequences where nothing else is said: every instruction is looked at.
const COUNT: usize = 1;
/// Seconds until the emulator is stopped.
const TIMEOUT_S: u64 = 600;
/// Cores that run the image as it was built, and have a timing table.
const CORES: [Core; 2] = [Core::CortexM4, Core::CortexM33];
/// What the name of the image's update holds, in either way of mangling.
const UPDATE: [&str; 3] = ["Instance", "Network", "4step"];

/// What `energy predict --cycles` reads of the result.
#[derive(Serialize, Deserialize)]
struct Counted {
    /// Mean of the updates.
    instructions_per_update: f64,
    /// Mean of the updates without wait states, by core.
    cycles_per_update: BTreeMap<String, Interval>,
}

/// The cost of an update from a file of this command: cycles, stretched by the board's memory, where the image runs on
/// the board's core, else instructions.
pub fn update_cost(path: &Path, board: &Board) -> anyhow::Result<UpdateCost> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let counted: Counted = serde_json::from_str(&text)
        .with_context(|| format!("{}: is no result of `energy cycles --out`", path.display()))?;
    let memory = board.memory_cycle_factor.interval();
    Ok(match counted.cycles_per_update.get(&board.core.to_string()) {
        Some(cycles) => UpdateCost::Cycles {
            cycles: Interval::from_corners(|c| cycles.at(c) * memory.at(c)),
        },
        None => UpdateCost::Counted {
            instructions: counted.instructions_per_update.round() as u64,
        },
    })
}

/// Runs the command.
pub fn run(args: &CyclesArgs, out: Output) -> anyhow::Result<()> {
    let machine = args.target.machine.unwrap_or_default();
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
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
    let listing = Listing::parse(&disassembly(&image)?);
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
    let (Some((least, most)), updates) = (calls.instructions(), calls.count() as f64) else {
        anyhow::bail!("{}: no update came to its end", image.display());
    };
    let histogram = calls.histogram();
    let cycles: BTreeMap<String, Interval> = CORES
        .into_iter()
        .filter_map(|core| Some((core.to_string(), histogram.cycles(core)?.scaled(1.0 / updates))))
        .collect();
    let classes: BTreeMap<String, f64> = histogram
        .classes()
        .map(|(class, count)| (class.to_string(), count as f64 / updates))
        .collect();
    let value = json!({
        "label": "counted", "machine": machine.name(), "sequences": x.count, "updates": calls.count(),
        "instructions_per_update": histogram.instructions() as f64 / updates,
        "instructions_min": least, "instructions_max": most,
        "instructions_by_timer": counted.instructions_per_update,
        "unknown_per_update": histogram.unknown() as f64 / updates,
        "histogram_per_update": classes, "cycles_per_update": cycles,
    });
    if let Some(path) = &args.out {
        write_atomically(path, format!("{value:#}\n").as_bytes())?;
    }
    out.print(&value, || {
        text(histogram, updates, &cycles, counted.instructions_per_update)
    });
    Ok(())
}

fn text(histogram: &Histogram, updates: f64, cycles: &BTreeMap<String, Interval>, by_timer: f64) -> String {
    let mut lines = vec![format!(
        "{:.1} instructions per update, mean of {updates}, call and return included (counted; {by_timer:.1} by the board's timer)",
        histogram.instructions() as f64 / updates
    )];
    let each = |name: &str, count: u64| format!("  {name:<20} {:>10.1}", count as f64 / updates);
    lines.extend(
        histogram
            .classes()
            .map(|(class, count)| each(&class.to_string(), count)),
    );
    if histogram.unknown() > 0 {
        lines.push(each("not in the table", histogram.unknown()));
    }
    lines.push("cycles per update without wait states, from the core's manual".into());
    lines.extend(cycles.iter().map(|(core, interval)| format!("  {core:<20} {interval}")));
    lines.join("\n")
}

/// A listing of the image's instructions, by the first disassembler that is there.
fn disassembly(image: &Path) -> anyhow::Result<String> {
    for tool in disassemblers() {
        match Command::new(&tool).arg("-d").arg(image).output() {
            Ok(output) if output.status.success() => return Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            Ok(output) => anyhow::bail!(
                "{}: {} -d: {}",
                image.display(),
                tool.display(),
                String::from_utf8_lossy(&output.stderr).trim()
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => anyhow::bail!("{}: {error}", tool.display()),
        }
    }
    anyhow::bail!(
        "no disassembler for Arm is installed; type: rustup component add llvm-tools \
         (or: apt-get install binutils-arm-none-eabi)"
    )
}

/// Disassemblers by name, and the one of the Rust toolchain's component llvm-tools.
fn disassemblers() -> Vec<PathBuf> {
    let mut tools = vec![PathBuf::from("arm-none-eabi-objdump"), PathBuf::from("llvm-objdump")];
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output();
    let libraries = sysroot
        .ok()
        .filter(|output| output.status.success())
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).join("lib/rustlib"));
    let targets = libraries.and_then(|path| std::fs::read_dir(path).ok());
    tools.extend(
        targets
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path().join("bin/llvm-objdump"))),
    );
    tools
}
