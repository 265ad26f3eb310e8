//! Trained parameters back onto the integers' own grid: formats, scales and proofs stay.

use crate::{IntegerModel, gate_head_inputs::clamp_16, integers::IntegerLayer, layers::limits};
use float_model::{Family, FloatModel, Layer};

/// The largest |h| of a layer: 1 after an update, or what it starts from.
fn h_max(layer: &IntegerLayer, h_fraction: u8) -> u32 {
    let start = layer.h0.iter().map(|h| u32::from(h.unsigned_abs()));
    start.fold(1 << h_fraction, u32::max)
}

/// Rounds `model` to the scales of `base`, each number for itself. A row whose sum would no longer be proven keeps the
/// integers of `base`; so do the initial states, which the proofs rest on.
pub(crate) fn requantized(base: &IntegerModel, model: &FloatModel) -> IntegerModel {
    let mut out = base.clone();
    let mut x_max = 32_768;
    for (k, (layer, real)) in out.layers.iter_mut().zip(&model.layers).enumerate() {
        let x_fraction = if k == 0 { base.x_fraction } else { base.h_fraction };
        let h_max = h_max(layer, base.h_fraction);
        let of = Rows {
            base,
            x_step: 2f64.powi(-i32::from(x_fraction)),
            h_step: 2f64.powi(-i32::from(base.h_fraction)),
            x_max,
            h_max,
        };
        of.round(layer, real);
        x_max = h_max;
    }
    if let (Some(gate), Some(real)) = (&mut out.gate, &model.gate) {
        let state_fraction = if base.family == Family::Lstm {
            24
        } else {
            i32::from(base.h_fraction)
        };
        let scale = 2f64.powi(i32::from(gate.fraction) - state_fraction);
        gate.weight = real.weight.iter().map(|w| clamp_16(f64::from(*w) * scale)).collect();
        gate.bias = (f64::from(real.bias) * 2f64.powi(i32::from(gate.fraction))).round() as i64;
    }
    let step = base.logit_scale * f64::from(1u32 << base.h_fraction);
    let head = limits(0, x_max, (0, 0), 0);
    for (o, bias) in model.head.bias.iter().enumerate() {
        let row = o * base.hidden..(o + 1) * base.hidden;
        let weights = model.head.weight[row.clone()].iter().map(|w| f64::from(*w) / step);
        let weights: Vec<i16> = weights.map(clamp_16).collect();
        let bias = (f64::from(*bias) / base.logit_scale).round() as i32;
        if head.hold(bias, &[], &weights) {
            out.head_weight[row].copy_from_slice(&weights);
            out.head_bias[o] = bias;
        }
    }
    out
}

struct Rows<'a> {
    base: &'a IntegerModel,
    x_step: f64,
    h_step: f64,
    x_max: u32,
    h_max: u32,
}

impl Rows<'_> {
    fn round(&self, layer: &mut IntegerLayer, real: &Layer) {
        let (h, family) = (self.base.hidden, self.base.family);
        let g = family.gates();
        let inputs = layer.weight_ih.len() / (g * h);
        let gain = f64::from(1u32 << self.base.hh_gain);
        for unit in 0..h {
            for gate in 0..g {
                let (from, to) = (gate * h + unit, unit * g + gate);
                let ih = &real.weight_ih[from * inputs..][..inputs];
                let hh = &real.weight_hh[from * h..][..h];
                let (bias_x, bias_h) = (f64::from(real.bias_ih[from]), f64::from(real.bias_hh[from]));
                let bits = (self.base.h_drop, self.base.hh_gain);
                let limits = limits(self.x_max, self.h_max, bits, gate);
                let (ih_range, hh_range) = (to * inputs..(to + 1) * inputs, to * h..(to + 1) * h);
                let rounded = |values: &[f32], unit: f64, most: f64| -> Vec<i16> {
                    let one = |w: &f32| (f64::from(*w) / unit).round().clamp(-most, most) as i16;
                    values.iter().map(one).collect()
                };
                let at = unit * 4 + gate;
                let over_x = layer.units[at];
                let both = !(family == Family::Gru && gate == 2);
                let over_h = if both { over_x } else { layer.units[at + 1] };
                let ih = rounded(ih, over_x / self.x_step, layer.ih_width.max());
                let hh = rounded(hh, over_h / self.h_step / gain, layer.hh_width.max());
                let bias = |v: f64, unit: f64| (v / unit).round() as i32;
                if both {
                    let bias = bias(bias_x + bias_h, over_x);
                    if limits.hold(bias, &ih, &hh) {
                        layer.weight_ih[ih_range].copy_from_slice(&ih);
                        layer.weight_hh[hh_range].copy_from_slice(&hh);
                        layer.rows[at].bias = bias;
                    }
                    continue;
                }
                let (bias_x, bias_h) = (bias(bias_x, over_x), bias(bias_h, over_h));
                if limits.hold(bias_x, &ih, &[]) {
                    layer.weight_ih[ih_range].copy_from_slice(&ih);
                    layer.rows[at].bias = bias_x;
                }
                if limits.hold(bias_h, &[], &hh) {
                    layer.weight_hh[hh_range].copy_from_slice(&hh);
                    layer.rows[at + 1].bias = bias_h;
                }
            }
        }
    }
}
