//! Runs that start from a model, and that learn from it.

use super::*;
use crate::{Dials, Distill, Start};
use float_model::Forward;

/// A dense GRU on the miniature task, trained for a few steps.
fn dense(dir: &Path) -> FloatModel {
    let config = TrainConfig {
        cell: Cell::Gru,
        steps: 30,
        learning_rate: 1e-2,
        ..tiny()
    };
    run(&config, dir, false).unwrap().model
}

fn from(model: FloatModel, distill: Option<Distill>) -> TrainConfig {
    let mut start = Start::new("dense.safetensors".into(), model, Vec::new()).unwrap();
    start.distill = distill;
    TrainConfig {
        from: Some(start),
        checkpoint_seconds: 1e-9,
        ..tiny()
    }
}

#[test]
fn a_run_from_a_model_begins_with_its_weights_and_keeps_its_normalisation() {
    let dir = tempfile::tempdir().unwrap();
    let mut source = dense(&dir.path().join("dense"));
    (source.input_mean, source.input_std) = (vec![0.25], vec![1.5]);
    let config = TrainConfig {
        steps: 1,
        learning_rate: 1e-12,
        ..from(source.clone(), None)
    };
    let mut told = Vec::new();
    let report = train(&config, &dir.path().join("run"), false, &mut |p| {
        told.extend(p.message.clone())
    })
    .unwrap();
    assert_eq!(
        (&report.model.input_mean, &report.model.input_std),
        (&source.input_mean, &source.input_std)
    );
    assert_eq!(report.model.cell, Cell::SkipGru);
    let (x, _) = config.data.evaluation(20, 3).unwrap();
    let said = |model: &FloatModel| Forward::new(model).run_all(&x, 0.0, 1).unwrap();
    for (a, b) in said(&source).iter().zip(said(&report.model)) {
        assert!(a.output.iter().zip(&b.output).all(|(a, b)| (a - b).abs() < 1e-4));
    }
    assert_eq!(report.source.unwrap().metric, report.best.metric);
    assert!(told[0].contains("a skip gate is added"), "{told:?}");
    assert!(
        told[1].starts_with("the model on the validation part, as it is: accuracy"),
        "{told:?}"
    );
    let summary = fs::read_to_string(dir.path().join("run/training.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["from"]["notes"][0], told[0]);
    assert!(summary["from"]["validation"]["metric"].is_f64());
}

#[test]
fn the_state_before_the_first_step_may_be_the_best() {
    let dir = tempfile::tempdir().unwrap();
    let config = TrainConfig {
        learning_rate: 10.0, // ruins whatever it moves
        rollback: crate::Rollback::Rate,
        ..from(dense(&dir.path().join("dense")), None)
    };
    let out = dir.path().join("run");
    let report = run(&config, &out, false).unwrap();
    assert_eq!(report.best_step, 0);
    assert_eq!(report.source.unwrap().metric, report.best.metric);
    assert!(
        metrics(&out)[1].starts_with("5,"),
        "no step was taken for the first state: {:?}",
        metrics(&out)
    );
}

#[test]
fn an_interrupted_run_with_a_teacher_ends_with_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let config = from(dense(&dir.path().join("dense")), Some(Distill::default()));
    let (whole, cut) = (dir.path().join("whole"), dir.path().join("cut"));
    let expected = run(&config, &whole, false).unwrap();
    let mut steps = 0;
    let stopped = train_until(&config, &cut, false, &mut |_| {
        steps += 1;
        match steps < 6 {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    });
    assert!(matches!(stopped, Err(Error::Interrupted { .. })), "{stopped:?}");
    let resumed = run(&config, &cut, true).unwrap();
    assert_eq!((resumed.model, resumed.best), (expected.model, expected.best));
    assert_eq!(metrics(&whole), metrics(&cut));

    let plain = run(
        &from(dense(&dir.path().join("again")), None),
        &dir.path().join("plain"),
        false,
    )
    .unwrap();
    assert_ne!(
        plain.model,
        run(&config, &whole, true).unwrap().model,
        "the lesson changes the run"
    );
}

#[test]
fn a_run_goes_on_from_no_other_model() {
    let dir = tempfile::tempdir().unwrap();
    let source = dense(&dir.path().join("dense"));
    let out = dir.path().join("run");
    let config = from(source.clone(), None);
    run(&config, &out, false).unwrap();
    let mut elsewhere = config.clone();
    elsewhere.from.as_mut().unwrap().model = "moved.safetensors".into();
    run(&elsewhere, &out, true).unwrap();
    let mut other = source;
    other.head.bias[0] += 1.0;
    let said = run(&from(other, None), &out, true).unwrap_err().to_string();
    assert!(
        said.contains("started from another model than dense.safetensors is now"),
        "{said}"
    );
    let said = run(
        &TrainConfig {
            from: None,
            ..config.clone()
        },
        &out,
        true,
    )
    .unwrap_err()
    .to_string();
    assert!(said.contains("from"), "{said}");
    let mut named_only = TrainConfig::load(&out).unwrap();
    named_only.from.as_mut().unwrap().weights = None;
    let said = run(&named_only, &dir.path().join("new"), false)
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("the weights of moved.safetensors were not read"),
        "{said}"
    );
}

#[test]
fn every_form_of_training_starts_from_a_model() {
    let dir = tempfile::tempdir().unwrap();
    let source = dense(&dir.path().join("dense"));
    let taught = || from(source.clone(), Some(Distill::default()));
    let forms = [
        TrainConfig {
            engine: Engine::Candle,
            ..taught()
        },
        TrainConfig {
            dials: Some("-1:1:2".parse::<Dials>().unwrap()),
            start_every: Some(2),
            ..taught()
        },
        TrainConfig {
            cell: Cell::Gru,
            dropout: 0.25,
            ..taught()
        },
        TrainConfig {
            cell: Cell::Gru,
            p_skip: Some(0.5),
            ..taught()
        },
    ];
    for (k, config) in forms.iter().enumerate() {
        let report = run(config, &dir.path().join(k.to_string()), false).unwrap();
        assert_eq!(report.model.cell, config.cell);
    }
}
