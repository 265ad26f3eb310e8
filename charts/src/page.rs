//! A report in one HTML file: headings, texts, tables and figures; no script, and nothing loaded from elsewhere.

use crate::{Drawing, PALETTE, markup::escape};
use std::fmt::Write;

const STYLE: &str = "
:root { --ink:#1d2430; --dim:#68727f; --paper:#fff; --line:#e3e7ec; --used:#d1342f; --skipped:#3b6fd4; --wave:#b9c2cd;
        --whisker:#444 }
@media (prefers-color-scheme: dark) { :root { --ink:#e6e9ee; --dim:#98a2b0; --paper:#14181e; --line:#2a313b;
        --used:#ff6b63; --skipped:#6f9bff; --wave:#4a5563; --whisker:#c8ced6 } }
body { font:16px/1.5 system-ui,sans-serif; color:var(--ink); background:var(--paper);
       max-width:880px; margin:2rem auto; padding:0 1rem }
h1 { font-size:1.6rem }
h2 { font-size:1.15rem; margin-top:2.2rem }
p.dim { color:var(--dim) }
pre { overflow-x:auto; border:1px solid var(--line); padding:1em; font-size:.85rem }
svg { width:100%; height:auto; display:block; margin:.4rem 0 }
svg text { font:12px system-ui,sans-serif; fill:var(--ink) }
svg text.title { font-weight:600 }
svg text.tick { fill:var(--dim) }
svg line.grid { stroke:var(--line) }
svg line.whisker { stroke:var(--whisker) }
polyline { fill:none; stroke-width:1.6 }
polyline.wave { stroke:var(--wave); stroke-width:1.2 }
circle.used, text.legend.used, text.legend.skip { fill:var(--used) }
circle.skipped { fill:var(--skipped); opacity:.55 }
text.legend.skipped, text.legend.dense { fill:var(--skipped) }
polyline.skip { stroke:var(--used) }
polyline.dense { stroke:var(--skipped) }
rect.window { fill:#0072b2; fill-opacity:.08 }
line.power { stroke:#0072b2 }
circle.missing, text.missing { fill:#d00000 }
table { border-collapse:collapse; width:100% }
th, td { text-align:right; padding:.35rem .6rem; border-bottom:1px solid var(--line); font-variant-numeric:tabular-nums }
th:first-child, td:first-child { text-align:left }
.wide { overflow-x:auto }
";

/// A page that is being written, from top to bottom.
#[derive(Debug, Clone)]
pub struct Page {
    html: String,
}

impl Page {
    /// An empty page with the `<title>` `title` and the `<h1>` `heading`.
    #[must_use]
    pub fn new(title: &str, heading: &str) -> Self {
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{}</title><style>{STYLE}",
            escape(title)
        );
        for (k, colour) in PALETTE.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = writeln!(
                html,
                "rect.p{k}, circle.p{k}, svg text.legend.p{k} {{ fill:{colour} }} polyline.p{k} {{ stroke:{colour} }}"
            );
        }
        let _ = writeln!(html, "</style></head>\n<body><h1>{}</h1>", escape(heading));
        Page { html }
    }

    fn tag(&mut self, open: &str, text: &str, close: &str) -> &mut Self {
        let _ = writeln!(self.html, "<{open}>{}</{close}>", escape(text));
        self
    }

    /// A heading of a section.
    pub fn heading(&mut self, text: &str) -> &mut Self {
        self.tag("h2", text, "h2")
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) -> &mut Self {
        self.tag("p", text, "p")
    }

    /// A paragraph in a quieter colour.
    pub fn note(&mut self, text: &str) -> &mut Self {
        self.tag("p class=\"dim\"", text, "p")
    }

    /// A paragraph that begins with bold words.
    pub fn claim(&mut self, bold: &str, text: &str) -> &mut Self {
        let _ = writeln!(self.html, "<p><b>{}</b>{}</p>", escape(bold), escape(text));
        self
    }

    /// Lines of text as they are.
    pub fn preformatted(&mut self, text: &str) -> &mut Self {
        self.tag("pre", text, "pre")
    }

    /// A figure.
    pub fn figure(&mut self, drawing: &Drawing) -> &mut Self {
        self.html.push_str(&drawing.to_svg());
        self.html.push('\n');
        self
    }

    /// A table: `head` and rows of as many cells.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) -> &mut Self {
        let heads: String = head.iter().map(|h| format!("<th>{}</th>", escape(h))).collect();
        let _ = write!(self.html, "<div class=\"wide\"><table><tr>{heads}</tr>");
        for row in rows {
            let cells: String = row.iter().map(|c| format!("<td>{}</td>", escape(c))).collect();
            let _ = write!(self.html, "<tr>{cells}</tr>");
        }
        self.html.push_str("</table></div>\n");
        self
    }

    /// The whole page.
    #[must_use]
    pub fn finish(self) -> String {
        self.html + "</body></html>\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_texts_is_replaced_and_nothing_is_loaded() {
        let mut page = Page::new("a<b", "c & d");
        page.heading("x & y")
            .preformatted("<script>")
            .claim("Predicted", ", not <measured>")
            .note("quiet")
            .table(&["", "LSTM"], &[vec!["accuracy".into(), "> 0.9".into()]])
            .figure(&Drawing::new((10.0, 5.0), "t"));
        let html = page.finish();
        for part in [
            "<title>a&lt;b</title>",
            "<h1>c &amp; d</h1>",
            "<h2>x &amp; y</h2>",
            "<pre>&lt;script&gt;</pre>",
            "<p><b>Predicted</b>, not &lt;measured&gt;</p>",
            "<p class=\"dim\">quiet</p>",
            "<tr><td>accuracy</td><td>&gt; 0.9</td></tr>",
            "<svg viewBox=\"0 0 10 5\"",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(html.ends_with("</body></html>\n"));
        assert!(!html.contains("<script") && !html.contains("href") && !html.contains("src="));
    }
}
