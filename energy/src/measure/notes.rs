//! What to know when reading the figures of a measurement, and what looks wrong.

use super::windows::{Cutter, Window};
use super::{MeasureOptions, Windowing};
use crate::interval::significant;
use crate::trace::Summary;

/// No board of this trade is supplied with more or less; outside, the unit is likely another.
const SUPPLY_V: std::ops::RangeInclusive<f64> = 0.5..=60.0;
/// Power outside the windows that is larger than inside by more than this is more than chance.
const INVERTED: f64 = 1.05;

pub(super) fn notes(options: &MeasureOptions, summary: &Summary, windows: &[Window], cutter: &Cutter) -> Vec<String> {
    let mut notes = summary.notes.clone();
    if summary.unknown_levels > 0 {
        let n = summary.unknown_levels;
        notes.push(format!(
            "{n} samples do not tell a marker's level; the level before was held"
        ));
    }
    if options.count.is_none() && options.read.markers.is_none() && summary.windows.is_empty() {
        notes.push("each window is taken as one sequence; give the count where it holds more".into());
    }
    if options.read.markers.is_none()
        && matches!(options.windowing, Windowing::Auto)
        && let Some(markers) = &summary.markers
    {
        notes.push(format!(
            "the whole trace is one window, and the file seems to hold a marker of sequences: give --markers {markers} where it is one"
        ));
    }
    if windows.iter().any(|window| window.missing_share > 0.0) {
        notes.push("missing samples within a window are taken at its mean power".into());
    }
    notes.extend(supply(options, summary));
    notes.extend(power(windows, cutter));
    if options.read.markers.is_some() || matches!(options.windowing, Windowing::Timestamps(_) | Windowing::Times(_)) {
        notes.extend(inverted(cutter));
    }
    notes.extend(markers(options, cutter.short_pulses));
    notes
}

fn supply(options: &MeasureOptions, summary: &Summary) -> Option<String> {
    let (volts, from) = match (summary.file_voltage_v, options.read.voltage_v) {
        (Some(volts), _) => (volts.abs(), "in the file"),
        (None, Some(volts)) => (volts, "of --voltage"),
        (None, None) => return None,
    };
    let millivolts = if volts > *SUPPLY_V.end() {
        ": are these millivolts?"
    } else {
        ""
    };
    (!SUPPLY_V.contains(&volts)).then(|| {
        format!(
            "a supply of {} V, {from}, is not one that boards have{millivolts}",
            significant(volts)
        )
    })
}

fn power(windows: &[Window], cutter: &Cutter) -> Option<String> {
    if cutter.all_zero {
        return Some("every sample reads 0: is the instrument in the supply line, and switched on?".into());
    }
    let total_uj: f64 = windows.iter().map(|window| window.gross_uj).sum();
    (total_uj < 0.0).then(|| "the mean power is negative: are the leads swapped?".into())
}

fn inverted(cutter: &Cutter) -> Option<String> {
    let [inside, outside] =
        [cutter.inside, cutter.outside()].map(|sum| (sum.seconds > 0.0).then(|| sum.uj / sum.seconds));
    let (inside_uw, outside_uw) = (inside?, outside?);
    (outside_uw > INVERTED * inside_uw.max(0.0)).then(|| {
        format!(
            "{} uW outside the windows are more than {} uW inside: is the marker inverted, or are the times of another recording?",
            significant(outside_uw),
            significant(inside_uw)
        )
    })
}

fn markers(options: &MeasureOptions, short_pulses: u64) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(markers) = &options.read.markers else {
        return notes;
    };
    if short_pulses > 0 {
        notes.push(format!(
            "{short_pulses} pulses of AWAKE or UPD are shorter than three samples; their energy is uncertain"
        ));
    }
    if markers.awake.is_none() && markers.update.is_some() {
        notes.push("AWAKE is not given: asleep contains everything but the updates".into());
    }
    notes
}
