//! `--from MODEL`: a run that starts from a trained model in place of drawn parameters.
//!
//! The model's recurrence, its normalisation and what it knows of classes stay; a gate, and rows of the head for new classes, are
//! added with initial values. Classes and channels are matched by name, so that no output and no input changes its meaning.

use crate::{
    Error,
    params::{H0_MAX, Kind, Parameters, Shape},
};
use dataset::Places;
use float_model::{Channel, Description, FloatModel, Layer, Objective, printable, printable_list};
use serde::{Deserialize, Serialize};
use std::{path::Path, path::PathBuf, sync::Arc};

/// The share by which two sample periods may differ and still be one.
const SAME_RATE: f64 = 0.01;

/// The model that a run starts from: the table `[from]` of `config.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Where it was read.
    pub model: PathBuf,
    /// What it held ([`Start::new`]), so that a continued run notices another model.
    pub fingerprint: String,
    /// Whether the run learns from what the model says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distill: Option<Distill>,
    /// What was understood of its file, and assumed.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// The model itself, which `config.toml` only names. A run without it is refused.
    #[serde(skip)]
    pub weights: Option<Arc<FloatModel>>,
}

/// How a run learns from its teacher, the model that it starts from (Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural
/// Network, 2015).
///
/// The task loss becomes (1 - w) · loss of the answers + w · loss of the teacher, with w the weight and T the temperature. The
/// teacher's loss is for classes T² · KL(softmax(teacher / T) ‖ softmax(network / T)) over the teacher's classes, for independent
/// labels T² times the same of each label's two probabilities, mean over the labels, and for real targets half the mean squared
/// difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distill {
    /// T: what logits are divided by. Above 1 the teacher's smaller probabilities count too.
    pub temperature: f64,
    /// w, above 0 and up to 1.
    pub weight: f64,
}

impl Default for Distill {
    fn default() -> Self {
        Distill {
            temperature: 2.0,
            weight: 0.7,
        }
    }
}

impl Start {
    /// A start from `model`, which was read at `path`, with what was understood of its file. The fingerprint is of its tensors and metadata, whatever file held them.
    ///
    /// # Errors
    /// The model is not valid.
    pub fn new(path: PathBuf, model: FloatModel, notes: Vec<String>) -> Result<Self, Error> {
        Ok(Start {
            model: path,
            fingerprint: dataset::fingerprint_of(&float_model::to_bytes(&model)?),
            distill: None,
            notes,
            weights: Some(Arc::new(model)),
        })
    }

