//! The run folder of a convolutional network: `network.toml`, `model.safetensors` and, at the end, `training.json`.

use super::{Cnn, CnnConfig, Trained, train};
use crate::{
    Error,
    jobs::{Event, Task},
    write_atomically,
};
use candle_core::{Device, Tensor, Var};
use safetensors::{Dtype, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Instant,
};

const CONFIG: &str = "network.toml";
const MODEL: &str = "model.safetensors";
const RESULT: &str = "training.json";

/// Whether a folder holds a finished run of `config`.
///
/// # Errors
/// A run of another configuration, or files that cannot be read.
pub fn existing(config: &CnnConfig, folder: &Path) -> Result<bool, Error> {
    if !folder.join(CONFIG).exists() {
        return Ok(false);
    }
    if load_config(folder)? != *config {
        let problem = "the run is of another configuration";
        return Err(Error::data(folder.join(CONFIG).display(), problem));
    }
    Ok(folder.join(RESULT).exists())
}

/// Trains in a folder, where no finished run of `config` is there already. An interrupted run begins anew: it is short.
///
/// # Errors
/// As [`train`] and [`existing`]; files that cannot be written.
pub fn run(config: &CnnConfig, folder: &Path) -> Result<(), Error> {
    let _held = host_train::hold_run_folder(folder)?;
    if existing(config, folder)? {
        return Ok(());
    }
    let started = Instant::now();
    config.validate()?;
    let result = folder.join(RESULT);
    match fs::remove_file(&result) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(Error::io(&result, "deleted")(e)),
        _ => {} // of some other run
    }
    let path = folder.join(CONFIG);
    let text = toml::to_string(config).map_err(|e| Error::data(path.display(), e.to_string()))?;
    write_atomically(&path, text.as_bytes())?;
    let trained = train(config)?;
    save(&trained.cnn, &folder.join(MODEL))?;
    let summary = Summary {
        best_step: trained.best_step,
        validation_accuracy: trained.validation_accuracy,
        validation_loss: trained.validation_loss,
        seconds: started.elapsed().as_secs_f64(),
    };
    let text = serde_json::to_string_pretty(&summary).map_err(|e| Error::data(result.display(), e.to_string()))?;
    write_atomically(&result, format!("{text}\n").as_bytes())
}

/// [`run`] as a task of a queue. It shows no steps, and goes on to its end where the observer breaks.
#[must_use]
pub fn task(config: CnnConfig, folder: PathBuf, label: String) -> Task {
    Task {
        label: label.clone(),
        work: Box::new(move |observer| {
            run(&config, &folder)?;
            let trained = open(&folder)?;
            let summary = format!(
                "accuracy {:.4}, step {}",
                trained.validation_accuracy, trained.best_step
            );
            let _ = observer(&Event::Finished { label: &label, summary });
            Ok(())
        }),
    }
}

/// `training.json`.
#[derive(Serialize, Deserialize)]
struct Summary {
    best_step: u64,
    seconds: f64,
    validation_accuracy: f64,
    validation_loss: f64,
}

/// Reads a finished run.
///
/// # Errors
/// Files that are missing or hold something else.
pub fn open(folder: &Path) -> Result<Trained, Error> {
    let cnn = load(&load_config(folder)?, &folder.join(MODEL))?;
    let path = folder.join(RESULT);
    let text = fs::read_to_string(&path).map_err(Error::io(&path, "read"))?;
    let wrong = |e: serde_json::Error| Error::data(path.display(), format!("{e}; delete the folder and train again"));
    let summary: Summary = serde_json::from_str(&text).map_err(wrong)?;
    Ok(Trained {
        cnn,
        validation_accuracy: summary.validation_accuracy,
        validation_loss: summary.validation_loss,
        best_step: summary.best_step,
    })
}

fn load_config(folder: &Path) -> Result<CnnConfig, Error> {
    let path = folder.join(CONFIG);
    let text = fs::read_to_string(&path).map_err(Error::io(&path, "read"))?;
    toml::from_str(&text).map_err(|e| Error::data(path.display(), dataset::toml_problem(&text, &e)))
}

fn names(config: &CnnConfig) -> Vec<String> {
    let convolutions = (0..config.layers).map(|k| format!("convolution{k}"));
    convolutions.chain(["head".to_owned()]).collect()
}

