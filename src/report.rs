//! `report.html`: one self-contained page, inline SVG, nothing loaded from elsewhere.

use crate::svg::{Chart, Part, Series, escape, stacked_bars};
use anyhow::Context;
use energy::Prediction;
use float_model::Sequences;
use serde_json::Value;
use std::{fmt::Write, path::Path};

/// One look at the validation data during training.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Training step.
    pub step: u64,
    /// Accuracy.
    pub metric: f64,
    /// Mean updates per sequence.
    pub updates: f64,
}

/// Reads a run's `metrics.csv`.
pub fn learning_curve(path: &Path) -> anyhow::Result<Vec<Point>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| {
        header
            .iter()
            .position(|c| *c == name)
            .with_context(|| format!("{}: no column '{name}'", path.display()))
    };
    let (step, metric, updates) = (column("step")?, column("metric")?, column("updates")?);
    let bad = |line: &str| anyhow::anyhow!("{}: cannot read the row '{line}'", path.display());
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let cell = |k: usize| {
                cells
                    .get(k)
                    .and_then(|v| v.parse::<f64>().ok())
                    .ok_or_else(|| bad(line))
            };
            Ok(Point {
                step: cell(step)? as u64,
                metric: cell(metric)?,
                updates: cell(updates)?,
            })
        })
        .collect()
}

/// What the page shows.
pub struct Contents<'a> {
    /// The sequences that the waves are taken from, with labels and the samples that the integers used.
    pub x: &'a Sequences,
    /// Class of each sequence.
    pub labels: &'a [u32],
    /// Samples used, for as many sequences as there are.
    pub schedules: &'a [Vec<u32>],
    /// Names of the classes.
    pub class_names: &'a [String],
    /// Learning curve of the skipping model.
    pub skip_curve: &'a [Point],
    /// Learning curve of the dense model.
    pub dense_curve: &'a [Point],
    /// The parts of `summary.json`.
    pub summary: &'a Value,
    /// The energy prediction.
    pub energy: &'a Prediction,
}

/// Waves drawn of each class.
const WAVES: usize = 3;

