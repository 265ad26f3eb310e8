//! The backward pass through time.

use super::buffer::{quads, quads_mut};
use super::gate::{UpdateValue, WeightGradient, clamp, total};
use super::layout::Layout;
use super::operand::Operand;
use super::packed::Parameters;
use super::real::Real;
use super::shape::{Family, OutputAt, Shape};
use super::states::States;
use super::steps::{self, AddWeightGradient, Cell, OperandGradient, Value};
use super::sys::dispatch;
use super::vector::{LANES, QUAD, Quad, vectors, vectors_mut};
use super::workspace::{BackwardBuffers, Shard, Workspace};
use super::{gru::Gru, lstm::Lstm};
use std::marker::PhantomData;

/// The gradient of a loss by what the forward pass gave.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a, F> {
    /// dL/dh of the output, (B, H) or (B, T, H).
    pub h: &'a [F],
    /// (B, T): what the loss adds to dL/du_t directly: the budget of eq. (8), or any other loss on the updates.
    pub u: &'a [F],
    /// Where given, all of dL/du_t is cut to ± this, for each sequence and step.
    ///
    /// Straight-through takes the loss for linear in u_t, from a sample used to a sample skipped. Where that slope says
    /// that one decision is worth more than any loss could be, it says nothing; left alone, such slopes multiply from
    /// decision to decision back through time, and a few sequences drown the gradient of all others.
    pub u_most: Option<F>,
}

struct Task<'a, F> {
    x: &'a [F],
    d: Incoming<'a, F>,
}

/// The gradient of a loss by the parameters, after [`forward`](super::forward()) with the same `shape` and `x`.
///
/// The gradient is written to `d_params`, laid out as the parameters. It is that of the carried form with du/dũ = 1; where
/// u_t was imposed, nothing passes through u_t and `d.u` is unused.
///
/// # Panics
/// A slice has another length than `shape` says, or `workspace` does not hold a forward pass of this shape.
pub fn backward<F: Real>(shape: &Shape, x: &[F], d: Incoming<'_, F>, workspace: &mut Workspace<F>, d_params: &mut [F]) {
    let steps = shape.batch * shape.length;
    let (recorded, learned) = workspace.recorded.expect("a forward pass comes first");
    assert_eq!(recorded, *shape, "the forward pass had another shape");
    assert_eq!(x.len(), steps * shape.input, "x must be (B, T, I)");
    assert_eq!(d.h.len(), shape.output_count(), "d.h must be (B, H) or (B, T, H)");
    assert_eq!(d.u.len(), steps, "d.u must be (B, T)");
    assert_eq!(
        d_params.len(),
        shape.parameter_count(),
        "d_params has another length than the shape's tensors"
    );
    let (mut tasks, mut first) = (Vec::new(), 0);
    for shard in &workspace.shards {
        let of = |stride: usize| first * stride..(first + shard.batch) * stride;
        tasks.push(Task {
            x: &x[of(shape.length * shape.input)],
            d: Incoming {
                h: &d.h[of(shape.output_stride())],
                u: &d.u[of(shape.length)],
                u_most: d.u_most,
            },
        });
        first += shard.batch;
    }
    workspace.each(tasks, |params, shard, task| match shape.family {
        Family::Lstm => run::<F, Lstm>(shape, learned, params, shard, task),
        Family::Gru => run::<F, Gru>(shape, learned, params, shard, task),
    });
    d_params.fill(F::ZERO);
    // In the order of the shards, so that the sum does not depend on which thread ends first.
    for shard in &workspace.shards {
        shard.back.grads.add_to(shape, d_params);
    }
}

