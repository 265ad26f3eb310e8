//! The state of an unfinished run in one file, `checkpoint.safetensors`.

use crate::{
    Error,
    adam::Adam,
    evaluate::Evaluation,
    guard::Guard,
    params::{Parameters, Shape},
};
use float_model::Metric;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::{collections::HashMap, path::Path};

/// The name of the file in a run folder.
pub(crate) const FILE: &str = "checkpoint.safetensors";
const FORMAT: &str = "skiprnn-checkpoint-3";

/// The best state seen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Best {
    pub(crate) step: u64,
    pub(crate) evaluation: Evaluation,
    pub(crate) values: Vec<Vec<f32>>,
    /// Adam's moments there, for a return.
    pub(crate) mean: Vec<Vec<f32>>,
    pub(crate) square: Vec<Vec<f32>>,
}

/// Sums over the steps since the last row of `metrics.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Sums {
    pub(crate) steps: u64,
    pub(crate) loss: f64,
    pub(crate) budget: f64,
    pub(crate) updates: f64,
    pub(crate) norm: f64,
}

/// All that a run needs to continue to the same bits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) parameters: Parameters,
    pub(crate) adam: Adam,
    pub(crate) sums: Sums,
    pub(crate) best: Option<Best>,
    pub(crate) guard: Guard,
    /// The step since which the solved best state's updates have hardly fallen, and those updates.
    pub(crate) settling: Option<(u64, f64)>,
    /// Training time of all parts of the run.
    pub(crate) seconds: f64,
    /// Whether the stop rule has ended the run.
    pub(crate) stopped: bool,
}

impl State {
    pub(crate) fn new(parameters: Parameters) -> Self {
        State {
            adam: Adam::new(&parameters.values),
            parameters,
            sums: Sums::default(),
            best: None,
            guard: Guard::default(),
            settling: None,
            seconds: 0.0,
            stopped: false,
        }
    }

    /// Writes the checkpoint of a run folder, atomically.
    pub(crate) fn save(&self, run: &Path) -> Result<(), Error> {
        let path = run.join(FILE);
        let mut groups = vec![
            ("parameter", &self.parameters.values),
            ("mean", &self.adam.mean),
            ("square", &self.adam.square),
        ];
        if let Some(best) = &self.best {
            groups.extend([
                ("best", &best.values),
                ("best.mean", &best.mean),
                ("best.square", &best.square),
            ]);
        }
        let raw: Vec<(String, Vec<u8>)> = groups
            .iter()
            .flat_map(|(name, arrays)| {
                arrays
                    .iter()
                    .enumerate()
                    .map(move |(k, a)| (format!("{name}.{k}"), bytes(a)))
            })
            .collect();
        let views = raw.iter().map(|(name, data)| {
            let view = TensorView::new(Dtype::F32, vec![data.len() / 4], data).expect("four bytes a value");
            (name.as_str(), view)
        });
        let file = safetensors::serialize(views, Some(self.metadata()))
            .map_err(|e| Error::data(&path, "tensors", e.to_string()))?;
        float_model::write_atomically(&path, &file).map_err(Error::io(&path))
    }

    /// Numbers are kept as their bits, so that they come back exactly.
    fn metadata(&self) -> HashMap<String, String> {
        let mut m = HashMap::from([("format".into(), FORMAT.into())]);
        let mut put = |key: &str, bits: u64| m.insert(key.to_owned(), bits.to_string());
        put("step", self.adam.step);
        put("stopped", self.stopped.into());
        put("seconds", self.seconds.to_bits());
        put("guard.returns", self.guard.returns);
        put("guard.halvings", self.guard.halvings);
        put("guard.unsolved", self.guard.unsolved);
        put("sum.steps", self.sums.steps);
        put("sum.loss", self.sums.loss.to_bits());
        put("sum.budget", self.sums.budget.to_bits());
        put("sum.updates", self.sums.updates.to_bits());
        put("sum.norm", self.sums.norm.to_bits());
        if let Some((step, updates)) = self.settling {
            put("settling.step", step);
            put("settling.updates", updates.to_bits());
        }
        if let Some(best) = &self.best {
            let e = &best.evaluation;
            put("best.step", best.step);
            let kind = match e.metric {
                Metric::Mse(_) => 0,
                Metric::Accuracy(_) => 1,
                Metric::MeanAveragePrecision(_) => 2,
            };
            put("best.kind", kind);
            put("best.metric", e.metric.value().to_bits());
            put("best.updates", e.updates_mean.to_bits());
            put("best.loss", e.loss.to_bits());
            put("best.budget", e.budget.to_bits());
            put("best.solved", e.solved.map_or(2, u64::from));
        }
        m
    }

