//! What the configuration of a Keras model says: its layers, in the order in which samples pass them.

use crate::network::Loss;
use float_model::printable;
use serde_json::Value;
use std::collections::BTreeSet;

/// Bytes of the longest configuration.
const LONGEST: usize = 4 << 20;
/// Layers of the largest model.
const MOST: usize = 500;

/// A model.
pub(super) struct Config {
    pub(super) layers: Vec<Layer>,
    pub(super) loss: Option<Loss>,
}

/// A layer.
pub(super) struct Layer {
    /// `LSTM`, `Dense`, ...
    pub(super) class: String,
    pub(super) name: String,
    pub(super) settings: Value,
    /// Layers of the same class before it.
    pub(super) count: usize,
}

impl Config {
    /// # Errors
    /// It is no configuration, or not one of a chain of layers.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > LONGEST {
            return Err(format!(
                "has {} bytes, and at most {LONGEST} are read; save the model again",
                bytes.len()
            ));
        }
        let whole: Value =
            serde_json::from_slice(bytes).map_err(|e| format!("is no JSON ({e}); save the model again"))?;
        let class = whole["class_name"].as_str().unwrap_or_default();
        if !["Sequential", "Functional", "Model"].contains(&class) {
            return Err(format!(
                "is a {}, which only its own source can rebuild; save a Sequential or Functional model",
                if class.is_empty() {
                    "model without a class".into()
                } else {
                    printable(class)
                }
            ));
        }
        // Of old, the layers themselves.
        let list = whole["config"]["layers"].as_array().or(whole["config"].as_array());
        let list = list.ok_or("has no list of layers; save the model again")?;
        if list.len() > MOST {
            return Err(format!("has {} layers; at most {MOST} are read", list.len()));
        }
        let mut layers: Vec<Layer> = Vec::new();
        for entry in list {
            let class = entry["class_name"]
                .as_str()
                .unwrap_or("a layer without a class")
                .to_owned();
            let name = entry["config"]["name"]
                .as_str()
                .or(entry["name"].as_str())
                .unwrap_or(&class)
                .to_owned();
            layers.push(Layer {
                count: layers.iter().filter(|l| l.class == class).count(),
                settings: entry["config"].clone(),
                class,
                name,
            });
        }
        if class != "Sequential" {
            layers = chain(layers, list)?;
        }
        let mut config = Config { layers, loss: None };
        config.loss = loss(&whole["compile_config"]["loss"]);
        Ok(config)
    }

    /// Reads the loss from a configuration of the training that stands apart.
    pub(super) fn read_loss(&mut self, training: &[u8]) {
        let training: Value = serde_json::from_slice(training).unwrap_or_default();
        self.loss = loss(&training["loss"]);
    }
}

impl Layer {
    /// What messages call it.
    pub(super) fn shown(&self) -> String {
        format!("{} ({})", printable(&self.name), printable(&self.class))
    }

    /// A setting that is a truth value.
    pub(super) fn is(&self, setting: &str, default: bool) -> bool {
        self.settings[setting].as_bool().unwrap_or(default)
    }

    /// The name of an activation; that of a function of someone's own is its class.
    pub(super) fn activation(&self, setting: &str, default: &str) -> String {
        match &self.settings[setting] {
            Value::Null => default.into(),
            Value::String(name) => name.clone(),
            other => other["config"]
                .as_str()
                .or(other["config"]["name"].as_str())
                .or(other["class_name"].as_str())
                .unwrap_or("a function of its own")
                .to_lowercase(),
        }
    }
}

/// Layers of a functional model in the order in which each takes what the one before gives.
fn chain(layers: Vec<Layer>, list: &[Value]) -> Result<Vec<Layer>, String> {
    let mut before: Vec<BTreeSet<&str>> = Vec::new();
    for entry in list {
        let mut names = BTreeSet::new();
        sources(&entry["inbound_nodes"], &mut names);
        before.push(names);
        let calls = entry["inbound_nodes"].as_array().map_or(0, Vec::len);
        if calls > 1 {
            let name = entry["config"]["name"].as_str().unwrap_or_default();
            return Err(format!(
                "{}: is used {calls} times; a model is one chain of layers",
                printable(name)
            ));
        }
    }
    let mut order: Vec<usize> = Vec::new();
    let mut next: Vec<usize> = (0..layers.len()).filter(|k| before[*k].is_empty()).collect();
    while let [one] = next[..] {
        order.push(one);
        let name = layers[one].name.as_str();
        next = (0..layers.len())
            .filter(|k| before[*k].contains(name) && !order.contains(k))
            .collect();
        if let Some(k) = next.iter().find(|k| before[**k].len() > 1) {
            next = vec![one, *k];
        }
    }
    if order.len() != layers.len() || !next.is_empty() {
        let branches = if next.is_empty() {
            (0..layers.len()).filter(|k| !order.contains(k)).collect()
        } else {
            next
        };
        let names: Vec<String> = branches.iter().take(16).map(|k| layers[*k].shown()).collect();
        return Err(format!(
            "{}: layers beside each other; a model is one chain of layers",
            names.join(", ")
        ));
    }
    let mut layers: Vec<Option<Layer>> = layers.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|k| layers[k].take()).collect())
}

/// The names of the layers whose outputs a layer takes: `keras_history` of the newer files, `[[[name, 0, 0, {}]]]` of the older.
fn sources<'a>(value: &'a Value, names: &mut BTreeSet<&'a str>) {
    match value {
        Value::Array(list) => match &list[..] {
            [Value::String(name), Value::Number(_), Value::Number(_), ..] => drop(names.insert(name)),
            _ => list.iter().for_each(|v| sources(v, names)),
        },
        Value::Object(map) => map.values().for_each(|v| sources(v, names)),
        _ => {}
    }
}

fn loss(value: &Value) -> Option<Loss> {
    let name = value
        .as_str()
        .or(value["class_name"].as_str())
        .or(value["config"]["name"].as_str())?;
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_lowercase();
    match name.as_str() {
        "mse" | "meansquarederror" | "mae" | "meanabsoluteerror" | "huber" | "huberloss" | "logcosh" => {
            Some(Loss::Squared)
        }
        "categoricalcrossentropy" | "sparsecategoricalcrossentropy" => Some(Loss::CrossEntropy),
        "binarycrossentropy" => Some(Loss::BinaryCrossEntropy),
        _ => None,
    }
}
