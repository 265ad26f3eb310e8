//! The commands and their options. One name for one thing, everywhere.

use crate::{
    compare::CompareArgs,
    data::DataArgs,
    energy::EnergyArgs,
    fidelity::FidelityArgs,
    leak::LeakArgs,
    plot::PlotArgs,
    quantize::QuantizeArgs,
    reproduce::ReproduceArgs,
    rivals::RivalsArgs,
    settings::{HostSettingArgs, SettingArgs},
    sweep::SweepArgs,
    train::TrainArgs,
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Skip RNNs for battery-powered sensor boards: train, quantize, simulate, emulate, and know the microjoules.
#[derive(Parser, Debug)]
#[command(name = "skiprnn", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// Print one JSON object on standard output and nothing else there.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[allow(clippy::large_enum_variant, reason = "made once, from the command line")]
#[derive(Subcommand, Debug)]
pub enum Command {
    /// The whole road on this machine: train, quantize, simulate, emulate, predict energy, and a report to look at.
    #[command(after_help = "Example: skiprnn demo --out d")]
    Demo(DemoArgs),
    /// Train a model on a generated task or on recordings of your own.
    #[command(
        after_help = "Example: skiprnn train frequency --hidden 32 --lambda 1e-3 --out runs/f\n\
                      Example: skiprnn train dataset --data recordings --out runs/mine\n\
                      Example: skiprnn train mnist --data mnist --cell skip-gru --pool 2 --out runs/m"
    )]
    Train(TrainArgs),
    /// Metric, updates and MACs of a float model on held-out data.
    #[command(after_help = "Example: skiprnn eval runs/f")]
    Eval(EvalArgs),
    /// The paper's tables: mean and deviation over seeds, beside the paper's figures; goes on where it was killed.
    #[command(after_help = "Example: skiprnn reproduce adding --runs 1 --rows skip-gru\n\
                      Example: skiprnn reproduce frequency --report")]
    Reproduce(ReproduceArgs),
    /// A grid of training runs: the front of accuracy against updates and energy; goes on where it was killed.
    #[command(
        after_help = "Example: skiprnn sweep dataset --data recordings --cells skip-gru,gru --lambdas 1e-4,1e-3 --seeds 1,2,3,4 \
                      --board nrf52840 --sensor lis3dh --out runs/sweep\n\
                      Example: skiprnn sweep frequency --lambdas 1e-4,1e-3 --slurm sweep.sh --out runs/sweep"
    )]
    Sweep(SweepArgs),
    /// Skipping runs beside what others would take: fixed rates, random skipping, early exit, 1D CNNs; goes on where it was killed.
    #[command(
        after_help = "Example: skiprnn rivals runs/sweep --board nrf52840,stm32l476 --sensor lis3dh --out runs/rivals\n\
                      Example: skiprnn rivals runs/sweep runs/dial --recipe runs/sweep/skip-gru-32-1e-3/seed-1 --every 2,4,8 --out runs/rivals"
    )]
    Rivals(RivalsArgs),
    /// Draw the learning curves and the samples that a model uses, as SVG.
    #[command(after_help = "Example: skiprnn plot runs/f")]
    Plot(PlotArgs),
    /// Turn a float model into a blob of integers, with proofs and a report of what was lost.
    #[command(after_help = "Example: skiprnn quantize runs/f --out f.srnn")]
    Quantize(QuantizeArgs),
    /// What each integer format costs models, on held-out data.
    #[command(after_help = "Example: skiprnn fidelity runs/f --out fidelity.md")]
    Fidelity(FidelityArgs),
    /// The float model against its blob along a sequence, and the sequences whose schedules part.
    #[command(after_help = "Example: skiprnn compare runs/f f.srnn --out compare.svg")]
    Compare(CompareArgs),
    /// What is in a blob.
    #[command(after_help = "Example: skiprnn inspect f.srnn --curve curve.svg")]
    Inspect(InspectArgs),
    /// Run a blob on the host with the chip's arithmetic, bit for bit.
    #[command(after_help = "Example: skiprnn simulate f.srnn --task frequency\n\
                      Example: skiprnn simulate har.srnn --x x.npy --y y.npy --board nrf52840 --sensor lsm6dso \
                      --budget-uj-per-hour 1000000")]
    Simulate(SimulateArgs),
    /// What the skip pattern tells of the class, to whoever can see when a board works.
    #[command(after_help = "Example: skiprnn leak f.srnn --task frequency --out leak.svg")]
    Leak(LeakArgs),
    /// Run a blob in the real firmware image, on an emulated machine or a model of a real board, and compare with the simulator.
    #[command(
        after_help = "Example: skiprnn emulate f.srnn --machine mps2-an386 --task frequency\n\
                      Example: skiprnn emulate har.srnn --app classify --x x.npy --dial 0.5 --cap 30\n\
                      Example: skiprnn emulate har.srnn --app classify --x x.npy --board nrf52840 --sensor lsm6dso \
                      --budget-uj-per-hour 2000000\n\
                      Example: skiprnn emulate har.srnn --board nrf52840-dk --app classify --sensor lsm6ds --x x.npy"
    )]
    Emulate(EmulateArgs),
    /// Put a blob and a firmware image on a real board by probe-rs, and show its log.
    #[command(
        after_help = "Example: skiprnn flash f.srnn --board nrf52840-dk --app replay --task frequency\n\
                      Example: skiprnn flash har.srnn --board nrf52840-dk --app classify --budget-uj-per-hour 2000000"
    )]
    Flash(FlashArgs),
    /// The boards: what they are, how they sleep, how they were tested.
    #[command(after_help = "Example: skiprnn boards --json")]
    Boards,
    /// Microjoules per sequence: predicted from profiles, or measured from a power trace.
    Energy(EnergyArgs),
    /// What a dataset holds, or sequences of a generated task as files.
    #[command(after_help = "Example: skiprnn data describe recordings --svg data.svg\n\
                      Example: skiprnn data frequency --n 1000 --seed 7 --out-x x.npy --out-y y.npy")]
    Data(DataArgs),
}

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

