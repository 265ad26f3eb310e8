//! `skiprnn energy`

pub mod args;
mod boards;
mod break_even;
mod calibrate;
mod cycles;
mod fit;
mod front;
mod measure;
pub mod parts;
mod predict;
mod record;
mod report;

pub use args::EnergyArgs;
pub use predict::{Basis, json, prediction};

use crate::output::Output;
use args::EnergyCommand;

/// Runs the command.
pub fn run(args: &EnergyArgs, out: Output) -> anyhow::Result<()> {
    match &args.command {
        EnergyCommand::Predict(args) => predict::run(args, out),
        EnergyCommand::Measure(args) => measure::run(args, out),
        EnergyCommand::Record(args) => record::run(args, out),
        EnergyCommand::BreakEven(args) => break_even::run(args, out),
        EnergyCommand::Front(args) => front::run(args, out),
        EnergyCommand::Cycles(args) => cycles::run(args, out),
        EnergyCommand::Calibrate(args) => calibrate::run(args, out),
        EnergyCommand::Fit(args) => fit::run(args, out),
        EnergyCommand::Boards(args) => boards::run(args, out),
    }
}
