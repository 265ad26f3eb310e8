//! Colours and type, as CSS classes.

use std::fmt::Write;

/// Colours of categories that the colour-blind can tell apart as well (after Okabe and Ito).
pub const PALETTE: [&str; 6] = ["#0072b2", "#e69f00", "#56b4e9", "#999999", "#009e73", "#cc79a7"];

/// The style of a figure in a file of its own: type, axes, and the classes `wave`, `curve`, `used` and `skipped`.
pub const DEFAULT_STYLE: &str = "<style>svg { background:#fff } text { font:12px system-ui,sans-serif; fill:#1d2430 } \
    .title { font-weight:600 } .tick { fill:#68727f } .grid { stroke:#e3e7ec } polyline { fill:none; stroke-width:1.6 } \
    .wave { stroke:#b9c2cd; stroke-width:1.2 } .curve { stroke:#d1342f } circle.used { fill:#d1342f } \
    circle.skipped { fill:#3b6fd4; opacity:.55 } text.used { fill:#d1342f } text.skipped { fill:#3b6fd4 }</style>";

/// The style of the classes `p0` to `p5` by [`PALETTE`], and of `whisker`, `window`, `power` and `missing`; it goes after
/// [`DEFAULT_STYLE`].
#[must_use]
pub fn palette_style() -> String {
    let mut s = String::from("<style>");
    for (k, colour) in PALETTE.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(
            s,
            "rect.p{k}, circle.p{k} {{ fill:{colour} }} polyline.p{k} {{ stroke:{colour} }} "
        );
    }
    s + ".whisker { stroke:#444 } rect.window { fill:#0072b2; fill-opacity:.08 } line.power { stroke:#0072b2 } \
         circle.missing { fill:#d00000 } text.missing { fill:#d00000 }</style>"
}

/// A style that gives the lines and legends `{prefix}0`, `{prefix}1` and so on a hue each.
#[must_use]
pub fn hues(prefix: &str, count: usize) -> String {
    let hue = |k: usize| {
        format!(
            ".{prefix}{k} {{ stroke:hsl({0} 65% 42%); }} text.{prefix}{k} {{ stroke:none; fill:hsl({0} 65% 42%) }} ",
            360 * k / count.max(1)
        )
    };
    format!("<style>{}</style>", (0..count).map(hue).collect::<String>())
}

/// A style that gives the lines `line0`, `line1` and so on the colours of a list.
#[must_use]
pub fn line_colours(colours: &[&str]) -> String {
    let classes = colours.iter().enumerate();
    let classes: String = classes.map(|(k, c)| format!(".line{k} {{ stroke:{c} }} ")).collect();
    format!("<style>{classes}</style>")
}
