//! The forward pass.

use super::gate::{Fresh, Trace};
use super::layout::Layout;
use super::operand::Operand;
use super::packed::Packed;
use super::real::Real;
use super::shape::{Family, OutputAt, Shape};
use super::steps::ForwardStep;
use super::sys::{Matrix, dispatch, product};
use super::workspace::{Shard, Workspace, grow};
use super::{gru, lstm};
use std::ops::Range;

/// Where u_t comes from.
#[derive(Debug, Clone, Copy)]
pub enum Schedule<'a, F> {
    /// u_t = 1 always: the plain cells.
    Every,
    /// u_t = 1 iff ũ_t >= 0.5, eq. (2).
    Gate,
    /// u_t = 1 iff v < ũ_t, for these v (B, T), uniform in [0, 1): u_t ~ Bernoulli(ũ_t).
    Bernoulli(&'a [F]),
    /// These u_t (B, T), for example with random skips; the gate, if there is one, has no say and no gradient. No
    /// candidate is computed at a skipped sample.
    Imposed(&'a [bool]),
}

/// What a pass runs over.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a, F> {
    /// (B, T, I): the samples.
    pub x: &'a [F],
    /// Where the updates come from.
    pub schedule: Schedule<'a, F>,
    /// (B): an offset for each sequence on the gate's pre-activation W_p s + b_p; none is 0.
    pub dial: Option<&'a [F]>,
}

impl<F: Real> Schedule<'_, F> {
    /// Whether u_t depends on the parameters.
    fn learned(&self) -> bool {
        matches!(self, Schedule::Gate | Schedule::Bernoulli(_))
    }

    /// That of some of the sequences.
    fn of(&self, sequences: Range<usize>, length: usize) -> Self {
        let range = sequences.start * length..sequences.end * length;
        match *self {
            Schedule::Bernoulli(v) => Schedule::Bernoulli(&v[range]),
            Schedule::Imposed(u) => Schedule::Imposed(&u[range]),
            other => other,
        }
    }

    fn updates(&self, u_tilde: F, place: usize) -> bool {
        match *self {
            Schedule::Every => true,
            Schedule::Gate => u_tilde >= F::HALF,
            Schedule::Bernoulli(v) => v[place] < u_tilde,
            Schedule::Imposed(u) => u[place],
        }
    }
}

struct Task<'a, F> {
    batch: Batch<'a, F>,
    h: &'a mut [F],
    u: &'a mut [F],
}

/// Runs a batch: eqs (2) to (5) from h0 (and c0) with ũ = 1.
///
/// Writes the top layer's h to `h`, (B, H) or (B, T, H) by [`Shape::output_at`], and u_t as 0 or 1 to `u` (B, T).
/// `workspace` then holds what [`backward`](super::backward()) needs.
///
/// # Panics
/// A slice has another length than `shape` says, a size is 0, or the schedule needs a gate that the shape lacks.
pub fn forward<F: Real>(
    shape: &Shape,
    params: &[F],
    batch: Batch<'_, F>,
    workspace: &mut Workspace<F>,
    h: &mut [F],
    u: &mut [F],
) {
    shape.check();
    let steps = shape.batch * shape.length;
    assert_eq!(
        params.len(),
        shape.parameter_count(),
        "params has another length than the shape's tensors"
    );
    let Batch { x, schedule, dial } = batch;
    assert_eq!(x.len(), steps * shape.input, "x must be (B, T, I)");
    assert_eq!(h.len(), shape.output_count(), "h must be (B, H) or (B, T, H)");
    assert_eq!(u.len(), steps, "u must be (B, T)");
    assert!(
        shape.skips || !schedule.learned(),
        "without a skip gate the schedule must be given"
    );
    match schedule {
        Schedule::Bernoulli(v) => assert_eq!(v.len(), steps, "the uniforms must be (B, T)"),
        Schedule::Imposed(m) => assert_eq!(m.len(), steps, "the mask must be (B, T)"),
        Schedule::Every | Schedule::Gate => {}
    }
    assert!(dial.is_none_or(|d| d.len() == shape.batch), "the dial must be (B)");
    workspace.recorded = None;
    workspace.params.pack(shape, params);
    workspace.split(shape);
    let (mut tasks, mut h, mut u, mut first) = (Vec::new(), h, u, 0);
    for shard in &workspace.shards {
        let sequences = first..first + shard.batch;
        first = sequences.end;
        let (h_part, u_part);
        (h_part, h) = h.split_at_mut(shard.batch * shape.output_stride());
        (u_part, u) = u.split_at_mut(shard.batch * shape.length);
        let stride = shape.length * shape.input;
        tasks.push(Task {
            batch: Batch {
                x: &x[sequences.start * stride..sequences.end * stride],
                schedule: schedule.of(sequences.clone(), shape.length),
                dial: dial.map(|d| &d[sequences]),
            },
            h: h_part,
            u: u_part,
        });
    }
    workspace.each(tasks, |params, shard, task| run(shape, params, shard, task));
    workspace.recorded = Some((*shape, schedule.learned()));
}

