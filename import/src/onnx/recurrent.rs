//! LSTM and GRU: their gates in this project's order, and every setting that would make another network of them refused.

use super::{
    evaluation::{Evaluation, Given, real, samples},
    proto::Node,
    value::{Axis, Length, Value},
};
use crate::network::{Recurrent, reordered};
use float_model::{Family, Layer};

/// Where this project's gates i, f, g, o (r, z, n) stand in ONNX' i, o, f, c (z, r, h).
const fn order(family: Family) -> &'static [usize] {
    match family {
        Family::Lstm => &[0, 2, 3, 1],
        Family::Gru => &[1, 0, 2],
    }
}

pub(super) fn given<'a>(e: &mut Evaluation<'a>, node: &Node<'a>) -> Given {
    let family = if node.operator == "LSTM" {
        Family::Lstm
    } else {
        Family::Gru
    };
    check_settings(node, family)?;
    let is_batch_first = match node.int("layout", 0) {
        0 => false,
        1 => true,
        other => return Err(format!("has the layout {other}, which is neither 0 nor 1")),
    };
    let (axes, stage) = samples(e, node, 0)?;
    let axes = e.newest(&axes, stage)?;
    let (time, batch) = match (&axes[..], is_batch_first) {
        ([time, batch, Axis::Features], false) | ([batch, time, Axis::Features], true) => (*time, *batch),
        _ => return Err("takes samples whose last axis is not that of the channels".into()),
    };
    let Axis::Outer(time_of_input) = time else {
        return Err("runs along an axis of one entry; is time another axis of the input?".into());
    };
    if batch == time || e.time.is_some_and(|known| known != time_of_input) {
        return Err("runs along another axis than the layer below".into());
    }
    e.time = Some(time_of_input);
    check_lengths(e, node, time_of_input)?;
    let layer = layer(e, node, family)?;
    e.network.recurrent(layer)?;
    let (all, last): ([Axis; 4], [Axis; 3]) = match is_batch_first {
        false => (
            [time, Axis::One, batch, Axis::Features],
            [Axis::One, batch, Axis::Features],
        ),
        true => (
            [batch, time, Axis::One, Axis::Features],
            [batch, Axis::One, Axis::Features],
        ),
    };
    let all = e.advanced(&all);
    let last = Value::Samples {
        axes: last.into(),
        stage: e.stage,
    };
    Ok(vec![all, last, Value::CellState])
}

fn check_settings(node: &Node<'_>, family: Family) -> Result<(), String> {
    let direction = node.attribute("direction").map_or(&b"forward"[..], |a| a.text);
    if direction != b"forward" {
        return Err(match direction {
            b"bidirectional" => {
                "is bidirectional, and a chip reads its samples forward in time; train with one direction".into()
            }
            _ => "runs backwards in time, and a chip reads its samples forward in time".to_owned(),
        });
    }
    let expected: &[&str] = match family {
        Family::Lstm => &["Sigmoid", "Tanh", "Tanh"],
        Family::Gru => &["Sigmoid", "Tanh"],
    };
    if let Some(a) = node.attribute("activations") {
        let is_default =
            a.texts.len() == expected.len() && a.texts.iter().zip(expected).all(|(a, b)| a.eq_ignore_ascii_case(b));
        if !is_default {
            return Err(format!(
                "has other activations than {}; train with those",
                expected.join(", ")
            ));
        }
    }
    if node.attribute("clip").is_some() {
        return Err("clips its gates (clip), which a model does not".into());
    }
    if node.int("input_forget", 0) != 0 {
        return Err("couples its input and forget gates (input_forget), which a model does not".into());
    }
    if family == Family::Gru && node.int("linear_before_reset", 0) == 0 {
        return Err(
            "has linear_before_reset = 0: its reset gate scales h before the recurrent weights, which is another network than a \
             model's, where it scales their product; train with linear_before_reset = 1, as PyTorch and Keras (reset_after=True) do"
                .into(),
        );
    }
    Ok(())
}

