//! The candle engine: the forward pass of training, op by op through candle's autograd.
//!
//! This is the readable reference for the fused kernels ([`crate::fused`]) and for the GPU's: read it first to learn what a
//! step of training computes. `train --engine candle` trains with it, on the processor or, in a build with the feature
//! `cuda-candle`, on a GPU. It follows the paper's equations line by line (Campos et al., ICLR 2018; the gradient in the carried form of
//! figure 1d) and runs in any float type. All arrays are held transposed, features by batch, so that a gate's rows
//! and the concatenation of input and state are contiguous.
//!
//! The graph is as deep as the sequence is long, and candle walks it recursively: call this on a thread with a large
//! stack.

use crate::{
    batch::Updates,
    params::{Entry, Kind, Shape},
};
use candle_core::{CpuStorage, CudaStorage, CustomOp1, DType, Layout, Result, Tensor, backend::BackendStorage};
use candle_nn::ops::sigmoid;
use float_model::{Family, OutputAt};

/// What a batch gave; gradients flow through both.
pub struct Unrolled {
    /// (B, O): logits or real outputs after the last sample; (B·T, O), in the order of sequences and then of samples, with
    /// an output at every step.
    pub outputs: Tensor,
    /// (B): updates per sequence, differentiable straight through the binarization (equation 7).
    pub updates: Tensor,
}

/// Options of one pass.
#[derive(Debug, Clone, Copy)]
pub struct PassOptions<'a> {
    /// Where u comes from.
    pub updates: &'a Updates,
    /// (B): samples of each sequence, after which u is 0; empty where all have T.
    pub lengths: &'a [u32],
    /// (B, H): factors on the state that the head reads; empty for none.
    pub kept: &'a [f32],
    /// (B): offsets on the gate's pre-activation; empty for none.
    pub dial: &'a [f32],
    /// When the head reads.
    pub output_at: OutputAt,
    /// Bound on |dL/du_t| ([`crate::fused::Incoming::u_most`]).
    pub u_most: Option<f64>,
}

