//! What each operator gives. The rules of the operators are those of ONNX' `Operators.md`.

use super::{
    evaluation::{Evaluation, Given, real, samples},
    proto::Node,
    recurrent, reshape, shapes,
    value::{Axis, Length, Value, value_of},
};
use crate::network::{End, transposed};
use float_model::Affine;

/// The values of a node's outputs.
///
/// # Errors
/// Why it is refused.
pub(super) fn given<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    match node.operator {
        "LSTM" | "GRU" => recurrent::given(e, node),
        "RNN" => Err("is a plain RNN; a model is an LSTM or a GRU".into()),
        "Gemm" => gemm(e, node),
        "MatMul" => matmul(e, node),
        "Add" | "Sub" | "Mul" | "Div" => arithmetic(e, node),
        "BatchNormalization" => batch_normalization(e, node),
        "Softmax" | "LogSoftmax" => softmax(e, node),
        "Sigmoid" => {
            let (axes, stage) = samples(e, node, 0)?;
            let axes = e.newest(&axes, stage)?;
            e.end(End::Sigmoid, &axes)
        }
        "Constant" => constant(node),
        "Identity" => Ok(vec![e.needed(node, 0)?.clone()]),
        "Dropout" => dropout(e, node),
        "Cast" => cast(e, node),
        "Transpose" => shapes::transpose(e, node),
        "Squeeze" => shapes::squeeze(e, node),
        "Unsqueeze" => shapes::unsqueeze(e, node),
        "Gather" => shapes::gather(e, node),
        "Slice" => shapes::slice(e, node),
        "Reshape" => reshape::reshape(e, node),
        "Flatten" => reshape::flatten(e, node),
        "Shape" => shapes::shape(e, node),
        "Concat" => shapes::concat(e, node),
        "Expand" | "Tile" => shapes::expand(e, node),
        "ConstantOfShape" => shapes::constant_of_shape(e, node),
        "Relu" | "Tanh" | "LeakyRelu" | "Elu" | "Gelu" | "HardSigmoid" | "HardSwish" | "Selu" | "Softplus" | "Clip"
        | "PRelu" | "Erf" => {
            Err("is an activation outside of the recurrent layers, which a model does not have".into())
        }
        "LayerNormalization" | "InstanceNormalization" | "GroupNormalization" => {
            Err("is a normalisation by the sample itself, which folds into nothing".into())
        }
        "Conv" => Err("is a convolution, which a model does not have".into()),
        "ArgMax" => Err("is a decision; export the model up to its logits".into()),
        "If" | "Loop" | "Scan" => Err("is control flow; export the model without it".into()),
        _ => Err("is an operator that is not known here, or that no model has".into()),
    }
}

fn constant(node: &Node<'_>) -> Given {
    let Some(a) = node.attributes.first() else {
        return Err("has no value; save the model again".into());
    };
    let whole = |values: &[i64], is_list| Value::Lengths {
        is_list,
        values: values.iter().map(|n| Length::Known(*n)).collect(),
    };
    Ok(vec![match (a.name, &a.tensor) {
        ("value", Some(tensor)) => value_of(tensor),
        ("value_float", _) => Value::Real {
            shape: [].into(),
            values: [a.float].into(),
        },
        ("value_floats", _) => Value::Real {
            shape: [a.floats.len()].into(),
            values: a.floats[..].into(),
        },
        ("value_int", _) => whole(&[a.int], false),
        ("value_ints", _) => whole(&a.ints, true),
        _ => return Err("is a constant of a kind that is not known here".into()),
    }])
}

fn dropout<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let training = e.input(node, 2).is_some_and(|v| v.integers().is_none_or(|n| n != [0]));
    match training {
        true => Err("is in the state of training; export the model with model.eval()".into()),
        false => Ok(vec![e.needed(node, 0)?.clone()]),
    }
}

fn cast<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let is_real = matches!(node.int("to", 0), 1 | 10 | 11 | 16);
    let value = e.needed(node, 0)?;
    match value {
        Value::Lengths { .. } | Value::FilledLength(_) if is_real => Err("makes real numbers of integers".into()),
        Value::Samples { .. } | Value::Real { .. } | Value::Filled(_) if !is_real => {
            Err("makes integers of real numbers, which rounds them".into())
        }
        _ => Ok(vec![value.clone()]),
    }
}

