//! Loss and gradient of one batch, by either engine.

use crate::{
    Device, Engine, Error,
    batch::Batch,
    candle_engine::{self, Unrolled},
    loss::{self, UpdateCost},
    params::{Entry, Kind, Shape},
    recurrent::{self, Recurrent},
};
use candle_core::{DType, Tensor, Var, backprop::GradStore};
use rayon::prelude::*;

/// Loss and gradient of one batch.
pub struct Gradient {
    /// Task loss plus budget loss.
    pub loss: f64,
    /// The budget loss, λ included, mean over the batch.
    pub budget: f64,
    /// Updates per sequence, mean.
    pub updates: f64,
    /// Gradient of the loss by each array of parameters, in the order of [`Shape::layout`].
    pub gradients: Vec<Vec<f32>>,
}

impl Gradient {
    /// What is NaN or infinite, and the value: an array with the first such gradient, or the loss.
    pub(crate) fn not_finite(&self, shape: &Shape) -> Option<(String, f64)> {
        let arrays = shape.layout().into_iter().zip(&self.gradients);
        let in_array = |(e, values): (Entry, &Vec<f32>)| {
            let bad = values.iter().find(|v| !v.is_finite())?;
            Some((format!("gradient of {e}"), f64::from(*bad)))
        };
        let loss = (!self.loss.is_finite()).then(|| ("loss".into(), self.loss));
        loss.or_else(|| arrays.into_iter().find_map(in_array))
    }
}

/// Sequences that one thread of the candle engine takes at a time. Fixed, so that results do not depend on the number of
/// threads.
const SHARD: usize = 128;

/// Computes gradients, with either engine.
pub enum Differentiator {
    /// [`crate::fused`] as a candle operation, on the processor. Its results depend on the number of threads, in the last
    /// bits: each thread sums the weight gradient of its share of the batch.
    Fused(Recurrent),
    /// [`crate::candle_engine`] on the processor, in shards on threads with a large stack. Its results do not depend on the
    /// number of threads.
    Candle(rayon::ThreadPool),
    /// [`crate::candle_engine`] on a GPU, the batch as a whole, driven by one thread with a large stack.
    CandleOnGpu(rayon::ThreadPool, candle_core::Device),
}

/// Stack of the candle engine's threads, a sample and layer. Candle walks and frees a graph that is as deep as the sequence is long recursively;
/// this is several times what that takes.
pub(crate) const STACK_BYTES_PER_STEP: usize = 128 << 10;
/// Stack of the candle engine's threads, at least.
const STACK_BYTES_LEAST: usize = 64 << 20;

impl Differentiator {
    /// An engine on `threads` threads, for sequences of up to `depth` samples times layers.
    ///
    /// The fused engine's gradients on a GPU are no business of this type: there a device takes whole steps. What this
    /// gives for it then runs on the processor.
    ///
    /// # Errors
    /// The system gives no such number of threads; the candle engine on a device that is missing, or that this build has
    /// no code for.
    pub fn new(engine: Engine, device: Device, threads: usize, depth: usize) -> Result<Self, Error> {
        match (engine, device) {
            (Engine::Fused, _) => Ok(Differentiator::Fused(Recurrent::new(threads)?)),
            (Engine::Candle, Device::Cpu) => deep_threads(threads, depth).map(Differentiator::Candle),
            (Engine::Candle, _) => {
                let gpu = candle_device(device)?;
                Ok(Differentiator::CandleOnGpu(deep_threads(1, depth)?, gpu))
            }
        }
    }

