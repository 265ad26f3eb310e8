//! `skiprnn fidelity`: what each integer format costs a model, on held-out data, against what is asked of it.

mod changes;
mod curve;

use crate::{
    inputs::{self, Run},
    output::{self, Output},
};
use anyhow::Context;
use clap::Args;
use float_model::{Metric, Sequences, Targets};
use quantize::{Bar, Fidelity, Format, Options, Quantized, Width};
use serde::Serialize;
use serde_json::json;
use std::{fmt::Write, path::PathBuf, time::Instant};

/// Options of `fidelity`.
#[derive(Args, Debug)]
pub struct FidelityArgs {
    /// Run folders whose config.toml names their data.
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// Write the table to this file, as Markdown.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Held-out sequences of a generated task; of a dataset, the first N of its test part. [default: 2000; a dataset: all]
    #[arg(long)]
    pub n: Option<usize>,
    /// Only this format; may be given several times. [default: all]
    #[arg(long = "integer-format", alias = "format", value_parser = parse_format)]
    pub format: Vec<Format>,
    /// Also fine-tune the first of the formats; minutes.
    #[arg(long)]
    pub finetune: bool,
    /// Validation sequences to calibrate on.
    #[arg(long = "calibration-sequences", alias = "calibration", default_value_t = 64)]
    pub calibration: usize,
    /// Seed of generated held-out sequences; training never draws from this stream.
    #[arg(long, default_value_t = 1_000_003)]
    pub seed: u64,
}

fn parse_format(text: &str) -> Result<Format, String> {
    let names = || Format::ALL.map(Format::name).join(", ");
    let found = Format::ALL.into_iter().find(|f| f.name() == text);
    found.ok_or_else(|| format!("there are {}", names()))
}

/// How a row of the table differs from calibration alone in its format.
#[derive(Clone, Copy, Default, Serialize)]
struct Variant {
    input_weights: Option<Width>,
    h_fraction: Option<u8>,
    finetuned: bool,
}

/// What gives 8-bit rows back what inputs that reach far take from them: tried where the inputs have 8-bit weights.
const WIDER: [Variant; 3] = [
    Variant {
        input_weights: Some(Width::Sixteen),
        h_fraction: None,
        finetuned: false,
    },
    Variant {
        input_weights: None,
        h_fraction: Some(14),
        finetuned: false,
    },
    Variant {
        input_weights: None,
        h_fraction: Some(13),
        finetuned: false,
    },
];

/// Sequences of a generated task where nothing else is said.
const COUNT: usize = 2000;

/// One format of one model.
#[derive(Serialize)]
struct Row {
    model: String,
    format: &'static str,
    #[serde(flatten)]
    variant: Variant,
    blob_bytes: usize,
    /// Calibration, choice and proofs, and fine-tuning where it was asked for; without the dial curve.
    quantize_seconds: f64,
    bars: Vec<Bar>,
    missed: Vec<&'static str>,
    #[serde(flatten)]
    fidelity: Fidelity,
}

impl Row {
    fn name(&self) -> String {
        let mut name = self.format.to_owned();
        if self.variant.input_weights == Some(Width::Sixteen) {
            name += ", i16 inputs";
        }
        if let Some(f) = self.variant.h_fraction {
            let _ = write!(name, ", h Q{}.{f}", 15 - f);
        }
        if self.variant.finetuned {
            name += ", fine-tuned";
        }
        name
    }
}

/// A run with the data that it is calibrated and judged on.
struct Subject {
    run: Run,
    solved_mse: Option<f64>,
    /// The whole validation part, by which fine-tuning chooses.
    validation: (Sequences, Targets),
    calibration: (Sequences, Targets),
    held_out: (Sequences, Targets),
}

fn open(path: &std::path::Path, args: &FidelityArgs) -> anyhow::Result<Subject> {
    let run = Run::open(path)?;
    let config = run
        .config
        .as_ref()
        .with_context(|| format!("{}: no config.toml beside the model names its data", path.display()))?;
    let data = &config.data;
    let (x, y) = data
        .validation(config.seed)
        .with_context(|| path.display().to_string())?;
    let (held_x, held_y) = data
        .evaluation(args.n.unwrap_or(COUNT), args.seed)
        .with_context(|| path.display().to_string())?;
    let most = args.n.unwrap_or(usize::MAX);
    Ok(Subject {
        solved_mse: match data.solved_threshold() {
            Some(Metric::Mse(solved)) => Some(solved),
            _ => None,
        },
        calibration: (x.take(args.calibration), y.take(args.calibration)),
        validation: (x, y),
        held_out: (held_x.take(most), held_y.take(most)),
        run,
    })
}

