//! 16-bit activations that a kernel can read in pairs.

mod sys;

/// `N` values and room for what a kernel reads after them, aligned to 4. The weights there are 0, so that the content of
/// the room does not matter.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(4))]
pub(crate) struct Padded<const N: usize> {
    pub(crate) values: [i16; N],
    room: [i16; 3],
}

impl<const N: usize> Padded<N> {
    pub(crate) const ZERO: Self = Padded {
        values: [0; N],
        room: [0; 3],
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<const N: usize>() {
        let mut padded = Padded::<N>::ZERO;
        for (k, v) in padded.values.iter_mut().enumerate() {
            *v = k as i16 - 3;
        }
        let words = padded.words();
        assert!(words.len() * 2 >= N.next_multiple_of(4), "{N}");
        for (k, v) in padded.values.iter().enumerate() {
            assert_eq!((words[k / 2] >> (16 * (k % 2))) as i16, *v);
        }
    }

    #[test]
    fn pairs_of_every_length() {
        check::<1>();
        check::<2>();
        check::<3>();
        check::<4>();
        check::<5>();
        check::<110>();
        assert_eq!(size_of::<Padded<110>>(), 228);
    }
}
