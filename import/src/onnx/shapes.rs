//! Operators that move axes or take a part of them, and compute with lengths. Time is left only by its last sample.

use super::{
    evaluation::{Evaluation, Given},
    proto::{Node, Values},
    value::{Axis, Length, Value},
};
use std::ops::Range;

/// An index from the front of one that may count from the back.
pub(super) fn index(at: i64, count: usize) -> Option<usize> {
    let at = if at < 0 { at.checked_add(count as i64)? } else { at };
    usize::try_from(at).ok().filter(|at| *at < count)
}

const OTHER_AXIS: &str = "names an axis that is not there";

/// Integers of an attribute (in older versions of the operator) or else of an input.
fn setting<'a>(e: &Evaluation<'a>, node: &Node<'a>, name: &str, k: usize) -> Result<Option<Vec<i64>>, String> {
    if let Some(a) = node.attribute(name) {
        return Ok(Some(a.ints.clone()));
    }
    match e.input(node, k) {
        None => Ok(None),
        Some(value) => match value.integers() {
            Some(list) => Ok(Some(list)),
            None => Err(format!("takes {name} that are not constant")),
        },
    }
}

pub(super) fn transpose<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let value = e.needed(node, 0)?.clone();
    let rank = match &value {
        Value::Samples { axes, .. } => axes.len(),
        Value::Real { shape, .. } => shape.len(),
        other => return Err(format!("takes {}", other.what())),
    };
    let order: Vec<usize> = match node.attribute("perm") {
        None => (0..rank).rev().collect(),
        Some(a) => a.ints.iter().filter_map(|n| index(*n, rank)).collect(),
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..rank) {
        return Err(format!("has an order of axes that is none of {rank}"));
    }
    if let Value::Real { values, .. } = &value {
        e.copies(values.len())?;
    }
    Ok(vec![match value {
        Value::Samples { axes, stage } => Value::Samples {
            axes: order.iter().map(|k| axes[*k]).collect(),
            stage,
        },
        Value::Real { shape, values } if order == [1, 0] => Value::Real {
            shape: [shape[1], shape[0]].into(),
            values: crate::network::transposed(&values, shape[1]).into(),
        },
        other if order.iter().enumerate().all(|(k, at)| k == *at) => other,
        _ => return Err("moves axes of constant numbers in a way that is not known here".into()),
    }])
}

pub(super) fn squeeze<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let at = setting(e, node, "axes", 1)?;
    let value = e.needed(node, 0)?.clone();
    Ok(vec![match value {
        Value::Samples { axes, stage } => {
            let is_one = |axis: Axis| e.length(axis) == Length::Known(1) && axis != Axis::Features;
            let gone: Vec<usize> = match &at {
                Some(at) => at
                    .iter()
                    .map(|n| index(*n, axes.len()).ok_or(OTHER_AXIS))
                    .collect::<Result<_, _>>()?,
                None => (0..axes.len()).filter(|k| is_one(axes[*k])).collect(),
            };
            if gone.iter().any(|k| !is_one(axes[*k])) {
                return Err("leaves out an axis that has more than one entry".into());
            }
            let kept = axes.iter().enumerate().filter(|(k, _)| !gone.contains(k));
            Value::Samples {
                axes: kept.map(|(_, axis)| *axis).collect(),
                stage,
            }
        }
        Value::Lengths { values, .. } if values.len() == 1 => Value::Lengths { is_list: false, values },
        Value::Real { shape, values } => Value::Real {
            shape: match &at {
                None => shape.iter().copied().filter(|n| *n != 1).collect(),
                Some(at) => {
                    let gone: Vec<Option<usize>> = at.iter().map(|n| index(*n, shape.len())).collect();
                    let is_gone = |k: usize| gone.contains(&Some(k));
                    if gone.contains(&None) || (0..shape.len()).any(|k| is_gone(k) && shape[k] != 1) {
                        return Err(OTHER_AXIS.into());
                    }
                    (0..shape.len()).filter(|k| !is_gone(*k)).map(|k| shape[k]).collect()
                }
            },
            values,
        },
        Value::LastStates(stages) if stages.len() == 1 => Value::LastStates(stages),
        other @ (Value::Filled(_) | Value::FilledLength(_) | Value::CellState | Value::OtherInput) => other,
        other => return Err(format!("takes {}", other.what())),
    }])
}

