//! Tensors that a model has no use for, and what their names say of the network that they come from.

use super::tensors::Tensor;
use crate::printable;
use std::collections::BTreeMap;

/// Names of one kind that a message lists.
const SHOWN: usize = 16;

/// What a tensor is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Reverse,
    Projection,
    Normalisation,
    Convolution,
    Attention,
    Embedding,
    Linear,
    Other,
}

impl Kind {
    /// Why it has no use, and what to do.
    const fn why(self) -> &'static str {
        match self {
            Kind::Reverse => {
                "bidirectional models are not supported, as a chip reads its samples forward in time; train with \
                 bidirectional=False"
            }
            Kind::Projection => "proj_size is not supported; train without it",
            Kind::Normalisation => {
                "normalisation layers are not supported; a normalisation of the inputs belongs into input.mean and input.std"
            }
            Kind::Convolution => "convolutions are not supported",
            Kind::Attention => "attention is not supported",
            Kind::Embedding => "embeddings are not supported; inputs are numbers of a sensor",
            Kind::Linear => "one linear layer is supported, the head on the last h",
            Kind::Other => {
                "no part of an LSTM or GRU with a linear head; leave it out of the file if the model does without it"
            }
        }
    }

    fn of(
        Module {
            name: module,
            axes,
            averages,
        }: &Module,
        leaf: &str,
    ) -> Self {
        let leaf = leaf.to_ascii_lowercase();
        let words = || module.split(['.', '_']).chain(leaf.split('_'));
        let word = |starts: &[&str]| words().any(|w| starts.iter().any(|s| w.starts_with(s)));
        let recurrent = leaf.starts_with("weight_") || leaf.starts_with("bias_");
        if recurrent && leaf.ends_with("_reverse") {
            Kind::Reverse
        } else if recurrent && leaf.starts_with("weight_hr") {
            Kind::Projection
        } else if word(&["attn", "attention", "selfattn", "query", "multihead"]) || leaf.starts_with("in_proj") {
            Kind::Attention
        } else if *averages || module.contains("norm") || word(&["norm", "bn", "ln", "running"]) {
            Kind::Normalisation
        } else if word(&["conv"]) || *axes > 2 {
            Kind::Convolution
        } else if word(&["emb"]) {
            Kind::Embedding
        } else if *axes == 2 {
            Kind::Linear
        } else {
            Kind::Other
        }
    }
}

/// What the tensors of a module say of it.
struct Module {
    /// In small letters.
    name: String,
    /// Axes of its weight, 0 without one.
    axes: usize,
    /// Whether it holds running averages, as a batch normalisation does.
    averages: bool,
}

impl Module {
    fn new(name: &str, parts: &[(&str, &Tensor<'_>)]) -> Self {
        let weight = parts.iter().find(|(leaf, _)| *leaf == "weight");
        Module {
            name: name.to_ascii_lowercase(),
            axes: weight.map_or(0, |(_, t)| t.shape.len()),
            averages: parts.iter().any(|(leaf, _)| *leaf == "running_mean"),
        }
    }
}

/// Whether a module with these tensors is a linear layer.
pub(super) fn is_linear(module: &str, parts: &[(&str, &Tensor<'_>)]) -> bool {
    let known = parts.iter().all(|(leaf, _)| ["weight", "bias"].contains(leaf));
    known && Kind::of(&Module::new(module, parts), "weight") == Kind::Linear
}

/// Tensors without a use, by what they are a part of.
#[derive(Default)]
pub(super) struct Unused(BTreeMap<Kind, Vec<String>>);

impl Unused {
    /// Adds the tensors of a module, with the last parts of their names.
    pub(super) fn add(&mut self, module: &str, parts: &[(&str, &Tensor<'_>)]) {
        let module = Module::new(module, parts);
        for (leaf, tensor) in parts {
            let kind = Kind::of(&module, leaf);
            self.0.entry(kind).or_default().push(printable(&tensor.name));
        }
    }

    /// Whether the network reads backwards in time too.
    pub(super) fn has_reverse(&self) -> bool {
        self.0.contains_key(&Kind::Reverse)
    }

    /// Whether there are linear layers beside the head, or several that may be it.
    pub(super) fn has_linear(&self) -> bool {
        self.0.contains_key(&Kind::Linear)
    }

    /// Whether the hidden state is projected.
    pub(super) fn has_projection(&self) -> bool {
        self.0.contains_key(&Kind::Projection)
    }

    /// A refusal for each kind, which names its tensors.
    pub(super) fn problems(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(kind, names)| {
            let more = match names.len().saturating_sub(SHOWN) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let shown = &names[..names.len().min(SHOWN)];
            format!("{}{more}: not used here; {}", shown.join(", "), kind.why())
        })
    }
}
