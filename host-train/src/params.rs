//! The trained parameters as plain arrays: their order, their initial values, and the way to a model file.

use crate::philox::{Purpose, Stream};
use float_model::{Cell, Description, Family, FloatModel, Gate, Head, Layer};
use std::fmt;

/// Largest initial hidden state, 1 - 2^-15: the projection keeps h0 within [-1, H0_MAX], h's own format on the chip.
pub const H0_MAX: f32 = 1.0 - 1.0 / 32768.0;

/// Sizes of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Which of the four cells.
    pub cell: Cell,
    /// Inputs per sample, I.
    pub input: usize,
    /// Hidden units, H.
    pub hidden: usize,
    /// Outputs, O.
    pub outputs: usize,
    /// Layers, L, under one gate.
    pub layers: usize,
}

/// What a parameter array is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// (G·H, I_k): weights on the input of a layer.
    WeightIh,
    /// (G·H, H): weights on the hidden state.
    WeightHh,
    /// (G·H): the one bias that acts on each gate row (the file's `bias_ih`).
    Bias,
    /// (H): the GRU's second bias, inside the reset of n (the last H of the file's `bias_hh`, whose others are 0).
    BiasHn,
    /// (H): learned initial hidden state.
    H0,
    /// (H): learned initial cell state, LSTM only.
    C0,
    /// (1, H): the skip gate's weights.
    GateWeight,
    /// (1): the skip gate's bias b_p.
    GateBias,
    /// (O, H): the linear classifier or regressor.
    HeadWeight,
    /// (O): the bias of the classifier or regressor.
    HeadBias,
}

/// One array in the order of [`Shape::layout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Which parameters the array holds.
    pub kind: Kind,
    /// Layer of the array; 0 for gate and head.
    pub layer: usize,
    /// Rows; 1 for vectors.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
}

impl fmt::Display for Entry {
    /// The name of the tensor in a model file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let k = self.layer;
        match self.kind {
            Kind::WeightIh => write!(f, "weight_ih_l{k}"),
            Kind::WeightHh => write!(f, "weight_hh_l{k}"),
            Kind::Bias => write!(f, "bias_ih_l{k}"),
            Kind::BiasHn => write!(f, "bias_hh_l{k}"),
            Kind::H0 => write!(f, "h0"),
            Kind::C0 => write!(f, "c0"),
            Kind::GateWeight => write!(f, "gate.weight"),
            Kind::GateBias => write!(f, "gate.bias"),
            Kind::HeadWeight => write!(f, "head.weight"),
            Kind::HeadBias => write!(f, "head.bias"),
        }
    }
}

impl Shape {
    /// The arrays of a network, in the one order that parameters, gradients and moments share.
    pub fn layout(&self) -> Vec<Entry> {
        let (h, gate_rows) = (self.hidden, self.cell.family().gates() * self.hidden);
        let mut layout = Vec::new();
        let mut put = |kind, layer, rows, cols| {
            layout.push(Entry {
                kind,
                layer,
                rows,
                cols,
            })
        };
        for k in 0..self.layers {
            put(Kind::WeightIh, k, gate_rows, if k == 0 { self.input } else { h });
            put(Kind::WeightHh, k, gate_rows, h);
            put(Kind::Bias, k, 1, gate_rows);
            match self.cell.family() {
                Family::Lstm => {
                    put(Kind::H0, k, 1, h);
                    put(Kind::C0, k, 1, h);
                }
                Family::Gru => {
                    put(Kind::BiasHn, k, 1, h);
                    put(Kind::H0, k, 1, h);
                }
            }
        }
        if self.cell.skips() {
            put(Kind::GateWeight, 0, 1, h);
            put(Kind::GateBias, 0, 1, 1);
        }
        put(Kind::HeadWeight, 0, self.outputs, h);
        put(Kind::HeadBias, 0, 1, self.outputs);
        layout
    }
}

/// The parameters of a network; `values[k]` belongs to `layout()[k]`, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// Sizes.
    pub shape: Shape,
    /// One array per entry of [`Shape::layout`].
    pub values: Vec<Vec<f32>>,
}

