//! What a run is given.

/// A model and the sequences to run it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load<'a> {
    /// The blob.
    pub blob: &'a [u8],
    /// Raw sensor counts (N, T, I).
    pub counts: &'a [i16],
    /// N, T and I: sequences, samples of each, channels of each sample.
    pub shape: (usize, usize, usize),
}

impl<'a> Load<'a> {
    /// A blob, raw sensor counts (N, T, I), and N, T and I.
    #[must_use]
    pub const fn new(blob: &'a [u8], counts: &'a [i16], shape: (usize, usize, usize)) -> Self {
        Self { blob, counts, shape }
    }
}
