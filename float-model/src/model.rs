//! Parameters and description of a float model (`docs/numerics.md`, section 1).

use crate::{Cell, Error, Family, by_name};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// Parameters of one recurrent layer. H hidden units, I inputs (the model's for layer 0, H above), G gates.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// (G·H, I), row-major; gate order i, f, g, o or r, z, n.
    pub weight_ih: Vec<f32>,
    /// (G·H, H), row-major.
    pub weight_hh: Vec<f32>,
    /// (G·H).
    pub bias_ih: Vec<f32>,
    /// (G·H).
    pub bias_hh: Vec<f32>,
    /// (H): learned initial hidden state.
    pub h0: Vec<f32>,
    /// (H): learned initial cell state; empty for a GRU.
    pub c0: Vec<f32>,
}

/// The skip gate of equation (4): Δũ = sigmoid(weight · s + bias), s the top layer's c (LSTM) or h (GRU).
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// (H).
    pub weight: Vec<f32>,
    /// The bias b_p.
    pub bias: f32,
}

/// The linear classifier or regressor on the top layer's last h.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// (O, H), row-major.
    pub weight: Vec<f32>,
    /// (O).
    pub bias: Vec<f32>,
}

/// What the outputs mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objective {
    /// O logits; the decision is the largest.
    Classification,
    /// O real values.
    Regression,
    /// O independent logits.
    Multilabel,
}

impl Objective {
    /// Every objective.
    pub const ALL: [Objective; 3] = [Objective::Classification, Objective::Regression, Objective::Multilabel];

    /// The name in the file's metadata and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Objective::Classification => "classification",
            Objective::Regression => "regression",
            Objective::Multilabel => "multilabel",
        }
    }
}

/// When the model is asked for an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputAt {
    /// Once, after the last sample.
    End,
    /// At every sample; while samples are skipped the last output stands.
    Step,
}

impl OutputAt {
    /// Both times.
    pub const ALL: [OutputAt; 2] = [OutputAt::End, OutputAt::Step];

    /// The name in the file's metadata and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            OutputAt::End => "end",
            OutputAt::Step => "step",
        }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Objective {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        by_name("objective", &Objective::ALL, Objective::name, text)
    }
}

impl fmt::Display for OutputAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for OutputAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        by_name("time of outputs", &OutputAt::ALL, OutputAt::name, text)
    }
}

/// One input channel as the sensor delivers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// For example `acceleration x`.
    pub name: String,
    /// Unit of the float samples, for example `g`; empty where there is none.
    pub unit: String,
    /// Magnitude in that unit at which the 16-bit input saturates: a count is `full_scale / 32768`.
    pub full_scale: f32,
}

/// Everything about a model that is not a tensor: the metadata of its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// `frequency`, `adding`, `dataset`, or a user's own word.
    pub task: String,
    /// Seed of the training run.
    pub seed: u64,
    /// λ of the budget loss (equation 8).
    pub lambda: f64,
    /// Seconds between samples; 0 where unknown.
    pub sample_period_s: f64,
    /// Samples per sequence; 0 where it varies.
    pub sequence_length: usize,
    /// What the outputs mean.
    pub objective: Objective,
    /// When they are asked for.
    pub output_at: OutputAt,
    /// One name a class; empty where there are none.
    pub class_names: Vec<String>,
    /// One entry an input; empty where the sensor is not known.
    pub channels: Vec<Channel>,
    /// Every other metadata entry, kept as it was.
    pub other: BTreeMap<String, String>,
}

impl Default for Description {
    fn default() -> Self {
        Description {
            task: "dataset".into(),
            seed: 0,
            lambda: 0.0,
            sample_period_s: 0.0,
            sequence_length: 0,
            objective: Objective::Classification,
            output_at: OutputAt::End,
            class_names: Vec::new(),
            channels: Vec::new(),
            other: BTreeMap::new(),
        }
    }
}

