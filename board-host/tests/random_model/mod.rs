//! Quantized models with random weights, and random sequences for them.

use float_model::{Cell, Description, Family, FloatModel, Gate, Head, Layer, Sequences};
use quantize::{Blob, Options, counts, quantize};

/// Sizes of a model and its sequences.
#[derive(Clone, Copy)]
pub struct Shape {
    pub cell: Cell,
    pub inputs: usize,
    pub hidden: usize,
    pub layers: usize,
    pub outputs: usize,
    /// Bias of the skip gate: about -3 uses a tenth of the samples, 0 every one.
    pub gate_bias: f32,
    pub sequences: usize,
    pub length: usize,
    pub sample_period_s: f64,
}

/// A multiplicative generator, enough to fill weights with: [-1, 1).
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn fill(&mut self, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| self.next() * scale).collect()
    }
}

/// A blob and raw counts (N, T, I) for it, the same for the same shape.
pub fn random(shape: Shape) -> (Blob, Vec<i16>) {
    let mut uniform = Uniform(shape.hidden as u64 * 1000 + shape.inputs as u64);
    let family = shape.cell.family();
    let rows = family.gates() * shape.hidden;
    let scale = 2.0 / (shape.hidden as f32).sqrt();
    let layers = (0..shape.layers)
        .map(|k| Layer {
            weight_ih: uniform.fill(rows * if k == 0 { shape.inputs } else { shape.hidden }, 1.0),
            weight_hh: uniform.fill(rows * shape.hidden, scale),
            bias_ih: uniform.fill(rows, 0.5),
            bias_hh: uniform.fill(rows, 0.5),
            h0: uniform.fill(shape.hidden, 0.5),
            c0: if family == Family::Lstm {
                uniform.fill(shape.hidden, 1.0)
            } else {
                Vec::new()
            },
        })
        .collect();
    let gate = Gate {
        weight: uniform.fill(shape.hidden, scale),
        bias: shape.gate_bias,
    };
    let head = Head {
        weight: uniform.fill(shape.outputs * shape.hidden, 1.0),
        bias: uniform.fill(shape.outputs, 1.0),
    };
    let model = FloatModel {
        cell: shape.cell,
        input: shape.inputs,
        hidden: shape.hidden,
        outputs: shape.outputs,
        layers,
        gate: shape.cell.skips().then_some(gate),
        head,
        input_mean: vec![0.0; shape.inputs],
        input_std: vec![1.0; shape.inputs],
        description: Description {
            sample_period_s: shape.sample_period_s,
            sequence_length: shape.length,
            ..Description::default()
        },
    };
    let values = uniform.fill(shape.sequences * shape.length * shape.inputs, 1.5);
    let x = Sequences::new("random", values, shape.sequences, shape.length, shape.inputs).unwrap();
    let options = Options {
        dials: Some(Vec::new()),
        calibration_sequences: 4,
        ..Options::default()
    };
    let blob = quantize(&model, &x.take(4), None, &options).unwrap().blob;
    let counts = counts(&blob.model(), "random", &x).unwrap();
    (blob, counts)
}
