//! The bytes of NumPy's `.npy` format (NumPy reference, "numpy.lib.format", versions 1 to 3).
//!
//! The magic string, a version, the length of the header, the header, the values. The header is a Python dictionary of
//! `descr` (the type of a value), `fortran_order` and `shape`, padded with spaces to a multiple of [`ALIGNMENT`] bytes.

const MAGIC: &[u8] = b"\x93NUMPY";
/// The values begin at a multiple of this many bytes.
const ALIGNMENT: usize = 64;

/// What kind of number a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One byte, 0 or 1.
    Bool,
    /// Signed integers.
    Int,
    /// Unsigned integers.
    Uint,
    /// IEEE 754 floating point.
    Float,
}

/// The contents of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// `descr` as the file writes it, for messages.
    pub(crate) descr: String,
    /// The kind and the bytes of a value; `None` where the type is no plain number.
    pub(crate) number: Option<(Kind, usize)>,
    /// Whether the most significant byte of a value comes first.
    pub(crate) big_endian: bool,
    /// Whether the first axis changes fastest.
    pub(crate) fortran_order: bool,
    /// The sizes of the axes.
    pub(crate) shape: Vec<usize>,
}

/// The header of a file, and the bytes after it. The error says what is wrong.
pub(crate) fn parse(bytes: &[u8]) -> Result<(Header, &[u8]), String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("it does not begin with \\x93NUMPY")?;
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        [version @ 4..=255, ..] => return Err(format!("version {version} of the format")),
        _ => return Err("the header is truncated".into()),
    };
    let (text, values) = rest.split_at_checked(length).ok_or("the header is truncated")?;
    let text = std::str::from_utf8(text).map_err(|_| "the header is not text")?;
    Ok((header(text)?, values))
}

fn header(text: &str) -> Result<Header, String> {
    let entries = entries(text).ok_or("the header is not a dictionary")?;
    let get = |key: &str| {
        let found = entries.iter().find(|(name, _)| *name == key);
        found
            .map(|(_, value)| *value)
            .ok_or_else(|| format!("the header has no '{key}'"))
    };
    let descr = get("descr")?;
    let (number, big_endian) = match unquoted(descr).map(number) {
        Some(Some((number, big_endian))) => (Some(number), big_endian),
        _ => (None, false),
    };
    let fortran_order = match get("fortran_order")? {
        "True" => true,
        "False" => false,
        other => return Err(format!("fortran_order: {other}")),
    };
    let shape = get("shape")?;
    let sizes = shape.strip_prefix('(').and_then(|s| s.strip_suffix(')'));
    let sizes = sizes.map(|s| s.split(',').map(str::trim).filter(|s| !s.is_empty()));
    let sizes: Option<Vec<usize>> = sizes.and_then(|sizes| sizes.map(|s| s.parse().ok()).collect());
    Ok(Header {
        descr: descr.into(),
        number,
        big_endian,
        fortran_order,
        shape: sizes.ok_or_else(|| format!("shape: {shape}"))?,
    })
}

/// The keys of a Python dictionary with the text of their values.
fn entries(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut list = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ', '\n']);
        if rest.is_empty() {
            return Some(list);
        }
        let (key, after) = rest.split_once(':')?;
        let end = end_of_value(after);
        list.push((unquoted(key.trim())?, after[..end].trim()));
        rest = &after[end..];
    }
}

