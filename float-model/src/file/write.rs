//! The bytes of a model file.

use super::metadata::FORMAT;
use crate::{Channel, Error, Family, FloatModel, Layer};
use safetensors::{
    Dtype,
    tensor::{TensorInfo, TensorView},
};
use std::collections::{BTreeMap, HashMap};

/// The bytes that [`crate::save`] writes.
///
/// # Errors
/// The model is not valid.
pub fn to_bytes(model: &FloatModel) -> Result<Vec<u8>, Error> {
    model.validate("model")?;
    let (g, i, h, o) = (model.cell.family().gates(), model.input, model.hidden, model.outputs);
    let mut tensors: Vec<(String, Vec<usize>, Vec<f32>)> = Vec::new();
    for (k, layer) in model.layers.iter().enumerate() {
        let inputs = if k == 0 { i } else { h };
        tensors.push((format!("weight_ih_l{k}"), vec![g * h, inputs], layer.weight_ih.clone()));
        tensors.push((format!("weight_hh_l{k}"), vec![g * h, h], layer.weight_hh.clone()));
        tensors.push((format!("bias_ih_l{k}"), vec![g * h], layer.bias_ih.clone()));
        tensors.push((format!("bias_hh_l{k}"), vec![g * h], layer.bias_hh.clone()));
    }
    let all = |f: fn(&Layer) -> &Vec<f32>| model.layers.iter().flat_map(f).copied().collect::<Vec<f32>>();
    tensors.push(("h0".into(), vec![model.layers.len(), h], all(|l| &l.h0)));
    if model.cell.family() == Family::Lstm {
        tensors.push(("c0".into(), vec![model.layers.len(), h], all(|l| &l.c0)));
    }
    if let Some(gate) = &model.gate {
        tensors.push(("gate.weight".into(), vec![1, h], gate.weight.clone()));
        tensors.push(("gate.bias".into(), vec![1], vec![gate.bias]));
    }
    tensors.push(("head.weight".into(), vec![o, h], model.head.weight.clone()));
    tensors.push(("head.bias".into(), vec![o], model.head.bias.clone()));
    tensors.push(("input.mean".into(), vec![i], model.input_mean.clone()));
    tensors.push(("input.std".into(), vec![i], model.input_std.clone()));
    let raw: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .into_iter()
        .map(|(name, shape, v)| (name, shape, v.iter().flat_map(|x| x.to_le_bytes()).collect()))
        .collect();
    let views = raw.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("byte count follows from the shape");
        (name.as_str(), view)
    });
    let metadata: HashMap<String, String> = metadata(model).into_iter().collect();
    let wrong = |e: String| Error::field("model", "tensors", e);
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(|e| wrong(e.to_string()))?;
    sorted_header(&bytes).ok_or_else(|| wrong("the header cannot be sorted".into()))
}

/// The file with the keys of its header in order: safetensors writes metadata in the order of a hash table, and
/// equal models shall be equal bytes. The header stays padded with spaces to a multiple of 8 bytes.
fn sorted_header(file: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let (header, data) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let mut entries: BTreeMap<String, serde_json::Value> = serde_json::from_slice(header).ok()?;
    let key = "__metadata__".to_owned();
    let metadata: BTreeMap<String, String> = serde_json::from_value(entries.remove(&key)?).ok()?;
    let tensors: BTreeMap<String, TensorInfo> = entries
        .into_iter()
        .map(|(name, value)| Some((name, serde_json::from_value(value).ok()?)))
        .collect::<Option<_>>()?;
    let (metadata, tensors) = (
        serde_json::to_string(&metadata).ok()?,
        serde_json::to_string(&tensors).ok()?,
    );
    let mut header = format!("{{\"{key}\":{metadata},{}", tensors.strip_prefix('{')?);
    header.extend(std::iter::repeat_n(
        ' ',
        header.len().next_multiple_of(8) - header.len(),
    ));
    let length = (header.len() as u64).to_le_bytes();
    Some([&length, header.as_bytes(), data].concat())
}

fn metadata(model: &FloatModel) -> BTreeMap<String, String> {
    let d = &model.description;
    let mut m = d.other.clone();
    let mut put = |key: &str, value: String| m.insert(key.into(), value);
    put("format", FORMAT.into());
    put("cell", model.cell.to_string());
    put("task", d.task.clone());
    put("seed", d.seed.to_string());
    put("lambda", d.lambda.to_string());
    put("sample_period_s", d.sample_period_s.to_string());
    put("sequence_length", d.sequence_length.to_string());
    put("objective", d.objective.name().into());
    put("output_at", d.output_at.name().into());
    if !d.class_names.is_empty() {
        put("class_names", d.class_names.join(","));
    }
    if !d.channels.is_empty() {
        let list = |f: fn(&Channel) -> String| d.channels.iter().map(f).collect::<Vec<_>>().join(",");
        put("channel_names", list(|c| c.name.clone()));
        put("channel_units", list(|c| c.unit.clone()));
        put("channel_full_scale", list(|c| c.full_scale.to_string()));
    }
    m
}
