//! Which column is the time.

use super::{
    cell::{self, Kind},
    dialect::Record,
    form::{self, Form},
    names::plain,
    roles::{Deciding, Layout, Role},
    stamp::{self, Scale, Stamp, words},
    units,
};
use crate::{Error, Notes};

#[derive(Debug, Clone)]
struct Candidate {
    column: usize,
    scale: Scale,
    has_unit: bool,
    rank: f64,
}

impl Deciding<'_> {
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
            .filter_map(|r| cell::number(r.get(column), self.comma))
            .collect()
    }

    /// Finds the time column and its unit.
    pub(super) fn decide_time(
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
                        None => Scale::Number(stamp::settle(&typed, &self.stamps(column), self.period_s, notes)),
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
            Scale::Number(_) => {
                scale = Scale::Number(stamp::settle(&typed, &self.stamps(best.column), self.period_s, notes))
            }
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
        let first = self.records.iter().find_map(|r| form::of(r.get(column)))?;
        let fits = |form: &Form| {
            self.records
                .iter()
                .filter(|r| form::nanoseconds(r.get(column), *form).is_some())
                .count()
        };
        let all = [first, Form::Instant, Form::Civil, Form::OfDay, Form::Date];
        let best = all.into_iter().rev().max_by_key(fits)?;
        // 13/01/2024 among 01/13/2024: another order that fits more cells.
        let others = form::others().max_by_key(fits)?;
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
