//! Random networks of every cell, kernel and shape, as far into the corners as the proofs allow, and random samples.

use crate::sizes;
use board_host::identical::Pair;
use float_model::Family;
use quantize::{CurvePoint, IntegerChannel, IntegerGate, IntegerLayer, IntegerModel, Kernel, RowRecord, Source, Width};
use skiprnn_nostd::Model;

/// Hidden units of most networks; every eighth is larger.
const SMALL: i64 = 24;
const LARGE: i64 = 128;
/// Weights that a blob holds at most.
const WEIGHTS: usize = 60_000;

/// xorshift64*.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From `low` to `high`, both included.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }

    /// Up to `limit` in magnitude: mostly uniform, sometimes at the very end.
    fn value(&mut self, limit: i64) -> i64 {
        match self.next() % 16 {
            0 => limit,
            1 => -limit,
            2 => 0,
            _ => self.between(-limit, limit),
        }
    }

    fn values_16(&mut self, n: usize, limit: i64) -> Vec<i16> {
        (0..n).map(|_| self.value(limit) as i16).collect()
    }
}

/// Pairs without end, the same for the same seed.
pub struct Pairs {
    noise: Noise,
    largest_blob: usize,
}

impl Pairs {
    pub fn new(seed: u64, largest_blob: usize) -> Self {
        Self {
            noise: Noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            largest_blob,
        }
    }
}

impl Iterator for Pairs {
    type Item = Pair;

    fn next(&mut self) -> Option<Pair> {
        loop {
            let model = model(&mut self.noise);
            // What the reader cannot prove is no network.
            let Ok(blob) = model.blob() else { continue };
            if blob.bytes().len() > self.largest_blob {
                continue;
            }
            let samples = self.noise.between(1, 6) as usize;
            let counts = (0..samples * model.inputs)
                .map(|_| match self.noise.next() % 8 {
                    0 => i16::MIN,
                    1 => i16::MAX,
                    _ => self.noise.next() as i16,
                })
                .collect();
            return Some(Pair {
                blob: blob.bytes().to_vec(),
                counts,
            });
        }
    }
}

fn model(noise: &mut Noise) -> IntegerModel {
    let family = if noise.one_in(2) { Family::Lstm } else { Family::Gru };
    let (kernel, hh_width) = match noise.next() % 3 {
        0 => (Kernel::Block, Width::Eight),
        1 => (Kernel::BytePlane, Width::Eight),
        _ => (Kernel::Block, Width::Sixteen),
    };
    let layers = if noise.one_in(3) { noise.between(2, 3) } else { 1 } as usize;
    let inputs = noise.between(1, 16) as usize;
    let largest = if noise.one_in(8) { LARGE } else { SMALL };
    let widest = (WEIGHTS / (family.gates() * layers)).isqrt() as i64;
    let hidden = noise.between(1, largest.min(widest)) as usize;
    let outputs = noise.between(1, 8) as usize;
    let h_fraction = noise.between(13, 15) as u8;
    let h_drop = match kernel {
        Kernel::BytePlane => noise.between(1, 8) as u8,
        Kernel::Block => 0,
    };
    // Half of them with scales that weights on x and on h share.
    let hh_gain = if noise.one_in(2) {
        noise.between(0, h_drop.into()) as u8
    } else {
        0
    };
    let layers: Vec<IntegerLayer> = (0..layers)
        .map(|k| {
            let columns = if k == 0 { inputs } else { hidden };
            layer(noise, family, kernel, hh_width, columns, hidden, h_drop)
        })
        .collect();
    let gate = (!noise.one_in(4)).then(|| {
        let fraction = noise.between(16, 47) as u8;
        IntegerGate {
            weight: noise.values_16(hidden, 32_767),
            // The pre-activation is the sum less 2^(fraction - 16): up to ±20 of it from the bias.
            bias: noise.value(20) << fraction,
            fraction,
        }
    });
    let head_limit = 32_767.min((1 << 30) / (32_768 * hidden as i64));
    let channels = (0..inputs)
        .map(|k| {
            let shift = noise.between(1, 62) as u32;
            // A gain between 2^-8 and 2^8, as far as the multiplier allows.
            let exponent = (i64::from(shift) + noise.between(-8, 8)).clamp(0, 30);
            IntegerChannel {
                name: format!("c{k}"),
                unit: String::new(),
                full_scale: 1.0,
                multiplier: noise.between(0, (1 << exponent) - 1 + exponent / 30) as i32,
                offset: noise.value(1 << (shift + 14).min(60)),
                shift,
            }
        })
        .collect();
    IntegerModel {
        family,
        inputs,
        hidden,
        outputs,
        sequence_length: 100,
        max_skip: if noise.one_in(2) {
            u32::MAX
        } else {
            noise.between(0, 50) as u32
        },
        sample_period_ns: 20_000_000,
        x_fraction: noise.between(8, 15) as u8,
        h_fraction,
        kernel,
        h_drop,
        hh_gain,
        layers,
        gate,
        head_weight: noise.values_16(outputs * hidden, head_limit),
        head_bias: (0..outputs).map(|_| noise.value(1 << 29) as i32).collect(),
        logit_scale: 1.0,
        channels,
        dial_curve: vec![CurvePoint {
            updates_mean: 1.0,
            ..Default::default()
        }],
        source: Source {
            name: "pair".into(),
            model: sizes::float_model(family, inputs, hidden, outputs),
        },
    }
}

