use super::*;
use crate::{Format, quantize, twin};
use float_model::Cell;

/// A gate that skips some samples.
fn original(cell: Cell, layers: usize) -> FloatModel {
    twin::model(cell, 2, 6, layers, 9, 0.9)
}

#[test]
fn gradients_are_those_of_the_loss() {
    for (cell, layers) in [(Cell::SkipLstm, 1), (Cell::SkipGru, 2), (Cell::Gru, 1)] {
        let teacher = original(cell, layers);
        let lessons = lessons(&teacher, &twin::data(2, 3), 1);
        let mut model = twin::model(cell, 2, 6, layers, 10, 0.9);
        let zero = vec![0.0; flat(&model).len()];
        let mut gradients = model.clone();
        assign(&mut gradients, &zero);
        let weight = [0.7, 1.3];
        for l in &lessons {
            gradient(&model, Grid::FINE, l, &weight, &mut gradients);
        }
        let (found, values) = (flat(&gradients), flat(&model));
        let mut loss_at = |k: usize, by: f32| {
            let mut moved = values.clone();
            moved[k] += by;
            assign(&mut model, &moved);
            let mut scratch = gradients.clone();
            let losses = lessons
                .iter()
                .map(|l| gradient(&model, Grid::FINE, l, &weight, &mut scratch));
            losses.sum::<f64>()
        };
        let h = 2e-3;
        let mut checked = 0;
        // The second biases act in the GRU's n only; there the sum of both is one parameter.
        for k in (0..values.len()).step_by(7) {
            let expected = (loss_at(k, h) - loss_at(k, -h)) / f64::from(2.0 * h);
            let error = (f64::from(found[k]) - expected).abs();
            if found[k] != 0.0 {
                assert!(
                    error < 0.02 * expected.abs() + 0.02,
                    "{cell} {k}: {} {expected}",
                    found[k]
                );
                checked += 1;
            }
        }
        assert!(checked > 20, "{cell}: {checked}");
    }
}

#[test]
fn the_grid_holds_its_own_integers() {
    for format in Format::ALL {
        for cell in [Cell::SkipLstm, Cell::SkipGru] {
            let options = Options::default().with_format(format);
            let q = quantize(&original(cell, 2), &twin::data(2, 20), None, &options).unwrap();
            let again = requantized(&q.integers, &q.dequantized());
            assert_eq!(again.head_weight, q.integers.head_weight, "{cell} {format:?}");
            let gate = |m: &IntegerModel| m.gate.as_ref().map(|g| g.weight.clone());
            assert_eq!(gate(&again), gate(&q.integers), "{cell} {format:?}");
            for (a, b) in again.layers.iter().zip(&q.integers.layers) {
                assert_eq!((&a.weight_ih, &a.weight_hh, &a.h0), (&b.weight_ih, &b.weight_hh, &b.h0));
                for (a, b) in a.rows.iter().zip(&b.rows) {
                    // The float copy is f32.
                    assert!(
                        a.bias.abs_diff(b.bias) <= 1 + (b.bias.unsigned_abs() >> 23),
                        "{a:?} {b:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn no_figure_falls_below_calibration_alone() {
    let teacher = original(Cell::SkipGru, 1);
    let x = twin::data(2, 60);
    let options = Options {
        dials: Some(Vec::new()),
        ..Options::default()
    };
    let options = options.with_format(Format::BytePlane8);
    let recipe = Finetune {
        steps: 60,
        batch: 20,
        evaluations: 6,
        ..Finetune::default()
    };
    let calibrated = quantize(&teacher, &x, None, &options).unwrap();
    let before = calibrated.report.fidelity.clone();
    let mut losses = Vec::new();
    let tuned = finetune(&teacher, calibrated, (&x, None), (&x, None), (&recipe, &options), |p| {
        losses.push(p.loss)
    })
    .unwrap();
    let after = &tuned.report.fidelity;
    assert_eq!(losses.len(), 6);
    assert!(losses[5] < losses[0], "{losses:?}");
    assert!(after.same_decision >= before.same_decision && after.same_schedule >= before.same_schedule);
    assert!(after.arith_same_decision >= before.arith_same_decision);
    assert!(after.arith_same_schedule >= before.arith_same_schedule);
    assert!(after.arith_max_abs_h_error <= before.arith_max_abs_h_error);
    assert_eq!(tuned.blob.model().size(), tuned.report.blob_bytes);
}
