//! `model.safetensors`: reading, with every name and shape checked, and writing, atomically.

mod foreign;
mod metadata;
mod normalisation;
mod read;
mod roles;
mod tensors;
mod unused;
mod write;

#[cfg(test)]
mod tests;

use crate::{Error, FloatModel};
use metadata::Metadata;
use read::Reader;
use safetensors::SafeTensors;
use std::{collections::BTreeMap, path::Path};
pub(crate) use tensors::not_finite;
pub use tensors::{Numbers, Tensor};
pub use write::to_bytes;

/// Reads a model.
///
/// As [`load_with_notes`], which also says what was understood and assumed.
///
/// # Errors
/// As [`load_with_notes`].
pub fn load(path: &Path) -> Result<FloatModel, Error> {
    load_with_notes(path).map(|(model, _)| model)
}

/// Reads a model: a file of this program, or a state dict of PyTorch with one `nn.LSTM`, `nn.GRU` or cell of them and one
/// linear layer on its last h, whatever their names (`docs/model-file.md`). Biases and initial states that a file lacks are
/// zeros, values of f64, f16 and bf16 become f32; metadata that it lacks take the values of [`Description::default`], and the
/// cell is told from the tensors. The notes say what of this was done.
///
/// [`Description::default`]: crate::Description::default
///
/// # Errors
/// The file is missing, truncated or not safetensors; a tensor is missing, of another shape or type, not finite, or has no use in
/// such a model. All that is wrong with a file is told at once.
pub fn load_with_notes(path: &Path) -> Result<(FloatModel, Vec<String>), Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io {
        path: path.into(),
        source,
    })?;
    from_bytes(path, &bytes)
}

/// As [`load_with_notes`], of the bytes of a file that was read already; `path` is what errors name.
///
/// # Errors
/// As [`load_with_notes`].
pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<(FloatModel, Vec<String>), Error> {
    let bad = |e: safetensors::SafeTensorError| match foreign::recognise(bytes) {
        Some(what) => Error::ModelFile {
            path: path.into(),
            problems: what,
        },
        None => Error::NotSafetensors {
            path: path.into(),
            reason: crate::printable_text(&e.to_string()),
        },
    };
    let file = SafeTensors::deserialize(bytes).map_err(bad)?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(bad)?;
    let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
    from_tensors(path, &tensors::all(&file), metadata)
}

/// As [`load_with_notes`], of the tensors of a state dict that another reader took out of a file; `path` is what errors name.
///
/// # Errors
/// As [`load_with_notes`].
pub fn from_tensors(
    path: &Path,
    tensors: &[Tensor<'_>],
    metadata: BTreeMap<String, String>,
) -> Result<(FloatModel, Vec<String>), Error> {
    let read = Reader::new(roles::sort(tensors), Metadata::new(metadata)).model();
    let (model, notes) = read.map_err(|problems| Error::ModelFile {
        path: path.into(),
        problems: problems.join("; "),
    })?;
    model.validate(&path.display().to_string())?;
    Ok((model, notes))
}

/// Writes a model to a temporary name in the same folder and renames it to `path`.
///
/// # Errors
/// The model is not valid, or the file cannot be written.
pub fn save(model: &FloatModel, path: &Path) -> Result<(), Error> {
    let bytes = to_bytes(model)?;
    crate::write_atomically(path, &bytes).map_err(|source| Error::Io {
        path: path.into(),
        source,
    })
}
