//! A chart: two axes with round ticks, and lines, dots, intervals, ranges and spans on them.

use crate::{
    Drawing,
    markup::escape,
    scale::{linear_ticks, power_ticks},
};

/// How an axis is labelled. On a logarithmic axis, range and coordinates are the logarithms of the values that its ticks show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Ticks show the coordinates.
    Linear,
    /// Coordinates are logarithms to base 2.
    Log2,
    /// Coordinates are logarithms to base 10.
    Log10,
}

/// An axis of a chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Smallest and largest coordinate; they differ.
    pub range: (f64, f64),
    /// What the ticks show.
    pub scale: Scale,
}

impl Axis {
    /// An axis whose ticks show its coordinates.
    #[must_use]
    pub const fn linear(low: f64, high: f64) -> Self {
        Axis {
            range: (low, high),
            scale: Scale::Linear,
        }
    }

    fn ticks(&self, count: f64) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Linear => linear_ticks(self.range, count),
            Scale::Log2 => power_ticks(self.range, 2.0),
            Scale::Log10 => power_ticks(self.range, 10.0),
        }
    }

    /// The share of the axis at which a coordinate lies.
    fn share(&self, v: f64) -> f64 {
        (v - self.range.0) / (self.range.1 - self.range.0)
    }
}

impl From<(f64, f64)> for Axis {
    fn from((low, high): (f64, f64)) -> Self {
        Axis::linear(low, high)
    }
}

/// A dot with a horizontal interval and a name beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct IntervalPoint {
    /// Least, middle and greatest x.
    pub x: [f64; 3],
    /// Its height.
    pub y: f64,
    /// Printed beside the dot.
    pub name: String,
}

