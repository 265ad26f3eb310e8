use std::path::Path;

use super::{PALETTE, framed, line, rectangle, text};
use crate::error::Error;
use crate::interval::significant;
use crate::measure::Window;
use crate::trace::{self, ReadOptions};

const COLUMNS: usize = 800;
const LEFT: f64 = 70.0;
const TOP: f64 = 34.0;
const HEIGHT: f64 = 240.0;
const STRIP: f64 = 14.0;

/// What one column of the picture shows.
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

/// The trace from the first to the last of some windows: power from least to most in each column, on a logarithmic
/// axis, the windows shaded, missing samples marked in red, and below it the share of each column in which UPD and
/// AWAKE were high. Reads the trace once.
///
/// # Errors
/// Those of [`trace::read`]; [`Error::Option`] where there is no window.
pub fn trace_svg(path: &Path, options: &ReadOptions, windows: &[Window]) -> Result<String, Error> {
    let (Some(first), Some(last)) = (windows.first(), windows.last()) else {
        return Err(Error::Option {
            option: "picture",
            problem: "no window is to be shown".into(),
        });
    };
    let margin_s = 0.02 * (last.end_s - first.start_s);
    let (from_s, to_s) = (first.start_s - margin_s, last.end_s + margin_s);
    let column_s = (to_s - from_s) / COLUMNS as f64;
    let mut columns = [EMPTY; COLUMNS];
    trace::read(path, options, &mut |step| {
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
    let x = |time_s: f64| LEFT + (time_s - from_s) / column_s;
    let mut body = String::new();
    for window in windows {
        let width = x(window.end_s) - x(window.start_s);
        body += &rectangle(
            x(window.start_s),
            TOP,
            width,
            HEIGHT,
            "fill=\"#0072b2\" fill-opacity=\"0.08\"",
        );
    }
    body += &envelope(&columns);
    let strips = options
        .markers
        .as_ref()
        .map_or(0, |m| usize::from(m.awake.is_some()) + usize::from(m.update.is_some()));
    if strips > 0 {
        body += &strip(&columns, 0, "AWAKE", PALETTE[1], |c| c.awake_s);
        body += &strip(&columns, 1, "UPD", PALETTE[0], |c| c.update_s);
    }
    let bottom = TOP + HEIGHT + if strips > 0 { 2.0 * STRIP + 6.0 } else { 0.0 };
    for n in 0..=4 {
        let time_s = from_s + (to_s - from_s) * f64::from(n) / 4.0;
        body += &text(
            x(time_s),
            bottom + 16.0,
            "middle",
            &format!("{} s", significant(time_s)),
        );
    }
    let title = format!("Power of {} windows", windows.len());
    Ok(framed(LEFT + COLUMNS as f64 + 30.0, bottom + 28.0, &title, &body))
}

/// Least to most power of each column, over decades.
fn envelope(columns: &[Column]) -> String {
    let positive = columns.iter().filter(|c| c.most_uw > 0.0);
    let most_uw = positive.clone().map(|c| c.most_uw).fold(1.0, f64::max);
    let least = positive
        .map(|c| if c.least_uw > 0.0 { c.least_uw } else { c.most_uw })
        .fold(most_uw, f64::min);
    let (floor, ceiling) = (
        least.log10().floor(),
        most_uw.log10().ceil().max(least.log10().floor() + 1.0),
    );
    let y = |uw: f64| {
        let decade = uw.max(10_f64.powf(floor)).log10();
        TOP + HEIGHT * (ceiling - decade) / (ceiling - floor)
    };
    let mut body = String::new();
    for decade in floor as i32..=ceiling as i32 {
        let height = y(10_f64.powi(decade));
        body += &line((LEFT - 5.0, height), (LEFT, height));
        body += &text(
            LEFT - 8.0,
            height + 4.0,
            "end",
            &format!("{} uW", significant(10_f64.powi(decade))),
        );
    }
    for (n, column) in columns.iter().enumerate() {
        let left = LEFT + n as f64;
        if column.most_uw > 0.0 {
            let (high, low) = (y(column.most_uw), y(column.least_uw));
            body += &rectangle(
                left,
                high,
                1.0,
                (low - high).max(1.0),
                &format!("fill=\"{}\"", PALETTE[0]),
            );
        }
        if column.missing {
            body += &rectangle(left, TOP, 1.0, 6.0, "fill=\"#d00000\"");
        }
    }
    body
}

/// How much of each column a marker was high, as opacity.
fn strip(columns: &[Column], row: usize, name: &str, colour: &str, seconds: impl Fn(&Column) -> f64) -> String {
    let y = TOP + HEIGHT + 4.0 + STRIP * row as f64;
    let mut body = text(LEFT - 8.0, y + 10.0, "end", name);
    for (n, column) in columns.iter().enumerate() {
        let share = if column.seconds > 0.0 {
            seconds(column) / column.seconds
        } else {
            0.0
        };
        if share > 0.0 {
            let style = format!("fill=\"{colour}\" fill-opacity=\"{:.2}\"", share.clamp(0.1, 1.0));
            body += &rectangle(LEFT + n as f64, y, 1.0, STRIP - 2.0, &style);
        }
    }
    body
}
