//! What each column of a table is: by what the user says, by its name, and by what its cells are.

use super::{
    cell::{self, Kind},
    dialect::Record,
    header::{self, Head},
    names,
    stamp::{self, Stamp},
    units,
};
use crate::{ChannelConfig, Columns, Error, Notes, names::shown};
use std::{collections::HashMap, path::Path};

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
pub(super) enum Role {
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
    /// What the user says of the rate, or 0.
    pub(crate) period_s: f64,
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

    pub(super) fn numbers(&self, column: usize) -> Vec<f64> {
        let cells = self.records.iter().map(|r| r.get(column));
        cells.filter_map(|c| cell::number(c, self.comma)).collect()
    }

    /// The column that an option names.
    pub(super) fn find(&self, key: &str, name: &str) -> Result<usize, Error> {
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
                false => crate::names::list(names),
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
            for (column, role) in roles.iter_mut().enumerate() {
                let ignored = |n: &String| self.find("ignore", n).ok() == Some(column);
                let left = columns.ignore.iter().any(ignored);
                if *role == Role::Left && !left && !self.head.names.is_empty() && self.special(column) {
                    *role = Role::Open;
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
            || names::is_label(&name)
            || self.is_group(column)
            || self.is_sequence(column)
    }

    pub(super) fn name(&self, column: usize) -> String {
        self.head.names.get(column).cloned().unwrap_or_default()
    }

    fn is_group(&self, column: usize) -> bool {
        names::is_group(&self.name(column), self.many)
    }

    pub(super) fn is_sequence(&self, column: usize) -> bool {
        names::is_sequence(&self.name(column))
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
        self.refuse_twins(&roles)?;
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

    /// Refuses two columns of one name, case and units aside, of which none is left out: the second one would be read as another channel.
    fn refuse_twins(&self, roles: &[Role]) -> Result<(), Error> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (column, role) in roles.iter().enumerate().filter(|(_, role)| **role != Role::Left) {
            let whole = self.name(column);
            let name = match role {
                Role::Channel => units::of_channel(&whole).0,
                _ => whole,
            };
            let name = name.trim().to_lowercase();
            if name.is_empty() {
                continue;
            }
            if let Some(first) = seen.insert(name, column) {
                let problem = format!(
                    "columns {} and {} have the same name; give each a name of its own, or leave one out by its number, --columns \
                     ignore={1}",
                    first + 1,
                    column + 1
                );
                let field = format!("line {}, column {}", self.head.named_at, self.typed(column));
                return Err(Error::data(self.path, field, problem));
            }
        }
        Ok(())
    }

    /// Label, group, sequence and index by name.
    fn by_name(&self, column: usize, kind: Kind, roles: &[Role], notes: &mut Notes) -> Role {
        if self.head.names.is_empty() {
            return Role::Open;
        }
        let (name, typed) = (names::plain(&self.name(column)), self.typed(column));
        let taken = |role: Role| roles.contains(&role);
        if names::is_label(&name) && !taken(Role::Label) && kind != Kind::Missing {
            if name == "label" {
                return Role::Label;
            }
            let values = self.numbers(column);
            let whole = values
                .iter()
                .all(|v| v.fract() == 0.0 && *v >= 0.0 && *v < names::MOST_CLASSES as f64);
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
            notes.understood(format!("group: column {typed}"));
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
        let values = self.numbers(column);
        let steps = || values.windows(2).map(|w| w[1] - w[0]);
        let counts =
            values.iter().all(|v| v.fract() == 0.0) && steps().all(|d| d >= 0.0 || values.len() > 2 && d < -1.0);
        let rises = 2 * steps().filter(|d| *d > 0.0).count() >= values.len().saturating_sub(1);
        names::is_index(&name) && kind == Kind::Number && counts && rises
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
                let cells = self.records.iter().map(|r| r.get(column));
                if let Some((cell, plain)) = cells.into_iter().find_map(|c| Some((c, cell::ungrouped(c)?))) {
                    return Err(self.data(column, cell::grouped_problem(cell, &plain)));
                }
                if let Some(other) = self.records.iter().map(|r| r.get(column)).find(|c| *c != first) {
                    return Err(self.data(column, words_problem(&typed, first, other)));
                }
                if self.records.len() < 2 {
                    return Err(self.data(column, words_problem(&typed, first, "...")));
                }
                notes.warn(format!(
                    "column {typed} is left out: it holds one word in all lines of a file"
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
                None => (told.map(|t| t.unit.clone()).unwrap_or_default(), 1.0),
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
}

/// What to do with a column of words.
pub(crate) fn words_problem(typed: &str, first: &str, other: &str) -> String {
    format!(
        "holds words ('{}', '{}'); say what it is: --columns label={typed}, group={typed}, or ignore={typed}",
        shown(first),
        shown(other)
    )
}

/// Prints a factor as people write it.
struct Shortest(f64);

impl std::fmt::Display for Shortest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rounded: f64 = format!("{:.5e}", self.0).parse().unwrap_or(self.0);
        write!(f, "{rounded}")
    }
}
