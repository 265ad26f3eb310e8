//! The forward pass of one sequence in f32, as the chip runs it: nothing is computed at a skipped sample.

use crate::{Error, Family, FloatModel, OutputAt, Sequences};
use skiprnn_nostd::skip;

/// Where updates fall.
#[derive(Debug, Clone, Copy)]
pub enum Schedule<'a> {
    /// By the model's own gate, with an offset (the dial) added to its pre-activation.
    Learned {
        /// 0 as trained; positive: more updates.
        dial: f32,
    },
    /// At these samples, whatever the gate says.
    Imposed(&'a [u32]),
}

/// The state right after an update.
#[derive(Debug, Clone, Copy)]
pub struct Update<'a> {
    /// Index of the sample used.
    pub sample: u32,
    /// (L, H): hidden states, from the input up.
    pub h: &'a [f32],
    /// (L, H): cell states; empty for a GRU.
    pub c: &'a [f32],
    /// Δũ, or 1 for a model without a gate.
    pub delta: f32,
}

/// What one sequence gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// (O): logits or real outputs after the last update; (T, O) where the model is asked at every step: while samples
    /// are skipped, the last output stands.
    pub output: Vec<f32>,
    /// Samples used, in order; the first is 0.
    pub updates: Vec<u32>,
}

/// A model made ready to run: weights transposed so that the inner loop runs over rows, biases summed.
pub struct Forward<'a> {
    model: &'a FloatModel,
    layers: Vec<Prepared>,
}

struct Prepared {
    /// (I, G·H) and (H, G·H).
    ih: Vec<f32>,
    hh: Vec<f32>,
    /// (G·H) for the accumulator over x, and (G·H) for the one over h (non-zero in the GRU's n only).
    bias_x: Vec<f32>,
    bias_h: Vec<f32>,
}

