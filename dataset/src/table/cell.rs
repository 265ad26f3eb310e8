//! What a cell holds: a number, a time, a word, or nothing.

use super::form;
use float_model::printable as shown;

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

/// What to do with a number that has separators of thousands.
pub(super) fn grouped_problem(cell: &str, plain: &str) -> String {
    format!(
        "'{}' has separators of thousands; write {plain}, without them, in the whole column",
        shown(cell)
    )
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

/// A number in groups of three digits that can be read in no other way, written without the separators of the groups: `1.234,5`,
/// `1,234.5`, `1.234.567`, `1'234.5`.
pub(crate) fn ungrouped(cell: &str) -> Option<String> {
    let bare = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let plain = bare.len() <= 40 && bare.bytes().all(|b| b.is_ascii_digit() || b".,'".contains(&b));
    let separator = bare.chars().find(|c| !c.is_ascii_digit()).filter(|_| plain)?;
    let (groups, fraction) = match bare.rfind(|c: char| !c.is_ascii_digit() && c != separator) {
        Some(point) => (&bare[..point], Some(&bare[point + 1..])),
        None => (bare, None),
    };
    let groups: Vec<&str> = groups.split(separator).collect();
    let (first, others) = groups.split_first()?;
    let is_grouped = (1..=3).contains(&first.len()) && !others.is_empty() && others.iter().all(|g| g.len() == 3);
    // One group and nothing behind it may be three decimals.
    let is_sure = separator == '\'' || fraction.is_some() || others.len() > 1;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    (is_grouped && is_sure && fraction.is_none_or(digits) && groups.iter().all(|g| digits(g))).then(|| {
        let sign = if cell.starts_with('-') { "-" } else { "" };
        let fraction = fraction.map(|f| format!(".{f}")).unwrap_or_default();
        format!("{sign}{}{fraction}", groups.concat())
    })
}

/// What a number looks like in a column that may have separators of thousands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Grouping {
    /// One sign, and three digits behind it.
    three: bool,
    /// Whole, with three digits.
    whole: bool,
    /// Something that no separator of thousands explains.
    other: bool,
}

impl Grouping {
    /// Takes the next cell of a column.
    pub(crate) fn push(&mut self, cell: &str) {
        if self.other {
            return;
        }
        let bare = cell.strip_prefix(['-', '+']).unwrap_or(cell);
        match bare.split_once(['.', ',']) {
            None => {
                self.whole |= bare.len() == 3;
                self.other |= bare.len() > 3;
            }
            Some((head, tail)) => {
                let grouped = tail.len() == 3 && (1..=3).contains(&head.len()) && !head.starts_with('0');
                self.three |= grouped;
                self.other |= !grouped;
            }
        }
    }

    /// Whether `999` and `1.000` stand in one column, and nothing that is neither.
    pub(crate) fn is_doubtful(self) -> bool {
        self.three && self.whole && !self.other
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
    fn separators_of_thousands_are_told_from_points() {
        for (cell, plain) in [
            ("1.234,5", Some("1234.5")),
            ("1,234.5", Some("1234.5")),
            ("-12.345.678", Some("-12345678")),
            ("1'234", Some("1234")),
            ("1.234", None),
            ("1,5", None),
            ("1234,5", None),
            ("1.23,4", None),
            ("1.2.3", None),
            ("walk", None),
            (".123,4", None),
        ] {
            assert_eq!(ungrouped(cell).as_deref(), plain, "{cell}");
        }
        let doubtful = |cells: &[&str]| {
            let mut column = Grouping::default();
            cells.iter().for_each(|c| column.push(c));
            column.is_doubtful()
        };
        assert!(doubtful(&["998", "999", "1.000", "1.001"]));
        for cells in [
            &["0.125", "100"][..],
            &["1.125", "2.250"],
            &["998", "1.5", "1.000"],
            &["1000", "1.000", "100"],
        ] {
            assert!(!doubtful(cells), "{cells:?}");
        }
    }

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