fn run<F: Real>(shape: &Shape, params: &Packed<F>, shard: &mut Shard<F>, task: Task<'_, F>) {
    let layout = Layout::new(*shape);
    let (b, hidden, padded) = (shard.batch, shape.hidden, layout.padded());
    let Batch { x, schedule, dial } = task.batch;
    let learned = schedule.learned();
    for k in 0..shape.layers {
        let start = k * padded..(k + 1) * padded;
        for row in shard.h[k][..b * padded].chunks_exact_mut(padded) {
            row.copy_from_slice(&params.h0[start.clone()]);
        }
        if shape.family == Family::Lstm {
            for row in shard.c[k][..b * padded].chunks_exact_mut(padded) {
                row.copy_from_slice(&params.c0[start.clone()]);
            }
        }
    }
    shard.u_tilde[..b].fill(F::ONE);
    shard.carried[..b].fill(F::ZERO);
    shard.starts[0] = 0;
    for t in 0..shape.length {
        let now = t * b..(t + 1) * b;
        shard.previous[now.clone()].copy_from_slice(&shard.latest);
        shard.rows.clear();
        let mut updates = 0;
        for row in 0..b {
            let place = row * shape.length + t;
            let updated = schedule.updates(shard.u_tilde[now.start + row], place);
            shard.updated[now.start + row] = updated;
            task.u[place] = if updated { F::ONE } else { F::ZERO };
            updates += usize::from(updated);
            // dL/du_t = <dL/ds_t, S - s_{t-1}> + ... needs the candidate of a skipped sample too, and at none is that
            // multiplied by 0: each u_t depends, through ũ_t, on the last update's Δũ. Imposed ones do not.
            if updated || learned {
                shard.rows.push(row as u32);
            }
        }
        shard.starts[t + 1] = shard.starts[t] + updates;
        for layer in 0..shape.layers {
            update(shape, params, shard, x, t, layer);
        }
        if learned {
            decide(shape, params, shard, dial, t);
        }
        for row in 0..b {
            if shard.updated[now.start + row] {
                shard.latest[row] = t as u32 + 1;
            }
        }
        if shape.output_at == OutputAt::Step {
            output(shard, hidden, padded, task.h, |row| (row * shape.length + t) * hidden);
        }
    }
    if shape.output_at == OutputAt::End {
        output(shard, hidden, padded, task.h, |row| row * hidden);
    }
}

/// The candidates of one layer for the rows of `shard.rows`.
fn update<F: Real>(shape: &Shape, params: &Packed<F>, shard: &mut Shard<F>, x: &[F], t: usize, layer: usize) {
    let layout = Layout::new(*shape);
    let (b, padded, gates, columns) = (shard.batch, layout.padded(), layout.gates(), layout.columns(layer));
    let now = t * b..(t + 1) * b;
    let active = shard.rows.len();
    let previous = &shard.previous[now.clone()];
    let operand = Operand {
        shape,
        layer,
        t,
        rows: &shard.rows,
        x,
        h: &shard.h,
        previous,
    };
    operand.write(&mut shard.operand);
    for part in layout.parts(layer) {
        let start = Packed::<F>::part_offset(&layout, layer, part.blocks.start, part.columns.start);
        let rows = Matrix::new(
            &shard.operand[part.columns.start..],
            active,
            part.columns.len(),
            columns,
        );
        let units = part.blocks.len() * padded;
        let weights = Matrix::new(&params.weights[layer][start..], units, part.columns.len(), columns);
        let out = &mut shard.pre[part.blocks.start * padded..];
        product(out, gates, rows, weights.transposed(), false);
    }
    let saved = shard.starts[t] * gates..shard.starts[t + 1] * gates;
    grow(&mut shard.saved[layer], saved.end);
    let (h_past, h_next) = shard.h[layer].split_at_mut((t + 1) * b * padded);
    let cells = if shape.family == Family::Lstm {
        (t + 1) * b * padded
    } else {
        0
    };
    let (c_past, c_next) = shard.c[layer].split_at_mut(cells);
    let step = ForwardStep {
        padded,
        active: &shard.rows,
        updated: &shard.updated[now],
        previous,
        pre: &mut shard.pre[..active * gates],
        saved: &mut shard.saved[layer][saved],
        h_past,
        c_past,
        h_next,
        c_next,
    };
    match shape.family {
        Family::Lstm => dispatch(lstm::Forward(step)),
        Family::Gru => dispatch(gru::Forward(step)),
    }
}

/// Eqs (4) and (5): ũ_{t+1} and Δũ_t of every row.
fn decide<F: Real>(shape: &Shape, params: &Packed<F>, shard: &mut Shard<F>, dial: Option<&[F]>, t: usize) {
    let padded = Layout::new(*shape).padded();
    let b = shard.batch;
    let now = t * b..(t + 1) * b;
    let top = match shape.family {
        Family::Lstm => &shard.c[shape.layers - 1],
        Family::Gru => &shard.h[shape.layers - 1],
    };
    dispatch(Fresh {
        padded,
        active: &shard.rows,
        top: &top[(t + 1) * b * padded..(t + 2) * b * padded],
        weight: &params.gate_weight,
        bias: params.gate_bias,
        dial,
        fresh: &mut shard.fresh[now.clone()],
    });
    if t + 1 < shape.length {
        for place in now {
            let trace = shard.trace(place);
            shard.u_tilde[place + b] = trace.advance();
            shard.carried[place + b] = trace.delta();
        }
    }
}

/// Copies h of the last update of every row to where `place` says.
fn output<F: Real>(shard: &Shard<F>, hidden: usize, padded: usize, out: &mut [F], place: impl Fn(usize) -> usize) {
    let top = shard.h.last().expect("at least one layer");
    for (row, &slot) in shard.latest.iter().enumerate() {
        let state = (slot as usize * shard.batch + row) * padded;
        out[place(row)..place(row) + hidden].copy_from_slice(&top[state..state + hidden]);
    }
}

impl<F: Real> Shard<F> {
    /// The gate's values at place t·b + row.
    pub(super) fn trace(&self, place: usize) -> Trace<F> {
        Trace {
            u_tilde: self.u_tilde[place],
            fresh: self.fresh[place],
            carried: self.carried[place],
            updated: self.updated[place],
        }
    }
}
