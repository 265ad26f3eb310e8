//! The operand of a layer's product: rows `[x_t | 1 | h_{t-1}]`.

use super::layout::Layout;
use super::real::Real;
use super::shape::Shape;

/// Where the operand rows of one layer at one step come from.
pub struct Operand<'a, F> {
    /// Sizes.
    pub shape: &'a Shape,
    /// The layer that reads the rows.
    pub layer: usize,
    /// The step.
    pub t: usize,
    /// Rows of the batch, in the order in which they are written.
    pub rows: &'a [u32],
    /// (b, T, I).
    pub x: &'a [F],
    /// For each layer (slots, b, H').
    pub h: &'a [Vec<F>],
    /// (b): the slot of s_{t-1}.
    pub previous: &'a [u32],
}

impl<F: Real> Operand<'_, F> {
    /// Writes (rows, K). Above the first layer x is the candidate of the layer below.
    pub fn write(&self, out: &mut [F]) {
        let layout = Layout::new(*self.shape);
        let (inputs, hidden) = (self.shape.inputs(self.layer), self.shape.hidden);
        let (padded, batch) = (layout.padded(), self.previous.len());
        for (out, &row) in out.chunks_exact_mut(layout.columns(self.layer)).zip(self.rows) {
            let row = row as usize;
            let source = match self.layer.checked_sub(1) {
                None => &self.x[(row * self.shape.length + self.t) * inputs..],
                Some(below) => &self.h[below][((self.t + 1) * batch + row) * padded..],
            };
            let state = &self.h[self.layer][(self.previous[row] as usize * batch + row) * padded..];
            out[..inputs].copy_from_slice(&source[..inputs]);
            out[inputs] = F::ONE;
            out[inputs + 1..].copy_from_slice(&state[..hidden]);
        }
    }
}
