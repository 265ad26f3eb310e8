//! What each layer does to a model, or why it cannot be a part of one.

use super::{
    config::{Config, Layer},
    weights::{Array, Weights},
};
use crate::network::{End, Network, Recurrent, reordered, transposed};
use float_model::{Affine, Family, FloatModel, Layer as Parameters, OutputAt};
use serde_json::Value;

/// What passes from layer to layer.
struct Chain<'c, 'f, 'a> {
    weights: &'c Weights<'f, 'a>,
    /// `None` before the number of channels is known.
    network: Option<Network>,
    /// Whether every sample has an output: (sequences, time, features), else (sequences, features).
    has_time: bool,
}

/// The model, and what was understood.
///
/// # Errors
/// Everything that is refused.
pub(super) fn model(config: &Config, weights: &Weights<'_, '_>) -> Result<(FloatModel, Vec<String>), Vec<String>> {
    let mut chain = Chain {
        weights,
        network: None,
        has_time: true,
    };
    let mut problems = Vec::new();
    for layer in &config.layers {
        if let Err(problem) = check(layer) {
            problems.push(format!("{}: {problem}", layer.shown()));
        }
    }
    // Sizes are only sure where every layer is known.
    if problems.is_empty() {
        for layer in &config.layers {
            if let Err(problem) = chain.layer(layer) {
                problems.push(format!("{}: {problem}", layer.shown()));
                break;
            }
        }
    }
    match (problems.is_empty(), chain.network) {
        (false, _) => Err(problems),
        (true, None) => Err(vec!["has no layers with weights; save the model again".into()]),
        (true, Some(network)) => {
            let output_at = if chain.has_time { OutputAt::Step } else { OutputAt::End };
            network.finish(output_at, config.loss).map_err(|problem| vec![problem])
        }
    }
}

/// What can be said of a layer without its weights.
fn check(layer: &Layer) -> Result<(), String> {
    let refused = |why: &str| Err(why.to_owned());
    match layer.class.as_str() {
        "InputLayer" | "Dropout" | "SpatialDropout1D" | "GaussianNoise" | "GaussianDropout" | "Activation"
        | "Softmax" | "Dense" | "TimeDistributed" | "BatchNormalization" | "Normalization" | "Rescaling"
        | "Flatten" => Ok(()),
        "LSTM" | "GRU" => check_recurrent(layer),
        "Bidirectional" => {
            refused("runs backwards in time too, and a chip reads its samples forward in time; train without it")
        }
        "Masking" => refused("leaves samples out by their values, which a model does not; train without it"),
        "CuDNNLSTM" | "CuDNNGRU" => refused("is of Keras 1; load it in Keras 2 and save it again"),
        "SimpleRNN" => refused("is a plain RNN; a model is an LSTM or a GRU"),
        "Embedding" => refused("is an embedding, and the inputs of a model are numbers of a sensor"),
        "LayerNormalization" | "GroupNormalization" | "UnitNormalization" => {
            refused("is a normalisation by the sample itself, which folds into nothing")
        }
        class if class.contains("Conv") => refused("is a convolution, which a model does not have"),
        class if class.contains("Pooling") => {
            refused("joins the outputs of all samples, and a model takes that of the last one")
        }
        class if class.contains("Attention") => refused("is attention, which a model does not have"),
        "ReLU" | "LeakyReLU" | "PReLU" | "ELU" => {
            refused("is an activation between layers, which a model does not have")
        }
        _ => refused("is a layer that is not known here, or that no model has"),
    }
}

fn check_recurrent(layer: &Layer) -> Result<(), String> {
    if layer.is("go_backwards", false) {
        return Err("runs backwards in time (go_backwards), and a chip reads its samples forward in time".into());
    }
    if layer.is("time_major", false) {
        return Err("takes time before sequences (time_major); save it without".into());
    }
    if layer.is("return_state", false) {
        return Err("returns its state too (return_state); save the model without".into());
    }
    for (setting, wanted) in [("activation", "tanh"), ("recurrent_activation", "sigmoid")] {
        let found = layer.activation(setting, wanted);
        if found != wanted {
            let found = float_model::printable(&found);
            return Err(format!(
                "has the {setting} {found}; a model has {wanted}, so train with it"
            ));
        }
    }
    // Older versions do not have the setting where it is false.
    if layer.class == "GRU" && !layer.is("reset_after", false) {
        return Err(
            "has reset_after=False: its reset gate scales h before the recurrent weights, which is another network than a model's, \
             where it scales their product; train with reset_after=True"
                .into(),
        );
    }
    Ok(())
}

