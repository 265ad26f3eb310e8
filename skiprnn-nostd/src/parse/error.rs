//! Why a blob was refused.

use crate::format;
use core::fmt;

/// A part of the blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    missing_docs,
    reason = "each is the header field or section of that name in docs/blob-format.md"
)]
pub enum Field {
    Header,
    Length,
    Sections,
    Cell,
    Flags,
    Objective,
    OutputAt,
    Inputs,
    Hidden,
    Layers,
    Outputs,
    MaxSkip,
    Fractions,
    Kernel,
    GateFraction,
    Reserved,
    LogitScale,
    Name,
    ClassNames,
    Channels,
    ChannelText,
    Dial,
    Gate,
    Head,
    WeightIh,
    WeightHh,
    Units,
    H0,
    C0,
}

/// Why a blob was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ParseError {
    /// The bytes do not start at a multiple of 4.
    Misaligned,
    /// The blob is cut short.
    Truncated {
        /// Bytes that it should have.
        needed: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// The first four bytes are not `SRNN`.
    Magic,
    /// Written in a version of the format that this crate does not know.
    Version {
        /// The version found.
        found: u16,
    },
    /// The checksum does not match: the blob was damaged.
    Crc {
        /// As stored.
        stored: u32,
        /// As computed.
        computed: u32,
    },
    /// A section is not there.
    Missing {
        /// Which.
        field: Field,
        /// Of which layer.
        layer: usize,
    },
    /// A section has the wrong number of bytes, lies outside the blob or is not aligned.
    Size {
        /// Which.
        field: Field,
        /// Of which layer.
        layer: usize,
        /// Bytes that it should have, where that is known.
        needed: usize,
        /// Bytes that it has.
        found: usize,
    },
    /// A value outside its range.
    Value {
        /// Where.
        field: Field,
        /// What stands there, or the index of the entry.
        found: u32,
    },
    /// A row whose accumulator could overflow.
    Unproven {
        /// The layer, or the number of layers for the head.
        layer: usize,
        /// The row, as [`crate::Model::row_bounds`] counts, or the output for the head.
        row: usize,
        /// What the accumulator could reach.
        bound: u64,
        /// What it must not exceed: 2^31 - 1, or 2^23 - 1 for the sum over the upper of two byte planes.
        limit: u64,
    },
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ParseError::Misaligned => f.write_str("the blob must start at a multiple of 4 bytes"),
            ParseError::Truncated { needed, found } => {
                write!(f, "the blob is truncated: {found} bytes of {needed}; copy it again")
            }
            ParseError::Magic => f.write_str("magic: not a .srnn blob (it does not start with SRNN)"),
            ParseError::Version { found } => {
                write!(
                    f,
                    "version: {found} is not {}; quantize the model again",
                    format::VERSION
                )
            }
            ParseError::Crc { stored, computed } => {
                write!(
                    f,
                    "crc: {computed:#010x} computed, {stored:#010x} stored; the blob is damaged, copy it again"
                )
            }
            ParseError::Missing { field, layer } => write!(f, "{field:?}: no such section for layer {layer}"),
            ParseError::Size {
                field,
                layer,
                needed,
                found,
            } => {
                write!(
                    f,
                    "{field:?}: {found} bytes for layer {layer}, {needed} needed, aligned to 4 and inside the blob"
                )
            }
            ParseError::Value { field, found } => write!(f, "{field:?}: {found} is out of range"),
            ParseError::Unproven {
                layer,
                row,
                bound,
                limit,
            } => {
                write!(
                    f,
                    "layer {layer}, row {row}: the accumulator could reach {bound}, beyond {limit}"
                )
            }
        }
    }
}

impl core::error::Error for ParseError {}
