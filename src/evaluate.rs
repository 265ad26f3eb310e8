//! `skiprnn eval`, and the figures that `train` shares with it.

use crate::{
    args::{InputArgs, ResultArgs},
    inputs::{self, Run},
    output::{Output, notes, warn},
    results::{Answers, Results},
};
use clap::Args;
use experiments::{HeldOut, mean_updates};
use float_model::{Metric, Sequences};
use host_train::DataSource;
use serde::Serialize;
use std::{fmt, path::PathBuf, time::Instant};

/// Options of `eval`.
#[derive(Args, Debug)]
pub struct EvalArgs {
    /// Run folder, or a model file, also of another program (see `skiprnn import --help`).
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

/// The figures of one model on one set of sequences, as `train` and `eval` print them.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    task: String,
    cell: &'static str,
    /// Hidden units.
    pub hidden: usize,
    layers: usize,
    lambda: f64,
    seed: u64,
    steps: Option<u64>,
    metric_name: &'static str,
    /// Accuracy, mean average precision or mean squared error.
    pub metric: f64,
    solved: Option<bool>,
    /// Mean updates of a sequence.
    pub updates_mean: f64,
    updates_share: f64,
    sequence_length: usize,
    samples_mean: f64,
    macs_per_sequence: f64,
    seconds: f64,
}

/// What was found of a model on one set of sequences.
pub struct Found {
    /// Accuracy, mean average precision or mean squared error.
    pub metric: Metric,
    /// The metric against the task's threshold, where it has one.
    pub solved: Option<bool>,
    /// Mean updates of a sequence.
    pub updates_mean: f64,
    /// Samples of each sequence; 0 where lengths differ.
    pub sequence_length: usize,
    /// Mean samples of a sequence.
    pub samples_mean: f64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Steps trained.
    pub steps: Option<u64>,
}

impl Summary {
    /// The figures beside what the model says of itself.
    pub fn new(run: &Run, found: &Found) -> Self {
        let m = &run.model;
        Self {
            task: m.description.task.clone(),
            cell: m.cell.name(),
            hidden: m.hidden,
            layers: m.layers.len(),
            lambda: m.description.lambda,
            seed: m.description.seed,
            steps: found.steps,
            metric_name: found.metric.name(),
            metric: found.metric.value(),
            solved: found.solved,
            updates_mean: found.updates_mean,
            updates_share: found.updates_mean / found.samples_mean,
            sequence_length: found.sequence_length,
            samples_mean: found.samples_mean,
            macs_per_sequence: m.macs_per_sequence(found.updates_mean),
            seconds: found.seconds,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let solved = match self.solved {
            Some(true) => ", solved",
            Some(false) => ", not solved",
            None => "",
        };
        let samples = match self.sequence_length {
            0 => format!("{:.1}", self.samples_mean),
            n => n.to_string(),
        };
        write!(
            f,
            "{} {}, {} units: {} {:.5}{solved}; {:.2} of {samples} samples used ({:.1} %), {:.0} MACs a sequence",
            self.task,
            self.cell,
            self.hidden,
            self.metric_name,
            self.metric,
            self.updates_mean,
            100.0 * self.updates_share,
            self.macs_per_sequence,
        )
    }
}

/// What `eval` prints.
#[derive(Debug, Serialize)]
pub struct Evaluation {
    #[serde(flatten)]
    figures: Figures,
    /// Sequences evaluated.
    pub sequences: usize,
    /// What was understood of model and data, assumed, or looks wrong.
    pub notes: Vec<String>,
    /// What the data are called.
    #[serde(skip)]
    data: String,
    /// Which sequences of the run's own data they are.
    evaluated_on: Option<HeldOut>,
    #[serde(flatten)]
    results: Results,
    warnings: Vec<String>,
}

impl Evaluation {
    /// The figures of the model; `None` where no answers were given.
    pub fn summary(&self) -> Option<&Summary> {
        match &self.figures {
            Figures::Known(summary) => Some(summary),
            Figures::Unknown { .. } => None,
        }
    }
}

/// The figures of an evaluation.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Figures {
    Known(Box<Summary>),
    /// No answers were given.
    Unknown {
        metric_name: Option<&'static str>,
        metric: Option<f64>,
        solved: Option<bool>,
        updates_mean: f64,
        #[serde(skip)]
        samples_mean: f64,
    },
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.figures {
            Figures::Known(summary) => write!(f, "{summary}")?,
            Figures::Unknown {
                updates_mean,
                samples_mean,
                ..
            } => write!(
                f,
                "{updates_mean:.2} of {samples_mean:.1} samples used; no labels: give --y, or a folder with labels.csv, for the metric"
            )?,
        }
        match self.evaluated_on {
            Some(HeldOut::Validation) => write!(
                f,
                ", on the {} sequences of the validation part, which chose this model: there is no test part; train with \
                 --test-share, or give --x and --y",
                self.sequences
            )?,
            Some(_) => write!(f, ", on {} held-out sequences", self.sequences)?,
            None => write!(f, ", on the {} sequences of {}", self.sequences, self.data)?,
        }
        f.write_str(&notes(&self.notes))
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

/// Runs the float model.
pub fn evaluate(args: &EvalArgs) -> anyhow::Result<Evaluation> {
    let started = Instant::now();
    let run = Run::open(&args.run)?;
    let source = run.source();
    let data = inputs::resolve(&args.input, &run.input(), source.as_ref(), inputs::EVALUATION_COUNT)?;
    let warnings = data.changed_since(&run);
    let outcomes = run.outcomes(&data.x, args.dial, args.input.seed)?;
    let (outputs, schedules): (Vec<_>, Vec<_>) = outcomes.into_iter().map(|o| (o.output, o.updates)).unzip();
    let description = &run.model.description;
    let updates_mean = mean_updates(&schedules);
    let samples_mean = samples_mean(&data.x);
    let metric = match &data.y {
        Some(y) => Some(Metric::of(&data.name, description.objective, &outputs, y)?),
        None => None,
    };
    let answers = Answers {
        objective: description.objective,
        output_at: description.output_at,
        outputs: run.model.outputs,
    };
    let results = answers.results(outputs, &schedules, &args.result)?;
    let figures = match metric {
        Some(metric) => Figures::Known(Box::new(Summary::new(
            &run,
            &Found {
                metric,
                solved: solved(&description.task, metric),
                updates_mean,
                sequence_length: if data.x.lengths.is_empty() { data.x.length } else { 0 },
                samples_mean,
                seconds: started.elapsed().as_secs_f64(),
                steps: run.steps,
            },
        ))),
        None => Figures::Unknown {
            metric_name: None,
            metric: None,
            solved: None,
            updates_mean,
            samples_mean,
        },
    };
    Ok(Evaluation {
        figures,
        sequences: data.x.count,
        notes: [run.notes, data.notes].concat(),
        data: data.name,
        evaluated_on: data.held_out,
        results,
        warnings,
    })
}

/// Runs the command.
pub fn run(args: &EvalArgs, out: Output) -> anyhow::Result<()> {
    let evaluation = evaluate(args)?;
    warn(&evaluation.warnings);
    out.print(&serde_json::to_value(&evaluation)?, || evaluation.to_string());
    Ok(())
}
