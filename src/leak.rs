//! `skiprnn leak`

use crate::{
    args::{InputArgs, Task},
    blob, inputs,
    output::{Output, notes, write_atomically},
};
use experiments::{
    ModelInput,
    leak::{self, Leak},
};
use quantize::Simulator;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Options of `leak`.
#[derive(clap::Args, Debug)]
pub struct LeakArgs {
    /// The blob.
    pub blob: PathBuf,
    /// Sequences of a generated task.
    #[arg(long, value_enum, help_heading = "Data")]
    pub task: Option<Task>,
    /// The dial.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub dial: f64,
    /// Shuffles of the classes that say what chance gives.
    #[arg(long, default_value_t = 1000)]
    pub shuffles: usize,
    /// Draw the distribution of the updates in each class to this file, as SVG.
    #[arg(long = "svg", alias = "out")]
    pub out: Option<PathBuf>,
    /// The sequences.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Sequences that are run by default.
const COUNT: usize = 4000;

/// What the command gives as JSON.
#[derive(Serialize)]
struct LeakJson<'a> {
    #[serde(flatten)]
    leak: &'a Leak,
    out: Option<&'a Path>,
    notes: &'a [String],
}

/// Runs the command.
pub fn run(args: &LeakArgs, out: Output) -> anyhow::Result<()> {
    leak::check_shuffles(args.shuffles)?;
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    blob::to_run(&model, &args.blob)?;
    // What the pattern tells need not be what the model answers.
    let input = ModelInput::of_blob(&model).with_classes();
    let prepared = blob::prepare_as(&model, &input, args.task, &args.input, COUNT)?;
    let classes = leak::classes(prepared.data.y.as_ref())?;
    let length = prepared.data.x.length;
    let runs = Simulator::new(&model)?
        .with_dial(args.dial)
        .run_all(&prepared.counts, length, inputs::processors());
    let leak = leak::measure(&runs, &classes, length, args.shuffles, args.input.seed)?;
    if let Some(path) = &args.out {
        let names: Vec<String> = model.class_names().map(str::to_owned).collect();
        write_atomically(path, leak::figure(&runs, &classes, &names, length).as_bytes())?;
    }
    let json = LeakJson {
        leak: &leak,
        out: args.out.as_deref(),
        notes: &prepared.data.notes,
    };
    out.print(&serde_json::to_value(json)?, || {
        leak.text() + &notes(&prepared.data.notes)
    });
    Ok(())
}
