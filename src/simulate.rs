//! `skiprnn simulate`

use crate::{
    args::{InputArgs, ResultArgs, Task},
    blob::{self, Prepared},
    evaluate::{Answers, mean_updates, results_json},
    inputs,
    output::{Output, merge},
    settings::{self, HostSettingArgs},
};
use clap::Args;
use float_model::Metric;
use quantize::{Run, Simulator};
use serde_json::{Value, json};
use skiprnn_nostd::Model;
use std::path::PathBuf;

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

/// The keys that `simulate` and `emulate` share.
pub fn summarize(model: &Model<'_>, prepared: &Prepared, runs: &[Run], args: &ResultArgs) -> anyhow::Result<Value> {
    let simulator = Simulator::new(model)?;
    let outputs: Vec<Vec<f32>> = runs.iter().map(|r| simulator.outputs(r)).collect();
    let schedules: Vec<&[u32]> = runs.iter().map(|r| r.updates.as_slice()).collect();
    let objective = blob::objective(model);
    let metric = match &prepared.data.y {
        Some(y) => Some(Metric::of(&prepared.data.name, objective, &outputs, y)?),
        None => None,
    };
    let mut value = json!({
        "sequences": runs.len(),
        "metric_name": metric.map(Metric::name),
        "metric": metric.map(Metric::value),
        "updates_mean": mean_updates(&schedules),
    });
    let answers = Answers {
        objective,
        output_at: blob::output_at(model),
        outputs: model.outputs(),
    };
    merge(&mut value, results_json(&answers, &outputs, &schedules, args)?);
    Ok(value)
}

/// The line for people.
pub fn text(value: &Value, model: &Model<'_>) -> String {
    let metric = match (value["metric_name"].as_str(), value["metric"].as_f64()) {
        (Some(name), Some(v)) => format!("{name} {v:.5}"),
        _ => "no answers given".into(),
    };
    let updates = value["updates_mean"].as_f64().unwrap_or(0.0);
    format!(
        "{metric}; {updates:.2} of {} samples used, on {} sequences",
        model.sequence_length(),
        value["sequences"]
    )
}

/// Runs the command.
pub fn run(args: &SimulateArgs, out: Output) -> anyhow::Result<()> {
    let blob = blob::read(&args.blob)?;
    let model = blob.model();
    let prepared = blob::prepare(&model, args.task, &args.input, inputs::EVALUATION_COUNT)?;
    let (settings, priced) = args.settings.resolve(&model)?;
    let simulated = settings::simulate(&model, &prepared, &settings)?;
    let mut value = summarize(&model, &prepared, &simulated.runs, &args.result)?;
    let budget = settings::add(&mut value, &model, &settings, priced.as_ref(), &simulated)?;
    out.print(&value, || format!("integers: {}{budget}", text(&value, &model)));
    Ok(())
}
