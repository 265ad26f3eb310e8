//! The figures of this crate, drawn by [`charts`].

mod trace;

pub use trace::trace;

use crate::compare::Comparison;
use crate::interval::{Interval, significant};
use charts::{Axis, Bar, BarPart, Chart, Drawing, IntervalPoint, Mark, Series, StackedBars};

/// CSS classes of the parts of the energy: update, wake, sample, sleep, sensor and output.
const PART_CLASSES: [&str; 6] = ["p0", "p1", "p2", "p3", "p4", "p5"];

/// The parts of one energy as a stacked bar, in microjoules at their middle figures.
#[must_use]
pub fn parts_bar(label: &str, parts: &crate::Parts, total: Interval) -> Bar<'static> {
    let part = |((name, part), class): ((&'static str, Interval), &'static str)| BarPart {
        class,
        name,
        value: part.mid,
        hover: format!("{name}: {part} uJ"),
    };
    Bar {
        label: label.to_owned(),
        parts: parts.named().into_iter().zip(PART_CLASSES).map(part).collect(),
        interval: Some((total.low, total.high)),
        total: format!("{} uJ", significant(total.mid)),
    }
}

/// Where the energy goes: one stacked bar for each scheme at the middle figures, with a whisker from the low to the
/// high end.
#[must_use]
pub fn comparison(comparison: &Comparison) -> Drawing {
    let title = format!("Where the energy goes: {} with {}", comparison.board, comparison.sensor);
    let bars = comparison
        .scenarios
        .iter()
        .map(|s| parts_bar(&s.scheme.to_string(), &s.parts, s.uj_per_sequence));
    StackedBars {
        title: &title,
        x_label: "uJ per sequence (predicted)",
        bars: bars.collect(),
    }
    .draw()
}

/// One model, or one setting of a model, on a board.
#[derive(Debug, Clone)]
pub struct OperatingPoint {
    /// Name to print.
    pub name: String,
    /// Share of the sequences that are classified rightly, 0 to 1.
    pub accuracy: f64,
    /// Energy of one sequence.
    pub uj_per_sequence: Interval,
}

/// Accuracy over energy, a whisker from the low to the high end of each energy. `label` says what the energies are:
/// predicted or measured.
#[must_use]
pub fn energy_accuracy(points: &[OperatingPoint], label: &str) -> Drawing {
    let largest = points.iter().map(|p| p.uj_per_sequence.high).fold(0.0, f64::max);
    let least = points.iter().map(|p| p.accuracy).fold(1.0, f64::min);
    let floor = ((least - 0.02) * 20.0).floor().max(0.0) / 20.0;
    let point = |p: &OperatingPoint| IntervalPoint {
        x: [p.uj_per_sequence.low, p.uj_per_sequence.mid, p.uj_per_sequence.high],
        y: 100.0 * p.accuracy,
        name: p.name.clone(),
    };
    let drawn: Vec<IntervalPoint> = points.iter().map(point).collect();
    Chart {
        title: "Accuracy (%) against energy",
        x_label: &format!("uJ per sequence ({label})"),
        x: Axis::linear(0.0, if largest > 0.0 { 1.05 * largest } else { 1.0 }),
        y: Axis::linear(100.0 * floor, 100.0),
        size: (charts::WIDTH, 2.0 * charts::HEIGHT),
        series: vec![Series {
            class: "p0",
            label: "",
            mark: Mark::Intervals(&drawn),
        }],
    }
    .draw()
}
