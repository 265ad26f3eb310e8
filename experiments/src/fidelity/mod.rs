//! What each integer format costs a model on held-out data, against the bars that the format has to meet.

mod changes;
mod curve;

pub use changes::FinetuneEffect;
pub use curve::CurveCheck;

use crate::{Error, TrainedModel, held_out::SEED, processors};
use float_model::{Metric, Sequences, Targets};
use quantize::{
    Bar, Fidelity, FinetuneData, FinetuneOptions, FinetuneProgress, Format, Options as QuantizeOptions, Quantized,
    Width,
};
use serde::Serialize;
use std::{fmt::Write, path::PathBuf, time::Instant};

/// Which models and formats are measured, on which sequences.
#[derive(Debug, Clone)]
pub struct Options {
    /// Run folders whose config.toml names their data.
    pub runs: Vec<PathBuf>,
    /// Held-out sequences of a generated task; of a dataset, the first of its test part. Without it 2,000; a dataset: all.
    pub n: Option<usize>,
    /// The formats; empty: all.
    pub formats: Vec<Format>,
    /// Whether the first of the formats is also fine-tuned.
    pub finetune: bool,
    /// Validation sequences to calibrate on.
    pub calibration: usize,
    /// Seed of generated held-out sequences.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            runs: Vec::new(),
            n: None,
            formats: Vec::new(),
            finetune: false,
            calibration: 64,
            seed: SEED,
        }
    }
}

