//! How a text table is written: what separates its cells, what ends a record, which lines are comments.

use super::cell::{Kind, kind};
use std::collections::HashMap;

/// What separates the cells of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    One(u8),
    /// Any number of blanks and tabs.
    Blanks,
    /// A line is one cell.
    None,
}

/// In the order in which they are preferred where two fit equally well.
const SEPARATORS: [Separator; 5] = [
    Separator::One(b'\t'),
    Separator::One(b';'),
    Separator::One(b'|'),
    Separator::One(b','),
    Separator::Blanks,
];

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) separator: Separator,
    /// `;` ends a record, as in the raw files of WISDM.
    pub(crate) record_ends: bool,
}

/// The cells of one record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    text: String,
    cells: Vec<(usize, usize)>,
}

impl Record {
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The cell of a column; empty where the record is shorter.
    pub(crate) fn get(&self, column: usize) -> &str {
        self.cells
            .get(column)
            .map_or("", |(start, end)| &self.text[*start..*end])
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.cells.iter().map(|(start, end)| &self.text[*start..*end])
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.cells.iter().all(|(start, end)| start == end)
    }

    /// Leaves out empty cells at the end beyond `count`.
    pub(crate) fn trim_to(&mut self, count: usize) {
        while self.cells.len() > count && self.cells.last().is_some_and(|(start, end)| start == end) {
            self.cells.pop();
        }
    }

    /// Puts an empty cell in front, for a header that does not name the first column.
    pub(crate) fn push_front_empty(&mut self) {
        self.cells.insert(0, (0, 0));
    }
}

/// Whether a line is a comment.
pub(crate) fn is_comment(line: &str, separator: Option<Separator>) -> bool {
    let line = line.trim_start();
    let semicolon =
        separator != Some(Separator::One(b';')) && line.starts_with(';') && line.trim_matches(';').len() > 1;
    line.starts_with('#') || line.starts_with('%') || line.starts_with("//") || semicolon
}

/// The separator that a first line of the form `sep=;` asks for, as Excel reads it.
pub(crate) fn asked_for(line: &str) -> Option<Separator> {
    let sign = line.trim_matches(['"', ' ']).strip_prefix("sep=")?;
    match sign.as_bytes() {
        [] => Some(Separator::One(b'\t')),
        [sign] => Some(Separator::One(*sign)),
        _ => None,
    }
}

impl Dialect {
    /// The sign that separates cells, as people type it.
    pub(crate) fn name(self) -> &'static str {
        match self.separator {
            Separator::One(b'\t') => "tabs",
            Separator::One(b';') => "semicolons",
            Separator::One(b'|') => "vertical bars",
            Separator::One(b',') => "commas",
            Separator::One(_) => "the sign of the line sep=",
            Separator::Blanks => "blanks",
            Separator::None => "nothing: one column",
        }
    }

    /// Whether a number may have a decimal comma.
    pub(crate) fn comma_is_free(self) -> bool {
        self.separator != Separator::One(b',')
    }

    /// The records of a line: one, but where a sign ends records.
    pub(crate) fn records(self, line: &str) -> impl Iterator<Item = &str> {
        let many = self.record_ends;
        let whole = (!many).then_some(line);
        let parts = many.then(|| {
            line.split(';')
                .filter(|part| !part.trim_matches([',', ' ', '\t']).is_empty())
        });
        whole.into_iter().chain(parts.into_iter().flatten())
    }

    /// Splits a line into its cells, without blanks around them and without quotes.
    pub(crate) fn split(self, line: &str, into: &mut Record) {
        into.cells.clear();
        into.text.clear();
        if line.contains('"') {
            return self.split_quoted(line, into);
        }
        into.text.push_str(line);
        let bytes = line.as_bytes();
        let trimmed = |start: usize, end: usize| {
            let cell = &bytes[start..end];
            let left = cell.len() - cell.trim_ascii_start().len();
            (start + left, start + left + cell.trim_ascii().len())
        };
        match self.separator {
            Separator::None => into.cells.push(trimmed(0, bytes.len())),
            Separator::One(sign) => {
                let mut start = 0;
                for (end, _) in bytes.iter().enumerate().filter(|(_, b)| **b == sign) {
                    into.cells.push(trimmed(start, end));
                    start = end + 1;
                }
                into.cells.push(trimmed(start, bytes.len()));
            }
            Separator::Blanks => {
                let mut start = 0;
                let blanks = bytes.iter().enumerate().filter(|(_, b)| b.is_ascii_whitespace());
                for (end, _) in blanks {
                    if end > start {
                        into.cells.push((start, end));
                    }
                    start = end + 1;
                }
                if start < bytes.len() {
                    into.cells.push((start, bytes.len()));
                }
            }
        }
    }

    /// As RFC 4180: a quoted cell may hold the separator, and `""` is one quote.
    fn split_quoted(self, line: &str, into: &mut Record) {
        let is_separator = |c: char| match self.separator {
            Separator::One(sign) => c == char::from(sign),
            Separator::Blanks => c.is_ascii_whitespace(),
            Separator::None => false,
        };
        let (mut start, mut quoted, mut was_quoted) = (0, false, false);
        let mut signs = line.chars().peekable();
        loop {
            match signs.next() {
                Some('"') if quoted && signs.peek() == Some(&'"') => {
                    signs.next();
                    into.text.push('"');
                }
                Some('"') if quoted => quoted = false,
                Some('"') if into.text[start..].trim().is_empty() => {
                    (quoted, was_quoted) = (true, true);
                    into.text.truncate(start);
                }
                Some(c) if quoted || !is_separator(c) => into.text.push(c),
                end => {
                    let cell = &into.text[start..];
                    let left = cell.len() - cell.trim_start().len();
                    let range = (start + left, start + left + cell.trim().len());
                    if range.0 < range.1 || was_quoted || self.separator != Separator::Blanks {
                        into.cells.push(range);
                    }
                    (start, was_quoted) = (into.text.len(), false);
                    if end.is_none() {
                        return;
                    }
                }
            }
        }
    }
}

