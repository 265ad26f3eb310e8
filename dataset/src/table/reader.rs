//! Lines of a text table, one after the other, into numbers, times and labels.

use super::{
    Rising, Table, TableOptions,
    cell::{self, Decimal, Grouping},
    dialect::{self, Dialect, Record},
    header::{self, Head, HeadLine},
    roles::{Channel, Deciding, Layout, words_problem},
    text::Lines,
};
use crate::{Error, Notes, names::shown, track::Labels};
use std::path::Path;

/// Lines by which separator, header and columns are found.
const HEAD_LINES: usize = 400;
/// Bytes of them, at most.
const HEAD_BYTES: usize = 1 << 20;

/// Different words of a column, beyond which each must stand in [`LINES_A_WORD`] lines: a word takes a kilobyte while it is read.
const MOST_WORDS: usize = 150_000;
const LINES_A_WORD: usize = 8;

/// Reads a file of one sequence, or of many, whatever way it is written. What was understood goes to `notes`.
///
/// # Errors
/// What holds no table of samples, is ragged, or has cells without a value; with file, line and column, and what to do.
pub(crate) fn read(path: &Path, options: TableOptions<'_>, notes: &mut Notes) -> Result<Table, Error> {
    let mut lines = Lines::open(path, notes)?;
    let mut first_lines = Vec::new();
    let mut bytes = 0;
    while first_lines.len() < HEAD_LINES && bytes < HEAD_BYTES {
        let Some(line) = lines.next(notes)? else { break };
        bytes += line.text.len();
        first_lines.push(HeadLine {
            number: line.number,
            text: line.text.to_owned(),
            ended: line.ended,
        });
    }
    let asked = first_lines.first().and_then(|l| dialect::asked_for(&l.text));
    if asked.is_some() {
        first_lines.remove(0);
    }
    let (held, _) = header::sort_out(first_lines.clone(), asked);
    let tail = &held[header::samples_from(held.len())..];
    let dialect = dialect::find(&tail.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(), asked);
    let (held, comments) = header::sort_out(first_lines.clone(), Some(dialect.separator));
    let head = header::find(path, dialect, &held, &comments, notes)?;
    if dialect.separator != dialect::Separator::One(b',') && dialect.separator != dialect::Separator::None {
        notes.understood(format!("cells are separated by {}", dialect.name()));
    }
    let start = held[head.first].number;
    let (layout, records) = decide(path, dialect, &head, &held, options, notes)?;
    doubt_commas(&head, dialect, &records, notes);
    refuse_start_and_rate(path, &head, &records)?;
    let typed = |deciding: &Deciding<'_>| layout.channels.iter().map(|c| deciding.typed(c.column)).collect();
    let deciding = deciding(path, &head, &records, dialect, options);
    let mut reader = Reader {
        rising: Rising::new(typed(&deciding)),
        deciding,
        dialect,
        decimal: Decimal::Unknown,
        table: Table {
            channels: layout.channels.len(),
            ..Table::default()
        },
        layout,
        record: Record::default(),
        sample: Vec::new(),
        grouping: Vec::new(),
        written: Vec::new(),
        blank: 0,
        repeated: 0,
    };
    for line in first_lines.iter().filter(|l| l.number >= start) {
        reader.line(line.number, &line.text, line.ended, notes)?;
    }
    while let Some(line) = lines.next(notes)? {
        let (number, ended) = (line.number, line.ended);
        reader.line(number, line.text, ended, notes)?;
    }
    reader.finish(notes)
}

fn deciding<'a>(
    path: &'a Path,
    head: &'a Head,
    records: &'a [Record],
    dialect: Dialect,
    options: TableOptions<'a>,
) -> Deciding<'a> {
    Deciding {
        path,
        head,
        records,
        comma: dialect.comma_is_free(),
        columns: options.columns,
        told: options.channels,
        period_s: options.period_s,
        many: options.many,
    }
}

