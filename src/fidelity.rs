//! `skiprnn fidelity`

use crate::{
    output::{self, Output, tell},
    quantize::FinetuneBar,
};
use clap::Args;
use experiments::fidelity::{Event, Options, Table};
use quantize::Format;
use std::path::PathBuf;

/// Options of `fidelity`.
#[derive(Args, Debug)]
pub struct FidelityArgs {
    /// Run folders whose config.toml names their data.
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// Write the table to this file, as Markdown.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Held-out sequences of a generated task; of a dataset, the first N of its test part. [default: 2000; a dataset: all]
    #[arg(long)]
    pub n: Option<usize>,
    /// Only this format; may be given several times. [default: all]
    #[arg(long = "integer-format", alias = "format", value_parser = parse_format)]
    pub format: Vec<Format>,
    /// Also fine-tune the first of the formats; minutes.
    #[arg(long)]
    pub finetune: bool,
    /// Validation sequences to calibrate on.
    #[arg(long = "calibration-sequences", alias = "calibration", default_value_t = 64)]
    pub calibration: usize,
    /// Seed of generated held-out sequences; training never draws from this stream.
    #[arg(long, default_value_t = 1_000_003)]
    pub seed: u64,
}

fn parse_format(text: &str) -> Result<Format, String> {
    let names = || Format::ALL.map(Format::name).join(", ");
    let found = Format::ALL.into_iter().find(|f| f.name() == text);
    found.ok_or_else(|| format!("there are {}", names()))
}

/// Runs the command.
pub fn run(args: &FidelityArgs, out: Output) -> anyhow::Result<()> {
    let options = Options {
        runs: args.runs.clone(),
        n: args.n,
        formats: args.format.clone(),
        finetune: args.finetune,
        calibration: args.calibration,
        seed: args.seed,
    };
    let bar = FinetuneBar::new();
    let table = Table::measure(&options, &mut |event| match event {
        Event::Finetuning(progress) => bar.show(progress),
        Event::Measured(row) => {
            bar.clear();
            tell(format_args!(
                "{} {}: {:.1} s to quantize",
                row.model,
                row.name(),
                row.quantize_seconds
            ));
        }
    })?;
    let markdown = table.markdown();
    if let Some(path) = &args.out {
        output::write_atomically(path, markdown.as_bytes())?;
    }
    out.print(&serde_json::to_value(&table)?, || {
        markdown + &output::notes(&table.notes)
    });
    Ok(())
}
