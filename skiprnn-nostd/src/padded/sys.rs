//! Reading 16-bit values two at a time.
#![allow(unsafe_code)]

use super::Padded;

impl<const N: usize> Padded<N> {
    /// The values in pairs, the lower half of a word first: enough words for `N` values padded to a multiple of 4.
    #[inline(always)]
    pub(crate) fn words(&self) -> &[u32] {
        // SAFETY: the struct is aligned to 4 and, as `repr(C)` with two arrays of one element type, begins with N + 3
        // initialised 16-bit values without a gap; (N + 3) / 2 words lie within them. Any bits are a valid u32, and
        // the shared borrow of the whole struct lasts as long as the slice.
        unsafe { core::slice::from_raw_parts(core::ptr::from_ref(self).cast::<u32>(), N.saturating_add(3) / 2) }
    }

    /// The values in pairs, to write to.
    #[inline(always)]
    pub(crate) fn words_mut(&mut self) -> &mut [u32] {
        // SAFETY: as above; any bits are two valid i16, and the borrow is exclusive.
        unsafe { core::slice::from_raw_parts_mut(core::ptr::from_mut(self).cast::<u32>(), N.saturating_add(3) / 2) }
    }
}