fn layer(
    noise: &mut Noise,
    family: Family,
    kernel: Kernel,
    hh_width: Width,
    columns: usize,
    hidden: usize,
    h_drop: u8,
) -> IntegerLayer {
    let rows = family.gates() * hidden;
    // Half of what an accumulator holds for each of the two products.
    let proven = |columns: usize| (1i64 << 30) / (32_768 * columns as i64);
    let ih_width = if noise.one_in(2) { Width::Eight } else { Width::Sixteen };
    let limit = |width| if width == Width::Eight { 127 } else { 32_767 };
    let ih_limit = proven(columns).min(limit(ih_width));
    let hh_limit = match kernel {
        Kernel::BytePlane => ((1 << 23) / ((32_768 >> h_drop) * hidden as i64)).min(127),
        Kernel::Block => proven(hidden).min(limit(hh_width)),
    };
    let weight_ih = noise.values_16(rows * columns, ih_limit);
    let weight_hh = noise.values_16(rows * hidden, hh_limit);
    // An accumulator is about 2^bits; pre-activations of up to a few units are 2^16 and more.
    let bits = 64 - (20_000 * ih_limit.max(hh_limit) as u64 * (columns + hidden) as u64).leading_zeros();
    IntegerLayer {
        ih_width,
        hh_width,
        weight_ih,
        weight_hh,
        rows: (0..4 * hidden)
            .map(|_| RowRecord {
                bias: noise.value(1 << 24) as i32,
                multiplier: noise.between(0, 1 << (52 - i64::from(bits)).clamp(8, 30)) as i32,
            })
            .collect(),
        units: Vec::new(),
        h0: noise.values_16(hidden, 32_767),
        c0: match family {
            Family::Lstm => (0..hidden).map(|_| noise.value((1 << 30) - 1) as i32).collect(),
            Family::Gru => Vec::new(),
        },
    }
}

/// How many there are of what.
pub fn describe(pairs: &[Pair]) -> String {
    let (mut lstm, mut skipping, mut stacked, mut updates, mut kernels, mut hidden) = (0, 0, 0, 0, [0; 3], 0);
    for pair in pairs {
        let blob = quantize::Blob::new("pair", &pair.blob).expect("made as a valid blob");
        let model: Model<'_> = blob.model();
        lstm += usize::from(matches!(model.cell(), skiprnn_nostd::CellKind::Lstm));
        skipping += usize::from(model.skips());
        stacked += usize::from(model.layers() > 1);
        updates += pair.counts.len() / model.inputs();
        kernels[usize::from(model.kernel().layout).saturating_sub(1).min(2)] += 1;
        hidden = hidden.max(model.hidden());
    }
    let [narrow, planes, wide] = kernels;
    format!(
        "{lstm} LSTM, {} GRU; {skipping} with a skip gate, {stacked} stacked; {narrow} blocks of i8, {planes} byte \
         planes, {wide} blocks of i16; up to {hidden} units; {updates} updates",
        pairs.len() - lstm
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identical::reference::digest;

    #[test]
    fn pairs_repeat_and_cover_every_kind() {
        let pairs: Vec<Pair> = Pairs::new(1, 0x1_8000).take(500).collect();
        let again: Vec<Pair> = Pairs::new(1, 0x1_8000).take(500).collect();
        assert_eq!(pairs, again);
        let (mut kinds, mut finer) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
        for pair in &pairs {
            let blob = quantize::Blob::new("pair", &pair.blob).unwrap();
            let model = blob.model();
            let lstm = matches!(model.cell(), skiprnn_nostd::CellKind::Lstm);
            kinds.insert((lstm, model.kernel().layout, model.skips(), model.layers() > 1));
            finer.insert((lstm, model.recurrent_gain()));
        }
        assert_eq!(kinds.len(), 2 * 3 * 2 * 2);
        assert!(finer.len() > 2 * 5, "{finer:?}");
        // Networks that are stuck at one value would agree everywhere.
        let digests: std::collections::BTreeSet<u32> = pairs.iter().map(|pair| digest(pair).unwrap()).collect();
        assert_eq!(digests.len(), pairs.len());
    }

    #[test]
    fn states_move_in_most_networks() {
        let moving = Pairs::new(2, 0x1_8000)
            .take(200)
            .filter(|pair| {
                let blob = quantize::Blob::new("pair", &pair.blob).unwrap();
                let model = blob.model();
                let mut state = Box::new(skiprnn_nostd::State::<128, 4, 16>::new(&model).unwrap());
                let top = model.layers() - 1;
                for sample in pair.counts.chunks_exact(model.inputs()) {
                    model.step(&mut state, sample).unwrap();
                }
                let h = state.hidden(&model, top);
                // Neither all at an end nor all at nothing.
                h.iter().any(|h| (64..30_000).contains(&h.unsigned_abs()))
            })
            .count();
        assert!(moving > 150, "{moving} of 200");
    }
}
