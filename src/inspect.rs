//! `skiprnn inspect`

use crate::{
    blob,
    output::{self, Output},
};
use clap::Args;
use experiments::Inspection;
use std::path::PathBuf;

/// Options of `inspect`.
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// The blob.
    pub blob: PathBuf,
    /// Also draw the dial curve, updates and metric over the dial, to this file as SVG.
    #[arg(long, alias = "curve")]
    pub svg: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &InspectArgs, out: Output) -> anyhow::Result<()> {
    let blob = blob::read(&args.blob)?;
    let inspection = Inspection::of(&blob.model());
    if let Some(path) = &args.svg {
        let figure = inspection.curve_figure(&args.blob.display().to_string())?;
        output::write_atomically(path, figure.as_bytes())?;
    }
    out.print(&serde_json::to_value(&inspection)?, || inspection.text());
    Ok(())
}
