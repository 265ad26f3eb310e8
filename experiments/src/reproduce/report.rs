//! RESULTS.md, and the CSV files and figures beside it.

use super::rows::{Row, Table, Verdict};
use crate::{
    Error, Spread, TrainedModel,
    held_out::SEED,
    jobs::{Finished, Progress, Run},
    plot::{digits, draw_curves, draw_samples},
    table::{or_dash, or_empty},
    write_atomically,
};
use host_train::{DataSource, TrainConfig};
use serde::Serialize;
use std::{fmt::Write, path::Path};

/// Sequences of a figure of samples used.
const DRAWN: usize = 3;

/// One table with its runs.
pub struct Section {
    /// The table.
    pub table: Table,
    /// Every row with its runs.
    pub lines: Vec<(Vec<Run>, Row)>,
}

/// What the finished runs of a row give together.
struct Summary<'a> {
    finished: Vec<&'a Finished>,
    solved: usize,
    updates: Option<Spread>,
    metric: Option<Spread>,
}

impl<'a> Summary<'a> {
    fn of(runs: &'a [Run]) -> Self {
        let finished: Vec<&Finished> = runs.iter().filter_map(Run::finished).collect();
        let all = |figure: fn(&Finished) -> f64| Spread::of(&finished.iter().map(|f| figure(f)).collect::<Vec<_>>());
        Summary {
            solved: finished.iter().filter(|f| f.solved).count(),
            updates: all(|f| f.updates),
            metric: all(|f| f.metric),
            finished,
        }
    }
}

/// Multiply-accumulates of the cell a sequence, its gate and the head aside, as the paper counts them.
fn flops(row: &Row, config: &TrainConfig, updates: f64) -> f64 {
    let inputs = match row.data {
        DataSource::Adding { .. } => 2,
        _ => 1,
    };
    let dense = row.cell.dense();
    updates * dense.macs_per_update(inputs, config.hidden, config.layers) as f64
}

/// Where a configuration differs from the paper's: batch 256, 110 units, learning rate 1e-4, constant.
fn differences(row: &Row, config: &TrainConfig) -> String {
    let mut list = Vec::new();
    if (config.learning_rate, config.learning_rate_schedule) != (1e-4, Default::default()) {
        list.push(format!(
            "rate {:e}, {}",
            config.learning_rate, config.learning_rate_schedule
        ));
    }
    if let Some(most) = config.decision_clip {
        list.push(format!("decision clip {most}"));
    }
    if let Some(n) = config.start_every {
        list.push(format!("the gate starts at every {n}th sample"));
    }
    if config.hidden != 110 {
        list.push(format!("{} units", config.hidden));
    }
    if config.batch != 256 {
        list.push(format!("batch {}", config.batch));
    }
    if row.cell.family() == float_model::Family::Gru {
        list.push("GRU: r after the matrix product".into());
    }
    list.join("; ")
}

/// The command that makes a run of a row.
fn command(row: &Row, config: &TrainConfig) -> String {
    let mut line = format!("skiprnn train {} --cell {}", config.data.name(), row.cell);
    // Writing to a String cannot fail.
    let _ = match row.p_skip {
        Some(p) => write!(line, " --p-skip {p}"),
        None if row.lambda == 0.0 => write!(line, " --lambda 0"),
        None => write!(line, " --lambda {:e}", row.lambda),
    };
    if let DataSource::Frequency { sample_period_s } = row.data {
        let _ = write!(line, " --sample-period-s {sample_period_s:e}");
    }
    if let Some(n) = config.start_every {
        let _ = write!(line, " --start-every {n}");
    }
    let usual = row.data.default_config();
    for (option, value, usual) in [
        ("hidden", config.hidden as u64, usual.hidden as u64),
        ("steps", config.steps, usual.steps),
        ("batch", config.batch as u64, usual.batch as u64),
        ("eval-every", config.eval_every, usual.eval_every),
    ] {
        if value != usual {
            let _ = write!(line, " --{option} {value}");
        }
    }
    if let DataSource::Mnist(digits) = &row.data {
        line.push_str(" --data DIR");
        if digits.pool != 1 {
            let _ = write!(line, " --pool {}", digits.pool);
        }
    }
    if let Some(steps) = config.settle_steps {
        let _ = write!(line, " --settle-steps {steps}");
    }
    line
}

