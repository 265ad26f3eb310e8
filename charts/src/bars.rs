//! Horizontal bars: stacked parts with an interval of their sum, and counts in groups.

use crate::{Drawing, WIDTH, markup::escape, scale::linear_ticks};

/// One part of a stacked bar.
#[derive(Debug, Clone, PartialEq)]
pub struct BarPart<'a> {
    /// CSS class of the rectangle.
    pub class: &'a str,
    /// What it is, for the legend.
    pub name: &'a str,
    /// Its length in data units.
    pub value: f64,
    /// What hovering over it shows.
    pub hover: String,
}

/// A stacked bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar<'a> {
    /// Left of the bar.
    pub label: String,
    /// From left to right.
    pub parts: Vec<BarPart<'a>>,
    /// Least and greatest sum, drawn as a whisker.
    pub interval: Option<(f64, f64)>,
    /// Right of the bar.
    pub total: String,
}

/// Stacked bars on one scale, with a legend of the first bar's parts.
#[derive(Debug, Clone, PartialEq)]
pub struct StackedBars<'a> {
    /// Above the bars, and what a screen reader says of them.
    pub title: &'a str,
    /// Under the axis.
    pub x_label: &'a str,
    /// From top to bottom.
    pub bars: Vec<Bar<'a>>,
}

impl StackedBars<'_> {
    /// Draws them, [`WIDTH`] pixels wide.
    #[must_use]
    pub fn draw(&self) -> Drawing {
        const LEFT: f64 = 150.0;
        const RIGHT: f64 = 110.0;
        const TOP: f64 = 52.0;
        const ROW: f64 = 38.0;
        const BAR: f64 = 26.0;
        let sum = |bar: &Bar<'_>| bar.parts.iter().map(|p| p.value).sum::<f64>();
        let ends = self
            .bars
            .iter()
            .map(|b| b.interval.map_or(sum(b), |(_, high)| high.max(sum(b))));
        let largest = ends.fold(1e-12, f64::max);
        let bottom = TOP + ROW * self.bars.len() as f64;
        let px = |v: f64| LEFT + v / largest * (WIDTH - LEFT - RIGHT);
        let mut d = Drawing::new((WIDTH, bottom + 46.0), self.title);
        d.text("title", 0.0, 16.0, self.title);
        let mut x = LEFT;
        for part in self.bars.first().map_or(&[][..], |bar| &bar.parts) {
            d.push(format_args!(
                "<rect class=\"{}\" x=\"{x:.1}\" y=\"28\" width=\"11\" height=\"11\"/>",
                part.class
            ));
            d.text("tick", x + 16.0, 38.0, part.name);
            x += 7.0 * part.name.chars().count() as f64 + 40.0;
        }
        for (k, bar) in self.bars.iter().enumerate() {
            let y = TOP + k as f64 * ROW;
            d.anchored_text("tick", "end", LEFT - 8.0, y + 17.0, &bar.label);
            let mut from = 0.0;
            for part in &bar.parts {
                d.push(format_args!(
                    "<rect class=\"{}\" x=\"{:.1}\" y=\"{y}\" width=\"{:.1}\" height=\"{BAR}\"><title>{}</title></rect>",
                    part.class,
                    px(from),
                    px(part.value) - LEFT,
                    escape(&part.hover)
                ));
                from += part.value;
            }
            if let Some((low, high)) = bar.interval.map(|(low, high)| (px(low), px(high))) {
                let middle = y + BAR / 2.0;
                d.line("whisker", (low, middle), (high, middle));
                d.line("whisker", (low, middle - 5.0), (low, middle + 5.0));
                d.line("whisker", (high, middle - 5.0), (high, middle + 5.0));
            }
            d.text("tick", WIDTH - RIGHT + 8.0, y + 17.0, &bar.total);
        }
        for (t, label) in linear_ticks((0.0, largest), 8.0) {
            d.line("grid", (px(t), bottom - 8.0), (px(t), bottom - 3.0));
            d.anchored_text("tick", "middle", px(t), bottom + 12.0, &label);
        }
        d.anchored_text("tick", "end", WIDTH - RIGHT, bottom + 34.0, self.x_label);
        d
    }
}

/// A group of bars under one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Left of the bars.
    pub label: String,
    /// A count for each series.
    pub counts: Vec<usize>,
}