    /// Mean loss of a batch and its gradient: cross-entropy for class labels, binary cross-entropy (mean over the
    /// labels) for independent ones, half the squared error for real targets, plus λ times the budget loss. With an answer
    /// at every step, the mean over time.
    ///
    /// # Errors
    /// Shapes that do not match.
    pub fn gradient(
        &self,
        shape: &Shape,
        values: &[Vec<f32>],
        batch: &Batch,
        cost: UpdateCost,
    ) -> Result<Gradient, Error> {
        match self {
            Differentiator::Fused(recurrent) => by_fused(recurrent, shape, values, batch, cost),
            Differentiator::Candle(pool) => pool.install(|| by_shards(shape, values, batch, cost)),
            Differentiator::CandleOnGpu(pool, gpu) => pool.install(|| by_candle(shape, values, batch, cost, gpu)),
        }
    }
}

/// A GPU as candle's own kernels use it.
fn candle_device(device: Device) -> Result<candle_core::Device, Error> {
    let Device::Cuda(n) = device else {
        let problem = format!("is {device}, but the engine candle runs on cpu and cuda:N only");
        return Err(Error::usage("device", problem));
    };
    if !cfg!(feature = "cuda-candle") {
        let problem = format!(
            "candle on {device}: this build has no candle kernels for GPUs; build with `--features cuda-candle` \
             (docs/cuda.md), use the engine fused, or the device cpu"
        );
        return Err(Error::usage("engine", problem));
    }
    candle_core::Device::new_cuda(n).map_err(|e| Error::Device {
        device: device.to_string(),
        problem: format!("candle cannot open it ({e}); is the driver installed, and the number right?"),
    })
}

/// Threads with a stack for graphs of this depth.
fn deep_threads(threads: usize, depth: usize) -> Result<rayon::ThreadPool, Error> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK_BYTES_LEAST.max(depth * STACK_BYTES_PER_STEP))
        .build()
        .map_err(|e| Error::usage("threads", format!("cannot be started ({e}); give fewer")))
}

fn by_fused(
    recurrent: &Recurrent,
    shape: &Shape,
    values: &[Vec<f32>],
    batch: &Batch,
    cost: UpdateCost,
) -> Result<Gradient, Error> {
    let x = &batch.x;
    let sizes = recurrent::pass_shape(shape, x.count, x.length, batch.y.output_at());
    let layout = shape.layout();
    let head = |kind: Kind| {
        layout
            .iter()
            .position(|e| e.kind == kind)
            .expect("every network has a head")
    };
    let (weight_at, bias_at) = (head(Kind::HeadWeight), head(Kind::HeadBias));
    let variable = |values: &[f32], size: (usize, usize)| Var::from_slice(values, size, &candle_core::Device::Cpu);
    let flat = Var::from_vec(
        recurrent::pack(shape, values),
        sizes.parameter_count(),
        &candle_core::Device::Cpu,
    )?;
    let weight = variable(&values[weight_at], (shape.outputs, shape.hidden))?;
    let bias = variable(&values[bias_at], (1, shape.outputs))?;
    let samples = Tensor::from_slice(&x.values, (x.count, x.length, x.channels), &candle_core::Device::Cpu)?;
    let states = recurrent.apply(
        sizes,
        flat.as_tensor(),
        &samples,
        recurrent::PassOptions {
            updates: batch.updates.clone(),
            lengths: x.lengths.clone(),
            dial: batch.dials.dial.clone(),
            u_most: cost.decision_bound(x.count).map(|most| most as f32),
        },
    )?;
    // (B, 1 or T, H)
    let h = states.h.reshape((x.count, (), shape.hidden))?;
    let h = match batch.kept.is_empty() {
        true => h,
        false => {
            let kept = Tensor::from_slice(&batch.kept, (x.count, 1, shape.hidden), &candle_core::Device::Cpu)?;
            h.broadcast_mul(&kept)?
        }
    };
    let unrolled = Unrolled {
        outputs: h.flatten_to(1)?.matmul(&weight.t()?)?.broadcast_add(&bias)?,
        updates: states.u.sum(1)?,
    };
    let (mut gradient, store) = differentiated(&unrolled, batch, cost)?;
    gradient.gradients = values.iter().map(|v| vec![0.0; v.len()]).collect();
    gradient.gradients[weight_at] = of(&store, &weight)?;
    gradient.gradients[bias_at] = of(&store, &bias)?;
    recurrent::unpack(shape, &of(&store, &flat)?, &mut gradient.gradients);
    Ok(gradient)
}

