//! One update of one layer, in integers.
//!
//! Formats: x i16 with the blob's x fraction, h i16 with its h fraction F, pre-activations i32 with 16 fractional bits,
//! gates Q0.15, c I8F24 in [-64, 64). Rounding is to nearest, ties toward +infinity, once per stored value.
//!
//! A layer is one pass over its units: a unit's blocks of weights yield all of its gates, and its state is updated
//! while they are in registers.
//!
//! LSTM, [`lstm`]: c' = f ⊙ c + i ⊙ g; h' = o ⊙ tanh(c'). `x` (I_k) and `last` (H) in pairs, `last` being h narrowed by the
//! blob's drop; c (H) and h (H) are overwritten. The accumulators are proven below 2^31, so that a pre-activation, the
//! accumulator times a multiplier below 2^31 over 2^32, lies below 2^30. f·c needs |c| <= 2^30; the sum f·c + i·g stays
//! below 2^30 + 2^24.
//!
//! GRU in the reset-after form, [`gru`]: n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn)); h' = (1 - z) ⊙ n + z ⊙ h. Both parts of
//! n's argument lie below 2^30, and so does r times the second, so that their sum fits. h' is a mean of n and h with
//! weights that add up to 1: it needs no saturation.
//!
//! Source: `docs/blob-format.md`, "Arithmetic". `portable` is the reference; `thumb2` is the same in assembly for cores
//! with Thumb-2, with DSP instructions (SMLAD) or without. `build.rs` decides which one is compiled in.

use crate::{format::UnitRecord, kernel::Matrix};

#[cfg(not(skiprnn_thumb2))]
mod portable;
#[cfg(skiprnn_thumb2)]
mod thumb2;

#[cfg(not(skiprnn_thumb2))]
pub(crate) use portable::{gru, lstm};
#[cfg(skiprnn_thumb2)]
pub(crate) use thumb2::{gru, lstm};

/// The kind of recurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CellKind {
    /// LSTM, with the gates i, f, g, o.
    Lstm,
    /// GRU, with the gates r, z, n, the reset gate applied after the product.
    Gru,
}

impl CellKind {
    /// Rows of a block, G.
    pub(crate) const fn rows(self) -> usize {
        match self {
            CellKind::Lstm => 4,
            CellKind::Gru => 3,
        }
    }

    /// Which rows of the blocks over x and over h the `k`-th of a unit's four accumulators sums.
    pub(crate) const fn rows_of(self, k: usize) -> (Option<usize>, Option<usize>) {
        match (self, k) {
            (CellKind::Gru, 2) => (Some(2), None),
            (CellKind::Gru, 3) => (None, Some(2)),
            _ => (Some(k), Some(k)),
        }
    }
}

/// The parameters of one layer, in place in the blob.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer<'a> {
    /// (H) blocks of (G, I_k).
    pub(crate) weight_ih: Matrix<'a>,
    /// (H) blocks of (G, H).
    pub(crate) weight_hh: Matrix<'a>,
    /// (H).
    pub(crate) units: &'a [UnitRecord],
    /// (H), h fraction.
    pub(crate) h0: &'a [i16],
    /// (H) for an LSTM, empty for a GRU.
    pub(crate) c0: &'a [i32],
}

/// The formats that a blob sets at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fractions {
    pub(crate) x: u8,
    pub(crate) h: u8,
    /// Bits that the h which is multiplied has fewer.
    pub(crate) drop: u8,
    /// Bits by which the sum over it is shifted up: at most `drop`.
    pub(crate) shift: u8,
}

/// Bits between Q0.15 and the format of h.
#[inline(always)]
const fn above_h(fractions: Fractions) -> u32 {
    15u32.wrapping_sub(fractions.h as u32) & 3
}
