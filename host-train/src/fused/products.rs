//! The matrix products of one iteration and nothing else: what the rest of the fused passes is measured against.

use super::buffer::{Buffer, quads, quads_mut};
use super::gru::Gru;
use super::layout::Layout;
use super::lstm::Lstm;
use super::real::Real;
use super::shape::{Family, Shape};
use super::steps::{AddWeightGradient, Cell, OperandGradient};
use super::sys::{Kernel, dispatch};
use super::tile::{Aligned, ROWS};
use super::vector::{QUAD, Quad};
use std::marker::PhantomData;

/// Operands and results for the products of one step on one thread, used over and over.
pub struct Products<F> {
    shape: Shape,
    /// (B, K).
    operand: Buffer<F>,
    /// Quads (V, K).
    weights: Buffer<F>,
    /// Quads (groups, V, 64).
    transposed: Buffer<F>,
    /// Quads (V, tiles, ROWS).
    gates: Buffer<F>,
    /// Quads (V, B).
    d_pre: Buffer<F>,
    /// (B, H').
    d_h: Buffer<F>,
    /// Quads (V, K).
    d_weights: Buffer<F>,
}

/// The forward products of one layer.
struct Multiply<'a, F, C> {
    inputs: usize,
    columns: usize,
    stride: usize,
    operand: &'a [F],
    weights: &'a [Quad<F>],
    gates: &'a mut [Quad<F>],
    cell: PhantomData<C>,
}

impl<F: Real, C: Cell> Kernel for Multiply<'_, F, C> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool, const WIDE: bool>(self) {
        let mut gates = self.gates.chunks_exact_mut(ROWS);
        for panel in self.weights.chunks_exact(self.stride) {
            for operand in self.operand.chunks(ROWS * self.stride) {
                let last = operand.len() / self.stride - 1;
                let rows = std::array::from_fn(|r| &operand[r.min(last) * self.stride..][..self.columns]);
                let Aligned(tile) = C::multiply::<F, FMA, WIDE>(rows, &panel[..self.columns], self.inputs);
                gates.next().expect("a place for every tile").copy_from_slice(&tile);
            }
        }
    }
}

impl<F: Real> Products<F> {
    /// Operands for a pass of this shape.
    pub fn new(shape: Shape) -> Self {
        let layout = Layout::new(shape);
        let stride = layout.stride(0).max(layout.stride(shape.layers - 1));
        let quads = layout.vectors() * QUAD;
        let buffer = |count: usize| {
            let mut buffer = Buffer::default();
            buffer.refill(count, F::HALF);
            buffer
        };
        Products {
            shape,
            operand: buffer(shape.batch * stride),
            weights: buffer(quads * stride),
            transposed: buffer(layout.groups() * quads * QUAD),
            gates: buffer(quads * shape.batch.next_multiple_of(ROWS)),
            d_pre: buffer(quads * shape.batch),
            d_h: buffer(shape.batch * layout.padded()),
            d_weights: buffer(quads * stride),
        }
    }

    /// T steps, forward over all rows and backward over `updated` of them, with the sizes that the fused passes use.
    ///
    /// # Panics
    /// `updated` exceeds B.
    pub fn run(&mut self, updated: usize) {
        let rows: Vec<u32> = (0u32..).take(updated).collect();
        for step in 0..self.shape.length * self.shape.layers {
            match self.shape.family {
                Family::Lstm => self.step::<Lstm>(step % self.shape.layers, &rows),
                Family::Gru => self.step::<Gru>(step % self.shape.layers, &rows),
            }
        }
    }

    fn step<C: Cell>(&mut self, layer: usize, rows: &[u32]) {
        let layout = Layout::new(self.shape);
        let (vectors, inputs, stride) = (layout.vectors(), self.shape.inputs(layer), layout.stride(layer));
        let (operand, cell) = (&self.operand[..self.shape.batch * stride], PhantomData::<C>);
        let weights = ..vectors * stride * QUAD;
        dispatch(Multiply {
            inputs,
            columns: layout.columns(layer),
            stride,
            operand,
            weights: quads(&self.weights[weights]),
            gates: quads_mut(&mut self.gates),
            cell,
        });
        if rows.is_empty() {
            return;
        }
        let above_first = (layer > 0).then(|| layout.x_blocks());
        for blocks in above_first.into_iter().chain([layout.h_blocks()]) {
            dispatch(OperandGradient {
                vectors,
                batch: self.shape.batch,
                first: 0,
                rows,
                blocks,
                weights: quads(&self.transposed),
                d_pre: quads(&self.d_pre),
                to: &mut self.d_h,
            });
        }
        dispatch(AddWeightGradient {
            vectors,
            inputs,
            stride,
            filled: rows.len(),
            operands: operand,
            d_pre: quads(&self.d_pre),
            weights: quads_mut(&mut self.d_weights[weights]),
            cell,
        });
    }
}