fn run<F: Real, C: Cell>(
    shape: &Shape,
    learned: bool,
    params: &Parameters<F>,
    shard: &mut Shard<F>,
    task: Task<'_, F>,
) {
    let (b, hidden, padded) = (shard.batch, shape.hidden, Layout::new(*shape).padded());
    shard.prepare_backward(shape);
    let top = shape.layers - 1;
    let stride = shape.output_stride();
    for t in (0..shape.length).rev() {
        if shape.output_at == OutputAt::Step || t + 1 == shape.length {
            let from = if shape.output_at == OutputAt::Step {
                t * hidden
            } else {
                0
            };
            let d_h = vectors_mut(&mut shard.back.d_h[top]);
            for (row, out) in task.d.h.chunks_exact(stride).enumerate() {
                for (v, out) in out[from..from + hidden].chunks(LANES).enumerate() {
                    for (d, out) in d_h[v * b + row].iter_mut().zip(out) {
                        *d += *out;
                    }
                }
            }
        }
        if learned {
            let direct = |row: usize| task.d.u[row * shape.length + t];
            decide(shape, shard, t, direct, task.d.u_most);
        }
        shard.select(t, true);
        if shard.rows.is_empty() {
            continue;
        }
        if shard.back.filled + shard.rows.len() > shard.chunk() {
            flush::<F, C>(shape, shard);
        }
        for layer in (0..shape.layers).rev() {
            update::<F, C>(shape, learned, params, shard, task.x, t, layer);
        }
        if learned {
            appraise(shard, task.d.u_most);
        }
        shard.back.filled += shard.rows.len();
    }
    flush::<F, C>(shape, shard);
    let BackwardBuffers { d_h, d_c, grads, .. } = &mut shard.back;
    for (sums, rows) in [(&mut grads.h0, d_h), (&mut grads.c0, d_c)] {
        for (sums, rows) in sums.chunks_exact_mut(padded).zip(rows) {
            for (sums, rows) in vectors_mut(sums).iter_mut().zip(vectors(rows).chunks_exact(b)) {
                for row in rows {
                    sums.iter_mut().zip(row).for_each(|(s, d)| *s += *d);
                }
            }
        }
    }
}

impl<F: Real> Shard<F> {
    /// Lists the rows that update at step `t`, or those that do not.
    fn select(&mut self, t: usize, updated: bool) {
        let now = &self.updated[t * self.batch..(t + 1) * self.batch];
        let rows = now.iter().zip(0u32..).filter(|(u, _)| **u == updated);
        self.rows.clear();
        self.rows.extend(rows.map(|(_, row)| row));
    }
}

/// dL/du_t, and through it and eqs (5) and (4) the gradients of ũ_t, Δũ_{t-1} and the gate's pre-activation.
///
/// Where u_t = 1, what the top layer's state adds to dL/du_t comes with its backward pass, and dL/dũ_t, which is dL/du_t
/// there, is complete after [`appraise`].
fn decide<F: Real>(shape: &Shape, shard: &mut Shard<F>, t: usize, direct: impl Fn(usize) -> F, most: Option<F>) {
    let vectors = Layout::new(*shape).vectors();
    let b = shard.batch;
    shard.select(t, false);
    let previous = &shard.previous[t * b..(t + 1) * b];
    let back = &mut shard.back;
    for (row, d_u) in back.d_u.iter_mut().enumerate() {
        *d_u = direct(row);
    }
    let top = shape.layers - 1;
    for layer in 0..shape.layers {
        // Layers below the top take a gradient from the layer above at this very step, which is none of s_t's: their turn
        // is now.
        let rows = match layer == top {
            true => &shard.rows,
            false => &shard.all,
        };
        let h = (&shard.h[layer], &back.d_h[layer]);
        let c = (&shard.c[layer], &back.d_c[layer]);
        for (states, gradient) in [h, c] {
            if !gradient.is_empty() && !rows.is_empty() {
                dispatch(UpdateValue {
                    rows,
                    previous,
                    slot: t + 1,
                    states: States::new(states, vectors, b),
                    gradient,
                    out: &mut back.d_u,
                });
            }
        }
    }
    back.value[..b * LANES].fill(F::ZERO);
    for row in 0..b {
        if !shard.inside(row, t) {
            // What has been summed up to here comes from candidates that were never computed.
            let back = &mut shard.back;
            (back.d_u_tilde[row], back.d_carried[row], back.d_gate[row]) = (F::ZERO, F::ZERO, F::ZERO);
            continue;
        }
        let trace = shard.trace(t * b + row);
        let back = &mut shard.back;
        let most = most.filter(|_| !trace.updated);
        let d = trace.backward(back.d_u_tilde[row], back.d_carried[row], back.d_u[row], most);
        (back.d_u_tilde[row], back.d_carried[row], back.d_gate[row]) = (d.u_tilde, d.carried, d.pre);
        back.grads.gate_bias += d.pre;
    }
}