/// Options of `eval`.
#[derive(Args, Debug)]
pub struct EvalArgs {
    /// Run folder, or a model.safetensors.
    pub run: PathBuf,
    /// Offset of the skip gate: positive, more updates; negative, fewer.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub dial: f32,
    /// The data.
    #[command(flatten)]
    pub input: InputArgs,
    /// The results.
    #[command(flatten)]
    pub result: ResultArgs,
}

/// Options of `inspect`.
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// The blob.
    pub blob: PathBuf,
    /// Also draw the dial curve, updates and metric over the dial, to this file as SVG.
    #[arg(long)]
    pub curve: Option<PathBuf>,
}

/// Options of `simulate`.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// The blob.
    pub blob: PathBuf,
    /// Generate the sequences of this task.
    #[arg(long, value_enum)]
    pub task: Option<Task>,
    /// How to run the sequences.
    #[command(flatten)]
    pub settings: HostSettingArgs,
    /// The data.
    #[command(flatten)]
    pub input: InputArgs,
    /// The results.
    #[command(flatten)]
    pub result: ResultArgs,
}

/// A program of the emulated boards.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// Recorded sequences through the network, with schedules and instructions counted.
    Replay,
    /// The sequences as a live sensor would deliver them; decisions are printed as they fall.
    Classify,
    /// The sequences with an update at every sample, awake at every sample, or asleep in between; instructions counted.
    Measure,
}

/// A number above zero.
fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("give a number above 0, for example 60".into()),
    }
}

/// Options of `emulate`.
#[derive(Args, Debug)]
pub struct EmulateArgs {
    /// The blob.
    pub blob: PathBuf,
    /// The application.
    #[arg(long, value_enum, default_value = "replay")]
    pub app: App,
    /// The emulated machine. [default: mps2-an386]
    #[arg(long)]
    pub machine: Option<String>,
    /// What runs the image: virtual-board, a model within this program, or qemu, which must be installed.
    #[arg(long, value_name = "NAME", default_value_t)]
    pub with: board_host::Backend,
    /// With a real board: how much of its time to run. [default: until every sequence has ended]
    #[arg(long, value_name = "S", value_parser = positive)]
    pub seconds: Option<f64>,
    /// A firmware image (ELF) of the application; built from the source tree where it is not given.
    #[arg(long)]
    pub firmware: Option<PathBuf>,
    /// Generate the sequences of this task.
    #[arg(long, value_enum)]
    pub task: Option<Task>,
    /// Print the firmware's decoded log on standard error.
    #[arg(long)]
    pub log: bool,
    /// How to run the sequences; `measure` takes a dial and a cap.
    #[command(flatten)]
    pub settings: HostSettingArgs,
    /// The data.
    #[command(flatten)]
    pub input: InputArgs,
    /// The results.
    #[command(flatten)]
    pub result: ResultArgs,
}

/// Options of `flash`.
#[derive(Args, Debug)]
pub struct FlashArgs {
    /// The blob.
    pub blob: PathBuf,
    /// The board; `skiprnn boards` lists them.
    #[arg(long)]
    pub board: String,
    /// The application: a program of the board, or `classify` for the one whose sensor has the model's channels.
    #[arg(long, default_value = "replay")]
    pub app: String,
    /// How to run the sequences; a budget's prices come from the board's profile, and `measure-...` takes none.
    #[command(flatten)]
    pub settings: SettingArgs,
    /// A firmware image (ELF) of this board; built from the source tree where it is not given.
    #[arg(long)]
    pub firmware: Option<PathBuf>,
    /// Build an image whose log can be read while the chip sleeps; its current then means nothing. [default: for replay]
    #[arg(long, conflicts_with_all = ["unwatched", "firmware"])]
    pub watched: bool,
    /// Build an image that sleeps as deeply as the board can, for use and for measuring; its log ends at the first sleep.
    #[arg(long, conflicts_with = "firmware")]
    pub unwatched: bool,
    /// The debug probe, as probe-rs names it: VID:PID or VID:PID:SERIAL. [default: the only one]
    #[arg(long, value_name = "PROBE")]
    pub probe: Option<String>,
    /// Connect while the chip is held in reset. [default: as the board needs it]
    #[arg(long, value_name = "YES", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub connect_under_reset: Option<bool>,
    /// Where to write the sections' files. [default: a temporary folder]
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Build and write everything, print the commands of probe-rs, and run none.
    #[arg(long)]
    pub dry_run: bool,
    /// Generate the sequences of this task, for `replay` and `measure-...`.
    #[arg(long, value_enum)]
    pub task: Option<Task>,
    /// The data, for `replay` and `measure-...`.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Options of `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Folder for the runs, the blob, report.html and summary.json.
    #[arg(long, default_value = "runs/demo")]
    pub out: PathBuf,
    /// A smaller model and fewer sequences: a minute, and no promise that it solves the task.
    #[arg(long)]
    pub quick: bool,
    /// Seed of the training runs.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}
