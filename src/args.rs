//! Options that several commands share.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// A task whose sequences are generated.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Frequency discrimination.
    Frequency,
    /// Adding.
    Adding,
}

/// Sequences to run on.
#[derive(Args, Debug)]
pub struct InputArgs {
    /// Sequences from a file, f32 (N, T, I) as .npy, or a folder of CSV files.
    #[arg(long)]
    pub x: Option<PathBuf>,
    /// Their labels (N) or (N, C), or targets (N, O), as .npy; with an axis T after N for a model asked at every step.
    #[arg(long)]
    pub y: Option<PathBuf>,
    /// Use samples 0, K, 2K, ... of each sequence of --x, as a blob of a run with `--every K` asks for; a run folder knows its own.
    #[arg(long, value_name = "K", requires = "x")]
    pub every: Option<usize>,
    /// Number of generated sequences, or the first N of --x. [default: 10000; emulate: 200; files: all]
    #[arg(long)]
    pub n: Option<usize>,
    /// Seed of generated sequences; training never draws from this stream.
    #[arg(long, default_value_t = 1_000_003)]
    pub seed: u64,
}

/// What to print of the results.
#[derive(Args, Debug)]
pub struct ResultArgs {
    /// Also give the sample indices used by each sequence.
    #[arg(long)]
    pub schedules: bool,
    /// Write the outputs to a file, f32 (N, O) or, at every step, (N, T, O) as .npy, instead of into the JSON.
    #[arg(long)]
    pub outputs: Option<PathBuf>,
}