/// The number that occurs most often; of two, the one of more `weight`, else the larger one; 0 of none.
pub(crate) fn mode(numbers: impl Iterator<Item = usize>, weight: impl Fn(usize) -> usize) -> usize {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    numbers.for_each(|n| *counts.entry(n).or_default() += 1);
    let most = counts.into_iter().max_by_key(|(n, count)| (*count, weight(*n), *n));
    most.map_or(0, |(n, _)| n)
}

/// How lines of samples are written: the separator that gives all of them the same number of cells, and numbers in them.
pub(crate) fn find(lines: &[&str], asked: Option<Separator>) -> Dialect {
    let ends = lines.iter().filter(|l| l.trim_end().ends_with(';')).count();
    let semicolons = |l: &str| l.matches(';').count();
    // A `;` at the end of lines that have no other one, or of lines that commas separate.
    let only_at_ends =
        ends > 0 && 2 * ends >= lines.len() && lines.iter().all(|l| l.contains(',') && semicolons(l) <= 2);
    let record_ends = asked.is_none() && only_at_ends;
    let all = |separator| Dialect {
        separator,
        record_ends: record_ends && separator != Separator::One(b';'),
    };
    if let Some(separator) = asked {
        return all(separator);
    }
    let mut best = (0.0, all(Separator::None));
    let mut record = Record::default();
    for dialect in SEPARATORS.map(all) {
        let comma = dialect.comma_is_free();
        let mut split: Vec<(usize, usize, usize)> = Vec::new();
        for part in lines.iter().flat_map(|line| dialect.records(line)) {
            dialect.split(part, &mut record);
            let values = record
                .iter()
                .filter(|c| matches!(kind(c, comma), Kind::Number | Kind::Time))
                .count();
            let held = record.iter().filter(|c| !c.is_empty()).count();
            split.push((record.len(), held, values));
        }
        let count = mode(split.iter().map(|(cells, ..)| *cells), |_| 0);
        if count < 2 {
            continue;
        }
        let alike: Vec<_> = split.iter().filter(|(cells, ..)| *cells == count).collect();
        let sum = |of: fn(&(usize, usize, usize)) -> usize| alike.iter().map(|line| of(line)).sum::<usize>() as f64;
        let score = sum(|l| l.2) / sum(|l| l.1).max(1.0) * alike.len() as f64 / split.len() as f64;
        if score > best.0 {
            best = (score, dialect);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(dialect: Dialect, line: &str) -> Vec<String> {
        let mut record = Record::default();
        dialect.split(line, &mut record);
        record.iter().map(str::to_owned).collect()
    }

    #[test]
    fn the_separator_is_found() {
        for (lines, wanted) in [
            (&["0.1,0.2", "0.3,0.4"][..], Separator::One(b',')),
            (&["0,1;0,2", "0,3;0,4"], Separator::One(b';')),
            (&["1\t2\t", "3\t4\t"], Separator::One(b'\t')),
            (&["1|2|walk", "3|4|sit"], Separator::One(b'|')),
            (&["  1.0 -2.0", "  3.0  4.0"], Separator::Blanks),
            (
                &["2024-01-02 10:00:00,1", "2024-01-02 10:00:01,2"],
                Separator::One(b','),
            ),
            (&["1.5", "2.5"], Separator::None),
            (
                &["33,Jogging,49,-0.6,12.6,0.5;", "33,Jogging,50,-0.6,12.6,0.5;"],
                Separator::One(b','),
            ),
        ] {
            assert_eq!(find(lines, None).separator, wanted, "{lines:?}");
        }
    }

    #[test]
    fn cells_are_split() {
        let comma = find(&["1,2", "3,4"], None);
        assert_eq!(cells(comma, "1, 2 ,,x y"), ["1", "2", "", "x y"]);
        assert_eq!(
            cells(comma, "\"a, b\",\"say \"\"hi\"\"\", \"\""),
            ["a, b", "say \"hi\"", ""]
        );
        let blanks = find(&["1 2", "3 4"], None);
        assert_eq!(cells(blanks, "  1\t 2 "), ["1", "2"]);
        assert_eq!(cells(blanks, "\"a b\" c"), ["a b", "c"]);
        let wisdm = find(&["1,a,2,0.5;", "1,a,3,0.5,;"], None);
        let records: Vec<&str> = wisdm.records("1,a,2,0.5;1,a,3,0.6;").collect();
        assert_eq!(records, ["1,a,2,0.5", "1,a,3,0.6"]);
    }

    #[test]
    fn comments_and_the_line_of_excel() {
        assert!(is_comment("# x", None) && is_comment("  % x", None) && is_comment("// x", None));
        assert!(is_comment("; a remark", Some(Separator::One(b','))));
        assert!(!is_comment(";1;2", Some(Separator::One(b';'))) && !is_comment("-1,2", None));
        assert_eq!(asked_for("sep=;"), Some(Separator::One(b';')));
        assert_eq!(asked_for("separator"), None);
    }
}
