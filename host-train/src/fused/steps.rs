//! One step of one layer: products and pointwise work in one pass, for either family.

use super::gate::add_value;
use super::real::Real;
use super::states::States;
use super::sys::{Kernel, prefetch};
use super::tile::{Aligned, ROWS, Tile, add_rows, zeros};
use super::vector::{BLOCKS, LANES, QUAD, Quad, Vector, vectors, vectors_mut};
use std::marker::PhantomData;
use std::ops::Range;

/// What the families differ in.
pub trait Cell {
    /// Whether the state has a c, which then is what the cell carries; otherwise that is h.
    const HAS_C: bool;

    /// rows · panel, where x is the first `inputs` columns.
    fn multiply<F: Real, const FMA: bool, const WIDE: bool>(
        rows: [&[F]; ROWS],
        panel: &[Quad<F>],
        inputs: usize,
    ) -> Aligned<Tile<F>>;

    /// tile += columnsᵀ · panel: the weight gradient of the `ROWS` columns from number `first` on.
    fn weigh<F: Real, const FMA: bool, const WIDE: bool>(
        tile: &mut Tile<F>,
        first: usize,
        inputs: usize,
        columns: &[F],
        stride: usize,
        panel: &[Quad<F>],
    );

    /// Pre-activations to activations, and what the cell carries from before to after the step; returns h.
    fn forward<F: Real, const FMA: bool>(tile: &mut Tile<F>, state: &mut [Vector<F>; ROWS]) -> [Vector<F>; ROWS];

    /// The gradient of the pre-activations from the activations, what the cell carried before, the h after, and dL/dh
    /// and dL/dc, which become those before the step except for what passes through the product.
    fn backward<F: Real, const FMA: bool>(
        gates: &Quad<F>,
        before: &Vector<F>,
        h: &Vector<F>,
        d_h: &mut Vector<F>,
        d_c: &mut Vector<F>,
    ) -> Quad<F>;
}

/// Forward: every active row r, at place k of the active list, gets its candidate.
pub struct Forward<'a, F, C> {
    /// V.
    pub vectors: usize,
    /// I of the layer.
    pub inputs: usize,
    /// Columns of the operand that count.
    pub columns: usize,
    /// K.
    pub stride: usize,
    /// Rows whose candidate is computed, ascending.
    pub active: &'a [u32],
    /// (b): u_t.
    pub updated: &'a [bool],
    /// (b): the slot of the state before this step.
    pub previous: &'a [u32],
    /// (active, K): rows `[x | 1 | h]`.
    pub operand: &'a [F],
    /// (V, K).
    pub weights: &'a [Quad<F>],
    /// (V, updated): receives the activations of the rows with u_t = 1.
    pub saved: &'a mut [Quad<F>],
    /// What the cell carries, in the slots so far.
    pub past: States<'a, F>,
    /// (V, b) vectors: receives h of the candidate.
    pub h_next: &'a mut [F],
    /// (V, b) vectors: receives c of the candidate; empty without one.
    pub c_next: &'a mut [F],
    /// The family.
    pub cell: PhantomData<C>,
}

impl<F: Real, C: Cell> Kernel for Forward<'_, F, C> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool, const WIDE: bool>(self) {
        let (count, batch) = (self.vectors, self.updated.len());
        let updates = self.saved.len() / count;
        let (h_next, c_next) = (vectors_mut(self.h_next), vectors_mut(self.c_next));
        for v in 0..count {
            let panel = &self.weights[v * self.stride..][..self.columns];
            let mut saved = self.saved[v * updates..(v + 1) * updates].iter_mut();
            for (n, active) in self.active.chunks(ROWS).enumerate() {
                // A short last tile computes its last row several times.
                let row = |r: usize| (n * ROWS + r.min(active.len() - 1)) * self.stride;
                let rows = std::array::from_fn(|r| &self.operand[row(r)..][..self.columns]);
                let mut tile = C::multiply::<F, FMA, WIDE>(rows, panel, self.inputs);
                let Aligned(tile) = &mut tile;
                let place = |r: usize| active[r.min(active.len() - 1)] as usize;
                let mut state = std::array::from_fn(|r| *self.past.at(self.previous[place(r)] as usize, v, place(r)));
                let h = C::forward::<F, FMA>(tile, &mut state);
                for (r, &row) in active.iter().enumerate() {
                    let row = row as usize;
                    h_next[v * batch + row] = h[r];
                    if C::HAS_C {
                        c_next[v * batch + row] = state[r];
                    }
                    if self.updated[row] {
                        *saved.next().expect("a place for every update") = tile[r];
                    }
                }
            }
        }
    }
}