fn gemm<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let (axes, stage) = samples(e, node, 0)?;
    let axes = e.newest(&axes, stage)?;
    if axes.len() != 2 || axes[1] != Axis::Features || node.int("transA", 0) != 0 {
        return Err("multiplies along another axis than that of the features".into());
    }
    let (shape, weight) = real(e, node, 1)?;
    let [rows, columns] = shape[..] else {
        return Err(format!("has weights of shape {shape:?}; a matrix is needed"));
    };
    let is_transposed = node.int("transB", 0) != 0;
    let (outputs, inputs) = if is_transposed {
        (rows, columns)
    } else {
        (columns, rows)
    };
    let alpha = node.attribute("alpha").map_or(1.0, |a| a.float);
    let beta = node.attribute("beta").map_or(1.0, |a| a.float);
    check_columns(e, inputs)?;
    let mut weight = if is_transposed {
        weight
    } else {
        transposed(&weight, columns)
    };
    weight.iter_mut().for_each(|w| *w *= alpha);
    let bias = match e.input(node, 2) {
        None => vec![0.0; outputs],
        Some(value) => along_features(value, 2, 1, outputs).ok_or("has an offset that is not one for each output")?,
    };
    let bias = bias.iter().map(|b| b * beta).collect();
    e.network.linear(weight, bias)?;
    Ok(vec![e.advanced(&axes)])
}

fn matmul<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let (axes, stage) = samples(e, node, 0)?;
    let axes = e.newest(&axes, stage)?;
    if axes.last() != Some(&Axis::Features) {
        return Err("multiplies along another axis than that of the features".into());
    }
    let (shape, weight) = real(e, node, 1)?;
    let [inputs, outputs] = shape[..] else {
        return Err(format!("has weights of shape {shape:?}; a matrix is needed"));
    };
    check_columns(e, inputs)?;
    e.network.linear(transposed(&weight, outputs), vec![0.0; outputs])?;
    Ok(vec![e.advanced(&axes)])
}

fn check_columns(e: &Evaluation<'_>, inputs: usize) -> Result<(), String> {
    match inputs == e.network.width() {
        true => Ok(()),
        false => Err(format!("takes {inputs} features, and {} come to it", e.network.width())),
    }
}

