//! `skiprnn eval`, and the figures that `train` shares with it.

use crate::{
    args::{InputArgs, ResultArgs},
    inputs::{self, Run},
    output::{Output, merge},
};
use clap::Args;
pub use experiments::mean_updates;
use float_model::{Metric, Objective, OutputAt, Sequences};
use host_train::DataSource;
use serde_json::{Value, json};
use std::{path::PathBuf, time::Instant};

/// Options of `eval`.
#[derive(Args, Debug)]
pub struct EvalArgs {
    /// Run folder, or a model.safetensors.
    pub run: PathBuf,
    /// Offset of the skip gate: positive, more updates; negative, fewer.
    #[arg(
        help_heading = "Dial, cap and budget",
        long,
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    pub dial: f32,
    /// The data.
    #[command(flatten)]
    pub input: InputArgs,
    /// The results.
    #[command(flatten)]
    pub result: ResultArgs,
}

/// The figures of one model on one set of sequences.
pub struct Summary {
    /// Accuracy or MSE.
    pub metric: Metric,
    /// Against the task's threshold, where it has one.
    pub solved: Option<bool>,
    /// Per sequence.
    pub updates_mean: f64,
    /// T; 0 where lengths differ.
    pub sequence_length: usize,
    /// Samples per sequence, mean.
    pub samples_mean: f64,
    /// Time taken.
    pub seconds: f64,
    /// Steps trained.
    pub steps: Option<u64>,
}

impl Summary {
    fn macs_per_sequence(&self, run: &Run) -> f64 {
        run.model.macs_per_sequence(self.updates_mean)
    }

    /// The keys that `train` and `eval` share.
    pub fn json(&self, run: &Run) -> Value {
        let m = &run.model;
        json!({
            "task": m.description.task, "cell": m.cell.name(), "hidden": m.hidden, "layers": m.layers.len(),
            "lambda": m.description.lambda, "seed": m.description.seed, "steps": self.steps,
            "metric_name": self.metric.name(), "metric": self.metric.value(), "solved": self.solved,
            "updates_mean": self.updates_mean, "updates_share": self.updates_mean / self.samples_mean,
            "sequence_length": self.sequence_length, "samples_mean": self.samples_mean, "macs_per_sequence": self.macs_per_sequence(run),
            "seconds": self.seconds,
        })
    }

    /// The same for people.
    pub fn text(&self, run: &Run) -> String {
        let solved = match self.solved {
            Some(true) => ", solved",
            Some(false) => ", not solved",
            None => "",
        };
        format!(
            "{} {}, {} units: {} {:.5}{solved}; {:.2} of {} samples used ({:.1} %), {:.0} MACs a sequence",
            run.model.description.task,
            run.model.cell,
            run.model.hidden,
            self.metric.name(),
            self.metric.value(),
            self.updates_mean,
            match self.sequence_length {
                0 => format!("{:.1}", self.samples_mean),
                n => n.to_string(),
            },
            100.0 * self.updates_mean / self.samples_mean,
            self.macs_per_sequence(run),
        )
    }
}

/// Samples per sequence, mean.
pub fn samples_mean(x: &Sequences) -> f64 {
    x.samples() as f64 / x.count as f64
}

/// Whether a metric solves the task named in a model, where that task has a threshold.
pub fn solved(task: &str, metric: Metric) -> Option<bool> {
    match task {
        "frequency" => DataSource::Frequency { sample_period_s: 1e-3 }.solved(metric),
        "adding" => DataSource::Adding { length: 50 }.solved(metric),
        _ => None,
    }
}

/// What the outputs of a model are.
pub struct Answers {
    /// What they mean.
    pub objective: Objective,
    /// When they are given.
    pub output_at: OutputAt,
    /// O.
    pub outputs: usize,
}

