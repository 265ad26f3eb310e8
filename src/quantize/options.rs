//! Options of `quantize`.

use crate::{
    args::parsed,
    description::DescriptionArgs,
    inputs::{self, Run},
    output::Usage,
};
use clap::Args;
use float_model::Metric;
use quantize::{Kernel, Optimize, Options, Width};
use std::path::PathBuf;

/// Options of `quantize`.
#[derive(Args, Debug, Default)]
pub struct QuantizeArgs {
    /// Run folder, or a model file, also of another program (see `skiprnn import --help`).
    pub run: PathBuf,
    /// The blob to write.
    #[arg(help_heading = "Output", long)]
    pub out: PathBuf,
    /// Calibration sequences, .npy or a folder of CSV files. [default: the run's validation part]
    #[arg(help_heading = "Data", long)]
    pub calib_x: Option<PathBuf>,
    /// Their labels or targets, for the metric.
    #[arg(help_heading = "Data", long)]
    pub calib_y: Option<PathBuf>,
    /// Sequences on which ranges and rounding are calibrated; the others only evaluate. [default: 64]
    #[arg(help_heading = "Data", long, alias = "calibration", value_name = "N")]
    pub calibration_sequences: Option<usize>,
    /// Sequences on which the dial curve is measured. [default: all calibration data; with a dataset's validation part
    /// below 1,000 also its training part, for the updates]
    #[arg(help_heading = "Data", long)]
    pub curve_sequences: Option<usize>,
    /// What to prefer where the formats leave a choice: balance (the cheapest format that meets every bar of fidelity on the calibration
    /// data), size (8-bit weights everywhere), speed (byte planes wherever they are proven) or accuracy (16-bit weights).
    /// [default: balance]
    #[arg(help_heading = "Formats", long, value_parser = parsed::<Optimize>)]
    pub optimize: Option<Optimize>,
    /// Bits of the recurrent weights: 8 or 16. [default: measured]
    #[arg(help_heading = "Formats", long, value_parser = parsed::<Width>)]
    pub weights: Option<Width>,
    /// Bits of the first layer's input weights: 8 or 16. [default: measured]
    #[arg(help_heading = "Formats", long, value_parser = parsed::<Width>)]
    pub input_weights: Option<Width>,
    /// How the recurrent weights are multiplied: block (with 16-bit activations) or byte-plane (with narrowed activations, two
    /// rows at a time). [default: measured]
    #[arg(help_heading = "Formats", long, value_parser = parsed::<Kernel>)]
    pub kernel: Option<Kernel>,
    /// Fractional bits of h: 13, 14 or 15. With fewer, h is rounded more coarsely and 8-bit recurrent weights more finely, which
    /// helps where the inputs are far larger than h. [default: 15, or what the initial state needs]
    #[arg(help_heading = "Formats", long, value_parser = clap::value_parser!(u8).range(13..=15))]
    pub h_fraction: Option<u8>,
    /// Share of the calibration samples, in percent, that the format of the inputs must hold; the rest saturates. [default: 100]
    #[arg(help_heading = "Formats", long)]
    pub percentile: Option<f64>,
    /// Fine-tune the integers towards the original model's outputs and schedules; takes minutes. The result is used only if the
    /// schedules are clearly better and no figure is worse than with calibration alone, on separate sequences.
    #[arg(help_heading = "Fine-tuning", long)]
    pub finetune: bool,
    /// Steps of fine-tuning. [default: 600]
    #[arg(help_heading = "Fine-tuning", long, requires = "finetune")]
    pub finetune_steps: Option<usize>,
    /// Name stored in the blob. [default: the run's folder name]
    #[arg(help_heading = "Description", long)]
    pub name: Option<String>,
    /// Largest number of samples ever skipped; needed where sequences have no end.
    #[arg(help_heading = "Description", long)]
    pub max_skip: Option<u32>,
    /// What the model does not say of itself.
    #[command(flatten)]
    pub description: DescriptionArgs,
}

impl QuantizeArgs {
    /// The library's options.
    pub fn options(&self, run: &Run) -> anyhow::Result<Options> {
        let defaults = Options::default();
        let percentile = self.percentile.unwrap_or(defaults.percentile);
        if !(percentile > 0.0 && percentile <= 100.0) {
            return Err(Usage::error(format!(
                "--percentile: {percentile} is no share; give more than 0 and at most 100"
            )));
        }
        if self.calibration_sequences == Some(0) {
            return Err(Usage::error("--calibration-sequences: must be at least 1"));
        }
        if self.curve_sequences == Some(0) {
            return Err(Usage::error("--curve-sequences: must be at least 1"));
        }
        if (self.kernel, self.weights) == (Some(Kernel::BytePlane), Some(Width::Sixteen)) {
            return Err(Usage::error(
                "--kernel byte-plane holds 8-bit weights; remove --weights 16, or take --kernel block",
            ));
        }
        let threshold = run.config.as_ref().and_then(|c| c.data.solved_threshold());
        Ok(Options {
            optimize: self.optimize.unwrap_or(defaults.optimize),
            weights: self.weights,
            input_weights: self.input_weights,
            kernel: self.kernel,
            h_fraction: self.h_fraction,
            name: self.name.clone().unwrap_or_else(|| run.name()),
            max_skip: self.max_skip,
            calibration_sequences: self.calibration_sequences.unwrap_or(defaults.calibration_sequences),
            percentile,
            solved_mse: match threshold {
                Some(Metric::Mse(solved)) => Some(solved),
                _ => None,
            },
            threads: inputs::processors(),
            ..defaults
        })
    }
}
