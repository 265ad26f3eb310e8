//! The tables as Markdown, CSV, JSON and lines of text, and the pictures.

use super::{
    fronts::{Comparison, RESAMPLES, SEED},
    lines::{Comparisons, Line, Spread},
};
use crate::output;
use charts::{Axis, Chart, DEFAULT_STYLE, HEIGHT, Scale, Series, WIDTH, span};
use host_train::TrainConfig;
use serde_json::{Value, json};
use std::{fmt::Write, path::Path};

/// Everything there is to tell.
pub struct Table {
    /// A line for each method and setting.
    pub lines: Vec<Line>,
    /// Methods at equal numbers of samples.
    pub comparisons: Comparisons,
    /// Classes of the held-out sequences.
    pub labels: Vec<u32>,
    /// What those are.
    pub judged_on: &'static str,
    /// Board and sensor.
    pub boards: Vec<(String, String)>,
    /// Of a held-out sequence, mean.
    pub samples: f64,
    /// The training options of every rival.
    pub recipe: TrainConfig,
    /// What is missing, and why.
    pub notes: Vec<String>,
}

/// Colours of the methods; the rest is [`DEFAULT_STYLE`]'s.
const COLOURS: &str = "<style>circle.skip, circle.dial { stroke:none } .skip { stroke:#d1342f } circle.skip, text.skip { fill:#d1342f } \
    .dial { stroke:#e08a1e } circle.dial, text.dial { fill:#e08a1e } .every { stroke:#3b6fd4 } circle.every, text.every { fill:#3b6fd4 } \
    .random { stroke:#8a94a3 } circle.random, text.random { fill:#8a94a3 } .exit { stroke:#2f8f5b } circle.exit, text.exit { fill:#2f8f5b } \
    .cnn { stroke:#7d4bb5 } circle.cnn, text.cnn { fill:#7d4bb5 } text { stroke:none }</style>";
/// Classes of lines and what the legend calls them.
const CLASSES: [(&str, &str); 6] = [
    ("skip", "skipping"),
    ("dial", "one model, dial"),
    ("every", "fixed rate"),
    ("random", "random"),
    ("exit", "early exit"),
    ("cnn", "1D CNN"),
];

fn spread((mean, deviation): Spread, decimals: usize) -> String {
    match deviation {
        Some(d) => format!("{mean:.decimals$} ± {d:.decimals$}"),
        None => format!("{mean:.decimals$}"),
    }
}

fn or_dash(v: Option<String>) -> String {
    v.unwrap_or_else(|| "-".into())
}

/// Cells of a line: name, method, runs, accuracy, samples, share, MACs, parameters, values in RAM, energy on each board.
fn cells(t: &Table, l: &Line) -> Vec<String> {
    let mut cells = vec![
        l.name.clone(),
        l.method.words(),
        format!("{} of {}", l.runs.len(), l.asked),
        or_dash(l.accuracy(&t.labels).map(|a| spread(a, 4))),
        or_dash(l.samples().map(|s| spread(s, 2))),
        or_dash(l.samples().map(|s| format!("{:.1} %", 100.0 * s.0 / t.samples))),
        or_dash(l.macs().map(|m| format!("{m:.0}"))),
        or_dash(l.parameters().map(|p| p.to_string())),
        or_dash(l.live_values().map(|v| v.to_string())),
    ];
    cells.extend((0..t.boards.len()).map(|k| or_dash(l.uj(k).map(|u| u.to_string()))));
    cells
}

fn heads(t: &Table) -> Vec<String> {
    let names = [
        "name",
        "method",
        "runs",
        "accuracy",
        "samples",
        "share",
        "MACs",
        "parameters",
        "RAM, values",
    ];
    let boards = t.boards.iter().map(|(board, _)| format!("uJ on {board} (predicted)"));
    names.map(str::to_owned).into_iter().chain(boards).collect()
}

fn comparison_heads(method: &str) -> [String; 7] {
    [
        method,
        "against",
        "samples",
        "accuracy",
        "rival's",
        "difference, points",
        "95 % interval, points",
    ]
    .map(str::to_owned)
}