/// A constant as one number a feature: it has one entry on each other axis of `axes` axes, of which `at` is that of the features.
fn along_features(value: &Value, axes: usize, at: usize, features: usize) -> Option<Vec<f32>> {
    match value {
        Value::Filled(value) => Some(vec![*value; features]),
        Value::Real { shape, values } => {
            let missing = axes.checked_sub(shape.len())?;
            for (k, n) in shape.iter().enumerate() {
                if *n != 1 && (k + missing != at || *n != features) {
                    return None;
                }
            }
            match values.len() {
                1 => Some(vec![values[0]; features]),
                n if n == features => Some(values.to_vec()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Samples with a constant, as a scale and an offset; constants and lengths among themselves.
fn arithmetic<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let (a, b) = (e.needed(node, 0)?.clone(), e.needed(node, 1)?.clone());
    let (axes, stage, constant, is_left) = match (&a, &b) {
        (Value::Samples { .. }, Value::Samples { .. }) => {
            return Err("joins two branches, and a model is one chain of layers".into());
        }
        (Value::Samples { axes, stage }, constant) => (axes, *stage, constant, true),
        (constant, Value::Samples { axes, stage }) => (axes, *stage, constant, false),
        _ => return among_constants(node, &a, &b),
    };
    let axes = e.newest(axes, stage)?;
    let features = e.network.width();
    let at = axes
        .iter()
        .position(|a| *a == Axis::Features)
        .ok_or("takes samples without features")?;
    let constant = along_features(constant, axes.len(), at, features).ok_or_else(|| {
        format!(
            "takes {} that are not one for each of {features} features",
            constant.what()
        )
    })?;
    let constant = constant.iter().map(|v| f64::from(*v));
    let (one, zero) = (vec![1.0; features], vec![0.0; features]);
    let (scale, offset): (Vec<f64>, Vec<f64>) = match (node.operator, is_left) {
        ("Add", _) => (one, constant.collect()),
        ("Sub", true) => (one, constant.map(|c| -c).collect()),
        ("Sub", false) => (vec![-1.0; features], constant.collect()),
        ("Mul", _) => (constant.collect(), zero),
        ("Div", true) => (constant.map(|c| 1.0 / c).collect(), zero),
        _ => return Err("divides by samples, which a model does not".into()),
    };
    if scale.iter().any(|s| !s.is_finite()) {
        return Err("divides by zero".into());
    }
    folded(e, node, &Affine { scale, offset }, &axes)
}

/// Folds a scale and an offset, and says so where it is no offset of the head.
fn folded<'a>(e: &mut Evaluation<'a>, node: &Node<'a>, affine: &Affine, axes: &[Axis]) -> Given {
    let place = match (e.network.has_head(), e.network.layers()) {
        (true, _) => None,
        (false, 0) => Some("input.mean and input.std"),
        (false, _) => Some("the weights above it"),
    };
    e.network.affine(affine)?;
    if let Some(place) = place {
        e.network.notes.push(format!("{}: folded into {place}", node.shown()));
    }
    Ok(vec![e.advanced(axes)])
}

fn among_constants(node: &Node<'_>, a: &Value, b: &Value) -> Given {
    let (Some(x), Some(y)) = (a.uniform(), b.uniform()) else {
        let unknown = |v: &Value| matches!(v, Value::Lengths { .. } | Value::FilledLength(_));
        return match (a, b) {
            (Value::Lengths { is_list, values: x }, Value::Lengths { values: y, .. })
                if node.operator == "Mul" && x.len() == y.len() =>
            {
                Ok(vec![Value::Lengths {
                    is_list: *is_list,
                    values: x.iter().zip(y.iter()).map(|(x, y)| x.times(*y)).collect(),
                }])
            }
            (Value::Lengths { is_list, values }, other) if unknown(other) => Ok(vec![Value::Lengths {
                is_list: *is_list,
                values: vec![Length::Unknown; values.len()].into(),
            }]),
            _ => Err(format!("takes {} and {}, which is not known here", a.what(), b.what())),
        };
    };
    Ok(vec![Value::Filled(match node.operator {
        "Add" => x + y,
        "Sub" => x - y,
        "Mul" => x * y,
        _ => x / y,
    })])
}

fn batch_normalization<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let (axes, stage) = samples(e, node, 0)?;
    let axes = e.newest(&axes, stage)?;
    if axes.get(1) != Some(&Axis::Features) {
        return Err("normalises along another axis than that of the features".into());
    }
    if node.int("training_mode", 0) != 0 {
        return Err("is in the state of training; export the model with model.eval()".into());
    }
    let wide = |k| -> Result<Vec<f64>, String> { Ok(real(e, node, k)?.1.into_iter().map(f64::from).collect()) };
    let (scale, bias, mean, variance) = (wide(1)?, wide(2)?, wide(3)?, wide(4)?);
    let features = e.network.width();
    if [&scale, &bias, &mean, &variance]
        .iter()
        .any(|list| list.len() != features)
    {
        return Err(format!("is of {} features, and {features} come to it", scale.len()));
    }
    if variance.iter().any(|v| *v < 0.0) {
        return Err("has a variance below zero; repair the file".into());
    }
    let epsilon = node.attribute("epsilon").map_or(1e-5, |a| f64::from(a.float));
    let affine = Affine::of_batch_norm([&mean, &variance], [Some(&scale), Some(&bias)], epsilon);
    folded(e, node, &affine, &axes)
}

fn softmax<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let (axes, stage) = samples(e, node, 0)?;
    let axes = e.newest(&axes, stage)?;
    let default = if e.opset < 13 { 1 } else { -1 };
    let at = shapes::index(node.int("axis", default), axes.len());
    let last = axes.len().checked_sub(1);
    // Before version 13 all axes from this one on count as one.
    match at.is_some() && at == last && axes.last() == Some(&Axis::Features) {
        true => e.end(End::Softmax, &axes),
        false => Err("runs along another axis than that of the outputs".into()),
    }
}
