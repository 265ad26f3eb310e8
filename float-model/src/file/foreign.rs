//! What a file is that is no safetensors file, by its first bytes.

/// Where it is described what a model file holds, and how PyTorch writes one.
const HOW: &str = "save the tensors as safetensors, see docs/model-file.md and examples/pytorch";

/// What a file holds in place of a model, and what to do; `None` where it is not recognised.
pub(super) fn recognise(bytes: &[u8]) -> Option<String> {
    let starts = |with: &[u8]| bytes.starts_with(with);
    let convert = |what: &str| Some(format!("is {what}; {HOW}"));
    if bytes.is_empty() {
        return Some("is empty; save or copy it again".into());
    }
    if starts(b"PK\x03\x04") {
        return zip(bytes);
    }
    if starts(b"\x89HDF\r\n\x1a\n") {
        return convert("an HDF5 file, as Keras writes .h5");
    }
    if bytes.get(4..8) == Some(b"TFL3") {
        return convert("a TensorFlow Lite model");
    }
    if is_pickle(bytes) {
        return convert("a Python pickle, as PyTorch writes .pt and .pth");
    }
    if is_onnx(bytes) {
        return convert("an ONNX model");
    }
    if starts(b"version https://git-lfs.github.com/spec/") {
        return Some("is a pointer of git-lfs to a file that is not here; run `git lfs pull`".into());
    }
    if starts(b"\x93NUMPY") {
        return Some("is a NumPy array; a model is a file with several named tensors".into());
    }
    if starts(&[0x1f, 0x8b]) {
        return Some("is compressed with gzip; unpack it with gunzip".into());
    }
    if starts(b"GGUF") {
        return convert("a GGUF model");
    }
    if starts(&skiprnn_nostd::format::MAGIC) {
        return Some(
            "is a blob, a model that is quantized already; this command takes the run folder or the model.safetensors \
             that it was made of, `simulate` and `inspect` take blobs"
                .into(),
        );
    }
    let text = bytes[..bytes.len().min(512)].trim_ascii_start().to_ascii_lowercase();
    if text.starts_with(b"<!doctype html") || text.starts_with(b"<html") {
        return Some("is a web page; download the file itself, not the page that shows it".into());
    }
    if text.starts_with(b"{") {
        return Some("is JSON; give the model.safetensors with the tensors".into());
    }
    None
}

/// Archives are told by the names of what is in them, which stand in the file as they are.
fn zip(bytes: &[u8]) -> Option<String> {
    let (head, tail) = (
        &bytes[..bytes.len().min(1 << 16)],
        &bytes[bytes.len().saturating_sub(1 << 16)..],
    );
    let holds = |name: &[u8]| {
        [head, tail]
            .iter()
            .any(|part| part.windows(name.len()).any(|w| w == name))
    };
    let what = if holds(b"data.pkl") {
        "a PyTorch file (.pt, a zip archive with a pickle)"
    } else if holds(b"model.weights.h5") || holds(b"metadata.json") {
        "a Keras model (.keras, a zip archive)"
    } else if holds(b".npy") {
        "a NumPy archive (.npz)"
    } else {
        "a zip archive"
    };
    Some(format!("is {what}; {HOW}"))
}

/// Protocol 2 or later; the length of a safetensors header does not look like this below 600 bytes.
fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, op, ..] if matches!(op, 0x8a | 0x95 | b'c' | b'}' | b']' | b'(' | 0x8c | b'X'))
}

/// A protocol buffer that begins with a version of the intermediate representation, below 128, and then the name of its
/// producer or a domain.
fn is_onnx(bytes: &[u8]) -> bool {
    matches!(bytes, [0x08, 1..=127, 0x12 | 0x1a | 0x22 | 0x3a, length, ..] if *length > 0)
}
