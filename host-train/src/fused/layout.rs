//! Where gates and operands lie for the products: units in vectors, the four blocks of gates of a vector together,
//! operand rows `[x | 1 | h]`.

use super::shape::{Family, Shape};
use super::tile::ROWS;
use super::vector::{BLOCKS, LANES};
use std::ops::Range;

/// The sizes that the passes over one part of the batch need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    shape: Shape,
}

impl Layout {
    pub fn new(shape: Shape) -> Self {
        Layout { shape }
    }

    /// V: vectors of a state.
    pub fn vectors(&self) -> usize {
        self.shape.hidden.div_ceil(LANES)
    }

    /// H' = 16·V: H, padded; the length of a row of a state.
    pub fn padded(&self) -> usize {
        self.vectors() * LANES
    }

    /// Groups of four vectors of columns in the backward product.
    pub fn groups(&self) -> usize {
        self.vectors().div_ceil(BLOCKS)
    }

    /// Columns `[x | 1 | h]` of an operand row of layer `layer`.
    pub fn columns(&self, layer: usize) -> usize {
        self.shape.inputs(layer) + 1 + self.shape.hidden
    }

    /// K: columns padded to whole tiles of the weight gradient; the length of an operand row.
    pub fn stride(&self, layer: usize) -> usize {
        self.columns(layer).next_multiple_of(ROWS)
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
}
