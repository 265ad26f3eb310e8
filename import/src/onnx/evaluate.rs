//! The walk through the graph, node by node, and what comes out of it.

use super::{
    operators,
    proto::{Constant, Graph, Node, Values, is_onnx},
    value::{Axis, Length, Value},
};
use crate::network::{End, Network};
use float_model::{FloatModel, OutputAt, printable};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, HashMap},
};

/// A graph, what its names stand for, and the layers found so far.
pub(super) struct Evaluation<'a> {
    graph: &'a Graph<'a>,
    pub(super) opset: i64,
    values: HashMap<&'a str, Value>,
    pub(super) network: Network,
    /// Lengths of the input's first two axes, where they are fixed.
    pub(super) outer: [Option<i64>; 2],
    /// The axis of the input (0 or 1) that is time; the first recurrent layer tells.
    pub(super) time: Option<usize>,
    /// Things done so far: what is made of an older state of the samples is a second branch.
    pub(super) stage: usize,
    problems: Vec<String>,
    /// Constant numbers that may yet be copied: a graph may take a part of one tensor at every node.
    left: Cell<usize>,
}

/// Constant numbers that a graph may move about.
const COPIES: usize = 32 << 20;

/// What a node gives: a value for each of its outputs.
pub(super) type Given = Result<Vec<Value>, String>;

