//! `skiprnn simulate`

use crate::{
    args::{InputArgs, ResultArgs, Task},
    blob::{self, Prepared},
    inputs,
    output::{Output, notes},
    results::{Answers, Results},
    settings::{self, HostSettingArgs, SettingsJson},
};
use clap::Args;
use energy::BudgetOutcome;
use experiments::mean_updates;
use float_model::Metric;
use quantize::{Run, Simulator};
use serde::Serialize;
use skiprnn_nostd::Model;
use std::{fmt, path::PathBuf};

/// Options of `simulate`.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// The blob.
    pub blob: PathBuf,
    /// Generate the sequences of this task.
    #[arg(help_heading = "Data", long, value_enum)]
    pub task: Option<Task>,
    /// How to run the sequences.
    #[command(flatten)]
    pub settings: HostSettingArgs,
    /// The data.
    #[command(flatten)]
    pub input: InputArgs,
    /// The results.
    #[command(flatten)]
    pub result: ResultArgs,
}

/// What a model's integers do on sequences.
#[derive(Debug, Clone, Serialize)]
pub struct Simulated {
    /// Sequences.
    pub sequences: usize,
    /// The metric's name, where answers were given.
    pub metric_name: Option<&'static str>,
    /// Accuracy, mean average precision or mean squared error.
    pub metric: Option<f64>,
    /// Mean updates of a sequence.
    pub updates_mean: f64,
    /// What was understood of the data, converted, or looks wrong.
    pub notes: Vec<String>,
    #[serde(flatten)]
    results: Results,
    #[serde(skip)]
    sequence_length: u32,
}

impl Simulated {
    /// Evaluates runs of a model, on the host or on a board.
    ///
    /// # Errors
    /// Answers that do not fit the model; a file of outputs that cannot be written.
    pub fn new(model: &Model<'_>, prepared: &Prepared, runs: &[Run], args: &ResultArgs) -> anyhow::Result<Self> {
        let simulator = Simulator::new(model)?;
        let outputs: Vec<Vec<f32>> = runs.iter().map(|r| simulator.outputs(r)).collect();
        let schedules: Vec<Vec<u32>> = runs.iter().map(|r| r.updates.clone()).collect();
        let objective = blob::objective(model);
        let metric = match &prepared.data.y {
            Some(y) => Some(Metric::of(&prepared.data.name, objective, &outputs, y)?),
            None => None,
        };
        let answers = Answers {
            objective,
            output_at: blob::output_at(model),
            outputs: model.outputs(),
        };
        Ok(Self {
            sequences: runs.len(),
            metric_name: metric.map(Metric::name),
            metric: metric.map(Metric::value),
            updates_mean: mean_updates(&schedules),
            notes: prepared.data.notes.clone(),
            results: answers.results(outputs, &schedules, args)?,
            sequence_length: model.sequence_length(),
        })
    }
}

impl fmt::Display for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.metric_name, self.metric) {
            (Some(name), Some(metric)) => write!(f, "{name} {metric:.5}")?,
            _ => write!(f, "no labels: give --y, or a folder with labels.csv, for the metric")?,
        }
        write!(
            f,
            "; {:.2} of {} samples used, on {} sequences",
            self.updates_mean, self.sequence_length, self.sequences
        )
    }
}

/// Results with how the sequences were run.
#[derive(Serialize)]
pub struct WithSettings<T, B = BudgetOutcome> {
    /// The results.
    #[serde(flatten)]
    pub results: T,
    /// Dial, cap, and what became of a budget.
    pub settings: SettingsJson<B>,
}

/// Runs the command.
pub fn run(args: &SimulateArgs, out: Output) -> anyhow::Result<()> {
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    blob::to_run(&model, &args.blob)?;
    let prepared = blob::prepare(&model, args.task, &args.input, inputs::EVALUATION_COUNT)?;
    let (settings, priced) = args.settings.resolve(&model)?;
    let expected = settings::simulate(&model, &prepared, &settings)?;
    let simulated = Simulated::new(&model, &prepared, &expected.runs, &args.result)?;
    let outcome = expected.outcome(priced.as_ref())?;
    let text = format!(
        "integers: {simulated}{}{}",
        settings::line(outcome.as_ref()),
        notes(&simulated.notes)
    );
    let value = serde_json::to_value(WithSettings {
        results: simulated,
        settings: SettingsJson::new(&settings, outcome),
    })?;
    out.print(&value, || text);
    Ok(())
}