    /// Checks every field.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let Some(Distill { temperature, weight }) = self.distill else {
            return Ok(());
        };
        if !(temperature.is_finite() && (0.01..=1000.0).contains(&temperature)) {
            let problem = format!("is {temperature}; it divides the logits, give 0.01 to 1000");
            return Err(Error::usage("temperature", problem));
        }
        if !(weight > 0.0 && weight <= 1.0) {
            let problem = format!("is {weight}; it is the teacher's share of the loss, give more than 0, at most 1");
            return Err(Error::usage("distill_weight", problem));
        }
        Ok(())
    }

    /// The model for the data that a run trains on.
    ///
    /// # Errors
    /// Classes, channels or answers that are not the model's and cannot be matched.
    pub(crate) fn fit(&self, data: &Description, data_outputs: usize, inputs: usize) -> Result<Fitted, Error> {
        let Some(model) = &self.weights else {
            let problem = format!(
                "the weights of {} were not read",
                printable(&self.model.display().to_string())
            );
            return Err(Error::usage("from", problem));
        };
        let mut fitted = Fitted {
            model: FloatModel::clone(model),
            rows: Vec::new(),
            class_names: Vec::new(),
            channels: data.channels.clone(),
            notes: self.notes.clone(),
        };
        if model.description.objective != data.objective {
            return Err(self.refused(
                "answers",
                &format!("the recordings' are for {}", data.objective),
                &format!("the model is for {}", model.description.objective),
                "give a model of the same kind, or --loss where the answers can be read so",
            ));
        }
        self.fit_channels(&mut fitted, &data.channels, inputs)?;
        self.fit_outputs(&mut fitted, data, data_outputs)?;
        let (own, period_s) = (model.description.sample_period_s, data.sample_period_s);
        if own > 0.0 && period_s > 0.0 && (period_s / own - 1.0).abs() > SAME_RATE {
            fitted.notes.push(format!(
                "the model was trained with a sample every {own} s, these recordings have one every {period_s} s: it has to learn the \
                 new rate"
            ));
        }
        if self.distill.is_some() && fitted.rows.iter().all(Option::is_none) {
            let problem = "the model knows none of the classes, so it has nothing to teach; leave it out";
            return Err(Error::usage("distill", problem));
        }
        Ok(fitted)
    }

    fn refused(&self, what: &str, data: &str, model: &str, fix: &str) -> Error {
        Error::data(&self.model, what, format!("{data}, and {model}; {fix}"))
    }

    /// Puts the model's inputs into the order and the units of the recordings.
    fn fit_channels(&self, fitted: &mut Fitted, found: &[Channel], inputs: usize) -> Result<(), Error> {
        let model = &mut fitted.model;
        let own = std::mem::take(&mut model.description.channels);
        let names = |channels: &[Channel]| channels.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        let listed = |channels: &[Channel]| match channels {
            [] => "no names".to_owned(),
            _ => printable_list(&names(channels)),
        };
        let (places, differs) = match dataset::places(&names(&own), &names(found)) {
            Places::At(places) => (places, false),
            Places::Differ { .. } => (Vec::new(), true),
            Places::Unnamed => ((0..inputs).collect(), false),
        };
        if differs || model.input != inputs {
            return Err(self.refused(
                "channels",
                &format!("the recordings have {inputs} ({})", listed(found)),
                &format!("the model takes {} ({})", model.input, listed(&own)),
                "name or choose the channels so (--channel-names, --columns)",
            ));
        }
        if !named(found) && !own.is_empty() {
            fitted.channels = own;
            return Ok(());
        }
        for (k, (channel, place)) in own.iter().zip(&places).enumerate() {
            let there = &mut fitted.channels[*place];
            if there.unit.is_empty() {
                there.unit.clone_from(&channel.unit);
            }
            if channel.unit.is_empty() {
                continue;
            }
            let Some(factor) = dataset::unit_factor(&there.unit, &channel.unit, &channel.name) else {
                return Err(self.refused(
                    &format!("unit of {}", printable(&channel.name)),
                    &format!("the recordings have {}", printable(&there.unit)),
                    &format!("the model takes {}", printable(&channel.unit)),
                    "convert it",
                ));
            };
            model.input_mean[k] = (f64::from(model.input_mean[k]) / factor) as f32;
            model.input_std[k] = (f64::from(model.input_std[k]) / factor) as f32;
        }
        if places.iter().enumerate().any(|(k, place)| k != *place) {
            reorder_inputs(model, &places);
            let order = printable_list(&names(found));
            fitted.notes.push(format!(
                "the model's inputs were put into the recordings' order: {order}"
            ));
        }
        Ok(())
    }

    /// Finds for each output of the run the model's own: by the names of classes, or else by number.
    fn fit_outputs(&self, fitted: &mut Fitted, data: &Description, count: usize) -> Result<(), Error> {
        let own = fitted.model.description.class_names.clone();
        let (theirs, width) = (&data.class_names, fitted.model.outputs);
        let has = |n: usize, names: &[String]| match names {
            [] => format!("{n} outputs without names"),
            _ => format!("{n} outputs ({})", printable_list(names)),
        };
        let (in_data, in_model) = (
            format!("the recordings need {}", has(count, theirs)),
            format!("the model has {}", has(width, &own)),
        );
        let classes = data.objective == Objective::Classification;
        if !own.is_empty() && !theirs.is_empty() {
            let lost = own.iter().any(|o| !theirs.contains(o)) && own.iter().any(|o| theirs.contains(o));
            if lost && !classes {
                let fix = "record the missing labels too, or give a model without them";
                return Err(self.refused("labels", &in_data, &in_model, fix));
            }
            fitted.by_name(&own, theirs);
            return Ok(());
        }
        let numbered = classes && theirs.is_empty();
        let fits = count == width || numbered && (count < width || own.is_empty());
        if !fits {
            let fix = match classes {
                true => "name the classes of both: with --class-names, and as class_names in the model's metadata",
                false => "give a model with as many outputs",
            };
            return Err(self.refused("outputs", &in_data, &in_model, fix));
        }
        if own.is_empty() && !theirs.is_empty() {
            let order = printable_list(theirs);
            let note = format!("the model names no outputs: they are taken as {order}, in this order");
            fitted.notes.push(note);
        }
        if count > width {
            let note = format!("classes that are new to the model: {width} to {}", count - 1);
            fitted.notes.push(note);
        }
        fitted.class_names = if theirs.is_empty() { own } else { theirs.clone() };
        fitted.rows = (0..count.max(width)).map(|k| (k < width).then_some(k)).collect();
        Ok(())
    }
}

