//! Skip gate, head and input scaling in integers: all of a network but its layers.

use crate::{
    Error, Width,
    calibrate::Ranges,
    integers::{IntegerChannel, IntegerGate},
    rows::{Limits, RealRow, smallest_scale},
};
use float_model::{FloatModel, printable};

/// Rounds to 16 bits, saturating.
pub(crate) fn clamp_16(v: f64) -> i16 {
    v.round().clamp(-32_768.0, 32_767.0) as i16
}

/// A power-of-two scale with 14 to 15 significant bits in the largest weight; the bias is exact to the last bit of
/// the 64-bit accumulator.
pub(crate) fn gate(gate: &float_model::Gate, state_fraction: u8) -> IntegerGate {
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
pub(crate) fn head(model: &FloatModel, h_step: f64, h_max: u32) -> (Vec<i16>, Vec<i32>, f64) {
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
                coarsest: f64::INFINITY,
                field: String::new(),
                ih: &[],
                hh: row,
                bias: f64::from(*bias) * h_step,
                ih_width: Width::Sixteen,
                hh_width: Width::Sixteen,
                limits: Limits {
                    x_max: 0,
                    h_max,
                    plane_max: None,
                },
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

/// Refuses a text that a blob cannot hold.
pub(crate) fn without_control_characters(field: &str, text: &str) -> Result<(), Error> {
    match text.contains(char::is_control) {
        true => Err(Error::unquantizable(
            field,
            format!(
                "'{}' holds a control character, for example a tab; rename it",
                printable(text)
            ),
        )),
        false => Ok(()),
    }
}

/// Conversion of counts, channel by channel; a full scale that the model does not state is taken from the calibration data.
pub(crate) fn channels(
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
                let reach = (ranges.x_roomy * std + mean.abs()).max(1e-6).log2().ceil().exp2() as f32;
                notes.push(format!(
                    "channel {k} states no full scale: ±{reach} taken from the calibration data"
                ));
                (format!("channel {k}"), String::new(), reach)
            }
        };
        for text in [&name, &unit] {
            without_control_characters(&format!("channel {k}"), text)?;
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
