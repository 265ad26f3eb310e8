//! Where training runs.

use crate::{Error, TrainConfig, adam::Adam, batch::Batch, gradient::Price, params::Shape};
use float_model::{Outcome, OutputAt, Sequences};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A device to train on. Written `cpu`, `cuda` (the first GPU) or `cuda:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// A GPU by its number; needs a build with the feature `cuda`, and NVIDIA's driver.
    Cuda(usize),
    /// The kernels of the GPU on the processor, for tests.
    #[cfg(all(test, unix))]
    Emulated,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => write!(f, "cpu"),
            Device::Cuda(n) => write!(f, "cuda:{n}"),
            #[cfg(all(test, unix))]
            Device::Emulated => write!(f, "emulated"),
        }
    }
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let number = |n: &str| n.parse().ok().map(Device::Cuda);
        let device = match text.split_once(':') {
            None if text == "cpu" => Some(Device::Cpu),
            None if text == "cuda" => Some(Device::Cuda(0)),
            #[cfg(all(test, unix))]
            None if text == "emulated" => Some(Device::Emulated),
            Some(("cuda", n)) => number(n),
            _ => None,
        };
        device.ok_or_else(|| Error::usage("device", format!("'{text}' is none; give cpu, cuda or cuda:N")))
    }
}

impl TryFrom<String> for Device {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Device> for String {
    fn from(device: Device) -> String {
        device.to_string()
    }
}

/// Where the samples of a step come from.
#[cfg_attr(not(feature = "cuda"), allow(dead_code, reason = "accelerators read it"))]
pub(crate) enum Source<'a> {
    /// The generated task, made on the device with the streams of this step, counted from 0.
    Made(u64),
    /// The host.
    Given(&'a Batch),
}

/// What a step gave; as [`crate::gradient::Gradient`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figures {
    pub(crate) loss: f64,
    pub(crate) budget: f64,
    pub(crate) updates: f64,
    /// Of the gradient, before clipping.
    pub(crate) norm: f64,
}

/// By what sequences are judged: as the chip runs them, or with random skips.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Judged {
    /// The skip rule's closed form with an offset on the gate; every sample without a gate.
    Rule {
        /// The offset.
        dial: f32,
    },
    /// [`crate::random_schedule`].
    Random {
        /// Probability of a skip.
        p_skip: f64,
        /// Of the draws.
        seed: u64,
    },
}

/// A device that holds parameters and the optimiser's state, and takes whole steps.
pub(crate) trait Accelerator: Send {
    /// Takes over a state.
    fn load(&mut self, values: &[Vec<f32>], adam: &Adam) -> Result<(), Error>;

    /// Gives it back; `adam.step` is the caller's.
    fn store(&self, values: &mut Vec<Vec<f32>>, adam: &mut Adam) -> Result<(), Error>;

    /// One step, the `number`-th of Adam counted from 1: gradient, clipping to `limit`, Adam, projection. Where the
    /// gradient is not finite (its norm says so) the state is left as it was.
    fn step(
        &mut self,
        source: Source<'_>,
        price: Price,
        limit: f64,
        learning_rate: f64,
        number: u64,
    ) -> Result<Figures, Error>;

    /// The gradient of the last step, before clipping.
    fn gradients(&self) -> Result<Vec<Vec<f32>>, Error>;

    /// Runs `x` (normalised) with these parameters; what the network says is (O), or (T, O) by `output_at`.
    fn run(
        &mut self,
        values: &[Vec<f32>],
        x: &Sequences,
        output_at: OutputAt,
        judged: Judged,
    ) -> Result<Vec<Outcome>, Error>;
}

/// Opens the device of a run for networks of `shape`; `None` for the processor.
///
/// # Errors
/// There is no such device, or this build has no code for it: what is missing is named.
pub(crate) fn open(config: &TrainConfig, shape: Shape) -> Result<Option<Box<dyn Accelerator>>, Error> {
    match config.device {
        Device::Cpu => Ok(None),
        #[cfg(feature = "cuda")]
        Device::Cuda(n) => {
            let gpu = crate::cuda::Gpu::open(n)?;
            Ok(Some(Box::new(crate::cuda::Training::new(gpu, shape, config)?)))
        }
        #[cfg(not(feature = "cuda"))]
        Device::Cuda(_) => {
            let _ = shape;
            Err(Error::usage(
                "device",
                format!(
                    "{}: this build has no code for GPUs; build with `--features cuda` (docs/cuda.md), or give cpu",
                    config.device
                ),
            ))
        }
        #[cfg(all(test, unix))]
        Device::Emulated => {
            let machine = crate::cuda::Emulated::start(3, 16_000)?;
            Ok(Some(Box::new(crate::cuda::Training::new(machine, shape, config)?)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_and_others_are_refused() {
        assert_eq!("cuda".parse::<Device>().unwrap(), Device::Cuda(0));
        for text in ["cpu", "cuda:0", "cuda:3"] {
            assert_eq!(text.parse::<Device>().unwrap().to_string(), text);
        }
        for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:0", "metal"] {
            assert!(text.parse::<Device>().unwrap_err().is_usage(), "{text}");
        }
    }
}
