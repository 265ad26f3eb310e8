//! The steps from a float model to a judged blob.

use crate::{
    Blob, Error, Fidelity, IntegerModel, Kernel, Options, RowRecord, Simulator, Width,
    calibrate::{Ranges, fraction_bits, ranges},
    choose::{Choice, choose},
    dequantize::dequantize,
    fidelity::{Case, judge},
    integers::{DialPoint, IntegerChannel, IntegerGate, IntegerLayer, Source},
    rows::{IntegerRow, RealRow, quantize_row, record, smallest_scale},
    simulate::counts,
};
use float_model::{Family, FloatModel, Metric, Sequences, Targets};
use serde::Serialize;
use skiprnn_nostd::{
    format::{CELL_LIMIT, PRE_FRACTION},
    narrowed,
};

/// What [`quantize`] gives.
#[derive(Debug)]
pub struct Quantized {
    /// The blob, parsed and proven.
    pub blob: Blob,
    /// The integers in it.
    pub integers: IntegerModel,
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
    /// What was clipped or replaced, in words.
    pub notes: Vec<String>,
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
    let ranges = ranges(model, &sample)?;
    let mut integers = choose(model, &ranges, &sample, options, &mut notes)?;
    integers.dial_curve = dial_curve(&integers, x, y, options)?;
    let blob = integers.blob()?;
    let dequantized = dequantize(&integers);
    let fidelity = judge(&Case {
        original: model,
        dequantized: &dequantized,
        model: &blob.model(),
        x,
        y,
        threads: options.threads,
    })?;
    let report = Report {
        blob_bytes: blob.bytes().len(),
        weights_bits: options.weights.bits(),
        input_weights_bits: integers.layers[0].ih_width.bits(),
        kernel: match (integers.kernel, options.weights) {
            (Kernel::BytePlane, _) => "byte-plane-i8",
            (Kernel::Block, Width::Eight) => "block-i8-a16",
            (Kernel::Block, Width::Sixteen) => "block-i16-a16",
        },
        fractions: (integers.x_fraction, integers.h_fraction, PRE_FRACTION as u8),
        notes,
        fidelity,
    };
    Ok(Quantized { blob, integers, report })
}

fn dial_curve(
    integers: &IntegerModel,
    x: &Sequences,
    y: Option<&Targets>,
    options: &Options,
) -> Result<Vec<DialPoint>, Error> {
    let blob = integers.blob()?;
    let parsed = blob.model();
    let counts = counts(&parsed, "calibration data", x)?;
    let mut dials = if integers.gate.is_some() {
        options.dials.clone()
    } else {
        Vec::new()
    };
    dials.push(0.0);
    dials.sort_by(f64::total_cmp);
    dials.dedup();
    let mut curve = Vec::new();
    for dial in dials {
        let simulator = Simulator::new(&parsed)?.with_dial(dial);
        let runs = simulator.run_all(&counts, x.length, options.threads);
        let updates = runs.iter().map(|r| r.updates.len()).sum::<usize>() as f64 / runs.len() as f64;
        let metric = match y {
            None => f64::NAN,
            Some(y) => {
                let outputs: Vec<Vec<f32>> = runs.iter().map(|r| simulator.outputs(r)).collect();
                Metric::of(
                    "calibration data",
                    integers.source.model.description.objective,
                    &outputs,
                    y,
                )?
                .value()
            }
        };
        curve.push(DialPoint {
            dial,
            updates_mean: updates as f32,
            metric: metric as f32,
        });
    }
    Ok(curve)
}

