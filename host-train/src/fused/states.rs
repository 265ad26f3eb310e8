//! The states of all slots: (slots, V, b) vectors, so that a pass over one vector of units of all sequences reads and
//! writes memory in order.

use super::vector::{LANES, Vector, vectors, vectors_mut};

/// Read access to states.
#[derive(Clone, Copy)]
pub struct States<'a, F> {
    values: &'a [Vector<F>],
    vectors: usize,
    batch: usize,
}

impl<'a, F: Copy> States<'a, F> {
    /// States of `count` vectors for each of `batch` sequences.
    pub fn new(values: &'a [F], count: usize, batch: usize) -> Self {
        States {
            values: vectors(values),
            vectors: count,
            batch,
        }
    }

    /// Vector `v` of sequence `row` in slot `slot`.
    #[inline(always)]
    pub fn at(&self, slot: usize, v: usize, row: usize) -> &'a Vector<F> {
        &self.values[(slot * self.vectors + v) * self.batch + row]
    }

    /// Copies the units of sequence `row` in slot `slot`, as many as `out` takes.
    #[inline(always)]
    pub fn copy(&self, slot: usize, row: usize, out: &mut [F]) {
        let (whole, rest) = out.as_chunks_mut::<LANES>();
        for (v, out) in whole.iter_mut().enumerate() {
            *out = *self.at(slot, v, row);
        }
        if !rest.is_empty() {
            let count = rest.len();
            rest.copy_from_slice(&self.at(slot, whole.len(), row)[..count]);
        }
    }
}

/// Gives every sequence of one slot, (V, b) vectors, the state `row`.
pub fn fill<F: Copy>(slot: &mut [F], batch: usize, row: &[F]) {
    for (vectors, row) in vectors_mut(slot).chunks_exact_mut(batch).zip(vectors(row)) {
        vectors.fill(*row);
    }
}
