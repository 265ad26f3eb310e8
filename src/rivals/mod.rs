//! `skiprnn rivals`: skipping runs beside what others would take for the same data, trained and judged in the same way.
//!
//! Rivals take the training options of the skip runs. A rival is a folder `OUT/NAME/seed-N`; a killed command goes on from
//! each run's last checkpoint and trains nothing twice. What every model does on every held-out sequence is kept in
//! `OUT/test`, so that the tables can be counted again.

mod field;
mod fronts;
mod judge;
mod lines;
mod report;
mod runs;

use crate::{
    energy::parts,
    evaluate, inputs, jobs,
    output::{Output, Usage},
};
use clap::Args;
use field::{Entry, Rival, Training};
use float_model::Cell;
use host_train::rivals::cnn;
use judge::{Judge, Judged};
use lines::{Line, Method};
use runs::Setting;
use std::path::PathBuf;

/// Options of `rivals`.
#[derive(Args, Debug)]
pub struct RivalsArgs {
    /// Finished runs of a skip cell on recordings: run folders, or folders of them, such as that of `sweep`.
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// Folder for the rivals and the tables; gone on with where it is there.
    #[arg(long, help_heading = "Output")]
    pub out: PathBuf,
    /// Cells of the rivals, separated by commas: lstm, gru. [default: those of the runs, without their gates]
    #[arg(long, value_delimiter = ',', value_parser = crate::args::parsed::<Cell>, help_heading = "Baselines")]
    pub cells: Vec<Cell>,
    /// Fixed rates: values of K, separated by commas, for models on samples 0, K, 2K, ... [default: 2,4,8,16,32, as far as two
    /// samples are left]
    #[arg(
        long = "fixed-rates",
        alias = "every",
        value_name = "K",
        value_delimiter = ',',
        help_heading = "Baselines"
    )]
    pub every: Vec<usize>,
    /// Random skipping: probabilities, separated by commas. [default: 1 - 1/K for each K of --fixed-rates]
    #[arg(long, value_delimiter = ',', help_heading = "Baselines")]
    pub p_skips: Vec<f64>,
    /// Early exit: probabilities of the likeliest class at which it stops, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99], help_heading = "Baselines")]
    pub confidences: Vec<f64>,
    /// Convolutional networks: filters of each of three layers, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [8, 16, 32], help_heading = "Baselines")]
    pub filters: Vec<usize>,
    /// Seeds of the rivals, separated by commas. [default: those of the runs]
    #[arg(long, value_delimiter = ',', help_heading = "Baselines")]
    pub seeds: Vec<u64>,
    /// A run folder whose training options the rivals take. [default: those that the runs have in common]
    #[arg(long, help_heading = "Baselines")]
    pub recipe: Option<PathBuf>,
    /// Predict the energy on these boards, separated by commas: built-in profiles, or TOML files.
    #[arg(long = "boards", alias = "board", value_delimiter = ',', help_heading = "Energy")]
    pub board: Vec<String>,
    /// A built-in sensor profile, or a TOML file; `none` for no sensor.
    #[arg(long, default_value = "none", requires = "board", help_heading = "Energy")]
    pub sensor: String,
    /// Trainings at the same time. [default: the processors over --threads]
    #[arg(long, help_heading = "Computer")]
    pub jobs: Option<usize>,
    /// Threads of each. [default: 1]
    #[arg(long, help_heading = "Computer")]
    pub threads: Option<usize>,
    /// Seconds between two checkpoints of a run: the most that an interruption loses.
    #[arg(long, help_heading = "Computer")]
    pub checkpoint_seconds: Option<f64>,
    /// Only judge what is there.
    #[arg(long = "report-only", alias = "report", help_heading = "Output")]
    pub report: bool,
}

impl RivalsArgs {
    fn check(&self) -> anyhow::Result<()> {
        if self.jobs == Some(0) || self.threads == Some(0) {
            return Err(Usage::error("--jobs, --threads: must be at least 1"));
        }
        for (option, values) in [("--p-skips", &self.p_skips), ("--confidences", &self.confidences)] {
            if let Some(v) = values.iter().find(|v| !(0.0..1.0).contains(*v)) {
                return Err(Usage::error(format!(
                    "{option}: {v} is no probability from 0 to below 1"
                )));
            }
        }
        Ok(())
    }
}

