//! Experiments on skipping networks: each trains or reads models, evaluates them on held-out data, and gives typed results, tables
//! and figures. Nothing here prints; what happens meanwhile is told to an [`jobs::Observer`].
//!
//! - [`sweep`]: a grid of training runs, and the settings that no other one beats.
//! - [`baselines`]: skipping runs against fixed rates, random skipping, early exit and convolutional networks.
//! - [`reproduce`]: the tables of Campos et al., ICLR 2018.
//! - [`leak`]: what the skip pattern tells of the class.
//! - [`fidelity`]: what each integer format costs a model.
//! - [`schedules`]: the float model against its blob, sequence by sequence.
//! - [`recordings`]: what a dataset holds.
//! - [`Inspection`]: what is in a blob.
//! - [`shell`]: words of a command line, quoted.
//! - [`fit`]: from recordings to the best blob for a board and a sensor.
//! - [`demo`]: the page of the whole workflow.
#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "they panic where nobody reads; a library tells its caller"
    )
)]

pub mod baselines;
pub mod demo;
mod error;
pub mod fidelity;
mod files;
pub mod fit;
mod held_out;
mod inspect;
pub mod jobs;
pub mod leak;
mod learning_curve;
mod model;
mod model_input;
pub mod plot;
pub mod recordings;
pub mod reproduce;
pub mod schedules;
pub mod shell;
mod stats;
pub mod sweep;
mod table;
mod workload;

pub use error::Error;
pub use files::write_atomically;
pub use held_out::HeldOut;
pub use inspect::{Inspection, objective, output_at};
pub use learning_curve::{CurvePoint, learning_curve};
pub use model::{TrainedModel, processors};
pub use model_input::{Fitted, ModelInput, ReadAs};
pub use stats::{Spread, mean_updates, pareto_front};
pub use workload::{Hardware, network_shape};
