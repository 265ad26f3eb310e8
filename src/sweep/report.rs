//! The table of a sweep as CSV, markdown, JSON and lines for people, and its two pictures.

use super::figures::{Front, Line, Measured};
use crate::{jobs::Progress, output};
use charts::{Axis, Chart, DEFAULT_STYLE, HEIGHT, Series, WIDTH, span};
use energy::Interval;
use serde_json::{Value, json};
use std::{fmt::Write, path::Path};

/// Lines of text that the order of the table does not change.
fn state(m: &Measured) -> String {
    match &m.run.progress {
        Progress::Finished(_) => "finished".into(),
        Progress::Absent => "not started".into(),
        Progress::Refused(problem) => problem.clone(),
        Progress::Unfinished(None) => "just begun".into(),
        Progress::Unfinished(Some((step, ..))) => format!("at step {step} of {}", m.run.config.steps),
    }
}

fn or_empty(v: Option<f64>) -> String {
    v.map_or_else(String::new, |v| v.to_string())
}

fn ends(uj: Option<Interval>) -> String {
    let of = |end: fn(&Interval) -> f64| or_empty(uj.as_ref().map(end));
    format!("{},{},{}", of(|u| u.low), of(|u| u.mid), of(|u| u.high))
}

/// A line for each run.
fn runs_csv(front: &Front) -> String {
    let mut s = String::from(
        "run,cell,hidden,lambda,seed,state,steps,seconds,returns,chosen_metric,chosen_updates,metric,updates,macs_per_sequence,uj_low,uj_mid,uj_high\n",
    );
    for m in &front.runs {
        let (c, f) = (m.setting, m.run.finished());
        // Writing to a String cannot fail.
        let _ = writeln!(
            s,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            c.name(),
            c.cell,
            c.hidden,
            c.lambda,
            c.seed,
            state(m).replace(',', ";"),
            or_empty(f.map(|f| f.steps as f64)),
            or_empty(f.map(|f| f.seconds.round())),
            or_empty(f.map(|f| f.returns as f64)),
            or_empty(f.map(|f| f.metric)),
            or_empty(f.map(|f| f.updates)),
            or_empty(m.figures.map(|f| f.metric)),
            or_empty(m.figures.map(|f| f.updates_mean)),
            or_empty(m.figures.map(|f| f.macs)),
            ends(m.figures.and_then(|f| f.uj)),
        );
    }
    s
}

/// A line for each setting.
fn front_csv(front: &Front) -> String {
    let mut s = String::from(
        "setting,cell,hidden,lambda,runs,finished,chosen_metric,chosen_updates,metric,metric_deviation,updates,updates_deviation,macs_per_sequence,\
         uj_low,uj_mid,uj_high,on_updates_front,on_energy_front\n",
    );
    for l in &front.lines {
        let mean = |v: Option<(f64, Option<f64>)>| or_empty(v.map(|v| v.0));
        let deviation = |v: Option<(f64, Option<f64>)>| or_empty(v.and_then(|v| v.1));
        let _ = writeln!(
            s,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            l.name,
            l.setting.cell,
            l.setting.hidden,
            l.setting.lambda,
            l.runs.0,
            l.runs.1,
            or_empty(l.chosen_by.map(|c| c.0)),
            or_empty(l.chosen_by.map(|c| c.1)),
            mean(l.metric),
            deviation(l.metric),
            mean(l.updates),
            deviation(l.updates),
            or_empty(l.macs),
            ends(l.uj),
            l.on_updates_front,
            l.on_energy_front,
        );
    }
    s
}

fn spread((mean, deviation): (f64, Option<f64>), decimals: usize) -> String {
    match deviation {
        Some(d) => format!("{mean:.decimals$} ± {d:.decimals$}"),
        None => format!("{mean:.decimals$}"),
    }
}

fn fronts(l: &Line) -> &'static str {
    match (l.on_updates_front, l.on_energy_front) {
        (true, true) => "updates, energy",
        (true, false) => "updates",
        (false, true) => "energy",
        (false, false) => "",
    }
}

/// Cells of a setting's line: name, runs, metric, updates, MACs, energy, front.
fn cells(front: &Front, l: &Line) -> [String; 7] {
    let decimals = if front.metric_name == "mse" { 5 } else { 4 };
    let or_dash = |v: Option<String>| v.unwrap_or_else(|| "-".into());
    [
        l.name.clone(),
        format!("{} of {}", l.runs.1, l.runs.0),
        or_dash(l.metric.map(|m| spread(m, decimals))),
        or_dash(l.updates.map(|u| spread(u, 2))),
        or_dash(l.macs.map(|m| format!("{m:.0}"))),
        or_dash(l.uj.map(|u| u.to_string())),
        fronts(l).into(),
    ]
}

fn heads(front: &Front) -> [String; 7] {
    let metric = match front.metric_name.as_str() {
        "" => "metric",
        name => name,
    };
    ["setting", "runs", metric, "updates", "MACs", "uJ (predicted)", "front"].map(str::to_owned)
}

/// What the figures are.
fn legend(front: &Front) -> String {
    let mut s = match front.judged_on {
        "" => "No run is finished yet.".to_owned(),
        part => format!("Figures are means ± standard deviation over the finished seeds of a setting, on {part}."),
    };
    s += " A setting is on a front where no other one is at least as good for no more updates (or energy) by the figures that runs are \
          chosen by: on the validation part, or on fresh sequences of a generated task.";
    if let Some((board, sensor)) = &front.board {
        let _ = write!(
            s,
            " Energy is predicted, not measured, for {board} with {sensor}, from MACs and the samples used."
        );
    }
    for note in &front.notes {
        let _ = write!(s, " Note: {note}.");
    }
    s
}

