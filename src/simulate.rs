//! `skiprnn simulate`

use crate::{
    args::{InputArgs, ResultArgs, Task},
    blob::{self, Prepared},
    inputs::{self, Data},
    output::{Output, notes},
    results::{Answers, Results},
    settings::{self, HostSettingArgs, SettingsJson},
};
use board_host::Settings;
use clap::Args;
use energy::BudgetOutcome;
use experiments::mean_updates;
use float_model::{Metric, OutputAt, Targets};
use quantize::{Run, Simulator};
use serde::Serialize;
use skiprnn_nostd::Model;
use std::{fmt, num::NonZeroU32, path::PathBuf};

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
    sequence_length: usize,
}

impl Simulated {
    /// Evaluates runs of a model, on the host or on a board, whose answers are those that the settings ask for.
    ///
    /// # Errors
    /// Answers that do not fit the model; a file of outputs that cannot be written.
    pub fn new(
        model: &Model<'_>,
        prepared: &Prepared,
        runs: &[Run],
        settings: &Settings,
        args: &ResultArgs,
    ) -> anyhow::Result<Self> {
        let simulator = Simulator::new(model)?.with_answers(settings.answer_every);
        let outputs: Vec<Vec<f32>> = runs.iter().map(|r| simulator.outputs(r)).collect();
        let schedules: Vec<Vec<u32>> = runs.iter().map(|r| r.updates.clone()).collect();
        let objective = blob::objective(model);
        let metric = match &prepared.data.y {
            Some(y) => Some(metric(model, &prepared.data, &outputs, settings.answer_every, y)?),
            None => None,
        };
        let answers = Answers {
            objective,
            output_at: match simulator.answers() {
                Some(_) => OutputAt::Step,
                None => OutputAt::End,
            },
            outputs: model.outputs(),
        };
        Ok(Self {
            sequences: runs.len(),
            metric_name: metric.map(Metric::name),
            metric: metric.map(Metric::value),
            updates_mean: mean_updates(&schedules),
            notes: prepared.data.notes.clone(),
            results: answers.results(outputs, &schedules, args)?,
            sequence_length: prepared.data.x.length,
        })
    }
}

/// The metric of answers every so many samples, (A, O) for each sequence: against the answers of the data at the same samples,
/// where those are given at every step, else of the last answer of each sequence.
fn metric(
    model: &Model<'_>,
    data: &Data,
    outputs: &[Vec<f32>],
    every: Option<NonZeroU32>,
    y: &Targets,
) -> anyhow::Result<Metric> {
    let objective = blob::objective(model);
    match (y, every.map(|every| every.get() as usize)) {
        (Targets::PerStep { answers, length }, Some(every)) => {
            let last = |block: usize| ((block + 1) * every).min(*length) - 1;
            let blocks = length.div_ceil(every);
            let rows: Vec<usize> = (0..y.count())
                .flat_map(|n| (0..blocks).map(move |block| n * length + last(block)))
                .collect();
            let y = Targets::PerStep {
                answers: Box::new(answers.select(rows)),
                length: blocks,
            };
            Ok(Metric::of(&data.name, objective, outputs, &y)?)
        }
        (y, Some(_)) if blob::output_at(model) == OutputAt::End => {
            let last = |o: &Vec<f32>| o[o.len().saturating_sub(model.outputs())..].to_vec();
            let outputs: Vec<Vec<f32>> = outputs.iter().map(last).collect();
            Ok(Metric::of(&data.name, objective, &outputs, y)?)
        }
        (y, _) => Ok(Metric::of(&data.name, objective, outputs, y)?),
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
    let simulated = Simulated::new(&model, &prepared, &expected.runs, &settings, &args.result)?;
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
