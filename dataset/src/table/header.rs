//! Where the samples of a table begin, and what stands above them: titles, names, units.

use super::{
    cell::{Kind, grouped_problem, kind, ungrouped},
    dialect::{Dialect, Record, Separator, is_comment, mode},
    units,
};
use crate::{
    Error, Notes,
    names::{clean, shown},
};
use std::path::Path;

/// More columns are none of a table of samples.
const MOST_COLUMNS: usize = 10_000;

/// A line of the first part of a file.
#[derive(Debug, Clone)]
pub(crate) struct HeadLine {
    /// From 1.
    pub(crate) number: usize,
    pub(crate) text: String,
    /// Whether it had an end.
    pub(crate) ended: bool,
}

/// What stands above the samples.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// Cells of a line.
    pub(crate) columns: usize,
    /// One a column, or empty where the file has no header.
    pub(crate) names: Vec<String>,
    /// One a column from a row of units, empty where unknown; or empty.
    pub(crate) units: Vec<String>,
    /// The line of the names, from 1; 0 without a header.
    pub(crate) named_at: usize,
    /// Place in the head lines of the first one with samples.
    pub(crate) first: usize,
    /// The header's text: where it stands again between samples, it is left out.
    pub(crate) header: Option<String>,
}

/// Kinds of the columns, from lines of samples: what most of a column's cells are, of those that hold something.
pub(crate) fn kinds(records: &[Record], columns: usize, comma: bool) -> Vec<Kind> {
    let most = |column: usize| {
        let mut counts = [0usize; 4];
        records
            .iter()
            .for_each(|r| counts[kind(r.get(column), comma) as usize] += 1);
        let all = [Kind::Number, Kind::Time, Kind::Word];
        let found = all.into_iter().rev().max_by_key(|k| counts[*k as usize]);
        found.filter(|k| counts[*k as usize] > 0).unwrap_or(Kind::Missing)
    };
    (0..columns).map(most).collect()
}

/// From which of the first lines of a file on most are samples: its second half.
pub(crate) fn samples_from(lines: usize) -> usize {
    lines / 2
}

fn split_all(dialect: Dialect, line: &str) -> Vec<Record> {
    let split = |part| {
        let mut record = Record::default();
        dialect.split(part, &mut record);
        record
    };
    dialect.records(line).map(split).collect()
}

/// Finds the header. `lines` are the first lines of a file, without those that are blank or comments; `comments` are the latter.
pub(crate) fn find(
    path: &Path,
    dialect: Dialect,
    lines: &[HeadLine],
    comments: &[HeadLine],
    notes: &mut Notes,
) -> Result<Head, Error> {
    let comma = dialect.comma_is_free();
    let rows: Vec<Vec<Record>> = lines.iter().map(|l| split_all(dialect, &l.text)).collect();
    let tail: Vec<Record> = rows[samples_from(rows.len())..].concat();
    let full = |r: &Record| {
        let empty = r.iter().rev().take_while(|c| c.is_empty()).count();
        (r.len(), r.len() - empty)
    };
    let count_all = |cells: usize| rows.iter().flatten().filter(|r| r.len() == cells).count();
    let wanted = mode(tail.iter().map(Record::len), count_all);
    if wanted > MOST_COLUMNS {
        let problem = format!("{wanted} of them; at most {MOST_COLUMNS}: give one line a sample, one column a channel");
        return Err(Error::data(path, "columns", problem));
    }
    let alike: Vec<Record> = tail.iter().filter(|r| r.len() == wanted).cloned().collect();
    let kinds = kinds(&alike, wanted, comma);
    let conforms = |r: &Record| {
        let same = |column: usize| {
            let own = kind(r.get(column), comma);
            own == kinds[column] || own == Kind::Missing || matches!(kinds[column], Kind::Word | Kind::Missing)
        };
        let values = kinds.iter().any(|k| matches!(k, Kind::Number | Kind::Time));
        values && (r.len() == wanted || full(r).1 == wanted) && !r.is_blank() && (0..wanted).all(same)
    };
    let first = rows
        .iter()
        .position(|records| records.iter().any(&conforms))
        .ok_or_else(|| nothing(path, lines, &rows))?;
    let mut head = Head {
        columns: wanted,
        first,
        ..Head::default()
    };
    // A header above a column that is empty everywhere may be one cell short or long.
    let named = |k: usize| rows[k].first().filter(|r| !r.is_blank());
    let mut last = first;
    if let Some(row) = last.checked_sub(2).and_then(|_| named(last - 1))
        && is_units(row)
        && named(last - 2).is_some_and(|r| r.len() >= row.len().min(wanted) && r.len() > 1 || wanted == 1)
    {
        let inner = |c: &str| clean(c.trim_matches(['[', ']', '(', ')']));
        head.units = (0..wanted).map(|k| inner(row.get(k))).collect();
        notes.understood(format!("units: line {}", lines[last - 1].number));
        last -= 1;
    }
    if let Some(row) = last.checked_sub(1).and_then(named) {
        let line = &lines[last - 1];
        let place = (line, lines[first].number);
        refuse_sample(
            path,
            line,
            row,
            wanted,
            (0..last - 1).any(|k| named(k).is_some_and(|r| r.len() == wanted && wanted > 1)),
            comma,
        )?;
        if let Some(names) = names(path, dialect, place, row, wanted, &kinds)? {
            head.names = names;
            head.named_at = line.number;
            head.header = Some(line.text.clone());
            last -= 1;
        }
    } else if let Some((line, names)) = comments
        .iter()
        .rev()
        .find_map(|c| Some((c.number, commented(dialect, &c.text, wanted)?)))
    {
        notes.understood("names of the columns: in a comment line");
        head.names = names;
        head.named_at = line;
    }
    if last > 0 {
        let (from, to) = (lines[0].number, lines[last - 1].number);
        notes.understood(match from == to {
            true => format!("a title above the table: line {from}"),
            false => format!("titles above the table: lines {from} to {to}"),
        });
    }
    Ok(head)
}

