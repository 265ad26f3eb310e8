//! The options of `skiprnn emulate`.

use crate::{
    args::{InputArgs, ResultArgs, TargetArgs, Task},
    settings::HostSettingArgs,
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// A program of the emulated boards.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// Recorded sequences through the network, with schedules and instructions counted.
    Replay,
    /// The sequences as a live sensor would deliver them; each decision is printed when it is made.
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
    #[arg(help_heading = "Machine and image", long, value_enum, default_value = "replay")]
    pub app: App,
    /// The machine and its image.
    #[command(flatten)]
    pub target: TargetArgs,
    /// With a real board: seconds of its own time to run. [default: until every sequence has ended]
    #[arg(help_heading = "Machine and image", long, value_name = "S", value_parser = positive)]
    pub seconds: Option<f64>,
    /// Generate the sequences of this task.
    #[arg(help_heading = "Data", long, value_enum)]
    pub task: Option<Task>,
    /// Print the firmware's decoded log on standard error.
    #[arg(help_heading = "Output", long)]
    pub log: bool,
    /// With a real board: write the simulated current over time, for `energy measure`: a .ppk2, else a .csv.
    #[arg(help_heading = "Output", long, value_name = "FILE")]
    pub power_trace: Option<PathBuf>,
    /// With a real board: draw where the charge went, as an SVG.
    #[arg(help_heading = "Output", long, value_name = "FILE")]
    pub power_svg: Option<PathBuf>,
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
