//! The networks that are benchmarked: weights uniform in [-127, 127], so that every figure can be counted again.

use crate::sizes;
use anyhow::Context;
use float_model::Family;
use quantize::{Blob, IntegerGate, IntegerLayer, IntegerModel, Kernel, RowRecord, Source, Width};
use skiprnn_nostd::{format::PLANE_LIMIT, narrowed};

/// How the recurrent weights are stored and multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// i8, h in 16 bits.
    Block8,
    /// i8 in byte planes, h narrowed as far as the proof asks.
    BytePlane,
    /// i16, input weights too.
    Block16,
}

impl Weights {
    pub const ALL: [Weights; 3] = [Weights::Block8, Weights::BytePlane, Weights::Block16];

    pub const fn name(self) -> &'static str {
        match self {
            Weights::Block8 => "block-i8",
            Weights::BytePlane => "byte-plane-i8",
            Weights::Block16 => "block-i16",
        }
    }
}

/// xorshift, enough to fill weights with.
struct Noise(u64);

impl Noise {
    fn within(&mut self, limit: i32) -> i32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) % (2 * limit as u64 + 1)) as i32 - limit
    }

    fn fill(&mut self, n: usize) -> Vec<i16> {
        (0..n).map(|_| self.within(127) as i16).collect()
    }
}

/// The fewest bits that h must lose for every row's sum over the upper plane to be proven.
fn least_drop(weight_hh: &[i16], hidden: usize) -> anyhow::Result<u8> {
    let heaviest = weight_hh
        .chunks_exact(hidden)
        .map(|row| row.iter().map(|w| u64::from(w.unsigned_abs())).sum::<u64>())
        .max()
        .unwrap_or(0);
    (1..=8)
        .find(|drop| heaviest * u64::from(narrowed(1 << 15, *drop)) < PLANE_LIMIT)
        .context("no narrowing is proven at this size")
}

/// Whether a network has a skip gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// A Skip RNN.
    Skip,
    /// None: every sample is used.
    Dense,
}

impl Gate {
    /// Text after the cell's name.
    pub const fn suffix(self) -> &'static str {
        match self {
            Gate::Skip => "",
            Gate::Dense => ", dense",
        }
    }
}

/// A network of these sizes. Scales make the pre-activations spread over the range in which gates are not flat.
pub fn blob(family: Family, (inputs, hidden): (usize, usize), weights: Weights, gate: Gate) -> anyhow::Result<Blob> {
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let rows = family.gates() * hidden;
    let weight_ih = noise.fill(rows * inputs);
    let weight_hh = noise.fill(rows * hidden);
    let kernel = match weights {
        Weights::BytePlane => Kernel::BytePlane,
        Weights::Block8 | Weights::Block16 => Kernel::Block,
    };
    let h_drop = match kernel {
        Kernel::BytePlane => least_drop(&weight_hh, hidden)?,
        Kernel::Block => 0,
    };
    let width = if weights == Weights::Block16 {
        Width::Sixteen
    } else {
        Width::Eight
    };
    // An accumulator spreads by about 73 · 2^14 · sqrt(I + H); two units of pre-activation are 2^17.
    let spread = 73.0 * 16_384.0 * ((inputs + hidden) as f64).sqrt();
    let multiplier = (131_072.0 * 4_294_967_296.0 / spread) as i32;
    let layer = IntegerLayer {
        ih_width: width,
        hh_width: width,
        weight_ih,
        weight_hh,
        rows: (0..4 * hidden)
            .map(|_| RowRecord {
                bias: noise.within(1 << 20),
                multiplier,
            })
            .collect(),
        units: Vec::new(),
        h0: noise.fill(hidden),
        c0: match family {
            Family::Lstm => vec![0; hidden],
            Family::Gru => Vec::new(),
        },
    };
    let model = IntegerModel {
        family,
        inputs,
        hidden,
        outputs: 2,
        sequence_length: 0,
        max_skip: 1000,
        sample_period_ns: 20_000_000,
        x_fraction: 15,
        h_fraction: 15,
        kernel,
        h_drop,
        hh_gain: 0,
        layers: vec![layer],
        gate: (gate == Gate::Skip).then(|| IntegerGate {
            weight: noise.fill(hidden),
            bias: -1 << 32,
            fraction: 32,
        }),
        head_weight: noise.fill(2 * hidden),
        head_bias: vec![0; 2],
        logit_scale: 1.0,
        channels: (0..inputs)
            .map(|k| quantize::IntegerChannel {
                name: format!("channel {k}"),
                unit: String::new(),
                full_scale: 1.0,
                multiplier: 1 << 30,
                offset: 0,
                shift: 30,
            })
            .collect(),
        dial_curve: vec![quantize::CurvePoint {
            updates_mean: 1.0,
            ..Default::default()
        }],
        source: Source {
            name: "bench".into(),
            model: sizes::float_model(family, inputs, hidden, 2),
        },
    };
    Ok(model.blob()?)
}