/// Refuses to take a sample with a bad cell for the header: a line of names has no numbers, but for whole ones as names of columns, and
/// then no line of names above it.
fn refuse_sample(
    path: &Path,
    line: &HeadLine,
    row: &Record,
    columns: usize,
    named_above: bool,
    comma: bool,
) -> Result<(), Error> {
    let numbers: Vec<&str> = row
        .iter()
        .filter(|c| matches!(kind(c, comma), Kind::Number | Kind::Time))
        .collect();
    let as_names = !named_above && numbers.iter().all(|c| c.bytes().all(|b| b.is_ascii_digit()));
    if numbers.is_empty() || as_names || row.len() != columns {
        return Ok(());
    }
    let word = row.iter().find(|c| kind(c, comma) == Kind::Word).unwrap_or("");
    let problem = format!(
        "'{}' stands beside numbers: is this a header (give every column a name), or a sample (give every column a value)?",
        shown(word)
    );
    Err(Error::data(path, format!("line {}", line.number), problem))
}

/// The error of a file in which no line has values.
fn nothing(path: &Path, lines: &[HeadLine], rows: &[Vec<Record>]) -> Error {
    let problem = match (lines, rows.last().and_then(|r| r.first())) {
        ([], _) => "none; the file is empty; give one line a sample, one column a channel".to_owned(),
        ([_], Some(row)) if row.iter().all(|c| kind(c, false) == Kind::Word) => {
            "none below the header; give one line a sample, one column a channel".to_owned()
        }
        (_, Some(row)) if let Some((cell, plain)) = row.iter().find_map(|c| Some((c, ungrouped(c)?))) => {
            grouped_problem(cell, &plain)
        }
        (_, row) => format!(
            "none: no line holds numbers (line {}: '{}'); give one line a sample, one column a channel",
            lines.last().map_or(0, |l| l.number),
            shown(
                &row.map(|r| r.iter().collect::<Vec<_>>().join(" | "))
                    .unwrap_or_default()
            )
        ),
    };
    Error::data(path, "samples", problem)
}

fn is_units(row: &Record) -> bool {
    let mut cells = row.iter().filter(|c| !c.is_empty());
    let known = row.iter().filter(|c| units::is_unit(c)).count();
    let bracketed = |c: &str| c.starts_with(['[', '(']) && c.ends_with([']', ')']);
    known > 0 && cells.all(|c| units::is_unit(c) || bracketed(c) || ["-", "--", "n/a", "1"].contains(&c))
}

/// The names in a line directly above the samples, which begin at line `below`; `None` where it is a title.
fn names(
    path: &Path,
    dialect: Dialect,
    (line, below): (&HeadLine, usize),
    row: &Record,
    columns: usize,
    kinds: &[Kind],
) -> Result<Option<Vec<String>>, Error> {
    let mut row = row.clone();
    row.trim_to(columns);
    let clean_all = |r: &Record| (0..columns).map(|k| clean(r.get(k))).collect::<Vec<String>>();
    if row.len() == columns {
        return Ok(Some(clean_all(&row)));
    }
    // As R writes it: the column of the row numbers has no name.
    if row.len() + 1 == columns && columns > 2 && kinds[0] != Kind::Time && row.len() > 1 {
        row.push_front_empty();
        return Ok(Some(clean_all(&row)));
    }
    let others = [b',', b';', b'\t', b'|'].map(Separator::One);
    for separator in others.into_iter().filter(|s| *s != dialect.separator) {
        let mut other = Record::default();
        Dialect { separator, ..dialect }.split(&line.text, &mut other);
        if other.len() == columns && columns > 1 {
            return Ok(Some(clean_all(&other)));
        }
    }
    let field = format!("line {}", line.number);
    let count = row.len();
    if columns == 2 * count && dialect.separator == Separator::One(b',') {
        let problem = format!(
            "{count} names, and {columns} cells in line {below}: are there decimal commas? Separate the cells by semicolons, or write points"
        );
        return Err(Error::data(path, field, problem));
    }
    if count == 1 {
        return Ok(None);
    }
    let problem = format!(
        "{count} names, and {columns} cells in line {below}; give every column a name and every line all its cells"
    );
    Err(Error::data(path, field, problem))
}

/// Names in a comment line, as `numpy.savetxt` writes them.
fn commented(dialect: Dialect, comment: &str, columns: usize) -> Option<Vec<String>> {
    let text = comment.trim_start().trim_start_matches(['#', '%', '/', ';']);
    let mut record = Record::default();
    dialect.split(text, &mut record);
    let is_name = |c: &str| c.is_empty() || (kind(c, dialect.comma_is_free()) == Kind::Word && !c.ends_with(':'));
    let words = record.iter().all(is_name) && record.iter().any(|c| !c.is_empty());
    (record.len() == columns && words && columns > 1).then(|| record.iter().map(clean).collect())
}

/// The lines of the head that hold something, and its comments.
pub(crate) fn sort_out(head: Vec<HeadLine>, separator: Option<Separator>) -> (Vec<HeadLine>, Vec<HeadLine>) {
    let held = head.into_iter().filter(|l| !is_blank(&l.text));
    held.partition(|line| !is_comment(&line.text, separator))
}

/// Whether a line holds nothing but separators.
pub(crate) fn is_blank(line: &str) -> bool {
    line.bytes().all(|b| b",;|\"".contains(&b) || b.is_ascii_whitespace())
}
