//! A file with the mean and the standard deviation that samples were scaled with before a network saw them.

use crate::{Error, error::listed};
use float_model::{Affine, FloatModel};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Names of the means, and of the standard deviations.
const MEANS: [&str; 4] = ["mean", "mean_", "input_mean", "mu"];
const STDS: [&str; 6] = ["std", "scale", "scale_", "input_std", "sigma", "stddev"];

/// Mean and standard deviation of each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaler {
    path: PathBuf,
    mean: Vec<f64>,
    std: Vec<f64>,
}

impl Scaler {
    /// Reads `.npz` or JSON with a `mean` and a `std` (or `scale`, as scikit-learn calls it), or `.npy` of two rows: the means,
    /// then the standard deviations. The kind is told by the contents.
    ///
    /// # Errors
    /// A file that cannot be read, or lacks one of them.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let refused = |problem: String| Error::refused(path, problem);
        let bytes = crate::bytes(path)?;
        let arrays: Vec<(String, Vec<f64>)> = if bytes.trim_ascii_start().starts_with(b"{") {
            of_json(&bytes).map_err(refused)?
        } else {
            let found = dataset::named_arrays(path)?;
            let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect::<Vec<_>>();
            match &found[..] {
                [(name, shape, values)] if name.is_empty() && shape[..] == [2, values.len() / 2] => {
                    let (mean, std) = values.split_at(values.len() / 2);
                    vec![("mean".into(), wide(mean.to_vec())), ("std".into(), wide(std.to_vec()))]
                }
                [(name, shape, _)] if name.is_empty() => {
                    return Err(refused(format!(
                        "has the shape {shape:?}; (2, channels) is needed: means, then deviations"
                    )));
                }
                _ => found
                    .into_iter()
                    .map(|(name, _, values)| (name, wide(values)))
                    .collect(),
            }
        };
        let one = |names: &[&str], what: &str| -> Result<Vec<f64>, Error> {
            let mut fitting = arrays.iter().filter(|(name, _)| names.contains(&name.as_str()));
            match (fitting.next(), fitting.next()) {
                (Some((_, values)), None) => Ok(values.clone()),
                (None, _) => {
                    let there = listed(arrays.iter().map(|(name, _)| name.as_str()));
                    Err(refused(format!(
                        "{what}: no such array ({}), but: {there}",
                        names.join(", ")
                    )))
                }
                (Some((a, _)), Some((b, _))) => {
                    Err(refused(format!("{a}, {b}: both could be the {what}; keep one of them")))
                }
            }
        };
        let (mean, std) = (one(&MEANS, "mean")?, one(&STDS, "std")?);
        if mean.len() != std.len() || mean.is_empty() {
            return Err(refused(format!(
                "has {} means and {} standard deviations; give one of each a channel",
                mean.len(),
                std.len()
            )));
        }
        if let Some(k) = (0..mean.len()).find(|k| !(mean[*k].is_finite() && std[*k].is_finite() && std[*k] > 0.0)) {
            let (mean, std) = (mean[k], std[k]);
            return Err(refused(format!(
                "channel {k}: mean {mean} and std {std}; a std is above zero"
            )));
        }
        Ok(Scaler {
            path: path.into(),
            mean,
            std,
        })
    }

    /// Folds it into a model, before what the model itself does with its samples; returns what was done.
    ///
    /// # Errors
    /// Another number of channels than the model has.
    pub fn fold_into(&self, model: &mut FloatModel) -> Result<String, Error> {
        let refused = |problem: String| Error::refused(&self.path, problem);
        if self.mean.len() != model.input {
            return Err(refused(format!(
                "is of {} channels, and the model takes {}",
                self.mean.len(),
                model.input
            )));
        }
        model.fold_before_input(&Affine::of_mean_and_std(&self.mean, &self.std));
        model.validate(&self.path.display().to_string())?;
        Ok(format!(
            "{}: mean and std were folded into input.mean and input.std",
            float_model::printable_text(&self.path.display().to_string())
        ))
    }
}

fn of_json(bytes: &[u8]) -> Result<Vec<(String, Vec<f64>)>, String> {
    /// Bytes of the longest text.
    const LONGEST: usize = 4 << 20;
    if bytes.len() > LONGEST {
        return Err(format!(
            "has {} bytes, and at most {LONGEST} are read; give mean and std alone",
            bytes.len()
        ));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|e| format!("is no JSON ({e})"))?;
    let Value::Object(map) = value else {
        return Err("is no JSON object with mean and std".into());
    };
    let list = |value: Value| match value {
        Value::Array(list) => list.iter().map(Value::as_f64).collect(),
        Value::Number(n) => n.as_f64().map(|n| vec![n]),
        _ => None,
    };
    Ok(map
        .into_iter()
        .filter_map(|(name, value)| Some((name, list(value)?)))
        .collect())
}
