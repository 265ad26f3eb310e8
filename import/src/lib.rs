//! Trained recurrent networks of other programs into the float model: PyTorch state dicts (safetensors, `.pt`), ONNX, Keras.
//!
//! [`read`] tells the kind of a file by its contents, never by its name. What the model cannot hold is refused by the names of
//! tensors, layers or nodes, all in one message; what folds into its parameters is folded, and a note says so
//! (`docs/import.md`).
//!
//! Nothing in a file is executed, and nothing is allocated by a number that a file states before the file was seen to hold as much.
#![cfg_attr(
    not(test),
    deny(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "they panic where nobody reads; a library tells its caller"
    )
)]

mod archive;
mod error;
mod hdf5;
mod keras;
mod kind;
mod network;
mod onnx;
mod pickle;
mod scaler;
mod torch;

pub use error::Error;
use float_model::FloatModel;
pub use kind::Kind;
pub use scaler::Scaler;
use std::{io::Read, path::Path};

/// Bytes of the largest file that is read. A model for a chip has some thousand bytes; checkpoints with the states of an
/// optimizer, many times as many.
const LARGEST: u64 = 1 << 29;

/// A model that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The model. Its outputs are those of the source, before a softmax or sigmoid at its end.
    pub model: FloatModel,
    /// What the file is.
    pub kind: Kind,
    /// What was understood, folded and assumed.
    pub notes: Vec<String>,
}

/// Reads a trained network: a file of this program, a state dict of PyTorch (safetensors, or `.pt` and `.pth` as `torch.save`
/// writes them), an ONNX model, or a Keras model (`.keras`, or `.h5` with the network in it).
///
/// # Errors
/// A file that cannot be read, is damaged, or holds what a model cannot; all that is wrong with it is told at once.
pub fn read(path: &Path) -> Result<Imported, Error> {
    let bytes = bytes(path)?;
    let kind = Kind::of(&bytes);
    let (model, notes) = match kind {
        Kind::Safetensors => float_model::from_bytes(path, &bytes)?,
        Kind::PyTorch => torch::read(path, &bytes)?,
        Kind::Onnx => onnx::read(path, &bytes)?,
        Kind::KerasArchive => keras::read_archive(path, &bytes)?,
        Kind::KerasHdf5 => keras::read_hdf5(path, &bytes)?,
    };
    Ok(Imported { model, kind, notes })
}

fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let io = |source| Error::Io {
        path: path.into(),
        source,
    };
    let file = std::fs::File::open(path).map_err(io)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(io)?;
    match bytes.len() as u64 > LARGEST {
        false => Ok(bytes),
        true => Err(Error::refused(
            path,
            format!("has more than {LARGEST} bytes; save the model alone, without the states of its optimizer"),
        )),
    }
}
