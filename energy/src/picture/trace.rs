//! A power trace over its windows.

use crate::error::Error;
use crate::measure::Window;
use crate::trace::{self, ReadOptions};
use charts::{Axis, Chart, Drawing, Mark, Scale, Series, stacked};
use std::path::Path;

/// Columns of the figure, of about one pixel each.
const COLUMNS: usize = 794;

/// What is smaller than the largest power by more than this is drawn at the foot.
const MOST_DECADES: f64 = 12.0;

/// What one column of the figure shows.
#[derive(Clone, Copy)]
struct Column {
    least_uw: f64,
    most_uw: f64,
    seconds: f64,
    awake_s: f64,
    update_s: f64,
    missing: bool,
}

const EMPTY: Column = Column {
    least_uw: f64::INFINITY,
    most_uw: 0.0,
    seconds: 0.0,
    awake_s: 0.0,
    update_s: 0.0,
    missing: false,
};

/// A part of a trace, cut into columns.
struct Columns {
    from_s: f64,
    to_s: f64,
    columns: [Column; COLUMNS],
    simulated: bool,
}

impl Columns {
    /// Reads the trace once.
    fn read(path: &Path, options: &ReadOptions, (from_s, to_s): (f64, f64)) -> Result<Self, Error> {
        let column_s = (to_s - from_s) / COLUMNS as f64;
        let mut columns = [EMPTY; COLUMNS];
        let (_, summary) = trace::read(path, options, &mut |step| {
            if step.end_s <= from_s || step.start_s >= to_s {
                return Ok(());
            }
            let at = |time_s: f64| (((time_s - from_s) / column_s).max(0.0) as usize).min(COLUMNS - 1);
            for column in &mut columns[at(step.start_s)..=at(step.end_s)] {
                column.missing |= step.missing;
                if !step.missing {
                    column.least_uw = column.least_uw.min(step.power_uw);
                    column.most_uw = column.most_uw.max(step.power_uw);
                }
            }
            let column = &mut columns[at(step.start_s)];
            column.seconds += step.duration_s();
            column.awake_s += if step.levels & 2 != 0 { step.duration_s() } else { 0.0 };
            column.update_s += if step.levels & 4 != 0 { step.duration_s() } else { 0.0 };
            Ok(())
        })?;
        Ok(Columns {
            from_s,
            to_s,
            columns,
            simulated: summary.simulated,
        })
    }

    /// The middle of each column in seconds, and the column.
    fn timed(&self) -> impl Iterator<Item = (f64, &Column)> {
        let column_s = (self.to_s - self.from_s) / COLUMNS as f64;
        let middle = move |n: usize| self.from_s + (n as f64 + 0.5) * column_s;
        self.columns.iter().enumerate().map(move |(n, c)| (middle(n), c))
    }

    /// Least to most power of each column over decades, with the windows shaded in the background.
    fn power(&self, windows: &[Window]) -> Drawing {
        let positive = || self.timed().filter(|(_, c)| c.most_uw > 0.0);
        let least_uw = |c: &Column| if c.least_uw > 0.0 { c.least_uw } else { c.most_uw };
        let most = positive().map(|(_, c)| c.most_uw).fold(1.0, f64::max);
        let least = positive().map(|(_, c)| least_uw(c)).fold(most, f64::min);
        let ceiling = most.log10().ceil();
        let floor = least.log10().floor().clamp(ceiling - MOST_DECADES, ceiling - 1.0);
        let power: Vec<(f64, f64, f64)> = positive()
            .map(|(t, c)| {
                (
                    t,
                    c.least_uw.max(10_f64.powf(floor)).log10(),
                    c.most_uw.max(10_f64.powf(floor)).log10(),
                )
            })
            .collect();
        let missing: Vec<(f64, f64)> = self
            .timed()
            .filter(|(_, c)| c.missing)
            .map(|(t, _)| (t, ceiling))
            .collect();
        let shaded: Vec<(f64, f64)> = windows.iter().map(|w| (w.start_s, w.end_s)).collect();
        let series = |class, label, mark| Series { class, label, mark };
        let label = if missing.is_empty() { "" } else { "missing" };
        Chart {
            title: &format!(
                "Power of {} windows, uW{}",
                windows.len(),
                if self.simulated { ", simulated" } else { "" }
            ),
            x_label: "s",
            x: Axis::linear(self.from_s, self.to_s),
            y: Axis {
                range: (floor, ceiling),
                scale: Scale::Log10,
            },
            size: (charts::WIDTH, 304.0),
            series: vec![
                series("window", "", Mark::Spans(&shaded)),
                series("power", "", Mark::Ranges(&power)),
                series("missing", label, Mark::Dots(&missing)),
            ],
        }
        .draw()
    }

    /// The share of each column in which a marker was high.
    fn marker(&self, name: &str, class: &str, seconds: impl Fn(&Column) -> f64) -> Drawing {
        let share = |c: &Column| if c.seconds > 0.0 { seconds(c) / c.seconds } else { 0.0 };
        let shares: Vec<(f64, f64)> = self.timed().map(|(t, c)| (t, share(c))).collect();
        Chart {
            title: &format!("{name}: share of the time"),
            x_label: "s",
            x: Axis::linear(self.from_s, self.to_s),
            y: Axis::linear(0.0, 1.0),
            size: (charts::WIDTH, 130.0),
            series: vec![Series::line(class, "", &shares)],
        }
        .draw()
    }
}

/// The trace from the first to the last of some windows: power from least to most in each column, on a logarithmic
/// axis, the windows shaded, missing samples marked in red, and below it the share of each column in which AWAKE and
/// UPD were high. Reads the trace once.
///
/// # Errors
/// Those of [`trace::read`]; [`Error::Option`] where there is no window.
pub fn trace(path: &Path, options: &ReadOptions, windows: &[Window]) -> Result<Drawing, Error> {
    let (Some(first), Some(last)) = (windows.first(), windows.last()) else {
        return Err(Error::Option {
            option: "picture",
            problem: "there is no window to show".into(),
        });
    };
    let margin_s = 0.02 * (last.end_s - first.start_s);
    let columns = Columns::read(path, options, (first.start_s - margin_s, last.end_s + margin_s))?;
    let mut panels = vec![columns.power(windows)];
    if let Some(markers) = &options.markers {
        if markers.awake.is_some() {
            panels.push(columns.marker("AWAKE", "p1", |c| c.awake_s));
        }
        if markers.update.is_some() {
            panels.push(columns.marker("UPD", "p0", |c| c.update_s));
        }
    }
    Ok(stacked(&panels))
}
