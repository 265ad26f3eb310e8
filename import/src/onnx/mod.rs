//! ONNX: a graph of operators, followed from its input to its outputs. What each operator does to the axes of the samples, to
//! lengths and to constants is known exactly (`operators`, `shapes`), or the operator is refused by the name of its node.

mod evaluation;
mod operators;
mod proto;
mod recurrent;
mod reshape;
mod shapes;
mod value;
mod walk;
mod wire;

use crate::{Error, error::joined};
use evaluation::Evaluation;
use float_model::FloatModel;
use proto::Model;
use std::path::Path;

/// Whether a file begins as ONNX models do: with the version of their representation, and then the name of a producer, a domain,
/// the graph or the operators' versions.
pub(crate) fn is_model(bytes: &[u8]) -> bool {
    let is_safetensors = bytes.get(3..9) == Some(b"\0\0\0\0\0{");
    let begins = matches!(
        bytes,
        [0x08, 1..=127, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42, ..]
    );
    begins && !is_safetensors
}

/// Reads a model.
pub(crate) fn read(path: &Path, bytes: &[u8]) -> Result<(FloatModel, Vec<String>), Error> {
    let refused = |problem: String| Error::refused(path, problem);
    let model = Model::parse(bytes).map_err(refused)?;
    let graph = model
        .graph
        .ok_or_else(|| refused("is an ONNX model without a graph; save it again".into()))?;
    let mut evaluation = Evaluation::new(&graph, model.opset).map_err(refused)?;
    evaluation.run();
    let (model, notes) = evaluation.finish().map_err(|problems| refused(joined(&problems)))?;
    model.validate(&path.display().to_string())?;
    Ok((model, notes))
}
