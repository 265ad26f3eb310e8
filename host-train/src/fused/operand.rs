//! The operand of a layer's product: rows `[x_t | 1 | h_{t-1}]`.

use super::buffer::Buffer;
use super::layout::Layout;
use super::real::Real;
use super::shape::Shape;
use super::states::States;
use super::sys::{Kernel, dispatch};

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
    /// For each layer (slots, V, b) vectors.
    pub h: &'a [Buffer<F>],
    /// (b): the slot of s_{t-1}.
    pub previous: &'a [u32],
}

impl<F: Real> Operand<'_, F> {
    /// Writes (rows, K), with zeros in the padding. Above the first layer x is the candidate of the layer below.
    pub fn write(self, out: &mut [F]) {
        dispatch(Write { operand: self, out });
    }
}

struct Write<'a, 'b, F> {
    operand: Operand<'a, F>,
    out: &'b mut [F],
}

impl<F: Real> Kernel for Write<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool, const WIDE: bool>(self) {
        let Write { operand, out } = self;
        operand.copy(out);
    }
}

impl<F: Real> Operand<'_, F> {
    #[inline(always)]
    fn copy(&self, out: &mut [F]) {
        let layout = Layout::new(*self.shape);
        let (inputs, hidden) = (self.shape.inputs(self.layer), self.shape.hidden);
        let states = |layer: usize| States::new(&self.h[layer], layout.vectors(), self.previous.len());
        let below = self.layer.checked_sub(1).map(states);
        let own = states(self.layer);
        for (out, &row) in out.chunks_exact_mut(layout.stride(self.layer)).zip(self.rows) {
            let row = row as usize;
            let (x, rest) = out.split_at_mut(inputs);
            match below {
                None => x.copy_from_slice(&self.x[(row * self.shape.length + self.t) * inputs..][..inputs]),
                Some(below) => below.copy(self.t + 1, row, x),
            }
            rest[0] = F::ONE;
            let (h, padding) = rest[1..].split_at_mut(hidden);
            own.copy(self.previous[row] as usize, row, h);
            padding.fill(F::ZERO);
        }
    }
}