impl Chain<'_, '_, '_> {
    fn network(&mut self) -> Result<&mut Network, String> {
        self.network
            .as_mut()
            .ok_or_else(|| "comes before the number of channels is known; give the model an Input".into())
    }

    fn layer(&mut self, layer: &Layer) -> Result<(), String> {
        match layer.class.as_str() {
            "InputLayer" => self.input(layer),
            "LSTM" => self.recurrent(layer, Family::Lstm),
            "GRU" => self.recurrent(layer, Family::Gru),
            "Dense" => self.dense(layer, &[]),
            "TimeDistributed" => self.time_distributed(layer),
            "BatchNormalization" => self.batch_normalization(layer),
            "Normalization" => self.normalization(layer),
            "Rescaling" => self.rescaling(layer),
            "Softmax" if axis_is_last(&layer.settings["axis"], self.has_time) => self.network()?.end(End::Softmax),
            "Softmax" => Err("runs along another axis than that of the outputs".into()),
            "Activation" => self.activation(&layer.activation("activation", "linear")),
            "Flatten" if self.has_time => Err("joins samples with features".into()),
            // Dropouts do nothing once a model is trained.
            _ => Ok(()),
        }
    }

    /// The shape of the samples, where a layer says it: that of the first one counts.
    fn input(&mut self, layer: &Layer) -> Result<(), String> {
        let shape = [&layer.settings["batch_shape"], &layer.settings["batch_input_shape"]];
        let Some(shape) = shape.iter().find_map(|s| s.as_array()) else {
            return Err("does not say the shape of the samples; save the model again".into());
        };
        let [_, _, channels] = &shape[..] else {
            return Err(format!(
                "takes {} axes; samples are (sequences, time, channels)",
                shape.len()
            ));
        };
        let channels = channels.as_u64().filter(|n| (1..=1 << 16).contains(n));
        let channels = channels.ok_or("does not say the number of channels; give the model an Input with it")?;
        match &self.network {
            None => self.network = Some(Network::new(channels as usize)),
            Some(_) => return Err("is a second input; a model has one".into()),
        }
        Ok(())
    }

    fn recurrent(&mut self, layer: &Layer, family: Family) -> Result<(), String> {
        if !self.has_time {
            return Err("takes the last output of the layer below, and not one for each sample".into());
        }
        let has_bias = layer.is("use_bias", true);
        let names = ["kernel", "recurrent_kernel", "bias"];
        let names = if has_bias { &names[..] } else { &names[..2] };
        let arrays = self.weights.of(layer, &["cell"], names)?;
        let gates = family.gates();
        let shape = |k: usize| arrays[k].0.as_slice();
        let wrong = || {
            format!(
                "has arrays of the shapes {:?} and {:?}; (I, {gates}H) and (H, {gates}H) are needed",
                shape(0),
                shape(1)
            )
        };
        let (&[input, rows], &[hidden, columns]) = (shape(0), shape(1)) else {
            return Err(wrong());
        };
        if input == 0 || hidden == 0 || rows != gates * hidden || columns != rows {
            return Err(wrong());
        }
        let (bias_ih, bias_hh) = match (has_bias, family) {
            (false, _) => (vec![0.0; rows], vec![0.0; rows]),
            (true, Family::Lstm) if shape(2) == [rows] => (arrays[2].1.clone(), vec![0.0; rows]),
            (true, Family::Gru) if shape(2) == [2, rows] => {
                (arrays[2].1[..rows].to_vec(), arrays[2].1[rows..].to_vec())
            }
            _ => {
                return Err(format!(
                    "bias: has the shape {:?}, which is not one for each gate and unit",
                    shape(2)
                ));
            }
        };
        // Gates i, f, g, o stand in the same order; r, z, n as z, r, n.
        let order: &[usize] = if family == Family::Lstm {
            &[0, 1, 2, 3]
        } else {
            &[1, 0, 2]
        };
        let of = |values: &[f32]| reordered(values, order);
        let recurrent = Recurrent {
            family,
            input,
            hidden,
            parameters: Parameters {
                weight_ih: of(&transposed(&arrays[0].1, rows)),
                weight_hh: of(&transposed(&arrays[1].1, rows)),
                bias_ih: of(&bias_ih),
                bias_hh: of(&bias_hh),
                h0: vec![0.0; hidden],
                c0: if family == Family::Lstm {
                    vec![0.0; hidden]
                } else {
                    Vec::new()
                },
            },
        };
        // Models of old have no layer for their input.
        if self.network.is_none() && layer.settings["batch_input_shape"].is_array() {
            self.input(layer)?;
        }
        self.has_time = layer.is("return_sequences", false);
        self.network()?.recurrent(recurrent)
    }

    fn dense(&mut self, layer: &Layer, within: &[&str]) -> Result<(), String> {
        let has_bias = layer.is("use_bias", true);
        let names = if has_bias {
            &["kernel", "bias"][..]
        } else {
            &["kernel"][..]
        };
        let arrays = self.weights.of(layer, within, names)?;
        self.linear(&arrays)?;
        let activation = layer.activation("activation", "linear");
        self.activation(&activation)
    }

    fn linear(&mut self, arrays: &[Array]) -> Result<(), String> {
        let &[inputs, outputs] = &arrays[0].0[..] else {
            return Err(format!("kernel: has the shape {:?}; a matrix is needed", arrays[0].0));
        };
        let width = self.network()?.width();
        if inputs != width {
            return Err(format!("takes {inputs} features, and {width} come to it"));
        }
        let bias = match arrays.get(1) {
            None => vec![0.0; outputs],
            Some((shape, values)) if shape[..] == [outputs] => values.clone(),
            Some((shape, _)) => return Err(format!("bias: has the shape {shape:?}; ({outputs}) is needed")),
        };
        self.network()?.linear(transposed(&arrays[0].1, outputs), bias)
    }

    /// A layer for each sample by itself, which a dense layer is anyway.
    fn time_distributed(&mut self, layer: &Layer) -> Result<(), String> {
        let inner = Layer {
            class: layer.settings["layer"]["class_name"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            name: layer.name.clone(),
            settings: layer.settings["layer"]["config"].clone(),
            count: 0,
        };
        match inner.class.as_str() {
            "Dropout" => Ok(()),
            "Activation" => self.activation(&inner.activation("activation", "linear")),
            "Dense" => {
                // The arrays stand in the group of the outer layer.
                let has_bias = inner.is("use_bias", true);
                let names = if has_bias {
                    &["kernel", "bias"][..]
                } else {
                    &["kernel"][..]
                };
                let arrays = self.weights.of(layer, &["layer"], names)?;
                self.linear(&arrays)?;
                self.activation(&inner.activation("activation", "linear"))
            }
            _ => Err("holds another layer than a Dense".into()),
        }
    }

    fn activation(&mut self, name: &str) -> Result<(), String> {
        match name {
            "linear" => Ok(()),
            "softmax" | "log_softmax" => self.network()?.end(End::Softmax),
            "sigmoid" => self.network()?.end(End::Sigmoid),
            other => {
                let other = float_model::printable(other);
                Err(format!(
                    "has the activation {other} outside of the recurrent layers, which a model does not have"
                ))
            }
        }
    }

    fn batch_normalization(&mut self, layer: &Layer) -> Result<(), String> {
        if !axis_is_last(&layer.settings["axis"], self.has_time) {
            return Err("normalises along another axis than that of the features".into());
        }
        let (has_scale, has_center) = (layer.is("scale", true), layer.is("center", true));
        let all = [
            ("gamma", has_scale),
            ("beta", has_center),
            ("moving_mean", true),
            ("moving_variance", true),
        ];
        let names: Vec<&str> = all
            .iter()
            .filter(|(_, is_there)| *is_there)
            .map(|(name, _)| *name)
            .collect();
        let arrays = self.weights.of(layer, &[], &names)?;
        let features = self.network()?.width();
        let mut wide = arrays.iter().map(|array| as_features(array, features));
        let mut next = || wide.next().unwrap_or_else(|| Err("lacks an array".into()));
        let gamma = has_scale.then(&mut next).transpose()?;
        let beta = has_center.then(&mut next).transpose()?;
        let (mean, variance) = (next()?, next()?);
        let epsilon = layer.settings["epsilon"].as_f64().unwrap_or(1e-3);
        if variance.iter().any(|v| v + epsilon <= 0.0) {
            return Err("has a variance below zero; repair the file".into());
        }
        self.fold(
            layer,
            &Affine::of_batch_norm([&mean, &variance], [gamma.as_deref(), beta.as_deref()], epsilon),
        )
    }

    fn normalization(&mut self, layer: &Layer) -> Result<(), String> {
        if layer.is("invert", false) {
            return Err("undoes a normalisation (invert), which is not known here".into());
        }
        if !axis_is_last(&layer.settings["axis"], self.has_time) {
            return Err("normalises along another axis than that of the features".into());
        }
        let features = self.network()?.width();
        let settings = [&layer.settings["mean"], &layer.settings["variance"]];
        let [mean, variance] = match settings.iter().all(|v| !v.is_null()) {
            true => settings.map(|v| numbers(v, features)),
            false => {
                let arrays = self.weights.of(layer, &[], &["mean", "variance", "count"]);
                // The count is an integer, of no use, and may be left out.
                let arrays = arrays.or_else(|_| self.weights.of(layer, &[], &["mean", "variance"]))?;
                [as_features(&arrays[0], features), as_features(&arrays[1], features)]
            }
        };
        let std: Vec<f64> = variance?.iter().map(|v| v.sqrt().max(1e-7)).collect();
        if std.iter().any(|s| !s.is_finite()) {
            return Err("has a variance that is no number; repair the file".into());
        }
        self.fold(layer, &Affine::of_mean_and_std(&mean?, &std))
    }

    fn rescaling(&mut self, layer: &Layer) -> Result<(), String> {
        let features = self.network()?.width();
        let affine = Affine {
            scale: numbers(&layer.settings["scale"], features)?,
            offset: match &layer.settings["offset"] {
                Value::Null => vec![0.0; features],
                offset => numbers(offset, features)?,
            },
        };
        self.fold(layer, &affine)
    }

    fn fold(&mut self, layer: &Layer, affine: &Affine) -> Result<(), String> {
        let network = self.network()?;
        let place = match (network.has_head(), network.layers()) {
            (true, _) => "the head",
            (false, 0) => "input.mean and input.std",
            (false, _) => "the weights above it",
        };
        network.affine(affine)?;
        network.notes.push(format!("{}: folded into {place}", layer.shown()));
        Ok(())
    }
}

