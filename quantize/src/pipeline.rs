//! The steps from a float model to a blob and the report about it.

use crate::{
    Bar, Blob, Change, CurvePoint, Data, Error, Fidelity, FinetuneData, FinetuneOptions, FinetuneProgress,
    FinetuneResult, Format, IntegerModel, Options, RowRecord, TensorRange, bars,
    baseline::Baseline,
    calibrate::{ranges, tensor_ranges},
    choose::choose,
    compensate::moments,
    dequantize::dequantize,
    dial::dial_curve,
    fidelity::{Comparison, fidelity},
    finetune::{Outcome, finetune},
    gate_head_inputs::without_control_characters,
    layers::Context,
};
use float_model::{FloatModel, Objective, Sequences, Targets};
use serde::Serialize;
use skiprnn_nostd::format::PRE_FRACTION;

/// Sequences on which formats are compared, at most.
const COMPARED: usize = 512;
/// Standard error of an accuracy or a precision from which on the report says that it is uncertain.
const UNCERTAIN: f64 = 0.02;
/// The same of a mean squared error, as a share of it.
const UNCERTAIN_SHARE: f64 = 0.2;

/// What [`quantize`] gives.
#[derive(Debug)]
pub struct Quantized {
    /// The blob, parsed and proven.
    pub blob: Blob,
    /// The integers in it.
    pub integers: IntegerModel,
    /// The format taken.
    pub format: Format,
    /// Sizes, choices and losses.
    pub report: Report,
}

/// The report of one quantization.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Bytes of the blob.
    pub blob_bytes: usize,
    /// Bits of the recurrent weights.
    pub weights_bits: u8,
    /// Bits of the first layer's input weights.
    pub input_weights_bits: u8,
    /// The kernel that the blob is laid out and proven for.
    pub kernel: &'static str,
    /// Fractional bits of x, h and the pre-activations.
    pub fractions: (u8, u8, u8),
    /// What was clipped, replaced or rejected, in words.
    pub notes: Vec<String>,
    /// What the formats of x, h and c hold, and what the calibration data asked of them.
    pub tensors: Vec<TensorRange>,
    /// Sequences on which the formats were compared.
    pub compared_sequences: usize,
    /// Sequences on which the updates of the curve were measured.
    pub curve_sequences: usize,
    /// The trade-off curve in the blob, by rising dial.
    pub dial_curve: Vec<CurvePoint>,
    /// What is asked of the losses below.
    pub bars: Vec<Bar>,
    /// What fine-tuning brought, where it was taken.
    pub finetuned: Option<FinetuneResult>,
    /// The losses.
    #[serde(flatten)]
    pub fidelity: Fidelity,
}

/// Turns a model into a blob, calibrated and compared on `x` (and `y`, its answers).
///
/// # Errors
/// The model or the data are not valid or do not fit each other, or a row has no proven fixed-point form.
pub fn quantize(model: &FloatModel, x: &Sequences, y: Option<&Targets>, options: &Options) -> Result<Quantized, Error> {
    quantize_with_more(model, (x, y), None, options)
}

/// As [`quantize()`], with further sequences where those of `x` are few: ranges and formats are chosen on both, and the report's
/// losses are of `x` alone. Sequences that training saw may stand in `more`: a format is chosen by how close the integers come to
/// the model, which the model's answers to them do not change. Sequences of another shape than `x` are left out.
///
/// # Errors
/// As [`quantize()`].
pub fn quantize_with_more(
    model: &FloatModel,
    (x, y): Data<'_>,
    more: Option<&Sequences>,
    options: &Options,
) -> Result<Quantized, Error> {
    model.validate("model")?;
    without_control_characters("name", &options.name)?;
    for name in &model.description.class_names {
        without_control_characters("class_names", name)?;
    }
    if y.is_some_and(|y| y.count() != x.count) {
        return Err(Error::Data {
            file: "calibration data".into(),
            problem: format!("{} sequences but {} answers", x.count, y.map_or(0, Targets::count)),
        });
    }
    let mut notes = Vec::new();
    let compared = compared(x, more);
    let sample = compared.take(options.calibration_sequences.max(1));
    let ranges = ranges(model, &sample, options.percentile, &mut notes)?;
    let moments = moments(model, &sample);
    if moments.is_empty() {
        notes.push("too many units for compensated rounding: each weight is rounded for itself".into());
    }
    let context = Context {
        model,
        ranges: &ranges,
        moments: &moments,
        options,
    };
    let answers = y.map(|y| y.take(compared.count));
    let (integers, format) = choose(&context, &sample, &compared, answers.as_ref(), &mut notes)?;
    let mut quantized = finished(model, integers, format, notes, (x, y), options)?;
    quantized.report.compared_sequences = compared.count;
    let few = quantized.report.few(model.description.objective);
    quantized.report.notes.extend(few);
    Ok(quantized)
}

/// How many sequences beside `count` others formats should be compared on; `None` where those are enough.
pub fn extra_compared_sequences(count: usize) -> Option<usize> {
    COMPARED.checked_sub(count).filter(|n| *n > 0)
}

/// The sequences that formats are compared on: the first of `x`, filled up by `more`.
fn compared(x: &Sequences, more: Option<&Sequences>) -> Sequences {
    let mut all = x.take(COMPARED);
    let alike = |more: &&Sequences| {
        (more.length, more.channels) == (x.length, x.channels) && x.lengths.is_empty() && more.lengths.is_empty()
    };
    if let Some(more) = more.filter(alike) {
        let more = more.take(COMPARED - all.count);
        all.values.extend(more.values);
        all.count += more.count;
    }
    all
}

