use super::{PALETTE, framed, line, text, ticks};
use crate::interval::{Interval, significant};

/// One model, or one setting of a model, on a board.
#[derive(Debug, Clone)]
pub struct OperatingPoint {
    /// Name to print.
    pub name: String,
    /// Share of the sequences that are classified rightly.
    pub accuracy: f64,
    /// Energy of one sequence.
    pub uj_per_sequence: Interval,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 56.0;

/// Accuracy over energy, a whisker from the low to the high end of each energy. `label` says what the energies are:
/// predicted or measured.
#[must_use]
pub fn energy_accuracy_svg(points: &[OperatingPoint], label: &str) -> String {
    let largest = points.iter().map(|p| p.uj_per_sequence.high).fold(0.0, f64::max);
    let least = points.iter().map(|p| p.accuracy).fold(1.0, f64::min);
    let floor = ((least - 0.02) * 20.0).floor().max(0.0) / 20.0;
    let x = |uj: f64| LEFT + if largest > 0.0 { uj / largest } else { 0.0 } * (WIDTH - LEFT - RIGHT);
    let y = |accuracy: f64| HEIGHT - BOTTOM - (accuracy - floor) / (1.0 - floor) * (HEIGHT - TOP - BOTTOM);
    let mut body = line((LEFT, y(floor)), (WIDTH - RIGHT, y(floor))) + &line((LEFT, y(floor)), (LEFT, y(1.0)));
    for tick in ticks(largest) {
        body += &line((x(tick), y(floor)), (x(tick), y(floor) + 5.0));
        body += &text(x(tick), y(floor) + 18.0, "middle", &significant(tick));
    }
    for n in 0..=4 {
        let accuracy = floor + (1.0 - floor) * f64::from(n) / 4.0;
        body += &line((LEFT - 5.0, y(accuracy)), (LEFT, y(accuracy)));
        body += &text(
            LEFT - 8.0,
            y(accuracy) + 4.0,
            "end",
            &format!("{:.1} %", accuracy * 100.0),
        );
    }
    for point in points {
        let (uj, height) = (point.uj_per_sequence, y(point.accuracy));
        body += &line((x(uj.low), height), (x(uj.high), height));
        body += &format!(
            "<circle cx=\"{:.1}\" cy=\"{height:.1}\" r=\"4\" fill=\"{}\"/>",
            x(uj.mid),
            PALETTE[0]
        );
        body += &text(x(uj.mid) + 6.0, height - 6.0, "start", &point.name);
    }
    let axis = format!("uJ per sequence ({label})");
    body += &text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 14.0, "middle", &axis);
    framed(WIDTH, HEIGHT, "Accuracy against energy", &body)
}