/// Runs a batch through the network.
///
/// `parameters` are the arrays of [`Shape::layout`], of shape (rows, cols); `x` is (B, T, I), normalised, of the same
/// float type.
///
/// # Errors
/// Shapes that do not match.
pub fn forward(shape: &Shape, parameters: &[Tensor], x: &Tensor, options: PassOptions<'_>) -> Result<Unrolled> {
    let PassOptions {
        updates,
        lengths,
        kept,
        dial,
        output_at,
        u_most,
    } = options;
    let (batch, length, _) = x.dims3()?;
    let layout = shape.layout();
    let find = |kind: Kind, layer: usize| {
        let wanted = |e: &Entry| e.kind == kind && e.layer == layer;
        let k = layout.iter().position(wanted);
        &parameters[k.expect("the layout follows from the shape")]
    };
    let ones = Tensor::ones((1, batch), x.dtype(), x.device())?;
    let column = Tensor::ones((shape.hidden, 1), x.dtype(), x.device())?;
    let over_batch = |v: &Tensor| v.t()?.matmul(&ones); // (1, n) -> (n, B)

    let cells: Vec<Step> = (0..shape.layers)
        .map(|k| Step::new(shape, k, &find))
        .collect::<Result<_>>()?;
    let mut state: Vec<State> = (0..shape.layers)
        .map(|k| {
            Ok(State {
                h: over_batch(find(Kind::H0, k))?,
                c: match shape.cell.family() {
                    Family::Lstm => Some(over_batch(find(Kind::C0, k))?),
                    Family::Gru => None,
                },
            })
        })
        .collect::<Result<_>>()?;
    let gate = match shape.cell.skips() {
        true => {
            let bias = find(Kind::GateBias, 0).matmul(&ones)?;
            let bias = match dial {
                [] => bias,
                dial => (bias + Tensor::from_slice(dial, (1, batch), x.device())?.to_dtype(x.dtype())?)?,
            };
            Some((find(Kind::GateWeight, 0), bias))
        }
        false => None,
    };

    let samples = x.permute((1, 2, 0))?.contiguous()?; // (T, I, B)
    let mut urge = ones.clone(); // ũ, (1, B): 1 at the first sample, which is always used
    let mut delta = ones.zeros_like()?; // Δũ, (1, B), carried while samples are skipped
    let mut used = Vec::with_capacity(length);
    let mut tops = Vec::new();
    // Step t of (B, T) as (1, B).
    let row = |values: &[f32], t: usize| -> Result<Tensor> {
        let step: Vec<f32> = values.iter().skip(t).step_by(length).copied().collect();
        Tensor::from_vec(step, (1, batch), x.device())?.to_dtype(x.dtype())
    };
    for t in 0..length {
        let mut below = samples.get(t)?;
        let mut candidate = Vec::with_capacity(shape.layers);
        for (cell, s) in cells.iter().zip(&state) {
            let next = cell.step(&below, s, &ones)?; // S(s_{t-1}, x_t)
            below = next.h.clone();
            candidate.push(next);
        }
        let u = match updates {
            Updates::Every => ones.clone(),
            Updates::Gate => binarize(&urge, &urge.ge(0.5)?)?, // (2)
            Updates::Bernoulli(v) => binarize(&urge, &urge.gt(&row(v, t)?)?)?,
            Updates::Imposed(mask) => {
                let mask: Vec<f32> = mask.iter().map(|u| f32::from(u8::from(*u))).collect();
                row(&mask, t)?
            }
        };
        let u = match u_most {
            Some(most) => u.apply_op1(Bounded(most))?,
            None => u,
        };
        let u = match lengths.iter().any(|l| *l as usize <= t) {
            false => u,
            true => {
                let inside = lengths.iter().map(|l| f32::from(u8::from(t < *l as usize))).collect();
                (u * Tensor::from_vec::<_, f32>(inside, (1, batch), x.device())?.to_dtype(x.dtype())?)?
            }
        };
        let mask = column.matmul(&u)?; // u for every unit, (H, B)
        if let (Some((weight, bias)), Updates::Gate | Updates::Bernoulli(_)) = (&gate, updates) {
            let top = candidate.last().expect("at least one layer");
            let proposed = sigmoid(&(weight.matmul(top.c.as_ref().unwrap_or(&top.h))? + bias)?)?; // (4)
            delta = mix(&delta, &proposed, &u)?;
            let grown = (&urge + delta.minimum(&urge.affine(-1.0, 1.0)?)?)?;
            urge = mix(&grown, &delta, &u)?; // (5)
        }
        state = match updates {
            Updates::Every if lengths.is_empty() => candidate,
            _ => state
                .iter()
                .zip(&candidate)
                .map(|(old, new)| old.mixed(new, &mask)) // (3)
                .collect::<Result<_>>()?,
        };
        used.push(u);
        if output_at == OutputAt::Step || t + 1 == length {
            tops.push(state.last().expect("at least one layer").h.clone());
        }
    }
    let mut top = Tensor::stack(&tops, 0)?.permute((2, 0, 1))?; // (B, 1 or T, H)
    if !kept.is_empty() {
        let kept = Tensor::from_slice(kept, (batch, 1, shape.hidden), x.device())?.to_dtype(x.dtype())?;
        top = top.broadcast_mul(&kept)?;
    }
    let rows = top.contiguous()?.flatten_to(1)?;
    let outputs = rows
        .matmul(&find(Kind::HeadWeight, 0).t()?)?
        .broadcast_add(find(Kind::HeadBias, 0))?;
    let updates = Tensor::cat(&used, 0)?.sum(0)?;
    Ok(Unrolled { outputs, updates })
}

/// `hard` (0 or 1) with the gradient of ũ, which passes unchanged (equations 2 and 7).
///
/// ũ + (u - ũ) is exact in floating point for rounding: the difference is exact for ũ in [0.5, 1] (Sterbenz), and is
/// -ũ below. For a sampled u the sum may miss 1 by one rounding.
fn binarize(urge: &Tensor, hard: &Tensor) -> Result<Tensor> {
    let hard = hard.to_dtype(urge.dtype())?;
    urge + (hard - urge.detach())?
}

/// The identity, whose gradient is cut to ± a bound.
struct Bounded(f64);

impl CustomOp1 for Bounded {
    fn name(&self) -> &'static str {
        "bounded gradient"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, candle_core::Shape)> {
        match layout.contiguous_offsets() {
            Some((0, _)) => Ok((storage.clone(), layout.shape().clone())),
            _ => candle_core::bail!("{} takes whole contiguous tensors", self.name()),
        }
    }

    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, candle_core::Shape)> {
        match layout.contiguous_offsets() {
            Some((0, _)) => Ok((storage.try_clone(layout)?, layout.shape().clone())),
            _ => candle_core::bail!("{} takes whole contiguous tensors", self.name()),
        }
    }

    fn bwd(&self, _argument: &Tensor, _result: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(gradient.clamp(-self.0, self.0)?))
    }
}

