//! Memory that begins at a cache line, so that no vector lies across two; much of it in large pages.

use super::sys::prefer_large_pages;
use super::vector::Quad;
use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest vectors.
const LINE: usize = 64;
/// Bytes of a large page. The states and activations of a pass are tens of megabytes, gone through in order twice: in
/// pages of 4 KiB that is a miss of the address translation every few hundred instructions.
const PAGE: usize = 2 << 20;

/// Elements that grow and are reused.
#[derive(Debug, Default)]
pub struct Buffer<F> {
    /// With up to a line or a large page of unused elements at the start.
    values: Vec<F>,
    start: usize,
}

impl<F: Copy + Default> Buffer<F> {
    /// At least `count` elements. Those there were keep their values.
    pub fn grow(&mut self, count: usize) {
        if self.len() >= count {
            return;
        }
        // At least twice what there was: growth step by step costs no more than a constant factor.
        let room = count.max(2 * self.len());
        let large = room * size_of::<F>() >= PAGE;
        let boundary = if large { PAGE } else { LINE } / size_of::<F>();
        let room = if large { room.next_multiple_of(boundary) } else { room };
        let mut values = vec![F::default(); room + boundary];
        let start = values.as_ptr().align_offset(boundary * size_of::<F>());
        // An answer that is no offset is allowed, if unheard of; everything but the speed is the same without it.
        let start = if start <= boundary { start } else { 0 };
        if large {
            prefer_large_pages(&mut values[start..start + room]);
        }
        values[start..start + self.len()].copy_from_slice(self);
        values.truncate(start + room);
        *self = Buffer { values, start };
    }

    /// Exactly `count` elements of `value`.
    pub fn refill(&mut self, count: usize, value: F) {
        self.values.truncate(self.start + count);
        self.grow(count);
        self.values.truncate(self.start + count);
        self.fill(value);
    }
}

impl<F> Deref for Buffer<F> {
    type Target = [F];

    fn deref(&self) -> &[F] {
        &self.values[self.start..]
    }
}

impl<F> DerefMut for Buffer<F> {
    fn deref_mut(&mut self) -> &mut [F] {
        &mut self.values[self.start..]
    }
}

/// Elements as quads.
#[inline(always)]
pub fn quads<F>(values: &[F]) -> &[Quad<F>] {
    values.as_chunks().0.as_chunks().0
}

/// [`quads`], to be written to.
#[inline(always)]
pub fn quads_mut<F>(values: &mut [F]) -> &mut [Quad<F>] {
    values.as_chunks_mut().0.as_chunks_mut().0
}

/// Exactly `count` elements of `value`.
pub fn refill<T: Copy>(v: &mut Vec<T>, count: usize, value: T) {
    v.clear();
    v.resize(count, value);
}

#[cfg(test)]
mod tests {
    use super::super::vector::QUAD;
    use super::*;

    #[test]
    fn growth_keeps_what_was_there_and_begins_at_a_line() {
        let mut buffer = Buffer::<f32>::default();
        for count in [3, 5, 1000, 100_000] {
            let before = buffer.to_vec();
            buffer.grow(count);
            assert!(buffer.len() >= count);
            assert_eq!(buffer.as_ptr() as usize % LINE, 0);
            assert_eq!(buffer[..before.len()], before);
            buffer.fill(count as f32);
        }
        buffer.refill(7, 1.0);
        assert_eq!(*buffer, [1.0; 7]);
        buffer.refill(9, 2.0);
        assert_eq!(*buffer, [2.0; 9]);
        assert_eq!(quads(&[0; 3 * QUAD + 1]).len(), 3);
    }
}
