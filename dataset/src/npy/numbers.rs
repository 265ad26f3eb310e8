//! Elements of NumPy arrays: their types, and their bytes as numbers and words.

use half::f16;
use npyz::{TypeChar, TypeStr};

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 0 or 1 in a byte.
    Bool,
    /// Signed integers of so many bytes.
    Int(usize),
    /// Unsigned integers of so many bytes.
    Uint(usize),
    /// Half, single and double precision, by bytes.
    Float(usize),
    /// Words of so many characters, four bytes each, filled up with 0.
    Unicode(usize),
    /// Words of so many bytes, filled up with 0.
    Bytes(usize),
}

impl Kind {
    /// The kind of a type; the error says how to save it.
    pub(super) fn of(dtype: &TypeStr) -> Result<Self, String> {
        let size = usize::try_from(dtype.size_field()).unwrap_or(usize::MAX);
        Ok(match (dtype.type_char(), size) {
            (TypeChar::Bool, 1) => Kind::Bool,
            (TypeChar::Int, 1 | 2 | 4 | 8) => Kind::Int(size),
            (TypeChar::Uint, 1 | 2 | 4 | 8) => Kind::Uint(size),
            (TypeChar::Float, 2 | 4 | 8) => Kind::Float(size),
            (TypeChar::UnicodeStr, 1..=4096) => Kind::Unicode(size),
            (TypeChar::ByteStr, 1..=4096) => Kind::Bytes(size),
            (TypeChar::Object, _) => {
                return Err(
                    "is object: arrays of unequal length, or words; save recordings of unequal length as one array (N, T, I), filled \
                     up with 0, with their lengths beside it in lengths.npy (numpy.save('lengths.npy', [len(r) for r in recordings])), \
                     and words with numpy.array(words, dtype=str)"
                        .into(),
                );
            }
            _ => {
                return Err(format!(
                    "{dtype}; use float32, float64, an integer type, or words (dtype=str)"
                ));
            }
        })
    }

    /// Bytes of an element.
    pub(crate) const fn width(self) -> usize {
        match self {
            Kind::Bool => 1,
            Kind::Int(n) | Kind::Uint(n) | Kind::Float(n) | Kind::Bytes(n) => n,
            Kind::Unicode(n) => 4 * n,
        }
    }

    /// Whether elements are whole numbers, 0 and 1 of bool among them.
    pub(crate) const fn is_whole(self) -> bool {
        matches!(self, Kind::Bool | Kind::Int(_) | Kind::Uint(_))
    }

    /// Whether elements are words.
    pub(crate) const fn is_word(self) -> bool {
        matches!(self, Kind::Unicode(_) | Kind::Bytes(_))
    }
}

/// Elements of `W` bytes, lowest byte first.
fn elements<const W: usize>(bytes: &[u8], is_big: bool) -> impl Iterator<Item = [u8; W]> + '_ {
    bytes.as_chunks::<W>().0.iter().map(move |b| {
        let mut b = *b;
        if is_big {
            b.reverse();
        }
        b
    })
}

/// Adds numbers to `to`; words add nothing.
pub(crate) fn to_f32(kind: Kind, is_big: bool, bytes: &[u8], to: &mut Vec<f32>) {
    match kind {
        Kind::Float(2) => to.extend(elements(bytes, is_big).map(|b| f16::from_le_bytes(b).to_f32())),
        Kind::Float(4) if !is_big => to.extend(elements(bytes, false).map(f32::from_le_bytes)),
        Kind::Float(4) => to.extend(elements(bytes, true).map(f32::from_le_bytes)),
        Kind::Float(_) => to.extend(elements(bytes, is_big).map(|b| f64::from_le_bytes(b) as f32)),
        Kind::Bool => to.extend(bytes.iter().map(|b| f32::from(u8::from(*b != 0)))),
        Kind::Int(1) => to.extend(elements(bytes, is_big).map(|b| f32::from(i8::from_le_bytes(b)))),
        Kind::Int(2) => to.extend(elements(bytes, is_big).map(|b| f32::from(i16::from_le_bytes(b)))),
        Kind::Int(4) => to.extend(elements(bytes, is_big).map(|b| i32::from_le_bytes(b) as f32)),
        Kind::Int(_) => to.extend(elements(bytes, is_big).map(|b| i64::from_le_bytes(b) as f32)),
        Kind::Uint(1) => to.extend(bytes.iter().map(|b| f32::from(*b))),
        Kind::Uint(2) => to.extend(elements(bytes, is_big).map(|b| f32::from(u16::from_le_bytes(b)))),
        Kind::Uint(4) => to.extend(elements(bytes, is_big).map(|b| u32::from_le_bytes(b) as f32)),
        Kind::Uint(_) => to.extend(elements(bytes, is_big).map(|b| u64::from_le_bytes(b) as f32)),
        Kind::Unicode(_) | Kind::Bytes(_) => {}
    }
}

/// Whole numbers; one beyond i64 becomes the largest. Others are none.
pub(crate) fn to_i64(kind: Kind, is_big: bool, bytes: &[u8]) -> Vec<i64> {
    match kind {
        Kind::Bool => bytes.iter().map(|b| i64::from(*b != 0)).collect(),
        Kind::Int(1) => elements(bytes, is_big)
            .map(|b| i64::from(i8::from_le_bytes(b)))
            .collect(),
        Kind::Int(2) => elements(bytes, is_big)
            .map(|b| i64::from(i16::from_le_bytes(b)))
            .collect(),
        Kind::Int(4) => elements(bytes, is_big)
            .map(|b| i64::from(i32::from_le_bytes(b)))
            .collect(),
        Kind::Int(_) => elements(bytes, is_big).map(i64::from_le_bytes).collect(),
        Kind::Uint(1) => bytes.iter().map(|b| i64::from(*b)).collect(),
        Kind::Uint(2) => elements(bytes, is_big)
            .map(|b| i64::from(u16::from_le_bytes(b)))
            .collect(),
        Kind::Uint(4) => elements(bytes, is_big)
            .map(|b| i64::from(u32::from_le_bytes(b)))
            .collect(),
        Kind::Uint(_) => {
            let wide = elements(bytes, is_big).map(u64::from_le_bytes);
            wide.map(|v| v.try_into().unwrap_or(i64::MAX)).collect()
        }
        _ => Vec::new(),
    }
}

/// Words without the zeros that fill them up; a code that is no character becomes the replacement character.
pub(crate) fn to_words(kind: Kind, is_big: bool, bytes: &[u8]) -> Vec<String> {
    bytes
        .chunks_exact(kind.width())
        .map(|element| match kind {
            Kind::Unicode(_) => {
                let codes = elements(element, is_big).map(u32::from_le_bytes);
                let signs = codes.map(|c| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER));
                signs.collect::<String>().trim_end_matches('\0').to_owned()
            }
            _ => String::from_utf8_lossy(element).trim_end_matches('\0').to_owned(),
        })
        .collect()
}