    /// Reads the checkpoint of a run folder; `None` where there is none.
    pub(crate) fn load(run: &Path, shape: Shape) -> Result<Option<Self>, Error> {
        let path = run.join(FILE);
        let data = match std::fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(Error::io(&path))?,
        };
        let bad = |problem: String| Error::data(&path, "contents", format!("{problem}; start the run anew"));
        let tensors = SafeTensors::deserialize(&data).map_err(|e| bad(e.to_string()))?;
        let (_, header) = SafeTensors::read_metadata(&data).map_err(|e| bad(e.to_string()))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        if metadata.get("format").map(String::as_str) != Some(FORMAT) {
            return Err(bad("no checkpoint of this version".into()));
        }
        let layout = shape.layout();
        let group = |name: &str| -> Result<Vec<Vec<f32>>, Error> {
            let one = |(k, e): (usize, &crate::params::Entry)| {
                let name = format!("{name}.{k}");
                let view = tensors.tensor(&name).map_err(|e| bad(e.to_string()))?;
                let values = floats(view.data());
                match values.len() == e.rows * e.cols && view.dtype() == Dtype::F32 {
                    true => Ok(values),
                    false => Err(bad(format!("{name} has another size than the configuration asks for"))),
                }
            };
            layout.iter().enumerate().map(one).collect()
        };
        let bits = |key: &str| {
            let value = metadata.get(key).and_then(|v| v.parse::<u64>().ok());
            value.ok_or_else(|| bad(format!("{key} is missing")))
        };
        let real = |key: &str| bits(key).map(f64::from_bits);
        let best = match metadata.contains_key("best.step") {
            false => None,
            true => Some(Best {
                step: bits("best.step")?,
                evaluation: Evaluation {
                    metric: match bits("best.kind")? {
                        1 => Metric::Accuracy(real("best.metric")?),
                        2 => Metric::MeanAveragePrecision(real("best.metric")?),
                        _ => Metric::Mse(real("best.metric")?),
                    },
                    updates_mean: real("best.updates")?,
                    loss: real("best.loss")?,
                    budget: real("best.budget")?,
                    solved: match bits("best.solved")? {
                        0 => Some(false),
                        1 => Some(true),
                        _ => None,
                    },
                },
                values: group("best")?,
                mean: group("best.mean")?,
                square: group("best.square")?,
            }),
        };
        Ok(Some(State {
            parameters: Parameters {
                shape,
                values: group("parameter")?,
            },
            adam: Adam {
                step: bits("step")?,
                mean: group("mean")?,
                square: group("square")?,
            },
            sums: Sums {
                steps: bits("sum.steps")?,
                loss: real("sum.loss")?,
                budget: real("sum.budget")?,
                updates: real("sum.updates")?,
                norm: real("sum.norm")?,
            },
            best,
            guard: Guard {
                returns: bits("guard.returns")?,
                halvings: bits("guard.halvings")?,
                unsolved: bits("guard.unsolved")?,
            },
            settling: match metadata.contains_key("settling.step") {
                true => Some((bits("settling.step")?, real("settling.updates")?)),
                false => None,
            },
            seconds: real("seconds")?,
            stopped: bits("stopped")? == 1,
        }))
    }
}

/// The step at which the checkpoint of a run folder was written; `None` where there is none.
///
/// # Errors
/// The file cannot be read, or is no checkpoint of a network of this shape.
pub fn checkpoint_step(run: &Path, shape: Shape) -> Result<Option<u64>, Error> {
    Ok(State::load(run, shape)?.map(|state| state.adam.step))
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let four = bytes.chunks_exact(4);
    four.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}
