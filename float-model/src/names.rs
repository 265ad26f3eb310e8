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

/// A name from a file as a message may show it: control characters escaped, and cut after 80 characters.
///
/// # Examples
/// ```
/// assert_eq!(float_model::printable("bell\u{7}"), "bell\\u{7}");
/// ```
#[must_use]
pub fn printable(text: &str) -> String {
    const MOST: usize = 80;
    let mut shown = String::new();
    for (k, c) in text.chars().enumerate() {
        match c {
            _ if k == MOST => {
                shown.push_str("...");
                break;
            }
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// A text as a terminal may get it: control characters escaped, but line feeds.
///
/// # Examples
/// ```
/// assert_eq!(float_model::escaped("a\u{1b}[31m\nb"), "a\\u{1b}[31m\nb");
/// ```
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() && c != '\n' => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}
