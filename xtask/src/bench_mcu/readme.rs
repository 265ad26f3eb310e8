//! `cargo xtask readme`: the figures of `benches/mcu.md` in short, in the README of the inference crate.

use super::{FILE, report};
use crate::shell;
use anyhow::{Context, bail};
use std::{fmt::Write, fs};

const README: &str = "skiprnn-nostd/README.md";
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

/// Writes the tables into the README; or, to check, fails where they are not those of the figures.
pub fn run(check: bool) -> anyhow::Result<()> {
    let root = shell::root();
    let rows = report::parse(&fs::read_to_string(root.join(FILE))?)?;
    let before = fs::read_to_string(root.join(README)).context(README)?;
    let after = replaced(&before, &tables(&rows))?;
    if before == after {
        return Ok(());
    }
    if check {
        bail!("{README} has other figures than {FILE}; type: cargo xtask readme");
    }
    float_model::write_atomically(&root.join(README), after.as_bytes())?;
    tell!("{README}: figures of {FILE}");
    Ok(())
}

/// The text with what lies between the marks replaced.
fn replaced(text: &str, tables: &str) -> anyhow::Result<String> {
    let (head, rest) = text.split_once(BEGIN).context("the README has no mark to begin at")?;
    let (_, tail) = rest.split_once(END).context("the README has no mark to end at")?;
    Ok(format!("{head}{BEGIN}{tables}{END}{tail}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_the_marks_is_replaced() {
        let text = format!("a\n{BEGIN}old\n{END}\nb\n");
        assert_eq!(replaced(&text, "new\n").unwrap(), format!("a\n{BEGIN}new\n{END}\nb\n"));
        assert!(replaced("no marks", "new\n").is_err());
    }
}
