//! The rivals: what each is, and the training that it takes.

use super::RivalsArgs;
use crate::{
    jobs::{self, Job, Progress, Run, Task},
    output::Usage,
};
use float_model::Cell;
use host_train::{
    DataSource, TrainConfig,
    rivals::cnn::{self, CnnConfig},
};
use std::path::{Path, PathBuf};

/// A model that others would take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rival {
    /// The cell without a gate on samples 0, K, 2K, ...; 1: on all.
    Every(Cell, usize),
    /// The cell without a gate, which skips each sample with this probability.
    Random(Cell, f64),
    /// The cell without a gate, asked at every sample, which stops as soon as it is sure.
    EarlyExit(Cell),
    /// A convolutional network with so many filters a layer.
    Cnn(usize),
}

/// One rival from one seed.
pub struct Entry {
    /// What it is.
    pub rival: Rival,
    /// Of its training.
    pub seed: u64,
    /// Its folder, and how it is trained.
    pub training: Training,
}

/// How a rival is trained.
#[allow(clippy::large_enum_variant, reason = "a few dozen, made once")]
pub enum Training {
    /// By the trainer.
    Run(Run),
    /// By itself.
    Cnn {
        config: CnnConfig,
        folder: PathBuf,
        /// Or why the folder cannot be used.
        finished: Result<bool, String>,
    },
}

impl Entry {
    /// Whether it can be judged.
    pub fn is_finished(&self) -> bool {
        match &self.training {
            Training::Run(run) => run.finished().is_some(),
            Training::Cnn { finished, .. } => *finished == Ok(true),
        }
    }
}

impl Rival {
    /// Of its folder.
    pub fn name(&self, hidden: usize) -> String {
        match self {
            Rival::Every(cell, 1) => format!("{cell}-{hidden}"),
            Rival::Every(cell, k) => format!("{cell}-{hidden}-every-{k}"),
            Rival::Random(cell, p) => format!("{cell}-{hidden}-random-{p}"),
            Rival::EarlyExit(cell) => format!("{cell}-{hidden}-early-exit"),
            Rival::Cnn(filters) => format!("cnn-{filters}"),
        }
    }

    fn entry(&self, recipe: &TrainConfig, seed: u64, out: &Path, threads: usize) -> anyhow::Result<Entry> {
        let folder = out.join(self.name(recipe.hidden)).join(format!("seed-{seed}"));
        let mut config = TrainConfig {
            seed,
            threads,
            ..recipe.clone()
        };
        let training = match *self {
            Rival::Cnn(filters) => {
                let config = CnnConfig::like(&config, filters)?;
                config.validate()?;
                let finished = cnn::existing(&config, &folder).map_err(|e| float_model::with_causes(&e));
                Training::Cnn {
                    config,
                    folder,
                    finished,
                }
            }
            Rival::Every(cell, _) | Rival::Random(cell, _) | Rival::EarlyExit(cell) => {
                config.cell = cell;
                if let Rival::Random(_, p) = *self {
                    config.p_skip = Some(p);
                }
                if let DataSource::Dataset(data) = &mut config.data {
                    if let Rival::Every(_, k @ 2..) = *self {
                        data.every = Some(k);
                    }
                    data.answers_at_steps = matches!(self, Rival::EarlyExit(_));
                }
                config.validate()?;
                Training::Run(Run::look(config, folder))
            }
        };
        Ok(Entry {
            rival: *self,
            seed,
            training,
        })
    }
}

/// Every rival from every seed, all of a seed before those of the next.
pub fn entries(
    args: &RivalsArgs,
    every: &[usize],
    cells: &[Cell],
    seeds: &[u64],
    recipe: &TrainConfig,
    equal_lengths: bool,
    threads: usize,
) -> anyhow::Result<Vec<Entry>> {
    let mut rivals = Vec::new();
    for cell in cells {
        if cell.skips() {
            return Err(Usage::error(format!(
                "--cells: {cell} has a gate; give lstm, gru or both"
            )));
        }
        rivals.extend([1].iter().chain(every).map(|k| Rival::Every(*cell, *k)));
        rivals.extend(p_skips(args, every).into_iter().map(|p| Rival::Random(*cell, p)));
        rivals.extend(equal_lengths.then_some(Rival::EarlyExit(*cell)));
    }
    if equal_lengths {
        rivals.extend(args.filters.iter().map(|n| Rival::Cnn(*n)));
    }
    let mut distinct: Vec<Rival> = Vec::new();
    for rival in rivals {
        if !distinct.contains(&rival) {
            distinct.push(rival);
        }
    }
    let all = seeds.iter().flat_map(|seed| distinct.iter().map(move |r| (r, *seed)));
    all.map(|(rival, seed)| rival.entry(recipe, seed, &args.out, threads))
        .collect()
}

/// Random skipping at the rates of the fixed ones.
fn p_skips(args: &RivalsArgs, every: &[usize]) -> Vec<f64> {
    match args.p_skips.is_empty() {
        false => args.p_skips.clone(),
        true => {
            let rates = every.iter().filter(|k| **k > 1);
            rates.map(|k| 1.0 - 1.0 / *k as f64).collect()
        }
    }
}

/// The training of what is not finished, in order.
///
/// # Errors
/// A folder that holds something else.
pub fn tasks(entries: Vec<Entry>, hidden: usize) -> anyhow::Result<Vec<Task>> {
    let mut tasks = Vec::new();
    for entry in entries {
        let label = format!("{} {}", entry.rival.name(hidden), entry.seed);
        match entry.training {
            Training::Run(run) => tasks.extend(jobs::tasks(vec![Job { label, run }])?),
            Training::Cnn { finished: Ok(true), .. } => {}
            Training::Cnn {
                finished: Err(problem), ..
            } => anyhow::bail!("{problem}"),
            Training::Cnn { config, folder, .. } => tasks.push(Task {
                label: label.clone(),
                work: Box::new(move |bars| {
                    cnn::run(&config, &folder)?;
                    let trained = cnn::open(&folder)?;
                    let line = format!(
                        "{label}: accuracy {:.4}, step {}",
                        trained.validation_accuracy, trained.best_step
                    );
                    bars.suspend(|| eprintln!("{line}"));
                    Ok(())
                }),
            }),
        }
    }
    Ok(tasks)
}

/// How far an entry is, where it is not finished.
pub fn state(entry: &Entry) -> Option<String> {
    match &entry.training {
        Training::Run(run) => match &run.progress {
            Progress::Finished(_) => None,
            Progress::Absent => Some("not started".into()),
            Progress::Refused(problem) => Some(problem.clone()),
            Progress::Unfinished(_) => Some("unfinished".into()),
        },
        Training::Cnn { finished, .. } => match finished {
            Ok(true) => None,
            Ok(false) => Some("not started".into()),
            Err(problem) => Some(problem.clone()),
        },
    }
}