fn save(cnn: &Cnn, path: &Path) -> Result<(), Error> {
    let mut tensors: Vec<(String, &Tensor)> = vec![("input.mean".into(), &cnn.mean), ("input.std".into(), &cnn.std)];
    for (name, (weights, bias)) in names(&cnn.config).into_iter().zip(&cnn.parameters) {
        tensors.push((format!("{name}.weight"), weights));
        tensors.push((format!("{name}.bias"), bias));
    }
    let bytes = |t: &Tensor| -> candle_core::Result<Vec<u8>> {
        let values: Vec<f32> = t.flatten_all()?.to_vec1()?;
        Ok(values.iter().flat_map(|v| v.to_le_bytes()).collect())
    };
    let raw: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .into_iter()
        .map(|(name, t)| Ok((name, t.dims().to_vec(), bytes(t)?)))
        .collect::<candle_core::Result<_>>()?;
    let views = raw.iter().map(|(name, shape, data)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), data).expect("four bytes a value");
        (name.as_str(), view)
    });
    let file = safetensors::serialize(views, None).map_err(|e| Error::data(path.display(), e.to_string()))?;
    write_atomically(path, &file)
}

fn load(config: &CnnConfig, path: &Path) -> Result<Cnn, Error> {
    let mut tensors = candle_core::safetensors::load(path, &Device::Cpu).map_err(|e| match e {
        candle_core::Error::Io(e) if e.kind() == ErrorKind::NotFound => Error::io(path, "read")(e),
        other => Error::data(path.display(), other.to_string()),
    })?;
    let mut take = |name: String| {
        let missing = || {
            let problem = format!("{name} is missing; delete the folder and train again");
            Error::data(path.display(), problem)
        };
        tensors.remove(&name).ok_or_else(missing)
    };
    let (mean, std) = (take("input.mean".into())?, take("input.std".into())?);
    let mut parameters = Vec::new();
    for name in names(config) {
        let (weights, bias) = (take(format!("{name}.weight"))?, take(format!("{name}.bias"))?);
        parameters.push((Var::from_tensor(&weights)?, Var::from_tensor(&bias)?));
    }
    let classes = parameters[config.layers].1.elem_count();
    Ok(Cnn {
        config: config.clone(),
        channels: mean.elem_count(),
        classes,
        mean,
        std,
        parameters,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use float_model::{Sequences, Targets};
    use host_train::{DataSource, DatasetConfig};

    #[test]
    fn a_finished_run_is_read_and_never_trained_twice() {
        let dir = tempfile::tempdir().unwrap();
        let x: Vec<f32> = (0..40 * 10).map(|k| ((k / 10 % 2 * 3 + k) as f32).sin()).collect();
        let x = Sequences::new("x", x, 40, 10, 1).unwrap();
        dataset::save_sequences(&dir.path().join("x.npy"), &x).unwrap();
        let y = Targets::Labels((0..40).map(|n| n % 2).collect());
        dataset::save_targets(&dir.path().join("y.npy"), &y).unwrap();
        let data = DatasetConfig {
            train_x: dir.path().join("x.npy"),
            ..DatasetConfig::default()
        };
        let mut plain = DataSource::Dataset(data).default_config();
        (plain.steps, plain.eval_every) = (6, 3);
        let config = CnnConfig::like(&plain, 4).unwrap();
        let folder = dir.path().join("cnn");
        assert!(!existing(&config, &folder).unwrap());
        run(&config, &folder).unwrap();
        assert!(existing(&config, &folder).unwrap());
        let first = fs::read(folder.join(RESULT)).unwrap();
        run(&config, &folder).unwrap();
        assert_eq!(fs::read(folder.join(RESULT)).unwrap(), first, "it was trained again");
        let (read, fresh) = (open(&folder).unwrap(), train(&config).unwrap());
        assert_eq!(read.cnn.decide(&x).unwrap(), fresh.cnn.decide(&x).unwrap());
        assert!((read.validation_loss - fresh.validation_loss).abs() < 1e-12);
        assert_eq!(read.best_step, fresh.best_step);
        (plain.threads, plain.seed) = (7, 1);
        assert_eq!(CnnConfig::like(&plain, 4).unwrap(), config, "threads are no part of it");
        plain.seed = 2;
        let other = CnnConfig::like(&plain, 4).unwrap();
        let text = run(&other, &folder).unwrap_err().to_string();
        assert!(
            text.contains("network.toml") && text.contains("another configuration"),
            "{text}"
        );
        fs::remove_file(folder.join(MODEL)).unwrap();
        assert!(open(&folder).err().unwrap().to_string().contains(MODEL));
    }
}
