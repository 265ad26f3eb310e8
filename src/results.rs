//! What models give on sequences, as `eval`, `simulate` and `emulate` print it.

use crate::args::ResultArgs;
use float_model::{Objective, OutputAt};
use serde::Serialize;
use std::path::PathBuf;

/// What the outputs of a model are.
pub struct Answers {
    /// What they mean.
    pub objective: Objective,
    /// When they are given.
    pub output_at: OutputAt,
    /// Outputs of an answer (O).
    pub outputs: usize,
}

/// What a model decides: a class, the real outputs of a regression, or whether each label holds.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Decision {
    /// The index of the likeliest class.
    Class(usize),
    /// The output of a regression.
    Value(f32),
    /// The outputs of a regression.
    Values(Vec<f32>),
    /// Whether each label holds.
    Labels(Vec<bool>),
}

/// The decisions of one sequence.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Decided {
    AtEnd(Decision),
    AtSteps(Vec<Decision>),
}

/// The outputs of all sequences.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Outputs {
    /// They are in this file.
    File(PathBuf),
    /// (N, O).
    AtEnd(Vec<Vec<f32>>),
    /// (N, T, O).
    AtSteps(Vec<Vec<Vec<f32>>>),
}

/// Decisions and outputs of sequences, and where it is asked for, the samples that each used.
#[derive(Debug, Clone, Serialize)]
pub struct Results {
    decisions: Vec<Decided>,
    outputs: Outputs,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedules: Option<Vec<Vec<u32>>>,
}

impl Answers {
    fn decision(&self, outputs: &[f32]) -> Decision {
        match self.objective {
            Objective::Classification => Decision::Class(float_model::argmax(outputs)),
            Objective::Regression if outputs.len() == 1 => Decision::Value(outputs[0]),
            Objective::Regression => Decision::Values(outputs.to_vec()),
            Objective::Multilabel => Decision::Labels(outputs.iter().map(|v| *v > 0.0).collect()),
        }
    }

    /// The results of sequences with these outputs, (O) each or, at every step, (T·O). Writes the outputs to a file where the
    /// options name one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn results(
        &self,
        outputs: Vec<Vec<f32>>,
        schedules: &[Vec<u32>],
        args: &ResultArgs,
    ) -> anyhow::Result<Results> {
        let every_step = self.output_at == OutputAt::Step;
        let rows = |o: &Vec<f32>| -> Vec<Vec<f32>> { o.chunks_exact(self.outputs).map(<[f32]>::to_vec).collect() };
        let decide = |o: &Vec<f32>| match every_step {
            true => Decided::AtSteps(o.chunks_exact(self.outputs).map(|row| self.decision(row)).collect()),
            false => Decided::AtEnd(self.decision(o)),
        };
        Ok(Results {
            decisions: outputs.iter().map(decide).collect(),
            outputs: match &args.outputs {
                Some(path) => {
                    let steps = outputs.first().map(|o| o.len() / self.outputs);
                    dataset::save_outputs(path, &outputs, steps.filter(|_| every_step))?;
                    Outputs::File(path.clone())
                }
                None if every_step => Outputs::AtSteps(outputs.iter().map(rows).collect()),
                None => Outputs::AtEnd(outputs),
            },
            schedules: args.schedules.then(|| schedules.to_vec()),
        })
    }
}
