//! The blob's records as they lie in memory ([`crate::_format`] describes them), shared by the reader here and the writer
//! in `quantize`. All numbers are little-endian.

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

/// Fractional bits of the cell state c, which saturates at ±[`CELL_LIMIT`].
///
/// Chosen on evidence: c integrates over hundreds of updates with forget gates near 1, so that the rounding of a
/// 16-bit c adds up; 32 bits keep it below a thousandth of an LSB of h for 4 bytes a unit. The limit of 64 leaves the
/// sum f·c + i·g one bit of headroom, and the doubled c of the product f·c none to lose.
pub const CELL_FRACTION: u32 = 24;
/// c lies in [-CELL_LIMIT, CELL_LIMIT - 1]: 31 bits.
pub const CELL_LIMIT: i32 = 64 << CELL_FRACTION;
/// Fractional bits of pre-activations, which have 32 bits and need no saturation.
pub const PRE_FRACTION: u32 = 16;
/// What the sum over the upper of two byte planes must stay below in magnitude.
pub const PLANE_LIMIT: u64 = 1 << 23;

/// Values of [`Header::kernel`].
pub mod kernel {
    /// i8 recurrent weights, 16-bit activations.
    pub const BLOCK_8: u8 = 1;
    /// i8 recurrent weights in byte planes, activations narrowed by [`super::Header::h_drop`] bits.
    pub const BYTE_PLANE: u8 = 2;
    /// i16 recurrent weights, 16-bit activations.
    pub const BLOCK_16: u8 = 3;
}

/// The fixed part at the start of a blob.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// [`VERSION`].
    pub version: U16,
    /// Sections in the table that follows the header.
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
    /// Bits dropped from h, rounded, before the recurrent weights multiply it: 1 to 8 for [`kernel::BYTE_PLANE`], else 0.
    pub h_drop: u8,
    /// Layout that the recurrent weights of every layer have, and are proven for: one of [`kernel`].
    pub kernel: u8,
    /// Fractional bits of the skip gate's accumulator: 16 to 47.
    pub gate_fraction: u8,
    /// Bits by which the recurrent weights of a row are finer than its weights on x: 0 to `h_drop`.
    pub hh_gain: u8,
    /// Zero.
    pub reserved: [u8; 2],
    /// The factor from a raw logit to the real output.
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
/// 3 (r, z, n).
pub mod kind {
    /// UTF-8 name of the model, without control characters, as all texts are but for the separators.
    pub const NAME: u16 = 1;
    /// UTF-8 class names, separated by line feeds; empty where there are none.
    pub const CLASS_NAMES: u16 = 2;
    /// I records [`super::ChannelRecord`].
    pub const CHANNELS: u16 = 3;
    /// UTF-8: for each channel its name, a tab, its unit, a line feed.
    pub const CHANNEL_TEXT: u16 = 4;
    /// Records [`super::DialRecord`], each of a larger dial than the one before; one of them for dial 0.
    pub const DIAL: u16 = 5;
    /// (H) i16 weights, then the bias as i64.
    pub const GATE: u16 = 6;
    /// (O, H) i16 weights, then padding to 4, then (O) i32 biases.
    pub const HEAD: u16 = 7;
    /// (H) blocks of (G, I_k) i8.
    pub const WEIGHT_IH_8: u16 = 16;
    /// (H) blocks of (G, I_k) i16, in place of [`WEIGHT_IH_8`].
    pub const WEIGHT_IH_16: u16 = 17;
    /// (H) blocks of (G, H), as [`super::Header::kernel`] says.
    pub const WEIGHT_HH: u16 = 18;
    /// (H) records [`super::UnitRecord`].
    pub const UNITS: u16 = 20;
    /// (H) i16, the learned initial h.
    pub const H0: u16 = 21;
    /// (H) i32, the learned initial c; LSTM only.
    pub const C0: u16 = 22;
}

/// Biases and scales of a unit's accumulators: i, f, g, o for an LSTM; r, z, n over x, n over h for a GRU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct UnitRecord {
    /// Added to the accumulators, in their units.
    pub bias: [i32; 4],
    /// 0 to 2^31 - 1: an accumulator times this, divided by 2^32, is the pre-activation with [`PRE_FRACTION`] bits.
    pub multiplier: [i32; 4],
}

/// How a sensor's 16-bit counts become one input of the network: x = (count · multiplier + offset) / 2^shift, rounded
/// and saturated to 16 bits.
#[derive(Debug, Clone, Copy, PartialEq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ChannelRecord {
    /// Magnitude at 32,768 counts, in the channel's unit; above 0.
    pub full_scale: F32,
    /// 0 to 2^31 - 1.
    pub multiplier: I32,
    /// Magnitude below 2^61.
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
    /// Mean updates per sequence: from 1 to T.
    pub updates_mean: F32,
    /// Accuracy or mean squared error.
    pub metric: F32,
}

/// Rounds up to a multiple of 4.
#[must_use]
pub const fn align4(n: usize) -> usize {
    n.wrapping_add(3) & !3
}
