//! Skipping runs against baselines on the same recordings, trained and evaluated in the same way: fixed rates, random skipping,
//! early exit and small convolutional networks.
//!
//! Baselines take the training options of the skip runs. A baseline is a folder `OUT/NAME/seed-N`; after an interruption each run
//! resumes from its last checkpoint and nothing is trained twice. What every model does on every held-out sequence is kept in
//! `OUT/test`, so that anyone can count the tables again.

pub mod cnn;
pub mod early_exit;
mod equal_samples;
mod evaluate;
mod methods;
mod report;
mod runs;
mod training;
mod without_gate;

pub use equal_samples::Comparison;
pub use evaluate::{Evaluation, share_right};
pub use methods::{Comparisons, Method, MethodResult};
pub use report::Results;
pub use training::Baseline;
pub use without_gate::without_gate;

use crate::{Error, Hardware, TrainedModel, jobs, processors, stats::distinct};
use evaluate::Evaluator;
use float_model::Cell;
use runs::Setting;
use std::path::PathBuf;
use training::{BaselineRun, Training};

/// What is compared, and how it is trained.
#[derive(Debug, Clone)]
pub struct Options {
    /// Finished runs of a skip cell on recordings: run folders, or folders of them.
    pub runs: Vec<PathBuf>,
    /// The folder for the baselines and the tables.
    pub out: PathBuf,
    /// Cells of the baselines; empty: those of the runs, without their gates.
    pub cells: Vec<Cell>,
    /// Fixed rates: values of K for models on samples 0, K, 2K, ...; empty: 2, 4, 8, 16, 32 as far as two samples are left.
    pub every: Vec<usize>,
    /// Probabilities of random skipping, 0 to below 1; empty: 1 - 1/K for each K of `every`.
    pub p_skips: Vec<f64>,
    /// Probabilities of the likeliest class at which early exit stops, 0 to below 1.
    pub confidences: Vec<f64>,
    /// Filters of each of the three layers of the convolutional networks.
    pub filters: Vec<usize>,
    /// Seeds of the baselines; empty: those of the runs.
    pub seeds: Vec<u64>,
    /// A run folder whose training options the baselines take; without it those that the runs have in common.
    pub recipe: Option<PathBuf>,
    /// Boards and sensors that energies are predicted for.
    pub hardware: Vec<Hardware>,
    /// Trainings at the same time; without it the processors over `threads`.
    pub jobs: Option<usize>,
    /// Threads of each training; without it 1.
    pub threads: Option<usize>,
    /// Seconds between two checkpoints of a run, other than those of the runs.
    pub checkpoint_seconds: Option<f64>,
    /// Whether nothing is trained, and what is there is evaluated.
    pub report: bool,
}

impl Options {
    fn check(&self) -> Result<(), Error> {
        for (option, value) in [("jobs", self.jobs), ("threads", self.threads)] {
            if value == Some(0) {
                return Err(Error::option(option, "must be at least 1"));
            }
        }
        for (option, values) in [("p_skips", &self.p_skips), ("confidences", &self.confidences)] {
            if let Some(v) = values.iter().find(|v| !(0.0..1.0).contains(*v)) {
                return Err(Error::option(
                    option,
                    format!("{v} is no probability from 0 to below 1"),
                ));
            }
        }
        Ok(())
    }

    /// The fixed rates for sequences of `length` samples.
    fn rates(&self, length: usize) -> Result<Vec<usize>, Error> {
        if let Some(k) = self.every.iter().find(|k| !(1..length).contains(*k)) {
            let problem = format!(
                "K is {k}, the sequences have {length} samples; give 2 to {}",
                length - 1
            );
            return Err(Error::option("every", problem));
        }
        Ok(match self.every.is_empty() {
            true => [2, 4, 8, 16, 32].into_iter().filter(|k| *k < length).collect(),
            false => self.every.clone(),
        })
    }
}

