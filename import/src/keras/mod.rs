//! Keras: `.keras` archives and `.h5` files. The configuration says what the layers are and in which order, the arrays beside it
//! what their weights are; a layer that is no part of a chain, or that a model cannot hold, is refused by its name.

mod config;
mod layers;
mod weights;

use crate::{Error, archive::Archive, error::joined, hdf5};
use config::Config;
use float_model::FloatModel;
use std::path::Path;
use weights::Weights;

/// Reads an archive: `config.json` and `model.weights.h5`.
pub(crate) fn read_archive(path: &Path, bytes: &[u8]) -> Result<(FloatModel, Vec<String>), Error> {
    let refused = |problem: String| Error::refused(path, problem);
    let mut archive = Archive::open(bytes).map_err(refused)?;
    let config = archive.read("config.json").map_err(refused)?;
    let weights = archive.read("model.weights.h5").map_err(refused)?;
    let config = Config::parse(&config).map_err(|problem| refused(format!("config.json: {problem}")))?;
    let file = hdf5::File::parse(&weights).map_err(|problem| refused(format!("model.weights.h5: {problem}")))?;
    let found = Weights::of_archive(&file).map_err(|problem| refused(format!("model.weights.h5: {problem}")))?;
    model(path, &config, &found)
}

/// Reads an HDF5 file with the configuration in it.
pub(crate) fn read_hdf5(path: &Path, bytes: &[u8]) -> Result<(FloatModel, Vec<String>), Error> {
    let refused = |problem: String| Error::refused(path, problem);
    let file = hdf5::File::parse(bytes).map_err(refused)?;
    let root = file.root().map_err(refused)?;
    let Some(config) = root.attribute("model_config").map_err(refused)? else {
        return Err(refused(
            "is an HDF5 file without the attribute model_config; if it holds the weights of a Keras model, save the whole model: \
             model.save('model.keras')"
                .into(),
        ));
    };
    let mut config = Config::parse(config.as_bytes()).map_err(|problem| refused(format!("model_config: {problem}")))?;
    if let Some(training) = root.attribute("training_config").map_err(refused)? {
        config.read_loss(training.as_bytes());
    }
    let weights = Weights::of_hdf5(&root).map_err(refused)?;
    model(path, &config, &weights)
}

fn model(path: &Path, config: &Config, weights: &Weights<'_, '_>) -> Result<(FloatModel, Vec<String>), Error> {
    let (model, notes) = layers::model(config, weights).map_err(|problems| Error::refused(path, joined(&problems)))?;
    model.validate(&path.display().to_string())?;
    Ok((model, notes))
}
