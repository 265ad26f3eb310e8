//! `cargo xtask readme`: the figures of `benches/mcu.md` in short, in the README of the inference crate; and those of networks
//! without a skip gate, beside others, in the project's.

use super::{
    FILE,
    blobs::{self, Gate, Weights},
    cell, peers, report,
};
use crate::{firmware_size, program::between, shell};
use anyhow::{Context, bail};
use float_model::Family;
use std::{fmt::Write, fs};

const README: &str = "skiprnn-nostd/README.md";
/// The project's own.
const FRONT: &str = "README.md";
const BEGIN: &str = "<!-- begin: cargo xtask readme -->\n";
const END: &str = "<!-- end: cargo xtask readme -->";

/// (heading, core, kernel) of the columns.
const COLUMNS: [(&str, &str, &str); 6] = [
    ("M0", "Cortex-M0", "block-i8"),
    ("M3", "Cortex-M3", "block-i8"),
    ("M4, i8", "Cortex-M4", "block-i8"),
    ("M4, planes", "Cortex-M4", "byte-plane-i8"),
    ("M33, i8", "Cortex-M33", "block-i8"),
    ("M33, planes", "Cortex-M33", "byte-plane-i8"),
];

/// The cores that a network without a skip gate is counted on.
pub const DENSE_CORES: [&str; 3] = ["Cortex-M0", "Cortex-M4", "Cortex-M33"];

/// (I, H) of the front page.
const DENSE_SHAPES: [(usize, usize); 5] = [(1, 32), (6, 32), (6, 64), (28, 64), (64, 128)];

/// The image that stands for a whole program: board and name.
const WHOLE: [&str; 2] = ["nrf52840-dk", "classify-lsm6ds"];

/// Writes the tables into both pages; or, to check, fails where they are not those of the figures.
pub fn run(check: bool) -> anyhow::Result<()> {
    let root = shell::root();
    let rows = report::parse(&fs::read_to_string(root.join(FILE))?)?;
    for (page, tables) in [(README, tables(&rows)), (FRONT, dense(&rows)?)] {
        let before = fs::read_to_string(root.join(page)).context(page)?;
        let after = between(&before, (BEGIN, END), &tables).context(page)?;
        if before == after {
            continue;
        }
        if check {
            bail!("{page} has other figures than {FILE}; type: cargo xtask readme");
        }
        float_model::write_atomically(&root.join(page), after.as_bytes())?;
        tell!("{page}: figures of {FILE}");
    }
    Ok(())
}

/// A number with commas between thousands.
fn thousands(n: u64) -> String {
    match n {
        0..1000 => n.to_string(),
        _ => format!("{},{:03}", thousands(n / 1000), n % 1000),
    }
}

/// One step of networks without a skip gate, and whole images, beside others.
fn dense(rows: &[report::Row]) -> anyhow::Result<String> {
    let (weights, kernel) = (Weights::BytePlane, Weights::BytePlane.name());
    let mut text = String::from(
        "\n| one step of a stream, no skip gate | Cortex-M0 | Cortex-M33 | Cortex-M4 | CMSIS-NN s8, Cortex-M4 | blob | state + stack |\n\
         | --- | --: | --: | --: | --: | --: | --: |\n",
    );
    for family in [Family::Lstm, Family::Gru] {
        for (inputs, hidden) in DENSE_SHAPES {
            let find = |core: &str| {
                rows.iter()
                    .find(|r| {
                        (r.input, r.hidden) == (inputs, hidden)
                            && r.core == core
                            && r.cell == cell(family, Gate::Dense)
                            && r.kernel == kernel
                    })
                    .with_context(|| format!("{FILE} has no dense {family:?} ({inputs}, {hidden}) on {core}"))
            };
            let m4 = find("Cortex-M4")?;
            let peer = peers::CMSIS_NN_LSTM_S8_M4
                .iter()
                .find(|(shape, _)| family == Family::Lstm && *shape == (inputs, hidden));
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "| {} ({inputs}, {hidden}) | {} | {} | {} | {} | {} | {} + {} |",
                match family {
                    Family::Lstm => "LSTM",
                    Family::Gru => "GRU",
                },
                thousands(find("Cortex-M0")?.instructions),
                thousands(find("Cortex-M33")?.instructions),
                thousands(m4.instructions),
                peer.map_or_else(|| "none".to_owned(), |(_, count)| thousands(*count)),
                thousands(
                    blobs::blob(family, (inputs, hidden), weights, Gate::Dense)?
                        .bytes()
                        .len() as u64
                ),
                m4.state_bytes,
                m4.stack_bytes,
            );
        }
    }
    let [board, image] = WHOLE;
    let size = firmware_size::committed(board, image)?;
    let blob = blobs::blob(Family::Lstm, (6, 64), weights, Gate::Dense)?.bytes().len() as u64;
    let _ = writeln!(
        text,
        "\n| a whole image | flash | RAM | |\n| --- | --: | --: | --- |\n\
         | `{image}` of the {board}, LSTM (6, 64), 17,920 weights in its step | {:.0} kB | {:.0} kB | linked; sensor driver, log and stack in \
         it |",
        (size.text + blob) as f64 * 1e-3,
        (size.data + size.stack) as f64 * 1e-3,
    );
    for (network, flash, ram) in peers::TFLM_IMAGES {
        let _ = writeln!(
            text,
            "| TFLM int8 on NUCLEO-L4R5ZI, {network} | {flash} kB | {ram} kB | published by EdgeMark; another board and network |"
        );
    }
    text.push('\n');
    Ok(text)
}

/// Instructions per update, one table for each cell.
fn tables(rows: &[report::Row]) -> String {
    let mut text = String::new();
    for cell in ["lstm", "gru"] {
        let heads: Vec<&str> = COLUMNS.iter().map(|(head, ..)| *head).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "\n| {} (I, H) | {} | state |",
            cell.to_uppercase(),
            heads.join(" | ")
        );
        let _ = writeln!(text, "| --- {}|", "| --: ".repeat(COLUMNS.len() + 1));
        for (inputs, hidden) in super::SHAPES {
            let find = |core: &str, kernel: &str| {
                rows.iter().find(|r| {
                    (r.input, r.hidden) == (inputs, hidden) && r.cell == cell && r.core == core && r.kernel == kernel
                })
            };
            let counts = COLUMNS.map(|(_, core, kernel)| {
                find(core, kernel).map_or_else(|| "-".to_owned(), |r| r.instructions.to_string())
            });
            let state = report::state_bytes(inputs, hidden);
            let _ = writeln!(text, "| ({inputs}, {hidden}) | {} | {state} |", counts.join(" | "));
        }
    }
    text.push('\n');
    text
}