/// A complete float model.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatModel {
    /// Which of the four cells.
    pub cell: Cell,
    /// Inputs per sample, I.
    pub input: usize,
    /// Hidden units, H.
    pub hidden: usize,
    /// Outputs, O.
    pub outputs: usize,
    /// From the input up.
    pub layers: Vec<Layer>,
    /// The skip gate; present iff the cell skips.
    pub gate: Option<Gate>,
    /// Classifier or regressor.
    pub head: Head,
    /// (I) subtracted from a sample.
    pub input_mean: Vec<f32>,
    /// (I) a sample is divided by, after the mean is taken off.
    pub input_std: Vec<f32>,
    /// The metadata.
    pub description: Description,
}

impl FloatModel {
    /// Checks every shape and that every number is finite. `file` is what the error names.
    ///
    /// # Errors
    /// The first tensor that has a wrong shape or holds NaN or infinity.
    pub fn validate(&self, file: &str) -> Result<(), Error> {
        let (i, h, o) = (self.input, self.hidden, self.outputs);
        for (name, n) in [("input", i), ("hidden", h), ("output", o), ("layer", self.layers.len())] {
            if n == 0 {
                return Err(Error::field(
                    file,
                    name,
                    format!("the model has no {name}s; it needs at least one"),
                ));
            }
        }
        let rows = self.cell.family().gates() * h;
        for (k, layer) in self.layers.iter().enumerate() {
            let inputs = if k == 0 { i } else { h };
            check(file, &format!("weight_ih_l{k}"), &layer.weight_ih, rows * inputs)?;
            check(file, &format!("weight_hh_l{k}"), &layer.weight_hh, rows * h)?;
            check(file, &format!("bias_ih_l{k}"), &layer.bias_ih, rows)?;
            check(file, &format!("bias_hh_l{k}"), &layer.bias_hh, rows)?;
            check(file, "h0", &layer.h0, h)?;
            let c0 = if self.cell.family() == Family::Lstm { h } else { 0 };
            check(file, "c0", &layer.c0, c0)?;
        }
        match (&self.gate, self.cell.skips()) {
            (Some(gate), true) => {
                check(file, "gate.weight", &gate.weight, h)?;
                check(file, "gate.bias", &[gate.bias], 1)?;
            }
            (None, false) => {}
            (None, true) => {
                return Err(Error::field(
                    file,
                    "gate.weight",
                    format!("missing, but a {} needs it", self.cell),
                ));
            }
            (Some(_), false) => {
                return Err(Error::field(
                    file,
                    "gate.weight",
                    format!(
                        "present, but a {} has no skip gate; is the cell skip-{}?",
                        self.cell, self.cell
                    ),
                ));
            }
        }
        check(file, "head.weight", &self.head.weight, o * h)?;
        check(file, "head.bias", &self.head.bias, o)?;
        check(file, "input.mean", &self.input_mean, i)?;
        check(file, "input.std", &self.input_std, i)?;
        if let Some(k) = self.input_std.iter().position(|s| *s <= 0.0) {
            return Err(Error::field(
                file,
                "input.std",
                format!("channel {k} is not above zero; set it to 1"),
            ));
        }
        let names = self.description.class_names.len();
        if names != 0 && names != o {
            return Err(Error::field(
                file,
                "class_names",
                format!("{names} names for {o} outputs"),
            ));
        }
        let channels = self.description.channels.len();
        if channels != 0 && channels != i {
            return Err(Error::field(
                file,
                "channel_names",
                format!("{channels} channels for {i} inputs"),
            ));
        }
        Ok(())
    }
}

fn check(file: &str, name: &str, values: &[f32], expected: usize) -> Result<(), Error> {
    if values.len() != expected {
        return Err(Error::field(
            file,
            name,
            format!("holds {} values where {expected} are needed", values.len()),
        ));
    }
    if let Some(k) = values.iter().position(|v| !v.is_finite()) {
        return Err(Error::field(file, name, crate::file::not_finite(k, values[k])));
    }
    Ok(())
}
