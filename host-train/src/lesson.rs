//! What a teacher says of a batch, and how it is learned from.

use crate::Distill;

/// What a teacher says of the sequences of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// (B, O'), or (B, T, O') with an output at every step: what the teacher says, logits or real values.
    pub outputs: Vec<f32>,
    /// (O'): which output of the network each of the teacher's belongs to.
    pub places: Vec<u32>,
    /// How it is learned from.
    pub distill: Distill,
}

impl Lesson {
    /// Values of each sequence.
    pub(crate) fn width(&self, sequences: usize) -> usize {
        self.outputs.len() / sequences
    }
}