fn markdown(front: &Front) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut s = format!("# Sweep\n\n{}\n\n", legend(front));
    s += &row(&heads(front));
    s += &row(&["---"; 7].map(str::to_owned));
    front.lines.iter().for_each(|l| s += &row(&cells(front, l)));
    s += "\nEvery run: [sweep.csv](sweep.csv); every setting: [front.csv](front.csv).\n";
    for (file, drawn) in pictures(front) {
        if drawn.is_some() {
            let _ = writeln!(s, "\n![{file}]({file})");
        }
    }
    s
}

/// Lines for people.
pub fn text(front: &Front, folder: &Path) -> String {
    let table: Vec<[String; 7]> = std::iter::once(heads(front))
        .chain(front.lines.iter().map(|l| cells(front, l)))
        .collect();
    let width = |k: usize| table.iter().map(|row| row[k].chars().count()).max().unwrap_or(0);
    let line = |row: &[String; 7]| {
        let padded = row.iter().enumerate().map(|(k, cell)| {
            let room = width(k) - cell.chars().count();
            format!("{cell}{}", " ".repeat(room))
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let lines: Vec<String> = table.iter().map(line).collect();
    format!(
        "{}\n{}\n{}",
        lines.join("\n"),
        legend(front),
        folder.join("SWEEP.md").display()
    )
}

/// One object.
pub fn json(front: &Front, folder: &Path, failed: &[String]) -> Value {
    let line = |l: &Line| {
        json!({
            "setting": l.name, "cell": l.setting.cell.name(), "hidden": l.setting.hidden, "lambda": l.setting.lambda,
            "runs": l.runs.0, "finished": l.runs.1,
            "chosen_metric": l.chosen_by.map(|c| c.0), "chosen_updates": l.chosen_by.map(|c| c.1),
            "metric": l.metric.map(|m| m.0), "metric_deviation": l.metric.and_then(|m| m.1),
            "updates_mean": l.updates.map(|u| u.0), "updates_deviation": l.updates.and_then(|u| u.1),
            "macs_per_sequence": l.macs, "uj_per_sequence": l.uj,
            "on_updates_front": l.on_updates_front, "on_energy_front": l.on_energy_front,
        })
    };
    let run = |m: &Measured| {
        json!({
            "setting": m.setting.name(), "seed": m.setting.seed, "folder": m.run.folder, "state": state(m),
            "steps": m.run.finished().map(|f| f.steps), "metric": m.figures.map(|f| f.metric),
            "updates_mean": m.figures.map(|f| f.updates_mean), "uj_per_sequence": m.figures.and_then(|f| f.uj),
        })
    };
    json!({
        "out": folder, "metric_name": front.metric_name, "judged_on": front.judged_on, "energy_label": "predicted",
        "board": front.board.as_ref().map(|b| &b.0), "sensor": front.board.as_ref().map(|b| &b.1),
        "failed": failed, "notes": front.notes,
        "settings": front.lines.iter().map(line).collect::<Vec<_>>(),
        "runs": front.runs.iter().map(run).collect::<Vec<_>>(),
    })
}

/// The metric over a cost of every finished setting, those on the front joined; `None` where no cost is known.
fn picture(
    front: &Front,
    x_label: &str,
    cost: &dyn Fn(&Line) -> Option<f64>,
    on: &dyn Fn(&Line) -> bool,
) -> Option<String> {
    let point = |l: &Line| Some((cost(l)?, l.metric?.0));
    let mut joined: Vec<(f64, f64)> = front.lines.iter().filter(|l| on(l)).filter_map(point).collect();
    joined.sort_by(|a, b| a.0.total_cmp(&b.0));
    let others: Vec<(f64, f64)> = front.lines.iter().filter(|l| !on(l)).filter_map(point).collect();
    let all = || joined.iter().chain(&others);
    all().next()?;
    let (low, high) = span(all().map(|p| p.1));
    let margin = 0.05 * (high - low);
    let largest = all().map(|p| p.0).fold(0.0, f64::max);
    let title = format!("{} of the settings, on {}", front.metric_name, front.judged_on);
    let chart = Chart {
        title: &title,
        x_label,
        x: Axis::linear(0.0, largest.max(f64::MIN_POSITIVE) * 1.05),
        y: Axis::linear(low - margin, high + margin),
        size: (WIDTH, 2.0 * HEIGHT),
        series: vec![
            Series::line("curve", "", &joined),
            Series::dots("skipped", "beaten", &others),
            Series::dots("used", "front", &joined),
        ],
    };
    Some(chart.draw().to_file(DEFAULT_STYLE))
}

fn pictures(front: &Front) -> [(&'static str, Option<String>); 2] {
    let updates = picture(front, "updates per sequence", &|l| Some(l.updates?.0), &|l| {
        l.on_updates_front
    });
    let label = front.board.as_ref().map_or(String::new(), |(board, sensor)| {
        format!("microjoules per sequence, predicted, {board} with {sensor}")
    });
    let energy = picture(front, &label, &|l| Some(l.uj?.mid), &|l| l.on_energy_front);
    [("front-updates.svg", updates), ("front-energy.svg", energy)]
}

/// Writes `sweep.csv`, `front.csv`, `SWEEP.md`, `front-updates.svg` and, with a board, `front-energy.svg`.
pub fn write(front: &Front, folder: &Path) -> anyhow::Result<()> {
    for (file, svg) in pictures(front) {
        if let Some(svg) = svg {
            output::write_atomically(&folder.join(file), svg.as_bytes())?;
        }
    }
    for (file, text) in [
        ("sweep.csv", runs_csv(front)),
        ("front.csv", front_csv(front)),
        ("SWEEP.md", markdown(front)),
    ] {
        output::write_atomically(&folder.join(file), text.as_bytes())?;
    }
    Ok(())
}