fn transposed(m: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    let mut t = vec![0.0; m.len()];
    for r in 0..rows {
        for c in 0..cols {
            t[c * rows + r] = m[r * cols + c];
        }
    }
    t
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// out += mᵀ v, with `m` stored (len(v), len(out)).
fn accumulate(out: &mut [f32], m: &[f32], v: &[f32]) {
    for (row, x) in m.chunks_exact(out.len()).zip(v) {
        for (o, w) in out.iter_mut().zip(row) {
            *o += w * x;
        }
    }
}

impl<'a> Forward<'a> {
    /// Prepares `model`, which must be valid ([`FloatModel::validate`]).
    pub fn new(model: &'a FloatModel) -> Self {
        let h = model.hidden;
        let rows = model.cell.family().gates() * h;
        let layers = model
            .layers
            .iter()
            .map(|l| {
                let mut bias_x: Vec<f32> = l.bias_ih.iter().zip(&l.bias_hh).map(|(a, b)| a + b).collect();
                let mut bias_h = vec![0.0; rows];
                if model.cell.family() == Family::Gru {
                    bias_x[2 * h..].copy_from_slice(&l.bias_ih[2 * h..]);
                    bias_h[2 * h..].copy_from_slice(&l.bias_hh[2 * h..]);
                }
                Prepared {
                    ih: transposed(&l.weight_ih, rows, l.weight_ih.len() / rows),
                    hh: transposed(&l.weight_hh, rows, h),
                    bias_x,
                    bias_h,
                }
            })
            .collect();
        Forward { model, layers }
    }

    /// Runs one sequence `x` of shape (T, I), in sensor units.
    pub fn run(&self, x: &[f32], schedule: Schedule<'_>) -> Outcome {
        self.run_observed(x, schedule, |_| ())
    }

    /// Runs one sequence and shows every update to `observe`.
    pub fn run_observed(&self, x: &[f32], schedule: Schedule<'_>, mut observe: impl FnMut(Update<'_>)) -> Outcome {
        let model = self.model;
        let (i, h) = (model.input, model.hidden);
        let length = (x.len() / i) as u32;
        let mut hs: Vec<f32> = model.layers.iter().flat_map(|l| l.h0.iter().copied()).collect();
        let mut cs: Vec<f32> = model.layers.iter().flat_map(|l| l.c0.iter().copied()).collect();
        let mut updates = Vec::new();
        let every_step = model.description.output_at == OutputAt::Step;
        let mut output = Vec::new();
        let mut timeline = skip::Timeline::new(length);
        let mut imposed = match schedule {
            Schedule::Imposed(s) => Some(s.iter().copied()),
            Schedule::Learned { .. } => None,
        };
        let dial = if let Schedule::Learned { dial } = schedule {
            dial
        } else {
            0.0
        };
        let mut input = vec![0.0; i.max(h)];
        let mut next = imposed.as_mut().map_or(Some(0), Iterator::next);
        while let Some(t) = next {
            if every_step {
                self.stand(&hs, t, &mut output);
            }
            for (k, v) in input[..i].iter_mut().enumerate() {
                *v = (x[t as usize * i + k] - model.input_mean[k]) / model.input_std[k];
            }
            let mut inputs = i;
            for (k, layer) in self.layers.iter().enumerate() {
                let range = k * h..(k + 1) * h;
                let cell = cs.get_mut(range.clone()).unwrap_or(&mut []);
                self.step(layer, &input[..inputs], &mut hs[range.clone()], cell);
                input[..h].copy_from_slice(&hs[range]);
                inputs = h;
            }
            updates.push(t);
            let delta = match &model.gate {
                None => 1.0,
                Some(gate) => {
                    let top = match model.cell.family() {
                        Family::Lstm => &cs[cs.len() - h..],
                        Family::Gru => &hs[hs.len() - h..],
                    };
                    let z: f32 = gate.weight.iter().zip(top).map(|(w, s)| w * s).sum();
                    sigmoid(z + gate.bias + dial)
                }
            };
            observe(Update {
                sample: t,
                h: &hs,
                c: &cs,
                delta,
            });
            let skip = skip::samples_to_skip(skip::delta_from_f64(delta.into()));
            next = match &mut imposed {
                Some(s) => s.next(),
                None => timeline.update(skip).map(|t| t as u32),
            };
        }
        match every_step {
            true => self.stand(&hs, length, &mut output),
            false => output = self.head(&hs),
        }
        Outcome { output, updates }
    }

    /// (O): the head on the top layer's h.
    fn head(&self, hs: &[f32]) -> Vec<f32> {
        let h = self.model.hidden;
        let top = &hs[hs.len() - h..];
        let rows = self.model.head.weight.chunks_exact(h).zip(&self.model.head.bias);
        rows.map(|(row, b)| row.iter().zip(top).map(|(w, s)| w * s).sum::<f32>() + b)
            .collect()
    }

    /// Lets the output of the present state stand for all samples before `t` that have none.
    fn stand(&self, hs: &[f32], t: u32, output: &mut Vec<f32>) {
        let steps = t as usize - output.len() / self.model.outputs;
        if steps > 0 {
            output.extend(self.head(hs).repeat(steps));
        }
    }

    /// One update of one layer: `h` and `c` are replaced.
    fn step(&self, layer: &Prepared, x: &[f32], h: &mut [f32], c: &mut [f32]) {
        let n = h.len();
        let mut ax = layer.bias_x.clone();
        let mut ah = layer.bias_h.clone();
        accumulate(&mut ax, &layer.ih, x);
        accumulate(&mut ah, &layer.hh, h);
        match self.model.cell.family() {
            Family::Lstm => {
                for k in 0..n {
                    let pre = |g: usize| ax[g * n + k] + ah[g * n + k];
                    let (i, f, g, o) = (sigmoid(pre(0)), sigmoid(pre(1)), pre(2).tanh(), sigmoid(pre(3)));
                    c[k] = f * c[k] + i * g;
                    h[k] = o * c[k].tanh();
                }
            }
            Family::Gru => {
                for k in 0..n {
                    let r = sigmoid(ax[k] + ah[k]);
                    let z = sigmoid(ax[n + k] + ah[n + k]);
                    let new = (ax[2 * n + k] + r * ah[2 * n + k]).tanh();
                    h[k] = (1.0 - z) * new + z * h[k];
                }
            }
        }
    }

    /// Runs all sequences on `threads` threads (at least one); the results are in order.
    ///
    /// # Errors
    /// The sequences have another number of channels than the model has inputs.
    pub fn run_all(&self, x: &Sequences, dial: f32, threads: usize) -> Result<Vec<Outcome>, Error> {
        self.fits(x)?;
        Ok(self.in_parallel(x.count, threads, |n| {
            self.run(x.sequence(n), Schedule::Learned { dial })
        }))
    }

    /// [`Forward::run_all`] with the samples that `schedule` gives for each sequence.
    ///
    /// # Errors
    /// The sequences have another number of channels than the model has inputs.
    pub fn run_imposed(
        &self,
        x: &Sequences,
        threads: usize,
        schedule: impl Fn(usize) -> Vec<u32> + Sync,
    ) -> Result<Vec<Outcome>, Error> {
        self.fits(x)?;
        Ok(self.in_parallel(x.count, threads, |n| {
            self.run(x.sequence(n), Schedule::Imposed(&schedule(n)))
        }))
    }

    fn fits(&self, x: &Sequences) -> Result<(), Error> {
        if x.channels != self.model.input {
            return Err(Error::field(
                "data",
                "channels",
                format!("{} a sample, the model takes {}", x.channels, self.model.input),
            ));
        }
        Ok(())
    }

    /// `run` of 0..count on `threads` threads, in order.
    fn in_parallel(&self, count: usize, threads: usize, run: impl Fn(usize) -> Outcome + Sync) -> Vec<Outcome> {
        let share = count.div_ceil(threads.max(1)).max(1);
        let run = &run;
        std::thread::scope(|scope| {
            let handles: Vec<_> = (0..count)
                .step_by(share)
                .map(|from| scope.spawn(move || (from..(from + share).min(count)).map(run).collect::<Vec<_>>()))
                .collect();
            handles
                .into_iter()
                .flat_map(|h| h.join().expect("a worker panicked"))
                .collect()
        })
    }
}
