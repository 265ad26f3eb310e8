//! Options that several commands share.

use crate::output::Usage;
use board_host::{Backend, Machine};
use clap::{Args, ValueEnum};
use std::{fmt::Display, path::PathBuf, str::FromStr};

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
#[command(next_help_heading = "Data")]
pub struct InputArgs {
    /// Sequences from a file, f32 (N, T, I) as .npy, or a folder of CSV files.
    #[arg(long)]
    pub x: Option<PathBuf>,
    /// Their labels (N) or (N, C), or targets (N, O), as .npy; with an axis T after N for a model that answers at every step.
    #[arg(long)]
    pub y: Option<PathBuf>,
    /// The data of this run folder: its held-out data, or --x read as its recordings were (windows, columns, sound, every K-th
    /// sample).
    #[arg(long, value_name = "RUN", conflicts_with = "every")]
    pub data_of: Option<PathBuf>,
    /// Use samples 0, K, 2K, ... of each sequence of --x, for a blob whose run was trained with `--every K`; a run folder knows its
    /// own.
    #[arg(long, value_name = "K", requires = "x")]
    pub every: Option<usize>,
    /// Number of generated sequences, or the first N of --x. [default: 10000; emulate: 200; files: all]
    #[arg(long)]
    pub n: Option<usize>,
    /// Seed of generated sequences; training never draws from this stream.
    #[arg(long, default_value_t = 1_000_003)]
    pub seed: u64,
}

impl InputArgs {
    /// Whether they, or a task beside them, say which sequences to run on.
    pub fn names_data(&self, task: Option<Task>) -> bool {
        task.is_some() || self.x.is_some() || self.data_of.is_some()
    }
}

/// What to print of the results.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct ResultArgs {
    /// Print the sample indices used by each sequence, too.
    #[arg(long)]
    pub schedules: bool,
    /// Write the outputs to a file, f32 (N, O) or, at every step, (N, T, O) as .npy, instead of into the JSON.
    #[arg(long)]
    pub outputs: Option<PathBuf>,
}

/// The heading of the options that describe channels.
pub const CHANNELS: &str = "Channels and classes";

/// What channels and classes are called, and what the sensor's numbers mean.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = CHANNELS)]
pub struct ChannelArgs {
    /// Channel names, separated by commas, where the data or the model do not say.
    #[arg(long, value_delimiter = ',')]
    pub channel_names: Vec<String>,
    /// Channel units, separated by commas.
    #[arg(long, value_delimiter = ',')]
    pub channel_units: Vec<String>,
    /// Magnitude at which each channel's 16-bit sample saturates, in its unit: the range of the sensor that will deliver it.
    #[arg(long, value_delimiter = ',')]
    pub full_scale: Vec<f32>,
    /// Class names, separated by commas, where the data or the model do not say.
    #[arg(long, value_delimiter = ',')]
    pub class_names: Vec<String>,
}

/// The emulated machine, and the image that it runs.
#[derive(Args, Debug)]
#[command(next_help_heading = "Machine and image")]
pub struct TargetArgs {
    /// The emulated machine. [default: mps2-an386]
    #[arg(long, value_parser = parsed::<Machine>)]
    pub machine: Option<Machine>,
    /// What runs the image: virtual-board, a model within this program, or qemu, which must be installed.
    #[arg(long, value_name = "NAME", default_value_t, value_parser = parsed::<Backend>)]
    pub with: Backend,
    /// A firmware image (ELF) of the application, for the virtual board. [default: built from the source tree]
    #[arg(long)]
    pub firmware: Option<PathBuf>,
}

impl TargetArgs {
    /// Refuses an image that somebody gives for QEMU, which would give it this computer's files and shell.
    pub fn check(&self) -> anyhow::Result<()> {
        match (&self.firmware, self.with) {
            (Some(path), Backend::Qemu) => Err(Usage::error(format!(
                "--firmware: QEMU would give {} the files and the shell of this computer; leave --with qemu out, and the virtual \
                 board runs it",
                path.display()
            ))),
            _ => Ok(()),
        }
    }
}

/// Reads an option's value. clap names the option and the value, so that of a message such as
/// `budget: unknown budget 'x'; expected cost` only `expected cost` is left.
pub fn parsed<T>(text: &str) -> Result<T, String>
where
    T: FromStr<Err: Display>,
{
    text.parse().map_err(|error: T::Err| {
        let message = error.to_string();
        let after = message.split_once(text).filter(|_| !text.is_empty());
        match after.and_then(|(_, rest)| rest.split_once([';', ':'])) {
            Some((_, expected)) => expected.trim().to_owned(),
            None => message,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use host_train::{Budget, Device};

    #[test]
    fn a_bad_value_is_not_named_a_second_time() {
        for said in [
            parsed::<Budget>("much").unwrap_err(),
            parsed::<Device>("tpu").unwrap_err(),
            parsed::<Machine>("pdp11").unwrap_err(),
        ] {
            for word in ["much", "tpu", "pdp11", "budget", "device"] {
                assert!(!said.contains(word), "{said}");
            }
            assert!(
                ["cost", "cuda:N", "mps2-an386"]
                    .iter()
                    .any(|known| said.contains(known)),
                "{said}"
            );
        }
    }
}
