//! The backward pass through time.

use super::gate::{UpdateValue, WeightGradient};
use super::layout::Layout;
use super::operand::Operand;
use super::packed::Packed;
use super::real::Real;
use super::shape::{Family, OutputAt, Shape};
use super::steps::BackwardStep;
use super::sys::{Kernel, Matrix, dispatch, product};
use super::workspace::{Back, Shard, Workspace};
use super::{gru, lstm};

struct Task<'a, F> {
    x: &'a [F],
    d_h: &'a [F],
    d_u: &'a [F],
}

/// The gradient of a loss by the parameters, after [`forward`](super::forward()) with the same `shape` and `x`.
///
/// `d_h` is dL/dh of the output, (B, H) or (B, T, H); `d_u` (B, T) is what the loss adds to dL/du_t directly: the budget
/// of eq. (8), or any other loss on the updates. The gradient is written to `d_params`, laid out as the parameters.
/// It is that of the carried form with du/dũ = 1; where u_t was imposed, nothing passes through u_t and `d_u` is unused.
///
/// # Panics
/// A slice has another length than `shape` says, or `workspace` does not hold a forward pass of this shape.
pub fn backward<F: Real>(
    shape: &Shape,
    x: &[F],
    d_h: &[F],
    d_u: &[F],
    workspace: &mut Workspace<F>,
    d_params: &mut [F],
) {
    let steps = shape.batch * shape.length;
    let (recorded, learned) = workspace.recorded.expect("a forward pass comes first");
    assert_eq!(recorded, *shape, "the forward pass had another shape");
    assert_eq!(x.len(), steps * shape.input, "x must be (B, T, I)");
    assert_eq!(d_h.len(), shape.output_count(), "d_h must be (B, H) or (B, T, H)");
    assert_eq!(d_u.len(), steps, "d_u must be (B, T)");
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
            d_h: &d_h[of(shape.output_stride())],
            d_u: &d_u[of(shape.length)],
        });
        first += shard.batch;
    }
    workspace.each(tasks, |params, shard, task| run(shape, learned, params, shard, task));
    d_params.fill(F::ZERO);
    // In the order of the shards, so that the sum does not depend on which thread ends first.
    for shard in &workspace.shards {
        shard.back.grads.add_to(shape, d_params);
    }
}

fn run<F: Real>(shape: &Shape, learned: bool, params: &Packed<F>, shard: &mut Shard<F>, task: Task<'_, F>) {
    let layout = Layout::new(*shape);
    let (b, hidden, padded) = (shard.batch, shape.hidden, layout.padded());
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
            let rows = shard.back.d_h[top].chunks_exact_mut(padded);
            for (d, out) in rows.zip(task.d_h.chunks_exact(stride)) {
                for (d, out) in d.iter_mut().zip(&out[from..from + hidden]) {
                    *d += *out;
                }
            }
        }
        if learned {
            let direct = |row: usize| task.d_u[row * shape.length + t];
            decide(shape, shard, t, direct);
        }
        shard.rows.clear();
        let now = t * b..(t + 1) * b;
        shard.rows.extend(
            shard.updated[now]
                .iter()
                .zip(0u32..)
                .filter_map(|(u, row)| u.then_some(row)),
        );
        if shard.rows.is_empty() {
            continue;
        }
        if shard.back.filled + shard.rows.len() > shard.chunk() {
            flush(&layout, shard);
        }
        for layer in (0..shape.layers).rev() {
            update(shape, learned, params, shard, task.x, t, layer);
        }
        shard.back.filled += shard.rows.len();
    }
    flush(&layout, shard);
    let Back { d_h, d_c, grads, .. } = &mut shard.back;
    for (sums, rows) in [(&mut grads.h0, d_h), (&mut grads.c0, d_c)] {
        for (sums, rows) in sums.chunks_exact_mut(padded).zip(rows) {
            for row in rows.chunks_exact(padded) {
                sums.iter_mut().zip(row).for_each(|(s, d)| *s += *d);
            }
        }
    }
}

/// dL/du_t, and through it and eqs (5) and (4) the gradients of ũ_t, Δũ_{t-1} and the gate's pre-activation.
fn decide<F: Real>(shape: &Shape, shard: &mut Shard<F>, t: usize, direct: impl Fn(usize) -> F) {
    let padded = Layout::new(*shape).padded();
    let b = shard.batch;
    let previous = &shard.previous[t * b..(t + 1) * b];
    let back = &mut shard.back;
    for (row, d_u) in back.d_u.iter_mut().enumerate() {
        *d_u = direct(row);
    }
    let states = shard.h.iter().zip(&back.d_h).chain(shard.c.iter().zip(&back.d_c));
    for (states, gradient) in states.filter(|(_, gradient)| !gradient.is_empty()) {
        dispatch(UpdateValue {
            padded,
            previous,
            slot: t + 1,
            states,
            gradient,
            out: &mut back.d_u,
        });
    }
    for row in 0..b {
        let trace = shard.trace(t * b + row);
        let back = &mut shard.back;
        let d = trace.backward(back.d_u_tilde[row], back.d_carried[row], back.d_u[row]);
        (back.d_u_tilde[row], back.d_carried[row], back.d_gate[row]) = (d.u_tilde, d.carried, d.pre);
        back.grads.gate_bias += d.pre;
    }
}

