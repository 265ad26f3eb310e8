//! `cargo xtask bench-mcu`: what one update costs on emulated Cortex-M cores, counted to the instruction.
//!
//! The rule is that of `docs/numerics.md`, section 5: from the call to the return of one updating `step`, skip gate and rule
//! included, head excluded, weights uniform in [-127, 127], inputs over their whole range. Instructions, not cycles.
//!
//! What is counted is also checked: the state that the emulated core ends with must be this machine's, bit for bit.

mod blobs;
mod image;
mod peers;
pub mod readme;
mod report;

use crate::needs;
use anyhow::bail;
use blobs::{Gate, Weights};
use board_host::Backend;
use float_model::Family;
use image::Image;
use report::Row;
use skiprnn_nostd::{Model, State};
use std::fs;

/// (I, H).
const SHAPES: [(usize, usize); 10] = [
    (1, 16),
    (1, 32),
    (6, 16),
    (6, 32),
    (6, 64),
    (9, 32),
    (28, 64),
    (64, 128),
    (1, 110),
    (2, 110),
];

/// The committed figures.
const FILE: &str = "benches/mcu.md";
/// Updates that an image makes.
const UPDATES: u32 = 16;
/// By how much a figure may grow against them.
const GROWTH: f64 = 1.03;

/// Counts everything and writes the file; or, to check, compares with it.
pub fn run(json: bool, check: bool, only: Option<&str>, with: Backend) -> anyhow::Result<()> {
    let path = crate::shell::root().join(FILE);
    let before = fs::read_to_string(&path).unwrap_or_default();
    needs::require(&needs::emulated_boards(with))?;
    let rows = count(only, with)?;
    if json {
        say!("{}", serde_json::to_string_pretty(&rows)?);
    }
    if only.is_some() || with != Backend::default() && !check {
        if !json {
            say!("{}", report::markdown(&rows));
        }
        return Ok(());
    }
    if check {
        let grown = report::grown(&report::parse(&before)?, &rows, GROWTH);
        if grown.is_empty() {
            return Ok(());
        }
        bail!("{} figures grew beyond {FILE}:\n  {}", grown.len(), grown.join("\n  "));
    }
    float_model::write_atomically(&path, report::markdown(&rows).as_bytes())?;
    tell!("{} figures written to {FILE}", rows.len());
    Ok(())
}

/// A cell's name in the table.
fn cell(family: Family, gate: Gate) -> String {
    let name = match family {
        Family::Lstm => "lstm",
        Family::Gru => "gru",
    };
    format!("{name}{}", gate.suffix())
}

/// What is counted on a machine: every kernel with a skip gate, and the ones of 8-bit weights without one on the cores that the
/// README compares.
fn kernels(machine: image::Machine) -> impl Iterator<Item = (Weights, Gate)> {
    let dense = machine.suffix.is_empty() && readme::DENSE_CORES.contains(&machine.core);
    let without: &[Weights] = match dense {
        true => &[Weights::Block8, Weights::BytePlane],
        false => &[],
    };
    let with = Weights::ALL.into_iter().map(|weights| (weights, Gate::Skip));
    with.chain(without.iter().map(|weights| (*weights, Gate::Dense)))
}

/// One row for each machine, cell, shape and kernel that fits the machine's memory.
fn count(only: Option<&str>, with: Backend) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for machine in image::MACHINES {
        if only.is_some_and(|only| only != machine.name) {
            continue;
        }
        let image = Image::build(machine)?;
        for family in [Family::Lstm, Family::Gru] {
            let text_bytes = image.text_bytes(family)?;
            for (weights, gate) in kernels(machine) {
                for (inputs, hidden) in SHAPES {
                    let blob = blobs::blob(family, (inputs, hidden), weights, gate)?;
                    if blob.bytes().len() > machine.room {
                        continue;
                    }
                    let counted = image.run(blob.bytes(), with)?;
                    let crc = crc_here(&blob.model())?;
                    if counted.crc != crc {
                        bail!(
                            "{}: {family:?}{} ({inputs},{hidden}) {}: the state is {:08x}, here it is {crc:08x}",
                            machine.name,
                            gate.suffix(),
                            weights.name(),
                            counted.crc
                        );
                    }
                    rows.push(Row {
                        machine: machine.name.into(),
                        core: machine.core.into(),
                        cell: cell(family, gate),
                        input: inputs,
                        hidden,
                        kernel: format!("{}{}", weights.name(), machine.suffix),
                        instructions: counted.instructions.round() as u64,
                        macs: blob.model().macs_per_update(),
                        text_bytes,
                        state_bytes: report::state_bytes(inputs, hidden),
                        stack_bytes: counted.stack_bytes,
                    });
                }
            }
        }
        tell!("{}{}: done", machine.name, machine.suffix);
    }
    Ok(rows)
}

/// The state after the image's updates, made here with the same inputs.
fn crc_here(model: &Model<'_>) -> anyhow::Result<u32> {
    let mut state = State::<128, 1, 64>::new(model)?;
    let mut noise = 1u32;
    for _ in 0..UPDATES {
        let counts: Vec<i16> = (0..model.inputs())
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (noise >> 16) as i16
            })
            .collect();
        model.step(&mut state, &counts)?;
    }
    Ok(state.crc(model))
}