/// Trains the baselines that are not finished, evaluates every model on the held-out recordings and compares them.
///
/// # Errors
/// Options that cannot work, runs of different datasets or trainings, folders that hold something else.
pub fn run(options: &Options, observer: jobs::Observer<'_>) -> Result<Results, Error> {
    options.check()?;
    let found = runs::find(&options.runs, &options.out)?;
    let mut recipe = runs::recipe(&found.settings, options.recipe.as_deref())?;
    recipe.checkpoint_seconds = options.checkpoint_seconds.unwrap_or(recipe.checkpoint_seconds);
    let first = TrainedModel::open(&found.settings[0].runs[0].folder)?;
    let mut evaluator = Evaluator::new(runs::recordings(&recipe)?, &first, options.hardware.clone())?;
    let every = options.rates(evaluator.test().length)?;
    let samples = evaluator.test().samples() as f64 / evaluator.test().count as f64;
    let equal_lengths = evaluator.test().lengths.is_empty();
    let threads = options.threads.unwrap_or(1);
    let all = found.settings.iter().flat_map(|s| &s.runs);
    let plan = training::Plan {
        options,
        every: &every,
        cells: given_or(&options.cells, all.clone().map(|r| r.config.cell.dense())),
        seeds: given_or(&options.seeds, all.map(|r| r.config.seed)),
        recipe: &recipe,
        equal_lengths,
        threads,
    };
    let mut failed = Vec::new();
    if !options.report {
        let tasks = training::tasks(plan.runs()?, recipe.hidden)?;
        let at_once = options.jobs.unwrap_or(processors() / threads);
        failed = jobs::do_all(tasks, at_once, observer)?;
    }
    let baselines = plan.runs()?;
    let mut methods = skip_results(&found.settings, &mut evaluator)?;
    methods.extend(baseline_results(&baselines, options, recipe.hidden, &mut evaluator)?);
    for method in &methods {
        for evaluation in &method.runs {
            let name = format!("{}/seed-{}.csv", method.name, evaluation.seed);
            evaluator.write(evaluation, &options.out.join("test").join(name))?;
        }
    }
    let mut notes = found.notes;
    if !equal_lengths {
        notes.push("no early exit and no convolutional network: they take sequences of one length".into());
    }
    notes.append(&mut evaluator.notes);
    for baseline in baselines.iter().filter(|b| !b.is_finished()) {
        let name = baseline.baseline.name(recipe.hidden);
        let state = baseline.state().unwrap_or_default();
        notes.push(format!("{name}, seed {}: {state}", baseline.seed));
    }
    let results = Results {
        comparisons: methods::comparisons(&methods, &evaluator.labels),
        methods,
        labels: evaluator.labels,
        evaluated_on: evaluator.held_out,
        hardware: options.hardware.iter().map(Hardware::names).collect(),
        samples,
        recipe,
        notes,
        failed,
    };
    results.write(&options.out)?;
    Ok(results)
}

/// The values given, or else those found; in order, each once.
fn given_or<T: Copy + PartialEq>(given: &[T], found: impl Iterator<Item = T>) -> Vec<T> {
    match given.is_empty() {
        true => distinct(found),
        false => distinct(given.iter().copied()),
    }
}

fn skip_results(settings: &[Setting], evaluator: &mut Evaluator) -> Result<Vec<MethodResult>, Error> {
    let mut results = Vec::new();
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
            let evaluated = setting
                .runs
                .iter()
                .map(|r| evaluator.run(&TrainedModel::open(&r.folder)?, dial));
            results.push(MethodResult {
                method,
                name,
                asked: setting.runs.len(),
                runs: evaluated.collect::<Result<_, _>>()?,
            });
        }
    }
    Ok(results)
}

fn baseline_results(
    all: &[BaselineRun],
    options: &Options,
    hidden: usize,
    evaluator: &mut Evaluator,
) -> Result<Vec<MethodResult>, Error> {
    let mut results = Vec::new();
    for baseline in distinct(all.iter().map(|b| b.baseline)) {
        let mine: Vec<&BaselineRun> = all.iter().filter(|b| b.baseline == baseline).collect();
        let (asked, name) = (mine.len(), baseline.name(hidden));
        let done = mine.into_iter().filter(|b| b.is_finished());
        if let Baseline::EarlyExit(cell) = baseline {
            // One model gives a line for each confidence.
            let mut exits: Vec<Vec<Evaluation>> = vec![Vec::new(); options.confidences.len()];
            for run in done {
                if let Training::Recurrent(run) = &run.training {
                    let evaluated = evaluator.exits(&TrainedModel::open(&run.folder)?, &options.confidences)?;
                    exits.iter_mut().zip(evaluated).for_each(|(list, one)| list.push(one));
                }
            }
            let lines = options.confidences.iter().zip(exits);
            results.extend(lines.map(|(confidence, runs)| MethodResult {
                method: Method::EarlyExit(cell, *confidence),
                name: format!("{name}-{confidence}"),
                asked,
                runs,
            }));
            continue;
        }
        let evaluated = done.map(|run| match &run.training {
            Training::Recurrent(run) => evaluator.run(&TrainedModel::open(&run.folder)?, 0.0),
            Training::Cnn { folder, .. } => evaluator.cnn(&cnn::open(folder)?.cnn, run.seed),
        });
        let runs = evaluated.collect::<Result<_, _>>()?;
        results.extend(methods::method(&baseline).map(|method| MethodResult {
            method,
            name,
            asked,
            runs,
        }));
    }
    Ok(results)
}