impl Answers {
    fn decision(&self, o: &[f32]) -> Value {
        match self.objective {
            Objective::Classification => json!(float_model::argmax(o)),
            Objective::Regression if o.len() == 1 => json!(o[0]),
            Objective::Regression => json!(o),
            Objective::Multilabel => json!(o.iter().map(|v| *v > 0.0).collect::<Vec<_>>()),
        }
    }
}

/// Decisions and outputs as the commands print them: class indices, the real outputs of a regression, or whether each
/// label holds; with an output at every step, a list of T.
pub fn results_json(
    answers: &Answers,
    outputs: &[Vec<f32>],
    schedules: &[&[u32]],
    args: &ResultArgs,
) -> anyhow::Result<Value> {
    let every_step = answers.output_at == OutputAt::Step;
    let rows = |o: &[f32]| -> Vec<Vec<f32>> { o.chunks_exact(answers.outputs).map(<[f32]>::to_vec).collect() };
    let decide = |o: &Vec<f32>| match every_step {
        true => rows(o).iter().map(|row| answers.decision(row)).collect(),
        false => answers.decision(o),
    };
    let decisions: Vec<Value> = outputs.iter().map(decide).collect();
    let mut value = json!({ "decisions": decisions });
    match &args.outputs {
        Some(path) => {
            let steps = outputs
                .first()
                .map(|o| o.len() / answers.outputs)
                .filter(|_| every_step);
            dataset::save_outputs(path, outputs, steps)?;
            merge(&mut value, json!({ "outputs": path }));
        }
        None if every_step => {
            let outputs: Vec<_> = outputs.iter().map(|o| rows(o)).collect();
            merge(&mut value, json!({ "outputs": outputs }));
        }
        None => merge(&mut value, json!({ "outputs": outputs })),
    }
    if args.schedules {
        merge(&mut value, json!({ "schedules": schedules }));
    }
    Ok(value)
}

/// Runs the float model; the JSON is the command's, the text its line for people.
pub fn evaluate(args: &EvalArgs) -> anyhow::Result<(Value, String)> {
    let started = Instant::now();
    let run = Run::open(&args.run)?;
    let data = inputs::resolve(&args.input, run.source().as_ref(), inputs::EVALUATION_COUNT)?;
    let outcomes = run.outcomes(&data.x, args.dial, args.input.seed)?;
    let outputs: Vec<Vec<f32>> = outcomes.iter().map(|o| o.output.clone()).collect();
    let schedules: Vec<&[u32]> = outcomes.iter().map(|o| o.updates.as_slice()).collect();
    let objective = run.model.description.objective;
    let answers = Answers {
        objective,
        output_at: run.model.description.output_at,
        outputs: run.model.outputs,
    };
    let results = results_json(&answers, &outputs, &schedules, &args.result)?;
    let updates_mean = mean_updates(&schedules);
    let (mut value, text) = match &data.y {
        Some(y) => {
            let metric = Metric::of(&data.name, objective, &outputs, y)?;
            let summary = Summary {
                metric,
                solved: solved(&run.model.description.task, metric),
                updates_mean,
                sequence_length: if data.x.lengths.is_empty() { data.x.length } else { 0 },
                samples_mean: samples_mean(&data.x),
                seconds: started.elapsed().as_secs_f64(),
                steps: run.steps,
            };
            (summary.json(&run), summary.text(&run))
        }
        None => (
            json!({ "metric_name": null, "metric": null, "solved": null, "updates_mean": updates_mean }),
            format!(
                "{updates_mean:.2} of {:.1} samples used; no answers given",
                samples_mean(&data.x)
            ),
        ),
    };
    merge(&mut value, json!({ "sequences": data.x.count }));
    merge(&mut value, results);
    Ok((value, format!("{text}, on {} held-out sequences", data.x.count)))
}

/// Runs the command.
pub fn run(args: &EvalArgs, out: Output) -> anyhow::Result<()> {
    let (value, text) = evaluate(args)?;
    out.print(&value, || text);
    Ok(())
}
