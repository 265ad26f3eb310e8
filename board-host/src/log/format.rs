//! Format strings of the log, piece by piece: `sequence seq={=u32} crc={=u32:08x}`.
//!
//! A placeholder is `{=TYPE:HINT}`; without a type it is `{=?}`. Types are those that the images of this project log, and the
//! plain ones beside them; bit fields, numbered placeholders and hints for times are not read, and are named.

/// Columns that a number is padded to, at most.
const MOST_COLUMNS: usize = 64;
/// Bytes or values of an array whose length its type says, at most.
const LONGEST_ARRAY: usize = 4096;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Of this many bytes.
    Unsigned(usize),
    /// Of this many bytes.
    Signed(usize),
    /// Single precision.
    F32,
    /// Double precision.
    F64,
    /// One byte, 0 or 1.
    Bool,
    /// Four bytes.
    Char,
    /// A length and UTF-8.
    Str,
    /// The number of a format string that is printed as it is.
    Interned,
    /// A length and bytes.
    Bytes,
    /// This many bytes.
    ByteArray(usize),
    /// The number of a format string, and its values.
    Format,
    /// A length, the number of a format string, and its values for each element.
    Slice,
    /// The number of a format string, and its values for each of this many elements.
    Array(usize),
    /// UTF-8 up to a byte 0xff.
    Text,
    /// Numbers of format strings with their values, up to a number 0.
    Sequence,
}

/// In which digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Digits {
    /// Decimal.
    #[default]
    Decimal,
    /// Hexadecimal with small letters.
    Hex,
    /// Hexadecimal with capitals.
    UpperHex,
    /// Octal.
    Octal,
    /// Binary.
    Binary,
}

/// How a value is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hint {
    /// In which digits.
    pub digits: Digits,
    /// With `0x` and the like.
    pub prefix: bool,
    /// Zeros in front up to so many columns.
    pub columns: usize,
    /// Text in quotes.
    pub debug: bool,
}

/// A piece of a format string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'f> {
    /// Text as it is.
    Text(&'f str),
    /// A value; its hint, where it has one.
    Value(Type, Option<Hint>),
}

/// The pieces of a format string; an error says what of it is not read.
pub fn pieces(format: &str) -> impl Iterator<Item = Result<Piece<'_>, String>> {
    let mut rest = format;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let at = rest.find(['{', '}']).unwrap_or(rest.len());
        if at > 0 {
            let (text, after) = rest.split_at(at);
            rest = after;
            return Some(Ok(Piece::Text(text)));
        }
        // `{{` and `}}` are braces.
        if rest.starts_with("{{") || rest.starts_with("}}") {
            let (text, after) = (&rest[..1], &rest[2..]);
            rest = after;
            return Some(Ok(Piece::Text(text)));
        }
        let placeholder = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let Some((inner, after)) = placeholder else {
            rest = "";
            return Some(Err("a brace without its partner".into()));
        };
        rest = after;
        let piece = value(inner);
        Some(piece.ok_or_else(|| {
            format!(
                "the placeholder {{{}}}",
                inner.escape_debug().take(60).collect::<String>()
            )
        }))
    })
}

/// The value that a placeholder stands for.
fn value(inner: &str) -> Option<Piece<'static>> {
    let (name, hint) = match inner.split_once(':') {
        Some((name, hint)) => (name, Some(self::hint(hint)?)),
        None => (inner, None),
    };
    let of_type = match name.strip_prefix('=') {
        Some(name) => of_type(name)?,
        None if name.is_empty() => Type::Format,
        None => return None,
    };
    Some(Piece::Value(of_type, hint))
}

fn of_type(name: &str) -> Option<Type> {
    let length = |prefix: &str| -> Option<usize> {
        let length = name.strip_prefix(prefix)?.strip_suffix(']')?.trim().parse().ok()?;
        (length <= LONGEST_ARRAY).then_some(length)
    };
    Some(match name {
        "u8" => Type::Unsigned(1),
        "u16" => Type::Unsigned(2),
        "u32" | "usize" => Type::Unsigned(4),
        "u64" => Type::Unsigned(8),
        "u128" => Type::Unsigned(16),
        "i8" => Type::Signed(1),
        "i16" => Type::Signed(2),
        "i32" | "isize" => Type::Signed(4),
        "i64" => Type::Signed(8),
        "i128" => Type::Signed(16),
        "f32" => Type::F32,
        "f64" => Type::F64,
        "bool" => Type::Bool,
        "char" => Type::Char,
        "str" => Type::Str,
        "istr" => Type::Interned,
        "[u8]" => Type::Bytes,
        "?" => Type::Format,
        "[?]" => Type::Slice,
        "__internal_Debug" | "__internal_Display" => Type::Text,
        "__internal_FormatSequence" => Type::Sequence,
        _ => match length("[u8;") {
            Some(length) => Type::ByteArray(length),
            None => Type::Array(length("[?;")?),
        },
    })
}

fn hint(text: &str) -> Option<Hint> {
    let (prefix, text) = match text.strip_prefix('#') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let digits_end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (columns, kind) = text.split_at(digits_end);
    let columns = match columns.strip_prefix('0') {
        Some(columns) => columns.parse().ok().filter(|columns| *columns <= MOST_COLUMNS)?,
        None if columns.is_empty() => 0,
        None => return None,
    };
    let (digits, debug) = match kind {
        "" => (Digits::Decimal, false),
        "?" => (Digits::Decimal, true),
        "x" => (Digits::Hex, false),
        "X" => (Digits::UpperHex, false),
        "o" => (Digits::Octal, false),
        "b" => (Digits::Binary, false),
        _ => return None,
    };
    Some(Hint {
        digits,
        prefix,
        columns,
        debug,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str) -> Result<Vec<Piece<'_>>, String> {
        pieces(format).collect()
    }

    #[test]
    fn a_format_string_is_text_and_values() {
        let hex = Hint {
            digits: Digits::Hex,
            columns: 8,
            ..Hint::default()
        };
        assert_eq!(
            read("a {{{=u32:08x}}} b {} {=[u8; 3]}").unwrap(),
            [
                Piece::Text("a "),
                Piece::Text("{"),
                Piece::Value(Type::Unsigned(4), Some(hex)),
                Piece::Text("}"),
                Piece::Text(" b "),
                Piece::Value(Type::Format, None),
                Piece::Text(" "),
                Piece::Value(Type::ByteArray(3), None),
            ]
        );
    }

    #[test]
    fn what_is_not_read_is_named() {
        for format in [
            "{=u32:0999999999x}",
            "{99999999999999=u8}",
            "{0=0..8}",
            "{=[?;18446744073709551615]}",
            "{=[u8;4097]}",
            "{=u64:us}",
            "{=i64:iso8601ms}",
            "{=[u8]:cbor}",
            "{=none}",
        ] {
            assert_eq!(read(format).unwrap_err(), format!("the placeholder {format}"));
        }
        for format in ["{", "}", "a {=u8", "} {"] {
            assert_eq!(read(format).unwrap_err(), "a brace without its partner", "{format}");
        }
    }
}