fn measure(subject: &Subject, format: Format, variant: Variant) -> anyhow::Result<(Row, Quantized)> {
    let options = Options {
        name: subject.run.name(),
        solved_mse: subject.solved_mse,
        dials: Some(Vec::new()),
        threads: inputs::threads(),
        input_weights: variant.input_weights,
        h_fraction: variant.h_fraction,
        ..Options::default()
    };
    let options = options.with_format(format);
    let (x, y) = &subject.calibration;
    let started = Instant::now();
    let mut quantized = quantize::quantize(&subject.run.model, x, Some(y), &options)?;
    if variant.finetuned {
        let (x, y) = &subject.validation;
        let data = (x, Some(y));
        let tuning = crate::quantize::finetune_data(&subject.run, data)?.context("the run names its data")?;
        quantized = crate::quantize::finetuned(&subject.run, quantized, &tuning, data, None, &options)?;
    }
    let quantize_seconds = started.elapsed().as_secs_f64();
    let (x, y) = &subject.held_out;
    let fidelity = quantized.fidelity_on(&subject.run.model, x, Some(y), options.threads)?;
    let bars = quantize::bars(
        &fidelity,
        format,
        subject.run.model.description.objective,
        subject.solved_mse,
    );
    let row = Row {
        model: subject.run.name(),
        format: format.name(),
        variant,
        blob_bytes: quantized.blob.bytes().len(),
        quantize_seconds,
        missed: bars.iter().filter(|b| !b.met()).map(|b| b.name).collect(),
        bars,
        fidelity,
    };
    Ok((row, quantized))
}

/// Measures, and says how long it took.
fn measured(subject: &Subject, format: Format, variant: Variant) -> anyhow::Result<(Row, Quantized)> {
    let (row, quantized) = measure(subject, format, variant)?;
    eprintln!(
        "{} {}: {:.1} s to quantize",
        row.model,
        row.name(),
        row.quantize_seconds
    );
    Ok((row, quantized))
}

/// Runs the command.
pub fn run(args: &FidelityArgs, out: Output) -> anyhow::Result<()> {
    let (mut rows, mut points, mut moved) = (Vec::new(), Vec::new(), Vec::new());
    for path in &args.runs {
        let subject = open(path, args)?;
        let wanted = |f: &Format| args.format.is_empty() || args.format.contains(f);
        for (k, format) in Format::ALL.into_iter().filter(wanted).enumerate() {
            let (row, calibrated) = measured(&subject, format, Variant::default())?;
            rows.push(row);
            if k > 0 {
                continue;
            }
            if calibrated.report.input_weights_bits == 8 {
                for variant in WIDER {
                    rows.push(measured(&subject, format, variant)?.0);
                }
            }
            if args.finetune {
                let tuned = Variant {
                    finetuned: true,
                    ..Variant::default()
                };
                let (row, tuned) = measured(&subject, format, tuned)?;
                rows.push(row);
                let (x, y) = &subject.held_out;
                moved.push(changes::Moved::of(&subject.run, &tuned, &calibrated, (x, Some(y)))?);
            }
            if subject.run.model.gate.is_some() {
                let (x, y) = &subject.validation;
                let more = crate::quantize::more_for_curve(&subject.run, x.count, usize::MAX)?;
                let held_out = &subject.held_out.0;
                let name = subject.run.name();
                points.extend(curve::points(&name, calibrated, (x, y), more.as_ref(), held_out)?);
            }
        }
    }
    let table = markdown(&rows, args) + &changes::markdown(&moved) + &curve::markdown(&points);
    if let Some(path) = &args.out {
        output::write_atomically(path, table.as_bytes())?;
    }
    out.print(&json!({ "rows": rows, "finetuning": moved, "curves": points }), || {
        table
    });
    Ok(())
}

fn metric(v: Option<f64>) -> String {
    match v {
        None => "-".into(),
        Some(v) if v < 0.1 => format!("{v:.2e}"),
        Some(v) => format!("{v:.4}"),
    }
}

fn markdown(rows: &[Row], args: &FidelityArgs) -> String {
    let mut s = format!(
        "# Fidelity of the integers\n\n\
         Written by `skiprnn fidelity`, measured on held-out data: {COUNT} fresh sequences of a generated task, or the whole\n\
         test part of a dataset; calibrated on {} sequences of the validation part. *Float* is the original model, *fixed*\n\
         what the chip computes; metric is accuracy, or mean squared error where it is below 0.1. *Arithmetic* compares the\n\
         integers with f32 on the same rounded parameters, so that it judges the integer arithmetic alone; h error is the\n\
         largest error of the hidden state after any update, on the float schedule. The last column names every bar that is\n\
         missed (`quantize/src/bars.rs` lists them). A fine-tuned row saw nothing of these sequences; what changed is below.\n\n\
         | model | format | bytes | sequences | metric, float | fixed | updates, float | fixed | same decision | same schedule | \
         arithmetic: same decision | same schedule | h error | missed |\n\
         | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --- |\n",
        args.calibration
    );
    for r in rows {
        let f = &r.fidelity;
        let percent = |v: f64| format!("{:.2} %", 100.0 * v);
        // Writing to a String cannot fail.
        let _ = writeln!(
            s,
            "| {} | {} | {} | {} | {} | {} | {:.3} | {:.3} | {} | {} | {} | {} | {:.1e} | {} |",
            r.model,
            r.name(),
            r.blob_bytes,
            f.sequences,
            metric(f.metric_float),
            metric(f.metric_fixed),
            f.updates_float,
            f.updates_fixed,
            percent(f.same_decision),
            percent(f.same_schedule),
            percent(f.arith_same_decision),
            percent(f.arith_same_schedule),
            f.arith_max_abs_h_error,
            if r.missed.is_empty() {
                "none".into()
            } else {
                r.missed.join(", ")
            }
        );
    }
    s
}
