//! What a dataset holds, for people.

use charts::{
    Axis, Chart, DEFAULT_STYLE, Drawing, Group, GroupedBars, HEIGHT, Series, WIDTH, line_colours, span, stacked,
};
use dataset::{DatasetSummary, PartSummary};
use float_model::{printable, printable_list};
use std::fmt::Write;

/// Classes whose names a line of the table has room for.
const SHOWN: usize = 12;

fn class_name(s: &DatasetSummary, k: usize) -> String {
    s.class_names
        .get(k)
        .map_or_else(|| format!("class {k}"), |name| printable(name))
}

fn length(p: &PartSummary) -> String {
    match p.length_least == p.length_most {
        true => p.length_most.to_string(),
        false => format!("{} to {}, mean {:.1}", p.length_least, p.length_most, p.length_mean),
    }
}

/// What a dataset holds, as lines for people.
#[must_use]
pub fn text(s: &DatasetSummary) -> String {
    let rate = match s.sample_period_s {
        Some(period) => format!("{:.6} Hz ({period} s between samples)", 1.0 / period),
        None => "unknown; give --sample-period-s".into(),
    };
    let when = if s.every_step { ", an answer at every step" } else { "" };
    // Writing to a String cannot fail.
    let mut t = format!(
        "{}: {}, {} outputs{when}\nrate: {rate}\n",
        s.format, s.objective, s.outputs
    );
    let _ = writeln!(
        t,
        "\n{:<12}{:>10}  {:<28}groups",
        "part", "sequences", "samples a sequence"
    );
    for p in &s.parts {
        let groups = match p.groups.len() {
            0 => "unknown".into(),
            1..=6 => printable_list(&p.groups),
            n => format!("{n}"),
        };
        let _ = writeln!(t, "{:<12}{:>10}  {:<28}{groups}", p.part, p.sequences, length(p));
    }
    if s.parts.iter().any(|p| !p.class_counts.is_empty()) {
        let _ = write!(t, "\n{:<20}", "class");
        for p in &s.parts {
            let _ = write!(t, "{:>20}", p.part);
        }
        t.push('\n');
        for k in 0..s.outputs.min(SHOWN) {
            let _ = write!(t, "{:<20}", class_name(s, k));
            for p in &s.parts {
                let count = p.class_counts.get(k).copied().unwrap_or(0);
                let share = 100.0 * count as f64 / p.class_counts.iter().sum::<usize>().max(1) as f64;
                let _ = write!(t, "{:>20}", format!("{count} ({share:.1} %)"));
            }
            t.push('\n');
        }
        if s.outputs > SHOWN {
            let _ = writeln!(t, "... and {} more; --json has all", s.outputs - SHOWN);
        }
    }
    let _ = writeln!(
        t,
        "\n{:<20}{:<10}{:>12}{:>12}{:>12}{:>12}{:>12}",
        "channel", "unit", "least", "most", "mean", "std", "full scale"
    );
    for c in s.channels.iter().take(SHOWN) {
        let _ = writeln!(
            t,
            "{:<20}{:<10}{:>12.4}{:>12.4}{:>12.4}{:>12.4}{:>12}",
            printable(&c.name),
            printable(&c.unit),
            c.least,
            c.most,
            c.mean,
            c.std,
            c.full_scale
        );
    }
    if s.channels.len() > SHOWN {
        let _ = writeln!(t, "... and {} more; --json has all", s.channels.len() - SHOWN);
    }
    for reading in &s.readings {
        let _ = write!(t, "\nread: {reading}");
    }
    for warning in &s.warnings {
        let _ = write!(t, "\nwarning: {warning}");
    }
    for doubt in &s.doubts {
        let _ = write!(t, "\nuncertain: {doubt}");
    }
    t.trim_end().to_owned()
}

/// Colours of the channels' lines, by turns.
const LINES: [&str; 6] = ["#d1342f", "#3b6fd4", "#2f9e57", "#b07800", "#7a4fc4", "#68727f"];

/// What a dataset holds, as an SVG file: bars of the class balance, then a panel for each example with a line for each channel.
#[must_use]
pub fn figure(s: &DatasetSummary) -> String {
    let counts = |class| {
        s.parts
            .iter()
            .map(move |p| p.class_counts.get(class).copied().unwrap_or(0))
    };
    let balance = GroupedBars {
        title: "Sequences of each class",
        series: s.parts.iter().map(|p| p.part).collect(),
        groups: (0..s.outputs)
            .map(|class| Group {
                label: class_name(s, class),
                counts: counts(class).collect(),
            })
            .collect(),
    };
    let mut panels: Vec<Drawing> = balance.draw().into_iter().collect();
    for (name, values) in s.examples.iter().take(SHOWN) {
        let i = s.channels.len();
        let lines: Vec<Vec<(f64, f64)>> = (0..i)
            .map(|k| {
                let channel = values.iter().skip(k).step_by(i).enumerate();
                channel.map(|(t, v)| (t as f64, f64::from(*v))).collect()
            })
            .collect();
        let names: Vec<String> = (0..i).map(|k| format!("line{}", k % LINES.len())).collect();
        let series = lines
            .iter()
            .zip(&names)
            .map(|(points, class)| Series::line(class, "", points));
        let chart = Chart {
            title: &format!("{name}: the first training sequence, {i} channels"),
            x_label: "sample",
            x: Axis::linear(0.0, ((values.len() / i.max(1)).max(2) - 1) as f64),
            y: span(values.iter().map(|v| f64::from(*v))).into(),
            size: (WIDTH, HEIGHT),
            series: series.collect(),
        };
        panels.push(chart.draw());
    }
    stacked(&panels).to_file(&format!("{DEFAULT_STYLE}{}", line_colours(&LINES)))
}
