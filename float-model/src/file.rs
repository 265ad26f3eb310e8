//! `model.safetensors`: reading, with every shape checked, and writing, atomically.

use crate::{Cell, Channel, Description, Error, Family, FloatModel, Gate, Head, Layer};
use safetensors::{
    Dtype, SafeTensors,
    tensor::{TensorInfo, TensorView},
};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// The value of the metadata key `format`.
const FORMAT: &str = "skiprnn-1";

/// Reads a model.
///
/// A file from PyTorch with the tensors of `docs/numerics.md`, section 1, is read too: metadata that it lacks takes the
/// values of [`Description::default`], and the cell is told from the tensors.
///
/// # Errors
/// The file is missing, truncated or not safetensors; a tensor is missing, of another shape, not f32, or not finite.
pub fn load(path: &Path) -> Result<FloatModel, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io {
        path: path.into(),
        source,
    })?;
    let bad = |e: safetensors::SafeTensorError| Error::NotSafetensors {
        path: path.into(),
        reason: e.to_string(),
    };
    let tensors = SafeTensors::deserialize(&bytes).map_err(bad)?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(bad)?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let reader = Reader {
        file: path.display().to_string(),
        tensors,
        metadata: metadata.into_iter().collect(),
    };
    let model = reader.model()?;
    model.validate(&reader.file)?;
    Ok(model)
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

/// The bytes that [`save`] writes.
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

struct Reader<'a> {
    file: String,
    tensors: SafeTensors<'a>,
    metadata: BTreeMap<String, String>,
}