/// What the paper reaches, as the command's JSON gives it.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
enum ClaimJson {
    Solved { solved: bool },
    Accuracy { accuracy_mean: f64, accuracy_std: f64 },
}

impl From<Verdict> for ClaimJson {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Solved(solved) => ClaimJson::Solved { solved },
            Verdict::Accuracy(accuracy_mean, accuracy_std) => ClaimJson::Accuracy {
                accuracy_mean,
                accuracy_std,
            },
        }
    }
}

/// A row as the command's JSON gives it.
#[derive(Debug, Serialize)]
pub struct RowJson {
    row: String,
    runs: usize,
    finished: usize,
    solved: usize,
    updates_mean: Option<f64>,
    updates_std: Option<f64>,
    metric_mean: Option<f64>,
    paper_updates: f64,
    paper: ClaimJson,
    state: String,
}

impl Section {
    fn metric_name(&self) -> &'static str {
        match self.table {
            Table::Adding => "MSE",
            Table::Frequency | Table::Mnist => "accuracy",
        }
    }

    fn metric(&self, v: f64) -> String {
        match self.table {
            Table::Adding => format!("{v:.2e}"),
            Table::Frequency | Table::Mnist => format!("{v:.4}"),
        }
    }

    /// The paper's unit: % of the samples (adding) or samples.
    fn updates(&self, row: &Row, v: f64) -> String {
        match self.table {
            Table::Adding => format!("{:.1} %", 100.0 * v / row.length as f64),
            Table::Frequency | Table::Mnist => format!("{v:.1}"),
        }
    }

    /// How far the unfinished runs are.
    fn state(&self, row: &Row, runs: &[Run]) -> String {
        let of = |run: &Run| match &run.progress {
            Progress::Finished(_) | Progress::Absent => None,
            Progress::Refused(problem) | Progress::Damaged(problem) => Some(format!("seed {}: {problem}", run.seed)),
            Progress::Unfinished(None) => Some(format!("seed {}: just begun", run.seed)),
            Progress::Unfinished(Some(last)) => Some(format!(
                "seed {} at step {} of {}: {} {} with {}",
                run.seed,
                last.step,
                run.config.steps,
                self.metric_name(),
                self.metric(last.metric),
                self.updates(row, last.updates)
            )),
        };
        let absent = runs.iter().filter(|r| r.progress == Progress::Absent).count();
        let mut list: Vec<String> = runs.iter().filter_map(of).collect();
        if absent == runs.len() {
            return "not run".into();
        }
        if absent > 0 {
            list.push(format!("{absent} of {} runs not started", runs.len()));
        }
        match list.is_empty() {
            true => "finished".into(),
            false => format!("unfinished: {}", list.join("; ")),
        }
    }

    /// The table as markdown.
    fn markdown(&self) -> String {
        // The paper gives no FLOPs for the frequency task.
        let paper_flops = self.lines.iter().any(|(_, row)| row.paper.flops.is_some());
        let mut s = format!(
            "| row | runs | {} | {} | updates | paper's updates | FLOPs |{}\n| --- | --- | --- | --- | --- | --- | --- |{}\n",
            if self.table == Table::Mnist {
                "paper's accuracy"
            } else {
                "solved"
            },
            self.metric_name(),
            if paper_flops { " paper's FLOPs |" } else { "" },
            if paper_flops { " --- |" } else { "" },
        );
        for (runs, row) in &self.lines {
            let sum = Summary::of(runs);
            let (reached, claimed) = match row.paper.verdict {
                Verdict::Accuracy(mean, deviation) => (format!("{mean:.3} ± {deviation:.3}"), ""),
                Verdict::Solved(paper) => {
                    let ours = match sum.finished.len() {
                        0 => "-".into(),
                        n => format!("{} of {n}", sum.solved),
                    };
                    (ours, if paper { ", solved" } else { ", not solved" })
                }
            };
            let paper = row.paper.updates_spread();
            let flops = sum
                .updates
                .map(|u| format!("{:.2e}", flops(row, &runs[0].config, u.mean)));
            let _ = writeln!(
                s,
                "| {} | {} of {} | {reached} | {} | {} | {}{claimed} | {} |{}",
                row.name,
                sum.finished.len(),
                runs.len(),
                or_dash(sum.metric.map(|m| m.words(|v| self.metric(v)))),
                or_dash(sum.updates.map(|u| u.words(|v| self.updates(row, v)))),
                paper.words(|v| self.updates(row, v)),
                or_dash(flops),
                row.paper.flops.map_or_else(String::new, |f| format!(" {f:.2e} |")),
            );
        }
        s
    }

    /// How each row was made.
    fn origins(&self) -> String {
        let mut s = String::from(
            "| row | command, with --seed 1 and so on | steps | seconds | returns | state | differs from the paper |\n| --- | --- | --- | --- | --- | --- | --- |\n",
        );
        for (runs, row) in &self.lines {
            let list = |figure: &dyn Fn(&Finished) -> String| {
                let all: Vec<String> = runs.iter().filter_map(Run::finished).map(figure).collect();
                if all.is_empty() { "-".into() } else { all.join(", ") }
            };
            let config = &runs[0].config;
            let _ = writeln!(
                s,
                "| {} | `{}` | {} | {} | {} | {} | {} |",
                row.name,
                command(row, config),
                list(&|f| format!("{}{}", f.steps, if f.stopped { "" } else { " (all)" })),
                list(&|f| format!("{:.0}", f.seconds)),
                list(&|f| f.returns.to_string()),
                self.state(row, runs),
                differences(row, config),
            );
        }
        s
    }

    fn csv(&self) -> String {
        let mut s = String::from(
            "row,seed,state,steps,seconds,returns,metric,solved,updates,flops,paper_updates,paper_deviation,paper_flops,paper_solved,paper_accuracy\n",
        );
        for (runs, row) in &self.lines {
            for run in runs {
                let figures = match run.finished() {
                    None => "unfinished,,,,,,,".to_owned(),
                    Some(f) => format!(
                        "finished,{},{:.0},{},{},{},{},{}",
                        f.steps,
                        f.seconds,
                        f.returns,
                        f.metric,
                        f.solved,
                        f.updates,
                        flops(row, &run.config, f.updates)
                    ),
                };
                let p = row.paper;
                let (solved, accuracy) = match p.verdict {
                    Verdict::Solved(solved) => (solved.to_string(), None),
                    Verdict::Accuracy(mean, _) => (String::new(), Some(mean)),
                };
                let _ = writeln!(
                    s,
                    "{},{},{figures},{},{},{},{solved},{}",
                    row.name,
                    run.seed,
                    p.updates,
                    or_empty(p.deviation),
                    or_empty(p.flops),
                    or_empty(accuracy)
                );
            }
        }
        s
    }

    /// The selected rows as the command's JSON gives them.
    pub fn json(&self, rows: &[Row]) -> Vec<RowJson> {
        let chosen = self.lines.iter().filter(|(_, row)| rows.contains(row));
        chosen
            .map(|(runs, row)| {
                let sum = Summary::of(runs);
                RowJson {
                    row: row.name.clone(),
                    runs: runs.len(),
                    finished: sum.finished.len(),
                    solved: sum.solved,
                    updates_mean: sum.updates.map(|u| u.mean),
                    updates_std: sum.updates.and_then(|u| u.deviation),
                    metric_mean: sum.metric.map(|m| m.mean),
                    paper_updates: row.paper.updates,
                    paper: row.paper.verdict.into(),
                    state: self.state(row, runs),
                }
            })
            .collect()
    }

    /// The named rows for people.
    pub fn text(&self, names: &[&str]) -> String {
        let chosen = self.lines.iter().filter(|(_, row)| names.contains(&row.name.as_str()));
        let lines = chosen.map(|(runs, row)| {
            let sum = Summary::of(runs);
            let updates = sum
                .updates
                .map_or_else(|| "-".into(), |u| u.words(|v| self.updates(row, v)));
            let paper = row.paper.updates_spread().words(|v| self.updates(row, v));
            format!(
                "{:<20} solved {} of {}, updates {updates} (paper: {paper}); {}",
                row.name,
                sum.solved,
                sum.finished.len(),
                self.state(row, runs)
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Learning curves of all runs and samples used by the first, for each row with a finished run; returns links.
    fn figures(&self, folder: &Path) -> Result<String, Error> {
        let mut links = String::new();
        for (runs, row) in &self.lines {
            let named = |what: &str| format!("{}-{}-{what}.svg", self.table.name(), row.name);
            let all: Vec<_> = runs.iter().map(Run::curve).filter(|c| !c.is_empty()).collect();
            let Some(first) = runs.iter().find(|r| r.finished().is_some()) else {
                continue;
            };
            let run = TrainedModel::open(&first.folder)?;
            let (x, y) = row.data.evaluation(DRAWN, SEED)?;
            let (drawn, answers) = (x.take(digits::COUNT), y.take(digits::COUNT));
            if self.table == Table::Mnist
                && let Some(digits) = digits::draw(&run, &drawn, Some(&answers), SEED)?
            {
                write_atomically(&folder.join(named("digits")), digits.as_bytes())?;
            }
            let x = x.take(DRAWN);
            write_atomically(&folder.join(named("curves")), draw_curves(&all)?.as_bytes())?;
            write_atomically(&folder.join(named("samples")), draw_samples(&run, &x, SEED)?.as_bytes())?;
            let _ = write!(
                links,
                "- {}: [learning curves](results/{}), [samples used](results/{})",
                row.name,
                named("curves"),
                named("samples")
            );
            if self.table == Table::Mnist {
                let _ = write!(links, ", [digits](results/{})", named("digits"));
            }
            links.push('\n');
        }
        Ok(links)
    }
}

/// Writes the report, and the folder `results` beside it.
///
/// # Errors
/// Models that cannot be read, files that cannot be written.
pub fn write(path: &Path, sections: &[Section], machine: &str, settle_steps: u64) -> Result<(), Error> {
    let folder = path.with_file_name("results");
    let mut s = String::from(
        "# Results\n\nThe tables of Campos et al., ICLR 2018, as `skiprnn reproduce adding` and `skiprnn reproduce frequency` make them. This file is \
         their output; do not edit it.\n\n\
         Figures are mean ± standard deviation (of the sample) over the finished runs of a row, each measured on 10,000 fresh \
         sequences that had no part in the choice of the model. *Solved*: accuracy above 0.99, or MSE of at most 1.67e-3, on \
         them. FLOPs are multiply-accumulates of the cell a sequence, as the paper counts them. The paper's figures are over \
         four runs.\n\n",
    );
    let rule = match settle_steps {
        0 => "No run is ended early".to_owned(),
        n => format!(
            "A run ends early once its best state is solved and that state's updates have not fallen by more than 1 % for {n} steps (a run \
             without a gate, once it is solved); runs made before that rule trained all their steps"
        ),
    };
    let _ = writeln!(
        s,
        "{rule}. Of each run the best state counts: solved first, then fewest updates, on validation data. `returns`: times the \
         collapse guard took the run back to it. A run is as the program left it that trained it; a later version may take another \
         course. Machine: {machine}; seconds are its own.\n"
    );
    if sections.iter().any(|s| s.table == Table::Mnist) {
        s.push_str("The figures of MNIST are on its test digits, and only those that are at hand were trained on.\n\n");
    }
    for section in sections {
        let name = section.table.name();
        write_atomically(&folder.join(format!("{name}.csv")), section.csv().as_bytes())?;
        let links = section.figures(&folder)?;
        let _ = writeln!(
            s,
            "## {}{}\n\n{}\nEvery run: [results/{name}.csv](results/{name}.csv).\n\n{links}\n### How each row was made\n\n{}",
            name[..1].to_uppercase(),
            &name[1..],
            section.markdown(),
            section.origins()
        );
    }
    write_atomically(path, format!("{}\n", s.trim_end()).as_bytes())
}