/// What the columns are, from the first lines of samples.
fn decide(
    path: &Path,
    dialect: Dialect,
    head: &Head,
    held: &[HeadLine],
    options: TableOptions<'_>,
    notes: &mut Notes,
) -> Result<(Layout, Vec<Record>), Error> {
    let mut records = Vec::new();
    for line in &held[head.first..] {
        for part in dialect.records(&line.text) {
            let mut record = Record::default();
            dialect.split(part, &mut record);
            record.trim_to(head.columns);
            if record.len() == head.columns && !record.is_blank() && head.header.as_ref() != Some(&line.text) {
                records.push(record);
            }
        }
    }
    let layout = deciding(path, head, &records, dialect, options).layout(notes)?;
    Ok((layout, records))
}

/// Wristbands of Empatica write the time of the first sample and the rate as the first two samples.
fn refuse_start_and_rate(path: &Path, head: &Head, records: &[Record]) -> Result<(), Error> {
    let value = |row: usize| {
        let cells: Option<Vec<f64>> = records.get(row)?.iter().map(|c| cell::number(c, true)).collect();
        let cells = cells?;
        cells.iter().all(|v| *v == cells[0]).then(|| cells[0])
    };
    match (value(0), value(1)) {
        (Some(start), Some(hz))
            if head.names.is_empty() && (1e9..4e9).contains(&start) && (0.1..=10_000.0).contains(&hz) =>
        {
            let problem = format!(
                "they hold the time of the first sample and the rate, {hz} Hz, in place of samples; remove both lines and give \
                 --sample-period-s {}",
                1.0 / hz
            );
            Err(Error::data(path, "lines 1 and 2", problem))
        }
        _ => Ok(()),
    }
}

/// Two columns without names, of whole numbers alone, may be one column with decimal commas.
fn doubt_commas(head: &Head, dialect: Dialect, records: &[Record], notes: &mut Notes) {
    let commas = dialect.separator == dialect::Separator::One(b',');
    let digits = |c: &str| !c.is_empty() && c.bytes().all(|b| b.is_ascii_digit());
    let signed = |c: &str| digits(c.strip_prefix('-').unwrap_or(c));
    let pairs = |r: &Record| {
        r.iter()
            .enumerate()
            .all(|(k, c)| if k % 2 == 0 { signed(c) } else { digits(c) })
    };
    if commas && head.names.is_empty() && head.columns.is_multiple_of(2) && records.iter().all(pairs) {
        let values = head.columns / 2;
        notes.doubt(
            format!(
                "{} columns of whole numbers, or {values} with decimal commas",
                head.columns
            ),
            "a header line with a name for every column, or semicolons between the columns".to_owned(),
        );
    }
}

struct Reader<'a> {
    deciding: Deciding<'a>,
    dialect: Dialect,
    layout: Layout,
    decimal: Decimal,
    table: Table,
    record: Record,
    sample: Vec<f32>,
    /// (I): whether numbers of a channel may have separators of thousands.
    grouping: Vec<Grouping>,
    /// The same values before they are rounded and scaled.
    written: Vec<f64>,
    rising: Rising,
    blank: u64,
    repeated: u64,
}

