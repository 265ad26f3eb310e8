//! Trains skipping recurrent networks (Skip RNN, Campos et al., ICLR 2018): tasks, cells, gradients, the trainer and its
//! run folders. Recordings come from the crate [`dataset`].
//!
//! [`train()`] takes a [`TrainConfig`] and a folder, and writes the best model to it as `model.safetensors`
//! (`docs/model-file.md`). All randomness comes from [`philox`], so a run is a function of its configuration.
//!
//! Training runs the kernels of [`fused`], bound to candle's autograd by [`recurrent`]; on a GPU ([`Device::Cuda`], feature
//! `cuda`) the whole step runs there. [`candle_engine`] computes the same op by op ([`Engine::Candle`]): it is the reference
//! to read first. The loss, and λ in it, is in [`loss`]. Evaluation runs the model as the chip does, with
//! [`float_model::Forward`].
#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "they panic where nobody reads; a library tells its caller"
    )
)]

mod accelerator;
pub mod adam;
mod augment;
pub mod batch;
mod batch_source;
mod budget;
pub mod candle_engine;
mod checkpoint;
mod choice;
mod compute;
mod config;
#[cfg(any(feature = "cuda", all(test, unix)))]
mod cuda;
mod device;
mod dials;
mod engine;
mod error;
mod evaluate;
mod events;
pub mod fused;
pub mod gradient;
mod guard;
mod lesson;
pub mod loss;
pub mod params;
pub mod recipe;
pub mod recurrent;
mod run_folder;
mod schedule;
mod source;
mod start;
mod start_every;
pub mod tasks;
mod teacher;
mod trainer;

pub use augment::Augment;
pub use batch_source::{BatchSource, NormalisedBatch};
pub use budget::Budget;
pub use checkpoint::checkpoint_step;
pub use config::{Binarize, TrainConfig};
pub use dataset::{ChannelConfig, DatasetConfig, Loss, philox};
pub use device::Device;
pub use dials::Dials;
pub use engine::Engine;
pub use error::Error;
pub use evaluate::{Evaluation, evaluate, random_schedule};
pub use float_model::{
    Cell, Channel, Description, Family, FloatModel, Forward, Metric, Objective, Outcome, Sequences, Targets,
};
pub use guard::Rollback;
pub use lesson::Lesson;
pub use run_folder::{Existing, existing, hold as hold_run_folder};
pub use schedule::Schedule;
pub use source::{DataSource, FRESH_COUNT, VALIDATION_COUNT};
pub use start::{Distill, Start};
pub use trainer::{Progress, TrainReport, train, train_until};
