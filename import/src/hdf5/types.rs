//! What the elements of an array are, how many there are, and their values.

use super::{Cursor, DAMAGED, File, little_endian};

/// The type of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Little-endian float of so many bytes: 2, 4 or 8.
    Float(usize),
    /// Another number.
    Number(usize),
    /// Text of so many bytes, ended by the first zero.
    Text(usize),
    /// Text in the global heap.
    TextElsewhere,
    Other(usize),
}

impl Type {
    pub(super) fn parse(message: &[u8]) -> Result<Self, String> {
        let mut cursor = Cursor(message);
        let class = cursor.byte()? & 0xf;
        let bits = cursor.number(3)?;
        let size = cursor.number(4)? as usize;
        Ok(match class {
            0 => Type::Number(size),
            1 => match (bits & 0x41, size, cursor.take(12)) {
                // Mantissas and exponents as IEEE 754 has them.
                (0, 2, Ok([0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0]))
                | (0, 4, Ok([0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]))
                | (0, 8, Ok([0, 0, 64, 0, 52, 11, 0, 52, 255, 3, 0, 0])) => Type::Float(size),
                _ => Type::Other(size),
            },
            3 => Type::Text(size),
            9 if bits & 0xf == 1 => Type::TextElsewhere,
            _ => Type::Other(size),
        })
    }

    /// Bytes of an element.
    pub(super) fn width(self) -> usize {
        match self {
            Type::Float(n) | Type::Number(n) | Type::Text(n) | Type::Other(n) => n,
            Type::TextElsewhere => 16,
        }
    }
}

/// The lengths of the axes; none for one element.
pub(super) fn shape(message: &[u8]) -> Result<Vec<usize>, String> {
    let mut cursor = Cursor(message);
    let version = cursor.byte()?;
    let rank = usize::from(cursor.byte()?);
    cursor.byte()?;
    match version {
        1 => drop(cursor.take(5)?),
        2 => drop(cursor.take(1)?),
        _ => return Err(DAMAGED.into()),
    }
    (0..rank)
        .map(|_| usize::try_from(cursor.number(8)?).map_err(|_| DAMAGED.into()))
        .collect()
}

/// The number of elements, where that many lie in `bytes`.
pub(super) fn count(shape: &[usize], kind: Type, bytes: &[u8]) -> Result<usize, String> {
    let count = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).ok_or(DAMAGED)?;
    match count.checked_mul(kind.width().max(1)) {
        Some(needed) if needed <= bytes.len() => Ok(count),
        _ => Err(DAMAGED.into()),
    }
}

/// An array of floats.
pub(super) fn floats(kind: Type, bytes: &[u8], count: usize) -> Result<Vec<f32>, String> {
    let bytes = &bytes[..count * kind.width()];
    Ok(match kind {
        Type::Float(2) => bytes
            .as_chunks()
            .0
            .iter()
            .map(|b| half::f16::from_le_bytes(*b).to_f32())
            .collect(),
        Type::Float(4) => bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        Type::Float(8) => bytes
            .as_chunks()
            .0
            .iter()
            .map(|b| f64::from_le_bytes(*b) as f32)
            .collect(),
        _ => return Err("is no array of little-endian f16, f32 or f64; save it with a dtype policy of float32".into()),
    })
}

/// A text of an attribute with one element.
pub(super) fn text(file: &File<'_>, kind: Type, bytes: &[u8]) -> Result<String, String> {
    let bytes = match kind {
        Type::Text(length) => bytes.get(..length).ok_or(DAMAGED)?,
        Type::TextElsewhere => {
            let place: &[u8; 16] = bytes.first_chunk().ok_or(DAMAGED)?;
            let (length, collection, index) = (&place[..4], &place[4..12], &place[12..]);
            let found = super::heap::global(file, little_endian(collection), little_endian(index))?;
            let length = usize::try_from(little_endian(length)).map_err(|_| DAMAGED)?;
            found.get(..length).ok_or(DAMAGED)?
        }
        _ => return Err(DAMAGED.into()),
    };
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
}
