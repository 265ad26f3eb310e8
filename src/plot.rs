//! `skiprnn plot`: learning curves, and which samples a model uses, as SVG.

use crate::{
    args::InputArgs,
    inputs::{self, Run},
    output::{self, Output},
};
use clap::Args;
use experiments::{
    learning_curve,
    plot::{digits, draw_curves, draw_samples},
};
use serde_json::json;
use std::path::PathBuf;

/// Sequences drawn by default.
const COUNT: usize = 6;

/// Options of `plot`.
#[derive(Args, Debug)]
pub struct PlotArgs {
    /// Run folder.
    pub run: PathBuf,
    /// Folder for curves.svg and samples.svg, and of an mnist run digits.svg. [default: the run folder]
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// The sequences to draw.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Runs the command.
pub fn run(args: &PlotArgs, out: Output) -> anyhow::Result<()> {
    let run = Run::open(&args.run)?;
    let folder = args.out.as_deref().unwrap_or(&args.run);
    let (curves, samples) = (folder.join("curves.svg"), folder.join("samples.svg"));
    let curve = learning_curve(&args.run.join("metrics.csv"))?;
    output::write_atomically(&curves, draw_curves(&[curve])?.as_bytes())?;
    let data = inputs::resolve(&args.input, &run.input(), run.source().as_ref(), COUNT)?;
    let warnings = data.changed_since(&run);
    output::warn(&warnings);
    let x = data.x.take(args.input.n.unwrap_or(COUNT));
    output::write_atomically(&samples, draw_samples(&run, &x, args.input.seed)?.as_bytes())?;
    let mut digits = None;
    if run.model.description.task == "mnist" {
        let count = args.input.n.unwrap_or(digits::COUNT);
        let (x, y) = (data.x.take(count), data.y.map(|y| y.take(count)));
        if let Some(drawn) = digits::draw(&run, &x, y.as_ref(), args.input.seed)? {
            let path = folder.join("digits.svg");
            output::write_atomically(&path, drawn.as_bytes())?;
            digits = Some(path);
        }
    }
    let said = [run.notes, data.notes].concat();
    let value = json!({
        "curves": curves, "samples": samples, "digits": digits, "drawn_from": data.held_out, "notes": said, "warnings": warnings,
    });
    let written = [Some(curves), Some(samples), digits];
    out.print(&value, || {
        let lines: Vec<String> = written.iter().flatten().map(|p| p.display().to_string()).collect();
        lines.join("\n") + &output::notes(&said)
    });
    Ok(())
}