pub(super) fn unsqueeze<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let at = setting(e, node, "axes", 1)?.ok_or("has no axes; save the model again")?;
    let value = e.needed(node, 0)?.clone();
    let widened = |rank: usize| -> Result<Vec<usize>, String> {
        let found: Option<Vec<usize>> = at.iter().map(|n| index(*n, (rank + at.len()).min(16))).collect();
        let mut found = found.ok_or(OTHER_AXIS)?;
        found.sort_unstable();
        Ok(found)
    };
    Ok(vec![match value {
        Value::Samples { axes, stage } => {
            let mut axes = axes.to_vec();
            for k in widened(axes.len())? {
                axes.insert(k.min(axes.len()), Axis::One);
            }
            Value::Samples {
                axes: axes.into(),
                stage,
            }
        }
        Value::Real { shape, values } => {
            let mut shape = shape.to_vec();
            for k in widened(shape.len())? {
                shape.insert(k.min(shape.len()), 1);
            }
            Value::Real {
                shape: shape.into(),
                values,
            }
        }
        Value::Lengths { is_list: false, values } => Value::Lengths { is_list: true, values },
        other @ (Value::Filled(_) | Value::FilledLength(_) | Value::OtherInput) => other,
        other => return Err(format!("takes {}", other.what())),
    }])
}

/// Whether this place of an axis is its last one.
fn is_last(e: &Evaluation<'_>, at: i64, axis: Axis) -> bool {
    match e.length(axis) {
        Length::Known(n) => at == -1 || at == n - 1,
        _ => at == -1,
    }
}

/// Samples of which one place of an axis is kept.
fn kept(e: &Evaluation<'_>, axis: Axis, at: i64) -> Result<(), String> {
    let is_time = e.time.is_some_and(|time| axis == Axis::Outer(time));
    match axis {
        Axis::One if is_last(e, at, axis) => Ok(()),
        Axis::Outer(_) if is_time && is_last(e, at, axis) => Ok(()),
        Axis::Outer(_) if is_time => Err(format!(
            "takes the h of sample {at}; a model takes that of the last one"
        )),
        Axis::Features => Err("takes some features and leaves others out".into()),
        _ => Err("takes some samples or sequences and leaves others out".into()),
    }
}

pub(super) fn gather<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let value = e.needed(node, 0)?.clone();
    let indices = e.needed(node, 1)?.clone();
    let known = indices.integers();
    let (Value::Lengths { is_list, .. }, Some([at])) = (&indices, known.as_deref()) else {
        return Err("takes places that are not one constant".into());
    };
    let axis = node.int("axis", 0);
    Ok(vec![match value {
        Value::Samples { axes, stage } => {
            let k = index(axis, axes.len()).ok_or(OTHER_AXIS)?;
            kept(e, axes[k], *at)?;
            let mut axes = axes.to_vec();
            match is_list {
                true => axes[k] = Axis::One,
                false => drop(axes.remove(k)),
            }
            Value::Samples {
                axes: axes.into(),
                stage,
            }
        }
        Value::LastStates(stages) if axis == 0 => top(e, &stages, *at, *is_list)?,
        Value::Real { shape, values } => {
            let k = index(axis, shape.len()).ok_or(OTHER_AXIS)?;
            let place = index(*at, shape[k]).ok_or(OTHER_AXIS)?;
            let (mut shape, values) = part(e, &shape, &values, k, place..place + 1)?;
            if !is_list {
                shape.remove(k);
            }
            Value::Real {
                shape: shape.into(),
                values: values.into(),
            }
        }
        Value::Filled(same) => Value::Filled(same),
        Value::Lengths { values, .. } => {
            let k = index(*at, values.len()).ok_or(OTHER_AXIS)?;
            Value::Lengths {
                is_list: *is_list,
                values: [values[k]].into(),
            }
        }
        other => return Err(format!("takes {}", other.what())),
    }])
}