/// Whether an axis (a number or a list of one) is the last one of three, or of two without time.
fn axis_is_last(axis: &Value, has_time: bool) -> bool {
    let axis = match axis {
        Value::Array(list) if list.len() == 1 => list[0].as_i64(),
        Value::Null => Some(-1),
        other => other.as_i64(),
    };
    let last = if has_time { 2 } else { 1 };
    axis.is_some_and(|a| a == -1 || a == last)
}

/// One number for each feature, axes of one entry aside.
fn as_features((shape, values): &Array, features: usize) -> Result<Vec<f64>, String> {
    match values.len() == features {
        true => Ok(values.iter().map(|v| f64::from(*v)).collect()),
        false => Err(format!(
            "has an array of the shape {shape:?}, and {features} features come to it"
        )),
    }
}

/// One number, or one for each feature, in lists within lists of one.
fn numbers(value: &Value, features: usize) -> Result<Vec<f64>, String> {
    let wrong = || format!("has numbers that are not one for each of {features} features; save the model again");
    match value {
        Value::Array(list) if list.len() == 1 && list[0].is_array() => numbers(&list[0], features),
        Value::Array(list) if list.len() == features => list.iter().map(|v| v.as_f64().ok_or_else(wrong)).collect(),
        Value::Array(list) if list.len() == 1 => numbers(&list[0], features),
        Value::Number(n) => Ok(vec![n.as_f64().ok_or_else(wrong)?; features]),
        _ => Err(wrong()),
    }
}
