//! A small line chart as inline SVG: axes with round ticks, polylines, points. Colours are CSS classes, so that the
//! page around it decides them.

use std::fmt::Write;

/// One polyline or set of points.
pub struct Series<'a> {
    /// CSS class of the mark.
    pub class: &'a str,
    /// What it is, for the legend; empty for none.
    pub label: &'a str,
    /// (x, y) in data units, by rising x.
    pub points: &'a [(f64, f64)],
    /// Marks at the points in place of a line through them.
    pub dots: bool,
}

/// One chart.
pub struct Chart<'a> {
    /// Above the chart.
    pub title: &'a str,
    /// Under the x axis.
    pub x_label: &'a str,
    /// Smallest and largest x.
    pub x: (f64, f64),
    /// Smallest and largest y.
    pub y: (f64, f64),
    /// Width and height in pixels.
    pub size: (f64, f64),
    /// What is drawn, in order.
    pub series: Vec<Series<'a>>,
}

const LEFT: f64 = 52.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 38.0;

/// A step of 1, 2 or 5 times a power of ten that gives about `count` ticks.
fn tick_step(span: f64, count: f64) -> f64 {
    let raw = span / count;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|m| m * power >= raw)
        .unwrap_or(10.0);
    step * power
}

fn ticks((low, high): (f64, f64), count: f64) -> Vec<f64> {
    let step = tick_step(high - low, count);
    let first = (low / step).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|k| k as f64 * step).collect()
}

/// A tick's label without trailing zeros.
fn label(v: f64, step: f64) -> String {
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    format!("{v:.decimals$}")
}

/// Text that may stand between tags.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

impl Chart<'_> {
    /// The chart as an `<svg>` element.
    pub fn svg(&self) -> String {
        let step = tick_step(self.x.1 - self.x.0, 8.0);
        self.draw(ticks(self.x, 8.0).into_iter().map(|t| (t, label(t, step))).collect())
    }

    /// The same where every x is the logarithm to base 2 of what the axis shows.
    pub fn svg_log2(&self) -> String {
        let ticks = (self.x.0.ceil() as i32..=self.x.1.floor() as i32).map(f64::from);
        self.draw(ticks.map(|t| (t, t.exp2().to_string())).collect())
    }

    fn draw(&self, x_ticks: Vec<(f64, String)>) -> String {
        let (width, height) = self.size;
        let px = |x: f64| LEFT + (x - self.x.0) / (self.x.1 - self.x.0) * (width - LEFT - RIGHT);
        let py = |y: f64| height - BOTTOM - (y - self.y.0) / (self.y.1 - self.y.0) * (height - TOP - BOTTOM);
        let mut s = format!(
            "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\" xmlns=\"http://www.w3.org/2000/svg\">",
            escape(self.title)
        );
        // Writing to a String cannot fail.
        let _ = write!(
            s,
            "<text class=\"title\" x=\"{LEFT}\" y=\"16\">{}</text>",
            escape(self.title)
        );
        for (t, shown) in x_ticks {
            let (x, y) = (px(t), height - BOTTOM);
            let _ = write!(
                s,
                "<text class=\"tick\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                y + 15.0,
                shown
            );
        }
        let y_step = tick_step(self.y.1 - self.y.0, 5.0);
        for t in ticks(self.y, 5.0) {
            let y = py(t);
            let _ = write!(
                s,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text class=\"tick\" text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                width - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                label(t, y_step)
            );
        }
        let _ = write!(
            s,
            "<text class=\"tick\" text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            width - RIGHT,
            height - 6.0,
            escape(self.x_label)
        );
        let mut legend = width - RIGHT;
        for series in self.series.iter().rev() {
            if !series.label.is_empty() {
                let _ = write!(
                    s,
                    "<text class=\"legend {}\" text-anchor=\"end\" x=\"{legend:.1}\" y=\"16\">{}</text>",
                    series.class,
                    escape(series.label)
                );
                legend -= 7.5 * series.label.chars().count() as f64 + 16.0;
            }
        }
        for series in &self.series {
            if series.dots {
                for (x, y) in series.points {
                    let _ = write!(
                        s,
                        "<circle class=\"{}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.6\"/>",
                        series.class,
                        px(*x),
                        py(*y)
                    );
                }
            } else {
                let path: Vec<String> = series
                    .points
                    .iter()
                    .map(|(x, y)| format!("{:.1},{:.1}", px(*x), py(*y)))
                    .collect();
                let _ = write!(
                    s,
                    "<polyline class=\"{}\" points=\"{}\"/>",
                    series.class,
                    path.join(" ")
                );
            }
        }
        s.push_str("</svg>");
        s
    }
}