/// The last h of the top layer, of those of all layers.
fn top(e: &Evaluation<'_>, stages: &[usize], at: i64, keeps_axis: bool) -> Result<Value, String> {
    let k = index(at, stages.len()).ok_or(OTHER_AXIS)?;
    if stages[k] != e.stage {
        return Err("takes the last h of a lower layer; a model takes that of the top one".into());
    }
    let batch = Axis::Outer(1 - e.time.ok_or("comes before the recurrent layer")?);
    let mut axes = vec![batch, Axis::Features];
    if keeps_axis {
        axes.insert(0, Axis::One);
    }
    Ok(Value::Samples {
        axes: axes.into(),
        stage: e.stage,
    })
}

pub(super) fn slice<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let of = |name, k| setting(e, node, name, k);
    let starts = of("starts", 1)?.ok_or("has no starts; save the model again")?;
    let ends = of("ends", 2)?.ok_or("has no ends; save the model again")?;
    let at = of("axes", 3)?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = of("steps", 4)?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), at.len(), steps.len()].iter().any(|n| *n != starts.len()) || steps.iter().any(|s| *s != 1) {
        return Err("has starts, ends, axes and steps that are not known here".into());
    }
    let mut value = e.needed(node, 0)?.clone();
    for (k, axis) in at.iter().enumerate() {
        value = sliced(e, value, *axis, starts[k], ends[k])?;
    }
    Ok(vec![value])
}

fn sliced(e: &Evaluation<'_>, value: Value, axis: i64, start: i64, end: i64) -> Result<Value, String> {
    /// Ends beyond this one are those of the axis.
    const FAR: i64 = i32::MAX as i64;
    Ok(match value {
        Value::Samples { axes, stage } => {
            let k = index(axis, axes.len()).ok_or(OTHER_AXIS)?;
            let length = e.length(axes[k]);
            let is_end = end >= FAR || matches!(length, Length::Known(n) if end >= n);
            if start == 0 && is_end {
                return Ok(Value::Samples { axes, stage });
            }
            let is_one = is_end && is_last(e, start, axes[k]) || start == -2 && end == -1 && axes[k] == Axis::One;
            if !is_one {
                return Err("takes some samples, sequences or features and leaves others out".into());
            }
            kept(e, axes[k], -1)?;
            let mut axes = axes.to_vec();
            axes[k] = Axis::One;
            Value::Samples {
                axes: axes.into(),
                stage,
            }
        }
        Value::LastStates(stages)
            if axis == 0 && (start == -1 || start == stages.len() as i64 - 1) && end >= stages.len() as i64 =>
        {
            top(e, &stages, -1, true)?
        }
        Value::Lengths { values, is_list: true } => Value::Lengths {
            is_list: true,
            values: values[range(start, end, values.len())].into(),
        },
        Value::Real { shape, values } => {
            let k = index(axis, shape.len()).ok_or(OTHER_AXIS)?;
            let (shape, values) = part(e, &shape, &values, k, range(start, end, shape[k]))?;
            Value::Real {
                shape: shape.into(),
                values: values.into(),
            }
        }
        Value::Filled(same) => Value::Filled(same),
        other => return Err(format!("takes {}", other.what())),
    })
}

/// Places from a start to an end, which may count from the back and lie beyond it.
fn range(start: i64, end: i64, count: usize) -> Range<usize> {
    let place = |n: i64| if n < 0 { n.saturating_add(count as i64) } else { n }.clamp(0, count as i64) as usize;
    place(start)..place(end).max(place(start))
}

/// A part of constant numbers along one axis.
fn part(
    e: &Evaluation<'_>,
    shape: &[usize],
    values: &[f32],
    axis: usize,
    places: Range<usize>,
) -> Result<(Vec<usize>, Vec<f32>), String> {
    e.copies(values.len())?;
    let inner: usize = shape[axis + 1..].iter().product();
    let block = (shape[axis] * inner).max(1);
    let kept = places.start * inner..places.end * inner;
    let taken = values
        .chunks_exact(block)
        .flat_map(|b| b.get(kept.clone()).unwrap_or_default().iter().copied());
    let mut shape = shape.to_vec();
    shape[axis] = places.len();
    Ok((shape, taken.collect()))
}

