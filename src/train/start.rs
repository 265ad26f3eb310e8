//! The options of `train` that say which model a run starts from.

use crate::{inputs::Run, output::Usage, train::recordings::absolute};
use clap::Args;
use float_model::FloatModel;
use host_train::{Distill, Start};
use std::path::PathBuf;

/// The model that a run starts from.
#[derive(Args, Debug)]
#[command(next_help_heading = "Start")]
pub struct StartArgs {
    /// Start from this model in place of drawn weights: a run folder, or a model file of any kind that `eval` reads. Its sizes,
    /// normalisation and classes stay; a gate, or new classes, are added.
    #[arg(long, value_name = "MODEL")]
    pub from: Option<PathBuf>,
    /// Learn from what that model says too, beside the answers.
    #[arg(long, requires = "from")]
    pub distill: bool,
    /// Labels: what the logits of both are divided by before they are compared. [default: 2]
    #[arg(long, value_name = "T", requires = "distill", allow_negative_numbers = true)]
    pub temperature: Option<f64>,
    /// The share of that model in the loss, above 0 and up to 1; the rest is the answers'. [default: 0.7]
    #[arg(long, value_name = "SHARE", requires = "distill", allow_negative_numbers = true)]
    pub distill_weight: Option<f64>,
}

impl StartArgs {
    /// Reads the model.
    pub fn open(&self) -> anyhow::Result<Option<Start>> {
        let Some(path) = &self.from else { return Ok(None) };
        let run = Run::open(path)?;
        if run.config.as_ref().is_some_and(|config| config.p_skip.is_some()) {
            let problem = "skips at random, which no model file says; give a model without --p-skip";
            return Err(Usage::error(format!("--from: {} {problem}", path.display())));
        }
        let mut start = Start::new(absolute(path)?, run.model, run.notes)?;
        let default = Distill::default();
        start.distill = self.distill.then(|| Distill {
            temperature: self.temperature.unwrap_or(default.temperature),
            weight: self.distill_weight.unwrap_or(default.weight),
        });
        Ok(Some(start))
    }
}

/// The weights that a run starts from.
pub fn weights(start: Option<&Start>) -> Option<&FloatModel> {
    start.and_then(|start| start.weights.as_deref())
}
