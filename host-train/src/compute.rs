//! What computes the steps of a run: the engine and the device that its configuration asks for.

use crate::{Device, Engine, Error, TrainConfig, accelerator::Accelerator, gradient::Differentiator, params::Shape};

/// What computes the steps of a run.
pub(crate) struct Compute {
    /// Computes gradients where there is no accelerator.
    pub(crate) differentiator: Differentiator,
    /// A device that takes whole steps. The parameters and moments in memory are then as of the last fetch.
    pub(crate) accelerator: Option<Box<dyn Accelerator>>,
}

impl Compute {
    /// Opens the engine and the device of a run for networks of `shape` and sequences of up to `length` samples.
    ///
    /// # Errors
    /// As [`accelerator`] and [`Differentiator::new`].
    pub(crate) fn open(config: &TrainConfig, shape: Shape, length: usize) -> Result<Self, Error> {
        let accelerator = accelerator(config, shape)?;
        let depth = length * shape.layers;
        Ok(Compute {
            differentiator: Differentiator::new(config.engine, config.device, config.threads, depth)?,
            accelerator,
        })
    }
}

/// The accelerator of a run for networks of `shape`; `None` where the trainer itself takes the steps: on the processor,
/// and with the candle engine.
///
/// # Errors
/// There is no such device, or this build has no code for it: what is missing is named.
pub(crate) fn accelerator(config: &TrainConfig, shape: Shape) -> Result<Option<Box<dyn Accelerator>>, Error> {
    match config.device {
        _ if config.engine == Engine::Candle => Ok(None),
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
