//! From one format string to the writer on the board and the reader on the host.
//!
//! A format string is what `defmt::println!` takes: a word, then pairs `name={=type:hint}`. The macro [`lines`] turns it into
//! a struct with a field of each name, a function that writes the line by defmt (feature `defmt`), a function that reads it,
//! and `Display`, which writes the same text without defmt.

use core::{fmt, str::FromStr};

/// A line whose field cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable<'a> {
    /// The whole line.
    pub line: &'a str,
    /// The field's name.
    pub field: &'static str,
}

impl fmt::Display for Unreadable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no readable {} in the line: {}", self.field, self.line)
    }
}

impl core::error::Error for Unreadable<'_> {}

/// A value that is written as defmt writes it.
pub trait Show {
    /// Writes the value by the hint of its placeholder: `02x` for hexadecimal digits, empty for decimal ones.
    ///
    /// # Errors
    /// Where the formatter fails.
    fn show(&self, f: &mut fmt::Formatter<'_>, hint: &str) -> fmt::Result;
}

/// A value of a line, which is read from text that lives as long as `'t`.
pub trait Value<'t>: Show + Sized {
    /// Reads the value; `None` where the text is not such a value.
    fn read(text: &'t str, hint: &str) -> Option<Self>;
}

/// Whether a placeholder's hint asks for hexadecimal digits.
fn is_hexadecimal(hint: &str) -> bool {
    hint.ends_with('x')
}

/// Numbers, in decimal or hexadecimal.
macro_rules! numbers {
    ($($type:ty),*) => { $(
        impl Show for $type {
            fn show(&self, f: &mut fmt::Formatter<'_>, hint: &str) -> fmt::Result {
                let width = hint.trim_end_matches('x').parse().unwrap_or(0);
                match is_hexadecimal(hint) {
                    true => write!(f, "{self:0width$x}"),
                    false => write!(f, "{self}"),
                }
            }
        }

        impl Value<'_> for $type {
            fn read(text: &str, hint: &str) -> Option<Self> {
                match is_hexadecimal(hint) {
                    true => Self::from_str_radix(text, 16).ok(),
                    false => Self::from_str(text).ok(),
                }
            }
        }
    )* };
}

numbers!(u8, u16, u32, u64, usize, i16, i32);

impl Show for f32 {
    fn show(&self, f: &mut fmt::Formatter<'_>, _: &str) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Value<'_> for f32 {
    fn read(text: &str, _: &str) -> Option<Self> {
        Self::from_str(text).ok()
    }
}

impl Show for &str {
    fn show(&self, f: &mut fmt::Formatter<'_>, _: &str) -> fmt::Result {
        f.write_str(self)
    }
}

impl<'t> Value<'t> for &'t str {
    fn read(text: &'t str, _: &str) -> Option<Self> {
        Some(text)
    }
}

/// Numbers in brackets, separated by a comma and a space: on the board a slice, on the host the text that was read.
#[derive(Debug, Clone, Copy)]
pub struct List<'a, T> {
    numbers: &'a [T],
    /// The text between the brackets, where the list was read; it is known to be readable.
    text: Option<(&'a str, bool)>,
}

impl<'a, T> List<'a, T> {
    /// The list of these numbers.
    #[must_use]
    pub const fn new(numbers: &'a [T]) -> Self {
        Self { numbers, text: None }
    }

    /// The slice, for the writer on the board; empty for a list that was read.
    #[cfg(feature = "defmt")]
    pub(crate) const fn numbers(&self) -> &'a [T] {
        self.numbers
    }
}

impl<'a, T: Value<'a> + Copy> List<'a, T> {
    /// The numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let (text, hexadecimal) = self.text.unwrap_or_default();
        let hint = if hexadecimal { "x" } else { "" };
        let read = items(text).filter_map(move |item| T::read(item, hint));
        self.numbers.iter().copied().chain(read)
    }
}

/// The items of the text between brackets.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(", ").filter(|item| !item.is_empty())
}

impl<'a, T: Value<'a> + Copy + PartialEq> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Value<'a> + Copy> Show for List<'a, T> {
    fn show(&self, f: &mut fmt::Formatter<'_>, hint: &str) -> fmt::Result {
        f.write_str("[")?;
        for (index, number) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            number.show(f, hint)?;
        }
        f.write_str("]")
    }
}

impl<'t, T: Value<'t> + Copy> Value<'t> for List<'t, T> {
    fn read(text: &'t str, hint: &str) -> Option<Self> {
        let text = text.strip_prefix('[')?.strip_suffix(']')?;
        items(text).all(|item| T::read(item, hint).is_some()).then_some(Self {
            numbers: &[],
            text: Some((text, is_hexadecimal(hint))),
        })
    }
}

/// The value of a key in a line: up to the next space, or to the end of its brackets.
pub fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let start = line.match_indices(key).find_map(|(at, _)| {
        let (before, rest) = (line.get(..at)?, line.get(at..)?);
        let rest = rest.strip_prefix(key)?.strip_prefix('=')?;
        before.ends_with(' ').then_some(rest)
    })?;
    let end = match start.starts_with('[') {
        true => start.find(']')?.checked_add(1)?,
        false => start.find(' ').unwrap_or(start.len()),
    };
    start.get(..end)
}