const STYLE: &str = "
:root { --ink:#1d2430; --dim:#68727f; --paper:#fff; --line:#e3e7ec; --used:#d1342f; --skipped:#3b6fd4; --wave:#b9c2cd;
        --a:#3b6fd4; --b:#e0892b; --c:#53a567; --d:#8a63c8; --e:#d1342f; --f:#7b8794 }
@media (prefers-color-scheme: dark) { :root { --ink:#e6e9ee; --dim:#98a2b0; --paper:#14181e; --line:#2a313b;
        --used:#ff6b63; --skipped:#6f9bff; --wave:#4a5563 } }
body { font:16px/1.5 system-ui,sans-serif; color:var(--ink); background:var(--paper); max-width:880px; margin:2rem auto; padding:0 1rem }
h1 { font-size:1.6rem } h2 { font-size:1.15rem; margin-top:2.2rem }
p.dim, .dim { color:var(--dim) }
svg { width:100%; height:auto; display:block; margin:.4rem 0 }
svg text { font:12px system-ui,sans-serif; fill:var(--ink) } svg text.title { font-weight:600 } svg text.tick { fill:var(--dim) }
svg line.grid { stroke:var(--line) } polyline { fill:none; stroke-width:1.6 }
polyline.wave { stroke:var(--wave); stroke-width:1.2 } circle.used { fill:var(--used) } circle.skipped { fill:var(--skipped); opacity:.55 }
text.legend.used { fill:var(--used) } text.legend.skipped { fill:var(--skipped) }
polyline.skip { stroke:var(--used) } polyline.dense { stroke:var(--skipped) } text.legend.skip { fill:var(--used) } text.legend.dense { fill:var(--skipped) }
rect.p0 { fill:var(--a) } rect.p1 { fill:var(--b) } rect.p2 { fill:var(--c) } rect.p3 { fill:var(--d) } rect.p4 { fill:var(--e) } rect.p5 { fill:var(--f) }
table { border-collapse:collapse; width:100% } th,td { text-align:right; padding:.35rem .6rem; border-bottom:1px solid var(--line); font-variant-numeric:tabular-nums }
th:first-child, td:first-child { text-align:left } .wide { overflow-x:auto }
";

/// The page.
pub fn html(c: &Contents<'_>) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>skiprnn demo</title><style>{STYLE}</style></head><body><h1>A network that sleeps through what it skips</h1>"
    );
    let s = c.summary;
    let _ = write!(
        page,
        "<p>A Skip LSTM with {} units learned to tell whether the period of a sine wave lies between 5 and 6 ms, \
         at a cost for every sample it uses. After each update it knows how many samples it will skip, so a board sleeps \
         until then. Below: which samples it used, how it learned, and what became of it as integers on an emulated \
         Cortex-M4.</p>",
        s["float"]["hidden"]
    );
    page.push_str(
        "<h2>Samples used and samples slept through</h2><p class=\"dim\">The integer model on held-out waves.</p>",
    );
    page.push_str(&waves(c));
    page.push_str("<h2>Training</h2>");
    page.push_str(&curves(c));
    page.push_str("<h2>Float, fixed, emulated</h2>");
    page.push_str(&table(s));
    page.push_str("<h2>Energy per sequence</h2>");
    page.push_str(&energy(c.energy));
    let _ = write!(
        page,
        "<p class=\"dim\">{:.0} s in all. Figures and their keys: summary.json beside this page.</p></body></html>",
        s["seconds"].as_f64().unwrap_or(0.0)
    );
    page
}

fn waves(c: &Contents<'_>) -> String {
    let mut out = String::new();
    for class in (0..c.class_names.len()).rev() {
        let of_class = (0..c.schedules.len()).filter(|n| c.labels.get(*n) == Some(&(class as u32)));
        for n in of_class.take(WAVES) {
            let wave: Vec<(f64, f64)> =
                c.x.sequence(n)
                    .iter()
                    .enumerate()
                    .map(|(t, v)| (t as f64, f64::from(*v)))
                    .collect();
            let (used, skipped): (Vec<_>, Vec<_>) =
                wave.iter().partition(|(t, _)| c.schedules[n].contains(&(*t as u32)));
            let title = format!(
                "class \"{}\": {} of {} samples used",
                c.class_names[class],
                used.len(),
                wave.len()
            );
            let chart = Chart {
                title: &title,
                x_label: "sample",
                x: (0.0, (c.x.length - 1) as f64),
                y: (-1.1, 1.1),
                size: (860.0, 150.0),
                series: vec![
                    Series {
                        class: "wave",
                        label: "",
                        points: &wave,
                        dots: false,
                    },
                    Series {
                        class: "skipped",
                        label: "skipped",
                        points: &skipped,
                        dots: true,
                    },
                    Series {
                        class: "used",
                        label: "used",
                        points: &used,
                        dots: true,
                    },
                ],
            };
            out.push_str(&chart.svg());
        }
    }
    out
}

fn curves(c: &Contents<'_>) -> String {
    let last = c
        .skip_curve
        .iter()
        .chain(c.dense_curve)
        .map(|p| p.step)
        .max()
        .unwrap_or(1) as f64;
    let pick = |points: &[Point], f: fn(&Point) -> f64| -> Vec<(f64, f64)> {
        points.iter().map(|p| (p.step as f64, f(p))).collect()
    };
    let (skip, dense) = (pick(c.skip_curve, |p| p.metric), pick(c.dense_curve, |p| p.metric));
    let (skip_updates, dense_updates) = (pick(c.skip_curve, |p| p.updates), pick(c.dense_curve, |p| p.updates));
    let chart = |title, y, skip, dense| {
        Chart {
            title,
            x_label: "training step",
            x: (0.0, last),
            y,
            size: (860.0, 210.0),
            series: vec![
                Series {
                    class: "skip",
                    label: "Skip LSTM",
                    points: skip,
                    dots: false,
                },
                Series {
                    class: "dense",
                    label: "LSTM",
                    points: dense,
                    dots: false,
                },
            ],
        }
        .svg()
    };
    let length = c.x.length as f64;
    chart("Accuracy on validation data", (0.4, 1.0), &skip, &dense)
        + &chart(
            "Samples used per sequence",
            (0.0, length),
            &skip_updates,
            &dense_updates,
        )
}

fn table(s: &Value) -> String {
    let percent = |v: &Value| {
        v.as_f64()
            .map_or_else(|| "not measured".into(), |v| format!("{:.2} %", 100.0 * v))
    };
    let number = |v: &Value, d: usize| v.as_f64().map_or_else(|| "not measured".into(), |v| format!("{v:.d$}"));
    let emulated = &s["emulated"];
    let identical = match emulated["identical_to_simulator"].as_bool() {
        Some(true) => "yes, to the bit".to_owned(),
        Some(false) => "NO".to_owned(),
        None => emulated["not_measured"]
            .as_str()
            .map_or_else(|| "not measured".into(), |why| format!("not measured: {}", escape(why))),
    };
    let microjoules = |key: &str| {
        let part = &s["energy"][key];
        format!(
            "{} ({} to {})",
            number(&part["mid"], 0),
            number(&part["low"], 0),
            number(&part["high"], 0)
        )
    };
    let rows = [
        (
            "accuracy",
            [
                percent(&s["dense"]["metric"]),
                percent(&s["float"]["metric"]),
                percent(&s["fixed"]["metric"]),
                percent(&emulated["metric"]),
            ],
        ),
        (
            "samples used, of 100",
            [
                number(&s["dense"]["updates_mean"], 1),
                number(&s["float"]["updates_mean"], 2),
                number(&s["fixed"]["updates_mean"], 2),
                number(&emulated["updates_mean"], 2),
            ],
        ),
        (
            "sequences",
            [
                number(&s["dense"]["sequences"], 0),
                number(&s["float"]["sequences"], 0),
                number(&s["fixed"]["sequences"], 0),
                number(&emulated["sequences"], 0),
            ],
        ),
        (
            "same decision as float",
            ["".into(), "".into(), percent(&s["fixed"]["same_decision"]), "".into()],
        ),
        (
            "bytes",
            ["".into(), "".into(), number(&s["fixed"]["blob_bytes"], 0), "".into()],
        ),
        (
            "instructions per update (counted)",
            [
                "".into(),
                "".into(),
                "".into(),
                number(&emulated["instructions_per_update"], 0),
            ],
        ),
        (
            "energy per sequence, uJ (predicted)",
            [
                microjoules("dense_uj_per_sequence"),
                "".into(),
                "".into(),
                microjoules("uj_per_sequence"),
            ],
        ),
        (
            "identical to the simulator",
            ["".into(), "".into(), "".into(), identical],
        ),
    ];
    let mut out = String::from(
        "<div class=\"wide\"><table><tr><th></th><th>LSTM, float</th><th>Skip LSTM, float</th><th>Skip LSTM, fixed</th><th>Skip LSTM, emulated</th></tr>",
    );
    for (name, cells) in rows {
        let _ = write!(
            out,
            "<tr><td>{name}</td>{}</tr>",
            cells.iter().map(|c| format!("<td>{c}</td>")).collect::<String>()
        );
    }
    out.push_str("</table></div>");
    out
}

fn energy(p: &Prediction) -> String {
    const CLASSES: [&str; 6] = ["p0", "p1", "p2", "p3", "p4", "p5"];
    let named = [p.parts.named(), p.dense_parts.named()];
    let bar = |k: usize| -> Vec<Part<'_>> {
        named[k]
            .iter()
            .zip(CLASSES)
            .map(|((name, part), class)| Part {
                class,
                value: part.mid,
                name,
            })
            .collect()
    };
    let mut out = stacked_bars(
        "Where the energy goes (middle of the prediction)",
        "uJ",
        &[("skipping", bar(0)), ("every sample", bar(1))],
    );
    let range = |i: &energy::Interval| format!("{:.2} to {:.2} uJ (middle {:.2})", i.low, i.high, i.mid);
    let _ = write!(
        out,
        "<p><b>Predicted, not measured</b>, for {} with {}: {} a sequence, against {} with every sample used.</p>",
        escape(&p.board),
        escape(&p.sensor),
        range(&p.uj_per_sequence),
        range(&p.dense_uj_per_sequence)
    );
    for note in &p.notes {
        let _ = write!(out, "<p class=\"dim\">{}</p>", escape(note));
    }
    out
}
