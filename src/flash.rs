//! `skiprnn flash`: builds a board's image, puts the model into its section of flash, and runs it by probe-rs.

use crate::{
    blob,
    cli::FlashArgs,
    output::{Output, Usage},
    settings::{self, Priced},
};
use anyhow::{Context, bail};
use emulator::{
    Settings,
    boards::{self, Board, SENSORS},
    firmware::{self, CAPACITY, Region, Regions},
};
use serde_json::json;
use skiprnn_nostd::Model;
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

/// Sequences where nothing else is said.
const COUNT: usize = 200;

/// Bytes for a section of flash.
struct Section {
    name: &'static str,
    region: Region,
    bytes: Vec<u8>,
}

/// Runs the command.
pub fn run(args: &FlashArgs, out: Output) -> anyhow::Result<()> {
    let board = boards::find(&args.board).map_err(|e| Usage::error(format!("--board: {e}")))?;
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    let program = board
        .program(&args.app, model.inputs())
        .map_err(|e| Usage::error(format!("--app: {e}")))?;
    fits(&args.blob, &model, program)?;
    let (settings, priced) = settings(args, &board, program, &model)?;
    let image = match &args.firmware {
        Some(path) => path.clone(),
        None => board.build(program)?,
    };
    let elf = std::fs::read(&image).with_context(|| image.display().to_string())?;
    let regions = Regions::of(&elf, &image)?;
    let mut sections = vec![Section {
        name: "blob",
        region: regions.blob,
        bytes: firmware::blob(blob.bytes(), &settings, regions.blob.bytes as usize)
            .with_context(|| args.blob.display().to_string())?,
    }];
    // The others read a sensor.
    if !program.starts_with("classify") {
        let prepared = blob::prepare(&model, args.task, &args.input, COUNT)?;
        let x = &prepared.data.x;
        let room = regions.sequences.bytes as usize;
        sections.push(Section {
            name: "sequences",
            region: regions.sequences,
            bytes: firmware::sequences(&prepared.counts, x.count, x.length, x.channels, room)
                .with_context(|| prepared.data.name.clone())?,
        });
    }
    let folder = Folder::new(&args.out, &board)?;
    let mut commands = Vec::new();
    for section in &sections {
        let path = folder.write(section)?;
        commands.push(
            [
                "download",
                "--chip",
                board.chip,
                "--binary-format",
                "bin",
                "--base-address",
                &format!("{:#x}", section.region.start),
                &path.display().to_string(),
            ]
            .map(str::to_owned)
            .to_vec(),
        );
    }
    commands.push(
        ["run", "--chip", board.chip, &image.display().to_string()]
            .map(str::to_owned)
            .to_vec(),
    );
    if !args.dry_run {
        for command in &commands {
            probe_rs(command)?;
        }
    }
    let sizes: Vec<_> = sections
        .iter()
        .map(|s| json!({ "name": s.name, "address": s.region.start, "bytes": s.bytes.len(), "room": s.region.bytes }))
        .collect();
    let lines: Vec<String> = commands.iter().map(|c| format!("probe-rs {}", c.join(" "))).collect();
    let value = json!({
        "board": board.name, "app": program, "image": image, "sections": sizes, "commands": lines,
        "flashed": !args.dry_run, "settings": settings::json(&settings, priced.as_ref().map(Priced::json)),
    });
    out.print(&value, || {
        let mut text = format!("{program} on {}: {}\n", board.name, image.display());
        for section in &sections {
            text += &format!(
                "{:#010x} {}: {} of {} bytes\n",
                section.region.start,
                section.name,
                section.bytes.len(),
                section.region.bytes
            );
        }
        if let Some(priced) = &priced {
            text += &format!("{}\n", priced.text());
        }
        text + &lines.join("\n")
    });
    Ok(())
}

/// How the board is to run its sequences, a budget by the prices of its profile.
fn settings(
    args: &FlashArgs,
    board: &Board,
    program: &str,
    model: &Model<'_>,
) -> anyhow::Result<(Settings, Option<Priced>)> {
    if program.starts_with("measure") {
        args.settings.without_budget(program)?;
    }
    if args.settings.budget_uj_per_hour.is_some() && board.energy.is_none() {
        return Err(Usage::error(format!(
            "--budget-uj-per-hour: {} has no energy profile, so that nobody knows what an update costs on it; take --dial \
             and --cap",
            board.name
        )));
    }
    args.settings.resolve(board.energy, model)
}

/// Whether the images have static room for the model, and the program's sensor its channels.
fn fits(path: &Path, model: &Model<'_>, program: &str) -> anyhow::Result<()> {
    let sensor = SENSORS.iter().find(|sensor| program.ends_with(sensor.name));
    if let Some(sensor) = sensor.filter(|sensor| sensor.channels != model.inputs()) {
        bail!(
            "{}: inputs: the model has {}, {program} reads {} channels; take --app classify, or another model",
            path.display(),
            model.inputs(),
            sensor.channels
        );
    }
    for (what, size, limit) in [
        ("hidden units", model.hidden(), CAPACITY.hidden),
        ("layers", model.layers(), CAPACITY.layers),
        ("inputs", model.inputs(), CAPACITY.inputs),
        ("outputs", model.outputs(), CAPACITY.outputs),
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

/// Where the sections' files go.
struct Folder(PathBuf);

impl Folder {
    fn new(out: &Option<PathBuf>, board: &Board) -> anyhow::Result<Folder> {
        let path = match out {
            Some(path) => path.clone(),
            None => std::env::temp_dir().join(format!("skiprnn-{}-{}", board.name, std::process::id())),
        };
        std::fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Folder(path))
    }

    fn write(&self, section: &Section) -> anyhow::Result<PathBuf> {
        let path = self.0.join(format!("{}.bin", section.name));
        crate::output::write_atomically(&path, &section.bytes)?;
        Ok(path)
    }
}

/// Runs probe-rs; what it says goes to the terminal.
fn probe_rs(arguments: &[String]) -> anyhow::Result<()> {
    match Command::new("probe-rs").args(arguments).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("probe-rs {} ended with {status}", arguments[0]),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!(
                "probe-rs is not installed; type: cargo install probe-rs-tools --locked (or --dry-run to see the commands)"
            )
        }
        Err(error) => Err(error).context("probe-rs cannot be started"),
    }
}
