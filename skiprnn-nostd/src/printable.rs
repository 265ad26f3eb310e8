//! Names from a blob, as a log or a terminal may show them.

use core::fmt::{self, Write};

/// Characters of a name that are shown; more are cut off.
const MOST: usize = 80;

/// A name from somebody else's file as a message may show it: characters that move the cursor, that cannot be seen, or that turn the
/// direction of writing are escaped, and a name of more than 80 characters is cut after these.
///
/// # Examples
/// ```
/// use skiprnn_nostd::Printable;
/// assert_eq!(Printable("bell\u{7}").to_string(), "bell\\u{7}");
/// assert_eq!(Printable("two\nlines").to_string(), "two\\nlines");
/// assert_eq!(Printable("Übung °C").to_string(), "Übung °C");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printable<'a>(pub &'a str);

impl Printable<'_> {
    /// Whether a character is shown as it is: it is no control character, has a width, and keeps the direction of writing.
    #[must_use]
    pub fn shows(c: char) -> bool {
        let unseen = matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        !c.is_control() && !unseen
    }
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, c) in self.0.chars().enumerate() {
            match c {
                _ if k == MOST => return f.write_str("..."),
                c if Self::shows(c) => f.write_char(c)?,
                c => write!(f, "{}", c.escape_default())?,
            }
        }
        Ok(())
    }
}

/// A whole text with names or paths in it as a terminal may show it: as [`Printable`], but uncut, and the ends of lines stay.
///
/// # Examples
/// ```
/// use skiprnn_nostd::PrintableText;
/// assert_eq!(PrintableText("a\u{1b}[2J.csv: no\nlabel").to_string(), "a\\u{1b}[2J.csv: no\nlabel");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintableText<'a>(pub &'a str);

impl fmt::Display for PrintableText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match Printable::shows(c) || c == '\n' {
                true => f.write_char(c)?,
                false => write!(f, "{}", c.escape_default())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        for c in [
            '\u{1b}', '\r', '\u{9b}', '\u{202e}', '\u{200b}', '\u{feff}', '\u{2066}', '\u{2028}',
        ] {
            let shown = Printable(&format!("a{c}b")).to_string();
            assert!(
                shown.starts_with("a\\") && shown.ends_with('b') && shown.chars().all(Printable::shows),
                "{shown:?}"
            );
        }
        assert_eq!(Printable("m/s² 加速度 \"x\"").to_string(), "m/s² 加速度 \"x\"");
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(Printable(&"x".repeat(80)).to_string().len(), 80);
        assert_eq!(Printable(&"x".repeat(81)).to_string(), format!("{}...", "x".repeat(80)));
    }
}
