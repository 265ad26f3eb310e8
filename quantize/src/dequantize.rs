//! The float model whose parameters are exactly those of the integers: the reference for the error of the arithmetic alone.

use crate::IntegerModel;
use float_model::{Family, FloatModel, Gate, Head, Layer};

/// Integers back to reals. Biases act in `bias_ih`, and for the GRU's n over h in `bias_hh`.
pub(crate) fn dequantize(model: &IntegerModel) -> FloatModel {
    let (h, family) = (model.hidden, model.family);
    let g = family.gates();
    let h_step = 1.0 / f64::from(1u32 << model.h_fraction);
    let mut layers = Vec::new();
    for (k, layer) in model.layers.iter().enumerate() {
        let inputs = layer.weight_ih.len() / (g * h);
        let x_fraction = if k == 0 { model.x_fraction } else { model.h_fraction };
        let x_per_real = f64::from(1u32 << x_fraction);
        let h_per_real = f64::from(1u32 << model.h_fraction);
        let hh_per_real = h_per_real / f64::from(1u32 << model.hh_gain);
        let mut weight_ih = vec![0.0; g * h * inputs];
        let mut weight_hh = vec![0.0; g * h * h];
        let (mut bias_ih, mut bias_hh) = (vec![0.0; g * h], vec![0.0; g * h]);
        for unit in 0..h {
            for gate in 0..g {
                let (from, to) = (unit * g + gate, gate * h + unit);
                let over_x = layer.units[unit * 4 + gate];
                let over_h = if family == Family::Gru && gate == 2 {
                    layer.units[unit * 4 + 3]
                } else {
                    over_x
                };
                for j in 0..inputs {
                    weight_ih[to * inputs + j] =
                        (f64::from(layer.weight_ih[from * inputs + j]) * over_x * x_per_real) as f32;
                }
                for j in 0..h {
                    weight_hh[to * h + j] = (f64::from(layer.weight_hh[from * h + j]) * over_h * hh_per_real) as f32;
                }
                bias_ih[to] = (f64::from(layer.rows[unit * 4 + gate].bias) * over_x) as f32;
                if family == Family::Gru && gate == 2 {
                    bias_hh[to] = (f64::from(layer.rows[unit * 4 + 3].bias) * over_h) as f32;
                }
            }
        }
        layers.push(Layer {
            weight_ih,
            weight_hh,
            bias_ih,
            bias_hh,
            h0: layer.h0.iter().map(|v| (f64::from(*v) * h_step) as f32).collect(),
            c0: layer
                .c0
                .iter()
                .map(|v| (f64::from(*v) / f64::from(1 << 24)) as f32)
                .collect(),
        });
    }
    let gate = model.gate.as_ref().map(|g| {
        let state_fraction = if family == Family::Lstm {
            24
        } else {
            i32::from(model.h_fraction)
        };
        let step = 2f64.powi(state_fraction - i32::from(g.fraction));
        Gate {
            weight: g.weight.iter().map(|w| (f64::from(*w) * step) as f32).collect(),
            bias: (g.bias as f64 * 2f64.powi(-i32::from(g.fraction))) as f32,
        }
    });
    let logit = model.logit_scale;
    let head_step = logit * f64::from(1u32 << model.h_fraction);
    FloatModel {
        layers,
        gate,
        head: Head {
            weight: model
                .head_weight
                .iter()
                .map(|w| (f64::from(*w) * head_step) as f32)
                .collect(),
            bias: model.head_bias.iter().map(|b| (f64::from(*b) * logit) as f32).collect(),
        },
        ..model.source.model.clone()
    }
}