impl Report {
    /// A note where the sequences are too few for a metric that means something.
    fn few(&self, objective: Objective) -> Option<String> {
        let fidelity = &self.fidelity;
        let error = fidelity.metric_standard_error?;
        let limit = match objective {
            Objective::Regression => UNCERTAIN_SHARE * fidelity.metric_fixed?,
            Objective::Classification | Objective::Multilabel => UNCERTAIN,
        };
        if error <= limit {
            return None;
        }
        let error = float_model::rounded(error);
        Some(format!(
            "the metric, and that of the dial curve, is of {} sequences: uncertain by ±{error}; the formats were compared on {}",
            fidelity.sequences, self.compared_sequences
        ))
    }
}

/// The blob with its curve and its report.
fn finished(
    model: &FloatModel,
    mut integers: IntegerModel,
    format: Format,
    notes: Vec<String>,
    (x, y): (&Sequences, Option<&Targets>),
    options: &Options,
) -> Result<Quantized, Error> {
    let curve = dial_curve(&integers, (x, y), None, options)?;
    integers.dial_curve.clone_from(&curve);
    let blob = integers.blob()?;
    let fidelity = fidelity(&Comparison {
        original: model,
        dequantized: &dequantize(&integers),
        model: &blob.model(),
        x,
        y,
        threads: options.threads,
    })?;
    let report = Report {
        blob_bytes: blob.bytes().len(),
        weights_bits: format.weights().bits(),
        input_weights_bits: integers.layers[0].ih_width.bits(),
        kernel: format.name(),
        fractions: (integers.x_fraction, integers.h_fraction, PRE_FRACTION as u8),
        notes,
        tensors: tensor_ranges(model, &integers, &x.take(options.calibration_sequences.max(1))),
        compared_sequences: x.count,
        curve_sequences: x.count,
        dial_curve: curve,
        bars: bars(&fidelity, format, model.description.objective, options.solved_mse),
        finetuned: None,
        fidelity,
    };
    Ok(Quantized {
        blob,
        integers,
        format,
        report,
    })
}

impl Quantized {
    /// Fine-tunes the integers until they do what `original` does, and finishes the blob with them. `data` is what the
    /// blob was calibrated and reported on, and what the new one is reported on; `tuning` is what fine-tuning learns from,
    /// chooses by and confirms with. Where nothing is clearly better, the blob stays as it is, with a note in its report.
    ///
    /// # Errors
    /// Data that do not fit the model.
    pub fn finetune(
        mut self,
        original: &FloatModel,
        tuning: &FinetuneData,
        data: Data<'_>,
        recipe: &FinetuneOptions,
        options: &Options,
        observe: impl FnMut(&FinetuneProgress),
    ) -> Result<Quantized, Error> {
        let outcome = finetune(original, &self.integers, tuning, data.0, (recipe, options), observe)?;
        match outcome {
            Outcome::Better(integers, finetuned) => {
                let mut better = finished(original, *integers, self.format, self.report.notes, data, options)?;
                better.report.finetuned = Some(finetuned);
                better.report.compared_sequences = self.report.compared_sequences;
                Ok(better)
            }
            Outcome::Unchanged(note) => {
                self.report.notes.push(note);
                Ok(self)
            }
        }
    }

    /// Every figure of fidelity against those of another blob of the same model, on the same sequences.
    ///
    /// # Errors
    /// Data that do not fit the model.
    pub fn changes(
        &self,
        before: &Quantized,
        original: &FloatModel,
        data: Data<'_>,
        threads: usize,
    ) -> Result<Vec<Change>, Error> {
        Baseline::new(original, data, &before.integers, threads)?.changes(&self.integers, true)
    }

    /// The same blob with another dial curve: its updates are measured on `x` and on `more`, its metric on `x` and `y` alone.
    /// Sequences that training saw may stand in `more`: their updates are like others', their metric is better.
    ///
    /// # Errors
    /// Data that do not fit the model.
    pub fn with_dial_curve(
        mut self,
        (x, y): (&Sequences, Option<&Targets>),
        more: Option<&Sequences>,
        options: &Options,
    ) -> Result<Quantized, Error> {
        let curve = dial_curve(&self.integers, (x, y), more, options)?;
        self.integers.dial_curve.clone_from(&curve);
        self.blob = self.integers.blob()?;
        self.report.blob_bytes = self.blob.bytes().len();
        self.report.curve_sequences = x.count + more.map_or(0, |m| m.count);
        self.report.dial_curve = curve;
        Ok(self)
    }

    /// The fidelity of the blob on other data than it was made with.
    ///
    /// # Errors
    /// Data that do not fit the model.
    pub fn fidelity_on(
        &self,
        original: &FloatModel,
        x: &Sequences,
        y: Option<&Targets>,
        threads: usize,
    ) -> Result<Fidelity, Error> {
        fidelity(&Comparison {
            original,
            dequantized: &self.dequantized(),
            model: &self.blob.model(),
            x,
            y,
            threads,
        })
    }

    /// f32 parameters that are exactly the integers'.
    pub fn dequantized(&self) -> FloatModel {
        dequantize(&self.integers)
    }

    /// Biases and scales of a layer, 4 a unit.
    pub fn rows(&self, layer: usize) -> &[RowRecord] {
        &self.integers.layers[layer].rows
    }
}
