//! The skipping runs that rivals are compared with, and the training options that they have in common.

use crate::output::Usage;
use anyhow::Context;
use host_train::{DataSource, DatasetConfig, Device, Existing, TrainConfig, rivals::without_gate};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A finished run with a skip gate.
#[derive(Debug, Clone)]
pub struct SkipRun {
    /// Its folder.
    pub folder: PathBuf,
    /// Its configuration.
    pub config: TrainConfig,
}

/// Runs that differ in their seeds alone.
#[derive(Debug, Clone)]
pub struct Setting {
    /// That of their folders, no two alike.
    pub name: String,
    /// One for each seed.
    pub runs: Vec<SkipRun>,
}

/// What was found under the folders.
#[derive(Debug, Default)]
pub struct Found {
    /// With a gate.
    pub settings: Vec<Setting>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// Looks for finished runs with a skip gate in `folders` and under them, but not under `out`.
pub fn find(folders: &[PathBuf], out: &Path) -> anyhow::Result<Found> {
    let (mut runs, mut found) = (Vec::new(), Found::default());
    let (mut plain, mut unfinished) = (0, 0);
    for folder in folders {
        if !folder.is_dir() {
            return Err(Usage::error(format!(
                "{}: no such folder; give run folders, or folders of them",
                folder.display()
            )));
        }
        descend(folder, out, &mut |folder: &Path| {
            let config = TrainConfig::load(folder)?;
            match host_train::existing(&config, folder)? {
                _ if !config.cell.skips() => plain += 1,
                Existing::Finished { .. } => runs.push(SkipRun {
                    folder: folder.into(),
                    config,
                }),
                _ => unfinished += 1,
            }
            Ok(())
        })?;
    }
    for (count, what) in [
        (plain, "without a gate left out: rivals are trained here"),
        (unfinished, "that are not finished left out"),
    ] {
        if count > 0 {
            found.notes.push(format!("{count} runs {what}"));
        }
    }
    let Some(first) = runs.first().cloned() else {
        let problem = "no finished run of a skip cell in it; train some, for example with `skiprnn sweep dataset`";
        return Err(Usage::error(format!("{}: {problem}", folders[0].display())));
    };
    for run in runs {
        one_dataset(&first, &run)?;
        let same = found
            .settings
            .iter_mut()
            .find(|s| of_any_seed(&s.runs[0].config) == of_any_seed(&run.config));
        match same {
            None => found.settings.push(Setting {
                name: name(&run.folder, 1),
                runs: vec![run],
            }),
            Some(s) if s.runs.iter().any(|r| r.config.seed == run.config.seed) => {
                let note = format!("{} repeats a run and is left out", name(&run.folder, 2));
                found.notes.push(note);
            }
            Some(s) => s.runs.push(run),
        }
    }
    for k in 0..found.settings.len() {
        if found
            .settings
            .iter()
            .filter(|s| s.name == found.settings[k].name)
            .count()
            > 1
        {
            let folder = found.settings[k].runs[0].folder.clone();
            found.settings[k].name = name(&folder, 2);
        }
    }
    for s in &mut found.settings {
        s.runs.sort_by_key(|r| r.config.seed);
    }
    Ok(found)
}

fn descend(folder: &Path, out: &Path, see: &mut dyn FnMut(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    if folder.join("config.toml").exists() {
        return see(folder);
    }
    let entries = std::fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))?;
    let mut inside: Vec<PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.is_dir() && !same_place(p, out))
        .collect();
    inside.sort();
    inside.iter().try_for_each(|p| descend(p, out, see))
}

fn same_place(a: &Path, b: &Path) -> bool {
    a.canonicalize()
        .ok()
        .zip(b.canonicalize().ok())
        .is_some_and(|(a, b)| a == b)
}

/// The last `parts` names of a run's folder, those of seeds aside.
fn name(folder: &Path, parts: usize) -> String {
    let place = folder.canonicalize().unwrap_or_else(|_| folder.into());
    let names = place.iter().map(|n| n.to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|n| !n.starts_with("seed-")).collect();
    names.drain(..names.len().saturating_sub(parts));
    names.join("-")
}

/// The configuration without what may differ between the runs of one setting.
fn of_any_seed(config: &TrainConfig) -> TrainConfig {
    TrainConfig {
        seed: 0,
        threads: 1,
        checkpoint_seconds: 1.0,
        settle_steps: None,
        device: Device::Cpu,
        ..config.clone()
    }
}

/// The recordings themselves, however many of their samples a model sees.
pub fn recordings(config: &TrainConfig) -> anyhow::Result<DatasetConfig> {
    let DataSource::Dataset(data) = &config.data else {
        let problem = format!(
            "a run of {}; rivals are trained on recordings: give runs of `train dataset`",
            config.data.name()
        );
        return Err(Usage::error(problem));
    };
    Ok(DatasetConfig {
        every: None,
        answers_at_steps: false,
        ..data.clone()
    })
}

fn one_dataset(first: &SkipRun, run: &SkipRun) -> anyhow::Result<()> {
    let of = |r: &SkipRun| recordings(&r.config).with_context(|| r.folder.display().to_string());
    let (a, b) = (of(first)?, of(run)?);
    match difference("data", &serde_json::to_value(a)?, &serde_json::to_value(b)?) {
        None => Ok(()),
        Some(field) => Err(Usage::error(format!(
            "{}: {field}: another dataset than that of {}; compare runs of one dataset at a time",
            run.folder.display(),
            first.folder.display()
        ))),
    }
}

/// The options that the rivals are trained with: what the runs have in common, or those of `given`.
pub fn recipe(settings: &[Setting], given: Option<&Path>) -> anyhow::Result<TrainConfig> {
    let shared = |config: &TrainConfig| -> anyhow::Result<TrainConfig> {
        Ok(TrainConfig {
            cell: host_train::Cell::Gru,
            data: DataSource::Dataset(recordings(config)?),
            ..of_any_seed(&without_gate(config))
        })
    };
    let first = &settings[0].runs[0];
    if let Some(folder) = given {
        let run = SkipRun {
            folder: folder.into(),
            config: TrainConfig::load(folder)?,
        };
        one_dataset(first, &run)?;
        return shared(&run.config);
    }
    let recipe = shared(&first.config)?;
    for s in settings {
        let other = shared(&s.runs[0].config)?;
        if let Some(field) = difference("", &serde_json::to_value(&recipe)?, &serde_json::to_value(other)?) {
            return Err(Usage::error(format!(
                "{}: {field}: another value than in {}; give --recipe RUN to say whose training options the rivals take",
                s.runs[0].folder.display(),
                first.folder.display()
            )));
        }
    }
    Ok(recipe)
}

/// The first field in which two objects differ.
fn difference(name: &str, a: &Value, b: &Value) -> Option<String> {
    let (Some(x), Some(y)) = (a.as_object(), b.as_object()) else {
        return (a != b).then(|| name.to_owned());
    };
    let keys = x.keys().chain(y.keys().filter(|k| !x.contains_key(*k)));
    keys.filter_map(|k| {
        let field = match name {
            "" => k.clone(),
            outer => format!("{outer}.{k}"),
        };
        difference(
            &field,
            x.get(k).unwrap_or(&Value::Null),
            y.get(k).unwrap_or(&Value::Null),
        )
    })
    .next()
}