/// Backward through the pointwise work, for the rows with u_t = 1.
pub struct Backward<'a, F, C> {
    /// V.
    pub vectors: usize,
    /// b.
    pub batch: usize,
    /// Rows with u_t = 1, ascending.
    pub rows: &'a [u32],
    /// (b): the slot of the state before this step.
    pub previous: &'a [u32],
    /// (V, rows): the activations.
    pub saved: &'a [Quad<F>],
    /// What the cell carries.
    pub states: States<'a, F>,
    /// (V, b) vectors: h after the step.
    pub h: &'a [F],
    /// (V, b) vectors: in: dL/dh_t; out: the part of dL/dh_{t-1} that does not pass the product.
    pub d_h: &'a mut [F],
    /// (V, b) vectors: in: dL/dc_t; out: dL/dc_{t-1}; empty without one.
    pub d_c: &'a mut [F],
    /// (b): gradient of the skip gate's pre-activation, and its weights (H'), where this layer feeds it.
    pub gate: Option<(&'a [F], &'a [F])>,
    /// (V, chunk): receives the gradient of the pre-activations.
    pub d_pre: &'a mut [Quad<F>],
    /// The place of the first row in the chunk.
    pub first: usize,
    /// Where the value of the updates is asked for.
    pub value: Option<Value<'a, F>>,
    /// The family.
    pub cell: PhantomData<C>,
}

/// What the update of a row is worth, <dL/ds_t, S - s_{t-1}>, lane by lane: it needs what the backward pass has at hand.
pub struct Value<'a, F> {
    /// h in the slots so far.
    pub h: States<'a, F>,
    /// The slot of the candidate.
    pub slot: usize,
    /// (b) vectors: is added to.
    pub sums: &'a mut [F],
}

/// Rows between the one at work and the one whose activations are fetched: they come from far away, and the processor
/// does not look that far ahead by itself.
const AHEAD: usize = 8;

impl<F: Real, C: Cell> Kernel for Backward<'_, F, C> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool, const WIDE: bool>(mut self) {
        let (count, batch) = (self.vectors, self.batch);
        let h = vectors(self.h);
        let chunk = self.d_pre.len() / count;
        let (d_h, d_c) = (vectors_mut(self.d_h), vectors_mut(self.d_c));
        let saved = self.saved.chunks_exact(self.rows.len());
        for (v, saved) in saved.enumerate() {
            let weight = self.gate.map(|(_, weight)| vectors(weight)[v]);
            let places = saved
                .iter()
                .zip(&mut self.d_pre[v * chunk + self.first..(v + 1) * chunk]);
            let mut ahead = saved.iter().zip(self.rows).skip(AHEAD);
            for ((gates, d_pre), &row) in places.zip(self.rows) {
                let row = row as usize;
                if let Some((gates, &row)) = ahead.next() {
                    let (row, slot) = (row as usize, self.previous[row as usize] as usize);
                    prefetch(gates);
                    prefetch(self.states.at(slot, v, row));
                    if let (true, Some(value)) = (C::HAS_C, &self.value) {
                        prefetch(value.h.at(slot, v, row));
                    }
                }
                let mut dh = d_h[v * batch + row];
                let mut dc = if C::HAS_C {
                    d_c[v * batch + row]
                } else {
                    [F::ZERO; LANES]
                };
                let before = self.states.at(self.previous[row] as usize, v, row);
                if let Some(value) = &mut self.value {
                    let sums = &mut vectors_mut(value.sums)[row];
                    let h_before = value.h.at(self.previous[row] as usize, v, row);
                    add_value::<F, FMA>(sums, &dh, h_before, &h[v * batch + row]);
                    if C::HAS_C {
                        add_value::<F, FMA>(sums, &dc, before, self.states.at(value.slot, v, row));
                    }
                }
                if let (Some((d_gate, _)), Some(weight)) = (self.gate, weight) {
                    let carried = if C::HAS_C { &mut dc } else { &mut dh };
                    for l in 0..LANES {
                        carried[l] = d_gate[row].madd::<FMA>(weight[l], carried[l]);
                    }
                }
                let gradient = C::backward::<F, FMA>(gates, before, &h[v * batch + row], &mut dh, &mut dc);
                *d_pre = gradient;
                d_h[v * batch + row] = dh;
                if C::HAS_C {
                    d_c[v * batch + row] = dc;
                }
            }
        }
    }
}

/// Vectors of units that the backward product sums over in one go: their weights stay in a first-level cache.
const SPAN: usize = 2;

