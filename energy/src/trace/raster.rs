//! From rows to steps: regular samples each stand for one period, irregular ones are joined by straight lines.

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

/// How many rows decide on the raster.
const LOOK_AHEAD: usize = 64;

/// An irregular gap this many times the mean step is missing data.
const GAP_FACTOR: f64 = 10.0;

/// Which integration to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// The rows must lie on a raster.
    Regular,
    /// Look at the first rows.
    Either,
}

/// Turns rows into steps.
///
/// Regular: the time stamps are whole multiples of a period from each other; a sample stands for one period, `E = P *
/// period`, and what lies between it and the next row beyond that is missing. Irregular: `E = (P0 + P1) / 2 * dt`
/// (trapezoid), and a step longer than ten times the mean so far is missing.
pub(super) struct Raster<'a, 'b> {
    sink: &'a mut Sink<'b>,
    expected: Expected,
    head: Vec<Row>,
    mode: Option<Mode>,
    last: Option<Row>,
    steps: u64,
    first_s: f64,
    pub samples: u64,
    pub missing: u64,
}

#[derive(Clone, Copy)]
enum Mode {
    Regular { period_s: f64 },
    Irregular,
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
        let head = Vec::with_capacity(LOOK_AHEAD);
        Self {
            sink,
            expected,
            head,
            mode: None,
            last: None,
            steps: 0,
            first_s: 0.0,
            samples: 0,
            missing: 0,
        }
    }

    pub(super) fn push(&mut self, row: Row) -> Result<(), RasterError> {
        if self.mode.is_some() {
            return self.advance(row);
        }
        self.head.push(row);
        if self.head.len() < LOOK_AHEAD {
            Ok(())
        } else {
            self.decide()
        }
    }

    /// Hands out what is left; returns the sample rate of a regular trace.
    pub(super) fn finish(&mut self) -> Result<Option<f64>, RasterError> {
        if self.mode.is_none() {
            self.decide()?;
        }
        let Some(Mode::Regular { period_s }) = self.mode else {
            return Ok(None);
        };
        if let Some(row) = self.last.take() {
            self.held(row, period_s)?;
        }
        Ok(Some(1.0 / period_s))
    }

    fn decide(&mut self) -> Result<(), RasterError> {
        let head = std::mem::take(&mut self.head);
        if head.len() < 2 {
            let line = head.first().map_or(0, |row| row.line);
            return refused(line, "holds fewer than two samples; record longer");
        }
        for pair in head.windows(2) {
            in_order(&pair[0], &pair[1])?;
        }
        let steps = || head.windows(2).map(|pair| pair[1].time_s - pair[0].time_s);
        let period_s = steps().fold(f64::INFINITY, f64::min);
        let regular = steps().all(|dt| on_raster(dt, period_s).is_some());
        if !regular && self.expected == Expected::Regular {
            return refused(
                head[1].line,
                "the time stamps do not lie on one raster; export without resampling",
            );
        }
        self.mode = Some(if regular {
            Mode::Regular { period_s }
        } else {
            Mode::Irregular
        });
        self.first_s = head[0].time_s;
        head.into_iter().try_for_each(|row| self.advance(row))
    }

    fn advance(&mut self, row: Row) -> Result<(), RasterError> {
        self.samples = self.samples.saturating_add(1);
        let Some(last) = self.last.replace(row) else {
            return Ok(());
        };
        in_order(&last, &row)?;
        match self.mode {
            Some(Mode::Regular { period_s }) => self.regular(last, row, period_s),
            _ => self.irregular(last, row),
        }
    }

    fn regular(&mut self, last: Row, row: Row, period_s: f64) -> Result<(), RasterError> {
        let dt = row.time_s - last.time_s;
        let Some(periods) = on_raster(dt, period_s) else {
            let problem =
                format!("a step of {dt} s leaves the raster of {period_s} s; export one recording at one rate");
            return refused(row.line, problem);
        };
        self.held(last, period_s)?;
        if periods > 1 {
            self.count_lost(periods - 1);
            self.lost(last.time_s + period_s, row.time_s, last.levels)?;
        }
        Ok(())
    }

    fn held(&mut self, row: Row, period_s: f64) -> Result<(), RasterError> {
        let end_s = row.time_s + period_s;
        if row.power_uw.is_nan() {
            self.missing = self.missing.saturating_add(1);
            return self.lost(row.time_s, end_s, row.levels);
        }
        let energy_uj = row.power_uw * period_s;
        self.emit(Step {
            start_s: row.time_s,
            end_s,
            power_uw: row.power_uw,
            energy_uj,
            levels: row.levels,
            missing: false,
        })
    }

    fn irregular(&mut self, last: Row, row: Row) -> Result<(), RasterError> {
        let dt = row.time_s - last.time_s;
        let mean_s = (last.time_s - self.first_s) / self.steps.max(1) as f64;
        let gap = self.steps >= 8 && dt > GAP_FACTOR * mean_s;
        self.steps += 1;
        if gap {
            self.count_lost((dt / mean_s) as u64);
        } else if last.power_uw.is_nan() || row.power_uw.is_nan() {
            self.missing = self.missing.saturating_add(u64::from(row.power_uw.is_nan()));
        } else {
            let energy_uj = 0.5 * (last.power_uw + row.power_uw) * dt;
            let (start_s, end_s, power_uw, levels) = (last.time_s, row.time_s, last.power_uw, last.levels);
            return self.emit(Step {
                start_s,
                end_s,
                power_uw,
                energy_uj,
                levels,
                missing: false,
            });
        }
        self.lost(last.time_s, row.time_s, last.levels)
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

fn in_order(last: &Row, row: &Row) -> Result<(), RasterError> {
    if row.time_s > last.time_s {
        return Ok(());
    }
    refused(
        row.line,
        format!(
            "time goes from {} s to {} s; sort the trace or record again",
            last.time_s, row.time_s
        ),
    )
}

/// How many periods a step is long; `None` where it is off the raster by more than a twentieth of a period.
fn on_raster(dt: f64, period_s: f64) -> Option<u64> {
    let ratio = dt / period_s;
    let whole = ratio.round();
    ((ratio - whole).abs() <= 0.05 && whole >= 1.0).then_some(whole as u64)
}