/// Whether channels have names of their own.
fn named(channels: &[Channel]) -> bool {
    !channels.is_empty() && !channels.iter().any(|c| dataset::is_unnamed(&c.name))
}

/// Moves input k of the model to `places[k]`.
fn reorder_inputs(model: &mut FloatModel, places: &[usize]) {
    let moved = |row: &[f32]| {
        let mut to = vec![0.0; row.len()];
        places.iter().zip(row).for_each(|(place, v)| to[*place] = *v);
        to
    };
    model.input_mean = moved(&model.input_mean);
    model.input_std = moved(&model.input_std);
    let weights = &mut model.layers[0].weight_ih;
    *weights = weights.chunks_exact(places.len()).flat_map(moved).collect();
}

/// The network that is to start from a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) shape: Shape,
    /// Where a gate that is added starts: one sample in so many.
    pub(crate) start_every: Option<usize>,
    /// Bound on the weights on the inputs.
    pub(crate) input_weight_limit: Option<f32>,
}

/// A model whose inputs are those of the recordings, and where its outputs belong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fitted {
    /// The model, its inputs in the recordings' order and units.
    pub(crate) model: FloatModel,
    /// For each output of the run the model's; `None` for what the model lacks.
    pub(crate) rows: Vec<Option<usize>>,
    /// One name an output of the run, or empty.
    pub(crate) class_names: Vec<String>,
    /// The channels of the run.
    pub(crate) channels: Vec<Channel>,
    /// What was matched, added or left away.
    pub(crate) notes: Vec<String>,
}

impl Fitted {
    /// The outputs where recordings and model name them: those of the recordings first, so that their numbers stay, then what the model
    /// knows beside.
    fn by_name(&mut self, own: &[String], theirs: &[String]) {
        let without = |names: &[String], others: &[String]| -> Vec<String> {
            names.iter().filter(|name| !others.contains(name)).cloned().collect()
        };
        let (new, mut more) = (without(theirs, own), without(own, theirs));
        if new.len() == theirs.len() {
            let (own, theirs) = (printable_list(own), printable_list(theirs));
            let note = format!("the head is new: the model knows {own}, and the recordings have {theirs}");
            self.notes.push(note);
            more.clear();
        } else if !new.is_empty() {
            self.notes
                .push(format!("classes that are new to the model: {}", printable_list(&new)));
        }
        if !more.is_empty() {
            let kept = printable_list(&more);
            self.notes.push(format!(
                "classes of the model that the recordings lack are kept: {kept}"
            ));
        }
        let all = theirs.iter().chain(&more);
        self.rows = all.map(|name| own.iter().position(|o| o == name)).collect();
        self.class_names = [theirs, &more].concat();
    }

    /// Checks that the network that is wanted can start from the model, and says what is added or left away.
    pub(crate) fn check(&mut self, wanted: &Wanted, from: &Path) -> Result<(), Error> {
        let Wanted {
            shape,
            start_every,
            input_weight_limit: limit,
        } = *wanted;
        let model = &self.model;
        let name = printable(&from.display().to_string());
        let sizes = [
            ("hidden", shape.hidden, model.hidden, "units"),
            ("layers", shape.layers, model.layers.len(), "layers"),
        ];
        for (field, asked, own, what) in sizes {
            if asked != own {
                let problem = format!("is {asked}, and the model {name} has {own} {what}; leave it out");
                return Err(Error::usage(field, problem));
            }
        }
        if shape.cell.family() != model.cell.family() {
            let own = model.cell.dense();
            let problem = format!(
                "is {}, and the model {name} is a {}; give {own} or skip-{own}",
                shape.cell, model.cell
            );
            return Err(Error::usage("cell", problem));
        }
        match (model.cell.skips(), shape.cell.skips()) {
            (true, true) if start_every.is_some() => {
                let problem = format!("the model {name} has a skip gate that has learned where to start; leave it out");
                return Err(Error::usage("start_every", problem));
            }
            (false, true) => {
                let every = match start_every {
                    None | Some(1) => "every sample".into(),
                    Some(n) => format!("one sample in {n}"),
                };
                self.notes
                    .push(format!("a skip gate is added, which starts with {every}"));
            }
            (true, false) => self
                .notes
                .push("the model's skip gate is left away: every sample is used".into()),
            _ => {}
        }
        let model = &self.model;
        let beyond = |v: &f32| !(-1.0..=H0_MAX).contains(v);
        if model.layers.iter().flat_map(|layer| &layer.h0).any(beyond) {
            self.notes
                .push("h0 is moved to within [-1, 1 - 2^-15], the range of h on the chip".into());
        }
        let weights = &model.layers[0].weight_ih;
        let over = weights
            .iter()
            .filter(|w| limit.is_some_and(|limit| w.abs() > limit))
            .count();
        if over > 0 {
            self.notes.push(format!(
                "{over} of {} weights on the inputs are moved to within the limit",
                weights.len()
            ));
        }
        Ok(())
    }

