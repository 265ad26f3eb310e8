use super::{PALETTE, framed, line, rectangle, text, ticks};
use crate::compare::Comparison;
use crate::interval::significant;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 60.0;
const ROW: f64 = 34.0;

/// Where the energy goes: one stacked bar for each scheme at the middle figures, with a whisker from the low to the
/// high end.
#[must_use]
pub fn comparison_svg(comparison: &Comparison) -> String {
    let largest = comparison
        .scenarios
        .iter()
        .map(|s| s.uj_per_sequence.high)
        .fold(0.0, f64::max);
    let scale = if largest > 0.0 {
        (WIDTH - LEFT - RIGHT) / largest
    } else {
        0.0
    };
    let bottom = TOP + ROW * comparison.scenarios.len() as f64;
    let mut body = String::new();
    for (row, scenario) in comparison.scenarios.iter().enumerate() {
        let y = TOP + ROW * row as f64;
        body += &text(LEFT - 8.0, y + 18.0, "end", &scenario.scheme.to_string());
        let mut x = LEFT;
        for ((name, part), colour) in scenario.parts.named().into_iter().zip(PALETTE) {
            let width = part.mid * scale;
            let hover = format!("{name}: {part} uJ");
            body += "<g><title>";
            body += &hover;
            body += "</title>";
            body += &rectangle(x, y + 4.0, width, 20.0, &format!("fill=\"{colour}\""));
            body += "</g>";
            x += width;
        }
        let total = scenario.uj_per_sequence;
        let (low, high) = (LEFT + total.low * scale, LEFT + total.high * scale);
        body += &line((low, y + 14.0), (high, y + 14.0));
        body += &line((low, y + 9.0), (low, y + 19.0));
        body += &line((high, y + 9.0), (high, y + 19.0));
        body += &text(
            WIDTH - RIGHT + 10.0,
            y + 18.0,
            "start",
            &format!("{} uJ", significant(total.mid)),
        );
    }
    body += &line((LEFT, bottom + 4.0), (WIDTH - RIGHT, bottom + 4.0));
    for tick in ticks(largest) {
        let x = LEFT + tick * scale;
        body += &line((x, bottom + 4.0), (x, bottom + 9.0));
        body += &text(x, bottom + 22.0, "middle", &significant(tick));
    }
    body += &text(
        (LEFT + WIDTH - RIGHT) / 2.0,
        bottom + 40.0,
        "middle",
        "uJ per sequence (predicted)",
    );
    if let Some(scenario) = comparison.scenarios.first() {
        for (n, ((name, _), colour)) in scenario.parts.named().into_iter().zip(PALETTE).enumerate() {
            let x = LEFT + 90.0 * n as f64;
            body += &rectangle(x, 32.0, 12.0, 12.0, &format!("fill=\"{colour}\""));
            body += &text(x + 16.0, 43.0, "start", name);
        }
    }
    let title = format!("Where the energy goes: {} with {}", comparison.board, comparison.sensor);
    framed(WIDTH, bottom + 52.0, &title, &body)
}