fn comparison_cells(c: &Comparison) -> [String; 7] {
    let verdict = match (c.is_win(), c.is_loss()) {
        (true, _) => ": a win",
        (_, true) => ": a loss",
        _ => "",
    };
    [
        c.name.clone(),
        c.against.clone(),
        format!("{:.2}", c.samples),
        format!("{:.4}", c.accuracy),
        format!("{:.4}", c.rival),
        format!("{:+.2}", 100.0 * (c.accuracy - c.rival)),
        format!("{:+.2} to {:+.2}{verdict}", 100.0 * c.interval.0, 100.0 * c.interval.1),
    ]
}

/// The training options that say how, as TOML: not where the recordings lie, nor on how many threads.
fn recipe(config: &TrainConfig) -> anyhow::Result<String> {
    let mut table = toml::Table::try_from(config)?;
    for key in [
        "data",
        "seed",
        "threads",
        "checkpoint_seconds",
        "device",
        "cell",
        "engine",
        "binarize",
        "rollback",
        "budget",
    ] {
        table.remove(key);
    }
    Ok(toml::to_string(&table)?)
}

fn markdown(t: &Table) -> anyhow::Result<String> {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = |n: usize| row(&vec!["---".to_owned(); n]);
    let mut s = format!(
        "# Skipping and its rivals\n\nWritten by `skiprnn rivals`; do not edit it. Accuracy, samples and MACs are measured on {} ({} sequences of \
         {:.1} samples, mean), and are means ± standard deviation over seeds. Every state was chosen on the validation part. ",
        t.judged_on,
        t.labels.len(),
        t.samples
    );
    if !t.boards.is_empty() {
        let pairs: Vec<String> = t.boards.iter().map(|(b, s)| format!("{b} with {s}")).collect();
        let _ = write!(
            s,
            "Energy is predicted, not measured, by the model of `skiprnn energy predict`, for {}: from the shape of the network and the samples \
             used, the sensor switched off where that pays. A convolutional network reads every sample; a MAC of it costs as many \
             instructions as one of the dense kernels in `benches/mcu.md` on that core, and all else (loops, rescaling, ReLU) nothing, which is kind \
             to it. ",
            pairs.join(" and ")
        );
    }
    s += "Parameters are those of a blob: weights, one bias a row, initial states, gate, head. Values in RAM stay there \
          while a sequence is read: the state of a recurrent network; of a convolutional one the inputs and outputs of its widest layer, the \
          window among them.\n\n## Methods\n\n";
    s += &row(&heads(t));
    s += &rule(heads(t).len());
    t.lines.iter().for_each(|l| s += &row(&cells(t, l)));
    for file in pictures(t).iter().map(|(file, _)| file) {
        let _ = write!(s, "\n![{file}]({file})\n");
    }
    let _ = write!(
        s,
        "\n## At equal numbers of samples\n\nThe rival's accuracy lies on the line between its two settings next to the same number of samples \
         (linear in the logarithm of the samples; no setting, no comparison). Intervals: paired bootstrap over the held-out sequences, {RESAMPLES} \
         draws from seed {SEED}, the same sequences for both methods, of the mean over the seeds; sequences count as independent. A win is an interval \
         above 0.\n"
    );
    let c = &t.comparisons;
    for (title, method, list) in [
        (
            "Each skip model against fixed rates and random skipping",
            "skip model",
            &c.skip_against_rivals,
        ),
        (
            "The fronts of skip models at the samples of each fixed rate (settings that no other one beats on the validation part)",
            "front",
            &c.fronts_at_rates,
        ),
        (
            "One model with a dial against separately trained ones",
            "dial",
            &c.dial_against_separate,
        ),
    ] {
        if !list.is_empty() {
            let _ = write!(s, "\n### {title}\n\n");
            s += &row(&comparison_heads(method));
            s += &rule(7);
            list.iter().for_each(|c| s += &row(&comparison_cells(c)));
        }
    }
    let _ = write!(
        s,
        "\n## How they were trained\n\nEvery rival by the training options of the skip runs, what speaks of updates aside; the convolutional networks by \
         those of them that they have (steps, batch, rate and schedule, dropout):\n\n```toml\n{}```\n",
        recipe(&t.recipe)?
    );
    s += "\nEvery line: [rivals.csv](rivals.csv); every comparison: [comparisons.csv](comparisons.csv).\n";
    if !t.notes.is_empty() {
        s += "\nNotes:\n\n";
        t.notes.iter().for_each(|n| s += &format!("- {n}\n"));
    }
    Ok(s)
}

