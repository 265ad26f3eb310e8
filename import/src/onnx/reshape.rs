//! Operators that give samples another shape: axes keep their order, so only those of one entry may come and go.

use super::{
    evaluation::{Evaluation, Given, samples},
    proto::Node,
    value::{Axis, Length, Value},
};

/// Whether an entry of a wanted shape leaves an axis as it is; `k` is the place of the entry, `same` that of the axis before.
fn leaves(e: &Evaluation<'_>, axis: Axis, wanted: Length, same_place: bool) -> bool {
    match (wanted, e.length(axis)) {
        (Length::Known(-1), _) => true,
        (Length::Known(0), _) => same_place,
        (wanted, length) => wanted != Length::Unknown && wanted == length,
    }
}

pub(super) fn reshape<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let wanted = match e.needed(node, 1)? {
        Value::Lengths { values, .. } => values.clone(),
        other => return Err(format!("takes {} as a shape", other.what())),
    };
    let value = e.needed(node, 0)?.clone();
    let Value::Samples { axes, stage } = &value else {
        return match (&value, value.uniform()) {
            (_, Some(same)) => Ok(vec![Value::Filled(same)]),
            (Value::Real { values, .. }, _) => {
                let shape: Option<Vec<usize>> = wanted
                    .iter()
                    .map(|n| match n {
                        Length::Known(n) => usize::try_from(*n).ok(),
                        _ => None,
                    })
                    .collect();
                let shape = shape.filter(|s| {
                    !values.is_empty() && s.iter().try_fold(1usize, |a, n| a.checked_mul(*n)) == Some(values.len())
                });
                let shape = shape.ok_or("gives constant numbers a shape that is not known here")?;
                Ok(vec![Value::Real {
                    shape: shape.into(),
                    values: values.clone(),
                }])
            }
            (Value::Lengths { values, .. }, _) if values.len() == 1 => Ok(vec![Value::Lengths {
                is_list: !wanted.is_empty(),
                values: values.clone(),
            }]),
            (other, _) => Err(format!("takes {}", other.what())),
        };
    };
    // Axes keep their order, so only those of one entry may come and go.
    let long: Vec<(usize, Axis)> = axes
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, a)| *a != Axis::One)
        .collect();
    let entries: Vec<(usize, Length)> = wanted.iter().copied().enumerate().collect();
    let inferred = entries.iter().filter(|(_, n)| *n == Length::Known(-1)).count();
    let (mut made, mut next) = (Vec::new(), long.iter().peekable());
    for (place, length) in entries {
        let matches = next
            .peek()
            .is_some_and(|(k, axis)| leaves(e, *axis, length, *k == place));
        if matches {
            made.push(next.next().expect("it was seen").1);
        } else if length == Length::Known(1) {
            made.push(Axis::One);
        } else {
            return Err("makes another shape of samples or features".into());
        }
    }
    if next.next().is_some() || inferred > 1 {
        return Err("makes another shape of samples or features".into());
    }
    Ok(vec![Value::Samples {
        axes: made.into(),
        stage: *stage,
    }])
}

pub(super) fn flatten<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let (axes, stage) = samples(e, node, 0)?;
    let (front, back) = axes
        .split_at_checked(node.int("axis", 1).try_into().unwrap_or(0))
        .ok_or("names an axis that is not there")?;
    let long = |part: &[Axis]| -> Vec<Axis> { part.iter().copied().filter(|a| *a != Axis::One).collect() };
    match (&long(front)[..], &long(back)[..]) {
        ([batch], [Axis::Features]) => Ok(vec![Value::Samples {
            axes: [*batch, Axis::Features].into(),
            stage,
        }]),
        _ => Err("joins samples or sequences with features".into()),
    }
}
