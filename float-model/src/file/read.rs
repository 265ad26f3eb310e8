//! A model from the tensors and the metadata of a file. Everything that is wrong with a file is told at once.

use super::{
    metadata::Metadata,
    roles::{Part, Roles},
    tensors::{Tensor, shown},
};
use crate::{Cell, Family, FloatModel, Gate, Head, Layer, printable};

/// What a file is read with: problems and notes that come up.
pub(super) struct Reader<'a> {
    roles: Roles<'a>,
    metadata: Metadata,
    /// Types other than f32, with the tensors that have them.
    other_types: Vec<(String, String)>,
}

/// Sizes of a model: inputs, hidden units, layers, and its kind.
#[derive(Clone, Copy)]
struct Sizes {
    cell: Cell,
    input: usize,
    hidden: usize,
    layers: usize,
}

impl Sizes {
    fn rows(self) -> usize {
        self.cell.family().gates() * self.hidden
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(roles: Roles<'a>, metadata: Metadata) -> Self {
        Reader {
            roles,
            metadata,
            other_types: Vec::new(),
        }
    }

    /// The model, and what was understood or assumed.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub(super) fn model(mut self) -> Result<(FloatModel, Vec<String>), Vec<String>> {
        let unused: Vec<String> = self.roles.unused.problems().collect();
        self.roles.problems.extend(unused);
        let mut model = self.sizes().and_then(|sizes| self.parts(sizes));
        if let Some(model) = model.as_mut().filter(|m| m.validate("model").is_ok()) {
            self.fold(model);
        }
        let mut problems = self.roles.problems;
        problems.append(&mut self.metadata.problems);
        let Some(model) = model.filter(|_| problems.is_empty()) else {
            return Err(problems);
        };
        let mut notes = self.roles.notes;
        notes.append(&mut self.metadata.notes);
        let mut types: Vec<String> = self.other_types.iter().map(|(kind, _)| kind.clone()).collect();
        types.sort();
        types.dedup();
        for kind in types {
            let names = self.other_types.iter().filter(|(k, _)| *k == kind);
            let names: Vec<&str> = names.map(|(_, name)| name.as_str()).collect();
            notes.push(format!("{} {kind} and used as f32", are(&names)));
        }
        Ok((model, notes))
    }

    /// Folds the normalisations into a model, and says how samples are used.
    fn fold(&mut self, model: &mut FloatModel) {
        for normalisation in &self.roles.normalisations {
            match normalisation.fold(model) {
                Ok(note) => self.roles.notes.push(note),
                Err(problem) => self.roles.problems.push(problem),
            }
        }
        let is_scaled = model.input_mean.iter().any(|v| *v != 0.0) || model.input_std.iter().any(|v| *v != 1.0);
        if self.roles.input_mean.is_none() && self.roles.input_std.is_none() && !is_scaled {
            let note = "input.mean, input.std: not in the file; samples are used as they are";
            self.roles.notes.push(note.into());
        }
    }

    fn problem(&mut self, name: &str, problem: impl AsRef<str>) {
        self.roles
            .problems
            .push(format!("{}: {}", printable(name), problem.as_ref()));
    }