/// Rounds everything, in given formats.
pub(crate) fn integers(
    model: &FloatModel,
    ranges: &Ranges,
    options: &Options,
    choice: Choice,
    notes: &mut Vec<String>,
) -> Result<IntegerModel, Error> {
    let d = &model.description;
    let x_fraction = fraction_bits(ranges.x, 8);
    let h_fraction = fraction_bits(ranges.h0.max(1.0), 13);
    let h_step = f64::from(1u32 << h_fraction);
    let family = model.cell.family();
    let mut layers = Vec::new();
    let mut x_max = 32_768;
    for (k, layer) in model.layers.iter().enumerate() {
        let h0: Vec<i16> = layer.h0.iter().map(|v| clamp_16(f64::from(*v) * h_step)).collect();
        if layer.h0.iter().any(|v| f64::from(v.abs()) > 32_768.0 / h_step) {
            notes.push(format!("h0 of layer {k} reaches beyond ±4 and was clipped"));
        }
        let h_max = h0
            .iter()
            .fold(1u32 << h_fraction, |m, h| m.max(h.unsigned_abs().into()));
        let formats = Formats {
            ih_width: if k == 0 { choice.input_width } else { options.weights },
            hh_width: options.weights,
            x_scale: 2f64.powi(i32::from(h_fraction) - i32::from(if k == 0 { x_fraction } else { h_fraction })),
            h_step,
            x_max,
            h_max,
            h_drop: choice.h_drop,
        };
        let c0 = layer.c0.iter().map(|v| (f64::from(*v) * f64::from(1 << 24)).round());
        let (least, most) = (f64::from(-CELL_LIMIT), f64::from(CELL_LIMIT - 1));
        if c0.clone().any(|c| !(least..=most).contains(&c)) {
            notes.push(format!("c0 of layer {k} reaches beyond ±64 and was clipped"));
        }
        let c0 = c0.map(|c| c.clamp(least, most) as i32).collect();
        layers.push(integer_layer(model, k, &formats, h0, c0)?);
        x_max = h_max;
    }
    let (head_weight, head_bias, logit_scale) = head(model, h_step, x_max);
    let sequence_length = d.sequence_length as u32;
    if sequence_length == 0 && options.max_skip.is_none() && model.gate.is_some() {
        return Err(Error::unquantizable(
            "sequence_length",
            "an endless stream needs a bound: give --max-skip",
        ));
    }
    Ok(IntegerModel {
        family,
        inputs: model.input,
        hidden: model.hidden,
        outputs: model.outputs,
        sequence_length,
        max_skip: options.max_skip.unwrap_or(u32::MAX),
        sample_period_ns: (d.sample_period_s * 1e9).round().max(0.0) as u64,
        x_fraction,
        h_fraction,
        kernel: if choice.h_drop == 0 {
            Kernel::Block
        } else {
            Kernel::BytePlane
        },
        h_drop: choice.h_drop,
        layers,
        gate: model
            .gate
            .as_ref()
            .map(|g| gate(g, if family == Family::Lstm { 24 } else { h_fraction })),
        head_weight,
        head_bias,
        logit_scale,
        channels: channels(model, ranges, x_fraction, notes)?,
        dial_curve: vec![DialPoint {
            dial: 0.0,
            updates_mean: 0.0,
            metric: f32::NAN,
        }],
        source: Source {
            name: options.name.clone(),
            model: model.clone(),
        },
    })
}

/// The formats of one layer.
struct Formats {
    ih_width: Width,
    hh_width: Width,
    /// 2^(h fraction - x fraction): puts x in the unit of h.
    x_scale: f64,
    h_step: f64,
    x_max: u32,
    h_max: u32,
    h_drop: u8,
}

fn clamp_16(v: f64) -> i16 {
    v.round().clamp(-32_768.0, 32_767.0) as i16
}

fn integer_layer(
    model: &FloatModel,
    k: usize,
    formats: &Formats,
    h0: Vec<i16>,
    c0: Vec<i32>,
) -> Result<IntegerLayer, Error> {
    let layer = &model.layers[k];
    let (h, family) = (model.hidden, model.cell.family());
    let g = family.gates();
    let inputs = layer.weight_ih.len() / (g * h);
    let plane_max = narrowed(formats.h_max, formats.h_drop);
    let mut out = IntegerLayer {
        ih_width: formats.ih_width,
        hh_width: formats.hh_width,
        weight_ih: Vec::new(),
        weight_hh: Vec::new(),
        rows: Vec::new(),
        units: Vec::new(),
        h0,
        c0,
    };
    for unit in 0..h {
        for gate in 0..g {
            let r = gate * h + unit;
            let ih: Vec<f64> = layer.weight_ih[r * inputs..][..inputs]
                .iter()
                .map(|w| f64::from(*w) * formats.x_scale)
                .collect();
            let hh: Vec<f64> = layer.weight_hh[r * h..][..h].iter().map(|w| f64::from(*w)).collect();
            let (bias_x, bias_h) = (f64::from(layer.bias_ih[r]), f64::from(layer.bias_hh[r]));
            let row = |ih: &[f64], hh: &[f64], bias: f64| {
                quantize_row(&RealRow {
                    field: format!("weight_ih_l{k}/weight_hh_l{k}, row {r}"),
                    ih,
                    hh,
                    bias: bias * formats.h_step,
                    ih_width: formats.ih_width,
                    hh_width: formats.hh_width,
                    x_max: formats.x_max,
                    h_max: plane_max << formats.h_drop,
                    plane_max: (formats.h_drop > 0 && (gate == 1 || gate == 3)).then_some(plane_max),
                })
            };
            let mut keep = |q: &IntegerRow| -> Result<(), Error> {
                let unit = q.scale / formats.h_step;
                out.rows.push(record(&format!("layer {k}, row {r}"), q.bias, unit)?);
                out.units.push(unit);
                Ok(())
            };
            if family == Family::Gru && gate == 2 {
                let (over_x, over_h) = (row(&ih, &[], bias_x)?, row(&[], &hh, bias_h)?);
                keep(&over_x)?;
                keep(&over_h)?;
                out.weight_ih.extend(over_x.ih);
                out.weight_hh.extend(over_h.hh);
            } else {
                let q = row(&ih, &hh, bias_x + bias_h)?;
                keep(&q)?;
                out.weight_ih.extend(q.ih);
                out.weight_hh.extend(q.hh);
            }
        }
    }
    Ok(out)
}

