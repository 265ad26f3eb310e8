//! Values that have a name on the command line and in files, and names from files as messages show them.

/// The one of `all` that is named `text`; `name` gives the name of each, and `what` says what they are.
///
/// # Errors
/// None has that name: a text that lists the names.
///
/// # Examples
/// ```
/// use float_model::{Cell, by_name};
/// assert_eq!(by_name("cell", &Cell::ALL, Cell::name, "gru"), Ok(Cell::Gru));
/// let error = by_name("cell", &Cell::ALL, Cell::name, "rnn").unwrap_err();
/// assert_eq!(error, "unknown cell 'rnn'; expected skip-lstm, skip-gru, lstm or gru");
/// ```
pub fn by_name<T: Copy>(what: &str, all: &[T], name: impl Fn(T) -> &'static str, text: &str) -> Result<T, String> {
    if let Some(found) = all.iter().find(|value| name(**value) == text) {
        return Ok(*found);
    }
    let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
    let expected = match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "none".to_owned(),
    };
    Err(format!("unknown {what} '{text}'; expected {expected}"))
}

/// A name from a file as a message may show it: characters that a terminal obeys are escaped, and it is cut after 80 characters
/// ([`skiprnn_nostd::Printable`]).
///
/// # Examples
/// ```
/// assert_eq!(float_model::printable("bell\u{7}"), "bell\\u{7}");
/// ```
#[must_use]
pub fn printable(text: &str) -> String {
    skiprnn_nostd::Printable(text).to_string()
}

/// Names from a file as a message may show them, separated by commas; of more than 12 the first 12, and how many more there are.
///
/// # Examples
/// ```
/// assert_eq!(float_model::printable_list(&["ax", "a\ty"]), "ax, a\\ty");
/// ```
#[must_use]
pub fn printable_list<S: AsRef<str>>(names: &[S]) -> String {
    const MOST: usize = 12;
    let first: Vec<String> = names.iter().take(MOST).map(|n| printable(n.as_ref())).collect();
    match names.len().saturating_sub(MOST) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// A whole text with names or paths in it as a terminal may show it: as [`printable`], but uncut, and the ends of lines stay
/// ([`skiprnn_nostd::PrintableText`]).
///
/// # Examples
/// ```
/// assert_eq!(float_model::printable_text("a\u{1b}[2J.csv: no\nlabel"), "a\\u{1b}[2J.csv: no\nlabel");
/// ```
#[must_use]
pub fn printable_text(text: &str) -> String {
    skiprnn_nostd::PrintableText(text).to_string()
}

/// A text without the characters that [`printable`] escapes.
#[must_use]
pub fn without_unprintable(text: &str) -> String {
    text.chars().filter(|c| skiprnn_nostd::Printable::shows(*c)).collect()
}
