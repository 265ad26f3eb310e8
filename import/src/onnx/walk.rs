//! The walk through the graph, node by node, and what comes out of it.

use super::{
    evaluation::{Evaluation, Given},
    operators,
    proto::{Node, is_onnx},
    value::{Axis, Value},
};
use float_model::{FloatModel, OutputAt, printable};
use std::collections::{BTreeMap, BTreeSet};

impl<'a> Evaluation<'a> {
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