/// A power-of-two scale with 14 to 15 significant bits in the largest weight; the bias is exact to the last bit of
/// the 64-bit accumulator.
fn gate(gate: &float_model::Gate, state_fraction: u8) -> IntegerGate {
    let largest = gate.weight.iter().fold(0.0f64, |m, w| m.max(f64::from(w.abs())));
    let bits = if largest == 0.0 {
        15
    } else {
        (32_767.0 / largest).log2().floor() as i32
    };
    let fraction = (bits + i32::from(state_fraction)).clamp(16, 47);
    let scale = 2f64.powi(fraction - i32::from(state_fraction));
    IntegerGate {
        weight: gate.weight.iter().map(|w| clamp_16(f64::from(*w) * scale)).collect(),
        bias: (f64::from(gate.bias) * 2f64.powi(fraction)).round() as i64,
        fraction: fraction as u8,
    }
}

/// One scale for all outputs, the finest whose sums are proven, so that raw logits can be compared.
fn head(model: &FloatModel, h_step: f64, h_max: u32) -> (Vec<i16>, Vec<i32>, f64) {
    let rows: Vec<Vec<f64>> = model
        .head
        .weight
        .chunks_exact(model.hidden)
        .map(|r| r.iter().map(|w| f64::from(*w)).collect())
        .collect();
    let scale = rows
        .iter()
        .zip(&model.head.bias)
        .map(|(row, bias)| {
            smallest_scale(&RealRow {
                field: String::new(),
                ih: &[],
                hh: row,
                bias: f64::from(*bias) * h_step,
                ih_width: Width::Sixteen,
                hh_width: Width::Sixteen,
                x_max: 0,
                h_max,
                plane_max: None,
            })
        })
        .fold(0.0, f64::max);
    // Rounding can lift each weight by half a step: leave room for that.
    let scale = if scale == 0.0 {
        1.0
    } else {
        scale * (1.0 + model.hidden as f64 * f64::from(h_max) / 4.2e9)
    };
    let weight = rows.iter().flatten().map(|w| clamp_16(w / scale)).collect();
    let bias = model
        .head
        .bias
        .iter()
        .map(|b| (f64::from(*b) * h_step / scale).round() as i32)
        .collect();
    (weight, bias, scale / h_step)
}

fn channels(
    model: &FloatModel,
    ranges: &Ranges,
    x_fraction: u8,
    notes: &mut Vec<String>,
) -> Result<Vec<IntegerChannel>, Error> {
    let known = &model.description.channels;
    let mut out = Vec::new();
    for k in 0..model.input {
        let (mean, std) = (f64::from(model.input_mean[k]), f64::from(model.input_std[k]));
        let (name, unit, full_scale) = match known.get(k) {
            Some(c) => (c.name.clone(), c.unit.clone(), c.full_scale),
            None => {
                let reach = (ranges.x * std + mean.abs()).max(1e-6).log2().ceil().exp2() as f32;
                notes.push(format!(
                    "channel {k} states no full scale: ±{reach} taken from the calibration data"
                ));
                (format!("channel {k}"), String::new(), reach)
            }
        };
        if name.contains(['\t', '\n']) || unit.contains(['\t', '\n']) {
            return Err(Error::unquantizable(
                format!("channel {k}"),
                "name and unit must not hold tabs or line feeds",
            ));
        }
        let to_x = f64::from(1u32 << x_fraction) / std;
        let factor = f64::from(full_scale) / 32_768.0 * to_x;
        let offset = -mean * to_x;
        // 31 bits of multiplier, and an offset that keeps clear of 2^61.
        let shift = (30 - factor.log2().floor() as i32).clamp(1, 62);
        let shift = shift.min(60 - offset.abs().max(1.0).log2().ceil() as i32).max(1);
        let multiplier = (factor * 2f64.powi(shift)).round();
        let offset = (offset * 2f64.powi(shift)).round();
        if multiplier > f64::from(i32::MAX) || offset.abs() >= 2f64.powi(61) {
            return Err(Error::unquantizable(
                format!("channel {k}"),
                format!("full scale {full_scale} is out of proportion to its spread {std}; state the sensor's own"),
            ));
        }
        out.push(IntegerChannel {
            name,
            unit,
            full_scale,
            multiplier: multiplier as i32,
            offset: offset as i64,
            shift: shift as u32,
        });
    }
    Ok(out)
}

/// The dequantized model of a quantization, for comparisons.
impl Quantized {
    /// f32 parameters that are exactly the integers'.
    pub fn dequantized(&self) -> FloatModel {
        dequantize(&self.integers)
    }

    /// Biases and scales of a layer, 4 a unit.
    pub fn rows(&self, layer: usize) -> &[RowRecord] {
        &self.integers.layers[layer].rows
    }
}
