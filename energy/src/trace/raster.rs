//! From rows to steps: how long each sample stands, by the stamps of the rows.

use super::stamps::{self, Stamps, on_raster};
use super::{Sink, Step};
use crate::error::Error;

/// One row of a trace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub time_s: f64,
    /// NaN where the sample is lost.
    pub power_uw: f64,
    pub levels: u8,
    /// Line of the row.
    pub line: u64,
}

/// How many rows decide on the clock.
const LOOK_AHEAD: usize = 4096;
const LOOK_AHEAD_ON_A_RASTER: usize = 64;
/// A gap this many times the mean step is missing data, where steps are uneven.
const GAP_FACTOR: f64 = 10.0;
/// More samples than this on one stamp are no buffer of an instrument: its stamps stand still.
const MOST_ON_A_STAMP: usize = 1 << 16;
/// A rate that is given may differ from that of the stamps by this factor.
const MOST_RATIO: f64 = 2.0;

/// What the rows must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Expected {
    /// The rows must lie on a raster.
    Regular,
    /// Look at the first rows.
    Either,
    /// The rows are this far apart, whatever their stamps say, which are only checked.
    Rate { rate_hz: f64 },
}

/// Turns rows into steps, by [`Stamps`] of the first rows.
///
/// - Regular: a sample stands for one period, `E = P * period`; what lies between it and the next row beyond that is missing. A
///   late or early stamp takes the time between the stamps.
/// - Rounded: the samples are even; their times follow the stamps within one unit of rounding.
/// - Shared: the samples on one stamp are spread evenly up to the next stamp.
/// - Irregular: `E = (P0 + P1) / 2 * dt` (trapezoid).
///
/// Of the last two, a step longer than ten times the mean so far is missing.
pub(super) struct Raster<'a, 'b> {
    sink: &'a mut Sink<'b>,
    expected: Expected,
    head: Vec<Row>,
    mode: Option<Stamps>,
    /// Rows that wait for the next stamp; more than one where they share theirs.
    waiting: Vec<Row>,
    /// Time of the first of the waiting rows; with rounded stamps another one than its stamp.
    clock_s: f64,
    first_s: f64,
    last_s: f64,
    rows: u64,
    /// Time without gaps, and the rows in it.
    covered_s: f64,
    covered: u64,
    /// Steps between stamps.
    intervals: u64,
    /// Rows on the stamp of the row before, and steps off the raster.
    doubled: u64,
    uneven: u64,
    pub samples: u64,
    pub missing: u64,
}

/// A problem found at a line.
pub(super) struct RowFault {
    pub line: u64,
    pub problem: String,
}

/// A row that is refused, or an error of the sink.
pub(super) enum RasterError {
    Row(RowFault),
    Sink(Error),
}

impl RasterError {
    pub(super) fn at(self, path: &std::path::Path) -> Error {
        match self {
            Self::Row(fault) => super::fault(path, format!("line {}", fault.line), fault.problem),
            Self::Sink(error) => error,
        }
    }
}

fn refused<T>(line: u64, problem: impl Into<String>) -> Result<T, RasterError> {
    Err(RasterError::Row(RowFault {
        line,
        problem: problem.into(),
    }))
}

impl<'a, 'b> Raster<'a, 'b> {
    pub(super) fn new(expected: Expected, sink: &'a mut Sink<'b>) -> Self {
        Self {
            sink,
            expected,
            head: Vec::new(),
            mode: None,
            waiting: Vec::new(),
            clock_s: 0.0,
            first_s: 0.0,
            last_s: 0.0,
            rows: 0,
            covered_s: 0.0,
            covered: 0,
            intervals: 0,
            doubled: 0,
            uneven: 0,
            samples: 0,
            missing: 0,
        }
    }

    pub(super) fn push(&mut self, row: Row) -> Result<(), RasterError> {
        if self.rows == 0 {
            (self.first_s, self.last_s) = (row.time_s, row.time_s);
        }
        if row.time_s < self.last_s && !matches!(self.expected, Expected::Rate { .. }) {
            let problem = format!(
                "time goes from {} s to {} s; sort the rows by time, or, where the stamps are wrong, leave them away with --columns \
                 time=none and give --rate HZ",
                self.last_s, row.time_s
            );
            return refused(row.line, problem);
        }
        self.rows += 1;
        self.last_s = row.time_s;
        if self.mode.is_some() {
            return self.advance(row);
        }
        self.head.push(row);
        // What must lie on a raster shows it at once, and a fault then has its own line.
        let enough = match self.expected {
            Expected::Regular => LOOK_AHEAD_ON_A_RASTER,
            _ => LOOK_AHEAD,
        };
        if self.head.len() < enough {
            Ok(())
        } else {
            self.decide()
        }
    }

