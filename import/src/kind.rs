//! What a file is, by its contents.

use std::fmt;

/// A kind of file that holds a trained network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Tensors by name: a model of this program, or a state dict of PyTorch. What no other kind is counts as it, so that its reader
    /// says what the file is.
    Safetensors,
    /// An archive that `torch.save` wrote.
    PyTorch,
    /// An ONNX model.
    Onnx,
    /// A `.keras` archive.
    KerasArchive,
    /// An HDF5 file, as Keras writes `.h5`.
    KerasHdf5,
}

impl Kind {
    /// The kind of a file with these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"PK\x03\x04") {
            return of_archive(bytes);
        }
        if bytes.starts_with(crate::hdf5::SIGNATURE) {
            return Kind::KerasHdf5;
        }
        if crate::pickle::is_pickle(bytes) {
            return Kind::PyTorch;
        }
        match crate::onnx::is_model(bytes) {
            true => Kind::Onnx,
            false => Kind::Safetensors,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Safetensors => "safetensors",
            Kind::PyTorch => "PyTorch archive",
            Kind::Onnx => "ONNX",
            Kind::KerasArchive => "Keras archive",
            Kind::KerasHdf5 => "Keras HDF5",
        })
    }
}

/// Archives are told by the names of their entries. One of another program is left to the reader of safetensors, which says what
/// it is.
fn of_archive(bytes: &[u8]) -> Kind {
    const AROUND: usize = 1 << 16;
    let ends = [
        &bytes[..bytes.len().min(AROUND)],
        &bytes[bytes.len().saturating_sub(AROUND)..],
    ];
    let holds = |name: &[u8]| ends.iter().any(|part| part.windows(name.len()).any(|w| w == name));
    if holds(b"/data.pkl") {
        Kind::PyTorch
    } else if holds(b"model.weights.h5") {
        Kind::KerasArchive
    } else {
        Kind::Safetensors
    }
}
