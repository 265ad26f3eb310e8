//! `skiprnn flash`: builds a board's image, puts the model into its section of flash, and runs it by probe-rs.

use crate::{
    args::{InputArgs, Task},
    blob,
    output::{Output, Usage, tell},
    settings::{SettingArgs, SettingsJson},
};
use anyhow::{Context, anyhow, bail};
use board_host::{
    Settings,
    boards::{self, Board},
    capacity::{MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS, MAX_OUTPUTS},
    firmware::{self, Region},
    probe_rs::{self, BoardImage, Flashing, Probe, Section},
    sensors::{self, Sensor},
};
use clap::Args;
use energy::PricedBudget;
use experiments::shell;
use serde_json::{Value, json};
use skiprnn_nostd::{Model, Printable};
use std::{
    io::{self, ErrorKind, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// The debug probe, and how probe-rs uses it.
#[derive(Args, Debug)]
#[command(next_help_heading = "Debug probe")]
pub struct ProbeArgs {
    /// The debug probe, as probe-rs names it: VID:PID or VID:PID:SERIAL. [default: the environment's PROBE_RS_PROBE, or the only
    /// one]
    #[arg(long, value_name = "PROBE")]
    pub probe: Option<String>,
    /// Speed of the wire between probe and chip in kHz, for example 1000 where a long cable disturbs it. [default: the probe's own]
    #[arg(long, value_name = "KHZ", value_parser = clap::value_parser!(u32).range(1..))]
    pub speed: Option<u32>,
    /// Erase all of a chip whose flash is locked (APPROTECT), with what is on it, to open it.
    #[arg(long)]
    pub allow_erase_all: bool,
    /// Connect while the chip is held in reset. [default: as the board needs it]
    #[arg(long, value_name = "YES", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub connect_under_reset: Option<bool>,
}

impl ProbeArgs {
    /// As probe-rs takes them.
    pub fn probe(&self) -> Probe {
        Probe {
            name: self.probe.clone(),
            speed_khz: self.speed,
            connect_under_reset: self.connect_under_reset,
            allow_erase_all: self.allow_erase_all,
        }
    }
}

/// Options of `flash`.
#[derive(Args, Debug)]
pub struct FlashArgs {
    /// The blob.
    pub blob: PathBuf,
    /// The board, or the energy profile of its chip; `skiprnn boards` lists them.
    #[arg(help_heading = "Board and image", long)]
    pub board: String,
    /// The application: a program of the board, or `classify` for the one whose sensor has the model's channels.
    #[arg(help_heading = "Board and image", long, default_value = "replay")]
    pub app: String,
    /// How to run the sequences; a budget's prices come from the board's profile, and `measure-...` takes none.
    #[command(flatten)]
    pub settings: SettingArgs,
    /// A firmware image (ELF) of this board; built from the source tree where it is not given.
    #[arg(help_heading = "Board and image", long)]
    pub firmware: Option<PathBuf>,
    /// Build an image whose log can be read while the chip sleeps; its current then means nothing. [default: for replay]
    #[arg(help_heading = "Board and image", long, conflicts_with_all = ["unwatched", "firmware"])]
    pub watched: bool,
    /// Build an image that sleeps as deeply as the board can, for use and for measuring; its log ends at the first sleep.
    #[arg(help_heading = "Board and image", long, conflicts_with = "firmware")]
    pub unwatched: bool,
    /// The debug probe.
    #[command(flatten)]
    pub probe: ProbeArgs,
    /// Where to write the sections' files. [default: a temporary folder]
    #[arg(help_heading = "Output", long)]
    pub out: Option<PathBuf>,
    /// Build and write everything, print the commands of probe-rs, and run none.
    #[arg(help_heading = "Output", long)]
    pub dry_run: bool,
    /// Generate the sequences of this task, for `replay` and `measure-...`.
    #[arg(help_heading = "Data", long, value_enum)]
    pub task: Option<Task>,
    /// The data, for `replay` and `measure-...`.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Sequences where nothing else is said.
const COUNT: usize = 200;

/// Runs the command.
pub fn run(args: &FlashArgs, out: Output) -> anyhow::Result<()> {
    let board = boards::resolve(&args.board).map_err(|e| Usage::error(format!("--board: {e}")))?;
    if boards::records(&args.app) {
        return Err(Usage::error(format!(
            "--app: {} takes no model; skiprnn collect --board {} records with it",
            args.app, board.name
        )));
    }
    let given = args
        .firmware
        .as_deref()
        .map(|path| BoardImage::read(path, &board))
        .transpose()?;
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    let program = board
        .program(&args.app, model.inputs())
        .map_err(|e| Usage::error(format!("--app: {e}")))?;
    fits(&args.blob, &model, program, "--app")?;
    blob::to_run(&model, &args.blob)?;
    let (settings, priced) = settings(args, &board, program, &model)?;
    let image = match given {
        Some(image) => image,
        None => BoardImage::read(
            &boards::build_to_be(&board, watched(args, &board, program)?, program)?,
            &board,
        )?,
    };
    let mut sections = vec![Section {
        name: "blob",
        region: image.regions.blob,
        bytes: firmware::blob(blob.bytes(), &settings, image.regions.blob.bytes as usize)
            .with_context(|| args.blob.display().to_string())?,
    }];
    // The others read a sensor.
    if !program.starts_with("classify") {
        sections.push(recorded(args, &model, image.regions.sequences)?);
    }
    let flashing = Flashing {
        board,
        program,
        image,
        sections,
    };
    let mut temporary = None;
    let folder = match &args.out {
        Some(given) => given,
        None => temporary.insert(temporary_folder(&board)?).path(),
    };
    let plan = Plan {
        commands: flashing.commands(&args.probe.probe(), folder)?,
        flashing,
    };
    let (last, downloads) = plan.commands.split_last().context("there is a command")?;
    // Of the commands that run probe-rs, only this one shows what it would run.
    let run = |command: &Vec<String>| {
        run_probe_rs(command, out).map_err(|error| match error.is::<NotInstalled>() {
            true => anyhow!("{error} (flash --dry-run shows the commands)"),
            false => error,
        })
    };
    if !args.dry_run {
        downloads.iter().try_for_each(run)?;
    }
    // Before the image starts: its log goes on until somebody ends it.
    let value = plan.json(
        serde_json::to_value(SettingsJson::new(&settings, priced.as_ref().map(PricedBudget::summary)))?,
        !args.dry_run,
    );
    out.print(&value, || plan.text(priced.as_ref()));
    if args.dry_run {
        // The commands that are shown name it.
        temporary.map(TempDir::keep);
        return Ok(());
    }
    run(last)
}

/// What is flashed, and the commands that do it.
struct Plan {
    flashing: Flashing,
    /// What `probe-rs` is given; the last command starts the image.
    commands: Vec<Vec<String>>,
}

impl Plan {
    fn lines(&self) -> Vec<String> {
        let line = |command: &Vec<String>| {
            let words: Vec<String> = command.iter().map(shell::quoted).collect();
            format!("probe-rs {}", words.join(" "))
        };
        self.commands.iter().map(line).collect()
    }

    fn json(&self, settings: Value, flashed: bool) -> Value {
        let Flashing {
            board,
            program,
            image,
            sections,
        } = &self.flashing;
        let sizes: Vec<_> = sections
            .iter()
            .map(|s| json!({ "name": s.name, "address": s.region.start, "bytes": s.bytes.len(), "room": s.region.bytes }))
            .collect();
        json!({
            "board": board.name, "app": program, "image": image.path, "sections": sizes,
            "watched": image.identity.watched, "note": self.flashing.note(), "commands": self.lines(), "flashed": flashed,
            "settings": settings,
        })
    }

    fn text(&self, priced: Option<&PricedBudget>) -> String {
        let Flashing {
            board, program, image, ..
        } = &self.flashing;
        let mut text = format!("{program} on {}: {}\n", board.name, image.path.display());
        for section in &self.flashing.sections {
            text += &format!(
                "{:#010x} {}: {} of {} bytes\n",
                section.region.start,
                section.name,
                section.bytes.len(),
                section.region.bytes
            );
        }
        if let Some(priced) = priced {
            text += &format!("{}\n", priced.summary());
        }
        if let Some(note) = self.flashing.note() {
            text += &format!("note: {note}\n");
        }
        text + &self.lines().join("\n")
    }
}

/// The recorded sequences that the program replays.
fn recorded(args: &FlashArgs, model: &Model<'_>, region: Region) -> anyhow::Result<Section> {
    let prepared = blob::prepare(model, args.task, &args.input, COUNT)?;
    for note in &prepared.data.notes {
        tell(format_args!("note: {note}"));
    }
    let x = &prepared.data.x;
    let room = region.bytes as usize;
    Ok(Section {
        name: "sequences",
        region,
        bytes: firmware::sequences(&prepared.counts, (x.count, x.length, x.channels), room)
            .with_context(|| prepared.data.name.clone())?,
    })
}

/// Whether the image is to be built for somebody who reads its log.
fn watched(args: &FlashArgs, board: &Board, program: &str) -> anyhow::Result<bool> {
    match (args.watched, args.unwatched) {
        (false, true) if !board.deaf_asleep => Err(Usage::error(format!(
            "--unwatched: the debugger reaches {} asleep, so that there is one image for both; detach it to measure",
            board.name
        ))),
        (false, false) => Ok(board.watched(program)),
        (watched, _) => Ok(watched),
    }
}

/// A folder of this process alone for the sections' files, where no other is given. It goes when this value does.
pub fn temporary_folder(board: &Board) -> anyhow::Result<TempDir> {
    tempfile::Builder::new()
        .prefix(&format!("skiprnn-{}-", board.name))
        .tempdir()
        .context("the system's folder for temporary files")
}

/// How the board is to run its sequences, a budget by the prices of its profile and of the driver that the program holds.
fn settings(
    args: &FlashArgs,
    board: &Board,
    program: &str,
    model: &Model<'_>,
) -> anyhow::Result<(Settings, Option<PricedBudget>)> {
    if program.starts_with("measure") {
        args.settings.without_budget(program)?;
    }
    args.settings.resolve_for(board, program.starts_with("classify"), model)
}

/// Fails where the images have no static room for the model, or the program's sensor other channels; `option` chose the program.
pub fn fits(path: &Path, model: &Model<'_>, program: &str, option: &str) -> anyhow::Result<()> {
    let sensor = sensors::of_program(program);
    if let Some(sensor) = sensor.filter(|sensor| sensor.inputs() != model.inputs()) {
        return Err(Usage::error(format!(
            "{option}: {program} reads {} channels, the model of {} has {}; take --app classify, or another model",
            sensor.inputs(),
            path.display(),
            model.inputs()
        )));
    }
    if let Some(sensor) = sensor {
        has_units(path, model, &sensor, program)?;
    }
    for (what, size, limit) in [
        ("hidden units", model.hidden(), MAX_HIDDEN),
        ("layers", model.layers(), MAX_LAYERS),
        ("inputs", model.inputs(), MAX_INPUTS),
        ("outputs", model.outputs(), MAX_OUTPUTS),
    ] {
        if size > limit {
            bail!(
                "{}: the model has {size} {what}, the firmware has room for {limit}; train a smaller one",
                path.display()
            );
        }
    }
    Ok(())
}

/// Fails where a channel of the model has no unit: nothing says that the sensor's numbers mean what the recordings' did.
fn has_units(path: &Path, model: &Model<'_>, sensor: &Sensor, program: &str) -> anyhow::Result<()> {
    let Some(channel) = model.channels().find(|channel| channel.unit.is_empty()) else {
        return Ok(());
    };
    let units = sensor
        .channels
        .iter()
        .flat_map(|group| std::iter::repeat_n(group.unit, group.count));
    let names = model.channels().map(|c| Printable(c.name).to_string());
    bail!(
        "{}: channel {} of the model has no unit, and {program} delivers {}: train on recordings in these units; where they are in them \
         already, say so: skiprnn quantize RUN --channel-names {} --channel-units {} --full-scale {}",
        path.display(),
        Printable(channel.name),
        sensor.full_scales(),
        names.collect::<Vec<_>>().join(","),
        units.collect::<Vec<_>>().join(","),
        vec!["RANGE"; sensor.inputs()].join(",")
    )
}

/// The program that reaches a board's debug probe.
pub const PROBE_RS: &str = "probe-rs";

/// There is no probe-rs.
#[derive(Debug, thiserror::Error)]
#[error("probe-rs is not installed; type: cargo install probe-rs-tools --locked")]
struct NotInstalled;

/// What to do where it cannot be started.
pub fn not_started(error: io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::NotFound => NotInstalled.into(),
        _ => anyhow::Error::new(error).context("probe-rs cannot be started"),
    }
}

/// Runs probe-rs; what it says goes to the terminal, but not to where a JSON object is expected alone.
pub fn run_probe_rs(arguments: &[String], out: Output) -> anyhow::Result<()> {
    let mut command = Command::new(PROBE_RS);
    command.args(arguments).stderr(Stdio::piped());
    if out.json {
        command.stdout(Stdio::from(io::stderr()));
    }
    if out.json || !io::stdin().is_terminal() {
        // Nobody is there to be asked which of several probes is meant.
        command.env("PROBE_RS_NON_INTERACTIVE", "true");
    }
    let mut child = command.spawn().map_err(not_started)?;
    let said = child.stderr.take().map_or_else(Vec::new, passed_on);
    let status = child.wait().context("probe-rs cannot be waited for")?;
    if status.success() {
        return Ok(());
    }
    let name = &arguments[0];
    match probe_rs::advice(&String::from_utf8_lossy(&said)) {
        Some(advice) => bail!("probe-rs {name} ended with {status}: {advice}"),
        None => bail!("probe-rs {name} ended with {status}; it said why above"),
    }
}

/// Passes what comes on to standard error, as it comes, and returns the last of it.
fn passed_on(mut from: impl Read) -> Vec<u8> {
    /// As much is kept.
    const TAIL: usize = 1 << 16;
    let (mut chunk, mut kept) = ([0; 4096], Vec::new());
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        // Nobody need read it.
        let _ = io::stderr().write_all(&chunk[..count]);
        kept.extend_from_slice(&chunk[..count]);
        let old = kept.len().saturating_sub(TAIL);
        kept.drain(..old);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    /// The options of one `flash` command line.
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: FlashArgs,
    }

    #[test]
    fn a_board_that_can_always_be_watched_has_no_unwatched_image() {
        let line = ["flash", "x.srnn", "--board", "nrf52840-dk", "--unwatched"];
        let args = Line::try_parse_from(line).unwrap().args;
        let dk = boards::find("nrf52840-dk").unwrap();
        let error = watched(&args, &dk, "replay").unwrap_err().to_string();
        assert!(
            error.contains("--unwatched: the debugger reaches nrf52840-dk"),
            "{error}"
        );
        assert!(watched(&args, &boards::find("stm32u5-nucleo").unwrap(), "replay").is_ok_and(|watched| !watched));
    }
}
