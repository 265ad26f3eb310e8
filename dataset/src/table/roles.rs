//! What each column of a table is: by what the user says, by its name, and by what its cells are.

use super::{
    cell::{Kind, shown},
    dialect::Record,
    form::Form,
    header::{self, Head},
    stamp::{self, Scale, Stamp, words},
    units,
};
use crate::{ChannelConfig, Columns, Error, Notes};
use std::path::Path;

/// Names of the column that holds the class of each sample; `label` is certain.
const LABELS: [&str; 14] = [
    "label",
    "labels",
    "class",
    "classes",
    "activity",
    "activities",
    "target",
    "annotation",
    "gesture",
    "class_name",
    "activity_name",
    "label_name",
    "ground_truth",
    "activity_label",
];
/// Names of the column that says whose a sample is.
const GROUPS: [&str; 12] = [
    "group",
    "subject",
    "user",
    "person",
    "participant",
    "volunteer",
    "patient",
    "speaker",
    "individual",
    "wearer",
    "proband",
    "owner",
];
/// Names of the column that tells recordings of one file apart.
const SEQUENCES: [&str; 10] = [
    "sequence",
    "recording",
    "trial",
    "session",
    "segment",
    "series",
    "execution",
    "repetition",
    "file",
    "filename",
];
/// Names of columns that number the samples.
const INDICES: [&str; 20] = [
    "index",
    "idx",
    "sample",
    "samples",
    "sample_number",
    "sample_no",
    "sample_index",
    "sample_n",
    "samplenumber",
    "frame",
    "row",
    "n",
    "no",
    "nr",
    "count",
    "counter",
    "packet",
    "packet_counter",
    "seq",
    "unnamed_0",
];
/// More classes than this are none in a column of whole numbers.
const MOST_CLASSES: usize = 200;

/// A channel: its column, name and unit, and what its values are multiplied by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Channel {
    pub(crate) column: usize,
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) factor: f64,
}

/// What the columns of a file are.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) channels: Vec<Channel>,
    pub(crate) time: Option<Stamp>,
    pub(crate) label: Option<usize>,
    pub(crate) group: Option<usize>,
    pub(crate) sequence: Option<usize>,
    /// Columns of one word, which must stay so.
    pub(crate) constant: Vec<(usize, String)>,
    /// Columns that must stay empty.
    pub(crate) empty: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    Open,
    Channel,
    Time,
    Label,
    Group,
    Sequence,
    Left,
}

/// A table's head while the roles of its columns are decided.
pub(crate) struct Deciding<'a> {
    pub(crate) path: &'a Path,
    pub(crate) head: &'a Head,
    /// Lines of samples from the beginning of the file, all of full length.
    pub(crate) records: &'a [Record],
    /// Whether numbers may have a decimal comma.
    pub(crate) comma: bool,
    pub(crate) columns: Option<&'a Columns>,
    /// What `channels.toml` or options say of the channels, in their order, or nothing.
    pub(crate) told: &'a [ChannelConfig],
    /// Whether the file may hold many sequences.
    pub(crate) many: bool,
}

