//! The baselines: what each is, and how it is trained.

use super::{
    Options,
    cnn::{self, CnnConfig},
};
use crate::{
    Error,
    jobs::{self, Job, Progress, Run, Task},
    stats::distinct,
};
use float_model::Cell;
use host_train::{DataSource, TrainConfig};
use std::path::{Path, PathBuf};

/// A model that skipping is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Baseline {
    /// The cell without a gate on samples 0, K, 2K, ...; 1: on all.
    Every(Cell, usize),
    /// The cell without a gate, which skips each sample with this probability.
    Random(Cell, f64),
    /// The cell without a gate, with an output at every sample, which stops as soon as one class is likely enough.
    EarlyExit(Cell),
    /// A convolutional network with this many filters a layer.
    Cnn(usize),
}

/// One baseline from one seed.
pub struct BaselineRun {
    /// The baseline.
    pub baseline: Baseline,
    /// The seed of its training.
    pub seed: u64,
    /// Its folder, and how it is trained.
    pub training: Training,
}

/// How a baseline is trained.
#[allow(clippy::large_enum_variant, reason = "a few dozen, made once")]
pub enum Training {
    /// A recurrent network, by the trainer.
    Recurrent(Run),
    /// A convolutional network, by its own training.
    Cnn {
        /// The network and its training.
        config: CnnConfig,
        /// The run folder.
        folder: PathBuf,
        /// Whether it is finished, or why the folder cannot be used.
        finished: Result<bool, String>,
    },
}

impl BaselineRun {
    /// Whether it can be evaluated.
    pub fn is_finished(&self) -> bool {
        match &self.training {
            Training::Recurrent(run) => run.finished().is_some(),
            Training::Cnn { finished, .. } => *finished == Ok(true),
        }
    }

    /// How far it is, where it is not finished.
    pub fn state(&self) -> Option<String> {
        match &self.training {
            Training::Recurrent(run) => match &run.progress {
                Progress::Finished(_) => None,
                Progress::Absent => Some("not started".into()),
                Progress::Refused(problem) | Progress::Damaged(problem) => Some(problem.clone()),
                Progress::Unfinished(_) => Some("unfinished".into()),
            },
            Training::Cnn { finished, .. } => match finished {
                Ok(true) => None,
                Ok(false) => Some("not started".into()),
                Err(problem) => Some(problem.clone()),
            },
        }
    }
}

impl Baseline {
    /// The name of its folder; `hidden` are the units of the recurrent networks.
    #[must_use]
    pub fn name(&self, hidden: usize) -> String {
        match self {
            Baseline::Every(cell, 1) => format!("{cell}-{hidden}"),
            Baseline::Every(cell, k) => format!("{cell}-{hidden}-every-{k}"),
            Baseline::Random(cell, p) => format!("{cell}-{hidden}-random-{p}"),
            Baseline::EarlyExit(cell) => format!("{cell}-{hidden}-early-exit"),
            Baseline::Cnn(filters) => format!("cnn-{filters}"),
        }
    }

    fn run(&self, recipe: &TrainConfig, seed: u64, out: &Path, threads: usize) -> Result<BaselineRun, Error> {
        let folder = out.join(self.name(recipe.hidden)).join(format!("seed-{seed}"));
        let mut config = TrainConfig {
            seed,
            threads,
            ..recipe.clone()
        };
        let training = match *self {
            Baseline::Cnn(filters) => {
                let config = CnnConfig::like(&config, filters)?;
                config.validate()?;
                let finished = cnn::existing(&config, &folder).map_err(|e| e.chain());
                Training::Cnn {
                    config,
                    folder,
                    finished,
                }
            }
            Baseline::Every(cell, _) | Baseline::Random(cell, _) | Baseline::EarlyExit(cell) => {
                config.cell = cell;
                if let Baseline::Random(_, p) = *self {
                    config.p_skip = Some(p);
                }
                if let DataSource::Dataset(data) = &mut config.data {
                    if let Baseline::Every(_, k @ 2..) = *self {
                        data.every = Some(k);
                    }
                    data.answers_at_steps = matches!(self, Baseline::EarlyExit(_));
                }
                config.validate()?;
                Training::Recurrent(Run::look(config, folder))
            }
        };
        Ok(BaselineRun {
            baseline: *self,
            seed,
            training,
        })
    }
}

/// Which baselines there are.
pub struct Plan<'a> {
    /// What was asked for.
    pub options: &'a Options,
    /// Fixed rates.
    pub every: &'a [usize],
    /// Cells of the recurrent baselines.
    pub cells: Vec<Cell>,
    /// Seeds of every baseline.
    pub seeds: Vec<u64>,
    /// The training options of every baseline.
    pub recipe: &'a TrainConfig,
    /// Whether all sequences have one length; early exit and convolutional networks need that.
    pub equal_lengths: bool,
    /// Threads of each training.
    pub threads: usize,
}

impl Plan<'_> {
    /// Every baseline from every seed, all of a seed before those of the next.
    ///
    /// # Errors
    /// A cell with a gate, an option that cannot work.
    pub fn runs(&self) -> Result<Vec<BaselineRun>, Error> {
        let mut baselines = Vec::new();
        for cell in &self.cells {
            if cell.skips() {
                let problem = format!("{cell} has a gate; give lstm, gru or both");
                return Err(Error::option("cells", problem));
            }
            baselines.extend([1].iter().chain(self.every).map(|k| Baseline::Every(*cell, *k)));
            baselines.extend(self.p_skips().into_iter().map(|p| Baseline::Random(*cell, p)));
            baselines.extend(self.equal_lengths.then_some(Baseline::EarlyExit(*cell)));
        }
        if self.equal_lengths {
            baselines.extend(self.options.filters.iter().map(|n| Baseline::Cnn(*n)));
        }
        let baselines = distinct(baselines);
        let all = self
            .seeds
            .iter()
            .flat_map(|seed| baselines.iter().map(move |b| (b, *seed)));
        all.map(|(baseline, seed)| baseline.run(self.recipe, seed, &self.options.out, self.threads))
            .collect()
    }

    /// Random skipping at the rates of the fixed ones.
    fn p_skips(&self) -> Vec<f64> {
        match self.options.p_skips.is_empty() {
            false => self.options.p_skips.clone(),
            true => {
                let rates = self.every.iter().filter(|k| **k > 1);
                rates.map(|k| 1.0 - 1.0 / *k as f64).collect()
            }
        }
    }
}

/// The trainings that are not finished.
///
/// # Errors
/// A folder that holds something else.
pub fn tasks(runs: Vec<BaselineRun>, hidden: usize) -> Result<Vec<Task>, Error> {
    let mut tasks = Vec::new();
    for run in runs {
        let label = format!("{} {}", run.baseline.name(hidden), run.seed);
        match run.training {
            Training::Recurrent(run) => tasks.extend(jobs::tasks(vec![Job { label, run }])?),
            Training::Cnn { finished: Ok(true), .. } => {}
            Training::Cnn {
                finished: Err(problem),
                folder,
                ..
            } => return Err(Error::data(problem, format!("move {} away", folder.display()))),
            Training::Cnn { config, folder, .. } => tasks.push(cnn::task(config, folder, label)),
        }
    }
    Ok(tasks)
}
