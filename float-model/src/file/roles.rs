//! Which tensor of a file is what, whatever a network was called in the program that saved it.
//!
//! A state dict of PyTorch names its tensors by the attributes of its modules: `lstm.weight_ih_l0`, `module.fc.weight`. The
//! recurrent layers are told by the end of their names, the head as the one matrix beside them. What is left has no use here,
//! and a network without a part of it is another network.

use super::{
    normalisation::Normalisation,
    tensors::Tensor,
    unused::{self, Unused},
};
use crate::printable;
use std::collections::{BTreeMap, BTreeSet};

/// A parameter of a recurrent layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    WeightIh,
    WeightHh,
    BiasIh,
    BiasHh,
}

impl Part {
    pub(super) const ALL: [Part; 4] = [Part::WeightIh, Part::WeightHh, Part::BiasIh, Part::BiasHh];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Part::WeightIh => "weight_ih",
            Part::WeightHh => "weight_hh",
            Part::BiasIh => "bias_ih",
            Part::BiasHh => "bias_hh",
        }
    }
}

/// The tensors of a model, and what was understood of their names.
#[derive(Default)]
pub(super) struct Roles<'a> {
    /// By layer, from 0 on, and part.
    pub(super) layers: BTreeMap<(usize, Part), &'a Tensor<'a>>,
    pub(super) h0: Option<&'a Tensor<'a>>,
    pub(super) c0: Option<&'a Tensor<'a>>,
    pub(super) gate_weight: Option<&'a Tensor<'a>>,
    pub(super) gate_bias: Option<&'a Tensor<'a>>,
    pub(super) head_weight: Option<&'a Tensor<'a>>,
    pub(super) head_bias: Option<&'a Tensor<'a>>,
    pub(super) input_mean: Option<&'a Tensor<'a>>,
    pub(super) input_std: Option<&'a Tensor<'a>>,
    /// What is folded into the other parameters.
    pub(super) normalisations: Vec<Normalisation<'a>>,
    /// What has no use here.
    pub(super) unused: Unused,
    pub(super) notes: Vec<String>,
    pub(super) problems: Vec<String>,
}

/// The last part of a name and what stands before it.
fn parent_and_leaf(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}

/// Layer and part of a tensor of `nn.LSTM` or `nn.GRU` (`weight_ih_l0`), or of one of their cells (`weight_ih`), forward in time.
fn layer_and_part(leaf: &str) -> Option<(usize, Part)> {
    Part::ALL.into_iter().find_map(|part| {
        let layer = match leaf.strip_prefix(part.name())? {
            "" => 0,
            rest => rest
                .strip_prefix("_l")
                .filter(|n| n.len() <= 3 && n.bytes().all(|b| b.is_ascii_digit()))?
                .parse()
                .ok()?,
        };
        Some((layer, part))
    })
}

/// What all names have in front, modules whole: `module.`, for example.
fn common_prefix(tensors: &[Tensor<'_>]) -> usize {
    let Some(first) = tensors.first() else { return 0 };
    let mut ends = first.name.match_indices('.').map(|(at, _)| at + 1);
    ends.rfind(|end| tensors.iter().all(|t| t.name.starts_with(&first.name[..*end])))
        .unwrap_or(0)
}

/// Sorts the tensors of a file.
pub(super) fn sort<'a>(tensors: &'a [Tensor<'a>]) -> Roles<'a> {
    let mut roles = Roles::default();
    let start = common_prefix(tensors);
    let named = |t: &'a Tensor<'a>| (&t.name[start..], t);
    let (mut modules, mut others) = (BTreeSet::new(), Vec::new());
    for (name, tensor) in tensors.iter().map(named) {
        let (parent, leaf) = parent_and_leaf(name);
        match layer_and_part(leaf) {
            Some(key) => {
                modules.insert(parent);
                let double = roles.layers.insert(key, tensor).filter(|_| modules.len() == 1);
                if let Some(other) = double {
                    let names = format!("{} and {}", printable(&other.name), printable(&tensor.name));
                    roles.problems.push(format!("{names}: two names of one tensor"));
                }
            }
            None => others.push((name, tensor)),
        }
    }
    let module = modules.first().copied().unwrap_or("");
    if modules.len() > 1 {
        let names: Vec<String> = modules.iter().map(|m| printable(m)).collect();
        roles.problems.push(format!(
            "{}: {} recurrent modules; a model is one, of one or more layers (num_layers)",
            names.join(", "),
            names.len()
        ));
        roles.layers.clear();
    }
    let of_module = |name: &str| {
        let (parent, leaf) = parent_and_leaf(name);
        (parent == module || parent.is_empty()).then_some(leaf.to_owned())
    };
    let mut linear = Vec::new();
    for (name, tensor) in others {
        let slot = match name {
            "gate.weight" => &mut roles.gate_weight,
            "gate.bias" => &mut roles.gate_bias,
            "input.mean" => &mut roles.input_mean,
            "input.std" => &mut roles.input_std,
            _ => match of_module(name).as_deref() {
                Some("h0") => &mut roles.h0,
                Some("c0") => &mut roles.c0,
                _ => {
                    linear.push((name, tensor));
                    continue;
                }
            },
        };
        if slot.replace(tensor).is_some() {
            roles.problems.push(format!("{}: there are two of it", printable(name)));
        }
    }
    roles.take_head(linear);
    roles.note_names(tensors, start, module);
    roles
}

impl<'a> Roles<'a> {
    /// Takes the head out of what is left: `head`, or else the only linear layer there is.
    fn take_head(&mut self, others: Vec<(&'a str, &'a Tensor<'a>)>) {
        let mut modules: BTreeMap<&str, Vec<(&str, &'a Tensor<'a>)>> = BTreeMap::new();
        for (name, tensor) in others {
            let (parent, leaf) = parent_and_leaf(name);
            modules.entry(parent).or_default().push((leaf, tensor));
        }
        let linear: Vec<&str> = modules
            .iter()
            .filter(|(name, parts)| unused::is_linear(name, parts))
            .map(|(name, _)| *name)
            .collect();
        let head = match linear[..] {
            [one] => Some(one),
            _ => linear.iter().find(|name| **name == "head").copied(),
        };
        if let Some(parts) = head.and_then(|name| modules.remove(name)) {
            for (leaf, tensor) in parts {
                match leaf {
                    "weight" => self.head_weight = Some(tensor),
                    _ => self.head_bias = Some(tensor),
                }
            }
        }
        for (module, parts) in &modules {
            if let Some(normalisation) = Normalisation::of(parts) {
                self.normalisations.push(normalisation);
                continue;
            }
            self.unused.add(module, parts);
        }
    }

    /// Says what names were taken for, where they are not this program's own.
    fn note_names(&mut self, tensors: &[Tensor<'_>], start: usize, module: &str) {
        let Some(head) = self.head_weight else { return };
        let head = parent_and_leaf(&head.name).0;
        if module.is_empty() && start == 0 && head == "head" {
            return;
        }
        let layers = format!("{}{module}", &tensors[0].name[..start]);
        let layers = match layers.trim_end_matches('.') {
            "" => String::new(),
            named => format!("the recurrent layers are {}, ", printable(named)),
        };
        self.notes.push(format!("{layers}the head is {}", printable(head)));
        let (_, place) = parent_and_leaf(head);
        if place.parse::<u32>().is_ok_and(|place| place > 0) {
            self.notes.push(format!(
                "{} stands behind other layers of its module, which have no tensors: a dropout does nothing here, an activation \
                 before the head would be missing",
                printable(head)
            ));
        }
    }
}
