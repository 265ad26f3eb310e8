//! The results of a sweep as CSV, Markdown, JSON and lines for people, and two figures.

use super::front::{Front, RunResult, SettingResult};
use crate::{
    Error, HeldOut,
    jobs::Progress,
    table::{aligned, head, or_dash, or_empty, row},
    write_atomically,
};
use charts::{Axis, Chart, DEFAULT_STYLE, HEIGHT, Series, WIDTH, span};
use energy::Interval;
use serde::Serialize;
use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

fn state(r: &RunResult) -> String {
    match &r.run.progress {
        Progress::Finished(_) => "finished".into(),
        Progress::Absent => "not started".into(),
        Progress::Refused(problem) | Progress::Damaged(problem) => problem.clone(),
        Progress::Unfinished(None) => "just begun".into(),
        Progress::Unfinished(Some(last)) => format!("at step {} of {}", last.step, r.run.config.steps),
    }
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
    for r in &front.runs {
        let (c, f) = (r.setting, r.run.finished());
        // Writing to a String cannot fail.
        let _ = writeln!(
            s,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            c.name(),
            c.cell,
            c.hidden,
            c.lambda,
            c.seed,
            state(r).replace(',', ";").replace(char::is_control, " "),
            or_empty(f.map(|f| f.steps as f64)),
            or_empty(f.map(|f| f.seconds.round())),
            or_empty(f.map(|f| f.returns as f64)),
            or_empty(f.map(|f| f.metric)),
            or_empty(f.map(|f| f.updates)),
            or_empty(r.figures.map(|f| f.metric)),
            or_empty(r.figures.map(|f| f.updates_mean)),
            or_empty(r.figures.map(|f| f.macs)),
            ends(r.figures.and_then(|f| f.uj)),
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
    for l in &front.settings {
        let _ = writeln!(
            s,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            l.name,
            l.setting.cell,
            l.setting.hidden,
            l.setting.lambda,
            l.runs,
            l.finished,
            or_empty(l.chosen_by.map(|c| c.metric)),
            or_empty(l.chosen_by.map(|c| c.updates)),
            or_empty(l.metric.map(|m| m.mean)),
            or_empty(l.metric.and_then(|m| m.deviation)),
            or_empty(l.updates.map(|u| u.mean)),
            or_empty(l.updates.and_then(|u| u.deviation)),
            or_empty(l.macs),
            ends(l.uj),
            l.on_updates_front,
            l.on_energy_front,
        );
    }
    s
}

fn fronts(l: &SettingResult) -> &'static str {
    match (l.on_updates_front, l.on_energy_front) {
        (true, true) => "updates, energy",
        (true, false) => "updates",
        (false, true) => "energy",
        (false, false) => "",
    }
}

/// Cells of a setting's line: name, runs, metric, updates, MACs, energy, front.
fn cells(front: &Front, l: &SettingResult) -> Vec<String> {
    let decimals = if front.metric_name == "mse" { 5 } else { 4 };
    vec![
        l.name.clone(),
        format!("{} of {}", l.finished, l.runs),
        or_dash(l.metric.map(|m| m.words(|v| format!("{v:.decimals$}")))),
        or_dash(l.updates.map(|u| u.words(|v| format!("{v:.2}")))),
        or_dash(l.macs.map(|m| format!("{m:.0}"))),
        or_dash(l.uj.map(|u| u.to_string())),
        fronts(l).into(),
    ]
}

fn heads(front: &Front) -> Vec<String> {
    let metric = match front.metric_name.as_str() {
        "" => "metric",
        name => name,
    };
    ["setting", "runs", metric, "updates", "MACs", "uJ (predicted)", "front"]
        .map(str::to_owned)
        .into()
}

/// What the figures are.
fn legend(front: &Front) -> String {
    let mut s = match front.evaluated_on {
        None => "No run is finished yet.".to_owned(),
        Some(part) => format!(
            "Figures are means ± standard deviation over the finished seeds of a setting, on {}.",
            part.words()
        ),
    };
    s += " A setting is on a front where no other one is at least as good for no more updates (or energy) by the figures that runs are \
          chosen by: on the validation part, or on fresh sequences of a generated task.";
    if let Some(hardware) = &front.hardware {
        let _ = write!(
            s,
            " Energy is predicted, not measured, for {hardware}, from MACs and the samples used."
        );
    }
    for note in &front.notes {
        let _ = write!(s, " Note: {note}.");
    }
    for run in &front.damaged {
        let _ = write!(s, " Left out: {}.", run.replace(char::is_control, " "));
    }
    s
}

fn markdown(front: &Front) -> String {
    let mut s = format!("# Sweep\n\n{}\n\n", legend(front));
    s += &head(&heads(front));
    front.settings.iter().for_each(|l| s += &row(&cells(front, l)));
    s += "\nEvery run: [sweep.csv](sweep.csv); every setting: [front.csv](front.csv).\n";
    for (file, drawn) in figures(front) {
        if drawn.is_some() {
            let _ = writeln!(s, "\n![{file}]({file})");
        }
    }
    s
}

/// A setting of a sweep as the command's JSON gives it.
#[derive(Debug, Serialize)]
pub struct SettingJson {
    setting: String,
    cell: &'static str,
    hidden: usize,
    lambda: f64,
    runs: usize,
    finished: usize,
    chosen_metric: Option<f64>,
    chosen_updates: Option<f64>,
    metric: Option<f64>,
    metric_deviation: Option<f64>,
    updates_mean: Option<f64>,
    updates_deviation: Option<f64>,
    macs_per_sequence: Option<f64>,
    uj_per_sequence: Option<Interval>,
    on_updates_front: bool,
    on_energy_front: bool,
}

/// A run of a sweep as the command's JSON gives it.
#[derive(Debug, Serialize)]
pub struct RunJson {
    setting: String,
    seed: u64,
    folder: PathBuf,
    state: String,
    steps: Option<u64>,
    metric: Option<f64>,
    updates_mean: Option<f64>,
    uj_per_sequence: Option<Interval>,
}

/// A sweep as the command's JSON gives it.
#[derive(Debug, Serialize)]
pub struct FrontJson<'a> {
    out: &'a Path,
    metric_name: &'a str,
    /// Empty where nothing is finished.
    judged_on: &'static str,
    energy_label: &'static str,
    board: Option<&'a str>,
    sensor: Option<&'a str>,
    failed: &'a [String],
    notes: &'a [String],
    damaged: &'a [String],
    settings: Vec<SettingJson>,
    runs: Vec<RunJson>,
}

