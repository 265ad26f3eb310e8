//! A small one-dimensional convolutional network, the usual choice for sensors on microcontrollers.
//!
//! Convolutions over time with stride and ReLU, the mean over what is left of time, and a linear classifier. It reads every
//! sample of a sequence and answers at its end. It is trained as the recurrent models are: the same parts, batches and changes
//! to them, normalisation, steps, rate and its schedule, dropout before the classifier; the state with the least validation
//! loss is kept.

mod network;
mod run;
mod train;

pub use network::Cnn;
pub use run::{existing, open, run, task};
pub use train::{Trained, train};

use super::without_gate::without_gate;
use crate::Error;
use host_train::{DataSource, DatasetConfig, Device, TrainConfig};
use serde::{Deserialize, Serialize};

/// A network and how it is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CnnConfig {
    /// Number of convolutions.
    pub layers: usize,
    /// Filters of each convolution.
    pub filters: usize,
    /// Samples that a filter sees.
    pub kernel: usize,
    /// Samples from one place of a filter to the next.
    pub stride: usize,
    /// Data, steps, batch, rate, dropout and seed; fields of a recurrent cell are not used.
    pub training: TrainConfig,
}

impl CnnConfig {
    /// Three layers of `filters` filters over five samples with stride 2, trained on all samples as `run` is trained.
    ///
    /// # Errors
    /// A run that has no recordings.
    pub fn like(run: &TrainConfig, filters: usize) -> Result<Self, Error> {
        let DataSource::Dataset(data) = &run.data else {
            let problem = "the convolutional network takes recordings";
            return Err(Error::input(format!("a run of {}", run.data.name()), problem));
        };
        Ok(CnnConfig {
            layers: 3,
            filters,
            kernel: 5,
            stride: 2,
            training: TrainConfig {
                // It is trained by candle on the processor; another value of these is no other run.
                device: Device::Cpu,
                threads: 1,
                checkpoint_seconds: 30.0,
                data: DataSource::Dataset(DatasetConfig {
                    every: None,
                    answers_at_steps: false,
                    ..data.clone()
                }),
                ..without_gate(run)
            },
        })
    }

    /// Checks every field.
    ///
    /// # Errors
    /// The first field that cannot work.
    pub fn validate(&self) -> Result<(), Error> {
        let sizes = [
            ("layers", self.layers),
            ("filters", self.filters),
            ("kernel", self.kernel),
            ("stride", self.stride),
        ];
        if let Some((field, _)) = sizes.iter().find(|(_, n)| *n == 0) {
            return Err(Error::option(field, "must be at least 1"));
        }
        if self.filters > 4096 {
            let problem = format!("is {}; give at most 4096", self.filters);
            return Err(Error::option("filters", problem));
        }
        Ok(())
    }

    /// Places of a filter along `length` samples, with half a filter of zeros at either end: at least one.
    pub(crate) fn places(&self, length: usize) -> usize {
        ((length + 2 * (self.kernel / 2)).saturating_sub(self.kernel)) / self.stride + 1
    }
}
