//! When a run ends, goes back, and by what it is evaluated.

use super::*;

#[test]
fn the_stop_rule_ends_a_run_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let config = TrainConfig {
        stop_metric: Some(0.01),
        stop_updates: Some(100.0),
        ..tiny()
    };
    let report = run(&config, dir.path(), false).unwrap();
    assert!(report.stopped && report.steps == 5);
    let again = run(&config, dir.path(), true).unwrap();
    assert!(again.stopped && again.steps == 5);
}

#[test]
fn a_collapsed_run_goes_back_to_its_best_state() {
    let dir = tempfile::tempdir().unwrap();
    let config = TrainConfig { steps: 20, ..tiny() };
    let (sender, listener) = mpsc::channel();
    let batches = BatchSource::new(&config).unwrap();
    let here = compute(&config, &batches).unwrap();
    let mut part = Run::new(&config, dir.path(), Existing::Nothing, batches, here, sender).unwrap();
    for _ in 0..5 {
        part.advance().unwrap();
    }
    let best = part.state.best.clone().unwrap();
    assert!(best.evaluation.updates_mean >= 2.0);
    // The gate dies.
    let shape = part.state.parameters.shape;
    let gate = shape
        .layout()
        .iter()
        .position(|e| e.kind == crate::params::Kind::GateBias)
        .unwrap();
    part.state.parameters.values[gate][0] = -20.0;
    part.state.best.as_mut().unwrap().evaluation.solved = Some(true);
    for _ in 0..5 {
        part.advance().unwrap();
    }
    assert_eq!(part.state.parameters.values, best.values);
    assert_eq!(
        (&part.state.adam.mean, &part.state.adam.square),
        (&best.mean, &best.square)
    );
    assert_eq!(part.rates(11).0, 0.5 * config.learning_rate);
    let message = listener.try_iter().find_map(|p| p.message).unwrap();
    assert!(
        message.contains("collapsed") && message.contains("of step 5"),
        "{message}"
    );
}

/// A rule of 10 steps: the run ends when the best state's updates have stood still for that long, and resuming it
/// changes nothing.
#[test]
fn a_settled_run_ends() {
    let dir = tempfile::tempdir().unwrap();
    let config = TrainConfig {
        steps: 60,
        settle_steps: Some(10),
        ..tiny()
    };
    let (sender, _listener) = mpsc::channel();
    let batches = BatchSource::new(&config).unwrap();
    let here = compute(&config, &batches).unwrap();
    let mut part = Run::new(&config, dir.path(), Existing::Nothing, batches, here, sender).unwrap();
    for _ in 0..5 {
        part.advance().unwrap();
    }
    assert!(
        !part.settled() && part.state.settling.is_none(),
        "nothing is solved yet"
    );
    let best = |part: &mut Run<'_>, updates_mean| {
        let e = &mut part.state.best.as_mut().unwrap().evaluation;
        (e.solved, e.updates_mean) = (Some(true), updates_mean);
    };
    let mut at = |step, updates_mean| {
        best(&mut part, updates_mean);
        part.state.adam.step = step;
        (part.settled(), part.state.settling)
    };
    assert_eq!(at(10, 4.0), (false, Some((10, 4.0))));
    assert_eq!(at(15, 3.98), (false, Some((10, 4.0))), "half a percent is no fall");
    assert_eq!(at(18, 3.9), (false, Some((18, 3.9))));
    assert_eq!(at(27, 3.9), (false, Some((18, 3.9))));
    assert_eq!(at(28, 3.9), (true, Some((18, 3.9))));
    part.save().unwrap();
    let shape = part.state.parameters.shape;
    let loaded = State::load(dir.path(), shape).unwrap().unwrap();
    assert_eq!(loaded.settling, Some((18, 3.9)));
}

/// A run with a dial is evaluated along it, tells how, and resumes to the same bits.
#[test]
fn a_dialled_run_is_evaluated_along_the_dial() {
    let dir = tempfile::tempdir().unwrap();
    let config = TrainConfig {
        steps: 40,
        dials: Some("-3:3:3".parse().unwrap()),
        ..tiny()
    };
    let report = run(&config, &dir.path().join("run"), false).unwrap();
    assert_eq!(report.best.solved, None, "nothing need be solved at the lowest dial");
    let text = std::fs::read_to_string(dir.path().join("run/training.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    let settings = summary["dials"].as_array().unwrap();
    let updates: Vec<f64> = settings
        .iter()
        .map(|s| s["validation"]["updates_mean"].as_f64().unwrap())
        .collect();
    assert_eq!(updates.len(), 5);
    assert!(updates[0] < updates[4], "the dial moves updates: {updates:?}");
    let mean = updates.iter().sum::<f64>() / 5.0;
    assert!((mean - report.best.updates_mean).abs() < 1e-9);
    let half = TrainConfig {
        steps: 20,
        ..config.clone()
    };
    run(&half, &dir.path().join("half"), false).unwrap();
    let resumed = run(&config, &dir.path().join("half"), true).unwrap();
    assert_eq!(resumed.model, report.model);
}
