//! What a blob that is made from integers takes over from a float model: its sizes.

use float_model::{Cell, Description, Family, FloatModel, Gate, Head, Layer};

/// A float model that has sizes and no parameters.
pub fn float_model(family: Family, inputs: usize, hidden: usize, outputs: usize) -> FloatModel {
    FloatModel {
        cell: match family {
            Family::Lstm => Cell::SkipLstm,
            Family::Gru => Cell::SkipGru,
        },
        input: inputs,
        hidden,
        outputs,
        layers: vec![Layer {
            weight_ih: Vec::new(),
            weight_hh: Vec::new(),
            bias_ih: Vec::new(),
            bias_hh: Vec::new(),
            h0: Vec::new(),
            c0: Vec::new(),
        }],
        gate: Some(Gate {
            weight: Vec::new(),
            bias: 0.0,
        }),
        head: Head {
            weight: Vec::new(),
            bias: Vec::new(),
        },
        input_mean: vec![0.0; inputs],
        input_std: vec![1.0; inputs],
        description: Description::default(),
    }
}
