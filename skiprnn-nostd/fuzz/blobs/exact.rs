//! The format's page as a network: its proofs and its arithmetic, exactly.

use super::{
    functions::{delta, round, sigmoid, tanh},
    read::{Layer, Network},
};

/// What an accumulator may reach.
const PLAIN: i128 = (1 << 31) - 1;
/// What the sum over the upper of two byte planes may reach.
const PLANE: i128 = (1 << 23) - 1;

/// What the proof says of an accumulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The largest magnitude that it reaches.
    pub all: i128,
    /// That of the sum over the upper plane alone; 0 where there is none.
    pub plane: i128,
}

impl Bound {
    fn holds(self) -> bool {
        self.all <= PLAIN && self.plane <= PLANE
    }
}

fn magnitudes(row: &[i128]) -> i128 {
    row.iter().map(|w| w.abs()).sum()
}

impl Network {
    /// G.
    fn rows(&self) -> usize {
        if self.lstm { 4 } else { 3 }
    }

    /// The rows over x and over h that the k-th of a unit's four accumulators sums.
    fn rows_of(&self, k: usize) -> (Option<usize>, Option<usize>) {
        match (self.lstm, k) {
            (false, 2) => (Some(2), None),
            (false, 3) => (None, Some(2)),
            _ => (Some(k), Some(k)),
        }
    }

    /// max|h| of a layer.
    fn h_max(&self, layer: &Layer) -> i128 {
        layer.h0.iter().map(|h| h.abs()).fold(1 << self.h_fraction, i128::max)
    }

    /// max|x| of a layer.
    fn x_max(&self, k: usize) -> i128 {
        match k {
            0 => 1 << 15,
            _ => self.h_max(&self.layers[k - 1]),
        }
    }

    /// The bounds of a layer's accumulators, four a unit.
    pub fn bounds(&self, k: usize) -> Vec<Bound> {
        let layer = &self.layers[k];
        let a_max = round(self.h_max(layer), self.h_drop);
        let over_h = a_max << (self.h_drop - self.hh_gain);
        let bound = |index: usize| {
            let (unit, gate) = (index / 4, index % 4);
            let (x, h) = self.rows_of(gate);
            let x = x.map_or(0, |row| magnitudes(&layer.weight_ih[unit * self.rows() + row]));
            let sum = h.map_or(0, |row| magnitudes(&layer.weight_hh[unit * self.rows() + row]));
            let upper = self.planes && h.is_some_and(|row| row % 2 == 1);
            Bound {
                all: layer.bias[index].abs() + x * self.x_max(k) + sum * over_h,
                plane: if upper { sum * a_max } else { 0 },
            }
        };
        (0..4 * self.hidden).map(bound).collect()
    }

    /// The bounds of the head's rows.
    pub fn head_bounds(&self) -> Vec<i128> {
        let h_max = self.layers.last().map_or(0, |top| self.h_max(top));
        let rows = self.head.iter().zip(&self.head_bias);
        rows.map(|(row, bias)| bias.abs() + magnitudes(row) * h_max).collect()
    }

    /// Whether every accumulator is proven.
    pub fn proven(&self) -> bool {
        (0..self.layers.len()).all(|k| self.bounds(k).iter().all(|bound| bound.holds()))
            && self.head_bounds().iter().all(|bound| *bound <= PLAIN)
    }
}

/// A network in the course of a sequence. Every number of an update is held to the range that the page promises.
pub struct Exact<'a> {
    network: &'a Network,
    bounds: Vec<Vec<Bound>>,
    /// (L, H).
    pub h: Vec<Vec<i128>>,
    /// (L, H); empty rows for a GRU.
    pub c: Vec<Vec<i128>>,
    /// The largest share of 2^31 - 1 that an accumulator has reached.
    pub fullest: f64,
}

impl<'a> Exact<'a> {
    /// A proven network at the start of a sequence.
    pub fn new(network: &'a Network) -> Self {
        Self {
            network,
            bounds: (0..network.layers.len()).map(|k| network.bounds(k)).collect(),
            h: network.layers.iter().map(|l| l.h0.clone()).collect(),
            c: network.layers.iter().map(|l| l.c0.clone()).collect(),
            fullest: 0.0,
        }
    }