fn csv(t: &Table) -> String {
    let mut s = String::from(
        "name,cell,method,runs,accuracy,accuracy_deviation,samples,samples_deviation,share,macs_per_sequence,parameters,live_values,validation_accuracy,\
         validation_samples",
    );
    for (board, _) in &t.boards {
        let _ = write!(s, ",{board}_uj_low,{board}_uj_mid,{board}_uj_high");
    }
    s += "\n";
    let number = |v: Option<f64>| v.map_or_else(String::new, |v| v.to_string());
    let mean = |v: Option<Spread>| number(v.map(|v| v.0));
    let deviation = |v: Option<Spread>| number(v.and_then(|v| v.1));
    for l in &t.lines {
        let (accuracy, samples, validation) = (l.accuracy(&t.labels), l.samples(), l.validation());
        let mut cells = vec![
            l.name.clone(),
            l.method.cell(),
            l.method.class().into(),
            l.runs.len().to_string(),
            mean(accuracy),
            deviation(accuracy),
            mean(samples),
            deviation(samples),
            number(samples.map(|s| s.0 / t.samples)),
            number(l.macs()),
            number(l.parameters().map(|p| p as f64)),
            number(l.live_values().map(|v| v as f64)),
            number(validation.map(|v| v.0)),
            number(validation.map(|v| v.1)),
        ];
        for k in 0..t.boards.len() {
            let uj = l.uj(k);
            cells.extend([uj.map(|u| u.low), uj.map(|u| u.mid), uj.map(|u| u.high)].map(number));
        }
        s += &format!("{}\n", cells.join(","));
    }
    s
}