/// The word that a line, or a format string, begins with.
pub fn word(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

/// The placeholders of a format string with the literal text before each: `(text, hint)`.
fn placeholders(format: &str) -> impl Iterator<Item = (&str, &str)> {
    format.split_inclusive('}').filter_map(|piece| {
        let (text, placeholder) = piece.strip_suffix('}')?.split_once('{')?;
        let hint = placeholder.split_once(':').map_or("", |(_, hint)| hint);
        Some((text, hint))
    })
}

/// Reads the field of this name from a line of this format. A placeholder without a key, such as that of `calibrated {} ...`,
/// stands for the second word.
pub(crate) fn field<'t, T: Value<'t>>(format: &str, line: &'t str, name: &'static str) -> Result<T, Unreadable<'t>> {
    let keyed = placeholders(format).find(|(text, _)| {
        let key = text.trim_end_matches('=').rsplit(' ').next();
        text.ends_with('=') && key == Some(name)
    });
    let read = match keyed {
        Some((_, hint)) => value(line, name).and_then(|text| T::read(text, hint)),
        None => line.split(' ').nth(1).and_then(|text| T::read(text, "")),
    };
    read.ok_or(Unreadable { line, field: name })
}

/// The word of the several kinds of lines that end a run.
const SUMMARY: &str = "summary";

/// Whether a line is of this format: it begins with the same word; of summaries, also its first keys, two at most, are the
/// same.
pub(crate) fn is_of(format: &str, line: &str) -> bool {
    fn keys(line: &str) -> impl Iterator<Item = &str> {
        line.split(' ')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, _)| key)
            .filter(|key| !key.contains(['{', '[']))
            .take(2)
    }
    word(format) == word(line) && (word(line) != SUMMARY || keys(format).eq(keys(line)))
}

/// Writes a line without defmt: the format string with the fields in place of the placeholders.
pub(crate) fn show(f: &mut fmt::Formatter<'_>, format: &str, fields: &[&dyn Show]) -> fmt::Result {
    for ((text, hint), field) in placeholders(format).zip(fields) {
        f.write_str(text)?;
        field.show(f, hint)?;
    }
    let behind = format.rsplit('}').next().unwrap_or_default();
    f.write_str(behind)
}

/// Whether the keys of a format string are these names, in this order. A placeholder without a key has no name to compare.
#[allow(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where an index outside is an error of the build"
)]
pub(crate) const fn keys_are(format: &str, names: &[&str]) -> bool {
    let bytes = format.as_bytes();
    let (mut at, mut index) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'{' {
            if index == names.len() {
                return false;
            }
            let name = names[index].as_bytes();
            if bytes[at - 1] == b'=' {
                let start = at - 1 - name.len();
                if bytes[start - 1] != b' ' {
                    return false;
                }
                let mut letter = 0;
                while letter < name.len() {
                    if bytes[start + letter] != name[letter] {
                        return false;
                    }
                    letter += 1;
                }
            }
            index += 1;
        }
        at += 1;
    }
    index == names.len()
}

/// What `defmt::println!` takes of a value.
#[cfg(feature = "defmt")]
pub trait Wire {
    /// The type that the placeholder names.
    type Type: ?Sized;

    /// The value as this type.
    fn wire(&self) -> &Self::Type;
}

/// Types that `defmt::println!` takes as they are.
#[cfg(feature = "defmt")]
macro_rules! themselves {
    ($($type:ty),*) => { $(
        impl $crate::log::grammar::Wire for $type {
            type Type = Self;

            fn wire(&self) -> &Self {
                self
            }
        }
    )* };
}

#[cfg(feature = "defmt")]
pub(crate) use themselves;

#[cfg(feature = "defmt")]
mod wire {
    use super::{List, Wire};

    themselves!(u8, u16, u32, u64, usize, i16, i32, f32);

    impl Wire for &str {
        type Type = str;

        fn wire(&self) -> &str {
            self
        }
    }

    impl<T> Wire for List<'_, T> {
        type Type = [T];

        fn wire(&self) -> &[T] {
            self.numbers()
        }
    }
}

/// Defines lines of the log, each by its format string and its fields in the same order.
macro_rules! lines {
    ($(
        $(#[$doc:meta])*
        $name:ident $(<$life:lifetime>)? = $format:literal {
            $( $(#[$field_doc:meta])* $field:ident: $type:ty, )*
        }
    )*) => { $(
        const _: () = assert!(
            $crate::log::grammar::keys_are($format, &[$(stringify!($field)),*]),
            concat!("the keys of the format string are not the fields of ", stringify!($name))
        );

        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $name $(<$life>)? {
            $( $(#[$field_doc])* pub $field: $type, )*
        }

        impl $(<$life>)? $name $(<$life>)? {
            /// The line's format string.
            pub const FORMAT: &'static str = $format;

            /// Whether a line is of this kind.
            #[must_use]
            pub fn is(line: &str) -> bool {
                $crate::log::grammar::is_of(Self::FORMAT, line)
            }

            /// Reads a line of this kind.
            ///
            /// # Errors
            /// A field is missing or unreadable.
            #[allow(mismatched_lifetime_syntaxes, reason = "kinds of lines with and without a lifetime share this signature")]
            pub fn read(line: &$($life)? str) -> Result<Self, Unreadable<'_>> {
                Ok(Self { $( $field: $crate::log::grammar::field(Self::FORMAT, line, stringify!($field))?, )* })
            }

            /// Writes the line to the board's log. It is unconditional: no log level set at build time can silence it.
            #[cfg(feature = "defmt")]
            #[inline]
            pub fn log(&self) {
                defmt::println!($format, $( *$crate::log::grammar::Wire::wire(&self.$field) ),*);
            }
        }

        impl $(<$life>)? core::fmt::Display for $name $(<$life>)? {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $crate::log::grammar::show(f, Self::FORMAT, &[$( &self.$field ),*])
            }
        }
    )* };
}

pub(crate) use lines;