/// Every sequence is as long as the axis of time.
fn check_lengths<'a>(e: &Evaluation<'a>, node: &Node<'a>, time: usize) -> Result<(), String> {
    let Some(lengths) = e.input(node, 4) else { return Ok(()) };
    let length = e.length(Axis::Outer(time));
    let whole = |n: &Length| *n == length && *n != Length::Unknown;
    let all = match lengths {
        Value::FilledLength(n) => whole(n),
        Value::Lengths { values, .. } => values.iter().all(whole),
        _ => false,
    };
    match all {
        true => Ok(()),
        false => Err("takes sequences of given lengths (sequence_lens), which are not those of its input".into()),
    }
}

/// Three axes, or none with entries.
fn three(shape: &[usize]) -> [usize; 3] {
    shape.try_into().unwrap_or([0; 3])
}

fn layer<'a>(e: &mut Evaluation<'a>, node: &Node<'a>, family: Family) -> Result<Recurrent, String> {
    let gates = family.gates();
    let (w_shape, w) = real(e, node, 1)?;
    let (r_shape, r) = real(e, node, 2)?;
    let ([1, rows, input], [1, r_rows, hidden]) = (three(&w_shape), three(&r_shape)) else {
        return Err(format!(
            "has weights of shapes {w_shape:?} and {r_shape:?}; (1, {gates}H, I) and (1, {gates}H, H) are needed"
        ));
    };
    if hidden == 0 || input == 0 || rows != gates * hidden || r_rows != rows {
        return Err(format!(
            "has weights of shapes {w_shape:?} and {r_shape:?}; (1, {gates}H, I) and (1, {gates}H, H) are needed"
        ));
    }
    let bias = match e.input(node, 3) {
        None => vec![0.0; 2 * rows],
        Some(value) => match (value, value.uniform()) {
            (Value::Filled(same), _) => vec![*same; 2 * rows],
            _ => real(e, node, 3)?.1,
        },
    };
    if bias.len() != 2 * rows {
        return Err(format!("has {} biases; {} are needed", bias.len(), 2 * rows));
    }
    let peepholes = (family == Family::Lstm).then(|| e.input(node, 7)).flatten();
    if peepholes.is_some_and(|p| p.uniform() != Some(0.0)) {
        return Err("has peepholes (input P), which a model does not".into());
    }
    let h0 = initial(e, node, 5, hidden)?;
    let c0 = match family {
        Family::Lstm => initial(e, node, 6, hidden)?,
        Family::Gru => Vec::new(),
    };
    let of = |values: &[f32]| reordered(values, order(family));
    Ok(Recurrent {
        family,
        input,
        hidden,
        parameters: Layer {
            weight_ih: of(&w),
            weight_hh: of(&r),
            bias_ih: of(&bias[..rows]),
            bias_hh: of(&bias[rows..]),
            h0,
            c0,
        },
    })
}

/// An initial state: the same for every sequence.
fn initial<'a>(e: &mut Evaluation<'a>, node: &Node<'a>, k: usize, hidden: usize) -> Result<Vec<f32>, String> {
    let name = if k == 5 { "initial_h" } else { "initial_c" };
    let found = match e.input(node, k) {
        None => return Ok(vec![0.0; hidden]),
        Some(Value::OtherInput) => {
            let note = format!(
                "{}: {name} is an input of the graph; a sequence begins with zeros",
                node.shown()
            );
            e.network.notes.push(note);
            return Ok(vec![0.0; hidden]);
        }
        Some(value) => match (value.uniform(), value) {
            (Some(same), _) => return Ok(vec![same; hidden]),
            (None, Value::Real { values, .. }) => values.to_vec(),
            (None, other) => {
                return Err(format!(
                    "begins with {} ({name}), which is not known here",
                    other.what()
                ));
            }
        },
    };
    let first = found
        .get(..hidden)
        .ok_or_else(|| format!("has {} values of {name}; {hidden} are needed", found.len()))?;
    match found.len().is_multiple_of(hidden) && found.chunks(hidden).all(|state| state == first) {
        true => Ok(first.to_vec()),
        false => Err(format!(
            "begins sequences with different states ({name}), and a model with one"
        )),
    }
}