/// Backward through the candidates of one layer for the rows of `shard.rows`.
fn update<F: Real>(
    shape: &Shape,
    learned: bool,
    params: &Packed<F>,
    shard: &mut Shard<F>,
    x: &[F],
    t: usize,
    layer: usize,
) {
    let layout = Layout::new(*shape);
    let (b, padded, gates, columns) = (shard.batch, layout.padded(), layout.gates(), layout.columns(layer));
    let previous = &shard.previous[t * b..(t + 1) * b];
    let (rows, back) = (&shard.rows, &mut shard.back);
    let feeds_gate = learned && layer + 1 == shape.layers;
    if feeds_gate {
        let top = match shape.family {
            Family::Lstm => &shard.c[layer],
            Family::Gru => &shard.h[layer],
        };
        dispatch(WeightGradient {
            padded,
            rows,
            top: &top[(t + 1) * b * padded..(t + 2) * b * padded],
            d_pre: &back.d_gate,
            d_weight: &mut back.grads.gate_weight,
        });
    }
    let chunk = back.filled..back.filled + rows.len();
    let d_pre = &mut back.d_pre[layer][chunk.start * gates..chunk.end * gates];
    let step = BackwardStep {
        padded,
        batch: b,
        rows,
        previous,
        slot: t + 1,
        saved: &shard.saved[layer][shard.starts[t] * gates..shard.starts[t + 1] * gates],
        h: &shard.h[layer],
        c: &shard.c[layer],
        d_h: &mut back.d_h[layer],
        d_c: &mut back.d_c[layer],
        gate: feeds_gate.then_some((&back.d_gate, &params.gate_weight)),
        d_pre,
    };
    match shape.family {
        Family::Lstm => dispatch(lstm::Backward(step)),
        Family::Gru => dispatch(gru::Backward(step)),
    }
    let operands = &mut back.operands[layer][chunk.start * columns..chunk.end * columns];
    let operand = Operand {
        shape,
        layer,
        t,
        rows,
        x,
        h: &shard.h,
        previous,
    };
    operand.write(operands);
    let d_pre = &back.d_pre[layer][chunk.start * gates..];
    let mut through = |blocks: std::ops::Range<usize>, columns_of: std::ops::Range<usize>, to: &mut [F]| {
        let width = columns_of.len();
        let start = Packed::<F>::part_offset(&layout, layer, blocks.start, columns_of.start);
        let units = blocks.len() * padded;
        let weights = Matrix::new(&params.weights[layer][start..], units, width, columns);
        let d_pre = Matrix::new(&d_pre[blocks.start * padded..], rows.len(), units, gates);
        product(&mut shard.operand, width, d_pre, weights, false);
        dispatch(Scatter {
            padded,
            width,
            rows,
            from: &shard.operand,
            to,
        });
    };
    through(layout.h_blocks(), layout.h_columns(layer), &mut back.d_h[layer]);
    // The data need no gradient: x of the first layer is left out.
    if let Some(below) = layer.checked_sub(1) {
        through(layout.x_blocks(), layout.x_columns(layer), &mut back.d_h[below]);
    }
}

/// Adds the gathered rows to the weight gradients.
fn flush<F: Real>(layout: &Layout, shard: &mut Shard<F>) {
    if shard.back.filled == 0 {
        return;
    }
    let (padded, gates, back) = (layout.padded(), layout.gates(), &mut shard.back);
    for (layer, weights) in back.grads.weights.iter_mut().enumerate() {
        let columns = layout.columns(layer);
        for part in layout.parts(layer) {
            let d_pre = &back.d_pre[layer][part.blocks.start * padded..];
            let d_pre = Matrix::new(d_pre, back.filled, part.blocks.len() * padded, gates);
            let rows = &back.operands[layer][part.columns.start..];
            let rows = Matrix::new(rows, back.filled, part.columns.len(), columns);
            let start = Packed::<F>::part_offset(layout, layer, part.blocks.start, part.columns.start);
            product(&mut weights[start..], columns, d_pre.transposed(), rows, true);
        }
    }
    back.filled = 0;
}

/// Adds gathered rows of `width` elements to the rows of the batch they came from.
struct Scatter<'a, F> {
    padded: usize,
    width: usize,
    rows: &'a [u32],
    from: &'a [F],
    to: &'a mut [F],
}

impl<F: Real> Kernel for Scatter<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (from, &row) in self.from.chunks_exact(self.width).zip(self.rows) {
            let start = row as usize * self.padded;
            for (to, from) in self.to[start..start + self.width].iter_mut().zip(from) {
                *to += *from;
            }
        }
    }
}