impl<'a> Evaluation<'a> {
    pub(super) fn new(graph: &'a Graph<'a>, opset: i64) -> Result<Self, String> {
        let mut inputs = graph
            .inputs
            .iter()
            .filter(|(name, _)| !graph.constants.contains_key(name));
        let Some((samples, axes)) = inputs.next() else {
            return Err("has no input; a model takes samples (sequences, time, channels)".into());
        };
        let [first, second, channels] = axes[..] else {
            return Err(format!(
                "{}: the first input has {} axes; samples are (sequences, time, channels) or (time, sequences, channels)",
                printable(samples),
                axes.len()
            ));
        };
        let Some(channels) = channels.and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= 1 << 16) else {
            return Err(format!(
                "{}: the number of channels (the last axis) is not fixed; export it so",
                printable(samples)
            ));
        };
        let mut values: HashMap<&str, Value> = graph.constants.iter().map(|(n, c)| (*n, value_of(c))).collect();
        let axes = [Axis::Outer(0), Axis::Outer(1), Axis::Features].into();
        values.insert(samples, Value::Samples { axes, stage: 0 });
        values.extend(inputs.map(|(name, _)| (*name, Value::OtherInput)));
        Ok(Evaluation {
            graph,
            opset,
            values,
            network: Network::new(channels),
            outer: [first, second],
            time: None,
            stage: 0,
            problems: Vec::new(),
            left: Cell::new(COPIES),
        })
    }

    /// Follows the nodes that the outputs need, in the order of the file, which ONNX demands to be one of evaluation.
    pub(super) fn run(&mut self) {
        let graph = self.graph;
        let mut needed: BTreeSet<&str> = graph.outputs.iter().copied().collect();
        let mut order = Vec::new();
        for node in graph.nodes.iter().rev() {
            if node.outputs.iter().any(|name| needed.contains(name)) {
                needed.extend(node.inputs.iter().filter(|n| !n.is_empty()));
                order.push(node);
            }
        }
        for node in order.into_iter().rev() {
            let inputs = node.inputs.iter().filter(|name| !name.is_empty());
            let mut found = inputs.map(|name| self.values.get(name).unwrap_or(&Value::Refused));
            let given = match found.any(|v| *v == Value::Refused) {
                // What it depends on was refused already, or is said to be missing.
                true => self.missing(node),
                false => match is_onnx(node.domain) {
                    true => operators::given(self, node),
                    false => Err(format!(
                        "is an operator of {}, which is not known here",
                        printable(node.domain)
                    )),
                },
            };
            let given = given.unwrap_or_else(|problem| {
                self.problems.push(format!("{}: {problem}", node.shown()));
                Vec::new()
            });
            for (k, name) in node.outputs.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
                self.values
                    .insert(name, given.get(k).cloned().unwrap_or(Value::Refused));
            }
        }
    }

    fn missing(&self, node: &Node<'_>) -> Given {
        let missing = node
            .inputs
            .iter()
            .find(|n| !n.is_empty() && !self.values.contains_key(*n));
        match missing {
            Some(name) => Err(format!(
                "takes {}, which nothing before it gives; save the model again",
                printable(name)
            )),
            None => Ok(Vec::new()),
        }
    }

    /// The value of an input of a node; `None` where it is left out.
    pub(super) fn input(&self, node: &Node<'a>, k: usize) -> Option<&Value> {
        self.values.get(node.input(k)?)
    }

    /// As [`Evaluation::input`].
    ///
    /// # Errors
    /// It is left out.
    pub(super) fn needed(&self, node: &Node<'a>, k: usize) -> Result<&Value, String> {
        self.input(node, k)
            .ok_or_else(|| format!("lacks its input {k}; save the model again"))
    }

    /// The axes of samples that are as far as the layers are.
    ///
    /// # Errors
    /// They are of an earlier stage, so that a part of the network would be dropped.
    pub(super) fn newest(&self, axes: &[Axis], stage: usize) -> Result<Vec<Axis>, String> {
        match stage == self.stage {
            true => Ok(axes.to_vec()),
            false => Err("takes what other nodes take too: a second branch, and a model is one chain of layers".into()),
        }
    }

    /// A new stage of the samples, with these axes.
    pub(super) fn advanced(&mut self, axes: &[Axis]) -> Value {
        self.stage += 1;
        Value::Samples {
            axes: axes.into(),
            stage: self.stage,
        }
    }

    /// Counts constant numbers that are copied.
    ///
    /// # Errors
    /// They are too many.
    pub(super) fn copies(&self, count: usize) -> Result<(), String> {
        let left = self
            .left
            .get()
            .checked_sub(count)
            .ok_or("moves more constant numbers about than a model has")?;
        self.left.set(left);
        Ok(())
    }

    /// The length of an axis.
    pub(super) fn length(&self, axis: Axis) -> Length {
        match axis {
            Axis::One => Length::Known(1),
            Axis::Features => Length::Known(self.network.width() as i64),
            Axis::Outer(k) => self.outer[k].map_or(Length::Of(k), Length::Known),
        }
    }

    /// An activation of the outputs.
    pub(super) fn end(&mut self, end: End, axes: &[Axis]) -> Given {
        self.network.end(end)?;
        Ok(vec![self.advanced(axes)])
    }

    /// The model, and what was understood.
    ///
    /// # Errors
    /// Everything that was refused.
    pub(super) fn finish(mut self) -> Result<(FloatModel, Vec<String>), Vec<String>> {
        let (mut answers, mut states): (BTreeMap<&str, Vec<Axis>>, Vec<String>) = Default::default();
        for name in &self.graph.outputs {
            match self.values.get(name) {
                Some(Value::Samples { axes, stage }) if *stage == self.stage && self.network.has_head() => {
                    answers.insert(name, axes.to_vec());
                }
                Some(Value::CellState | Value::LastStates(_)) => states.push(printable(name)),
                // The last h of a layer.
                Some(Value::Samples { axes, stage })
                    if *stage > 0 && axes.len() == 3 && axes[0] == Axis::One && self.network.has_head() =>
                {
                    states.push(printable(name));
                }
                Some(Value::Refused) | None if !self.problems.is_empty() => {}
                other => {
                    let what = other.map_or("nothing".into(), Value::what);
                    self.problems.push(format!(
                        "{}: an output that is {what}, not that of a linear head",
                        printable(name)
                    ));
                }
            }
        }
        if answers.len() > 1 {
            let names: Vec<String> = answers.keys().map(|n| printable(n)).collect();
            self.problems
                .push(format!("{}: several outputs; a model has one", names.join(", ")));
        }
        let output_at = answers.values().next().map_or(OutputAt::End, |axes| {
            match self.time.is_some_and(|time| axes.contains(&Axis::Outer(time))) {
                true => OutputAt::Step,
                false => OutputAt::End,
            }
        });
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        if !states.is_empty() {
            let note = format!(
                "{}: states, which a stream keeps itself, are left out",
                states.join(", ")
            );
            self.network.notes.push(note);
        }
        self.network.finish(output_at, None).map_err(|problem| vec![problem])
    }
}

/// What is known of a tensor of the file.
pub(super) fn value_of(constant: &Constant) -> Value {
    match &constant.values {
        Values::Real(values) => Value::Real {
            shape: constant.shape[..].into(),
            values: values[..].into(),
        },
        Values::Whole(values) => match constant.shape.len() < 2 {
            true => Value::Lengths {
                is_list: constant.shape.len() == 1,
                values: values.iter().map(|n| Length::Known(*n)).collect(),
            },
            false => Value::Unusable("holds integers along several axes".into()),
        },
        Values::Unusable(why) => Value::Unusable(why[..].into()),
    }
}
