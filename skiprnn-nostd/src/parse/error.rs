//! Why a blob was refused.

use crate::format;
use core::fmt;

/// A part of the blob: a field of its header, a section, or a field of a section's records. The names are those of the
/// format's description, [`crate::_format`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    missing_docs,
    reason = "each is the part of that name in the description of the format"
)]
#[non_exhaustive]
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
    ChannelShift,
    ChannelMultiplier,
    ChannelOffset,
    FullScale,
    ChannelText,
    Dial,
    UpdatesMean,
    Gate,
    GateBias,
    Head,
    WeightIh,
    WeightHh,
    Units,
    Multiplier,
    H0,
    C0,
}

/// Why a blob was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ParseError {
    /// The bytes do not start at a multiple of 4.
    Misaligned,
    /// The blob is cut short.
    Truncated {
        /// The bytes that it should have.
        needed: usize,
        /// The bytes that there are.
        found: usize,
    },
    /// The first four bytes are not `SRNN`.
    Magic,
    /// The blob is of a version of the format that this crate does not know.
    Version {
        /// The version found.
        found: u16,
    },
    /// The checksum does not match: the blob was damaged.
    Crc {
        /// The checksum that the header states.
        stored: u32,
        /// The checksum of the bytes that there are.
        computed: u32,
    },
    /// An entry of the section table whose kind is unknown, that stands there twice, that belongs to a layer which the
    /// model does not have, or that a model of this cell or without a skip gate has no use for.
    Section {
        /// The index of the entry, from 0.
        index: usize,
        /// The kind that it states.
        kind: u16,
        /// The layer that it states.
        layer: u16,
    },
    /// A section is not there.
    Missing {
        /// The section.
        field: Field,
        /// The layer that it belongs to; 0 where it belongs to none.
        layer: usize,
    },
    /// A section has the wrong number of bytes, lies outside the blob or is not aligned.
    Size {
        /// The section.
        field: Field,
        /// The layer that it belongs to; 0 where it belongs to none.
        layer: usize,
        /// The bytes that it should have, where that is known.
        needed: usize,
        /// The bytes that it has.
        found: usize,
    },
    /// A single value, of the header or the gate's bias, is out of its range.
    Value {
        /// The field that holds it.
        field: Field,
        /// The value found.
        found: i64,
    },
    /// One of many values of a section is out of its range.
    Entry {
        /// The section, or the field of its records.
        field: Field,
        /// The layer that it belongs to; 0 where it belongs to none.
        layer: usize,
        /// The index of the value, from 0: of the channel, of the unit, or for a multiplier as
        /// [`crate::Model::multipliers`] counts.
        index: usize,
        /// The value found.
        found: i64,
    },
    /// A floating-point number that must be finite and above 0 is not.
    NotPositive {
        /// The field that holds it.
        field: Field,
        /// The index of the channel; 0 for a field of the header.
        index: usize,
        /// The bits of the number found, as [`f32::to_bits`] gives them.
        bits: u32,
    },
    /// The dial's curve has no point for dial 0.
    NoDialZero,
    /// The mean updates of a point of the dial's curve are no finite number from 1 to the samples of a sequence.
    Updates {
        /// The index of the point.
        index: usize,
        /// The bits of the number found, as [`f32::to_bits`] gives them.
        bits: u32,
    },
    /// A text is not UTF-8.
    Utf8 {
        /// The section.
        field: Field,
        /// The bytes before the first that is wrong.
        at: usize,
    },
    /// A text holds a control character that does not separate names, or separates them where nothing ends.
    Control {
        /// The section.
        field: Field,
        /// The bytes before it.
        at: usize,
    },
    /// A text has another number of lines than the model has classes or channels.
    Lines {
        /// The section.
        field: Field,
        /// The lines that it should have.
        needed: usize,
        /// The lines that it has.
        found: usize,
    },
    /// The padding behind a row of weights is not 0.
    Padding {
        /// The matrix.
        field: Field,
        /// The layer.
        layer: usize,
        /// The hidden unit.
        unit: usize,
        /// The row of the unit's block.
        row: usize,
    },
    /// A row whose accumulator could overflow.
    Unproven {
        /// The layer, or the number of layers for the head.
        layer: usize,
        /// The row, as [`crate::Model::row_bounds`] counts, or the output for the head.
        row: usize,
        /// The largest magnitude that the accumulator could reach.
        bound: u64,
        /// The largest allowed magnitude: 2^31 - 1, or 2^23 - 1 for the sum over the upper of two byte planes.
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
            ParseError::Section { index, kind, layer } => write!(
                f,
                "section table: entry {index}, of kind {kind} and layer {layer}, is unknown, a repetition, or of no use to \
                 this model"
            ),
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
            ParseError::Entry {
                field,
                layer,
                index,
                found,
            } => write!(f, "{field:?}: entry {index} of layer {layer} is {found}, out of range"),
            // As bits: a board that formats floating-point numbers links kilobytes for it.
            ParseError::NotPositive { field, index, bits } => {
                write!(
                    f,
                    "{field:?}: entry {index}, an f32 of the bits {bits:#010x}, is not a finite number above 0"
                )
            }
            ParseError::NoDialZero => {
                write!(
                    f,
                    "{:?}: no point of the curve is for dial 0; quantize the model again",
                    Field::Dial
                )
            }
            ParseError::Updates { index, bits } => {
                write!(
                    f,
                    "{:?}: entry {index}, an f32 of the bits {bits:#010x}, is not from 1 to the samples of a sequence",
                    Field::UpdatesMean
                )
            }
            ParseError::Utf8 { field, at } => write!(f, "{field:?}: byte {at} is not UTF-8"),
            ParseError::Control { field, at } => write!(f, "{field:?}: byte {at} is a control character out of place"),
            ParseError::Lines { field, needed, found } => {
                write!(f, "{field:?}: {found} lines, {needed} needed; quantize the model again")
            }
            ParseError::Padding {
                field,
                layer,
                unit,
                row,
            } => write!(
                f,
                "{field:?}: the padding of layer {layer}, unit {unit}, row {row} is not 0"
            ),
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
