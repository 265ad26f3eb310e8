//! The blob's records as they lie in memory (`docs/blob-format.md`), shared by the reader here and the writer in
//! `quantize`. All numbers are little-endian.

use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout,
    little_endian::{F32, I32, I64, U16, U32, U64},
};

/// The first four bytes.
pub const MAGIC: [u8; 4] = *b"SRNN";
/// The version that this crate reads; no other is ever reinterpreted.
pub const VERSION: u16 = 1;
/// Offset of the checksum, the only four bytes that it does not cover.
pub const CRC_OFFSET: usize = 12;
/// CRC-32/ISO-HDLC.
pub const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// [`Header::flags`]: the model has a skip gate.
pub const FLAG_GATE: u8 = 1;

/// Fractional bits of the cell state c, an `I8F24` clamped to ±[`CELL_CLIP`].
///
/// Chosen on evidence: c integrates over hundreds of updates with forget gates near 1, so that the rounding of a
/// 16-bit c adds up; 32 bits keep it below a thousandth of an LSB of h for 4 bytes a unit. The clip at 64 leaves the
/// sum f·c + i·g one bit of headroom.
pub const CELL_FRACTION: u32 = 24;
/// Largest magnitude of c.
pub const CELL_CLIP: i32 = 64 << CELL_FRACTION;

/// The fixed part at the start of a blob.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// [`VERSION`].
    pub version: U16,
    /// Sections in the table behind the header.
    pub sections: U16,
    /// Bytes of the whole blob.
    pub length: U32,
    /// CRC-32/ISO-HDLC over all bytes but these four.
    pub crc: U32,
    /// 0 LSTM, 1 GRU.
    pub cell: u8,
    /// [`FLAG_GATE`]; the other bits are 0.
    pub flags: u8,
    /// 0 classification, 1 regression, 2 multilabel.
    pub objective: u8,
    /// 0 at the end, 1 at every step.
    pub output_at: u8,
    /// I.
    pub inputs: U16,
    /// H.
    pub hidden: U16,
    /// L.
    pub layers: U16,
    /// O.
    pub outputs: U16,
    /// T; 0 is an endless stream.
    pub sequence_length: U32,
    /// Largest N_skip; 2^32 - 1 where the gate alone decides.
    pub max_skip: U32,
    /// Nanoseconds between samples; 0 where unknown.
    pub sample_period_ns: U64,
    /// Fractional bits of the network's inputs x: 8 to 15.
    pub x_fraction: u8,
    /// Fractional bits of h: 15, 14 or 13.
    pub h_fraction: u8,
    /// Fractional bits of pre-activations: 12 (range ±8) or 11 (±16).
    pub pre_fraction: u8,
    /// Kernel that the weights are laid out and proven for: 0, one row after the other.
    pub kernel: u8,
    /// Fractional bits of the skip gate's accumulator: 16 to 47.
    pub gate_fraction: u8,
    /// Zero.
    pub reserved: [u8; 3],
    /// A raw logit times this is the real output.
    pub logit_scale: F32,
}

/// One entry of the section table.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Section {
    /// One of the constants of [`kind`].
    pub kind: U16,
    /// The layer that it belongs to, 0 where it belongs to none.
    pub layer: U16,
    /// First byte, a multiple of 4, from the start of the blob.
    pub offset: U32,
    /// Bytes, without padding.
    pub length: U32,
}

/// What a section holds. H hidden units, I_k inputs of layer k, O outputs; G gate rows per unit, 4 (i, f, g, o) or
/// 3 (r, z, n); S scales per unit, always 4: i, f, g, o or r, z, n over x, n over h. A *row* index is unit · G + gate.
pub mod kind {
    /// UTF-8 name of the model.
    pub const NAME: u16 = 1;
    /// UTF-8 class names, separated by line feeds; empty where there are none.
    pub const CLASS_NAMES: u16 = 2;
    /// I records [`super::ChannelRecord`].
    pub const CHANNELS: u16 = 3;
    /// UTF-8: for each channel its name, a tab, its unit, a line feed.
    pub const CHANNEL_TEXT: u16 = 4;
    /// Records [`super::DialRecord`], by rising dial; at least the one for dial 0.
    pub const DIAL: u16 = 5;
    /// (H) i16 weights, then the bias as i64.
    pub const GATE: u16 = 6;
    /// (O, H) i16 weights, then padding to 4, then (O) i32 biases.
    pub const HEAD: u16 = 7;
    /// (G·H, I_k) i8.
    pub const WEIGHT_IH_8: u16 = 16;
    /// (G·H, I_k) i16, in place of [`WEIGHT_IH_8`].
    pub const WEIGHT_IH_16: u16 = 17;
    /// (G·H, H) i8.
    pub const WEIGHT_HH_8: u16 = 18;
    /// (G·H, H) i16, in place of [`WEIGHT_HH_8`].
    pub const WEIGHT_HH_16: u16 = 19;
    /// (S·H) records [`super::RowRecord`].
    pub const ROWS: u16 = 20;
    /// (H) i16, the learned initial h.
    pub const H0: u16 = 21;
    /// (H) i32, the learned initial c; LSTM only.
    pub const C0: u16 = 22;
}

/// Bias and scale of one accumulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct RowRecord {
    /// Added to the accumulator, in its unit.
    pub bias: i32,
    /// 0 to 2^31 - 1.
    pub multiplier: i32,
    /// 31 to 62: the accumulator times multiplier / 2^shift is the pre-activation.
    pub shift: u32,
}

/// How a sensor's 16-bit counts become one input of the network: x = (count · multiplier + offset) / 2^shift, rounded
/// and saturated to 16 bits.
#[derive(Debug, Clone, Copy, PartialEq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ChannelRecord {
    /// Magnitude at 32,768 counts, in the channel's unit.
    pub full_scale: F32,
    /// 0 to 2^31 - 1.
    pub multiplier: I32,
    /// Magnitude below 2^62.
    pub offset: I64,
    /// 1 to 62.
    pub shift: U32,
}

/// One point of the trade-off curve measured on calibration data.
#[derive(Debug, Clone, Copy, PartialEq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct DialRecord {
    /// Offset added to the gate's pre-activation, 16 fractional bits.
    pub dial: I32,
    /// Mean updates per sequence.
    pub updates_mean: F32,
    /// Accuracy or mean squared error.
    pub metric: F32,
}

/// Rounds up to a multiple of 4.
#[must_use]
pub const fn align4(n: usize) -> usize {
    n.wrapping_add(3) & !3
}
