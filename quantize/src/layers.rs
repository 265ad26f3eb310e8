//! A float model in integers, in given formats.

use crate::{
    CurvePoint, Error, IntegerModel, Kernel, Options, Width,
    calibrate::{Ranges, fraction_bits, ranges},
    compensate::{Compensation, Moments, moments},
    gate_head_inputs::{channels, clamp_16, gate, head},
    integers::{IntegerLayer, Source},
    options::FormatChoice,
    rows::{IntegerRow, Limits, RealRow, coarsest_scale, quantize_row, record},
};
use float_model::{Family, FloatModel, Layer, Sequences};
use skiprnn_nostd::{format::CELL_LIMIT, narrowed};
use std::ops::Range;

/// What the formats and the rounding depend on: the model, what calibration measured, and the options.
pub(crate) struct Context<'a> {
    pub(crate) model: &'a FloatModel,
    pub(crate) ranges: &'a Ranges,
    /// (L): second moments of the activations of each layer; empty where each weight is rounded for itself.
    pub(crate) moments: &'a [Moments],
    pub(crate) options: &'a Options,
}

/// Rounds everything, in given formats.
pub(crate) fn integers(
    context: &Context<'_>,
    choice: FormatChoice,
    notes: &mut Vec<String>,
) -> Result<IntegerModel, Error> {
    let Context {
        model, ranges, options, ..
    } = *context;
    let d = &model.description;
    let x_fraction = x_fraction(context, choice);
    let h_fraction = fraction_bits(ranges.h0.max(1.0), 13).min(options.h_fraction.unwrap_or(15).max(13));
    let h_step = f64::from(1u32 << h_fraction);
    let family = model.cell.family();
    let mut layers = Vec::new();
    let mut x_max = 32_768;
    for (k, layer) in model.layers.iter().enumerate() {
        let (h0, c0) = initial_state(k, layer, h_step, notes);
        let h_max = h0
            .iter()
            .fold(1u32 << h_fraction, |m, h| m.max(h.unsigned_abs().into()));
        let formats = Formats {
            ih_width: if k == 0 { choice.input_width } else { choice.weights },
            hh_width: choice.weights,
            x_scale: 2f64.powi(i32::from(h_fraction) - i32::from(if k == 0 { x_fraction } else { h_fraction })),
            h_step,
            x_max,
            h_max,
            h_drop: choice.h_drop,
            hh_gain: choice.hh_gain,
        };
        layers.push(integer_layer(context, k, &formats, h0, c0)?);
        x_max = h_max;
    }
    let (head_weight, head_bias, logit_scale) = head(model, h_step, x_max);
    let sequence_length = d.sequence_length as u32;
    if sequence_length == 0 && options.max_skip.is_none() && model.gate.is_some() {
        return Err(Error::unquantizable(
            "sequence_length",
            "the length of the sequences is unknown: give --length, or for an endless stream --max-skip",
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
        hh_gain: choice.hh_gain,
        layers,
        gate: model
            .gate
            .as_ref()
            .map(|g| gate(g, if family == Family::Lstm { 24 } else { h_fraction })),
        head_weight,
        head_bias,
        logit_scale,
        channels: channels(model, ranges, x_fraction, notes)?,
        // Until it is measured: sample 0 is always used.
        dial_curve: vec![CurvePoint {
            updates_mean: 1.0,
            ..CurvePoint::default()
        }],
        source: Source {
            name: options.name.clone(),
            model: model.clone(),
        },
    })
}

/// Fractional bits of x.
fn x_fraction(context: &Context<'_>, choice: FormatChoice) -> u8 {
    let (model, ranges) = (context.model, context.ranges);
    let roomy = fraction_bits(ranges.x_roomy, 8);
    // Recurrent weights with a scale of their own lose nothing when x gets more room; a record must be able to carry the scale
    // of the weights on x then.
    let steepest = model.layers[0]
        .weight_ih
        .iter()
        .fold(0.0, |m: f64, w| m.max(f64::from(w.abs())));
    let carried = steepest / choice.input_width.max() <= coarsest_scale(f64::from(1u32 << roomy));
    match choice.input_width {
        Width::Eight if choice.hh_gain == 0 || !carried => fraction_bits(ranges.x, 8),
        _ => roomy,
    }
}

/// h0 and c0 of a layer in integers, saturated; a note says where that clips.
fn initial_state(k: usize, layer: &Layer, h_step: f64, notes: &mut Vec<String>) -> (Vec<i16>, Vec<i32>) {
    let h0 = layer.h0.iter().map(|v| clamp_16(f64::from(*v) * h_step)).collect();
    if layer.h0.iter().any(|v| f64::from(v.abs()) > 32_768.0 / h_step) {
        notes.push(format!("h0 of layer {k} reaches beyond ±4 and was clipped"));
    }
    let c0 = layer.c0.iter().map(|v| (f64::from(*v) * f64::from(1 << 24)).round());
    let (least, most) = (f64::from(-CELL_LIMIT), f64::from(CELL_LIMIT - 1));
    if c0.clone().any(|c| !(least..=most).contains(&c)) {
        notes.push(format!("c0 of layer {k} reaches beyond ±64 and was clipped"));
    }
    (h0, c0.map(|c| c.clamp(least, most) as i32).collect())
}

/// The integers of `base` rounded anew with another number of bits dropped from the h that byte planes multiply, calibrated
/// on the first sequences of `x`.
///
/// # Errors
/// A row has no proven fixed-point form with that many bits.
pub(crate) fn recalibrated(
    original: &FloatModel,
    base: &IntegerModel,
    x: &Sequences,
    h_drop: u8,
    options: &Options,
) -> Result<IntegerModel, Error> {
    let sample = x.take(options.calibration_sequences.max(1));
    let mut notes = Vec::new();
    let context = Context {
        model: original,
        ranges: &ranges(original, &sample, options.percentile, &mut notes)?,
        moments: &moments(original, &sample),
        options,
    };
    let choice = FormatChoice {
        weights: base.layers[0].hh_width,
        input_width: base.layers[0].ih_width,
        h_drop,
        hh_gain: base.hh_gain.min(h_drop),
    };
    integers(&context, choice, &mut notes)
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
    hh_gain: u8,
}

/// The largest magnitudes that the row of a gate is multiplied with. `bits` are (h_drop, hh_gain): h is narrowed by h_drop
/// bits, and the sum over it is shifted up by h_drop - hh_gain bits.
pub(crate) fn limits(x_max: u32, h_max: u32, bits: (u8, u8), gate: usize) -> Limits {
    let (h_drop, hh_gain) = bits;
    let plane_max = narrowed(h_max, h_drop);
    Limits {
        x_max,
        h_max: plane_max << (h_drop - hh_gain),
        plane_max: (h_drop > 0 && (gate == 1 || gate == 3)).then_some(plane_max),
    }
}

fn integer_layer(
    context: &Context<'_>,
    k: usize,
    formats: &Formats,
    h0: Vec<i16>,
    c0: Vec<i32>,
) -> Result<IntegerLayer, Error> {
    let model = context.model;
    let layer = &model.layers[k];
    let (h, family) = (model.hidden, model.cell.family());
    let g = family.gates();
    let inputs = layer.weight_ih.len() / (g * h);
    let gain = f64::from(1u32 << formats.hh_gain);
    let compensation = |columns: Range<usize>| {
        let scaled = inputs.saturating_sub(columns.start);
        let scales = (formats.x_scale, gain);
        Compensation::new(context.moments.get(k)?, columns, scaled, scales, formats.h_step)
    };
    let over_both = compensation(0..inputs + h);
    let (over_x, over_h) = match family {
        Family::Gru => (compensation(0..inputs), compensation(inputs..inputs + h)),
        Family::Lstm => (None, None),
    };
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
            let hh = layer.weight_hh[r * h..][..h].iter();
            let hh: Vec<f64> = hh.map(|w| f64::from(*w) * gain).collect();
            let (bias_x, bias_h) = (f64::from(layer.bias_ih[r]), f64::from(layer.bias_hh[r]));
            let row = |ih: &[f64], hh: &[f64], bias: f64, compensation: &Option<Compensation>| {
                let real = RealRow {
                    field: format!("weight_ih_l{k}/weight_hh_l{k}, row {r}"),
                    ih,
                    hh,
                    bias: bias * formats.h_step,
                    ih_width: formats.ih_width,
                    hh_width: formats.hh_width,
                    limits: limits(formats.x_max, formats.h_max, (formats.h_drop, formats.hh_gain), gate),
                    coarsest: coarsest_scale(formats.h_step),
                };
                quantize_row(&real, compensation.as_ref())
            };
            let mut keep = |q: &IntegerRow| -> Result<(), Error> {
                let unit = q.scale / formats.h_step;
                out.rows.push(record(&format!("layer {k}, row {r}"), q.bias, unit)?);
                out.units.push(unit);
                Ok(())
            };
            if family == Family::Gru && gate == 2 {
                let (n_x, n_h) = (row(&ih, &[], bias_x, &over_x)?, row(&[], &hh, bias_h, &over_h)?);
                keep(&n_x)?;
                keep(&n_h)?;
                out.weight_ih.extend(n_x.ih);
                out.weight_hh.extend(n_h.hh);
            } else {
                let q = row(&ih, &hh, bias_x + bias_h, &over_both)?;
                keep(&q)?;
                out.weight_ih.extend(q.ih);
                out.weight_hh.extend(q.hh);
            }
        }
    }
    Ok(out)
}
