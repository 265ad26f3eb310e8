//! The steps from a float model to a judged blob.

use crate::{
    Bar, Blob, Change, Data, Error, Fidelity, Finetuned, Format, IntegerModel, Options, RowRecord, TensorRange, bars,
    calibrate::{ranges, tensor_ranges},
    choose::{Choice, choose},
    compensate::moments,
    dequantize::dequantize,
    dial::{CurvePoint, dial_curve},
    fidelity::{Case, judge},
    finetune::keep::Judge,
    layers::{Basis, integers},
};
use float_model::{FloatModel, Sequences, Targets};
use serde::Serialize;
use skiprnn_nostd::format::PRE_FRACTION;

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
    /// Sequences on which the updates of the curve were measured.
    pub curve_sequences: usize,
    /// The trade-off curve in the blob, by rising dial.
    pub dial_curve: Vec<CurvePoint>,
    /// What is asked of the losses below.
    pub bars: Vec<Bar>,
    /// What fine-tuning brought, where it was taken.
    pub finetuned: Option<Finetuned>,
    /// The losses.
    #[serde(flatten)]
    pub fidelity: Fidelity,
}

/// Turns a model into a blob, calibrated and judged on `x` (and `y`, its answers).
///
/// # Errors
/// The model or the data are not valid or do not fit each other, or a row has no proven fixed-point form.
pub fn quantize(model: &FloatModel, x: &Sequences, y: Option<&Targets>, options: &Options) -> Result<Quantized, Error> {
    model.validate("model")?;
    if y.is_some_and(|y| y.count() != x.count) {
        return Err(Error::Data {
            file: "calibration data".into(),
            problem: format!("{} sequences but {} answers", x.count, y.map_or(0, Targets::count)),
        });
    }
    let mut notes = Vec::new();
    let sample = x.take(options.calibration_sequences.max(1));
    let ranges = ranges(model, &sample, options.percentile, &mut notes)?;
    let moments = moments(model, &sample);
    if moments.is_empty() {
        notes.push("too many units for compensated rounding: each weight is rounded for itself".into());
    }
    let basis = Basis {
        model,
        ranges: &ranges,
        moments: &moments,
        options,
    };
    let (integers, format) = choose(&basis, &sample, x, y, &mut notes)?;
    finished(model, integers, format, notes, (x, y), options)
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
    integers.dial_curve = curve.iter().map(Into::into).collect();
    let blob = integers.blob()?;
    let fidelity = judge(&Case {
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

/// The dequantized model of a quantization, for comparisons.
impl Quantized {
    /// The same with the fine-tuned integers, judged anew.
    pub(crate) fn replaced(
        self,
        original: &FloatModel,
        integers: IntegerModel,
        finetuned: Finetuned,
        data: Data<'_>,
        options: &Options,
    ) -> Result<Quantized, Error> {
        let mut new = finished(original, integers, self.format, self.report.notes, data, options)?;
        new.report.finetuned = Some(finetuned);
        Ok(new)
    }

    /// The integers with another number of bits dropped from the h that byte planes multiply, calibrated on the first
    /// sequences of `x`.
    pub(crate) fn narrowed_by(
        &self,
        original: &FloatModel,
        x: &Sequences,
        h_drop: u8,
        options: &Options,
    ) -> Result<IntegerModel, Error> {
        let sample = x.take(options.calibration_sequences.max(1));
        let mut said = Vec::new();
        let basis = Basis {
            model: original,
            ranges: &ranges(original, &sample, options.percentile, &mut said)?,
            moments: &moments(original, &sample),
            options,
        };
        let choice = Choice {
            weights: self.format.weights(),
            input_width: self.integers.layers[0].ih_width,
            h_drop,
            hh_gain: self.integers.hh_gain.min(h_drop),
        };
        integers(&basis, choice, &mut said)
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
        Judge::new(original, data, &before.integers, threads)?.changes(&self.integers, true)
    }

    /// The same with a note in its report.
    pub(crate) fn noted(mut self, note: String) -> Quantized {
        self.report.notes.push(note);
        self
    }

    /// The same with another dial curve: its updates are measured on `x` and on `more`, its metric on `x` and `y` alone.
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
        self.integers.dial_curve = curve.iter().map(Into::into).collect();
        self.blob = self.integers.blob()?;
        self.report.blob_bytes = self.blob.bytes().len();
        self.report.curve_sequences = x.count + more.map_or(0, |m| m.count);
        self.report.dial_curve = curve;
        Ok(self)
    }

    /// Judges the blob on other data than it was made with.
    ///
    /// # Errors
    /// Data that do not fit the model.
    pub fn judge(
        &self,
        original: &FloatModel,
        x: &Sequences,
        y: Option<&Targets>,
        threads: usize,
    ) -> Result<Fidelity, Error> {
        judge(&Case {
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
