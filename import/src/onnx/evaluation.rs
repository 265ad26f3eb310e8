//! What is known of a graph so far: what its names stand for, and the layers found.

use super::{
    proto::{Graph, Node},
    value::{Axis, Length, Value, value_of},
};
use crate::network::{End, Network};
use float_model::printable;
use std::{cell::Cell, collections::HashMap};

/// A graph, what its names stand for, and the layers found so far.
pub(super) struct Evaluation<'a> {
    pub(super) graph: &'a Graph<'a>,
    pub(super) opset: i64,
    pub(super) values: HashMap<&'a str, Value>,
    pub(super) network: Network,
    /// Lengths of the input's first two axes, where they are fixed.
    pub(super) outer: [Option<i64>; 2],
    /// The axis of the input (0 or 1) that is time; the first recurrent layer tells.
    pub(super) time: Option<usize>,
    /// Things done so far: what is made of an older state of the samples is a second branch.
    pub(super) stage: usize,
    pub(super) problems: Vec<String>,
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
}

/// The axes and the stage of the samples that a node takes.
pub(super) fn samples<'a>(e: &Evaluation<'a>, node: &Node<'a>, k: usize) -> Result<(Vec<Axis>, usize), String> {
    match e.needed(node, k)? {
        Value::Samples { axes, stage } => Ok((axes.to_vec(), *stage)),
        other => Err(format!("takes {} where samples are known", other.what())),
    }
}

/// Constant numbers: shape and values.
pub(super) fn real<'a>(e: &Evaluation<'a>, node: &Node<'a>, k: usize) -> Result<(Vec<usize>, Vec<f32>), String> {
    match e.needed(node, k)? {
        Value::Real { shape, values } => Ok((shape.to_vec(), values.to_vec())),
        other => Err(format!("takes {} where constant numbers are known", other.what())),
    }
}