impl Reader<'_> {
    fn error(&self, number: usize, column: usize, problem: impl Into<String>) -> Error {
        let field = format!("line {number}, column {}", self.deciding.typed(column));
        Error::data(self.deciding.path, field, problem)
    }

    fn line(&mut self, number: usize, text: &str, ended: bool, notes: &mut Notes) -> Result<(), Error> {
        if header::is_blank(text) {
            self.blank += u64::from(!text.trim().is_empty());
            return Ok(());
        }
        if text.as_bytes().first().is_some_and(|b| b"#%/; \t".contains(b))
            && dialect::is_comment(text, Some(self.dialect.separator))
        {
            return Ok(());
        }
        if self.deciding.head.header.as_deref() == Some(text) {
            self.repeated += 1;
            return Ok(());
        }
        let columns = self.deciding.head.columns;
        let dialect = self.dialect;
        for part in dialect.records(text) {
            let mut record = std::mem::take(&mut self.record);
            dialect.split(part, &mut record);
            record.trim_to(columns);
            if record.len() != columns {
                let count = record.len();
                if !ended && count < columns && self.table.length > 0 {
                    notes.count(
                        1,
                        "last lines without an end and with too few cells were left out",
                        self.deciding.path,
                    );
                    return Ok(());
                }
                return Err(self.ragged(number, count));
            }
            let done = self.sample(number, &record);
            self.record = record;
            done?;
        }
        Ok(())
    }

    fn ragged(&self, number: usize, count: usize) -> Error {
        let columns = self.deciding.head.columns;
        let comma = self.dialect.separator == dialect::Separator::One(b',') && count > columns;
        let hint = match comma {
            true => "; are there decimal commas? Separate the cells by semicolons",
            false => "; every line needs one number a channel: complete the line or remove it",
        };
        let problem = format!("{count} cells, the lines before have {columns}{hint}");
        Error::data(self.deciding.path, format!("line {number}"), problem)
    }

    fn sample(&mut self, number: usize, record: &Record) -> Result<(), Error> {
        self.sample.clear();
        self.grouping.resize(self.layout.channels.len(), Grouping::default());
        self.written.clear();
        for k in 0..self.layout.channels.len() {
            let Channel { column, factor, .. } = self.layout.channels[k];
            let cell = record.get(column);
            self.grouping[k].push(cell);
            let (written, value) = match cell.parse::<f32>() {
                Ok(v) if v.is_finite() => {
                    if self.decimal != Decimal::Point && cell.as_bytes().contains(&b'.') {
                        self.decimal(Decimal::Point, number, column, cell)?;
                    }
                    // A float of 32 bits holds whole numbers up to 2^24.
                    let exact = factor == 1.0 && v.abs() < 16_777_216.0;
                    let written = if exact {
                        f64::from(v)
                    } else {
                        cell.parse().unwrap_or(f64::from(v))
                    };
                    (written, if factor == 1.0 { v } else { (written * factor) as f32 })
                }
                _ => {
                    let written = self.other_number(number, column, cell)?;
                    (written, (written * factor) as f32)
                }
            };
            self.written.push(written);
            self.sample.push(value);
        }
        self.words(number, record)?;
        if let Some(stamp) = &mut self.layout.time {
            let column = stamp.column;
            let Some(seconds) = stamp.seconds(record, self.deciding.comma) else {
                let cell = shown(record.get(column));
                let typed = self.deciding.typed(column);
                let problem = format!(
                    "'{cell}' is no time like those before; give numbers or ISO 8601, remove the line, or leave the column out with --columns \
                     ignore={typed}"
                );
                return Err(self.error(number, column, problem));
            };
            self.table.times.push(seconds);
        }
        self.rising.push(&self.written);
        self.table.values.extend_from_slice(&self.sample);
        self.table.places.push(number);
        self.table.length += 1;
        Ok(())
    }

    /// Labels, groups and sequences, and columns that hold nothing new.
    fn words(&mut self, number: usize, record: &Record) -> Result<(), Error> {
        let Layout {
            label, group, sequence, ..
        } = self.layout;
        for (what, column) in [("label", label), ("group", group), ("sequence", sequence)] {
            let Some(column) = column else { continue };
            let cell = record.get(column);
            if cell.is_empty() {
                return Err(self.error(number, column, format!("no {what}; give one a line")));
            }
            let list: &mut Labels = match what {
                "label" => &mut self.table.labels,
                "group" => &mut self.table.groups,
                _ => &mut self.table.sequences,
            };
            list.push(cell);
            let (distinct, lines) = (list.words().len(), self.table.length + 1);
            if distinct > MOST_WORDS && lines < LINES_A_WORD * distinct {
                let typed = self.deciding.typed(column);
                let problem = format!(
                    "{distinct} different {what}s in {lines} lines: is it a row number? Leave it out with --columns ignore={typed}, or save so \
                     many recordings as .npy"
                );
                return Err(self.error(number, column, problem));
            }
        }
        if let Some((column, first)) = self.layout.constant.iter().find(|(k, first)| record.get(*k) != first) {
            let problem = words_problem(&self.deciding.typed(*column), first, record.get(*column));
            return Err(self.error(number, *column, problem));
        }
        match self
            .layout
            .empty
            .iter()
            .find(|k| !record.get(**k).is_empty() && !cell::is_missing(record.get(**k)))
        {
            None => Ok(()),
            Some(column) => {
                let typed = self.deciding.typed(*column);
                let problem =
                    format!("the first value of a column that was empty; fill it in, or give --columns ignore={typed}");
                Err(self.error(number, *column, problem))
            }
        }
    }

    /// How numbers are written must be the same in the whole file.
    fn decimal(&mut self, found: Decimal, number: usize, column: usize, cell: &str) -> Result<(), Error> {
        if self.decimal == Decimal::Unknown {
            self.decimal = found;
        }
        match self.decimal == found {
            true => Ok(()),
            false => {
                let problem = format!(
                    "'{}': numbers of this file have both a point and a comma; write all of them with a point",
                    shown(cell)
                );
                Err(self.error(number, column, problem))
            }
        }
    }

    /// A cell that is no plain number: one with a decimal comma, or an error.
    #[cold]
    fn other_number(&mut self, number: usize, column: usize, cell: &str) -> Result<f64, Error> {
        if let Some(value) = cell::number(cell, self.deciding.comma) {
            let found = match cell.contains(',') {
                true => Decimal::Comma,
                false => Decimal::Point,
            };
            self.decimal(found, number, column, cell)?;
            if value.abs() <= f64::from(f32::MAX) {
                return Ok(value);
            }
        }
        let typed = self.deciding.typed(column);
        let fixes = format!("fill it in, remove the line, or leave the column out with --columns ignore={typed}");
        let problem = match cell::is_missing(cell) {
            true if self.table.length == 0 && self.deciding.head.header.is_none() => {
                let found = if cell.is_empty() {
                    "an empty cell".to_owned()
                } else {
                    format!("'{}'", shown(cell))
                };
                format!(
                    "line {number} has a number beside {found}: is it a header (give every column a name), or a sample (give every column a \
                     value)?"
                )
            }
            true if cell.is_empty() => format!("the cell is empty; {fixes}"),
            true => format!("'{}' is no finite number; {fixes}", shown(cell)),
            false if let Some(plain) = cell::ungrouped(cell) => cell::grouped_problem(cell, &plain),
            false => format!("'{}' is no finite number; correct it, or {fixes}", shown(cell)),
        };
        Err(self.error(number, column, problem))
    }

    fn finish(self, notes: &mut Notes) -> Result<Table, Error> {
        let path = self.deciding.path;
        notes.count(self.blank, "lines of empty cells were left out", path);
        notes.count(self.repeated, "repeated header lines were left out", path);
        if self.decimal == Decimal::Comma {
            notes.understood("numbers have decimal commas");
        }
        let doubtful = self.grouping.iter().position(|g| g.is_doubtful());
        if let Some(Channel { column, .. }) = doubtful.map(|k| &self.layout.channels[k]) {
            let typed = self.deciding.typed(*column);
            notes.doubt(
                format!(
                    "column {typed} has numbers like 999 beside numbers like 1.000: the sign before three digits is read as the decimal one, \
                     and could separate thousands"
                ),
                "numbers without separators of thousands, or with as many decimals in every line",
            );
        }
        let mut table = self.table;
        if table.length == 0 {
            return Err(Error::data(
                path,
                "samples",
                "none; give one line a sample, one column a channel",
            ));
        }
        if let Some(stamp) = &self.layout.time {
            table.resolution_s = stamp.resolution_s();
            notes.count(stamp.midnights, "times of day passed midnight", path);
            notes.count(
                stamp.wraps,
                "counters of 32 bits went over, as millis() and micros() do; the time goes on",
                path,
            );
        }
        if !self.deciding.head.names.is_empty() {
            table.names = self.layout.channels.iter().map(|c| c.name.clone()).collect();
        }
        if self.layout.channels.iter().any(|c| !c.unit.is_empty()) {
            table.units = self.layout.channels.iter().map(|c| c.unit.clone()).collect();
        }
        table.rising = self.rising;
        Ok(table)
    }
}