/// Completes dL/dũ_t of the rows of `shard.rows`, which update, by what their updates are worth to the top layer.
fn appraise<F: Real>(shard: &mut Shard<F>, most: Option<F>) {
    let back = &mut shard.back;
    let value = vectors(&back.value);
    for &row in &shard.rows {
        let row = row as usize;
        back.d_u_tilde[row] = clamp(back.d_u_tilde[row] + total(value[row]), most);
    }
}

/// Backward through the candidates of one layer for the rows of `shard.rows`.
fn update<F: Real, C: Cell>(
    shape: &Shape,
    learned: bool,
    params: &Parameters<F>,
    shard: &mut Shard<F>,
    x: &[F],
    t: usize,
    layer: usize,
) {
    let layout = Layout::new(*shape);
    let (b, padded, vectors, stride) = (shard.batch, layout.padded(), layout.vectors(), layout.stride(layer));
    let previous = &shard.previous[t * b..(t + 1) * b];
    let chunk = shard.chunk();
    let (rows, back) = (&shard.rows, &mut shard.back);
    let feeds_gate = learned && layer + 1 == shape.layers;
    let states = if C::HAS_C { &shard.c[layer] } else { &shard.h[layer] };
    if feeds_gate {
        dispatch(WeightGradient {
            rows,
            top: States::new(states, vectors, b),
            slot: t + 1,
            d_pre: &back.d_gate,
            d_weight: &mut back.grads.gate_weight,
        });
    }
    let first = back.filled;
    let saved = shard.starts[t] * vectors * QUAD..shard.starts[t + 1] * vectors * QUAD;
    let d_pre = quads_mut(&mut back.d_pre[layer][..vectors * chunk * QUAD]);
    dispatch(steps::Backward {
        vectors,
        batch: b,
        rows,
        previous,
        saved: quads(&shard.saved[layer][saved]),
        states: States::new(states, vectors, b),
        h: &shard.h[layer][(t + 1) * b * padded..(t + 2) * b * padded],
        d_h: &mut back.d_h[layer],
        d_c: &mut back.d_c[layer],
        gate: feeds_gate.then_some((&back.d_gate, &params.forward.gate_weight)),
        d_pre,
        first,
        value: feeds_gate.then_some(Value {
            h: States::new(&shard.h[layer], vectors, b),
            slot: t + 1,
            sums: &mut back.value,
        }),
        cell: PhantomData::<C>,
    });
    let operand = Operand {
        shape,
        layer,
        t,
        rows,
        x,
        h: &shard.h,
        previous,
    };
    operand.write(&mut back.operands[layer][first * stride..(first + rows.len()) * stride]);
    let d_pre = &*d_pre;
    let through = |blocks: std::ops::Range<usize>, weights: &[Quad<F>], to: &mut [F]| {
        dispatch(OperandGradient {
            vectors,
            batch: b,
            rows,
            blocks,
            weights,
            d_pre,
            first,
            to,
        });
    };
    through(
        layout.h_blocks(),
        quads(&params.backward.h[layer]),
        &mut back.d_h[layer],
    );
    // The data need no gradient: x of the first layer is left out.
    if let Some(below) = layer.checked_sub(1) {
        through(
            layout.x_blocks(),
            quads(&params.backward.x[layer]),
            &mut back.d_h[below],
        );
    }
}

/// Adds the gathered rows to the weight gradients.
fn flush<F: Real, C: Cell>(shape: &Shape, shard: &mut Shard<F>) {
    let chunk = shard.chunk();
    let (layout, back) = (Layout::new(*shape), &mut shard.back);
    if back.filled == 0 {
        return;
    }
    for (layer, weights) in back.grads.weights.iter_mut().enumerate() {
        dispatch(AddWeightGradient {
            vectors: layout.vectors(),
            inputs: shape.inputs(layer),
            stride: layout.stride(layer),
            filled: back.filled,
            operands: &back.operands[layer],
            d_pre: quads(&back.d_pre[layer][..layout.vectors() * chunk * QUAD]),
            weights: quads_mut(weights),
            cell: PhantomData::<C>,
        });
    }
    back.filled = 0;
}
