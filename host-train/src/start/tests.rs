//! What of a model a run starts from, and what it refuses.

use super::*;
use float_model::{Cell, Forward, Sequences};

fn shape(cell: Cell, outputs: usize) -> Shape {
    Shape {
        cell,
        input: 2,
        hidden: 5,
        outputs,
        layers: 2,
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn channels(names: &str, unit: &str) -> Vec<Channel> {
    let channel = |name: String| Channel {
        name,
        unit: unit.into(),
        full_scale: 4.0,
    };
    words(names).into_iter().map(channel).collect()
}

fn description(classes: &str, names: &str, unit: &str) -> Description {
    Description {
        class_names: words(classes),
        channels: channels(names, unit),
        ..Description::default()
    }
}

/// A model with these classes and channels `ax`, `ay` in g, whose biases are all different.
fn model(cell: Cell, classes: &str) -> FloatModel {
    let shape = shape(cell, words(classes).len().max(3));
    let parameters = Parameters::initial(shape, 5);
    let mut model = parameters.to_model(&[0.5, -1.0], &[2.0, 0.25], &description(classes, "ax ay", "g"));
    for layer in &mut model.layers {
        for (k, (a, b)) in layer.bias_ih.iter_mut().zip(&mut layer.bias_hh).enumerate() {
            (*a, *b) = (0.01 * k as f32 - 0.1, 0.3 - 0.02 * k as f32);
        }
    }
    model
}

fn start(model: FloatModel) -> Start {
    Start::new("m.safetensors".into(), model, Vec::new()).unwrap()
}

fn wanted(shape: Shape, start_every: Option<usize>) -> Wanted {
    Wanted {
        shape,
        start_every,
        input_weight_limit: None,
    }
}

/// The network that starts from a model, of `cell` and for these data.
fn started(start: &Start, cell: Cell, data: &Description, outputs: usize) -> (FloatModel, Fitted) {
    let mut fitted = start.fit(data, outputs, 2).unwrap();
    let shape = shape(cell, fitted.rows.len());
    fitted.check(&wanted(shape, None), &start.model).unwrap();
    let mut parameters = Parameters::initial(shape, 9);
    fitted.put_into(&mut parameters, None);
    let description = Description {
        class_names: fitted.class_names.clone(),
        channels: fitted.channels.clone(),
        ..data.clone()
    };
    (
        parameters.to_model(&fitted.model.input_mean, &fitted.model.input_std, &description),
        fitted,
    )
}

fn outputs(model: &FloatModel, x: &[f32]) -> Vec<f32> {
    let x = Sequences::new("x", x.to_vec(), 1, x.len() / 2, 2).unwrap();
    Forward::new(model).run_all(&x, 0.0, 1).unwrap().remove(0).output
}

fn close(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}

const X: [f32; 12] = [0.3, -1.5, 2.0, -0.9, -1.1, -0.7, 0.9, -1.2, 0.4, -1.0, 1.5, -0.8];

#[test]
fn a_network_with_an_open_gate_says_what_the_model_says() {
    for (own, cell) in [
        (Cell::Gru, Cell::SkipGru),
        (Cell::Lstm, Cell::SkipLstm),
        (Cell::SkipGru, Cell::SkipGru),
        (Cell::Gru, Cell::Gru),
    ] {
        let mut model = model(own, "a b c");
        if let Some(gate) = &mut model.gate {
            gate.bias = 3.0;
        }
        let expected = outputs(&model, &X);
        let (network, fitted) = started(&start(model), cell, &description("a b c", "ax ay", "g"), 3);
        assert!(close(&outputs(&network, &X), &expected), "{own} to {cell}");
        let added = fitted
            .notes
            .iter()
            .any(|n| n.contains("a skip gate is added, which starts with every sample"));
        assert_eq!(added, own != cell);
    }
}

#[test]
fn a_dense_network_from_a_skipping_model_leaves_its_gate_away_and_says_so() {
    let (network, fitted) = started(
        &start(model(Cell::SkipGru, "a b c")),
        Cell::Gru,
        &description("a b c", "", ""),
        3,
    );
    assert_eq!(
        (network.gate, &network.layers[0].h0),
        (None, &fitted.model.layers[0].h0)
    );
    assert!(fitted.notes[0].contains("gate is left away"), "{:?}", fitted.notes);
}

#[test]
fn classes_keep_their_rows_by_name_and_new_ones_are_added() {
    let model = model(Cell::Gru, "a b c");
    let expected = outputs(&model, &X);
    let (network, fitted) = started(&start(model), Cell::Gru, &description("c new a", "ax ay", "g"), 3);
    assert_eq!(network.description.class_names, words("c new a b"));
    let said = outputs(&network, &X);
    assert!(close(
        &[said[0], said[2], said[3]],
        &[expected[2], expected[0], expected[1]]
    ));
    let notes = fitted.notes.join("; ");
    assert!(
        notes.contains("new to the model: new") && notes.contains("lack are kept: b"),
        "{notes}"
    );
    assert_eq!(fitted.as_it_is(), None, "the model lacks a class");
}

#[test]
fn a_head_is_new_where_no_class_is_known() {
    let model = model(Cell::Gru, "a b c");
    let mut start = start(model);
    let data = description("p q", "ax ay", "g");
    let (network, fitted) = started(&start, Cell::SkipGru, &data, 2);
    assert_eq!((network.outputs, network.description.class_names), (2, words("p q")));
    assert!(fitted.notes[0].contains("the model knows a, b, c, and the recordings have p, q"));
    start.distill = Some(Distill::default());
    let said = start.fit(&data, 2, 2).unwrap_err().to_string();
    assert!(said.contains("distill: the model knows none of the classes"), "{said}");
}

#[test]
fn classes_without_names_are_matched_by_number() {
    let known = description("", "", "");
    let (network, fitted) = started(&start(model(Cell::Gru, "a b c")), Cell::Gru, &known, 2);
    assert_eq!(network.description.class_names, words("a b c"));
    assert_eq!(fitted.rows, [Some(0), Some(1), Some(2)]);
    let (_, fitted) = started(&start(model(Cell::Gru, "")), Cell::Gru, &known, 5);
    assert_eq!(fitted.rows, [Some(0), Some(1), Some(2), None, None]);
    let (network, fitted) = started(
        &start(model(Cell::Gru, "")),
        Cell::Gru,
        &description("p q r", "", ""),
        3,
    );
    assert_eq!(network.description.class_names, words("p q r"));
    assert!(fitted.notes[0].contains("taken as p, q, r, in this order"));
    let refused = |own: &str, data: &str, count: usize| {
        let e = start(model(Cell::Gru, own)).fit(&description(data, "", ""), count, 2);
        e.unwrap_err().to_string()
    };
    for said in [refused("", "p q", 2), refused("a b c", "", 4)] {
        assert!(said.contains("m.safetensors: outputs: the recordings need"), "{said}");
        assert!(said.contains("--class-names"), "{said}");
    }
}

#[test]
fn inputs_are_matched_by_name_and_unit() {
    let model = model(Cell::Lstm, "a b c");
    let expected = outputs(&model, &X);
    let data = description("a b c", "AY ax", "mg");
    let (network, fitted) = started(&start(model.clone()), Cell::Lstm, &data, 3);
    let moved: Vec<f32> = X.chunks(2).flat_map(|s| [s[1] * 1000.0, s[0] * 1000.0]).collect();
    assert!(close(&outputs(&network, &moved), &expected));
    assert_eq!(network.description.channels, data.channels);
    assert!(
        fitted.notes[0].contains("the recordings' order: AY, ax"),
        "{:?}",
        fitted.notes
    );

    let unnamed = description("a b c", "", "");
    assert_eq!(
        started(&start(model.clone()), Cell::Lstm, &unnamed, 3)
            .0
            .description
            .channels,
        channels("ax ay", "g")
    );
    for (names, unit, said) in [
        (
            "ax gyro",
            "g",
            "m.safetensors: channels: the recordings have 2 (ax, gyro), and the model takes 2 (ax, ay)",
        ),
        (
            "ax ay",
            "rad/s",
            "unit of ax: the recordings have rad/s, and the model takes g",
        ),
    ] {
        let e = start(model.clone())
            .fit(&description("a b c", names, unit), 3, 2)
            .unwrap_err()
            .to_string();
        assert!(e.contains(said), "{e}");
    }
    let e = start(model).fit(&unnamed, 3, 6).unwrap_err().to_string();
    assert!(
        e.contains("the recordings have 6 (no names), and the model takes 2 (ax, ay)"),
        "{e}"
    );
}

#[test]
fn other_sizes_cells_and_answers_are_refused() {
    let start = start(model(Cell::SkipGru, "a b c"));
    let data = description("a b c", "ax ay", "g");
    let refused = |shape: Shape, every: Option<usize>| {
        let mut fitted = start.fit(&data, 3, 2).unwrap();
        fitted
            .check(&wanted(shape, every), &start.model)
            .unwrap_err()
            .to_string()
    };
    let own = shape(Cell::SkipGru, 3);
    let cases = [
        (
            refused(Shape { hidden: 6, ..own }, None),
            "hidden: is 6, and the model m.safetensors has 5 units; leave it out",
        ),
        (
            refused(Shape { layers: 1, ..own }, None),
            "layers: is 1, and the model m.safetensors has 2 layers; leave it out",
        ),
        (
            refused(shape(Cell::SkipLstm, 3), None),
            "cell: is skip-lstm, and the model m.safetensors is a skip-gru; give gru or skip-gru",
        ),
        (
            refused(own, Some(8)),
            "start_every: the model m.safetensors has a skip gate that has learned where to start",
        ),
    ];
    for (said, expected) in cases {
        assert!(said.starts_with(expected), "{said}");
    }
    let regression = Description {
        objective: Objective::Regression,
        ..data
    };
    let said = start.fit(&regression, 3, 2).unwrap_err().to_string();
    assert!(
        said.contains("the recordings' are for regression, and the model is for classification"),
        "{said}"
    );
}

#[test]
fn values_that_are_moved_are_said() {
    let mut model = model(Cell::Gru, "a b c");
    model.layers[1].h0[2] = 1.5;
    model.layers[0].weight_ih[3] = -2.5;
    let mut fitted = start(model).fit(&description("a b c", "ax ay", "g"), 3, 2).unwrap();
    let limited = Wanted {
        input_weight_limit: Some(1.9),
        ..wanted(shape(Cell::Gru, 3), None)
    };
    fitted.check(&limited, Path::new("m")).unwrap();
    let notes = fitted.notes.join("; ");
    assert!(
        notes.contains("h0 is moved") && notes.contains("1 of 30 weights on the inputs"),
        "{notes}"
    );
}
