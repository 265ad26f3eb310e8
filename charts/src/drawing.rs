//! A picture as an SVG element, with or without a style of its own.

use crate::{WIDTH, markup::escape};
use std::fmt::Write;

const NAMESPACE: &str = "xmlns=\"http://www.w3.org/2000/svg\"";

/// A picture of a known size in pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
    /// What a screen reader says of it; empty where the parts say it.
    pub(crate) label: String,
    /// Its elements.
    pub(crate) body: String,
}

impl Drawing {
    pub(crate) fn new((width, height): (f64, f64), label: &str) -> Self {
        Drawing {
            width,
            height,
            label: label.to_owned(),
            body: String::new(),
        }
    }

    /// An `<svg>` element without a style, for a page that has one.
    #[must_use]
    pub fn to_svg(&self) -> String {
        self.element("", "")
    }

    /// An SVG file with `style`, one or more `<style>` elements such as [`DEFAULT_STYLE`](crate::DEFAULT_STYLE), inside.
    #[must_use]
    pub fn to_file(&self, style: &str) -> String {
        self.element("", style) + "\n"
    }

    fn element(&self, place: &str, style: &str) -> String {
        let label = match self.label.is_empty() {
            true => String::new(),
            false => format!("role=\"img\" aria-label=\"{}\" ", escape(&self.label)),
        };
        format!(
            "<svg {place}viewBox=\"0 0 {} {}\" {label}{NAMESPACE}>{style}{}</svg>",
            self.width, self.height, self.body
        )
    }

    pub(crate) fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.body.write_fmt(element);
    }

    /// A line of text with a CSS class; `x` and `y` are where its baseline starts.
    pub(crate) fn text(&mut self, class: &str, x: f64, y: f64, content: &str) {
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
            escape(content)
        ));
    }

    /// The same where `x` is the middle (`middle`) or the end (`end`) of the text.
    pub(crate) fn anchored_text(&mut self, class: &str, anchor: &str, x: f64, y: f64, content: &str) {
        self.push(format_args!(
            "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
            escape(content)
        ));
    }

    pub(crate) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.push(format_args!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" x2=\"{x2:.1}\" y1=\"{y1:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    pub(crate) fn circle(&mut self, class: &str, (x, y): (f64, f64)) {
        self.push(format_args!(
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.6\"/>"
        ));
    }
}

/// Pictures below each other, each as wide as [`WIDTH`].
#[must_use]
pub fn stacked(panels: &[Drawing]) -> Drawing {
    let mut all = Drawing::new((WIDTH, panels.iter().map(|p| p.height).sum()), "");
    let mut y = 0.0;
    for panel in panels {
        let place = format!("y=\"{y}\" width=\"{WIDTH}\" height=\"{}\" ", panel.height);
        all.body.push_str(&panel.element(&place, ""));
        y += panel.height;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_a_file_or_a_part_of_one() {
        let mut one = Drawing::new((200.0, 100.0), "a & b");
        one.text("tick", 1.0, 2.0, "<");
        let element =
            "<svg viewBox=\"0 0 200 100\" role=\"img\" aria-label=\"a &amp; b\" xmlns=\"http://www.w3.org/2000/svg\">";
        let text = "<text class=\"tick\" x=\"1.0\" y=\"2.0\">&lt;</text></svg>";
        assert_eq!(one.to_svg(), format!("{element}{text}"));
        assert_eq!(one.to_file("<style/>"), format!("{element}<style/>{text}\n"));
        let tall = Drawing::new((860.0, 440.0), "");
        let both = stacked(&[one, tall]).to_svg();
        for part in [
            "<svg viewBox=\"0 0 860 540\" xmlns=\"http://www.w3.org/2000/svg\"><svg y=\"0\" width=\"860\"",
            "<svg y=\"0\" width=\"860\" height=\"100\" viewBox=\"0 0 200 100\" role",
            "<svg y=\"100\" width=\"860\" height=\"440\" viewBox=\"0 0 860 440\" xmlns",
        ] {
            assert!(both.contains(part), "{part}\n{both}");
        }
        assert_eq!(both.matches("<svg").count(), both.matches("</svg>").count());
    }
}
