//! Protocol buffers on the wire: fields of a message, without a copy of what they hold.
//!
//! The messages are read by hand, as few of their fields are needed: structs of generated code take some hundred bytes for a
//! message of two, so that a small file could fill the memory.

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Field<'a> {
    Number(u64),
    Fixed32([u8; 4]),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
}

const DAMAGED: &str = "is damaged, or no ONNX model; save or copy it again";

/// The fields of a message, by number, in the order of the file.
///
/// # Errors
/// They end early, or are none.
pub(super) fn fields<'a>(
    mut rest: &'a [u8],
    mut each: impl FnMut(u64, Field<'a>) -> Result<(), String>,
) -> Result<(), String> {
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        let field = match key & 7 {
            0 => Field::Number(varint(&mut rest)?),
            1 => Field::Fixed64(chunk(&mut rest)?),
            5 => Field::Fixed32(chunk(&mut rest)?),
            2 => {
                let length = usize::try_from(varint(&mut rest)?).map_err(|_| DAMAGED)?;
                let (bytes, after) = rest.split_at_checked(length).ok_or(DAMAGED)?;
                rest = after;
                Field::Bytes(bytes)
            }
            _ => return Err(DAMAGED.into()),
        };
        each(key >> 3, field)?;
    }
    Ok(())
}

fn varint(rest: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for k in 0..10 {
        let (byte, after) = rest.split_first().ok_or(DAMAGED)?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << (7 * k);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(DAMAGED.into())
}

fn chunk<const BYTES: usize>(rest: &mut &[u8]) -> Result<[u8; BYTES], String> {
    let (bytes, after) = rest.split_first_chunk().ok_or(DAMAGED)?;
    *rest = after;
    Ok(*bytes)
}

impl<'a> Field<'a> {
    pub(super) fn bytes(self) -> Result<&'a [u8], String> {
        match self {
            Field::Bytes(bytes) => Ok(bytes),
            _ => Err(DAMAGED.into()),
        }
    }

    pub(super) fn text(self) -> Result<&'a str, String> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DAMAGED.into())
    }

    pub(super) fn number(self) -> Result<i64, String> {
        match self {
            Field::Number(n) => Ok(n as i64),
            _ => Err(DAMAGED.into()),
        }
    }

    /// Adds the numbers of a repeated field, packed or one at a time.
    pub(super) fn numbers(self, to: &mut Vec<i64>) -> Result<(), String> {
        match self {
            Field::Number(n) => to.push(n as i64),
            Field::Bytes(mut rest) => {
                while !rest.is_empty() {
                    to.push(varint(&mut rest)? as i64);
                }
            }
            _ => return Err(DAMAGED.into()),
        }
        Ok(())
    }

    /// Adds the 32-bit floats of a repeated field, packed or one at a time.
    pub(super) fn floats(self, to: &mut Vec<f32>) -> Result<(), String> {
        match self {
            Field::Fixed32(bytes) => to.push(f32::from_le_bytes(bytes)),
            Field::Bytes(bytes) => to.extend(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b))),
            _ => return Err(DAMAGED.into()),
        }
        Ok(())
    }

    /// As [`Field::floats`], of 64-bit floats.
    pub(super) fn doubles(self, to: &mut Vec<f32>) -> Result<(), String> {
        match self {
            Field::Fixed64(bytes) => to.push(f64::from_le_bytes(bytes) as f32),
            Field::Bytes(bytes) => to.extend(bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32)),
            _ => return Err(DAMAGED.into()),
        }
        Ok(())
    }
}