pub(super) fn shape<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let lengths: Vec<Length> = match e.needed(node, 0)? {
        Value::Samples { axes, stage } => {
            let features = match *stage == e.stage {
                true => e.length(Axis::Features),
                false => Length::Unknown,
            };
            let length = |axis: &Axis| match axis {
                Axis::Features => features,
                other => e.length(*other),
            };
            axes.iter().map(length).collect()
        }
        Value::Real { shape, .. } => shape.iter().map(|n| Length::Known(*n as i64)).collect(),
        other => return Err(format!("takes {}", other.what())),
    };
    let place = |name, default| {
        let n = node.int(name, default);
        let n = if n < 0 {
            n.saturating_add(lengths.len() as i64)
        } else {
            n
        };
        n.clamp(0, lengths.len() as i64) as usize
    };
    let (start, end) = (place("start", 0), place("end", i64::MAX));
    Ok(vec![Value::Lengths {
        is_list: true,
        values: lengths[start..end.max(start)].into(),
    }])
}

pub(super) fn concat<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let list = (0..node.inputs.len())
        .map(|k| e.needed(node, k).cloned())
        .collect::<Result<Vec<_>, _>>()?;
    let first = list.first().ok_or("joins nothing")?;
    if let Some(same) = first
        .uniform()
        .filter(|same| list.iter().all(|v| v.uniform() == Some(*same)))
    {
        return Ok(vec![Value::Filled(same)]);
    }
    let is_first_axis = node.int("axis", 0) == 0;
    let lengths: Option<Vec<&[Length]>> = list
        .iter()
        .map(|v| match v {
            Value::Lengths { is_list: true, values } => Some(&values[..]),
            _ => None,
        })
        .collect();
    if let (Some(lengths), true) = (lengths, is_first_axis) {
        let joined = lengths.concat();
        return match joined.len() <= 1024 {
            true => Ok(vec![Value::Lengths {
                is_list: true,
                values: joined.into(),
            }]),
            false => Err("joins too many integers".into()),
        };
    }
    let states: Option<Vec<usize>> = list
        .iter()
        .map(|v| match v {
            Value::Samples { axes, stage } if axes.len() == 3 && axes[0] == Axis::One && *stage > 0 => Some(*stage),
            _ => None,
        })
        .collect();
    if let (Some(states), true) = (states, is_first_axis) {
        return Ok(vec![Value::LastStates(states.into())]);
    }
    match list.iter().all(|v| *v == Value::CellState) {
        true => Ok(vec![Value::CellState]),
        false => Err("joins two branches, and a model is one chain of layers".into()),
    }
}

pub(super) fn expand<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let value = e.needed(node, 0)?.clone();
    Ok(vec![match (&value, value.uniform()) {
        (_, Some(same)) => Value::Filled(same),
        (Value::Lengths { values, .. }, _) if values.len() == 1 => Value::FilledLength(values[0]),
        (Value::FilledLength(_), _) => value,
        // One state for every sequence.
        (Value::Real { shape, .. }, _) if shape.len() == 3 && shape[..2] == [1, 1] => value,
        (other, _) => return Err(format!("repeats {}", other.what())),
    }])
}

pub(super) fn constant_of_shape<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    e.needed(node, 0)?;
    let value = node
        .attribute("value")
        .and_then(|a| a.tensor.as_ref())
        .map(|t| &t.values);
    Ok(vec![match value {
        None => Value::Filled(0.0),
        Some(Values::Real(list)) if list.len() == 1 => Value::Filled(list[0]),
        Some(Values::Whole(list)) if list.len() == 1 => Value::FilledLength(Length::Known(list[0])),
        _ => return Err("has a value that is not one number".into()),
    }])
}
