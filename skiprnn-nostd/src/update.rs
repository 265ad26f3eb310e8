//! The steps of an update around its cells: input conversion, the narrowed h, the skip gate.
//!
//! Nothing here knows the sizes that a [`crate::State`] was compiled for, so that an image has it once, and loops are
//! kept as they are written: unrolled, they would take more flash than a kernel for a percent of an update.

use crate::{
    arithmetic::{keep_rolled, multiply_long, saturate_16, shift_round},
    cell::CellKind,
    delta,
    format::ChannelRecord,
    skip,
};
use fixed::types::{I16F16, U0F32};

/// The result of one update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Step {
    /// Δũ (equation 4) as an unsigned 0.32 fraction; all ones for a model without a skip gate.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub delta: U0F32,
    /// Samples to sleep through before the next update (equation 6), at most the blob's bound.
    pub skip: u32,
}

/// The skip gate, in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gate<'a> {
    /// (H).
    pub(crate) weight: &'a [i16],
    /// In the accumulator's unit.
    pub(crate) bias: i64,
    /// Bits to drop to reach 16 fractional bits.
    pub(crate) shift: u32,
}

/// The sensor's counts as inputs of the network: x = (count · multiplier + offset) / 2^shift, rounded, saturated.
///
/// `docs/blob-format.md`, "Channel record"; the product is below 2^46 and the offset below 2^61.
#[inline(never)]
pub(crate) fn convert(x: &mut [i16], counts: &[i16], channels: &[ChannelRecord]) {
    for ((x, count), channel) in x.iter_mut().zip(counts).zip(channels) {
        keep_rolled();
        let scaled = i64::from(*count).wrapping_mul(i64::from(channel.multiplier.get()));
        *x = saturate_16(shift_round(
            scaled.wrapping_add(channel.offset.get()),
            channel.shift.get(),
        ));
    }
}

/// h in pairs, each value with `drop` bits less, rounded: what the recurrent weights multiply.
#[inline(never)]
pub(crate) fn narrow(narrowed: &mut [u32], h: &[u32], drop: u8) {
    let half = 1i32 << (drop & 15) >> 1;
    let one = |h: i32| h.wrapping_add(half) >> (drop & 15);
    for (narrowed, h) in narrowed.iter_mut().zip(h) {
        keep_rolled();
        let (low, high) = (one(i32::from(*h as i16)), one(*h as i32 >> 16));
        *narrowed = (low as u32 & 0xffff) | (high as u32) << 16;
    }
}

/// Σ w·s of the gate, two units at a time, where `product` is that of one.
#[inline(always)]
fn sum<S: Copy>(gate: &Gate<'_>, state: &[S], product: impl Fn(i16, S) -> i64) -> i64 {
    let (pairs, last) = gate.weight.as_chunks::<2>();
    let (state_pairs, state_last) = state.as_chunks::<2>();
    let mut sum = gate.bias;
    for ([w0, w1], [s0, s1]) in pairs.iter().zip(state_pairs) {
        keep_rolled();
        sum = sum.wrapping_add(product(*w0, *s0)).wrapping_add(product(*w1, *s1));
    }
    // An odd unit at the end; the state may have room for more units than there are weights.
    let behind = state_pairs.get(pairs.len()).map_or(state_last, |pair| pair);
    if let (Some(w), Some(s)) = (last.first(), behind.first()) {
        sum = sum.wrapping_add(product(*w, *s));
    }
    sum
}

/// The gate's pre-activation over an LSTM's c, in 64 bits: Σ|w|·|c| stays below 2^12 · 2^15 · 2^30.
#[inline(never)]
fn over_lstm(gate: &Gate<'_>, c: &[i32]) -> i64 {
    sum(gate, c, multiply_long)
}

/// The gate's pre-activation over a GRU's h, in 64 bits.
#[inline(never)]
fn over_gru(gate: &Gate<'_>, h: &[i16]) -> i64 {
    sum(gate, h, |w, h| i64::from(i32::from(w).wrapping_mul(i32::from(h))))
}

/// Equations (4) and (6): how far the top layer's new state lets the network sleep.
#[inline(never)]
pub(crate) fn decide(gate: &Gate<'_>, cell: CellKind, c: &[i32], h: &[i16], dial: I16F16, max_skip: u32) -> Step {
    let sum = match cell {
        CellKind::Lstm => over_lstm(gate, c),
        CellKind::Gru => over_gru(gate, h),
    };
    let limit = i64::from(delta::CLAMP);
    let z = shift_round(sum, gate.shift).clamp(-limit, limit - 1) as i32;
    let delta = delta::sigmoid(I16F16::from_bits(z).saturating_add(dial));
    Step {
        delta,
        skip: skip::samples_to_skip(delta).min(max_skip),
    }
}
