//! The runs of a sweep.

use super::SweepArgs;
use crate::{
    jobs::{Job, Run},
    output::Usage,
};
use float_model::Cell;
use host_train::TrainConfig;
use std::path::Path;

/// What tells one run from another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    pub cell: Cell,
    pub hidden: usize,
    /// 0 for cells without a gate.
    pub lambda: f64,
    pub seed: u64,
}

impl Setting {
    /// Of its folder; runs that differ in their seeds alone share it.
    pub fn name(&self) -> String {
        match self.cell.skips() {
            true => format!("{}-{}-{:e}", self.cell, self.hidden, self.lambda),
            false => format!("{}-{}", self.cell, self.hidden),
        }
    }

    fn normal(mut self) -> Self {
        if !self.cell.skips() {
            self.lambda = 0.0;
        }
        self
    }
}

fn or<T: Copy>(list: &[T], one: T) -> Vec<T> {
    match list.is_empty() {
        true => vec![one],
        false => list.to_vec(),
    }
}

/// Every run once, the seeds of a setting one after the other.
pub fn settings(args: &SweepArgs, base: &TrainConfig) -> anyhow::Result<Vec<Setting>> {
    let list = match &args.list {
        Some(path) => listed(path, base)?,
        None => {
            let mut list = Vec::new();
            for cell in or(&args.cells, base.cell) {
                for hidden in or(&args.hiddens, base.hidden) {
                    for lambda in or(&args.lambdas, base.lambda) {
                        list.extend(or(&args.seeds, base.seed).into_iter().map(|seed| Setting {
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
    let mut distinct: Vec<Setting> = Vec::new();
    for setting in list.into_iter().map(Setting::normal) {
        if !distinct.contains(&setting) {
            distinct.push(setting);
        }
    }
    Ok(distinct)
}

fn listed(path: &Path, base: &TrainConfig) -> anyhow::Result<Vec<Setting>> {
    let text = std::fs::read_to_string(path).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
    let mut lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
    let wrong = |field: String, problem: String| Usage::error(format!("{}: {field}: {problem}", path.display()));
    let names: Vec<&str> = lines
        .next()
        .map_or(Vec::new(), |(_, l)| l.split(',').map(str::trim).collect());
    if let Some(name) = names
        .iter()
        .find(|n| !["cell", "hidden", "lambda", "seed"].contains(*n))
    {
        let problem = format!("'{name}' is no column; the header has some of cell,hidden,lambda,seed");
        return Err(wrong("line 1".into(), problem));
    }
    let mut list = Vec::new();
    for (k, line) in lines {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let mut setting = Setting {
            cell: base.cell,
            hidden: base.hidden,
            lambda: base.lambda,
            seed: base.seed,
        };
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

/// The runs of the settings, as far as they are.
pub fn runs(settings: &[Setting], base: &TrainConfig, folder: &Path, threads: usize) -> anyhow::Result<Vec<Job>> {
    let of = |s: &Setting| {
        let config = TrainConfig {
            cell: s.cell,
            hidden: s.hidden,
            lambda: s.lambda,
            seed: s.seed,
            threads,
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
