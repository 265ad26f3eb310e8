//! How gates and operands are laid out for the products: padded units, four blocks of columns, rows `[x | 1 | h]`.

use super::shape::{Family, Shape};
use std::ops::Range;

/// Units are padded to a multiple of this many, the lanes of the widest vectors.
pub const LANES: usize = 16;

/// Blocks of pre-activations of one row: i, f, g, o for the LSTM; n_x, r, z, n_h for the GRU, whose n has a sum over x
/// and one over h. In this order the blocks that x feeds are contiguous, and those that h feeds are too.
pub const BLOCKS: usize = 4;

/// Splits a row of [`BLOCKS`] blocks.
#[inline(always)]
pub fn blocks<F>(row: &[F]) -> [&[[F; LANES]]; BLOCKS] {
    let (ab, cd) = row.split_at(row.len() / 2);
    let (a, b) = ab.split_at(ab.len() / 2);
    let (c, d) = cd.split_at(cd.len() / 2);
    [lanes(a), lanes(b), lanes(c), lanes(d)]
}

/// [`blocks`], to be written to.
#[inline(always)]
pub fn blocks_mut<F>(row: &mut [F]) -> [&mut [[F; LANES]]; BLOCKS] {
    let (ab, cd) = row.split_at_mut(row.len() / 2);
    let (a, b) = ab.split_at_mut(ab.len() / 2);
    let (c, d) = cd.split_at_mut(cd.len() / 2);
    [lanes_mut(a), lanes_mut(b), lanes_mut(c), lanes_mut(d)]
}

/// A padded row as vectors.
#[inline(always)]
pub fn lanes<F>(row: &[F]) -> &[[F; LANES]] {
    row.as_chunks().0
}

/// [`lanes`], to be written to.
#[inline(always)]
pub fn lanes_mut<F>(row: &mut [F]) -> &mut [[F; LANES]] {
    row.as_chunks_mut().0
}

/// The part of a layer's product that uses these blocks and these columns of the operand `[x | 1 | h]`.
pub struct Part {
    /// Which of the [`BLOCKS`].
    pub blocks: Range<usize>,
    /// Which of the columns.
    pub columns: Range<usize>,
}

/// The sizes that the passes over one part of the batch need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    shape: Shape,
}

impl Layout {
    pub fn new(shape: Shape) -> Self {
        Layout { shape }
    }

    /// H, padded: the length of a row of a state.
    pub fn padded(&self) -> usize {
        self.shape.hidden.next_multiple_of(LANES)
    }

    /// Length of a row of pre-activations.
    pub fn gates(&self) -> usize {
        BLOCKS * self.padded()
    }

    /// K: length of an operand row `[x | 1 | h]` of layer `layer`.
    pub fn columns(&self, layer: usize) -> usize {
        self.shape.inputs(layer) + 1 + self.shape.hidden
    }

    /// The columns of x.
    pub fn x_columns(&self, layer: usize) -> Range<usize> {
        0..self.shape.inputs(layer)
    }

    /// The columns of h.
    pub fn h_columns(&self, layer: usize) -> Range<usize> {
        self.shape.inputs(layer) + 1..self.columns(layer)
    }

    /// The block in which gate `gate` (PyTorch's order) sums over x, and the one in which it sums over h.
    pub fn blocks_of(&self, gate: usize) -> (usize, usize) {
        match (self.shape.family, gate) {
            (Family::Lstm, g) => (g, g),
            (Family::Gru, 2) => (0, 3),
            (Family::Gru, g) => (g + 1, g + 1),
        }
    }

    /// The blocks that x feeds.
    pub fn x_blocks(&self) -> Range<usize> {
        match self.shape.family {
            Family::Lstm => 0..4,
            Family::Gru => 0..3,
        }
    }

    /// The blocks that h feeds.
    pub fn h_blocks(&self) -> Range<usize> {
        match self.shape.family {
            Family::Lstm => 0..4,
            Family::Gru => 1..4,
        }
    }

    /// The products that together are the layer's: one for the LSTM; for the GRU one each for r and z, for n's sum over
    /// x and for n's sum over h, so that nothing is multiplied by a block of zeros.
    pub fn parts(&self, layer: usize) -> impl Iterator<Item = Part> + use<> {
        let (all, one) = (self.columns(layer), self.shape.inputs(layer));
        let part = |blocks, columns| Some(Part { blocks, columns });
        let parts = match self.shape.family {
            Family::Lstm => [part(0..4, 0..all), None, None],
            Family::Gru => [part(0..1, 0..one + 1), part(1..3, 0..all), part(3..4, one..all)],
        };
        parts.into_iter().flatten()
    }
}
