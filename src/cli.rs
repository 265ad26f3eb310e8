//! The command line: its commands, each with its own options in its own module.

use crate::{
    baselines::BaselinesArgs, collect::CollectArgs, compare::CompareArgs, data::DataArgs, demo::DemoArgs,
    emulate::EmulateArgs, energy::EnergyArgs, evaluate::EvalArgs, fidelity::FidelityArgs, fit::FitArgs,
    flash::FlashArgs, import::ImportArgs, inspect::InspectArgs, leak::LeakArgs, plot::PlotArgs, quantize::QuantizeArgs,
    reproduce::ReproduceArgs, simulate::SimulateArgs, sweep::SweepArgs, train::TrainArgs,
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
    /// The whole workflow on this machine: train, quantize, simulate, emulate, predict the energy, and write a report.
    #[command(after_help = "Example: skiprnn demo --out d")]
    Demo(DemoArgs),
    /// From labelled recordings to the best model for a board and a sensor: trains, quantizes, simulates, predicts the energy, chooses,
    /// compares with what else one would take, and writes a report.
    #[command(
        after_help = "Example: skiprnn fit recordings --board nrf52840-dk --sensor lsm6ds --accuracy 0.9 --out runs/fit\n\
                      Example: skiprnn fit recordings --board nrf52840 --sensor lis3dh --battery-mah 225 --days 365 --minutes 30 \
                      --out runs/fit"
    )]
    Fit(FitArgs),
    /// Train a model on a generated task or on recordings of your own.
    #[command(
        after_help = "Example: skiprnn train frequency --hidden 32 --lambda 1e-3 --out runs/f\n\
                      Example: skiprnn train dataset --data recordings --out runs/mine\n\
                      Example: skiprnn train mnist --data mnist --cell skip-gru --pool 2 --out runs/m"
    )]
    Train(TrainArgs),
    /// Turn a trained LSTM or GRU of PyTorch, ONNX or Keras into a run folder, skipping or not.
    #[command(
        after_help = "Example: skiprnn import checkpoint.pt --sample-period-s 0.02 --length 128 --channel-names ax,ay,az \
                      --channel-units g,g,g --full-scale 4,4,4 --out runs/mine\n\
                      Example: skiprnn import model.keras --scaler scaler.npz --out runs/mine"
    )]
    Import(ImportArgs),
    /// Metric, updates and MACs of a float model on held-out data.
    #[command(after_help = "Example: skiprnn eval runs/f")]
    Eval(EvalArgs),
    /// The paper's tables: mean and deviation over seeds, beside the paper's figures. Resumes after interruption.
    #[command(after_help = "Example: skiprnn reproduce adding --runs 1 --rows skip-gru\n\
                      Example: skiprnn reproduce frequency --report-only")]
    Reproduce(ReproduceArgs),
    /// A grid of training runs: the front of accuracy against updates and energy. Resumes after interruption.
    #[command(
        after_help = "Example: skiprnn sweep dataset --data recordings --cells skip-gru,gru --lambdas 1e-4,1e-3 --seeds 1,2,3,4 \
                      --board nrf52840 --sensor lis3dh --out runs/sweep\n\
                      Example: skiprnn sweep frequency --lambdas 1e-4,1e-3 --slurm sweep.sh --out runs/sweep"
    )]
    Sweep(SweepArgs),
    /// Compare with baselines: fixed rates, random skipping, early exit, 1D CNNs. Resumes after interruption.
    #[command(
        alias = "rivals",
        after_help = "Example: skiprnn baselines runs/sweep --boards nrf52840,stm32l476 --sensor lis3dh --out runs/baselines\n\
                      Example: skiprnn baselines runs/sweep runs/dial --recipe runs/sweep/skip-gru-32-1e-3/seed-1 --fixed-rates 2,4,8 \
                      --out runs/baselines"
    )]
    Baselines(BaselinesArgs),
    /// Draw the learning curves and the samples that a model uses, as SVG.
    #[command(after_help = "Example: skiprnn plot runs/f")]
    Plot(PlotArgs),
    /// Turn a float model into a blob of integers, with proofs that nothing overflows and a report of the accuracy.
    #[command(after_help = "Example: skiprnn quantize runs/f --out f.srnn")]
    Quantize(QuantizeArgs),
    /// The accuracy that each integer format loses, on held-out data.
    #[command(after_help = "Example: skiprnn fidelity runs/f --out fidelity.md")]
    Fidelity(FidelityArgs),
    /// The float model beside its blob along a sequence, and the sequences whose schedules differ.
    #[command(after_help = "Example: skiprnn compare runs/f f.srnn --svg compare.svg")]
    Compare(CompareArgs),
    /// What is in a blob.
    #[command(after_help = "Example: skiprnn inspect f.srnn --svg curve.svg")]
    Inspect(InspectArgs),
    /// Run a blob on the host with the chip's arithmetic, bit for bit.
    #[command(after_help = "Example: skiprnn simulate f.srnn --task frequency\n\
                      Example: skiprnn simulate har.srnn --x x.npy --y y.npy --board nrf52840 --sensor lsm6dso \
                      --budget-uj-per-hour 1000000")]
    Simulate(SimulateArgs),
    /// What the times of the updates tell an observer about the class.
    #[command(after_help = "Example: skiprnn leak f.srnn --task frequency --svg leak.svg")]
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
    /// Write a blob and a firmware image to a real board with probe-rs, and show its log.
    #[command(
        after_help = "Example: skiprnn flash f.srnn --board nrf52840-dk --app replay --task frequency\n\
                      Example: skiprnn flash har.srnn --board nrf52840-dk --app classify --budget-uj-per-hour 2000000"
    )]
    Flash(FlashArgs),
    /// Record a labelled recording from a board's sensor, or from a serial port.
    #[command(
        after_help = "Example: skiprnn collect --board nrf52840-dk --sensor lis3dh --label walking --seconds 30 --out recordings\n\
                      Example: skiprnn collect --port /dev/ttyACM0 --label walking --seconds 30 --channel-names ax,ay,az \
                      --channel-units g,g,g --out recordings\n\
                      Example: skiprnn collect --board nrf52840-dk --sensor lis3dh --with virtual-board --x x.npy --label walking \
                      --seconds 30 --out recordings"
    )]
    Collect(CollectArgs),
    /// List the boards: what they are, how they sleep, how they were tested.
    #[command(after_help = "Example: skiprnn boards --json")]
    Boards,
    /// Microjoules per sequence: predicted from profiles, or measured from a power trace.
    Energy(EnergyArgs),
    /// What a dataset holds, or sequences of a generated task as files.
    #[command(after_help = "Example: skiprnn data describe recordings --svg data.svg\n\
                      Example: skiprnn data frequency --n 1000 --seed 7 --out-x x.npy --out-y y.npy")]
    Data(DataArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, CommandFactory};
    use std::{any::TypeId, collections::BTreeMap};

    /// Options that one heading of a help text may have.
    const MOST: usize = 12;

    /// Every command that has no subcommands, by its full name.
    fn commands() -> Vec<(String, clap::Command)> {
        fn collect(name: &str, command: &clap::Command, all: &mut Vec<(String, clap::Command)>) {
            let mut inner = command.get_subcommands().peekable();
            if inner.peek().is_none() {
                all.push((name.to_owned(), command.clone()));
            }
            inner.for_each(|c| collect(&format!("{name} {}", c.get_name()), c, all));
        }
        let mut all = Vec::new();
        collect("skiprnn", &Cli::command(), &mut all);
        all
    }

    /// The options of a command that its help shows.
    fn options(command: &clap::Command) -> impl Iterator<Item = &Arg> {
        let shown = |arg: &&Arg| arg.get_long().is_some() && !arg.is_hide_set();
        command.get_arguments().filter(shown)
    }

    #[test]
    fn a_help_text_has_no_long_list_without_headings() {
        for (name, command) in commands() {
            let mut headings: BTreeMap<&str, usize> = BTreeMap::new();
            for arg in options(&command) {
                *headings.entry(arg.get_help_heading().unwrap_or_default()).or_default() += 1;
            }
            for (heading, count) in headings {
                assert!(count <= MOST, "{name}: {count} options under '{heading}'");
            }
        }
    }

    #[test]
    fn every_option_of_train_has_a_heading() {
        for (name, command) in commands() {
            if ["skiprnn train", "skiprnn sweep", "skiprnn quantize"].contains(&name.as_str()) {
                for arg in options(&command) {
                    assert!(arg.get_help_heading().is_some(), "{name}: --{}", arg.get_id());
                }
            }
        }
    }

    #[test]
    fn an_option_takes_the_same_kind_of_value_in_every_command() {
        // The name of an option, then what it takes and who takes it.
        let mut kinds: BTreeMap<String, (String, String)> = BTreeMap::new();
        for (name, command) in commands() {
            for arg in options(&command) {
                let option = arg.get_long().unwrap_or_default();
                // An application of real boards is a program with its sensor; the emulated machines have three.
                // A recording's columns are time, label and channels, a power trace's time, current and voltage.
                if ["app", "columns"].contains(&option) {
                    continue;
                }
                let value = arg.get_value_parser().type_id();
                let number = [TypeId::of::<f32>(), TypeId::of::<f64>()].iter().any(|n| value == *n);
                let value = if number {
                    "a number".to_owned()
                } else {
                    format!("{value:?}")
                };
                let kind = format!(
                    "{value}, {}, separated by {:?}",
                    arg.get_action().takes_values(),
                    arg.get_value_delimiter()
                );
                let (known, first) = kinds.entry(option.to_owned()).or_insert((kind.clone(), name.clone()));
                assert_eq!(*known, kind, "--{option} in '{first}' and in '{name}'");
            }
        }
    }

    #[test]
    fn an_alias_is_never_the_name_of_another_option() {
        for (name, command) in commands() {
            let spellings = |arg: &Arg| {
                let aliases = arg.get_all_aliases().unwrap_or_default();
                let all = arg.get_long().into_iter().chain(aliases);
                all.map(str::to_owned).collect::<Vec<_>>()
            };
            let mut all: Vec<String> = command.get_arguments().flat_map(spellings).collect();
            let count = all.len();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), count, "{name}: {all:?}");
        }
    }
}