impl Front {
    /// Lines for people; `folder` is that of the sweep.
    #[must_use]
    pub fn text(&self, folder: &Path) -> String {
        let lines = self.settings.iter().map(|l| cells(self, l));
        let table: Vec<Vec<String>> = std::iter::once(heads(self)).chain(lines).collect();
        format!(
            "{}\n{}\n{}",
            aligned(&table),
            legend(self),
            folder.join("SWEEP.md").display()
        )
    }

    /// What the command gives as JSON; `failed` has a line for each run that failed.
    #[must_use]
    pub fn json<'a>(&'a self, folder: &'a Path, failed: &'a [String]) -> FrontJson<'a> {
        let setting = |l: &SettingResult| SettingJson {
            setting: l.name.clone(),
            cell: l.setting.cell.name(),
            hidden: l.setting.hidden,
            lambda: l.setting.lambda,
            runs: l.runs,
            finished: l.finished,
            chosen_metric: l.chosen_by.map(|c| c.metric),
            chosen_updates: l.chosen_by.map(|c| c.updates),
            metric: l.metric.map(|m| m.mean),
            metric_deviation: l.metric.and_then(|m| m.deviation),
            updates_mean: l.updates.map(|u| u.mean),
            updates_deviation: l.updates.and_then(|u| u.deviation),
            macs_per_sequence: l.macs,
            uj_per_sequence: l.uj,
            on_updates_front: l.on_updates_front,
            on_energy_front: l.on_energy_front,
        };
        let run = |r: &RunResult| RunJson {
            setting: r.setting.name(),
            seed: r.setting.seed,
            folder: r.run.folder.clone(),
            state: state(r),
            steps: r.run.finished().map(|f| f.steps),
            metric: r.figures.map(|f| f.metric),
            updates_mean: r.figures.map(|f| f.updates_mean),
            uj_per_sequence: r.figures.and_then(|f| f.uj),
        };
        FrontJson {
            out: folder,
            metric_name: &self.metric_name,
            judged_on: self.evaluated_on.map_or("", HeldOut::words),
            energy_label: "predicted",
            board: self.hardware.as_ref().map(|h| h.board.as_str()),
            sensor: self.hardware.as_ref().map(|h| h.sensor.as_str()),
            failed,
            notes: &self.notes,
            damaged: &self.damaged,
            settings: self.settings.iter().map(setting).collect(),
            runs: self.runs.iter().map(run).collect(),
        }
    }

    /// Writes `sweep.csv`, `front.csv`, `SWEEP.md`, `front-updates.svg` and, with a board, `front-energy.svg`.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        for (file, svg) in figures(self) {
            if let Some(svg) = svg {
                write_atomically(&folder.join(file), svg.as_bytes())?;
            }
        }
        for (file, text) in [
            ("sweep.csv", runs_csv(self)),
            ("front.csv", front_csv(self)),
            ("SWEEP.md", markdown(self)),
        ] {
            write_atomically(&folder.join(file), text.as_bytes())?;
        }
        Ok(())
    }
}

/// The metric over a cost of every finished setting, those on the front joined; `None` where no cost is known.
fn figure(
    front: &Front,
    x_label: &str,
    cost: &dyn Fn(&SettingResult) -> Option<f64>,
    on: &dyn Fn(&SettingResult) -> bool,
) -> Option<String> {
    let point = |l: &SettingResult| Some((cost(l)?, l.metric?.mean));
    let mut joined: Vec<(f64, f64)> = front.settings.iter().filter(|l| on(l)).filter_map(point).collect();
    joined.sort_by(|a, b| a.0.total_cmp(&b.0));
    let others: Vec<(f64, f64)> = front.settings.iter().filter(|l| !on(l)).filter_map(point).collect();
    let all = || joined.iter().chain(&others);
    all().next()?;
    let (low, high) = span(all().map(|p| p.1));
    let margin = 0.05 * (high - low);
    let largest = all().map(|p| p.0).fold(0.0, f64::max);
    let part = front.evaluated_on.map_or("", HeldOut::words);
    let title = format!("{} of the settings, on {part}", front.metric_name);
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

fn figures(front: &Front) -> [(&'static str, Option<String>); 2] {
    let updates = figure(front, "updates per sequence", &|l| Some(l.updates?.mean), &|l| {
        l.on_updates_front
    });
    let hardware = front.hardware.as_ref();
    let label = hardware.map_or(String::new(), |h| format!("microjoules per sequence, predicted, {h}"));
    let energy = figure(front, &label, &|l| Some(l.uj?.mid), &|l| l.on_energy_front);
    [("front-updates.svg", updates), ("front-energy.svg", energy)]
}
