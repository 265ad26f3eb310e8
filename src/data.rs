//! `skiprnn data`: what a dataset holds, and sequences of the generated tasks as files.

mod describe;

use crate::{
    args::Task,
    inputs,
    output::Output,
    train::recordings::{RecordingArgs, SourceArgs},
};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;

/// Options of `data`.
#[derive(Args, Debug)]
pub struct DataArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: DataCommand,
}

/// What to do.
#[allow(clippy::large_enum_variant, reason = "made once, from the command line")]
#[derive(Subcommand, Debug)]
pub enum DataCommand {
    /// What was understood of recordings: shapes, rates, classes, groups, balance, ranges.
    #[command(after_help = "Example: skiprnn data describe recordings --svg data.svg\n\
                      Example: skiprnn data describe long.csv --window 128:64 --test-share 0.2")]
    Describe(DescribeArgs),
    /// Write sequences of the frequency task.
    #[command(after_help = "Example: skiprnn data frequency --n 1000 --seed 7 --out-x x.npy --out-y y.npy")]
    Frequency(GenerateArgs),
    /// Write sequences of the adding task.
    #[command(after_help = "Example: skiprnn data adding --length 50 --n 1000 --out-x x.npy --out-y y.npy")]
    Adding(GenerateArgs),
}

/// Options of `data describe`.
#[derive(Args, Debug)]
pub struct DescribeArgs {
    /// What `train dataset --data` takes: a folder or a file of recordings.
    pub data: PathBuf,
    /// Answers, where they are not beside or in it.
    #[arg(long)]
    pub y: Option<PathBuf>,
    /// Seconds between samples.
    #[arg(long)]
    pub sample_period_s: Option<f64>,
    /// Draw the class balance and a sequence of every class.
    #[arg(long)]
    pub svg: Option<PathBuf>,
    /// What the recordings are.
    #[command(flatten)]
    pub recordings: RecordingArgs,
}

/// Options of `data frequency` and `data adding`.
#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// Sequences.
    #[arg(long, default_value_t = 10_000)]
    pub n: usize,
    /// Seed.
    #[arg(long, default_value_t = 1_000_003)]
    pub seed: u64,
    /// Seconds between samples of the frequency task.
    #[arg(long, default_value_t = 1e-3)]
    pub sample_period_s: f64,
    /// Samples per sequence of the adding task.
    #[arg(long, default_value_t = 50)]
    pub length: usize,
    /// Sequences to write, f32 (N, T, I) as .npy.
    #[arg(long)]
    pub out_x: PathBuf,
    /// Labels or targets to write, as .npy.
    #[arg(long)]
    pub out_y: PathBuf,
}

impl DescribeArgs {
    fn source(&self) -> SourceArgs {
        SourceArgs {
            data: Some(self.data.clone()),
            train_y: self.y.clone(),
            ..SourceArgs::default()
        }
    }
}

/// Runs the command.
pub fn run(args: &DataArgs, out: Output) -> anyhow::Result<()> {
    match &args.command {
        DataCommand::Describe(args) => describe::run(args, out),
        DataCommand::Frequency(args) => generate(Task::Frequency, args, out),
        DataCommand::Adding(args) => generate(Task::Adding, args, out),
    }
}

fn generate(task: Task, args: &GenerateArgs, out: Output) -> anyhow::Result<()> {
    let source = inputs::generator(task, args.sample_period_s, args.length);
    let (x, y) = source.evaluation(args.n, args.seed)?;
    dataset::save_sequences(&args.out_x, &x)?;
    dataset::save_targets(&args.out_y, &y)?;
    let value = json!({
        "task": source.name(), "sequences": x.count, "sequence_length": x.length, "channels": x.channels,
        "seed": args.seed, "out_x": args.out_x, "out_y": args.out_y,
    });
    out.print(&value, || {
        format!(
            "{} sequences of {} samples, seed {}: {} and {}",
            x.count,
            x.length,
            args.seed,
            args.out_x.display(),
            args.out_y.display()
        )
    });
    Ok(())
}