/// One part of a stacked bar.
pub struct Part<'a> {
    /// CSS class of the rectangle.
    pub class: &'a str,
    /// Its length in data units.
    pub value: f64,
    /// What it is, for the legend.
    pub name: &'a str,
}

/// Horizontal stacked bars, (label, parts), on one scale.
pub fn stacked_bars(title: &str, unit: &str, bars: &[(&str, Vec<Part<'_>>)]) -> String {
    let (width, bar, left) = (860.0, 26.0, 150.0);
    let largest = bars
        .iter()
        .map(|(_, parts)| parts.iter().map(|p| p.value).sum::<f64>())
        .fold(1e-12, f64::max);
    let height = 60.0 + bars.len() as f64 * (bar + 12.0);
    let mut s = format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\" xmlns=\"http://www.w3.org/2000/svg\"><text class=\"title\" x=\"0\" y=\"16\">{}</text>",
        escape(title),
        escape(title)
    );
    for (k, (label, parts)) in bars.iter().enumerate() {
        let y = 30.0 + k as f64 * (bar + 12.0);
        let _ = write!(
            s,
            "<text class=\"tick\" text-anchor=\"end\" x=\"{}\" y=\"{}\">{}</text>",
            left - 8.0,
            y + 17.0,
            escape(label)
        );
        let mut x = left;
        for Part { class, value, name } in parts {
            let w = value / largest * (width - left - 110.0);
            let _ = write!(
                s,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y}\" width=\"{w:.1}\" height=\"{bar}\"><title>{}: {value:.3} {unit}</title></rect>",
                escape(name)
            );
            x += w;
        }
        let total: f64 = parts.iter().map(|p| p.value).sum();
        let _ = write!(
            s,
            "<text class=\"tick\" x=\"{:.1}\" y=\"{}\">{total:.1} {unit}</text>",
            x + 8.0,
            y + 17.0
        );
    }
    let mut x = left;
    for Part { class, name, .. } in bars.first().map(|(_, parts)| parts.as_slice()).unwrap_or_default() {
        let _ = write!(
            s,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"11\" height=\"11\"/><text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            height - 20.0,
            x + 16.0,
            height - 10.0,
            escape(name)
        );
        x += 7.0 * name.len() as f64 + 40.0;
    }
    s.push_str("</svg>");
    s
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks((0.0, 1.0), 5.0), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks((-0.5, 99.0), 8.0).len(), 5);
        assert_eq!(label(0.6000000000000001, 0.2), "0.6");
        assert_eq!(label(20.0, 20.0), "20");
    }

    #[test]
    fn points_land_on_the_axes() {
        let points = [(0.0, 0.0), (10.0, 1.0)];
        let series = vec![Series {
            class: "a",
            label: "b < c",
            points: &points,
            dots: false,
        }];
        let chart = Chart {
            title: "t",
            x_label: "x",
            x: (0.0, 10.0),
            y: (0.0, 1.0),
            size: (200.0, 100.0),
            series,
        };
        let svg = chart.svg();
        assert!(svg.contains("points=\"52.0,62.0 186.0,26.0\""), "{svg}");
        assert!(svg.contains("b &lt; c"));
        let doubled = Chart { x: (0.5, 4.0), ..chart };
        let svg = doubled.svg_log2();
        assert!(
            ["2", "4", "8", "16"]
                .iter()
                .all(|t| svg.contains(&format!(">{t}</text>"))),
            "{svg}"
        );
    }
}
