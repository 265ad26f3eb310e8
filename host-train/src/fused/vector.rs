//! Vectors of units, and the four of them that the products take together.

/// Units are padded to a multiple of this many, the lanes of the widest vectors.
pub const LANES: usize = 16;

/// Blocks of pre-activations of one row: i, f, g, o for the LSTM; n_x, r, z, n_h for the GRU, whose n has a sum over x
/// and one over h. In this order the blocks that x feeds are contiguous, and those that h feeds are too.
pub const BLOCKS: usize = 4;

/// One value for each of a vector of units.
pub type Vector<F> = [F; LANES];

/// The blocks of a vector of units. (The backward product uses it for four vectors of columns.)
pub type Quad<F> = [Vector<F>; BLOCKS];

/// Values of a quad.
pub const QUAD: usize = BLOCKS * LANES;

/// A padded row as vectors.
#[inline(always)]
pub fn vectors<F>(row: &[F]) -> &[Vector<F>] {
    row.as_chunks().0
}

/// [`vectors`], to be written to.
#[inline(always)]
pub fn vectors_mut<F>(row: &mut [F]) -> &mut [Vector<F>] {
    row.as_chunks_mut().0
}
