//! The matrix products of one iteration and nothing else: what the rest of the fused passes is measured against.

use super::layout::Layout;
use super::real::Real;
use super::shape::Shape;
use super::sys::{Matrix, product};

/// Operands and results for the products of one step on one thread, used over and over.
pub struct Products<F> {
    shape: Shape,
    operand: Vec<F>,
    weights: Vec<F>,
    gates: Vec<F>,
    d_operand: Vec<F>,
    d_weights: Vec<F>,
}

impl<F: Real> Products<F> {
    /// Operands for a pass of this shape.
    pub fn new(shape: Shape) -> Self {
        let layout = Layout::new(shape);
        let columns = layout.columns(0).max(layout.columns(shape.layers - 1));
        Products {
            shape,
            operand: vec![F::HALF; shape.batch * columns],
            weights: vec![F::HALF; layout.gates() * columns],
            gates: vec![F::ZERO; shape.batch * layout.gates()],
            d_operand: vec![F::ZERO; shape.batch * columns],
            d_weights: vec![F::ZERO; layout.gates() * columns],
        }
    }

    /// T steps, forward over all rows and backward over `updated` of them, with the sizes that the fused passes use.
    ///
    /// # Panics
    /// `updated` exceeds B.
    pub fn run(&mut self, updated: usize) {
        let layout = Layout::new(self.shape);
        let (padded, gates) = (layout.padded(), layout.gates());
        let batch = self.shape.batch;
        for step in 0..self.shape.length * self.shape.layers {
            let layer = step % self.shape.layers;
            let columns = layout.columns(layer);
            for part in layout.parts(layer) {
                let (width, units) = (part.columns.len(), part.blocks.len() * padded);
                let out = part.blocks.start * padded;
                let rows = |n| Matrix::new(&self.operand, n, width, columns);
                let weights = Matrix::new(&self.weights, units, width, columns);
                product(&mut self.gates[out..], gates, rows(batch), weights.transposed(), false);
                let d_pre = Matrix::new(&self.gates[out..], updated, units, gates);
                product(&mut self.d_weights, columns, d_pre.transposed(), rows(updated), true);
            }
            let above_first = (layer > 0).then(|| (layout.x_blocks(), layout.x_columns(layer)));
            for (blocks, columns_of) in above_first
                .into_iter()
                .chain([(layout.h_blocks(), layout.h_columns(layer))])
            {
                let (width, units) = (columns_of.len(), blocks.len() * padded);
                let d_pre = Matrix::new(&self.gates[blocks.start * padded..], updated, units, gates);
                let weights = Matrix::new(&self.weights, units, width, columns);
                product(&mut self.d_operand, width, d_pre, weights, false);
            }
        }
    }
}