/// Runs the command.
pub fn run(args: &RivalsArgs, out: Output) -> anyhow::Result<()> {
    args.check()?;
    let boards = args.board.iter().map(|board| {
        parts::load(&parts::PartArgs {
            board: board.clone(),
            sensor: args.sensor.clone(),
            calibration: None,
        })
    });
    let boards = boards.collect::<anyhow::Result<Vec<_>>>()?;
    let found = runs::find(&args.runs, &args.out)?;
    let mut recipe = runs::recipe(&found.settings, args.recipe.as_deref())?;
    recipe.checkpoint_seconds = args.checkpoint_seconds.unwrap_or(recipe.checkpoint_seconds);
    let names = boards.iter().map(|(b, s)| (b.name.clone(), s.name.clone())).collect();
    let mut judge = Judge::new(runs::recordings(&recipe)?, boards)?;
    let length = judge.test().length;
    if let Some(k) = args.every.iter().find(|k| !(1..length).contains(*k)) {
        return Err(Usage::error(format!(
            "--every: K is {k}, the sequences have {length} samples; give 2 to {}",
            length - 1
        )));
    }
    let every = match args.every.is_empty() {
        true => [2, 4, 8, 16, 32].into_iter().filter(|k| *k < length).collect(),
        false => args.every.clone(),
    };
    let samples = evaluate::samples_mean(judge.test());
    let equal_lengths = judge.test().lengths.is_empty();
    let threads = args.threads.unwrap_or(1);
    let all = found.settings.iter().flat_map(|s| &s.runs);
    let seeds = or(&args.seeds, all.clone().map(|r| r.config.seed).collect());
    let cells = or(&args.cells, all.map(|r| r.config.cell.dense()).collect());
    let entries = || field::entries(args, &every, &cells, &seeds, &recipe, equal_lengths, threads);
    let mut failed = Vec::new();
    if !args.report {
        let tasks = field::tasks(entries()?, recipe.hidden)?;
        failed = jobs::do_all(tasks, args.jobs.unwrap_or(jobs::processors() / threads));
    }
    let entries = entries()?;
    let mut lines = skip_lines(&found.settings, &mut judge)?;
    lines.extend(rival_lines(&entries, args, recipe.hidden, &mut judge)?);
    for line in &lines {
        for judged in &line.runs {
            let name = format!("{}/seed-{}.csv", line.name, judged.seed);
            judge.write(judged, &args.out.join("test").join(name))?;
        }
    }
    let mut notes = found.notes;
    if !equal_lengths {
        notes.push("no early exit and no convolutional network: they take sequences of one length".into());
    }
    notes.append(&mut judge.notes);
    for entry in entries.iter().filter(|e| !e.is_finished()) {
        let state = field::state(entry).unwrap_or_default();
        notes.push(format!(
            "{}, seed {}: {state}",
            entry.rival.name(recipe.hidden),
            entry.seed
        ));
    }
    let table = report::Table {
        comparisons: lines::comparisons(&lines, &judge.labels),
        lines,
        labels: judge.labels,
        judged_on: judge.judged_on,
        boards: names,
        samples,
        recipe,
        notes,
    };
    report::write(&table, &args.out)?;
    out.print(&report::json(&table, &args.out, &failed), || {
        report::text(&table, &args.out)
    });
    anyhow::ensure!(
        failed.is_empty(),
        "{} trainings failed; all others are kept",
        failed.len()
    );
    Ok(())
}

/// What is given, or else what was found; in order, each once.
fn or<T: Copy + PartialEq>(given: &[T], found: Vec<T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for value in if given.is_empty() { found } else { given.to_vec() } {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

fn skip_lines(settings: &[Setting], judge: &mut Judge) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for setting in settings {
        let config = &setting.runs[0].config;
        let points: Vec<(Method, String, f64)> = match config.dials {
            None => vec![(Method::Skip(config.cell), setting.name.clone(), 0.0)],
            Some(dials) => {
                let at = |dial: f64| {
                    let method = Method::Dial(config.cell, setting.name.clone(), dial);
                    (method, format!("{}-dial{dial:+}", setting.name), dial)
                };
                dials.settings().map(at).into()
            }
        };
        for (method, name, dial) in points {
            let judged = setting
                .runs
                .iter()
                .map(|r| judge.run(&inputs::Run::open(&r.folder)?, dial));
            lines.push(Line {
                method,
                name,
                asked: setting.runs.len(),
                runs: judged.collect::<anyhow::Result<_>>()?,
            });
        }
    }
    Ok(lines)
}

fn rival_lines(entries: &[Entry], args: &RivalsArgs, hidden: usize, judge: &mut Judge) -> anyhow::Result<Vec<Line>> {
    let rivals = or(&[], entries.iter().map(|e| e.rival).collect());
    let mut lines = Vec::new();
    for rival in rivals {
        let mine: Vec<&Entry> = entries.iter().filter(|e| e.rival == rival).collect();
        let (asked, name) = (mine.len(), rival.name(hidden));
        let done = mine.into_iter().filter(|e| e.is_finished());
        if let Rival::EarlyExit(cell) = rival {
            // One model gives a line for each confidence.
            let mut exits: Vec<Vec<Judged>> = vec![Vec::new(); args.confidences.len()];
            for entry in done {
                if let Training::Run(run) = &entry.training {
                    let judged = judge.exits(&inputs::Run::open(&run.folder)?, &args.confidences)?;
                    exits.iter_mut().zip(judged).for_each(|(list, one)| list.push(one));
                }
            }
            lines.extend(args.confidences.iter().zip(exits).map(|(confidence, runs)| Line {
                method: Method::EarlyExit(cell, *confidence),
                name: format!("{name}-{confidence}"),
                asked,
                runs,
            }));
            continue;
        }
        let judged = done.map(|entry| match &entry.training {
            Training::Run(run) => judge.run(&inputs::Run::open(&run.folder)?, 0.0),
            Training::Cnn { folder, .. } => judge.cnn(&cnn::open(folder)?.cnn, entry.seed),
        });
        let runs = judged.collect::<anyhow::Result<_>>()?;
        lines.extend(lines::method(&rival).map(|method| Line {
            method,
            name,
            asked,
            runs,
        }));
    }
    Ok(lines)
}