impl Reader<'_> {
    fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    fn tensor(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>), Error> {
        let view = self
            .tensors
            .tensor(name)
            .map_err(|_| Error::field(&self.file, name, "missing; the names are those of docs/model-file.md"))?;
        if view.dtype() != Dtype::F32 {
            return Err(Error::field(
                &self.file,
                name,
                format!("is {:?}; convert it to f32 before saving", view.dtype()),
            ));
        }
        let values = view
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        Ok((view.shape().to_vec(), values))
    }

    fn matrix(&self, name: &str) -> Result<(usize, usize, Vec<f32>), Error> {
        let (shape, values) = self.tensor(name)?;
        match shape[..] {
            [r, c] => Ok((r, c, values)),
            _ => Err(Error::field(
                &self.file,
                name,
                format!("has shape {shape:?}; a matrix is needed"),
            )),
        }
    }

    fn vector(&self, name: &str) -> Result<Vec<f32>, Error> {
        Ok(self.tensor(name)?.1)
    }

    fn shaped(&self, name: &str, rows: usize, cols: usize) -> Result<Vec<f32>, Error> {
        let (r, c, values) = self.matrix(name)?;
        if (r, c) != (rows, cols) {
            return Err(Error::field(
                &self.file,
                name,
                format!("has shape ({r}, {c}); ({rows}, {cols}) is needed"),
            ));
        }
        Ok(values)
    }

    fn parsed<T: std::str::FromStr>(&self, key: &str, default: T) -> Result<T, Error> {
        match self.metadata.get(key) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| Error::field(&self.file, format!("metadata {key}"), format!("cannot read '{text}'"))),
        }
    }

    /// The value of a key that has named values; `default` where the key is missing.
    fn named<T: std::str::FromStr<Err = String>>(&self, key: &str, default: T) -> Result<T, Error> {
        match self.metadata.get(key) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|e| Error::field(&self.file, format!("metadata {key}"), e)),
        }
    }

    fn list(&self, key: &str) -> Vec<String> {
        self.metadata
            .get(key)
            .map(|s| s.split(',').map(str::to_owned).collect())
            .unwrap_or_default()
    }

    fn cell(&self, rows: usize, hidden: usize) -> Result<Cell, Error> {
        if let Some(name) = self.metadata.get("cell") {
            return name
                .parse()
                .map_err(|e: String| Error::field(&self.file, "metadata cell", e));
        }
        match (rows / hidden.max(1), self.has("gate.weight")) {
            (4, true) => Ok(Cell::SkipLstm),
            (4, false) => Ok(Cell::Lstm),
            (3, true) => Ok(Cell::SkipGru),
            (3, false) => Ok(Cell::Gru),
            _ => Err(Error::field(
                &self.file,
                "weight_hh_l0",
                format!("({rows}, {hidden}) is neither an LSTM (4H, H) nor a GRU (3H, H)"),
            )),
        }
    }

    fn model(&self) -> Result<FloatModel, Error> {
        let (rows, hidden, _) = self.matrix("weight_hh_l0")?;
        let (_, input, _) = self.matrix("weight_ih_l0")?;
        let cell = self.cell(rows, hidden)?;
        let gate_rows = cell.family().gates() * hidden;
        let count = (0..).take_while(|k| self.has(&format!("weight_ih_l{k}"))).count();
        let h0 = self.shaped("h0", count, hidden)?;
        let c0 = match cell.family() {
            Family::Lstm => self.shaped("c0", count, hidden)?,
            Family::Gru => Vec::new(),
        };
        let mut layers = Vec::with_capacity(count);
        for k in 0..count {
            let inputs = if k == 0 { input } else { hidden };
            layers.push(Layer {
                weight_ih: self.shaped(&format!("weight_ih_l{k}"), gate_rows, inputs)?,
                weight_hh: self.shaped(&format!("weight_hh_l{k}"), gate_rows, hidden)?,
                bias_ih: self.vector(&format!("bias_ih_l{k}"))?,
                bias_hh: self.vector(&format!("bias_hh_l{k}"))?,
                h0: h0[k * hidden..(k + 1) * hidden].to_vec(),
                c0: c0
                    .get(k * hidden..(k + 1) * hidden)
                    .map(<[f32]>::to_vec)
                    .unwrap_or_default(),
            });
        }
        let gate = if self.has("gate.weight") {
            let bias = self.vector("gate.bias")?;
            if bias.len() != 1 {
                return Err(Error::field(
                    &self.file,
                    "gate.bias",
                    format!("holds {} values, not 1", bias.len()),
                ));
            }
            Some(Gate {
                weight: self.shaped("gate.weight", 1, hidden)?,
                bias: bias[0],
            })
        } else {
            None
        };
        let (outputs, _, head) = self.matrix("head.weight")?;
        let optional = |name: &str, value: f32| {
            if self.has(name) {
                self.vector(name)
            } else {
                Ok(vec![value; input])
            }
        };
        Ok(FloatModel {
            cell,
            input,
            hidden,
            outputs,
            layers,
            gate,
            head: Head {
                weight: head,
                bias: self.vector("head.bias")?,
            },
            input_mean: optional("input.mean", 0.0)?,
            input_std: optional("input.std", 1.0)?,
            description: self.description()?,
        })
    }

    fn description(&self) -> Result<Description, Error> {
        if let Some(format) = self.metadata.get("format").filter(|f| *f != FORMAT) {
            return Err(Error::field(
                &self.file,
                "metadata format",
                format!("'{format}' is not '{FORMAT}'; a newer program wrote this file"),
            ));
        }
        let d = Description::default();
        let objective = self.named("objective", d.objective)?;
        let output_at = self.named("output_at", d.output_at)?;
        let (names, units) = (self.list("channel_names"), self.list("channel_units"));
        let scales = self.list("channel_full_scale");
        if units.len() != names.len() || scales.len() != names.len() {
            return Err(Error::field(
                &self.file,
                "metadata channel_names",
                "names, units and full scales must be lists of one length",
            ));
        }
        let mut channels = Vec::new();
        for ((name, unit), scale) in names.into_iter().zip(units).zip(scales) {
            let full_scale = scale
                .parse()
                .ok()
                .filter(|s: &f32| s.is_finite() && *s > 0.0)
                .ok_or_else(|| {
                    Error::field(
                        &self.file,
                        "metadata channel_full_scale",
                        format!("'{scale}' is not a positive number"),
                    )
                })?;
            channels.push(Channel { name, unit, full_scale });
        }
        const KNOWN: [&str; 13] = [
            "format",
            "cell",
            "task",
            "seed",
            "lambda",
            "sample_period_s",
            "sequence_length",
            "objective",
            "output_at",
            "class_names",
            "channel_names",
            "channel_units",
            "channel_full_scale",
        ];
        let mut other = self.metadata.clone();
        other.retain(|key, _| !KNOWN.contains(&key.as_str()));
        Ok(Description {
            task: self.parsed("task", d.task)?,
            seed: self.parsed("seed", d.seed)?,
            lambda: self.parsed("lambda", d.lambda)?,
            sample_period_s: self.parsed("sample_period_s", d.sample_period_s)?,
            sequence_length: self.parsed("sequence_length", d.sequence_length)?,
            objective,
            output_at,
            class_names: self.list("class_names"),
            channels,
            other,
        })
    }
}
