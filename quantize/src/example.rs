//! The example of the format's specification: one input, one hidden unit, one output.

use crate::{Blob, Kernel, Options, quantize};
use float_model::{Cell, Channel, Description, FloatModel, Gate, Head, Layer, Objective, OutputAt, Sequences, Targets};

/// The model of the example.
pub(crate) fn example_model() -> FloatModel {
    FloatModel {
        cell: Cell::SkipGru,
        input: 1,
        hidden: 1,
        outputs: 1,
        layers: vec![Layer {
            weight_ih: vec![0.5, -0.25, 1.0],
            weight_hh: vec![0.25, 0.5, -1.0],
            bias_ih: vec![1.0, 1.0, 0.125],
            bias_hh: vec![0.0, 0.0, -0.125],
            h0: vec![0.5],
            c0: Vec::new(),
        }],
        gate: Some(Gate {
            weight: vec![0.75],
            bias: -1.5,
        }),
        head: Head {
            weight: vec![2.0],
            bias: vec![-0.25],
        },
        input_mean: vec![0.5],
        input_std: vec![0.25],
        description: Description {
            task: "example".into(),
            sample_period_s: 0.02,
            sequence_length: 8,
            objective: Objective::Regression,
            output_at: OutputAt::End,
            channels: vec![Channel {
                name: "acceleration x".into(),
                unit: "g".into(),
                full_scale: 2.0,
            }],
            ..Description::default()
        },
    }
}

/// The blob of the example in `docs/blob-format.md`.
pub fn example_blob() -> Blob {
    let model = example_model();
    let values: Vec<f32> = (0..32).map(|k| 0.5 + (k % 9) as f32 * 0.0625 - 0.25).collect();
    let x = Sequences::new("example", values, 4, 8, 1).expect("the example's data are valid");
    let y = Targets::Values {
        values: vec![0.0; 4],
        outputs: 1,
    };
    let options = Options {
        name: "example".into(),
        dials: Some(Vec::new()),
        kernel: Some(Kernel::Block),
        threads: 1,
        ..Options::default()
    };
    quantize(&model, &x, Some(&y), &options)
        .expect("the example is quantizable")
        .blob
}
