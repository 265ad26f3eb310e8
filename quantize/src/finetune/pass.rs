//! One sequence forward and backward, with the chip's roundings.
//!
//! On an imposed schedule a skipping network is a plain one over the samples that are used, so the pass is a chain of
//! updates. Every stored activation is rounded as on the chip and its gradient passed straight through (Bengio et al.,
//! 2013); pre-activations and c are finer than f32 resolves and stay as they are.

use float_model::{Family, FloatModel, OutputAt};

/// Activations are rounded to multiples of these steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    /// Step of x, and the magnitude at which x saturates.
    pub(crate) x: (f32, f32),
    /// Step of h.
    pub(crate) h: f32,
    /// Step of the narrowed h that the recurrent weights multiply.
    pub(crate) multiplied_h: f32,
    /// Step of the gates and of tanh.
    pub(crate) gate: f32,
}

impl Grid {
    /// No rounding that f32 would notice.
    #[cfg(test)]
    pub(crate) const FINE: Grid = Grid {
        x: (0.0, f32::INFINITY),
        h: 0.0,
        multiplied_h: 0.0,
        gate: 0.0,
    };
}

fn round(v: f32, step: f32) -> f32 {
    if step == 0.0 { v } else { (v / step).round() * step }
}

fn sigmoid(v: f32) -> f32 {
    1.0 / (1.0 + (-v).exp())
}

/// What one layer keeps of one update for the backward pass.
struct Saved {
    x: Vec<f32>,
    /// The h that the weights multiply, and h and c before the update.
    a: Vec<f32>,
    h: Vec<f32>,
    c: Vec<f32>,
    /// (G, H): activations of the gates.
    gates: Vec<f32>,
    /// (H): tanh(c'), or the GRU's n over h.
    inner: Vec<f32>,
}

/// A pass over one sequence.
pub(crate) struct Pass<'a> {
    model: &'a FloatModel,
    /// (updates, L).
    saved: Vec<Saved>,
    /// (updates, H): what the skip gate reads.
    tops: Vec<Vec<f32>>,
    /// (updates): the skip gate's pre-activations; empty without one.
    pub(crate) gate: Vec<f32>,
    /// (O), or (updates, O) where the model is asked at every step.
    pub(crate) outputs: Vec<f32>,
    /// (H) after each update.
    states: Vec<Vec<f32>>,
    /// Updates before the first that is asked for an output.
    unasked: usize,
}

/// Gradients, each in the shape of its tensor.
pub(crate) type Gradients = FloatModel;