/// [`by_candle`] of a batch cut into shards that run in parallel; their mean is taken in a fixed order, so the result is
/// the same to the bit on any number of threads.
fn by_shards(shape: &Shape, values: &[Vec<f32>], batch: &Batch, cost: UpdateCost) -> Result<Gradient, Error> {
    let whole = batch.x.count;
    let starts: Vec<usize> = (0..whole).step_by(SHARD).collect();
    let shard = |start: &usize| {
        let part = batch.part(*start..(start + SHARD).min(whole));
        by_candle(shape, values, &part, cost, &candle_core::Device::Cpu).map(|g| (g, part.x.count))
    };
    let parts: Vec<(Gradient, usize)> = starts.par_iter().map(shard).collect::<Result<_, _>>()?;
    let mut sum = Gradient {
        loss: 0.0,
        budget: 0.0,
        updates: 0.0,
        gradients: values.iter().map(|v| vec![0.0; v.len()]).collect(),
    };
    for (part, count) in parts {
        let share = count as f64 / whole as f64;
        sum.loss += share * part.loss;
        sum.budget += share * part.budget;
        sum.updates += share * part.updates;
        for (total, g) in sum.gradients.iter_mut().flatten().zip(part.gradients.iter().flatten()) {
            *total += share as f32 * g;
        }
    }
    Ok(sum)
}

/// The gradient of one batch through the candle engine.
pub(crate) fn by_candle(
    shape: &Shape,
    values: &[Vec<f32>],
    batch: &Batch,
    cost: UpdateCost,
    device: &candle_core::Device,
) -> Result<Gradient, Error> {
    let x = &batch.x;
    let variables = candle_engine::variables(shape, values, DType::F32, device)?;
    let parameters: Vec<Tensor> = variables.iter().map(|v| v.as_tensor().clone()).collect();
    let most = cost.decision_bound(x.count);
    let x = Tensor::from_slice(&x.values, (x.count, x.length, x.channels), device)?;
    let options = candle_engine::PassOptions {
        updates: &batch.updates,
        lengths: &batch.x.lengths,
        kept: &batch.kept,
        dial: &batch.dials.dial,
        output_at: batch.y.output_at(),
        u_most: most,
    };
    let unrolled = candle_engine::forward(shape, &parameters, &x, options)?;
    let (mut gradient, store) = differentiated(&unrolled, batch, cost)?;
    gradient.gradients = variables.iter().map(|v| of(&store, v)).collect::<Result<_, _>>()?;
    Ok(gradient)
}

/// The loss, and all gradients as candle stores them; `gradients` is left empty.
fn differentiated(unrolled: &Unrolled, batch: &Batch, cost: UpdateCost) -> Result<(Gradient, GradStore), Error> {
    let loss = loss::of_batch(
        &unrolled.outputs,
        &unrolled.updates,
        &batch.y,
        batch.lesson.as_ref(),
        &batch.dials.lambda_factor,
        cost,
    )?;
    let scalar = |t: &Tensor| t.to_dtype(DType::F64)?.to_scalar::<f64>();
    let gradient = Gradient {
        loss: scalar(&loss.total)?,
        budget: scalar(&loss.budget)?,
        updates: scalar(&loss.updates_mean)?,
        gradients: Vec::new(),
    };
    Ok((gradient, loss.total.backward()?))
}

fn of(store: &GradStore, v: &Var) -> Result<Vec<f32>, candle_core::Error> {
    match store.get(v.as_tensor()) {
        Some(g) => g.flatten_all()?.to_vec1::<f32>(),
        None => Ok(vec![0.0; v.elem_count()]),
    }
}

#[cfg(test)]
mod tests;