    /// Sizes and kind by the first layer's matrices; `None` where they do not tell them.
    fn sizes(&mut self) -> Option<Sizes> {
        let layer = |part| self.roles.layers.get(&(0, part)).copied();
        let (hh, ih) = match (layer(Part::WeightHh), layer(Part::WeightIh)) {
            (Some(hh), Some(ih)) => (hh, ih),
            (hh, ih) => {
                if self.roles.problems.is_empty() {
                    let missing = [("weight_ih_l0", ih), ("weight_hh_l0", hh)];
                    let missing: Vec<&str> = missing.iter().filter(|(_, t)| t.is_none()).map(|(n, _)| *n).collect();
                    let problem = "missing; the names are those of docs/model-file.md, or of nn.LSTM and nn.GRU";
                    self.problem(&missing.join(", "), problem);
                }
                return None;
            }
        };
        let [rows, hidden] = self.matrix(hh)?;
        let [_, input] = self.matrix(ih)?;
        let named = self.metadata.cell();
        let skips = self.roles.gate_weight.is_some();
        let told = match (rows / hidden, rows % hidden) {
            (4, 0) => Some(if skips { Cell::SkipLstm } else { Cell::Lstm }),
            (3, 0) => Some(if skips { Cell::SkipGru } else { Cell::Gru }),
            _ => None,
        };
        let Some(told) = told else {
            if self.roles.unused.has_projection() {
                return None; // which explains the shape
            }
            let what = match rows == hidden {
                true => "is that of nn.RNN, which is not supported; train an nn.LSTM or nn.GRU",
                false => "is neither an LSTM (4H, H) nor a GRU (3H, H)",
            };
            self.problem(&hh.name, format!("({rows}, {hidden}) {what}"));
            return None;
        };
        if let Some(named) = named.filter(|c| c.family() != told.family()) {
            let problem = format!(
                "'{named}', but {} has the shape ({rows}, {hidden}) of a {}",
                hh.name,
                told.dense()
            );
            self.problem("metadata cell", problem);
            return None;
        }
        let layers = 1 + self.roles.layers.keys().map(|(layer, _)| *layer).max().unwrap_or(0);
        let whole = |k: usize, part: Part| self.roles.layers.contains_key(&(k, part));
        let absent: Vec<String> = (0..layers)
            .flat_map(|k| [(k, Part::WeightIh), (k, Part::WeightHh)])
            .filter(|(k, part)| !whole(*k, *part))
            .map(|(k, part)| format!("{}_l{k}", part.name()))
            .collect();
        if !absent.is_empty() {
            let shown = absent[..absent.len().min(4)].join(", ");
            self.problem(&shown, format!("missing, of {layers} layers"));
            return None;
        }
        Some(Sizes {
            cell: named.unwrap_or(told),
            input,
            hidden,
            layers,
        })
    }

    /// Both axes of a matrix with values.
    fn matrix(&mut self, tensor: &Tensor<'_>) -> Option<[usize; 2]> {
        match tensor.dimensions() {
            Ok([rows, columns]) => Some([*rows, *columns]),
            Ok(_) => {
                let problem = format!("has shape {}; a matrix is needed", tensor.shown_shape());
                self.problem(&tensor.name, problem);
                None
            }
            Err(problem) => {
                self.problem(&tensor.name, problem);
                None
            }
        }
    }

    /// The values of a tensor that must have this shape, axes of length 1 aside.
    fn shaped(&mut self, tensor: &Tensor<'_>, shape: &[usize]) -> Vec<f32> {
        let squeezed = |shape: &[usize]| -> Vec<usize> { shape.iter().copied().filter(|n| *n != 1).collect() };
        let read = tensor
            .dimensions()
            .and_then(|found| match squeezed(found) == squeezed(shape) {
                true => tensor.values(),
                false => Err(format!("has shape {}; {} is needed", shown(found), shown(shape))),
            });
        if let Some(kind) = tensor.other_type() {
            self.other_types.push((kind, printable(&tensor.name)));
        }
        read.unwrap_or_else(|problem| {
            self.problem(&tensor.name, problem);
            Vec::new()
        })
    }

    fn parts(&mut self, sizes: Sizes) -> Option<FloatModel> {
        let layers = self.layers(sizes);
        let gate = self.gate(sizes);
        let head = self.head(sizes);
        let vector = |reader: &mut Self, tensor: Option<&'a Tensor<'a>>, value: f32| match tensor {
            Some(tensor) => reader.shaped(tensor, &[sizes.input]),
            None => vec![value; sizes.input],
        };
        let input_mean = vector(self, self.roles.input_mean, 0.0);
        let input_std = vector(self, self.roles.input_std, 1.0);
        let description = self.metadata.description();
        let head = head?;
        Some(FloatModel {
            cell: sizes.cell,
            input: sizes.input,
            hidden: sizes.hidden,
            outputs: head.bias.len(),
            layers,
            gate,
            head,
            input_mean,
            input_std,
            description,
        })
    }

