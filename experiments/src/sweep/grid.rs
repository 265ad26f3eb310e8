//! The runs of a sweep.

use crate::{
    Error,
    jobs::{Job, Run},
    stats::distinct,
};
use float_model::Cell;
use host_train::{TrainConfig, recipe::Choice};
use std::path::{Path, PathBuf};

/// What tells one run from another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// The cell.
    pub cell: Cell,
    /// Hidden units.
    pub hidden: usize,
    /// The cost of an update; 0 for cells without a gate.
    pub lambda: f64,
    /// The seed.
    pub seed: u64,
}

impl Setting {
    /// The name of the folder; runs that differ in their seeds alone share it.
    #[must_use]
    pub fn name(&self) -> String {
        match self.cell.skips() {
            true => format!("{}-{}-{:e}", self.cell, self.hidden, self.lambda),
            false => format!("{}-{}", self.cell, self.hidden),
        }
    }

    fn of(config: &TrainConfig) -> Self {
        Setting {
            cell: config.cell,
            hidden: config.hidden,
            lambda: config.lambda,
            seed: config.seed,
        }
    }

    fn normal(mut self) -> Self {
        if !self.cell.skips() {
            self.lambda = 0.0;
        }
        self
    }
}

/// Which runs a sweep has: a grid, or a list. An empty list of values stands for the value that all runs have in common.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    /// The cells.
    pub cells: Vec<Cell>,
    /// Numbers of hidden units.
    pub hiddens: Vec<usize>,
    /// Costs of an update; cells without a gate are trained once, at 0.
    pub lambdas: Vec<f64>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// In place of the grid a CSV file, with a header of some of cell, hidden, lambda and seed and a line for each run.
    pub list: Option<PathBuf>,
}

fn or<T: Copy>(list: &[T], one: T) -> Vec<T> {
    match list.is_empty() {
        true => vec![one],
        false => list.to_vec(),
    }
}

impl Grid {
    /// Every run once, the seeds of a setting one after the other; `base` is what all runs have in common.
    ///
    /// # Errors
    /// A list that cannot be read.
    pub fn settings(&self, base: &TrainConfig) -> Result<Vec<Setting>, Error> {
        let list = match &self.list {
            Some(path) => listed(path, base)?,
            None => {
                let mut list = Vec::new();
                for cell in or(&self.cells, base.cell) {
                    for hidden in or(&self.hiddens, base.hidden) {
                        for lambda in or(&self.lambdas, base.lambda) {
                            list.extend(or(&self.seeds, base.seed).into_iter().map(|seed| Setting {
                                cell,
                                hidden,
                                lambda,
                                seed,
                            }));
                        }
                    }
                }
                list
            }
        };
        Ok(distinct(list.into_iter().map(Setting::normal)))
    }
}

fn listed(path: &Path, base: &TrainConfig) -> Result<Vec<Setting>, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path, "read"))?;
    let mut lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
    let wrong = |place: String, problem: String| Error::input(format!("{}: {place}", path.display()), problem);
    let names: Vec<&str> = lines
        .next()
        .map_or(Vec::new(), |(_, l)| l.split(',').map(str::trim).collect());
    let columns = ["cell", "hidden", "lambda", "seed"];
    if let Some(name) = names.iter().find(|n| !columns.contains(*n)) {
        let problem = format!("'{name}' is no column; the header has some of cell,hidden,lambda,seed");
        return Err(wrong("line 1".into(), problem));
    }
    let mut list = Vec::new();
    for (k, line) in lines {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let mut setting = Setting::of(base);
        if cells.len() != names.len() {
            let problem = format!("{} values for {} columns; give one each", cells.len(), names.len());
            return Err(wrong(format!("line {}", k + 1), problem));
        }
        for (name, cell) in names.iter().zip(&cells) {
            let read = match *name {
                "cell" => cell.parse().map(|v| setting.cell = v).is_ok(),
                "hidden" => cell.parse().map(|v| setting.hidden = v).is_ok(),
                "lambda" => cell.parse().map(|v| setting.lambda = v).is_ok(),
                _ => cell.parse().map(|v| setting.seed = v).is_ok(),
            };
            if !read {
                let problem = format!("'{cell}' is no {name}; give it as `train --{name}` takes it");
                return Err(wrong(format!("line {}", k + 1), problem));
            }
        }
        list.push(setting);
    }
    match list.is_empty() {
        true => Err(wrong("runs".into(), "none; give a line for each".into())),
        false => Ok(list),
    }
}

/// The runs of the settings in their folders under `folder`, and how far each is.
///
/// # Errors
/// A configuration that cannot work.
pub fn runs(settings: &[Setting], base: &TrainConfig, folder: &Path, threads: usize) -> Result<Vec<Job>, Error> {
    let of = |s: &Setting| {
        let config = TrainConfig {
            cell: s.cell,
            hidden: s.hidden,
            lambda: s.lambda,
            seed: s.seed,
            threads,
            // A grid may hold cells with a gate and without.
            start_every: base.start_every.filter(|_| s.cell.skips()),
            chosen: still_chosen(s, base),
            ..base.clone()
        };
        config.validate()?;
        Ok(Job {
            label: format!("{} {}", s.name(), s.seed),
            run: Run::look(config, folder.join(s.name()).join(format!("seed-{}", s.seed))),
        })
    };
    settings.iter().map(of).collect()
}

/// What the data chose for all runs, without what the grid chooses for this one.
fn still_chosen(setting: &Setting, base: &TrainConfig) -> Vec<Choice> {
    let by_the_grid = [
        ("--cell", setting.cell != base.cell),
        ("--hidden", setting.hidden != base.hidden),
        ("--lambda", setting.lambda != base.lambda),
        ("--start-every", !setting.cell.skips()),
        ("--decision-clip", !setting.cell.skips()),
    ];
    let is_chosen = |choice: &&Choice| {
        !by_the_grid
            .iter()
            .any(|(option, other)| *option == choice.option && *other)
    };
    base.chosen.iter().filter(is_chosen).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use host_train::DataSource;

    #[test]
    fn a_cell_without_a_gate_is_trained_once_for_all_lambdas() {
        let base = DataSource::Adding { length: 50 }.default_config();
        let grid = Grid {
            cells: vec![Cell::SkipGru, Cell::Gru],
            lambdas: vec![1e-4, 1e-3],
            seeds: vec![1, 2],
            ..Grid::default()
        };
        let settings = grid.settings(&base).unwrap();
        let names: Vec<String> = settings.iter().map(Setting::name).collect();
        assert_eq!(
            names,
            [
                "skip-gru-110-1e-4",
                "skip-gru-110-1e-4",
                "skip-gru-110-1e-3",
                "skip-gru-110-1e-3",
                "gru-110",
                "gru-110"
            ]
        );
        assert_eq!(Grid::default().settings(&base).unwrap(), [Setting::of(&base)]);
    }
}
