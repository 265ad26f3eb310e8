//! What a name of the graph stands for.

use super::proto::{Constant, Values};
use std::rc::Rc;

/// An axis of the samples, or of what was made of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    /// The first (0) or second (1) axis of the graph's input: sequences or time, which the recurrent layer tells.
    Outer(usize),
    /// Channels, hidden units or outputs.
    Features,
    /// One entry.
    One,
}

/// The length of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Known(i64),
    /// That of the input's axis 0 or 1.
    Of(usize),
    Unknown,
}

impl Length {
    /// The length of two axes that become one.
    pub(super) fn times(self, other: Length) -> Length {
        match (self, other) {
            (Length::Known(1), length) | (length, Length::Known(1)) => length,
            (Length::Known(a), Length::Known(b)) => a.checked_mul(b).map_or(Length::Unknown, Length::Known),
            _ => Length::Unknown,
        }
    }
}

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Constant numbers.
    Real { shape: Rc<[usize]>, values: Rc<[f32]> },
    /// Integers, along one axis or (without an axis) one: shapes, indices.
    Lengths { is_list: bool, values: Rc<[Length]> },
    /// The same number everywhere, in a shape that does not matter.
    Filled(f32),
    /// The same length everywhere.
    FilledLength(Length),
    /// The samples, or what the layers up to `stage` made of them.
    Samples { axes: Rc<[Axis]>, stage: usize },
    /// The last h of layers, one above the other on the first axis; the stage of each.
    LastStates(Rc<[usize]>),
    /// The last cell state of a layer: an output that a stream keeps itself.
    CellState,
    /// An input of the graph beside the samples, which may be an initial state.
    OtherInput,
    /// What cannot be used, which is said where it would be.
    Unusable(Rc<str>),
    /// What a refused node gives.
    Refused,
}

impl Value {
    /// What messages call it.
    pub(super) fn what(&self) -> String {
        match self {
            Value::Real { .. } | Value::Filled(_) => "constant numbers".into(),
            Value::Lengths { .. } | Value::FilledLength(_) => "integers".into(),
            Value::Samples { .. } => "samples".into(),
            Value::LastStates(_) => "last states of several layers".into(),
            Value::CellState => "a cell state".into(),
            Value::OtherInput => "an input beside the samples".into(),
            Value::Unusable(why) => format!("a tensor that {why}"),
            Value::Refused => "what was refused".into(),
        }
    }

    /// The one number of a constant that is the same everywhere.
    pub(super) fn uniform(&self) -> Option<f32> {
        match self {
            Value::Filled(value) => Some(*value),
            Value::Real { values, .. } => values
                .first()
                .copied()
                .filter(|first| values.iter().all(|v| v == first)),
            _ => None,
        }
    }

    /// Integers that are all known.
    pub(super) fn integers(&self) -> Option<Vec<i64>> {
        let Value::Lengths { values, .. } = self else {
            return None;
        };
        values
            .iter()
            .map(|v| match v {
                Length::Known(n) => Some(*n),
                _ => None,
            })
            .collect()
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