/// Where a value ends: at the first comma outside of brackets and quotes, or with the text.
fn end_of_value(text: &str) -> usize {
    let (mut depth, mut quote) = (0usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn unquoted(text: &str) -> Option<&str> {
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('\'').or_else(|| inside('"'))
}

/// `<f4` and its like: the kind and the bytes of a value, and whether the most significant byte comes first.
fn number(descr: &str) -> Option<((Kind, usize), bool)> {
    let (order, rest) = match descr.strip_prefix(['<', '>', '|', '=']) {
        Some(rest) => (&descr[..1], rest),
        None => ("=", descr),
    };
    let kind = match rest.chars().next()? {
        'b' => Kind::Bool,
        'i' => Kind::Int,
        'u' => Kind::Uint,
        'f' => Kind::Float,
        _ => return None,
    };
    Some(((kind, rest[1..].parse().ok()?), order == ">"))
}

/// A type that an array is written in.
pub(crate) trait Number: Copy {
    /// `descr` of the type.
    const DESCR: &'static str;
    /// Appends the bytes of the value.
    fn put(self, to: &mut Vec<u8>);
}

macro_rules! numbers {
    ($($type:ty: $descr:literal),*) => {
        $(impl Number for $type {
            const DESCR: &'static str = $descr;
            fn put(self, to: &mut Vec<u8>) {
                to.extend(self.to_le_bytes());
            }
        })*
    };
}
numbers!(u8: "|u1", i8: "|i1", u16: "<u2", i16: "<i2", u32: "<u4", i32: "<i4", u64: "<u8", i64: "<i8", f32: "<f4", f64: "<f8");

impl Number for bool {
    const DESCR: &'static str = "|b1";
    fn put(self, to: &mut Vec<u8>) {
        to.push(self.into());
    }
}

/// A whole file, in C order and little-endian, of version 1.
pub(crate) fn file<T: Number>(shape: &[usize], values: &[T]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let mut header = format!(
        "{{'descr': '{}', 'fortran_order': False, 'shape': ({sizes}), }}",
        T::DESCR
    );
    let before = MAGIC.len() + 4;
    let whole = (before + header.len() + 1).next_multiple_of(ALIGNMENT);
    header.extend(std::iter::repeat_n(' ', whole - before - header.len() - 1));
    header.push('\n');
    let length = u16::try_from(header.len()).expect("a handful of axes");
    let mut bytes = [MAGIC, &[1, 0], &length.to_le_bytes(), header.as_bytes()].concat();
    values.iter().for_each(|v| v.put(&mut bytes));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A file of version 1 or 2 with this dictionary.
    fn with(version: u8, dictionary: &str) -> Vec<u8> {
        let length = dictionary.len() as u32;
        let length = &length.to_le_bytes()[..if version == 1 { 2 } else { 4 }];
        [MAGIC, &[version, 0], length, dictionary.as_bytes()].concat()
    }

    #[test]
    fn a_file_is_what_numpy_reads() {
        let bytes = file(&[3, 100, 1], &[1.0f32, -2.0]);
        let header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 100, 1, ), }";
        assert_eq!(&bytes[..10], b"\x93NUMPY\x01\x00\x76\x00");
        assert_eq!(&bytes[10..10 + header.len()], header);
        assert!(bytes[10 + header.len()..127].iter().all(|b| *b == b' ') && bytes[127] == b'\n');
        assert_eq!(&bytes[128..], [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
        assert_eq!(file(&[], &[7u8]).len(), 129);
    }

    #[test]
    fn headers_of_numpy_are_read() {
        let read = |version, dictionary: &str| parse(&with(version, dictionary)).unwrap().0;
        // As numpy.save writes them: a trailing comma in tuples of one, keys in alphabetical order.
        let found = read(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (4,), }      \n");
        assert_eq!((found.number, found.shape), (Some((Kind::Float, 8)), vec![4]));
        let found = read(2, "{\"shape\": (2, 3), \"fortran_order\": True, \"descr\": \">i2\"}");
        assert_eq!((found.number, found.big_endian), (Some((Kind::Int, 2)), true));
        assert!(found.fortran_order && found.shape == [2, 3]);
        let found = read(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (), }");
        assert_eq!((found.number, found.shape), (Some((Kind::Bool, 1)), Vec::new()));
        // A structured type whose field has the name of a key.
        let fields = "{'descr': [('shape', '<f4'), ('b', '<i2')], 'fortran_order': False, 'shape': (5,), }";
        let found = read(1, fields);
        assert_eq!((found.number, found.shape), (None, vec![5]));
        assert_eq!(
            read(3, "{'descr': '<U3', 'fortran_order': False, 'shape': (1,)}").number,
            None
        );
    }

    #[test]
    fn broken_headers_say_what_is_wrong() {
        let says = |bytes: &[u8], part: &str| {
            let text = parse(bytes).unwrap_err();
            assert!(text.contains(part), "{text}");
        };
        says(b"PK", "begin with");
        says(b"\x93NUMPY\x01", "truncated");
        says(b"\x93NUMPY\x01\x00\xff\x00{'descr'", "truncated");
        says(b"\x93NUMPY\x09\x00\x00\x00\x00\x00", "version 9");
        says(&with(1, "descr"), "not a dictionary");
        says(&with(1, "{'descr': '<f4', 'shape': (1,)}"), "no 'fortran_order'");
        says(
            &with(1, "{'descr': '<f4', 'fortran_order': No, 'shape': (1,)}"),
            "fortran_order: No",
        );
        says(
            &with(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (-1,)}"),
            "shape: (-1,)",
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), text in "[{}()',:a-z<0-9 ]{0,60}") {
            let _ = parse(&bytes);
            let _ = parse(&with(1, &text));
        }

        #[test]
        fn what_is_written_is_read(shape in proptest::collection::vec(0usize..1_000_000, 0..5)) {
            let bytes = file(&shape, &[1u16, 2]);
            prop_assert_eq!((bytes.len() - 4) % ALIGNMENT, 0);
            let (header, values) = parse(&bytes).unwrap();
            prop_assert_eq!((header.shape, header.number), (shape, Some((Kind::Uint, 2))));
            prop_assert_eq!(values, [1, 0, 2, 0]);
        }
    }
}
