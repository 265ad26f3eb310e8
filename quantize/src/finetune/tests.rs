use super::*;
use crate::{Format, quantize, tests as models};
use float_model::Cell;

/// A gate that skips some samples.
fn original(cell: Cell, layers: usize) -> FloatModel {
    models::model(cell, 2, 6, layers, 9, 0.9)
}

#[test]
fn gradients_are_those_of_the_loss() {
    for (cell, layers) in [(Cell::SkipLstm, 1), (Cell::SkipGru, 2), (Cell::Gru, 1)] {
        let teacher = original(cell, layers);
        let runs = teacher_runs(&teacher, &models::data(2, 3), 1);
        let mut model = models::model(cell, 2, 6, layers, 10, 0.9);
        let zero = vec![0.0; flat(&model).len()];
        let mut gradients = model.clone();
        assign(&mut gradients, &zero);
        let weight = [0.7, 1.3];
        for l in &runs {
            gradient(&model, Grid::FINE, l, &weight, &mut gradients);
        }
        let (found, values) = (flat(&gradients), flat(&model));
        let mut loss_at = |k: usize, by: f32| {
            let mut moved = values.clone();
            moved[k] += by;
            assign(&mut model, &moved);
            let mut scratch = gradients.clone();
            let losses = runs
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
            let q = quantize(&original(cell, 2), &models::data(2, 20), None, &options).unwrap();
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
fn what_is_taken_is_clearly_better_and_falls_in_nothing() {
    let mut x = models::data(2, 240);
    for (k, v) in x.values.iter_mut().enumerate() {
        *v += (k as f32 * 12.9898).sin() * 43.758 % 1.0;
    }
    let part = |k: usize| x.select((k * 60)..(k * 60 + 60));
    let (learning, choosing, confirming, held_out) = (part(0), part(1), part(2), part(3));
    let options = Options {
        dials: Some(Vec::new()),
        ..Options::default()
    };
    let options = options.with_format(Format::BytePlane8);
    let recipe = FinetuneOptions {
        steps: 60,
        batch: 20,
        evaluations: 6,
        ..FinetuneOptions::default()
    };
    // One whose schedules rounding changes.
    let teachers = (1..40).map(|seed| models::model(Cell::SkipGru, 2, 12, 1, seed, 1.2));
    let changed = |teacher: &FloatModel| {
        let calibrated = quantize(teacher, &learning, None, &options).unwrap();
        calibrated
            .fidelity_on(teacher, &choosing, None, 2)
            .unwrap()
            .same_schedule
            < 0.95
    };
    let teacher = teachers.into_iter().find(changed).expect("one of forty");
    let calibrated = || quantize(&teacher, &learning, None, &options).unwrap();
    let data = FinetuneData {
        learning: learning.clone(),
        choosing: (choosing, None),
        confirming: (confirming.clone(), None),
    };
    let mut seen = Vec::new();
    let tune = |recipe: &FinetuneOptions, seen: &mut Vec<FinetuneProgress>| {
        calibrated()
            .finetune(&teacher, &data, (&learning, None), recipe, &options, |p| {
                seen.push(p.clone());
            })
            .unwrap()
    };
    let tuned = tune(&recipe, &mut seen);
    assert!(seen.len() >= 6 && seen[5].step.0 == 60, "{seen:?}");
    assert!(seen[5].loss < seen[0].loss, "{seen:?}");
    assert_eq!(tuned.blob.model().size(), tuned.report.blob_bytes);
    match &tuned.report.finetuned {
        Some(taken) => {
            assert!(taken.sequences == 60 && acceptable(&taken.changes), "{taken:?}");
            let again = tuned.changes(&calibrated(), &teacher, (&confirming, None), 1).unwrap();
            assert_eq!(again, taken.changes);
        }
        None => {
            assert!(tuned.integers.layers == calibrated().integers.layers);
            assert!(tuned.report.notes.iter().any(|n| n.contains("nothing clearly better")));
        }
    }
    let changes = tuned.changes(&calibrated(), &teacher, (&held_out, None), 2).unwrap();
    assert!(changes.iter().all(|c| !c.fell_clearly()), "{changes:?}");
    // With a learning rate of 0 nothing gets better.
    let idle = FinetuneOptions {
        learning_rate: 0.0,
        ..recipe
    };
    let options = options.clone().with_format(Format::Block8);
    let before = quantize(&teacher, &learning, None, &options).unwrap();
    let layers = before.integers.layers.clone();
    let same = before
        .finetune(&teacher, &data, (&learning, None), &idle, &options, |_| ())
        .unwrap();
    assert!(same.report.finetuned.is_none() && same.integers.layers == layers);
}