    fn layers(&mut self, sizes: Sizes) -> Vec<Layer> {
        let (rows, h) = (sizes.rows(), sizes.hidden);
        let (h0, c0) = (self.roles.h0, self.roles.c0);
        let h0 = self.initial(h0, sizes);
        let c0 = match sizes.cell.family() {
            Family::Lstm => self.initial(c0, sizes),
            Family::Gru => {
                if let Some(tensor) = c0 {
                    self.problem(&tensor.name, "not used here; a GRU has no c");
                }
                Vec::new()
            }
        };
        let mut absent = vec![("h0", self.roles.h0.is_none())];
        absent.push(("c0", self.roles.c0.is_none() && sizes.cell.family() == Family::Lstm));
        self.zeros(&absent, "");
        let has_bias = self
            .roles
            .layers
            .keys()
            .any(|(_, part)| matches!(part, Part::BiasIh | Part::BiasHh));
        self.zeros(&[("bias_ih, bias_hh", !has_bias)], " (bias=False)");
        let mut layers = Vec::with_capacity(sizes.layers);
        for k in 0..sizes.layers {
            let inputs = if k == 0 { sizes.input } else { h };
            let mut part = |part: Part, shape: &[usize]| match self.roles.layers.get(&(k, part)).copied() {
                Some(tensor) => self.shaped(tensor, shape),
                None if has_bias => {
                    let problem = "missing; the other biases are there";
                    self.problem(&format!("{}_l{k}", part.name()), problem);
                    Vec::new()
                }
                None => vec![0.0; rows],
            };
            let of_layer = |all: &[f32]| all.get(k * h..(k + 1) * h).map(<[f32]>::to_vec).unwrap_or_default();
            layers.push(Layer {
                weight_ih: part(Part::WeightIh, &[rows, inputs]),
                weight_hh: part(Part::WeightHh, &[rows, h]),
                bias_ih: part(Part::BiasIh, &[rows]),
                bias_hh: part(Part::BiasHh, &[rows]),
                h0: of_layer(&h0),
                c0: of_layer(&c0),
            });
        }
        layers
    }

    /// (L, H) of an initial state; zeros where the file has none, which is what PyTorch starts with.
    fn initial(&mut self, tensor: Option<&'a Tensor<'a>>, sizes: Sizes) -> Vec<f32> {
        match tensor {
            Some(tensor) => self.shaped(tensor, &[sizes.layers, sizes.hidden]),
            None => vec![0.0; sizes.layers * sizes.hidden],
        }
    }

    /// Notes that zeros stand for what is absent.
    fn zeros(&mut self, absent: &[(&str, bool)], why: &str) {
        let names: Vec<&str> = absent
            .iter()
            .filter(|(_, absent)| *absent)
            .map(|(name, _)| *name)
            .collect();
        if !names.is_empty() {
            let note = format!("{}: not in the file{why}; zeros are used", names.join(", "));
            self.roles.notes.push(note);
        }
    }

    fn gate(&mut self, sizes: Sizes) -> Option<Gate> {
        let (weight, bias) = match (self.roles.gate_weight, self.roles.gate_bias) {
            (Some(weight), Some(bias)) => (weight, bias),
            (Some(_), None) => {
                self.problem("gate.bias", "missing; a skip gate needs it");
                return None;
            }
            (None, Some(bias)) => {
                self.problem(&bias.name, "not used here; there is no gate.weight");
                return None;
            }
            (None, None) => return None,
        };
        let weight = self.shaped(weight, &[1, sizes.hidden]);
        let bias = self.shaped(bias, &[1]);
        Some(Gate {
            weight,
            bias: bias.first().copied()?,
        })
    }

    fn head(&mut self, sizes: Sizes) -> Option<Head> {
        let Some(tensor) = self.roles.head_weight else {
            if !self.roles.unused.has_linear() {
                let problem =
                    "missing; the head is a linear layer (O, H) on the last h, named head, fc, linear or otherwise";
                self.problem("head.weight", problem);
            }
            return None;
        };
        let [outputs, columns] = self.matrix(tensor)?;
        if columns == 2 * sizes.hidden && self.roles.unused.has_reverse() {
            let problem = format!(
                "has shape ({outputs}, {columns}), twice the {} units, as both directions together have",
                sizes.hidden
            );
            self.problem(&tensor.name, problem);
            return None;
        }
        let weight = self.shaped(tensor, &[outputs, sizes.hidden]);
        let bias = match self.roles.head_bias {
            Some(bias) => self.shaped(bias, &[outputs]),
            None => {
                self.zeros(&[("the bias of the head", true)], "");
                vec![0.0; outputs]
            }
        };
        Some(Head { weight, bias })
    }
}

/// Names as the subject of a sentence, the first ones where they are many.
fn are(names: &[&str]) -> String {
    match names {
        [one] => format!("{one} is"),
        [first, .., last] if names.len() > 4 => format!("{first} to {last}, {} tensors, are", names.len()),
        several => format!("{} are", several.join(", ")),
    }
}
