//! The forward pass.

use super::buffer::{quads, quads_mut};
use super::gate::{GateIncrement, Trace};
use super::layout::Layout;
use super::operand::Operand;
use super::packed::{Packed, Parameters};
use super::real::Real;
use super::shape::{Family, OutputAt, Shape};
use super::states::{States, fill};
use super::steps::{Cell, Forward};
use super::sys::dispatch;
use super::vector::QUAD;
use super::workspace::{Shard, Workspace};
use super::{gru::Gru, lstm::Lstm};
use std::marker::PhantomData;
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
    /// (B): samples of each sequence, from 1 to T; none is T. Behind them there is no update, whatever the schedule says,
    /// so that the state at a sequence's own last sample stands, and nothing there has a gradient.
    pub lengths: Option<&'a [u32]>,
}

impl<F: Real> Schedule<'_, F> {
    /// Whether u_t depends on the parameters.
    fn learned(&self) -> bool {
        matches!(self, Schedule::Gate | Schedule::Bernoulli(_))
    }

    /// The schedule of some of the sequences.
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
    let Batch {
        x,
        schedule,
        dial,
        lengths,
    } = batch;
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
    assert!(
        lengths.is_none_or(|l| l.len() == shape.batch && l.iter().all(|l| (1..=shape.length).contains(&(*l as usize)))),
        "the lengths must be (B), each from 1 to T"
    );
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
                dial: dial.map(|d| &d[sequences.clone()]),
                lengths: lengths.map(|l| &l[sequences]),
            },
            h: h_part,
            u: u_part,
        });
    }
    workspace.each(tasks, |params, shard, task| run(shape, params, shard, task));
    workspace.recorded = Some((*shape, schedule.learned()));
}

fn run<F: Real>(shape: &Shape, params: &Parameters<F>, shard: &mut Shard<F>, task: Task<'_, F>) {
    let layout = Layout::new(*shape);
    let (b, hidden, padded) = (shard.batch, shape.hidden, layout.padded());
    let Batch {
        x,
        schedule,
        dial,
        lengths,
    } = task.batch;
    shard.lengths.clear();
    shard.lengths.extend_from_slice(lengths.unwrap_or_default());
    let learned = schedule.learned();
    let params = &params.forward;
    for k in 0..shape.layers {
        let row = k * padded..(k + 1) * padded;
        fill(&mut shard.h[k][..b * padded], b, &params.h0[row.clone()]);
        if shape.family == Family::Lstm {
            fill(&mut shard.c[k][..b * padded], b, &params.c0[row]);
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
            let inside = shard.inside(row, t);
            let updated = inside && schedule.updates(shard.u_tilde[now.start + row], place);
            shard.updated[now.start + row] = updated;
            task.u[place] = if updated { F::ONE } else { F::ZERO };
            updates += usize::from(updated);
            // dL/du_t = <dL/ds_t, S - s_{t-1}> + ... needs the candidate of a skipped sample too, and at none is that
            // multiplied by 0: each u_t depends, through ũ_t, on the last update's Δũ. Imposed ones do not.
            if updated || (learned && inside) {
                shard.rows.push(row as u32);
            }
        }
        shard.starts[t + 1] = shard.starts[t] + updates;
        for layer in 0..shape.layers {
            match shape.family {
                Family::Lstm => update::<F, Lstm>(shape, params, shard, x, t, layer),
                Family::Gru => update::<F, Gru>(shape, params, shard, x, t, layer),
            }
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
            output(shard, layout.vectors(), hidden, task.h, |row| {
                (row * shape.length + t) * hidden
            });
        }
    }
    if shape.output_at == OutputAt::End {
        output(shard, layout.vectors(), hidden, task.h, |row| row * hidden);
    }
}

/// The candidates of one layer for the rows of `shard.rows`.
fn update<F: Real, C: Cell>(shape: &Shape, params: &Packed<F>, shard: &mut Shard<F>, x: &[F], t: usize, layer: usize) {
    let layout = Layout::new(*shape);
    let (b, padded) = (shard.batch, layout.padded());
    let now = t * b..(t + 1) * b;
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
    let vectors = layout.vectors();
    let saved = shard.starts[t] * vectors * QUAD..shard.starts[t + 1] * vectors * QUAD;
    shard.saved[layer].grow(saved.end);
    let slot = (t + 1) * b * padded;
    let (h_past, h_next) = shard.h[layer].split_at_mut(slot);
    let (past, c_next) = match C::HAS_C {
        true => {
            let (c_past, c_next) = shard.c[layer].split_at_mut(slot);
            (&*c_past, c_next)
        }
        false => (&*h_past, Default::default()),
    };
    dispatch(Forward {
        vectors,
        inputs: shape.inputs(layer),
        columns: layout.columns(layer),
        stride: layout.stride(layer),
        active: &shard.rows,
        updated: &shard.updated[now],
        previous,
        operand: &shard.operand,
        weights: quads(&params.weights[layer]),
        saved: quads_mut(&mut shard.saved[layer][saved]),
        past: States::new(past, vectors, b),
        h_next,
        c_next,
        cell: PhantomData::<C>,
    });
}

/// Eqs (4) and (5): ũ_{t+1} and Δũ_t of every row.
fn decide<F: Real>(shape: &Shape, params: &Packed<F>, shard: &mut Shard<F>, dial: Option<&[F]>, t: usize) {
    let b = shard.batch;
    let now = t * b..(t + 1) * b;
    let top = match shape.family {
        Family::Lstm => &shard.c[shape.layers - 1],
        Family::Gru => &shard.h[shape.layers - 1],
    };
    dispatch(GateIncrement {
        active: &shard.rows,
        top: States::new(top, Layout::new(*shape).vectors(), b),
        slot: t + 1,
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
fn output<F: Real>(shard: &Shard<F>, vectors: usize, hidden: usize, out: &mut [F], place: impl Fn(usize) -> usize) {
    let top = States::new(shard.h.last().expect("at least one layer"), vectors, shard.batch);
    for (row, &slot) in shard.latest.iter().enumerate() {
        top.copy(slot as usize, row, &mut out[place(row)..place(row) + hidden]);
    }
}

impl<F: Real> Shard<F> {
    /// Whether sample `t` is one of the sequence in this row, not padding.
    pub(super) fn inside(&self, row: usize, t: usize) -> bool {
        self.lengths.get(row).is_none_or(|length| t < *length as usize)
    }

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
