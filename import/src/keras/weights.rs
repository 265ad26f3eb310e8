//! The arrays of a layer, wherever a file has them.

use super::config::Layer;
use crate::hdf5::{File, Object};
use float_model::printable;

/// A file's arrays.
pub(super) enum Weights<'f, 'a> {
    /// By the class of the layer and its count, and the place of the array in the layer.
    Archive(Object<'f, 'a>),
    /// By the name of the layer and of the array.
    Hdf5(Object<'f, 'a>),
}

/// Groups within groups of a layer.
const DEEPEST: usize = 8;

/// An array: its shape and its values.
pub(super) type Array = (Vec<usize>, Vec<f32>);

impl<'f, 'a> Weights<'f, 'a> {
    pub(super) fn of_archive(file: &'f File<'a>) -> Result<Self, String> {
        let root = file.root()?;
        for name in ["layers", "_layer_checkpoint_dependencies"] {
            if let Some(group) = root.child(name)? {
                return Ok(Weights::Archive(group));
            }
        }
        Err("has no group layers; save the model again".into())
    }

    pub(super) fn of_hdf5(root: &Object<'f, 'a>) -> Result<Self, String> {
        let group = root.child("model_weights")?;
        group
            .map(Weights::Hdf5)
            .ok_or_else(|| "has no group model_weights; save the model again".into())
    }

    /// The arrays of a layer, in the order of `names`, which is that in which the layer makes them. `within` is where an archive
    /// keeps them inside the layer.
    ///
    /// # Errors
    /// One is missing, or the layer has others, which would be dropped.
    pub(super) fn of(&self, layer: &Layer, within: &[&str], names: &[&str]) -> Result<Vec<Array>, String> {
        match self {
            Weights::Archive(layers) => archived(layers, layer, within, names),
            Weights::Hdf5(layers) => {
                let group = layers.child(&layer.name)?;
                let group = group.ok_or("has no weights in the file; save the whole model")?;
                named(group, names)
            }
        }
    }
}

/// The name of a class as the groups of an archive have it: `LSTM`, `lstm`; `TimeDistributed`, `time_distributed`.
fn snake_case(class: &str) -> String {
    let mut name = String::new();
    let mut after_small = false;
    for c in class.chars() {
        if c.is_ascii_uppercase() && after_small {
            name.push('_');
        }
        after_small = c.is_ascii_lowercase();
        name.push(c.to_ascii_lowercase());
    }
    name
}

fn archived(layers: &Object<'_, '_>, layer: &Layer, within: &[&str], names: &[&str]) -> Result<Vec<Array>, String> {
    let class = snake_case(&layer.class);
    let group = match layer.count {
        0 => class,
        n => format!("{class}_{n}"),
    };
    let path = [&["layers", &group], within, &["vars"]].concat().join("/");
    let missing = || format!("has no arrays {} in the file; save the whole model", printable(&path));
    let mut at = layers.child(&group)?.ok_or_else(missing)?;
    for name in within.iter().chain(&["vars"]) {
        at = at.child(name)?.ok_or_else(missing)?;
    }
    let found = at.names()?.len();
    if found != names.len() {
        return Err(format!(
            "has {found} arrays {}, where {} are known: {}",
            printable(&path),
            names.len(),
            names.join(", ")
        ));
    }
    let read = |(k, name): (usize, &&str)| -> Result<Array, String> {
        let array = at.child(&k.to_string())?.ok_or_else(missing)?;
        array.floats().map_err(|problem| format!("{name}: {problem}"))
    };
    names.iter().enumerate().map(read).collect()
}

/// Arrays by the last parts of their names, wherever they are in a layer's group.
fn named(group: Object<'_, '_>, names: &[&str]) -> Result<Vec<Array>, String> {
    let mut found: Vec<(String, Array)> = Vec::new();
    let mut groups = vec![(group, 0)];
    while let Some((group, depth)) = groups.pop() {
        for (name, object) in group.children()? {
            let leaf = name.split(':').next().unwrap_or_default().to_owned();
            if !object.is_array() {
                if depth < DEEPEST {
                    groups.push((object, depth + 1));
                }
            } else if names.contains(&leaf.as_str()) && found.iter().all(|(n, _)| *n != leaf) {
                let array = object.floats().map_err(|problem| format!("{leaf}: {problem}"))?;
                found.push((leaf, array));
            } else {
                return Err(format!(
                    "has an array {}, where {} are known",
                    printable(&name),
                    names.join(", ")
                ));
            }
        }
    }
    let take = |name: &&str| {
        let at = found.iter().position(|(n, _)| n == name);
        at.map(|at| found.swap_remove(at).1)
            .ok_or_else(|| format!("has no array {name} in the file; save the whole model"))
    };
    names.iter().map(take).collect()
}
