//! The figures as a table in Markdown, and the table back as figures.

use anyhow::Context;
use serde::Serialize;
use skiprnn_nostd::State;
use std::fmt::Write;

/// One benchmark.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub machine: String,
    pub core: String,
    pub cell: String,
    pub input: usize,
    pub hidden: usize,
    pub kernel: String,
    pub instructions: u64,
    pub macs: usize,
    pub text_bytes: u64,
    pub state_bytes: usize,
    pub stack_bytes: usize,
}

/// Bytes of the smallest state for a shape.
pub fn state_bytes(inputs: usize, hidden: usize) -> usize {
    match (inputs, hidden) {
        (1, 16) => size_of::<State<16, 1, 1>>(),
        (1, 32) => size_of::<State<32, 1, 1>>(),
        (6, 16) => size_of::<State<16, 1, 6>>(),
        (6, 32) => size_of::<State<32, 1, 6>>(),
        (6, 64) => size_of::<State<64, 1, 6>>(),
        (9, 32) => size_of::<State<32, 1, 9>>(),
        (28, 64) => size_of::<State<64, 1, 28>>(),
        (64, 128) => size_of::<State<128, 1, 64>>(),
        (1, 110) => size_of::<State<110, 1, 1>>(),
        (2, 110) => size_of::<State<110, 1, 2>>(),
        _ => 0,
    }
}

const HEAD: &str = "# One update, counted

Written by `cargo xtask bench-mcu`, which counts on virtual boards, whose SysTick ticks once an instruction: instructions, not
cycles. `--with qemu` counts in QEMU (`-icount shift=6,sleep=off`), within the rounding of its 1.02 to 1.6 ticks an instruction.
A count runs from the call to the return of one updating `step`, input conversion, skip gate and rule included, head
excluded; `dense` is a network without a skip gate. Weights are uniform in [-127, 127], inputs over their whole 16-bit range; the
state after 16 updates is the host's, bit for bit. *text* is what `step` can reach by the image's relocations, tables and every
kernel included, but for the other cell's pass; *state* the bytes of the smallest `State` for the shape; *stack* the high-water mark
below the caller.
`cargo xtask bench-mcu --check` fails where a figure grew by more than 3 %.

| machine | core | cell | I | H | kernel | instructions | MACs | per MAC | text | state | stack |
| --- | --- | --- | --: | --: | --- | --: | --: | --: | --: | --: | --: |
";

pub fn markdown(rows: &[Row]) -> String {
    let mut text = HEAD.to_owned();
    for r in rows {
        let per_mac = r.instructions as f64 / r.macs as f64;
        let Row {
            machine,
            core,
            cell,
            input,
            hidden,
            kernel,
            instructions,
            macs,
            text_bytes,
            state_bytes,
            stack_bytes,
        } = r;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {machine} | {core} | {cell} | {input} | {hidden} | {kernel} | {instructions} | {macs} | {per_mac:.2} | \
             {text_bytes} | {state_bytes} | {stack_bytes} |"
        );
    }
    text
}

/// The rows of a table that [`markdown`] wrote.
pub fn parse(text: &str) -> anyhow::Result<Vec<Row>> {
    let lines = text.strip_prefix(HEAD).context("not a table of this version")?.lines();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let number =
                |k: usize| -> anyhow::Result<u64> { Ok(cells.get(k).context("a column is missing")?.parse()?) };
            let word = |k: usize| cells.get(k).copied().unwrap_or_default().to_owned();
            Ok(Row {
                machine: word(0),
                core: word(1),
                cell: word(2),
                input: number(3)? as usize,
                hidden: number(4)? as usize,
                kernel: word(5),
                instructions: number(6)?,
                macs: number(7)? as usize,
                text_bytes: number(9)?,
                state_bytes: number(10)? as usize,
                stack_bytes: number(11)? as usize,
            })
        })
        .collect()
}

/// What is new, missing, or larger than before by more than `growth`.
pub fn grown(before: &[Row], after: &[Row], growth: f64) -> Vec<String> {
    let key = |r: &Row| {
        let Row {
            machine,
            cell,
            input,
            hidden,
            kernel,
            ..
        } = r;
        format!("{machine} {cell} ({input},{hidden}) {kernel}")
    };
    let mut said = Vec::new();
    for old in before {
        let Some(new) = after.iter().find(|r| key(r) == key(old)) else {
            said.push(format!("{}: not counted any more", key(old)));
            continue;
        };
        for (what, a, b) in [
            ("instructions", old.instructions, new.instructions),
            ("bytes of text", old.text_bytes, new.text_bytes),
            ("bytes of state", old.state_bytes as u64, new.state_bytes as u64),
            ("bytes of stack", old.stack_bytes as u64, new.stack_bytes as u64),
        ] {
            if b as f64 > a as f64 * growth {
                said.push(format!("{}: {b} {what}, were {a}", key(old)));
            }
        }
    }
    for new in after {
        if !before.iter().any(|r| key(r) == key(new)) {
            said.push(format!("{}: new; write the table again", key(new)));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_back_and_growth_is_seen() {
        let row = Row {
            machine: "mps2-an386".into(),
            core: "Cortex-M4".into(),
            cell: "lstm".into(),
            input: 1,
            hidden: 16,
            kernel: "block-i8".into(),
            instructions: 1000,
            macs: 500,
            text_bytes: 100,
            state_bytes: 200,
            stack_bytes: 50,
        };
        let table = markdown(std::slice::from_ref(&row));
        let before = [row.clone()];
        assert_eq!(parse(&table).unwrap(), before);
        let mut after = [row];
        after[0].instructions = 1030;
        assert!(grown(&before, &after, 1.03).is_empty());
        after[0].instructions = 1031;
        assert_eq!(grown(&before, &after, 1.03).len(), 1);
        assert_eq!(grown(&before, &[], 1.03).len(), 1);
        assert!(parse("something else").is_err());
    }
}
