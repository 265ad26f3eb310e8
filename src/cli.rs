//! The command line: its commands, each with its own options in its own module.

use crate::{
    baselines::BaselinesArgs, compare::CompareArgs, data::DataArgs, demo::DemoArgs, emulate::EmulateArgs,
    energy::EnergyArgs, evaluate::EvalArgs, fidelity::FidelityArgs, flash::FlashArgs, inspect::InspectArgs,
    leak::LeakArgs, plot::PlotArgs, quantize::QuantizeArgs, reproduce::ReproduceArgs, simulate::SimulateArgs,
    sweep::SweepArgs, train::TrainArgs,
};
use clap::{Parser, Subcommand};

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
    /// Compare with baselines: fixed rates, random skipping, early exit, 1D CNNs. Resumes after interruption.
    #[command(
        alias = "rivals",
        after_help = "Example: skiprnn baselines runs/sweep --board nrf52840,stm32l476 --sensor lis3dh --out runs/baselines\n\
                      Example: skiprnn baselines runs/sweep runs/dial --recipe runs/sweep/skip-gru-32-1e-3/seed-1 --every 2,4,8 --out runs/baselines"
    )]
    Baselines(BaselinesArgs),
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