    /// Hands out what is left; returns the sample rate of an even clock.
    pub(super) fn finish(&mut self) -> Result<Option<f64>, RasterError> {
        if self.mode.is_none() {
            self.decide()?;
        }
        let period_s = match self.mode {
            Some(Stamps::Regular { period_s }) => Some(period_s),
            Some(Stamps::Rounded { period_s, .. }) => Some(self.mean_s().unwrap_or(period_s)),
            Some(Stamps::Shared) => self.mean_s(),
            _ => None,
        };
        if let Some(period_s) = period_s {
            let waiting = std::mem::take(&mut self.waiting);
            let start_s = self.clock_s;
            for (n, row) in waiting.into_iter().enumerate() {
                self.held(row, start_s + n as f64 * period_s, period_s)?;
            }
        }
        let even = matches!(self.mode, Some(Stamps::Regular { .. } | Stamps::Rounded { .. }));
        Ok(period_s.filter(|_| even).map(|period_s| 1.0 / period_s))
    }

    /// Samples per second by the stamps, gaps left out.
    pub(super) fn mean_rate_hz(&self) -> Option<f64> {
        match self.mode {
            Some(Stamps::Regular { period_s }) => Some(1.0 / period_s),
            _ => self.mean_s().map(|mean_s| 1.0 / mean_s),
        }
    }

