//! What a model file need not say of itself, as options that several commands share.

use crate::{
    args::{ChannelArgs, parsed},
    output::Usage,
};
use clap::Args;
use float_model::{Channel, Description, Objective};

/// What a model is for, and what it takes.
#[derive(Args, Debug, Default)]
pub struct DescriptionArgs {
    /// Seconds between samples, where the model does not say.
    #[arg(help_heading = "Description", long)]
    pub sample_period_s: Option<f64>,
    /// Samples per sequence, where the model does not say; 0 for an endless stream.
    #[arg(help_heading = "Description", long)]
    pub length: Option<usize>,
    /// What the outputs mean, where the model does not say: classification (one of the classes), regression (real values) or
    /// multilabel (any number of the classes).
    #[arg(help_heading = "Description", long, value_parser = parsed::<Objective>)]
    pub objective: Option<Objective>,
    /// The channels, and the classes.
    #[command(flatten)]
    pub channels: ChannelArgs,
}

impl DescriptionArgs {
    /// Fills in, or corrects, what the model file says of itself.
    pub fn fill_in(&self, d: &mut Description) -> anyhow::Result<()> {
        if let Some(period) = self.sample_period_s {
            if !(period.is_finite() && period > 0.0) {
                return Err(Usage::error(format!(
                    "--sample-period-s: {period} is not a time; give seconds above 0"
                )));
            }
            d.sample_period_s = period;
        }
        if let Some(length) = self.length {
            if u32::try_from(length).is_err() {
                return Err(Usage::error(format!(
                    "--length: is {length}; give at most {}",
                    u32::MAX
                )));
            }
            d.sequence_length = length;
        }
        if let Some(objective) = self.objective {
            d.objective = objective;
        }
        if !self.channels.class_names.is_empty() {
            d.class_names.clone_from(&self.channels.class_names);
        }
        let named = self.channels.channel_names.len();
        if named != 0 {
            d.channels = self.channels()?;
        } else if self.channels.channel_units.is_empty() && self.channels.full_scale.len() == d.channels.len() {
            // The model names its channels; a sensor of another range delivers them.
            self.check_full_scale()?;
            for (channel, full_scale) in d.channels.iter_mut().zip(&self.channels.full_scale) {
                channel.full_scale = *full_scale;
            }
        } else if self.channels.channel_units.is_empty()
            && !self.channels.full_scale.is_empty()
            && !d.channels.is_empty()
        {
            return Err(Usage::error(format!(
                "--full-scale: {} given, and the model has {} channels; give one for each, separated by commas",
                self.channels.full_scale.len(),
                d.channels.len()
            )));
        } else if !self.channels.channel_units.is_empty() || !self.channels.full_scale.is_empty() {
            return Err(Usage::error(
                "--channel-units and --full-scale describe the channels of --channel-names; give their names too",
            ));
        }
        Ok(())
    }

    fn check_full_scale(&self) -> anyhow::Result<()> {
        match self.channels.full_scale.iter().find(|v| !(v.is_finite() && **v > 0.0)) {
            Some(bad) => Err(Usage::error(format!(
                "--full-scale: {bad} is no magnitude; give a number above 0"
            ))),
            None => Ok(()),
        }
    }

    fn channels(&self) -> anyhow::Result<Vec<Channel>> {
        let named = self.channels.channel_names.len();
        let units = self.channels.channel_units.len();
        if self.channels.full_scale.len() != named || (units != 0 && units != named) {
            return Err(Usage::error(format!(
                "--channel-names: {named} names, but {} of --full-scale and {units} of --channel-units; give one each",
                self.channels.full_scale.len()
            )));
        }
        self.check_full_scale()?;
        let channel = |(k, name): (usize, &String)| Channel {
            name: name.clone(),
            unit: self.channels.channel_units.get(k).cloned().unwrap_or_default(),
            full_scale: self.channels.full_scale[k],
        };
        Ok(self.channels.channel_names.iter().enumerate().map(channel).collect())
    }
}