/// Counts of several series, group by group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupedBars<'a> {
    /// Above the bars.
    pub title: &'a str,
    /// Names of the series.
    pub series: Vec<&'a str>,
    /// From top to bottom.
    pub groups: Vec<Group>,
}

/// Colours of the series, by turns.
const SERIES: [&str; 3] = ["#3b6fd4", "#8fb0ea", "#d1342f"];

impl GroupedBars<'_> {
    /// Draws them, [`WIDTH`] pixels wide; `None` where every count is 0.
    #[must_use]
    pub fn draw(&self) -> Option<Drawing> {
        const LEFT: f64 = 150.0;
        const BAR: f64 = 14.0;
        let most = self
            .groups
            .iter()
            .flat_map(|g| &g.counts)
            .copied()
            .max()
            .filter(|m| *m > 0)?;
        let mut d = Drawing::new((WIDTH, 0.0), "");
        d.text("title", 0.0, 16.0, self.title);
        for (k, name) in self.series.iter().enumerate() {
            let x = LEFT + 200.0 + 120.0 * k as f64;
            d.push(format_args!(
                "<rect x=\"{x}\" y=\"6\" width=\"11\" height=\"11\" fill=\"{}\"/>",
                SERIES[k % SERIES.len()]
            ));
            d.text("tick", x + 16.0, 16.0, name);
        }
        let mut y = 34.0;
        for group in &self.groups {
            d.anchored_text("tick", "end", LEFT - 8.0, y + BAR, &group.label);
            for (k, count) in group.counts.iter().enumerate() {
                let width = *count as f64 / most as f64 * (WIDTH - LEFT - 80.0);
                d.push(format_args!(
                    "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\" fill=\"{}\"/>",
                    SERIES[k % SERIES.len()]
                ));
                d.text("tick", LEFT + width + 6.0, y + BAR - 2.0, &count.to_string());
                y += BAR + 2.0;
            }
            y += 8.0;
        }
        d.height = y + 10.0;
        Some(d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacked_parts_lie_end_to_end_on_one_scale() {
        let part = |name, value| BarPart {
            class: name,
            name,
            value,
            hover: format!("{name}: {value}"),
        };
        let bar = |parts, interval| Bar {
            label: "every <sample>".into(),
            parts,
            interval,
            total: "100 uJ".into(),
        };
        let svg = StackedBars {
            title: "t",
            x_label: "uJ",
            bars: vec![
                bar(vec![part("a", 30.0), part("b", 60.0)], Some((50.0, 100.0))),
                bar(vec![part("a", 0.0), part("b", 10.0)], None),
            ],
        }
        .draw()
        .to_svg();
        // 600 pixels are 100 uJ, from x = 150.
        for part in [
            "<rect class=\"a\" x=\"150.0\" y=\"52\" width=\"180.0\" height=\"26\"><title>a: 30</title>",
            "<rect class=\"b\" x=\"330.0\" y=\"52\" width=\"360.0\"",
            "<rect class=\"b\" x=\"150.0\" y=\"90\" width=\"60.0\"",
            "<line class=\"whisker\" x1=\"450.0\" x2=\"750.0\" y1=\"65.0\" y2=\"65.0\"/>",
            "every &lt;sample&gt;",
        ] {
            assert!(svg.contains(part), "{part}\n{svg}");
        }
        let none = StackedBars {
            title: "t",
            x_label: "uJ",
            bars: Vec::new(),
        };
        assert!(!none.draw().to_svg().contains("NaN"));
    }

    #[test]
    fn the_longest_bar_is_the_largest_count() {
        let group = |label: &str, counts: [usize; 2]| Group {
            label: label.into(),
            counts: counts.into(),
        };
        let mut bars = GroupedBars {
            title: "t",
            series: vec!["train", "test"],
            groups: vec![group("walk", [40, 10]), group("run", [20, 0])],
        };
        let svg = bars.draw().unwrap().to_svg();
        assert!(
            svg.contains("width=\"630.0\"") && svg.contains("width=\"157.5\""),
            "{svg}"
        );
        assert_eq!(svg.matches("<rect").count(), 2 + 4);
        bars.groups.iter_mut().for_each(|g| g.counts.fill(0));
        assert_eq!(bars.draw(), None);
    }
}
