//! The header of a `.npy` file: what it may hold is checked before a parser sees it, and its shape before anything is allocated.

use super::numbers::Kind;
use crate::Error;
use npyz::{NpyHeader, Order};
use std::path::Path;

/// Bytes of the longest header that is read; NumPy's own limit for headers that are not trusted is 10,000.
pub(crate) const LONGEST: usize = 1 << 16;
const NO_DICTIONARY: &str = "its header is no dictionary of shape, order and type";
/// Brackets within brackets.
const DEEPEST: usize = 8;

/// What a file holds, and where.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Header {
    /// Lengths of the axes, as NumPy shows them.
    pub(crate) shape: Vec<usize>,
    /// Whether the first axis is the one whose elements lie side by side.
    pub(crate) is_fortran: bool,
    /// What an element is.
    pub(crate) kind: Kind,
    /// Whether the bytes of an element begin with the highest.
    pub(crate) is_big_endian: bool,
    /// Where the elements begin.
    pub(crate) offset: usize,
}

impl Header {
    /// Reads the header at the begin of a file of `size` bytes; `head` is that begin, of [`LONGEST`] + 12 bytes where the file
    /// has so many.
    pub(crate) fn parse(path: &Path, head: &[u8], size: u64) -> Result<Self, Error> {
        let broken = |e: String| Error::data(path, "header", format!("no .npy file ({e}); write it with numpy.save"));
        let offset = bounded(head).map_err(|e| broken(e.into()))?;
        let header = NpyHeader::from_reader(&head[..offset]);
        // What the parser says holds the header itself, of any length.
        let header = header.map_err(|_| broken(NO_DICTIONARY.into()))?;
        let dtype = match header.dtype() {
            npyz::DType::Plain(dtype) => dtype,
            other => {
                let problem = format!("{}; save a plain array", other.descr());
                return Err(Error::data(path, "dtype", problem));
            }
        };
        let kind = Kind::of(&dtype).map_err(|problem| Error::data(path, "dtype", problem))?;
        let shape: Option<Vec<usize>> = header.shape().iter().map(|n| usize::try_from(*n).ok()).collect();
        let shape = shape.ok_or_else(|| broken("its shape is too large".into()))?;
        let elements = shape.iter().try_fold(kind.width(), |n, d| n.checked_mul(*d));
        let rest = size.saturating_sub(offset as u64);
        if elements.is_none_or(|n| n as u64 > rest) {
            let problem = format!("shape {shape:?} does not fit {rest} bytes; is the file truncated?");
            return Err(Error::data(path, "data", problem));
        }
        Ok(Header {
            is_fortran: header.order() == Order::Fortran && shape.len() > 1,
            is_big_endian: dtype.endianness() == npyz::Endianness::Big,
            shape,
            kind,
            offset,
        })
    }

    /// Number of elements.
    pub(crate) fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The length of a header that a parser may be given: short, of few brackets, and with numbers whose product is no more than a file
/// can hold.
fn bounded(head: &[u8]) -> Result<usize, &'static str> {
    let (begin, length) = match head {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, 0, a, b, ..] => (10, usize::from(u16::from_le_bytes([*a, *b]))),
        [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, 0, a, b, c, d, ..] => {
            (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize)
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => return Err("unknown version"),
        _ => return Err("magic not found"),
    };
    if length > LONGEST {
        return Err("its header is longer than 64 KiB");
    }
    let text = head.get(begin..begin + length).ok_or("its header is cut off")?;
    let (mut depth, mut quote, mut number, mut product) = (0usize, None, None::<u64>, 1u64);
    for byte in text.iter().chain(b" ") {
        if byte.is_ascii_digit() && quote.is_none() {
            let digit = u64::from(byte - b'0');
            let longer = number.unwrap_or(0).checked_mul(10).and_then(|n| n.checked_add(digit));
            number = Some(longer.ok_or("a number in its header is too large")?);
            continue;
        }
        if let Some(n) = number.take() {
            let larger = product.checked_mul(n.max(1)).filter(|n| *n <= i64::MAX as u64);
            product = larger.ok_or("the shape in its header is too large")?;
        }
        match (byte, quote) {
            (b'\\', _) => return Err("its header has a backslash"),
            (b'\'' | b'"', None) => quote = Some(*byte),
            (end, Some(begin)) if *end == begin => quote = None,
            (_, Some(_)) => {}
            (b'(' | b'[' | b'{', None) => depth += 1,
            (b')' | b']' | b'}', None) => depth = depth.saturating_sub(1),
            // True, False, and the L of old integers.
            (b',' | b':' | b' ' | b'\n', None) => {}
            (letter, None) if b"TrueFalsL".contains(letter) => {}
            _ => return Err(NO_DICTIONARY),
        }
        if depth > DEEPEST {
            return Err("its header has too many brackets");
        }
    }
    Ok(begin + length)
}