fn sections(c: &Comparisons) -> [(&'static str, &Vec<Comparison>); 3] {
    [
        ("skip_against_rivals", &c.skip_against_rivals),
        ("fronts_at_rates", &c.fronts_at_rates),
        ("dial_against_separate", &c.dial_against_separate),
    ]
}

fn comparisons_csv(c: &Comparisons) -> String {
    let mut s = String::from("table,method,against,samples,accuracy,rival_accuracy,difference,low,high\n");
    for (table, list) in sections(c) {
        for c in list {
            let _ = writeln!(
                s,
                "{table},{},{},{},{},{},{},{},{}",
                c.name.replace(',', ";"),
                c.against,
                c.samples,
                c.accuracy,
                c.rival,
                c.accuracy - c.rival,
                c.interval.0,
                c.interval.1
            );
        }
    }
    s
}

/// One object.
pub fn json(t: &Table, folder: &Path, failed: &[String]) -> Value {
    let line = |l: &Line| {
        json!({
            "name": l.name, "cell": l.method.cell(), "method": l.method.class(), "asked": l.asked, "runs": l.runs.len(),
            "accuracy": l.accuracy(&t.labels).map(|a| a.0), "accuracy_deviation": l.accuracy(&t.labels).and_then(|a| a.1),
            "samples_mean": l.samples().map(|s| s.0), "samples_share": l.samples().map(|s| s.0 / t.samples),
            "macs_per_sequence": l.macs(), "parameters": l.parameters(),
            "live_values": l.live_values(),
            "uj_per_sequence": (0..t.boards.len()).map(|k| l.uj(k)).collect::<Vec<_>>(),
        })
    };
    let comparison = |c: &Comparison| {
        json!({
            "method": c.name, "against": c.against, "samples": c.samples, "accuracy": c.accuracy, "rival_accuracy": c.rival,
            "difference": c.accuracy - c.rival, "low": c.interval.0, "high": c.interval.1, "win": c.is_win(),
        })
    };
    let mut value = json!({
        "out": folder, "judged_on": t.judged_on, "sequences": t.labels.len(), "samples_mean": t.samples, "energy_label": "predicted",
        "boards": t.boards.iter().map(|(b, s)| json!({ "board": b, "sensor": s })).collect::<Vec<_>>(),
        "bootstrap": { "resamples": RESAMPLES, "seed": SEED }, "failed": failed, "notes": t.notes,
        "methods": t.lines.iter().map(line).collect::<Vec<_>>(),
    });
    for (table, list) in sections(&t.comparisons) {
        let list: Vec<Value> = list.iter().map(comparison).collect();
        output::merge(&mut value, json!({ table: list }));
    }
    value
}

fn aligned(table: &[Vec<String>]) -> String {
    let columns = table.first().map_or(0, Vec::len);
    let width = |k: usize| table.iter().map(|row| row[k].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().zip(&widths).map(|(cell, w)| {
            let room = w - cell.chars().count();
            format!("{cell}{}", " ".repeat(room))
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    table.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Lines for people.
pub fn text(t: &Table, folder: &Path) -> String {
    let table: Vec<Vec<String>> = std::iter::once(heads(t))
        .chain(t.lines.iter().map(|l| cells(t, l)))
        .collect();
    let mut s = aligned(&table);
    let all: Vec<&Comparison> = sections(&t.comparisons)
        .into_iter()
        .flat_map(|(_, list)| list)
        .collect();
    if !all.is_empty() {
        let head = std::iter::once(comparison_heads("method").into());
        let rows: Vec<Vec<String>> = head
            .chain(all.into_iter().map(|c| comparison_cells(c).into()))
            .collect();
        s += &format!(
            "\n\nAt equal numbers of samples (paired bootstrap, {RESAMPLES} draws, seed {SEED})\n{}",
            aligned(&rows)
        );
    }
    t.notes.iter().for_each(|n| s += &format!("\nNote: {n}"));
    format!("{s}\n{}", folder.join("rivals.md").display())
}

/// Accuracy over a cost of every line, those of a kind joined by rising cost; `None` where no cost is known.
fn picture(t: &Table, title: &str, x_label: &str, cost: &dyn Fn(&Line) -> Option<f64>) -> Option<String> {
    let points = |class: &str| -> Vec<(f64, f64)> {
        let mine = t.lines.iter().filter(|l| l.method.class() == class);
        let mut points: Vec<(f64, f64)> = mine
            .filter_map(|l| Some((cost(l)?.log2(), l.accuracy(&t.labels)?.0)))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    };
    let all: Vec<_> = CLASSES
        .iter()
        .map(|(class, label)| (*class, *label, points(class)))
        .collect();
    let shown = || all.iter().flat_map(|(_, _, points)| points);
    shown().next()?;
    let (x, y) = (span(shown().map(|p| p.0)), span(shown().map(|p| p.1)));
    let margin = 0.05 * (y.1 - y.0);
    let mut series = Vec::new();
    for (class, label, points) in all.iter().filter(|(_, _, points)| !points.is_empty()) {
        series.extend([Series::line(class, "", points), Series::dots(class, label, points)]);
    }
    let chart = Chart {
        title,
        x_label,
        x: Axis {
            range: (x.0 - 0.2, x.1 + 0.2),
            scale: Scale::Log2,
        },
        y: Axis::linear(y.0 - margin, y.1 + margin),
        size: (WIDTH, 2.0 * HEIGHT),
        series,
    };
    Some(chart.draw().to_file(&format!("{DEFAULT_STYLE}{COLOURS}")))
}

fn pictures(t: &Table) -> Vec<(String, String)> {
    let samples = picture(t, "Accuracy", "samples per sequence", &|l| l.samples().map(|s| s.0));
    let mut all: Vec<(String, String)> = samples.map(|svg| ("rivals.svg".into(), svg)).into_iter().collect();
    for (k, (board, sensor)) in t.boards.iter().enumerate() {
        let label = format!("microjoules per sequence, predicted, {board} with {sensor}");
        let svg = picture(t, "Accuracy", &label, &|l| l.uj(k).map(|u| u.mid));
        let file = board.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        all.extend(svg.map(|svg| (format!("rivals-{file}.svg"), svg)));
    }
    all
}

/// Writes `rivals.md`, `rivals.csv`, `comparisons.csv`, `rivals.svg` and, for each board, `rivals-BOARD.svg`.
pub fn write(t: &Table, folder: &Path) -> anyhow::Result<()> {
    for (file, svg) in pictures(t) {
        output::write_atomically(&folder.join(file), svg.as_bytes())?;
    }
    for (file, text) in [
        ("rivals.csv", csv(t)),
        ("comparisons.csv", comparisons_csv(&t.comparisons)),
        ("rivals.md", markdown(t)?),
    ] {
        output::write_atomically(&folder.join(file), text.as_bytes())?;
    }
    Ok(())
}