/// What a series draws.
#[derive(Debug, Clone, Copy)]
pub enum Mark<'a> {
    /// A line through (x, y), by rising x.
    Line(&'a [(f64, f64)]),
    /// A dot at each (x, y).
    Dots(&'a [(f64, f64)]),
    /// Dots with horizontal intervals.
    Intervals(&'a [IntervalPoint]),
    /// A vertical line at each x from a least to a greatest y: (x, least, greatest).
    Ranges(&'a [(f64, f64, f64)]),
    /// From one x to another, shaded over the whole height.
    Spans(&'a [(f64, f64)]),
}

/// One kind of marks.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// CSS class of the marks, and of the legend's text.
    pub class: &'a str,
    /// What the legend calls it; empty for no legend.
    pub label: &'a str,
    /// What is drawn.
    pub mark: Mark<'a>,
}

impl<'a> Series<'a> {
    /// A line through (x, y), by rising x.
    #[must_use]
    pub const fn line(class: &'a str, label: &'a str, points: &'a [(f64, f64)]) -> Self {
        let mark = Mark::Line(points);
        Series { class, label, mark }
    }

    /// A dot at each (x, y).
    #[must_use]
    pub const fn dots(class: &'a str, label: &'a str, points: &'a [(f64, f64)]) -> Self {
        let mark = Mark::Dots(points);
        Series { class, label, mark }
    }
}

/// One chart.
#[derive(Debug, Clone)]
pub struct Chart<'a> {
    /// Above the chart, and what a screen reader says of it.
    pub title: &'a str,
    /// Under the x axis.
    pub x_label: &'a str,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Width and height in pixels.
    pub size: (f64, f64),
    /// What is drawn, in order.
    pub series: Vec<Series<'a>>,
}

const LEFT: f64 = 52.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 38.0;

impl Chart<'_> {
    /// Draws it.
    #[must_use]
    pub fn draw(&self) -> Drawing {
        let mut d = Drawing::new(self.size, self.title);
        d.push(format_args!(
            "<text class=\"title\" x=\"{LEFT}\" y=\"16\">{}</text>",
            escape(self.title)
        ));
        self.draw_axes(&mut d);
        self.draw_legend(&mut d);
        self.series.iter().for_each(|series| self.draw_series(&mut d, series));
        d
    }

    fn px(&self, x: f64) -> f64 {
        LEFT + self.x.share(x) * (self.size.0 - LEFT - RIGHT)
    }

    fn py(&self, y: f64) -> f64 {
        self.size.1 - BOTTOM - self.y.share(y) * (self.size.1 - TOP - BOTTOM)
    }

    fn draw_axes(&self, d: &mut Drawing) {
        let (width, height) = self.size;
        for (t, label) in self.x.ticks(8.0) {
            d.anchored_text("tick", "middle", self.px(t), height - BOTTOM + 15.0, &label);
        }
        for (t, label) in self.y.ticks(5.0) {
            let y = self.py(t);
            d.push(format_args!(
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
                width - RIGHT
            ));
            d.anchored_text("tick", "end", LEFT - 6.0, y + 4.0, &label);
        }
        d.anchored_text("tick", "end", width - RIGHT, height - 6.0, self.x_label);
    }

    fn draw_legend(&self, d: &mut Drawing) {
        let mut x = self.size.0 - RIGHT;
        for Series { class, label, .. } in self.series.iter().rev().filter(|s| !s.label.is_empty()) {
            d.push(format_args!(
                "<text class=\"legend {class}\" text-anchor=\"end\" x=\"{x:.1}\" y=\"16\">{}</text>",
                escape(label)
            ));
            x -= 7.5 * label.chars().count() as f64 + 16.0;
        }
    }

    fn draw_series(&self, d: &mut Drawing, series: &Series<'_>) {
        let class = series.class;
        match series.mark {
            Mark::Line(points) => {
                let place = |(x, y): &(f64, f64)| format!("{:.1},{:.1}", self.px(*x), self.py(*y));
                let path: Vec<String> = points.iter().map(place).collect();
                d.push(format_args!(
                    "<polyline class=\"{class}\" points=\"{}\"/>",
                    path.join(" ")
                ));
            }
            Mark::Dots(points) => {
                for (x, y) in points {
                    d.circle(class, (self.px(*x), self.py(*y)));
                }
            }
            Mark::Intervals(points) => {
                for IntervalPoint { x, y, name } in points {
                    let ([low, mid, high], y) = (x.map(|x| self.px(x)), self.py(*y));
                    d.line("whisker", (low, y), (high, y));
                    d.circle(class, (mid, y));
                    // A name that would leave the chart stands on the other side of its dot.
                    if mid + 7.0 * name.chars().count() as f64 > self.size.0 {
                        d.anchored_text("name", "end", mid - 6.0, y - 6.0, name);
                    } else {
                        d.text("name", mid + 6.0, y - 6.0, name);
                    }
                }
            }
            Mark::Ranges(ranges) => {
                for (x, low, high) in ranges {
                    let (x, low, high) = (self.px(*x), self.py(*low), self.py(*high));
                    // At least one pixel, so that a constant shows.
                    d.line(class, (x, low.max(high + 1.0)), (x, high));
                }
            }
            Mark::Spans(spans) => {
                for (from, to) in spans {
                    let (from, to) = (self.px(*from), self.px(*to));
                    d.push(format_args!(
                        "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                        to - from,
                        self.size.1 - TOP - BOTTOM
                    ));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart<'a>(series: Vec<Series<'a>>) -> Chart<'a> {
        Chart {
            title: "t",
            x_label: "x",
            x: Axis::linear(0.0, 10.0),
            y: Axis::linear(0.0, 1.0),
            size: (200.0, 100.0),
            series,
        }
    }

    #[test]
    fn points_land_on_the_axes() {
        let points = [(0.0, 0.0), (10.0, 1.0)];
        let svg = chart(vec![Series::line("a", "b < c", &points)]).draw().to_svg();
        assert!(svg.contains("points=\"52.0,62.0 186.0,26.0\""), "{svg}");
        assert!(svg.contains("b &lt; c"));
        let svg = chart(vec![Series::dots("a", "", &points)]).draw().to_svg();
        assert!(
            svg.contains("<circle class=\"a\" cx=\"52.0\" cy=\"62.0\" r=\"2.6\"/>"),
            "{svg}"
        );
        assert!(!svg.contains("legend"));
    }

    #[test]
    fn a_logarithmic_axis_shows_the_powers() {
        let logarithmic = Chart {
            x: Axis {
                range: (0.5, 4.0),
                scale: Scale::Log2,
            },
            ..chart(vec![])
        };
        let svg = logarithmic.draw().to_svg();
        assert!(
            ["2", "4", "8", "16"]
                .iter()
                .all(|t| svg.contains(&format!(">{t}</text>"))),
            "{svg}"
        );
    }

    #[test]
    fn intervals_ranges_and_spans_are_drawn_to_scale() {
        let point = IntervalPoint {
            x: [2.5, 5.0, 10.0],
            y: 0.5,
            name: "a & b".into(),
        };
        let points = [point];
        let series = |class, mark| Series { class, label: "", mark };
        let svg = chart(vec![
            series("s", Mark::Spans(&[(0.0, 5.0)])),
            series("r", Mark::Ranges(&[(5.0, 0.0, 1.0), (5.0, 0.5, 0.5)])),
            series("i", Mark::Intervals(&points)),
        ])
        .draw()
        .to_svg();
        for part in [
            "<rect class=\"s\" x=\"52.0\" y=\"26\" width=\"67.0\" height=\"36.0\"/>",
            "<line class=\"r\" x1=\"119.0\" x2=\"119.0\" y1=\"62.0\" y2=\"26.0\"/>",
            "<line class=\"r\" x1=\"119.0\" x2=\"119.0\" y1=\"45.0\" y2=\"44.0\"/>",
            "<line class=\"whisker\" x1=\"85.5\" x2=\"186.0\" y1=\"44.0\" y2=\"44.0\"/>",
            "<circle class=\"i\" cx=\"119.0\" cy=\"44.0\"",
            ">a &amp; b</text>",
        ] {
            assert!(svg.contains(part), "{part}\n{svg}");
        }
    }
}
