//! `cargo xtask firmware-size`: what each image takes of flash and RAM, held to a committed table.

use crate::{
    needs::{self, Need},
    shell,
};
use anyhow::{Context, bail};
use board_host::{
    Machine, Program,
    boards::{self, BOARDS},
    firmware::Warnings,
    measure::Mode,
};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind};
use std::{fs, path::Path};

/// The committed table.
const FILE: &str = "firmware/SIZES.md";
/// By how much an image may grow against it: where the sources lie is part of it, as the text of panic messages.
const SLACK_BYTES: u64 = 512;

/// The part that images must fit, model included, and the board that is held to it.
const SMALL_BOARD: &str = "nrf52840-dk";
const SMALL_FLASH: u64 = 64 * 1024;
const SMALL_RAM: u64 = 16 * 1024;
/// The models that must fit beside the image.
const SMALL_MODELS: [&str; 2] = ["activity", "activity-accelerometer"];

/// One image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    board: String,
    program: String,
    /// Bytes of flash.
    pub text: u64,
    /// Bytes of RAM that are taken at link time.
    pub data: u64,
    /// Bytes of the stack.
    pub stack: u64,
}

/// The committed figures of an image.
pub fn committed(board: &str, program: &str) -> anyhow::Result<Row> {
    let rows = parse(&fs::read_to_string(shell::root().join(FILE)).context(FILE)?);
    rows.into_iter()
        .find(|row| (row.board.as_str(), row.program.as_str()) == (board, program))
        .with_context(|| format!("{FILE} has no image {program} of {board}"))
}

/// The programs of a machine that the tests run: all on one with the recording in memory, fewer on the others.
const fn emulated(machine: Machine) -> &'static [Program] {
    match machine {
        Machine::Mps2An386 => &[
            Program::Replay,
            Program::Classify,
            Program::Measure(Mode::Dense),
            Program::Measure(Mode::SkipPoll),
            Program::Measure(Mode::SkipSleep),
            Program::Calibrate,
        ],
        Machine::Microbit => &[Program::Replay, Program::Classify],
        _ => &[Program::Replay],
    }
}

/// Builds everything and writes the table; or, to check, compares with it.
pub fn run(check: bool) -> anyhow::Result<()> {
    needs::require(&Need::arm_targets())?;
    let mut rows = Vec::new();
    for machine in Machine::ALL {
        for program in emulated(machine) {
            let image = board_host::program_image(machine, *program)?;
            rows.push(Row::of(machine.name(), program.name(), &image)?);
        }
    }
    for board in BOARDS {
        for program in board.programs {
            rows.push(Row::of(
                board.name,
                program,
                &boards::build(&board, program, Warnings::Denied)?,
            )?);
            tell!("{} {program}: done", board.name);
        }
    }
    let path = shell::root().join(FILE);
    if !check {
        return float_model::write_atomically(&path, markdown(&rows).as_bytes()).with_context(|| FILE.to_owned());
    }
    let mut faults = too_large(&rows)?;
    let before = parse(&fs::read_to_string(&path).with_context(|| FILE.to_owned())?);
    faults.extend(grown(&before, &rows));
    match faults.is_empty() {
        true => Ok(()),
        false => bail!("{}:\n  {}", FILE, faults.join("\n  ")),
    }
}

impl Row {
    fn of(board: &str, program: &str, elf: &Path) -> anyhow::Result<Row> {
        let bytes = fs::read(elf).with_context(|| elf.display().to_string())?;
        let file = object::File::parse(&*bytes)?;
        let (mut text, mut data) = (0, 0);
        for section in file.sections() {
            match section.kind() {
                SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => text += section.size(),
                // What is initialised lies in flash, and is copied.
                SectionKind::Data => {
                    text += section.size();
                    data += section.size();
                }
                SectionKind::UninitializedData => data += section.size(),
                _ => {}
            }
        }
        let symbol = |name: &str| {
            file.symbols()
                .find(|symbol| symbol.name() == Ok(name))
                .map(|symbol| symbol.address())
                .with_context(|| format!("{}: no symbol {name}", elf.display()))
        };
        Ok(Row {
            board: board.into(),
            program: program.into(),
            text,
            data,
            stack: symbol("_stack_start")? - symbol("_stack_end")?,
        })
    }
}