impl Parameters {
    /// Initial values, drawn from the initialisation stream of `seed`.
    ///
    /// Weights are Glorot uniform per gate; the LSTM's forget bias and the GRU's r and z biases are 1; initial states
    /// are N(0, 1) with h0 projected; the skip gate starts with small weights and b_p = 1, so that every sample is
    /// used at first (Campos et al., section 4).
    pub fn initial(shape: Shape, seed: u64) -> Self {
        let h = shape.hidden;
        let draw = |(k, e): (usize, &Entry)| -> Vec<f32> {
            let mut random = Stream::new(seed, Purpose::Initialisation, 0, k as u32);
            let size = e.rows * e.cols;
            let mut glorot = |fan_in: usize, fan_out: usize| {
                let bound = (6.0 / (fan_in + fan_out) as f64).sqrt();
                (0..size).map(|_| random.between(-bound, bound) as f32).collect()
            };
            match e.kind {
                Kind::WeightIh | Kind::WeightHh => glorot(e.cols, h),
                Kind::HeadWeight => glorot(h, e.rows),
                Kind::GateWeight => glorot(h, 1).iter().map(|w: &f32| w * 0.1).collect(),
                Kind::GateBias => vec![1.0],
                Kind::HeadBias | Kind::BiasHn => vec![0.0; size],
                Kind::H0 | Kind::C0 => (0..size).map(|_| random.normal() as f32).collect(),
                Kind::Bias => {
                    let ones = match shape.cell.family() {
                        Family::Lstm => h..2 * h,
                        Family::Gru => 0..2 * h,
                    };
                    (0..size).map(|n| f32::from(u8::from(ones.contains(&n)))).collect()
                }
            }
        };
        let values = shape.layout().iter().enumerate().map(draw).collect();
        let mut parameters = Parameters { shape, values };
        parameters.project(None);
        parameters
    }

    /// Moves every h0 into [-1, 1 - 2^-15], and where there is an `input_weight_limit` the weights on the network's inputs to
    /// within it; done after initialisation and after every step.
    pub fn project(&mut self, input_weight_limit: Option<f32>) {
        for (e, values) in self.shape.layout().iter().zip(&mut self.values) {
            let (least, most) = match (e.kind, e.layer, input_weight_limit) {
                (Kind::H0, ..) => (-1.0, H0_MAX),
                (Kind::WeightIh, 0, Some(limit)) => (-limit, limit),
                _ => continue,
            };
            values.iter_mut().for_each(|v| *v = v.clamp(least, most));
        }
    }

    /// The model as its file holds it.
    pub fn to_model(&self, input_mean: &[f32], input_std: &[f32], description: &Description) -> FloatModel {
        let s = self.shape;
        let layout = s.layout();
        let get = |kind: Kind, layer: usize| {
            let k = layout.iter().position(|e| e.kind == kind && e.layer == layer);
            k.map(|k| self.values[k].clone()).unwrap_or_default()
        };
        let layers = (0..s.layers).map(|k| {
            let bias_ih = get(Kind::Bias, k);
            let mut bias_hh = vec![0.0; bias_ih.len()];
            let bias_hn = get(Kind::BiasHn, k);
            let inner = bias_hh.len() - bias_hn.len();
            bias_hh[inner..].copy_from_slice(&bias_hn);
            Layer {
                weight_ih: get(Kind::WeightIh, k),
                weight_hh: get(Kind::WeightHh, k),
                bias_ih,
                bias_hh,
                h0: get(Kind::H0, k),
                c0: get(Kind::C0, k),
            }
        });
        FloatModel {
            cell: s.cell,
            input: s.input,
            hidden: s.hidden,
            outputs: s.outputs,
            layers: layers.collect(),
            gate: s.cell.skips().then(|| Gate {
                weight: get(Kind::GateWeight, 0),
                bias: get(Kind::GateBias, 0)[0],
            }),
            head: Head {
                weight: get(Kind::HeadWeight, 0),
                bias: get(Kind::HeadBias, 0),
            },
            input_mean: input_mean.to_vec(),
            input_std: input_std.to_vec(),
            description: description.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initial_values_are_the_papers() {
        for cell in Cell::ALL {
            let shape = Shape {
                cell,
                input: 2,
                hidden: 16,
                outputs: 3,
                layers: 2,
            };
            let p = Parameters::initial(shape, 1);
            assert_eq!(p, Parameters::initial(shape, 1));
            assert_ne!(p, Parameters::initial(shape, 2));
            let model = p.to_model(&[0.0; 2], &[1.0; 2], &Description::default());
            model.validate("initial").unwrap();
            for layer in &model.layers {
                assert!(layer.h0.iter().all(|v| (-1.0..=H0_MAX).contains(v)));
                assert!(layer.bias_hh.iter().all(|v| *v == 0.0));
                let ones = if cell.family() == Family::Lstm { 16..32 } else { 0..32 };
                assert!((0..layer.bias_ih.len()).all(|k| (layer.bias_ih[k] == 1.0) == ones.contains(&k)));
            }
            let bound = (6.0f32 / 32.0).sqrt();
            let largest = model.layers[1].weight_hh.iter().fold(0.0f32, |m, w| m.max(w.abs()));
            assert!(largest <= bound && largest > 0.95 * bound);
            assert_eq!(model.gate.map(|g| g.bias), cell.skips().then_some(1.0));
        }
    }
}