    /// Updates on one sample; returns Δũ as 0.32 and the samples to skip.
    pub fn step(&mut self, counts: &[i16], dial: i32) -> (i128, i128) {
        let scaled = |(count, c): (&i16, &super::read::Channel)| {
            let sum = i128::from(*count) * c.multiplier + c.offset;
            round(sum, c.shift).clamp(-(1 << 15), (1 << 15) - 1)
        };
        let mut x: Vec<i128> = counts.iter().zip(&self.network.channels).map(scaled).collect();
        for k in 0..self.network.layers.len() {
            self.layer(k, &x);
            x.clone_from(&self.h[k]);
        }
        let Some(gate) = &self.network.gate else {
            return ((1 << 32) - 1, 0);
        };
        let state = if self.network.lstm { &self.c } else { &self.h };
        let top = state.last().map_or(&[][..], |top| top);
        let sum = gate.bias + gate.weight.iter().zip(top).map(|(w, s)| w * s).sum::<i128>();
        assert!(sum.abs() < 1 << 62, "the skip gate's sum {sum}");
        let limit = 16 << 16;
        let z = round(sum, gate.fraction - 16).clamp(-limit, limit - 1);
        let d = delta((z + i128::from(dial)).clamp(-limit, limit - 1));
        assert!((1..1 << 32).contains(&d), "a Δũ of {d}");
        (d, (((1 << 31) - 1) / d).min(self.network.max_skip))
    }

    /// The raw outputs.
    pub fn logits(&self) -> Vec<i128> {
        let top = self.h.last().map_or(&[][..], |top| top);
        let rows = self.network.head.iter().zip(&self.network.head_bias);
        let sums = rows.map(|(row, bias)| bias + row.iter().zip(top).map(|(w, h)| w * h).sum::<i128>());
        let sums: Vec<i128> = sums.collect();
        for (sum, bound) in sums.iter().zip(self.network.head_bounds()) {
            assert!(sum.abs() <= bound, "a logit of {sum} beyond {bound}");
        }
        sums
    }

    /// The k-th accumulator of a unit, as a pre-activation.
    fn pre_activation(&mut self, layer: usize, index: usize, x: &[i128], narrow: &[i128]) -> i128 {
        let (n, l) = (self.network, &self.network.layers[layer]);
        let (unit, bound) = (index / 4, self.bounds[layer][index]);
        let (over_x, over_h) = n.rows_of(index % 4);
        let product = |w: &[i128], x: &[i128]| -> i128 { w.iter().zip(x).map(|(w, x)| w * x).sum() };
        let x = over_x.map_or(0, |row| product(&l.weight_ih[unit * n.rows() + row], x));
        let h = over_h.map_or(0, |row| product(&l.weight_hh[unit * n.rows() + row], narrow));
        assert!(
            bound.plane == 0 || h.abs() <= bound.plane,
            "an upper plane of {h}, {bound:?}"
        );
        let sum = l.bias[index] + x + (h << (n.h_drop - n.hh_gain));
        assert!(
            sum.abs() <= bound.all && bound.holds(),
            "an accumulator of {sum}, {bound:?}"
        );
        self.fullest = self.fullest.max(sum.abs() as f64 / PLAIN as f64);
        let pre = round(sum * l.multiplier[index], 32);
        assert!(pre.abs() < 1 << 30, "a pre-activation of {pre}");
        pre
    }

    fn layer(&mut self, k: usize, x: &[i128]) {
        let network = self.network;
        let narrow: Vec<i128> = self.h[k].iter().map(|h| round(*h, network.h_drop)).collect();
        let mut next = Vec::new();
        for unit in 0..network.hidden {
            let pre = [0, 1, 2, 3].map(|gate| self.pre_activation(k, 4 * unit + gate, x, &narrow));
            let h = match network.lstm {
                true => self.lstm(pre, k, unit),
                false => self.gru(pre, k, unit),
            };
            assert!(i16::try_from(h).is_ok(), "an h of {h}");
            next.push(h);
        }
        self.h[k] = next;
    }

    fn lstm(&mut self, [i, f, g, o]: [i128; 4], k: usize, unit: usize) -> i128 {
        let c = &mut self.c[k][unit];
        let kept = round(sigmoid(f) * *c, 15);
        let added = round(sigmoid(i) * tanh(g), 6);
        assert!((kept + added).abs() < 1 << 31, "c' of {kept} and {added}");
        *c = (kept + added).clamp(-(1 << 30), (1 << 30) - 1);
        round(sigmoid(o) * tanh(round(*c, 8)), 30 - self.network.h_fraction)
    }

    fn gru(&self, [r, z, over_x, over_h]: [i128; 4], k: usize, unit: usize) -> i128 {
        let argument = over_x + round(sigmoid(r) * over_h, 15);
        assert!(argument.abs() < 1 << 31, "the argument {argument} of n");
        let (n, z) = (tanh(argument), sigmoid(z));
        let fresh = (((1 << 15) - z) * n) >> (15 - self.network.h_fraction);
        round(fresh + z * self.h[k][unit], 15)
    }
}