/// What happens meanwhile, for a command line to show.
pub enum Event<'a> {
    /// Fine-tuning has looked at its sequences.
    Finetuning(&'a FinetuneProgress),
    /// A row of the table is measured.
    Measured(&'a Row),
}

/// Shows events.
pub type Observer<'a> = &'a mut dyn FnMut(&Event<'_>);

/// How a row of the table differs from calibration alone in its format.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Variant {
    /// The width of the input weights, where it is not the format's.
    pub input_weights: Option<Width>,
    /// Fractional bits of h, where they are not the format's.
    pub h_fraction: Option<u8>,
    /// Whether the integers are fine-tuned.
    pub finetuned: bool,
}

/// Variants that are tried where the inputs have 8-bit weights: a wide range of the inputs costs such rows resolution.
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
#[derive(Debug, Serialize)]
pub struct Row {
    /// The name of the model.
    pub model: String,
    /// The name of the format.
    pub format: &'static str,
    /// How the row differs from calibration alone.
    #[serde(flatten)]
    pub variant: Variant,
    /// Size of the blob.
    pub blob_bytes: usize,
    /// Seconds of calibration, choice and proofs, and of fine-tuning where it was asked for; without the dial curve.
    pub quantize_seconds: f64,
    /// The bars of the format.
    pub bars: Vec<Bar>,
    /// Names of the bars that are missed.
    pub missed: Vec<&'static str>,
    /// The figures.
    #[serde(flatten)]
    pub fidelity: Fidelity,
}

impl Row {
    /// The format and what is different, in words.
    #[must_use]
    pub fn name(&self) -> String {
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

/// A run with the data that it is calibrated and evaluated on.
struct Subject {
    run: TrainedModel,
    solved_mse: Option<f64>,
    /// The whole validation part, by which fine-tuning chooses.
    validation: (Sequences, Targets),
    calibration: (Sequences, Targets),
    held_out: (Sequences, Targets),
    /// What was understood of the held-out data, or looks wrong.
    notes: Vec<String>,
}

impl Subject {
    fn open(path: &std::path::Path, options: &Options) -> Result<Subject, Error> {
        let run = TrainedModel::open(path)?;
        let missing = || Error::data(path.display(), "no config.toml beside the model names its data");
        let config = run.config.as_ref().ok_or_else(missing)?;
        let data = &config.data;
        if !data.has_test_part() {
            let problem =
                "missing, and formats are measured on held-out data; train with --test-share, or --test-x and --test-y";
            return Err(Error::in_run(path)(Error::input("test part", problem)));
        }
        let in_run = |e: host_train::Error| Error::in_run(path)(e.into());
        let (x, y) = data.validation(config.seed).map_err(in_run)?;
        let count = options.n.unwrap_or(COUNT);
        let most = options.n.unwrap_or(usize::MAX);
        let held_out = run.input().held_out(data, (count, options.seed), most);
        let held_out = held_out.map_err(Error::in_run(path))?;
        Ok(Subject {
            solved_mse: match data.solved_threshold() {
                Some(Metric::Mse(solved)) => Some(solved),
                _ => None,
            },
            calibration: (x.take(options.calibration), y.take(options.calibration)),
            validation: (x, y),
            held_out: (held_out.x, held_out.y),
            notes: held_out.notes,
            run,
        })
    }

    fn measure(&self, format: Format, variant: Variant, observer: Observer<'_>) -> Result<(Row, Quantized), Error> {
        let options = QuantizeOptions {
            name: self.run.name(),
            solved_mse: self.solved_mse,
            dials: Some(Vec::new()),
            threads: processors(),
            input_weights: variant.input_weights,
            h_fraction: variant.h_fraction,
            ..QuantizeOptions::default()
        };
        let options = options.with_format(format);
        let (x, y) = &self.calibration;
        let started = Instant::now();
        let mut quantized = quantize::quantize(&self.run.model, x, Some(y), &options)?;
        if variant.finetuned {
            let data = (&self.validation.0, Some(&self.validation.1));
            let nameless = || {
                Error::data(
                    self.run.file.display(),
                    "no config.toml beside the model names its data",
                )
            };
            let tuning = self.run.finetune_data(data)?.ok_or_else(nameless)?;
            if !tuning.is_enough() {
                let problem = format!(
                    "{} sequences are too few to learn from, to choose by and to confirm; give at least {}",
                    data.0.count,
                    FinetuneData::LEAST
                );
                return Err(Error::option("finetune", problem));
            }
            let recipe = FinetuneOptions::default();
            quantized = quantized.finetune(&self.run.model, &tuning, data, &recipe, &options, |p| {
                observer(&Event::Finetuning(p));
            })?;
        }
        let quantize_seconds = started.elapsed().as_secs_f64();
        let (x, y) = &self.held_out;
        let fidelity = quantized.fidelity_on(&self.run.model, x, Some(y), options.threads)?;
        let objective = self.run.model.description.objective;
        let bars = quantize::bars(&fidelity, format, objective, self.solved_mse);
        let row = Row {
            model: self.run.name(),
            format: format.name(),
            variant,
            blob_bytes: quantized.blob.bytes().len(),
            quantize_seconds,
            missed: bars.iter().filter(|b| !b.met()).map(|b| b.name).collect(),
            bars,
            fidelity,
        };
        observer(&Event::Measured(&row));
        Ok((row, quantized))
    }
}

/// The figures of all models and formats.
#[derive(Debug, Serialize)]
pub struct Table {
    /// Each model in each format.
    pub rows: Vec<Row>,
    /// What fine-tuning changed.
    #[serde(rename = "finetuning")]
    pub finetune_effects: Vec<FinetuneEffect>,
    /// Dial curves against held-out sequences.
    pub curves: Vec<CurveCheck>,
    /// What was understood of models and data, assumed, or looks wrong.
    pub notes: Vec<String>,
    /// Sequences that were calibrated on.
    #[serde(skip)]
    calibration: usize,
    /// Fresh sequences of a generated task.
    #[serde(skip)]
    fresh: usize,
}

impl Table {
    /// Quantizes every model in every format and measures it on held-out data.
    ///
    /// # Errors
    /// Runs that cannot be read, models that cannot be quantized.
    pub fn measure(options: &Options, observer: Observer<'_>) -> Result<Table, Error> {
        let mut table = Table {
            rows: Vec::new(),
            finetune_effects: Vec::new(),
            curves: Vec::new(),
            notes: Vec::new(),
            calibration: options.calibration,
            fresh: options.n.unwrap_or(COUNT),
        };
        for path in &options.runs {
            table.add(&Subject::open(path, options)?, options, observer)?;
        }
        Ok(table)
    }

    fn add(&mut self, subject: &Subject, options: &Options, observer: Observer<'_>) -> Result<(), Error> {
        let notes = subject.run.notes.iter().chain(&subject.notes);
        self.notes
            .extend(notes.map(|note| format!("{}: {note}", subject.run.name())));
        let wanted = |f: &Format| options.formats.is_empty() || options.formats.contains(f);
        for (k, format) in Format::ALL.into_iter().filter(wanted).enumerate() {
            let (row, calibrated) = subject.measure(format, Variant::default(), observer)?;
            self.rows.push(row);
            if k > 0 {
                continue;
            }
            if calibrated.report.input_weights_bits == 8 {
                for variant in WIDER {
                    self.rows.push(subject.measure(format, variant, observer)?.0);
                }
            }
            if options.finetune {
                let variant = Variant {
                    finetuned: true,
                    ..Variant::default()
                };
                let (row, tuned) = subject.measure(format, variant, observer)?;
                self.rows.push(row);
                let (x, y) = &subject.held_out;
                let effect = FinetuneEffect::of(&subject.run, &tuned, &calibrated, (x, Some(y)))?;
                self.finetune_effects.push(effect);
            }
            if subject.run.model.gate.is_some() {
                let (x, y) = &subject.validation;
                let more = subject.run.more_for_curve(x.count, usize::MAX)?;
                let (held_out, name) = (&subject.held_out.0, subject.run.name());
                let points = curve::check(&name, calibrated, (x, y), more.as_ref(), held_out)?;
                self.curves.extend(points);
            }
        }
        Ok(())
    }

    /// The tables as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        rows_markdown(&self.rows, self.calibration, self.fresh)
            + &changes::markdown(&self.finetune_effects)
            + &curve::markdown(&self.curves)
    }
}

fn metric(v: Option<f64>) -> String {
    match v {
        None => "-".into(),
        Some(v) if v < 0.1 => format!("{v:.2e}"),
        Some(v) => format!("{v:.4}"),
    }
}

fn rows_markdown(rows: &[Row], calibration: usize, fresh: usize) -> String {
    let mut s = format!(
        "# Fidelity of the integers\n\n\
         Written by `skiprnn fidelity`, measured on held-out data: {fresh} fresh sequences of a generated task, or the whole\n\
         test part of a dataset; calibrated on {calibration} sequences of the validation part. *Float* is the original model, *fixed*\n\
         what the chip computes; metric is accuracy, or mean squared error where it is below 0.1. *Arithmetic* compares the\n\
         integers with f32 on the same rounded parameters, so that it measures the integer arithmetic alone; h error is the\n\
         largest error of the hidden state after any update, on the float schedule. The last column names every bar that is\n\
         missed (`quantize/src/bars.rs` lists them). A fine-tuned row saw nothing of these sequences; what changed is below.\n\n\
         | model | format | bytes | sequences | metric, float | fixed | updates, float | fixed | same decision | same schedule | \
         arithmetic: same decision | same schedule | h error | missed |\n\
         | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --- |\n"
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
