//! `skiprnn compare`

use crate::{
    args::InputArgs,
    blob,
    inputs::{self, Run},
    output::{self, Output, notes},
};
use clap::Args;
use experiments::schedules::{self, Comparison};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Sequences compared by default.
const COUNT: usize = 1000;

/// Options of `compare`.
#[derive(Args, Debug)]
pub struct CompareArgs {
    /// Run folder, or a model file, also of another program (see `skiprnn import --help`).
    pub run: PathBuf,
    /// The blob made from it.
    pub blob: PathBuf,
    /// The figure to write: h, c, Δũ and the schedule along one sequence, as SVG.
    #[arg(long = "svg", alias = "out", default_value = "compare.svg")]
    pub out: PathBuf,
    /// The sequence to draw. [default: the first whose schedules differ, or 0]
    #[arg(long)]
    pub sequence: Option<usize>,
    /// The sequences to compare.
    #[command(flatten)]
    pub input: InputArgs,
}

/// What the command gives as JSON.
#[derive(Serialize)]
struct CompareJson<'a> {
    #[serde(flatten)]
    comparison: &'a Comparison,
    picture: &'a Path,
    notes: &'a [String],
}

/// Runs the command.
pub fn run(args: &CompareArgs, out: Output) -> anyhow::Result<()> {
    let run = Run::open(&args.run)?;
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    blob::to_run(&model, &args.blob)?;
    let (run_name, blob_name) = (args.run.display().to_string(), args.blob.display().to_string());
    schedules::check_shapes(&run, &run_name, &model, &blob_name)?;
    let data = inputs::resolve(&args.input, &run.input(), run.source().as_ref(), COUNT)?;
    let x = data.x.take(args.input.n.unwrap_or(COUNT));
    let counts = quantize::counts(&model, &data.name, &x)?;
    let comparison = schedules::compare(&run, &model, &x, &counts, args.sequence)?;
    output::write_atomically(&args.out, comparison.figure.as_bytes())?;
    let said = [run.notes, data.notes].concat();
    let json = CompareJson {
        comparison: &comparison,
        picture: &args.out,
        notes: &said,
    };
    out.print(&serde_json::to_value(json)?, || {
        comparison.text(&args.out) + &notes(&said)
    });
    Ok(())
}
