//! Checks of single values, each with an error that says where the value is and what it is.

use super::{Field, ParseError};

/// A value of the header that must lie in a range.
pub(super) fn ranged(field: Field, value: u32, range: core::ops::RangeInclusive<u32>) -> Result<usize, ParseError> {
    match range.contains(&value) {
        true => Ok(value as usize),
        false => Err(ParseError::Value {
            field,
            found: value.into(),
        }),
    }
}

/// A byte of the header that must be one of the codes in `values`; returns its meaning.
pub(super) fn enum_of<T: Copy>(field: Field, byte: u8, values: &[(u8, T)]) -> Result<T, ParseError> {
    let known = values.iter().find(|(code, _)| *code == byte);
    known.map(|(_, value)| *value).ok_or(ParseError::Value {
        field,
        found: byte.into(),
    })
}

/// A floating-point number that must be finite and above 0.
pub(super) fn positive(field: Field, index: usize, value: f32) -> Result<(), ParseError> {
    match value.is_finite() && value > 0.0 {
        true => Ok(()),
        false => Err(ParseError::NotPositive {
            field,
            index,
            bits: value.to_bits(),
        }),
    }
}

/// An entry of a section, good or not.
pub(super) fn entry(field: Field, layer: usize, index: usize, found: i64, good: bool) -> Result<(), ParseError> {
    match good {
        true => Ok(()),
        false => Err(ParseError::Entry {
            field,
            layer,
            index,
            found,
        }),
    }
}

/// All entries of a section.
pub(super) fn entries(
    field: Field,
    layer: usize,
    values: impl Iterator<Item = i32>,
    good: impl Fn(i32) -> bool,
) -> Result<(), ParseError> {
    for (index, value) in values.enumerate() {
        entry(field, layer, index, value.into(), good(value))?;
    }
    Ok(())
}