/// Backward through the product: the gradient of h (or of x, the h of the layer below) from that of the
/// pre-activations.
pub struct OperandGradient<'a, F> {
    /// V.
    pub vectors: usize,
    /// b.
    pub batch: usize,
    /// Rows of the batch.
    pub rows: &'a [u32],
    /// The blocks that the operand feeds.
    pub blocks: Range<usize>,
    /// (groups, V, 64): the weights, transposed.
    pub weights: &'a [Quad<F>],
    /// (V, chunk).
    pub d_pre: &'a [Quad<F>],
    /// The place of the first row in the chunk.
    pub first: usize,
    /// (V, b) vectors: is added to.
    pub to: &'a mut [F],
}

impl<F: Real> Kernel for OperandGradient<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool, const WIDE: bool>(mut self) {
        for group in 0..self.vectors.div_ceil(BLOCKS) {
            match self.vectors - group * BLOCKS {
                1 => self.group::<1, FMA, WIDE>(group),
                2 => self.group::<2, FMA, WIDE>(group),
                3 => self.group::<3, FMA, WIDE>(group),
                _ => self.group::<4, FMA, WIDE>(group),
            }
        }
    }
}

impl<F: Real> OperandGradient<'_, F> {
    #[inline(always)]
    fn group<const COUNT: usize, const FMA: bool, const WIDE: bool>(&mut self, group: usize) {
        let (count, batch) = (self.vectors, self.batch);
        let lanes = self.blocks.start * LANES..self.blocks.end * LANES;
        let weights = &self.weights[group * count * QUAD..(group + 1) * count * QUAD];
        let to = &mut vectors_mut(self.to)[group * BLOCKS * batch..];
        let span = SPAN * self.d_pre.len() / count;
        for (weights, d_pre) in weights.chunks(SPAN * QUAD).zip(self.d_pre.chunks(span)) {
            for (n, rows) in self.rows.chunks(ROWS).enumerate() {
                let last = rows.len() - 1;
                let mut tile = zeros::<F, COUNT>();
                for r in 0..ROWS {
                    let row = rows[r.min(last)] as usize;
                    for g in 0..COUNT {
                        tile.0[r][g] = to[g * batch + row];
                    }
                }
                for (panel, d_pre) in weights.chunks_exact(QUAD).zip(d_pre.chunks_exact(span / SPAN)) {
                    let d_pre = &d_pre[self.first + n * ROWS..];
                    let d_pre = std::array::from_fn(|r| &d_pre[r.min(last)].as_flattened()[lanes.clone()]);
                    tile = add_rows::<F, COUNT, 0, COUNT, FMA, WIDE>(tile, d_pre, &panel[lanes.clone()]);
                }
                for (sums, &row) in tile.0.iter().zip(rows) {
                    for g in 0..COUNT {
                        to[g * batch + row as usize] = sums[g];
                    }
                }
            }
        }
    }
}

/// Rows of a chunk that the weight gradient sums in one go: that many gradients of pre-activations of one vector of units
/// stay in a first-level cache.
const DEPTH: usize = 128;

/// Adds a chunk to the weight gradient.
pub struct AddWeightGradient<'a, F, C> {
    /// V.
    pub vectors: usize,
    /// I of the layer.
    pub inputs: usize,
    /// K.
    pub stride: usize,
    /// Rows in the chunk.
    pub filled: usize,
    /// (chunk, K).
    pub operands: &'a [F],
    /// (V, chunk).
    pub d_pre: &'a [Quad<F>],
    /// (V, K): is added to.
    pub weights: &'a mut [Quad<F>],
    /// The family.
    pub cell: PhantomData<C>,
}

impl<F: Real, C: Cell> Kernel for AddWeightGradient<'_, F, C> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool, const WIDE: bool>(self) {
        let chunk = self.d_pre.len() / self.vectors;
        let depth = self.filled.div_ceil(self.filled.div_ceil(DEPTH));
        for from in (0..self.filled).step_by(depth) {
            let to = (from + depth).min(self.filled);
            let operands = &self.operands[from * self.stride..to * self.stride];
            for (v, weights) in self.weights.chunks_exact_mut(self.stride).enumerate() {
                let panel = &self.d_pre[v * chunk + from..v * chunk + to];
                for (n, tile) in weights.as_chunks_mut().0.iter_mut().enumerate() {
                    let columns = &operands[n * ROWS..];
                    C::weigh::<F, FMA, WIDE>(tile, n * ROWS, self.inputs, columns, self.stride, panel);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