/// Images that do not fit the smallest part together with a model.
fn too_large(rows: &[Row]) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for model in SMALL_MODELS {
        let path = shell::root().join("models").join(model).join("model.srnn");
        let blob = fs::metadata(&path).with_context(|| path.display().to_string())?.len();
        for row in rows.iter().filter(|row| row.board == SMALL_BOARD) {
            for (what, bytes, limit) in [
                ("flash", row.text + blob, SMALL_FLASH),
                ("RAM", row.data + row.stack, SMALL_RAM),
            ] {
                if bytes > limit {
                    faults.push(format!(
                        "{} {} with {model}: {bytes} bytes of {what}, at most {limit}",
                        row.board, row.program
                    ));
                }
            }
        }
    }
    Ok(faults)
}

/// Images that have grown, or are missing on either side.
fn grown(before: &[Row], now: &[Row]) -> Vec<String> {
    let mut faults = Vec::new();
    for row in now {
        let same = |other: &&Row| other.board == row.board && other.program == row.program;
        let Some(old) = before.iter().find(same) else {
            faults.push(format!("{} {} is not in the table", row.board, row.program));
            continue;
        };
        for (what, old, new) in [("text", old.text, row.text), ("static RAM", old.data, row.data)] {
            if new > old + SLACK_BYTES {
                faults.push(format!(
                    "{} {}: {what} grew from {old} to {new} bytes",
                    row.board, row.program
                ));
            }
        }
    }
    if before.len() > now.len() {
        faults.push(format!(
            "the table has {} images, there are {}",
            before.len(),
            now.len()
        ));
    }
    faults
}

fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "# Flash and RAM of every image\n\n\
         Written by `cargo xtask firmware-size`; `--check`, part of `cargo xtask test`, fails where an image grows by more than\n\
         512 bytes. Text is everything in flash without the model; static RAM is taken at link time, without the stack, whose\n\
         size is fixed. All in bytes, linked for release.\n\n\
         | board | image | text | static RAM | stack |\n| --- | --- | ---: | ---: | ---: |\n",
    );
    for row in rows {
        text += &format!(
            "| {} | {} | {} | {} | {} |\n",
            row.board, row.program, row.text, row.data, row.stack
        );
    }
    text
}

fn parse(text: &str) -> Vec<Row> {
    text.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [board, program, text, data, stack] = cells[..] else {
                return None;
            };
            Some(Row {
                board: board.into(),
                program: program.into(),
                text: text.parse().ok()?,
                data: data.parse().ok()?,
                stack: stack.parse().ok()?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(program: &str, text: u64) -> Row {
        Row {
            board: SMALL_BOARD.into(),
            program: program.into(),
            text,
            data: 100,
            stack: 12_288,
        }
    }

    #[test]
    fn the_table_is_read_back() {
        let rows = [row("replay", 30_000), row("classify", 40_000)];
        assert_eq!(parse(&markdown(&rows)), rows);
    }

    #[test]
    fn growth_and_strangers_are_named() {
        let before = [row("replay", 30_000), row("gone", 1)];
        assert!(grown(&before[..1], &[row("replay", 30_512)]).is_empty());
        let faults = grown(&before, &[row("replay", 30_513)]);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("text grew from 30000 to 30513"), "{faults:?}");
        assert!(faults[1].contains("2 images, there are 1"), "{faults:?}");
        assert!(grown(&[], &before[..1])[0].contains("not in the table"));
    }

    #[test]
    fn what_does_not_fit_the_small_part_is_named() {
        assert!(too_large(&[row("replay", 40_000)]).unwrap().is_empty());
        let faults = too_large(&[row("replay", 65_000)]).unwrap();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("bytes of flash, at most 65536"), "{faults:?}");
    }
}
