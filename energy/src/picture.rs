//! Pictures as SVG, and a report in one HTML file that refers to nothing outside it.

mod bars;
mod scatter;
mod trace_plot;

pub use bars::comparison_svg;
pub use scatter::{OperatingPoint, energy_accuracy_svg};
pub use trace_plot::trace_svg;

/// Colours of update, wake, sample, sleep, sensor and output: told apart by the colour-blind as well (after Okabe and
/// Ito).
const PALETTE: [&str; 6] = ["#0072b2", "#e69f00", "#56b4e9", "#999999", "#009e73", "#cc79a7"];

/// Text of a picture with the characters that markup takes replaced.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn framed(width: f64, height: f64, title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"{title}\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\
         <text x=\"10\" y=\"18\" font-size=\"14\">{title}</text>{body}</svg>\n"
    )
}

fn text(x: f64, y: f64, anchor: &str, content: &str) -> String {
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
        escaped(content)
    )
}

fn rectangle(x: f64, y: f64, width: f64, height: f64, style: &str) -> String {
    format!("<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.2}\" height=\"{height:.2}\" {style}/>")
}

fn line(from: (f64, f64), to: (f64, f64)) -> String {
    let ((x1, y1), (x2, y2)) = (from, to);
    format!("<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#444\"/>")
}

/// Round values for an axis from 0 to `largest`.
fn ticks(largest: f64) -> Vec<f64> {
    if !(largest.is_finite() && largest > 0.0) {
        return vec![0.0];
    }
    let step = 10_f64.powf((largest / 4.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * step)
        .into_iter()
        .find(|step| largest / step <= 6.0)
        .unwrap_or(largest);
    (0..=(largest / step) as u32).map(|n| f64::from(n) * step).collect()
}

/// One part of a report.
#[derive(Debug, Clone)]
pub enum Section {
    /// A report as text, printed as it is.
    Text(String),
    /// A picture of this module.
    Svg(String),
}

/// A report in one HTML file: headings, texts and pictures, no script and nothing from elsewhere.
#[must_use]
pub fn report_html(title: &str, sections: &[(&str, Section)]) -> String {
    let title = escaped(title);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>\
         body{{font-family:sans-serif;max-width:64em;margin:2em auto;padding:0 1em}}\
         pre{{overflow-x:auto;background:#f6f6f6;padding:1em}}svg{{max-width:100%;height:auto}}</style></head>\n\
         <body><h1>{title}</h1>\n"
    );
    for (heading, section) in sections {
        html += &format!("<h2>{}</h2>\n", escaped(heading));
        html += &match section {
            Section::Text(text) => format!("<pre>{}</pre>\n", escaped(text)),
            Section::Svg(svg) => svg.clone(),
        };
    }
    html + "</body></html>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks(10.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(0.0), [0.0]);
        for largest in [0.003, 0.7, 1.0, 42.0, 4724.0, 1e9] {
            let ticks = ticks(largest);
            assert!((3..=7).contains(&ticks.len()), "{largest}: {ticks:?}");
            assert!(ticks.iter().all(|t| *t <= largest));
        }
    }

    #[test]
    fn markup_in_texts_is_replaced() {
        let html = report_html("a<b", &[("x & y", Section::Text("<script>".into()))]);
        assert!(html.contains("a&lt;b") && html.contains("x &amp; y") && !html.contains("<script>"));
    }
}