/// Partial sums of a product, so that it becomes vector instructions.
const LANES: usize = 8;

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a_lanes, a_rest), (b_lanes, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for ((s, a), b) in sums.iter_mut().zip(a).zip(b) {
            *s += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

fn axpy(out: &mut [f32], factor: f32, v: &[f32]) {
    for (o, v) in out.iter_mut().zip(v) {
        *o += factor * v;
    }
}

impl<'a> Pass<'a> {
    /// Runs the samples `x` (updates, I), in sensor units, through `model`.
    pub(crate) fn forward(model: &'a FloatModel, grid: Grid, x: &[f32]) -> Self {
        let (i, n) = (model.input, model.hidden);
        let mut h: Vec<Vec<f32>> = model.layers.iter().map(|l| l.h0.clone()).collect();
        let mut c: Vec<Vec<f32>> = model.layers.iter().map(|l| l.c0.clone()).collect();
        let (mut saved, mut tops, mut gate, mut states) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for sample in x.chunks_exact(i) {
            let mut below: Vec<f32> = sample
                .iter()
                .zip(model.input_mean.iter().zip(&model.input_std))
                .map(|(v, (mean, std))| round((v - mean) / std, grid.x.0).clamp(-grid.x.1, grid.x.1))
                .collect();
            for k in 0..model.layers.len() {
                let step = update(model, grid, k, below, &h[k], &c[k]);
                (h[k], c[k]) = (step.1, step.2);
                saved.push(step.0);
                below = h[k].clone();
            }
            let top = model.layers.len() - 1;
            let read = match model.cell.family() {
                Family::Lstm => &c[top],
                Family::Gru => &h[top],
            };
            if let Some(g) = &model.gate {
                gate.push(dot(&g.weight, read) + g.bias);
            }
            tops.push(read.clone());
            states.push(h[top].clone());
        }
        let unasked = match model.description.output_at {
            OutputAt::End => states.len().saturating_sub(1),
            OutputAt::Step => 0,
        };
        let rows = || model.head.weight.chunks_exact(n).zip(&model.head.bias);
        let asked = states.iter().skip(unasked);
        Pass {
            outputs: asked
                .flat_map(|h| rows().map(move |(row, b)| dot(row, h) + b))
                .collect(),
            states,
            unasked,
            model,
            saved,
            tops,
            gate,
        }
    }

    /// Adds the gradient of a loss to `to`, from those of the outputs and of the gate's pre-activations (updates).
    pub(crate) fn backward(&self, d_outputs: &[f32], d_gate: &[f32], to: &mut Gradients) {
        let (model, n, layers) = (self.model, self.model.hidden, self.model.layers.len());
        let mut d_h = vec![vec![0.0f32; n]; layers];
        let mut d_c = vec![vec![0.0f32; n]; layers];
        for (t, top) in self.tops.iter().enumerate().rev() {
            let of_t = t.checked_sub(self.unasked).map(|at| &d_outputs[at * model.outputs..]);
            for (k, d) in of_t.into_iter().flatten().take(model.outputs).enumerate() {
                axpy(&mut d_h[layers - 1], *d, &model.head.weight[k * n..][..n]);
                axpy(&mut to.head.weight[k * n..][..n], *d, &self.states[t]);
                to.head.bias[k] += d;
            }
            if let (Some(gate), Some(d)) = (&model.gate, d_gate.get(t)) {
                let into = match model.cell.family() {
                    Family::Lstm => &mut d_c[layers - 1],
                    Family::Gru => &mut d_h[layers - 1],
                };
                axpy(into, *d, &gate.weight);
                if let Some(g) = &mut to.gate {
                    axpy(&mut g.weight, *d, top);
                    g.bias += d;
                }
            }
            for k in (0..layers).rev() {
                let d_x = self.step_back(k, &self.saved[t * layers + k], &mut d_h[k], &mut d_c[k], to);
                if let Some(below) = k.checked_sub(1) {
                    axpy(&mut d_h[below], 1.0, &d_x);
                }
            }
        }
        for (k, layer) in to.layers.iter_mut().enumerate() {
            axpy(&mut layer.h0, 1.0, &d_h[k]);
            if !layer.c0.is_empty() {
                axpy(&mut layer.c0, 1.0, &d_c[k]);
            }
        }
    }

    /// One update of one layer backward: `d_h` and `d_c` become those of the state before; returns that of its input.
    fn step_back(&self, k: usize, s: &Saved, d_h: &mut [f32], d_c: &mut [f32], to: &mut Gradients) -> Vec<f32> {
        let n = self.model.hidden;
        let layer = &self.model.layers[k];
        let grads = &mut to.layers[k];
        let gate = |g: usize, j: usize| s.gates[g * n + j];
        let mut d_x = vec![0.0; s.x.len()];
        let mut d_a = vec![0.0; n];
        // Row r of a pre-activation with gradient d over x, and over h.
        let mut row = |r: usize, over_x: f32, over_h: f32| {
            let i = s.x.len();
            axpy(&mut d_x, over_x, &layer.weight_ih[r * i..][..i]);
            axpy(&mut grads.weight_ih[r * i..][..i], over_x, &s.x);
            axpy(&mut d_a, over_h, &layer.weight_hh[r * n..][..n]);
            axpy(&mut grads.weight_hh[r * n..][..n], over_h, &s.a);
            grads.bias_ih[r] += over_x;
        };
        match self.model.cell.family() {
            Family::Lstm => {
                for j in 0..n {
                    let (i, f, g, o) = (gate(0, j), gate(1, j), gate(2, j), gate(3, j));
                    let d_cell = d_c[j] + d_h[j] * o * (1.0 - s.inner[j] * s.inner[j]);
                    let d_pre = [
                        d_cell * g * i * (1.0 - i),
                        d_cell * s.c[j] * f * (1.0 - f),
                        d_cell * i * (1.0 - g * g),
                        d_h[j] * s.inner[j] * o * (1.0 - o),
                    ];
                    for (gate, d) in d_pre.into_iter().enumerate() {
                        row(gate * n + j, d, d);
                    }
                    d_c[j] = d_cell * f;
                }
                d_h.copy_from_slice(&d_a);
            }
            Family::Gru => {
                for (j, d_h) in d_h.iter_mut().enumerate() {
                    let (r, z, new) = (gate(0, j), gate(1, j), gate(2, j));
                    let d_new = *d_h * (1.0 - z) * (1.0 - new * new);
                    let d_r = d_new * s.inner[j] * r * (1.0 - r);
                    let d_z = *d_h * (s.h[j] - new) * z * (1.0 - z);
                    row(j, d_r, d_r);
                    row(n + j, d_z, d_z);
                    row(2 * n + j, d_new, d_new * r);
                    grads.bias_hh[2 * n + j] += d_new * r;
                    *d_h *= z;
                }
                axpy(d_h, 1.0, &d_a);
            }
        }
        d_x
    }
}

/// One update of one layer: what the way back needs, h' and c'.
fn update(model: &FloatModel, grid: Grid, k: usize, x: Vec<f32>, h: &[f32], c: &[f32]) -> (Saved, Vec<f32>, Vec<f32>) {
    let (n, i, layer) = (model.hidden, x.len(), &model.layers[k]);
    let a: Vec<f32> = h.iter().map(|v| round(*v, grid.multiplied_h)).collect();
    let over_x = |r: usize| dot(&layer.weight_ih[r * i..][..i], &x) + layer.bias_ih[r];
    let over_h = |r: usize| dot(&layer.weight_hh[r * n..][..n], &a) + layer.bias_hh[r];
    let s = |v: f32| round(sigmoid(v), grid.gate);
    let t = |v: f32| round(v.tanh(), grid.gate);
    let rows = model.cell.family().gates() * n;
    let (mut gates, mut inner) = (vec![0.0; rows], vec![0.0; n]);
    let (mut next_h, mut next_c) = (vec![0.0; n], vec![0.0; c.len()]);
    for j in 0..n {
        match model.cell.family() {
            Family::Lstm => {
                let pre = |g: usize| over_x(g * n + j) + over_h(g * n + j);
                let (i, f, g, o) = (s(pre(0)), s(pre(1)), t(pre(2)), s(pre(3)));
                next_c[j] = f * c[j] + i * g;
                inner[j] = t(next_c[j]);
                next_h[j] = round(o * inner[j], grid.h);
                for (k, v) in [i, f, g, o].into_iter().enumerate() {
                    gates[k * n + j] = v;
                }
            }
            Family::Gru => {
                let (r, z) = (s(over_x(j) + over_h(j)), s(over_x(n + j) + over_h(n + j)));
                inner[j] = over_h(2 * n + j);
                let new = t(over_x(2 * n + j) + r * inner[j]);
                next_h[j] = round((1.0 - z) * new + z * h[j], grid.h);
                for (k, v) in [r, z, new].into_iter().enumerate() {
                    gates[k * n + j] = v;
                }
            }
        }
    }
    let saved = Saved {
        x,
        a,
        h: h.to_vec(),
        c: c.to_vec(),
        gates,
        inner,
    };
    (saved, next_h, next_c)
}