impl Deciding<'_> {
    /// How messages and options call a column: by its name, or by its number from 1.
    pub(crate) fn typed(&self, column: usize) -> String {
        match self.head.names.get(column) {
            Some(name) if !name.is_empty() && !name.contains(',') => shown(name),
            _ => (column + 1).to_string(),
        }
    }

    fn data(&self, column: usize, problem: impl Into<String>) -> Error {
        Error::data(self.path, format!("column {}", self.typed(column)), problem)
    }

    fn numbers(&self, column: usize) -> Vec<f64> {
        let cells = self.records.iter().map(|r| r.get(column));
        cells.filter_map(|c| super::cell::number(c, self.comma)).collect()
    }

    /// Records of the first sequence, where a column tells sequences apart.
    fn first_sequence(&self) -> Vec<&Record> {
        let asked = self
            .columns
            .and_then(|c| c.sequence.as_deref())
            .and_then(|name| self.find("sequence", name).ok());
        let column = asked.or_else(|| (0..self.head.names.len()).find(|k| self.is_sequence(*k)));
        let first = |k: usize| self.records.first().map_or("", |r| r.get(k));
        let own = |r: &&Record| column.is_none_or(|k| r.get(k) == first(k));
        self.records.iter().filter(own).collect()
    }

    /// Numbers of a time column, within one sequence.
    fn stamps(&self, column: usize) -> Vec<f64> {
        let cells = self.first_sequence();
        cells
            .iter()
            .filter_map(|r| super::cell::number(r.get(column), self.comma))
            .collect()
    }

    /// The column that an option names.
    fn find(&self, key: &str, name: &str) -> Result<usize, Error> {
        let same = |text: &str| text.eq_ignore_ascii_case(name) || text.to_lowercase() == name.to_lowercase();
        let names = &self.head.names;
        let exact: Vec<usize> = (0..names.len()).filter(|k| same(names[*k].trim())).collect();
        let bare = |k: &usize| units::bracketed(&names[*k]).is_some_and(|(base, _)| same(base));
        let found = match exact.is_empty() {
            true => (0..names.len()).filter(bare).collect(),
            false => exact,
        };
        match (found[..].first(), found.len()) {
            (Some(column), 1) => return Ok(*column),
            (Some(_), _) => {
                let problem = format!(
                    "{key}={name} is the name of {} columns in {}; give its number, from 1",
                    found.len(),
                    self.path.display()
                );
                return Err(Error::usage("columns", problem));
            }
            _ => {}
        }
        let number = name
            .parse::<usize>()
            .ok()
            .filter(|n| (1..=self.head.columns).contains(n));
        number.map(|n| n - 1).ok_or_else(|| {
            let list = match names.is_empty() {
                true => format!("{} columns without names: give a number from 1", self.head.columns),
                false => names.iter().map(|n| shown(n)).collect::<Vec<_>>().join(", "),
            };
            Error::usage(
                "columns",
                format!(
                    "{key}={name}: no such column in {}, which has {list}",
                    self.path.display()
                ),
            )
        })
    }

    /// Roles that the user gives.
    fn asked(&self, roles: &mut [Role]) -> Result<Vec<usize>, Error> {
        let Some(columns) = self.columns else {
            return Ok(Vec::new());
        };
        let mut set = |key: &str, name: &str, role: Role| -> Result<usize, Error> {
            let column = self.find(key, name)?;
            if roles[column] != Role::Open {
                let problem = format!("{name} is given twice, for two things; give it once");
                return Err(Error::usage("columns", problem));
            }
            roles[column] = role;
            Ok(column)
        };
        if let Some(time) = &columns.time {
            set("time", &time.name, Role::Time)?;
        }
        for (key, name, role) in [
            ("label", &columns.label, Role::Label),
            ("group", &columns.group, Role::Group),
            ("sequence", &columns.sequence, Role::Sequence),
        ] {
            if let Some(name) = name {
                set(key, name, role)?;
            }
        }
        for name in &columns.ignore {
            set("ignore", name, Role::Left)?;
        }
        let channels = columns.channels.iter().map(|name| set("channel", name, Role::Channel));
        let channels: Vec<usize> = channels.collect::<Result<_, _>>()?;
        if !channels.is_empty() {
            roles
                .iter_mut()
                .filter(|r| **r == Role::Open)
                .for_each(|r| *r = Role::Left);
            // Time, label, group and sequence are still found by name.
            for column in 0..self.head.columns {
                let listed = channels.contains(&column)
                    || columns
                        .ignore
                        .iter()
                        .any(|n| self.find("ignore", n).ok() == Some(column));
                if roles[column] == Role::Left && !listed && !self.head.names.is_empty() && self.special(column) {
                    roles[column] = Role::Open;
                }
            }
        }
        Ok(channels)
    }

    /// Whether a name is that of a time, a label, a group or a sequence.
    fn special(&self, column: usize) -> bool {
        let name = self.name(column);
        let row_unit = self.head.units.get(column).map(String::as_str);
        stamp::by_name(&name, row_unit).is_some()
            || LABELS.contains(&plain(&name).as_str())
            || self.is_group(column)
            || self.is_sequence(column)
    }

    fn name(&self, column: usize) -> String {
        self.head.names.get(column).cloned().unwrap_or_default()
    }

    fn is_group(&self, column: usize) -> bool {
        let name = plain(&self.name(column));
        let id = self.many && name == "id";
        id || GROUPS.iter().any(|g| belongs(&name, g))
    }

    fn is_sequence(&self, column: usize) -> bool {
        let name = plain(&self.name(column));
        SEQUENCES.iter().any(|s| belongs(&name, s))
    }

    /// Decides what every column is.
    pub(crate) fn layout(&self, notes: &mut Notes) -> Result<Layout, Error> {
        let kinds = header::kinds(self.records, self.head.columns, self.comma);
        let mut roles = vec![Role::Open; self.head.columns];
        let order = self.asked(&mut roles)?;
        let mut layout = Layout::default();
        self.decide_time(&mut roles, &kinds, &mut layout, notes)?;
        for column in 0..self.head.columns {
            if roles[column] == Role::Open {
                roles[column] = self.by_name(column, kinds[column], &roles, notes);
            }
            if roles[column] == Role::Open {
                roles[column] = self.by_kind(column, kinds[column], &mut layout, notes)?;
            }
        }
        let only = |role: Role| roles.iter().position(|r| *r == role);
        (layout.label, layout.group, layout.sequence) = (only(Role::Label), only(Role::Group), only(Role::Sequence));
        let columns = match order.is_empty() {
            true => (0..roles.len()).filter(|k| roles[*k] == Role::Channel).collect(),
            false => order,
        };
        layout.channels = self.channels(columns, notes);
        match layout.channels.is_empty() {
            true => Err(Error::data(
                self.path,
                "columns",
                "hold no channel; give one column a channel",
            )),
            false => Ok(layout),
        }
    }

    /// Label, group, sequence and index by name.
    fn by_name(&self, column: usize, kind: Kind, roles: &[Role], notes: &mut Notes) -> Role {
        if self.head.names.is_empty() {
            return Role::Open;
        }
        let (name, typed) = (plain(&self.name(column)), self.typed(column));
        let taken = |role: Role| roles.contains(&role);
        if LABELS.contains(&name.as_str()) && !taken(Role::Label) && kind != Kind::Missing {
            if name == "label" {
                return Role::Label;
            }
            let values = self.numbers(column);
            let whole = values
                .iter()
                .all(|v| v.fract() == 0.0 && *v >= 0.0 && *v < MOST_CLASSES as f64);
            return match kind {
                Kind::Word => {
                    notes.understood(format!("label of each sample: column {typed}"));
                    Role::Label
                }
                Kind::Number if whole => {
                    notes.doubt(
                        format!("column {typed} holds whole numbers; it is taken for the class of each sample, and could be a channel"),
                        format!("--columns label={typed} or --columns ignore={typed}"),
                    );
                    Role::Label
                }
                _ => {
                    notes.doubt(
                        format!("column {typed} is taken for a channel; its name says that it could be the answer"),
                        format!("--columns ignore={typed}, or --columns channel=NAME for every channel"),
                    );
                    Role::Channel
                }
            };
        }
        if self.is_group(column) && !taken(Role::Group) {
            if name != "group" {
                notes.understood(format!("group: column {typed}"));
            }
            return Role::Group;
        }
        if self.is_sequence(column) && !taken(Role::Sequence) {
            if name != "sequence" {
                notes.understood(format!("sequence: column {typed}"));
            }
            return Role::Sequence;
        }
        if self.is_index(column, kind) {
            notes.warn(format!("column {typed} numbers the samples and is left out"));
            return Role::Left;
        }
        Role::Open
    }

    /// Whether a column is called as the number of a sample is, and counts.
    fn is_index(&self, column: usize, kind: Kind) -> bool {
        let name = self.name(column);
        let words = words(units::bracketed(&name).map_or(name.as_str(), |(base, _)| base));
        let last = words.last().map_or("", String::as_str);
        let called = INDICES.contains(&words.join("_").as_str())
            || name.trim().is_empty()
            || name.trim() == "#"
            || (words.len() > 1 && ["index", "sample", "number", "counter", "idx"].contains(&last));
        let values = self.numbers(column);
        let steps = || values.windows(2).map(|w| w[1] - w[0]);
        let counts =
            values.iter().all(|v| v.fract() == 0.0) && steps().all(|d| d >= 0.0 || values.len() > 2 && d < -1.0);
        let rises = 2 * steps().filter(|d| *d > 0.0).count() >= values.len().saturating_sub(1);
        called && kind == Kind::Number && counts && rises
    }

    /// What a column without a telling name is.
    fn by_kind(&self, column: usize, kind: Kind, layout: &mut Layout, notes: &mut Notes) -> Result<Role, Error> {
        let typed = self.typed(column);
        match kind {
            Kind::Number => Ok(Role::Channel),
            // Words for a missing value: the first one is refused with its line.
            Kind::Missing if self.records.iter().any(|r| !r.get(column).is_empty()) => Ok(Role::Channel),
            Kind::Missing => {
                layout.empty.push(column);
                if !self.name(column).is_empty() {
                    notes.understood(format!("column {typed} is empty and left out"));
                }
                Ok(Role::Left)
            }
            Kind::Time => {
                notes.understood(format!(
                    "column {typed} holds dates or times beside the time column and is left out"
                ));
                Ok(Role::Left)
            }
            Kind::Word => {
                let first = self.records.first().map_or("", |r| r.get(column));
                if let Some(other) = self.records.iter().map(|r| r.get(column)).find(|c| *c != first) {
                    return Err(self.data(column, words_problem(&typed, first, other)));
                }
                if self.records.len() < 2 {
                    return Err(self.data(column, words_problem(&typed, first, "...")));
                }
                notes.warn(format!(
                    "column {typed} is left out: it holds the word '{}' in every line",
                    shown(first)
                ));
                layout.constant.push((column, first.to_owned()));
                Ok(Role::Left)
            }
        }
    }

    /// The channels, with units.
    fn channels(&self, columns: Vec<usize>, notes: &mut Notes) -> Vec<Channel> {
        let mut list = Vec::new();
        let named = !self.head.names.is_empty();
        for (place, column) in columns.into_iter().enumerate() {
            let whole = self.name(column);
            let (mut name, mut unit) = units::of_channel(&whole);
            if let Some(row) = self.head.units.get(column).filter(|u| !u.is_empty()) {
                (name, unit) = (whole.clone(), Some(units::of(row, &whole)));
            }
            if named && name.trim().is_empty() {
                name = format!("channel{place}");
            }
            let told = self.told.get(place);
            let overruled = told.is_some_and(|t| !t.unit.is_empty() || t.full_scale.is_some());
            let (to, factor) = match unit {
                None => (String::new(), 1.0),
                Some(unit) if overruled => {
                    let to = told
                        .map(|t| t.unit.clone())
                        .filter(|u| !u.is_empty())
                        .unwrap_or(unit.written.clone());
                    if units::of(&to, &name) != units::of(&unit.written, &name)
                        && units::of(&to, &name).to != unit.written
                    {
                        notes.understood(format!(
                            "unit of {}: {} as told, though the header says {}; nothing is converted",
                            shown(&name),
                            shown(&to),
                            shown(&unit.written)
                        ));
                    }
                    (to, 1.0)
                }
                Some(unit) => {
                    if unit.factor != 1.0 {
                        notes.understood(format!(
                            "unit: {} becomes {}, values are multiplied by {:.6}",
                            shown(&unit.written),
                            unit.to,
                            Shortest(unit.factor)
                        ));
                    }
                    (unit.to, unit.factor)
                }
            };
            list.push(Channel {
                column,
                name,
                unit: to,
                factor,
            });
        }
        list
    }

    /// Finds the time column and its unit.
    fn decide_time(
        &self,
        roles: &mut [Role],
        kinds: &[Kind],
        layout: &mut Layout,
        notes: &mut Notes,
    ) -> Result<(), Error> {
        if let Some(column) = roles.iter().position(|r| *r == Role::Time) {
            let given = self
                .columns
                .and_then(|c| c.time.as_ref())
                .and_then(|t| t.unit.as_deref());
            let scale = match self.form(column) {
                Some(form) => Scale::Form(form),
                None => {
                    let by_name =
                        stamp::by_name(&self.name(column), self.head.units.get(column).map(String::as_str)).flatten();
                    let unit = given.and_then(units::time).or(by_name);
                    let typed = self.typed(column);
                    match unit {
                        Some(unit) => {
                            notes.understood(format!("time: column {typed}, {}", unit.name));
                            Scale::Number(unit)
                        }
                        None => Scale::Number(stamp::settle(&typed, &self.stamps(column), notes)),
                    }
                }
            };
            layout.time = Some(Stamp::new(column, scale));
            return Ok(());
        }
        let open = |k: &usize| roles[*k] == Role::Open;
        let mut candidates: Vec<Candidate> = (0..roles.len())
            .filter(open)
            .filter_map(|column| self.candidate(column, kinds[column]))
            .collect();
        self.pair(&mut candidates);
        let best = candidates
            .iter()
            .max_by(|a, b| a.rank.total_cmp(&b.rank).then(b.column.cmp(&a.column)));
        let Some(best) = best.cloned() else { return Ok(()) };
        let pair = match best.scale {
            Scale::Pair(_, beside) => Some(beside),
            _ => None,
        };
        let typed = self.typed(best.column);
        for other in &candidates {
            roles[other.column] = Role::Left;
            if other.column == best.column || Some(other.column) == pair {
                continue;
            }
            notes.understood(format!(
                "column {} is left out: column {typed} is the time",
                self.typed(other.column)
            ));
        }
        roles[best.column] = Role::Time;
        let mut scale = best.scale;
        match scale {
            Scale::Number(unit) if best.has_unit => notes.understood(format!("time: column {typed}, {}", unit.name)),
            Scale::Number(_) => scale = Scale::Number(stamp::settle(&typed, &self.stamps(best.column), notes)),
            Scale::Form(Form::OfDay) => notes.understood(format!("time: column {typed}, times of day")),
            Scale::Form(_) => notes.understood(format!("time: column {typed}, dates with times of day")),
            Scale::Pair(_, beside) => {
                notes.understood(format!(
                    "time: date in column {typed}, time of day in column {}",
                    self.typed(beside)
                ));
            }
        }
        layout.time = Some(Stamp::new(best.column, scale));
        Ok(())
    }

    /// How most cells of a column write a time, where they do.
    fn form(&self, column: usize) -> Option<Form> {
        let numbers = self.numbers(column).len();
        let first = self.records.iter().find_map(|r| super::form::of(r.get(column)))?;
        let fits = |form: &Form| {
            self.records
                .iter()
                .filter(|r| super::form::nanoseconds(r.get(column), *form).is_some())
                .count()
        };
        let all = [first, Form::Instant, Form::Civil, Form::OfDay, Form::Date];
        let best = all.into_iter().rev().max_by_key(fits)?;
        // 13/01/2024 among 01/13/2024: another order that fits more cells.
        let others = super::form::others().max_by_key(fits)?;
        let best = if fits(&others) > fits(&best) { others } else { best };
        (fits(&best) > numbers).then_some(best)
    }

    fn candidate(&self, column: usize, kind: Kind) -> Option<Candidate> {
        let row_unit = self.head.units.get(column).map(String::as_str);
        let name = self.name(column);
        let by_name = stamp::by_name(&name, row_unit);
        let scale = match (kind, by_name) {
            (Kind::Time, _) => Scale::Form(self.form(column)?),
            // Words or nothing under the name of a time: the message of the first sample says what to write.
            (_, Some(unit)) => Scale::Number(unit.or_else(|| units::time("s"))?),
            _ => return None,
        };
        let mut reader = Stamp::new(column, scale);
        let values: Vec<f64> = self
            .first_sequence()
            .iter()
            .filter_map(|r| reader.seconds(r, self.comma))
            .collect();
        let steps = values.len().saturating_sub(1).max(1) as f64;
        let rises = values.windows(2).filter(|w| w[1] > w[0]).count() as f64 / steps;
        let back = values.windows(2).filter(|w| w[1] < w[0]).count() as f64 / steps;
        // `t` may be a temperature, and `date` and `clock` other things.
        let short = ["t", "ts", "clock", "date", "tick", "ticks", "utc"].contains(&plain(&name).as_str());
        if kind == Kind::Number && short && values.len() > 2 && (back > 0.3 || rises == 0.0) {
            return None;
        }
        let has_unit = by_name.flatten().is_some();
        let elapsed = words(&name)
            .iter()
            .any(|w| ["elapsed", "relative", "since"].contains(&w.as_str()));
        let form = matches!(scale, Scale::Form(f) if f != Form::Date);
        let rank = 4.0 * rises + 2.0 * f64::from(has_unit) + f64::from(elapsed) + 0.5 * f64::from(form);
        Some(Candidate {
            column,
            scale,
            has_unit,
            rank,
        })
    }

    /// A column of dates and one of times of day are one time.
    fn pair(&self, candidates: &mut [Candidate]) {
        let of_day = candidates.iter().find(|c| c.scale == Scale::Form(Form::OfDay)).cloned();
        let date = candidates.iter_mut().find(|c| c.scale == Scale::Form(Form::Date));
        if let (Some(of_day), Some(date)) = (of_day, date) {
            date.scale = Scale::Pair(Form::Date, of_day.column);
            date.rank = of_day.rank + 0.1;
        }
    }
}

#[derive(Debug, Clone)]
struct Candidate {
    column: usize,
    scale: Scale,
    has_unit: bool,
    rank: f64,
}

/// What to do with a column of words.
pub(crate) fn words_problem(typed: &str, first: &str, other: &str) -> String {
    format!(
        "holds words ('{}', '{}'); say what it is: --columns label={typed}, group={typed}, or ignore={typed}",
        shown(first),
        shown(other)
    )
}

/// A name in small letters, its words joined by `_`.
fn plain(name: &str) -> String {
    let base = units::bracketed(name).map_or(name, |(base, _)| base);
    words(base).join("_")
}

/// Whether a name is a word, or it with `id`, `name`, `number` beside it.
fn belongs(name: &str, word: &str) -> bool {
    let rest = name.strip_prefix(word).unwrap_or("?");
    let rest = rest.trim_start_matches('s').trim_start_matches('_');
    ["", "id", "name", "number", "no", "nr", "num", "ids"].contains(&rest)
}

/// Prints a factor as people write it.
struct Shortest(f64);

impl std::fmt::Display for Shortest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rounded: f64 = format!("{:.5e}", self.0).parse().unwrap_or(self.0);
        write!(f, "{rounded}")
    }
}