    /// Puts the model's values in place of the initial ones, where it has any.
    pub(crate) fn put_into(&self, parameters: &mut Parameters, start_every: Option<usize>) {
        let own = Parameters::of_model(&self.model);
        let shape = parameters.shape;
        if shape.cell.skips() && !self.model.cell.skips() {
            parameters.start_every(start_every.unwrap_or(1));
        }
        for (e, values) in shape.layout().iter().zip(&mut parameters.values) {
            let Some(source) = own.array(e.kind, e.layer) else {
                continue;
            };
            match e.kind {
                Kind::HeadWeight | Kind::HeadBias => {
                    let cols = values.len() / shape.outputs;
                    for (row, from) in values.chunks_exact_mut(cols).zip(&self.rows) {
                        if let Some(from) = from {
                            row.copy_from_slice(&source[from * cols..(from + 1) * cols]);
                        }
                    }
                }
                _ => values.copy_from_slice(source),
            }
        }
    }

    /// The model as one of the run's outputs; `None` where it lacks some.
    pub(crate) fn as_it_is(&self) -> Option<FloatModel> {
        let rows: Vec<usize> = self.rows.iter().copied().collect::<Option<_>>()?;
        let mut model = self.model.clone();
        let h = model.hidden;
        let head = &self.model.head;
        model.head.weight = rows
            .iter()
            .flat_map(|k| head.weight[k * h..(k + 1) * h].to_vec())
            .collect();
        model.head.bias = rows.iter().map(|k| head.bias[*k]).collect();
        model.outputs = rows.len();
        model.description.class_names.clone_from(&self.class_names);
        Some(model)
    }
}

impl Parameters {
    /// The parameters of a model file, whose normalisation is no part of them. The two biases of a gate become their sum.
    pub fn of_model(model: &FloatModel) -> Self {
        let shape = Shape {
            cell: model.cell,
            input: model.input,
            hidden: model.hidden,
            outputs: model.outputs,
            layers: model.layers.len(),
        };
        let value = |kind: Kind, layer: &Layer| -> Vec<f32> {
            let inner = match model.cell.family() {
                float_model::Family::Lstm => layer.bias_hh.len(),
                float_model::Family::Gru => 2 * model.hidden,
            };
            match kind {
                Kind::WeightIh => layer.weight_ih.clone(),
                Kind::WeightHh => layer.weight_hh.clone(),
                Kind::Bias => {
                    let added = layer.bias_hh[..inner].iter().copied().chain(std::iter::repeat(0.0));
                    layer.bias_ih.iter().zip(added).map(|(a, b)| a + b).collect()
                }
                Kind::BiasHn => layer.bias_hh[inner..].to_vec(),
                Kind::H0 => layer.h0.clone(),
                Kind::C0 => layer.c0.clone(),
                Kind::GateWeight => model.gate.as_ref().map(|g| g.weight.clone()).unwrap_or_default(),
                Kind::GateBias => model.gate.as_ref().map(|g| vec![g.bias]).unwrap_or_default(),
                Kind::HeadWeight => model.head.weight.clone(),
                Kind::HeadBias => model.head.bias.clone(),
            }
        };
        let layout = shape.layout();
        let values = layout.iter().map(|e| value(e.kind, &model.layers[e.layer])).collect();
        Parameters { shape, values }
    }

    /// One of the arrays; `None` where the network has none such.
    pub(crate) fn array(&self, kind: Kind, layer: usize) -> Option<&[f32]> {
        let layout = self.shape.layout();
        let k = layout.iter().position(|e| e.kind == kind && e.layer == layer)?;
        Some(&self.values[k])
    }
}

#[cfg(test)]
mod tests;
