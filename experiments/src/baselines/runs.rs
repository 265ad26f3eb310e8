//! The skipping runs that baselines are compared with, and the training options that they have in common.

use super::without_gate;
use crate::Error;
use host_train::{DataSource, DatasetConfig, Device, Existing, TrainConfig};
use std::path::{Path, PathBuf};

/// A finished run with a skip gate.
#[derive(Debug, Clone)]
pub struct SkipRun {
    /// The run folder.
    pub folder: PathBuf,
    /// The configuration in it.
    pub config: TrainConfig,
}

/// Runs that differ in their seeds alone.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The name of their folders, no two alike.
    pub name: String,
    /// One for each seed.
    pub runs: Vec<SkipRun>,
}

/// What was found under the folders.
#[derive(Debug, Default)]
pub struct Found {
    /// Settings of models with a gate.
    pub settings: Vec<Setting>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// Looks for finished runs with a skip gate in `folders` and under them, but not under `out`.
pub fn find(folders: &[PathBuf], out: &Path) -> Result<Found, Error> {
    let (mut runs, mut found) = (Vec::new(), Found::default());
    let (mut plain, mut unfinished) = (0, 0);
    for folder in folders {
        if !folder.is_dir() {
            let problem = "no such folder; give run folders, or folders of them";
            return Err(Error::input(folder.display(), problem));
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
        (plain, "without a gate are left out: the baselines are trained here"),
        (unfinished, "that are not finished are left out"),
    ] {
        if count > 0 {
            found.notes.push(format!("{count} runs {what}"));
        }
    }
    let Some(first) = runs.first().cloned() else {
        let problem = "no finished run of a skip cell in it; train some, for example with `skiprnn sweep dataset`";
        return Err(Error::input(folders[0].display(), problem));
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

fn descend(folder: &Path, out: &Path, see: &mut dyn FnMut(&Path) -> Result<(), Error>) -> Result<(), Error> {
    if folder.join("config.toml").exists() {
        return see(folder);
    }
    let entries = std::fs::read_dir(folder).map_err(Error::io(folder, "read"))?;
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
        data_fingerprint: None,
        chosen: Vec::new(),
        ..config.clone()
    }
}

/// The recordings themselves, however many of their samples a model sees.
pub fn recordings(config: &TrainConfig) -> Result<DatasetConfig, Error> {
    let DataSource::Dataset(data) = &config.data else {
        let problem = "baselines are trained on recordings; give runs of `train dataset`";
        return Err(Error::input(format!("a run of {}", config.data.name()), problem));
    };
    Ok(DatasetConfig {
        every: None,
        answers_at_steps: false,
        ..data.clone()
    })
}

fn one_dataset(first: &SkipRun, run: &SkipRun) -> Result<(), Error> {
    let of = |r: &SkipRun| recordings(&r.config).map_err(Error::in_run(&r.folder));
    let (a, b) = (of(first)?, of(run)?);
    match difference("data", &fields(&a)?, &fields(&b)?) {
        None => Ok(()),
        Some(field) => Err(Error::input(
            format!("{}: {field}", run.folder.display()),
            format!(
                "another dataset than that of {}; compare runs of one dataset at a time",
                first.folder.display()
            ),
        )),
    }
}

/// The options that the baselines are trained with: those that the runs have in common, or those of the run `given`.
pub fn recipe(settings: &[Setting], given: Option<&Path>) -> Result<TrainConfig, Error> {
    let shared = |config: &TrainConfig| -> Result<TrainConfig, Error> {
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
        if let Some(field) = difference("", &fields(&recipe)?, &fields(&other)?) {
            return Err(Error::input(
                format!("{}: {field}", s.runs[0].folder.display()),
                format!(
                    "another value than in {}; give --recipe RUN to say whose training options the baselines take",
                    first.folder.display()
                ),
            ));
        }
    }
    Ok(recipe)
}

/// A configuration as a table of fields.
fn fields(config: &impl serde::Serialize) -> Result<toml::Value, Error> {
    toml::Value::try_from(config).map_err(|e| Error::data("configuration", e.to_string()))
}

/// The first field in which two tables differ.
fn difference(name: &str, a: &toml::Value, b: &toml::Value) -> Option<String> {
    let (Some(x), Some(y)) = (a.as_table(), b.as_table()) else {
        return (a != b).then(|| name.to_owned());
    };
    let keys = x.keys().chain(y.keys().filter(|k| !x.contains_key(*k)));
    keys.filter_map(|k| {
        let field = match name {
            "" => k.clone(),
            outer => format!("{outer}.{k}"),
        };
        match (x.get(k), y.get(k)) {
            (Some(a), Some(b)) => difference(&field, a, b),
            _ => Some(field),
        }
    })
    .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_that_differs_is_named_with_its_table() {
        let adding = DataSource::Adding { length: 50 }.default_config();
        let mut other = adding.clone();
        let field = |other: &TrainConfig| difference("", &fields(&adding).unwrap(), &fields(other).unwrap());
        assert_eq!(field(&other), None);
        other.data = DataSource::Adding { length: 51 };
        assert_eq!(field(&other).as_deref(), Some("data.length"));
        other = TrainConfig {
            settle_steps: Some(9),
            ..adding.clone()
        };
        assert_eq!(field(&other).as_deref(), Some("settle_steps"));
    }
}