/// u · new + (1 - u) · old.
fn mix(old: &Tensor, new: &Tensor, u: &Tensor) -> Result<Tensor> {
    old + ((new - old)? * u)?
}

/// The state of one layer, each (H, B).
struct State {
    h: Tensor,
    /// LSTM only.
    c: Option<Tensor>,
}

impl State {
    /// u · new + (1 - u) · self, for h and c; `mask` is (H, B).
    fn mixed(&self, new: &State, mask: &Tensor) -> Result<State> {
        Ok(State {
            h: mix(&self.h, &new.h, mask)?,
            c: match (&self.c, &new.c) {
                (Some(old), Some(new)) => Some(mix(old, new, mask)?),
                _ => None,
            },
        })
    }
}

/// One layer's weights, prepared once per batch. `gates[g]` is (H, I_k + 1 + H) and acts on [x; 1; h], so that the
/// bias is a column; the GRU's n comes as two: (H, I_k + 1) on [x; 1] and (H, 1 + H) on [1; h].
struct Step {
    family: Family,
    gates: Vec<Tensor>,
}

impl Step {
    fn new<'a>(shape: &Shape, layer: usize, find: &impl Fn(Kind, usize) -> &'a Tensor) -> Result<Self> {
        let h = shape.hidden;
        let family = shape.cell.family();
        let rows = |kind: Kind, g: usize| find(kind, layer).narrow(0, g * h, h);
        let bias = find(Kind::Bias, layer).t()?; // (G·H, 1)
        let gate = |g: usize| {
            let bias = bias.narrow(0, g * h, h)?;
            Tensor::cat(&[&rows(Kind::WeightIh, g)?, &bias, &rows(Kind::WeightHh, g)?], 1)
        };
        let gates = match family {
            Family::Lstm => (0..4).map(gate).collect::<Result<_>>()?,
            Family::Gru => vec![
                gate(0)?,
                gate(1)?,
                Tensor::cat(&[&rows(Kind::WeightIh, 2)?, &bias.narrow(0, 2 * h, h)?], 1)?,
                Tensor::cat(&[&find(Kind::BiasHn, layer).t()?, &rows(Kind::WeightHh, 2)?], 1)?,
            ],
        };
        Ok(Step { family, gates })
    }

    /// The candidate S(s, x) of `docs/numerics.md`, section 1; `x` is (I_k, B), `ones` (1, B).
    fn step(&self, x: &Tensor, s: &State, ones: &Tensor) -> Result<State> {
        let all = Tensor::cat(&[x, ones, &s.h], 0)?;
        let gate = |g: usize| self.gates[g].matmul(&all);
        match (self.family, &s.c) {
            (Family::Lstm, Some(c)) => {
                let (i, f, o) = (sigmoid(&gate(0)?)?, sigmoid(&gate(1)?)?, sigmoid(&gate(3)?)?);
                let g = gate(2)?.tanh()?;
                let c = ((f * c)? + (i * g)?)?;
                Ok(State {
                    h: (o * c.tanh()?)?,
                    c: Some(c),
                })
            }
            _ => {
                let (r, z) = (sigmoid(&gate(0)?)?, sigmoid(&gate(1)?)?);
                let of_x = self.gates[2].matmul(&Tensor::cat(&[x, ones], 0)?)?;
                let of_h = self.gates[3].matmul(&Tensor::cat(&[ones, &s.h], 0)?)?;
                let n = (of_x + (r * of_h)?)?.tanh()?;
                Ok(State {
                    h: mix(&n, &s.h, &z)?, // (1 - z) n + z h
                    c: None,
                })
            }
        }
    }
}

/// Turns parameter arrays into tensors of shape (rows, cols) on `device` that gradients are taken for.
///
/// # Errors
/// Arrays that do not match the layout.
pub fn variables(
    shape: &Shape,
    values: &[Vec<f32>],
    dtype: DType,
    device: &candle_core::Device,
) -> Result<Vec<candle_core::Var>> {
    let pairs = shape.layout().into_iter().zip(values);
    pairs
        .map(|(e, v)| candle_core::Var::from_tensor(&Tensor::from_slice(v, (e.rows, e.cols), device)?.to_dtype(dtype)?))
        .collect()
}

#[cfg(test)]
mod tests;