    /// What was made of the stamps, with counts.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let (doubled, uneven) = (self.doubled, self.uneven);
        match self.mode {
            Some(Stamps::Rounded { unit_s, .. }) => notes.push(format!(
                "the time stamps are rounded to {} s: the samples are read as evenly spaced, {:.6} a second",
                crate::interval::significant(unit_s),
                self.mean_rate_hz().unwrap_or(0.0)
            )),
            Some(Stamps::Irregular) => notes.push(
                "the time stamps are uneven: energy is taken along straight lines from sample to sample; give --rate HZ where the \
                 samples are even"
                    .into(),
            ),
            _ => {}
        }
        if doubled > 0 && !matches!(self.mode, Some(Stamps::Rounded { .. })) {
            notes.push(format!(
                "{doubled} samples have the time stamp of the sample before: they are spread evenly up to the next one, {:.6} samples a \
                 second in the mean; where the instrument's rate is known, give it with --rate HZ",
                self.mean_rate_hz().unwrap_or(0.0)
            ));
        }
        if uneven > 0 {
            notes.push(format!(
                "{uneven} time stamps are early or late by more than a twentieth of a period: their samples are taken over the time \
                 between the stamps"
            ));
        }
        if let Expected::Rate { rate_hz } = self.expected {
            let (given_s, stamped_s) = (self.rows as f64 / rate_hz, self.last_s - self.first_s);
            if (given_s / stamped_s - 1.0).abs() > 0.01 {
                notes.push(format!(
                    "at --rate {rate_hz} the trace lasts {given_s:.3} s, by its time stamps {stamped_s:.3} s: samples are missing, or the \
                     rate is another"
                ));
            }
        }
        notes
    }

    fn mean_s(&self) -> Option<f64> {
        (self.covered > 0).then(|| self.covered_s / self.covered as f64)
    }

    fn decide(&mut self) -> Result<(), RasterError> {
        let head = std::mem::take(&mut self.head);
        let [first, .., last] = head.as_slice() else {
            let line = head.first().map_or(0, |row| row.line);
            return refused(line, "holds fewer than two samples; record longer");
        };
        let times: Vec<f64> = head.iter().map(|row| row.time_s).collect();
        let span_s = last.time_s - first.time_s;
        if let Expected::Rate { rate_hz } = self.expected {
            let stamped_hz = (head.len() - 1) as f64 / span_s;
            let ratio = stamped_hz / rate_hz;
            if !(1.0 / MOST_RATIO..=MOST_RATIO).contains(&ratio) {
                let problem = format!(
                    "the time stamps say {} samples a second, --rate {rate_hz}; where the stamps are wrong, leave them away with \
                     --columns time=none, or say their unit with --columns time=NAME:UNIT",
                    crate::interval::significant(stamped_hz)
                );
                return refused(last.line, problem);
            }
            self.mode = Some(Stamps::Regular {
                period_s: 1.0 / rate_hz,
            });
            self.clock_s = first.time_s;
            return head.into_iter().try_for_each(|row| self.advance(row));
        }
        if span_s <= 0.0 {
            let problem = format!(
                "all of {} samples have one time stamp; leave the stamps away with --columns time=none and give --rate HZ",
                head.len()
            );
            return refused(last.line, problem);
        }
        let mode = if self.expected == Expected::Regular {
            let Some(period_s) = stamps::strictly_regular(&times) else {
                let problem =
                    "the time stamps do not lie on one raster; export without resampling, or read it with --format csv";
                return refused(head[1].line, problem);
            };
            Stamps::Regular { period_s }
        } else {
            stamps::of(&times)
        };
        self.mode = Some(mode);
        self.clock_s = first.time_s;
        head.into_iter().try_for_each(|row| self.advance(row))
    }

    fn advance(&mut self, row: Row) -> Result<(), RasterError> {
        self.samples = self.samples.saturating_add(1);
        let Some(last) = self.waiting.last() else {
            self.waiting.push(row);
            return Ok(());
        };
        match self.mode {
            Some(Stamps::Regular { period_s }) if matches!(self.expected, Expected::Rate { .. }) => {
                let last = std::mem::replace(&mut self.waiting[0], row);
                let start_s = self.clock_s;
                self.clock_s = start_s + period_s;
                self.covered(period_s, 1);
                self.held(last, start_s, period_s)
            }
            Some(Stamps::Rounded { unit_s, period_s }) => {
                self.doubled += u64::from(row.time_s == last.time_s);
                self.rounded(row, unit_s, period_s)
            }
            _ if row.time_s == last.time_s => {
                self.doubled += 1;
                if self.waiting.len() == MOST_ON_A_STAMP || self.expected == Expected::Regular {
                    let problem = format!(
                        "{} samples have the time stamp {} s; leave the stamps away with --columns time=none and give --rate HZ",
                        self.waiting.len() + 1,
                        row.time_s
                    );
                    return refused(row.line, problem);
                }
                self.waiting.push(row);
                Ok(())
            }
            Some(Stamps::Regular { period_s }) => self.regular(row, period_s),
            _ => self.uneven(row),
        }
    }

    /// Takes the waiting rows and lets `row` wait, which begins at `clock_s`.
    fn turn(&mut self, row: Row, clock_s: f64) -> (Vec<Row>, f64) {
        let start_s = std::mem::replace(&mut self.clock_s, clock_s);
        (std::mem::replace(&mut self.waiting, vec![row]), start_s)
    }

    fn covered(&mut self, seconds: f64, rows: u64) {
        self.covered_s += seconds;
        self.covered += rows;
    }

    fn regular(&mut self, row: Row, period_s: f64) -> Result<(), RasterError> {
        if let [last] = self.waiting[..]
            && let Some(periods) = on_raster(row.time_s - self.clock_s, period_s)
        {
            self.waiting[0] = row;
            let start_s = std::mem::replace(&mut self.clock_s, row.time_s);
            self.held(last, start_s, period_s)?;
            if periods > 1 {
                self.count_lost(periods - 1);
                self.lost(start_s + period_s, row.time_s, last.levels)?;
            }
            return Ok(());
        }
        let (rows, start_s) = self.turn(row, row.time_s);
        let dt = row.time_s - start_s;
        if self.expected == Expected::Regular {
            let problem = format!(
                "a step of {dt} s leaves the raster of {period_s} s; export one recording at one rate, or read it with --format csv"
            );
            return refused(row.line, problem);
        }
        let each_s = dt / rows.len() as f64;
        if each_s < 1.9 * period_s {
            self.uneven += u64::from(rows.len() == 1);
            return self.spread(&rows, start_s, each_s);
        }
        let end_s = start_s + rows.len() as f64 * period_s;
        self.spread(&rows, start_s, period_s)?;
        self.count_lost((((row.time_s - end_s) / period_s).round() as u64).max(1));
        self.lost(end_s, row.time_s, row.levels)
    }

    /// The time of a sample is one period after that of the one before, but never off its stamp by more than the rounding.
    fn rounded(&mut self, row: Row, unit_s: f64, head_s: f64) -> Result<(), RasterError> {
        let last = self.waiting[0];
        let period_s = match self.covered > LOOK_AHEAD as u64 / 2 {
            true => self.mean_s().unwrap_or(head_s),
            false => head_s,
        };
        let dt = row.time_s - last.time_s;
        let start_s = self.clock_s;
        self.waiting[0] = row;
        // A step longer than a period and its rounding holds lost samples.
        if dt > period_s + 1.5 * unit_s {
            self.clock_s = row.time_s;
            let lost = ((row.time_s - start_s) / period_s - 1.0).round();
            self.held(last, start_s, period_s.min(row.time_s - start_s))?;
            if start_s + period_s < row.time_s {
                self.count_lost((lost as u64).max(1));
                return self.lost(start_s + period_s, row.time_s, last.levels);
            }
            return Ok(());
        }
        self.covered(dt, 1);
        let least_s = start_s + 0.01 * period_s;
        self.clock_s = (start_s + period_s)
            .clamp(row.time_s - unit_s, row.time_s + unit_s)
            .max(least_s);
        let length_s = self.clock_s - start_s;
        self.held(last, start_s, length_s)
    }

    fn uneven(&mut self, row: Row) -> Result<(), RasterError> {
        let (rows, start_s) = self.turn(row, row.time_s);
        let dt = row.time_s - start_s;
        let mean_s = self.mean_s().unwrap_or(dt);
        let usual_s = self.covered_s / self.intervals.max(1) as f64;
        let gap = self.intervals >= 8 && dt > GAP_FACTOR * usual_s;
        let shared = self.mode == Some(Stamps::Shared) || rows.len() > 1;
        if gap {
            // What the rows of the last stamp stand for is not known: irregular ones count as lost.
            let known_s = if shared { rows.len() as f64 * mean_s } else { 0.0 };
            if shared {
                self.spread(&rows, start_s, mean_s)?;
            }
            self.count_lost(((dt - known_s) / mean_s) as u64);
            return self.lost(start_s + known_s, row.time_s, rows[0].levels);
        }
        self.intervals += 1;
        self.covered(dt, rows.len() as u64);
        if shared {
            return self.spread(&rows, start_s, dt / rows.len() as f64);
        }
        let last = rows[0];
        if last.power_uw.is_nan() || row.power_uw.is_nan() {
            self.missing = self.missing.saturating_add(u64::from(row.power_uw.is_nan()));
            return self.lost(start_s, row.time_s, last.levels);
        }
        self.emit(Step {
            start_s,
            end_s: row.time_s,
            power_uw: last.power_uw,
            energy_uj: 0.5 * (last.power_uw + row.power_uw) * dt,
            levels: last.levels,
            missing: false,
        })
    }

    /// Rows one after the other, `each_s` long.
    fn spread(&mut self, rows: &[Row], start_s: f64, each_s: f64) -> Result<(), RasterError> {
        for (n, row) in rows.iter().enumerate() {
            self.held(*row, start_s + n as f64 * each_s, each_s)?;
        }
        Ok(())
    }

    fn held(&mut self, row: Row, start_s: f64, length_s: f64) -> Result<(), RasterError> {
        let end_s = start_s + length_s;
        if row.power_uw.is_nan() {
            self.missing = self.missing.saturating_add(1);
            return self.lost(start_s, end_s, row.levels);
        }
        self.emit(Step {
            start_s,
            end_s,
            power_uw: row.power_uw,
            energy_uj: row.power_uw * length_s,
            levels: row.levels,
            missing: false,
        })
    }

    /// Counts samples of a gap; one as long as a broken time stamp can make it does not overflow.
    fn count_lost(&mut self, samples: u64) {
        self.samples = self.samples.saturating_add(samples);
        self.missing = self.missing.saturating_add(samples);
    }

    fn lost(&mut self, start_s: f64, end_s: f64, levels: u8) -> Result<(), RasterError> {
        self.emit(Step {
            start_s,
            end_s,
            power_uw: 0.0,
            energy_uj: 0.0,
            levels,
            missing: true,
        })
    }

    fn emit(&mut self, step: Step) -> Result<(), RasterError> {
        (self.sink)(&step).map_err(RasterError::Sink)
    }
}
