//! What a cell holds: a number, a time, a word, or nothing.

use super::form;

/// How numbers are written in a file: with a point or with a comma. It is found by the first number that has either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Decimal {
    /// Whole numbers so far.
    #[default]
    Unknown,
    Point,
    Comma,
}

/// What a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Empty, `NaN`, `N/A` and the like.
    Missing,
    Number,
    /// A date, a time of day, or both.
    Time,
    Word,
}

/// Words for a value that is not there.
const MISSING: [&str; 14] = [
    "nan", "n/a", "na", "#n/a", "null", "none", "nil", "-", "--", "?", "inf", "-inf", "+inf", "infinity",
];

/// Whether a cell says that there is no value.
pub(crate) fn is_missing(cell: &str) -> bool {
    cell.is_empty() || (cell.len() <= 8 && MISSING.iter().any(|m| m.eq_ignore_ascii_case(cell)))
}

/// A finite number with a point or, where `comma` says that it may have one, with a comma.
pub(crate) fn number(cell: &str, comma: bool) -> Option<f64> {
    let finite = |text: &str| text.parse::<f64>().ok().filter(|v| v.is_finite());
    if !cell.as_bytes().first().is_some_and(|b| b"+-.,0123456789".contains(b)) {
        return None;
    }
    match (finite(cell), comma) {
        (Some(v), _) => Some(v),
        (None, true) if cell.matches(',').count() == 1 && !cell.contains('.') => finite(&cell.replace(',', ".")),
        _ => None,
    }
}

/// What a cell is; `comma`: whether numbers may have a decimal comma.
pub(crate) fn kind(cell: &str, comma: bool) -> Kind {
    match () {
        () if is_missing(cell) => Kind::Missing,
        () if number(cell, comma).is_some() => Kind::Number,
        () if form::of(cell).is_some() => Kind::Time,
        () => Kind::Word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_told_apart() {
        for (cell, comma, wanted) in [
            ("", false, Kind::Missing),
            ("NaN", false, Kind::Missing),
            ("N/A", false, Kind::Missing),
            ("-1.5e-3", false, Kind::Number),
            (".5", false, Kind::Number),
            ("1,5", true, Kind::Number),
            ("1,5", false, Kind::Word),
            ("1,234.5", true, Kind::Word),
            ("2024-01-02T10:11:12.5Z", false, Kind::Time),
            ("10:11:12,5", true, Kind::Time),
            ("Jogging", false, Kind::Word),
            ("0x1f", false, Kind::Word),
        ] {
            assert_eq!(kind(cell, comma), wanted, "{cell}");
        }
    }
}
