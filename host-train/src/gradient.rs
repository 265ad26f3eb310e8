//! Loss and gradient of one batch.

use crate::{Error, dataset::select_both, params::Shape, twin};
use candle_core::{DType, Device, Tensor, Var};
use float_model::{Sequences, Targets};
use rayon::prelude::*;

/// What one batch gave.
pub struct Gradient {
    /// Task loss plus budget loss.
    pub loss: f64,
    /// λ · updates, mean over the batch (equation 8).
    pub budget: f64,
    /// Updates per sequence, mean.
    pub updates: f64,
    /// Of the loss, in the order of [`Shape::layout`].
    pub gradients: Vec<Vec<f32>>,
}

/// Sequences that one thread takes at a time. Fixed, so that results do not depend on the number of threads.
const SHARD: usize = 128;

/// [`gradient`] of a batch cut into shards that run in parallel, on the rayon pool of the caller; their mean is taken
/// in a fixed order, so the result is the same to the bit on any number of threads.
///
/// # Errors
/// Shapes that do not match.
pub fn sharded(shape: &Shape, values: &[Vec<f32>], x: &Sequences, y: &Targets, lambda: f64) -> Result<Gradient, Error> {
    let starts: Vec<usize> = (0..x.count).step_by(SHARD).collect();
    let shard = |start: &usize| {
        let indices: Vec<usize> = (*start..(start + SHARD).min(x.count)).collect();
        let (x, y) = select_both(x, y, &indices);
        let share = x.count;
        gradient(shape, values, &x, &y, lambda).map(|g| (g, share))
    };
    let parts: Vec<(Gradient, usize)> = starts.par_iter().map(shard).collect::<Result<_, _>>()?;
    let mut sum = Gradient {
        loss: 0.0,
        budget: 0.0,
        updates: 0.0,
        gradients: values.iter().map(|v| vec![0.0; v.len()]).collect(),
    };
    for (part, count) in parts {
        let share = count as f64 / x.count as f64;
        sum.loss += share * part.loss;
        sum.budget += share * part.budget;
        sum.updates += share * part.updates;
        for (total, g) in sum.gradients.iter_mut().flatten().zip(part.gradients.iter().flatten()) {
            *total += share as f32 * g;
        }
    }
    Ok(sum)
}

/// Mean loss of a batch and its gradient: cross-entropy for labels, half the squared error for real targets, plus
/// λ · Σ_t u_t.
///
/// `x` is normalised. Needs a large stack (see [`twin`]).
///
/// # Errors
/// Shapes that do not match.
pub fn gradient(
    shape: &Shape,
    values: &[Vec<f32>],
    x: &Sequences,
    y: &Targets,
    lambda: f64,
) -> Result<Gradient, Error> {
    let variables = twin::variables(shape, values, DType::F32)?;
    let parameters: Vec<Tensor> = variables.iter().map(|v| v.as_tensor().clone()).collect();
    let x = Tensor::from_slice(&x.values, (x.count, x.length, x.channels), &Device::Cpu)?;
    let unrolled = twin::forward(shape, &parameters, &x)?;
    let task = task_loss(&unrolled.outputs, y)?;
    let updates = unrolled.updates.mean(0)?;
    let budget = updates.affine(lambda, 0.0)?;
    let loss = (&task + &budget)?;
    let store = loss.backward()?;
    let scalar = |t: &Tensor| t.to_dtype(DType::F64)?.to_scalar::<f64>();
    let of = |v: &Var| match store.get(v.as_tensor()) {
        Some(g) => g.flatten_all()?.to_vec1::<f32>(),
        None => Ok(vec![0.0; v.elem_count()]),
    };
    Ok(Gradient {
        loss: scalar(&loss)?,
        budget: scalar(&budget)?,
        updates: scalar(&updates)?,
        gradients: variables.iter().map(of).collect::<Result<_, _>>()?,
    })
}

/// The loss without the budget; `outputs` is (B, O).
pub(crate) fn task_loss(outputs: &Tensor, y: &Targets) -> Result<Tensor, Error> {
    let (batch, width) = outputs.dims2()?;
    Ok(match y {
        Targets::Labels(labels) => {
            let labels = Tensor::from_slice(labels, batch, outputs.device())?;
            candle_nn::loss::cross_entropy(outputs, &labels)?
        }
        Targets::Values { values, .. } => {
            let wanted = Tensor::from_slice(values, (batch, width), outputs.device())?.to_dtype(outputs.dtype())?;
            (outputs - wanted)?.sqr()?.mean_all()?.affine(0.5, 0.0)?
        }
    })
}
