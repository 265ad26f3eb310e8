//! Whole runs in miniature: files, interruption, refusal, divergence.

use super::*;
use crate::{Binarize, DataSource, Metric, batch::Batch, checkpoint::Best, loss::UpdateCost};
use float_model::{Cell, Sequences, Targets};
use std::fs;

mod devices;
mod rules;
mod teaching;

fn tiny() -> TrainConfig {
    TrainConfig {
        cell: Cell::SkipGru,
        hidden: 4,
        lambda: 1e-3,
        steps: 12,
        batch: 8,
        eval_every: 5,
        threads: 2,
        learning_rate: 1e-3,
        learning_rate_schedule: crate::Schedule::default(),
        ..DataSource::Frequency { sample_period_s: 0.02 }.default_config()
    }
}

fn run(config: &TrainConfig, out: &Path, resume: bool) -> Result<TrainReport, Error> {
    train(config, out, resume, &mut |_| ())
}

/// `metrics.csv` without the seconds, which differ from run to run.
fn metrics(out: &Path) -> Vec<String> {
    let text = fs::read_to_string(out.join("metrics.csv")).unwrap();
    let without_seconds = |row: &str| {
        let mut cells: Vec<&str> = row.split(',').collect();
        cells.remove(1);
        cells.join(",")
    };
    text.lines().map(without_seconds).collect()
}

#[test]
fn a_run_leaves_its_files_and_is_reproducible() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let mut steps = Vec::new();
    let report = train(&tiny(), &a, false, &mut |p| {
        steps.push((p.step, p.evaluation.is_some()))
    })
    .unwrap();
    assert_eq!(steps.len(), 12);
    assert_eq!(
        steps.iter().filter(|s| s.1).map(|s| s.0).collect::<Vec<_>>(),
        [5, 10, 12]
    );
    assert_eq!(report.steps, 12);
    assert_eq!(TrainConfig::load(&a).unwrap(), tiny());
    assert_eq!(metrics(&a).len(), 4);
    assert_eq!(float_model::load(&a.join("model.safetensors")).unwrap(), report.model);
    let summary: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(a.join("training.json")).unwrap()).unwrap();
    assert_eq!(summary["steps"], 12);
    assert_eq!(report.model.description.class_names, ["other", "target"]);

    assert_eq!(run(&tiny(), &b, false).unwrap().model, report.model);
    assert_eq!(metrics(&a), metrics(&b));
}

#[test]
fn the_candle_engine_does_not_depend_on_threads_and_stays_close_to_the_fused_engine() {
    let dir = tempfile::tempdir().unwrap();
    let candle = TrainConfig {
        engine: Engine::Candle,
        ..tiny()
    };
    let two = run(&candle, &dir.path().join("two"), false).unwrap();
    let config = TrainConfig {
        threads: 1,
        ..candle.clone()
    };
    let one = run(&config, &dir.path().join("one"), false).unwrap();
    assert_eq!(one.model, two.model);
    let fused = run(&tiny(), &dir.path().join("fused"), false).unwrap();
    let pairs = fused.model.layers[0]
        .weight_hh
        .iter()
        .zip(&two.model.layers[0].weight_hh);
    for (a, b) in pairs {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

#[test]
fn an_interrupted_run_ends_with_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, cut) = (dir.path().join("whole"), dir.path().join("cut"));
    let config = TrainConfig {
        checkpoint_seconds: 1e-9,
        cell: Cell::SkipLstm,
        ..tiny()
    };
    let expected = run(&config, &whole, false).unwrap();

    // Seven steps with a checkpoint each, then four whose work is lost, an evaluation among them.
    assert_eq!(run_folder::open(&config, &cut, false).unwrap(), Existing::Nothing);
    let (sender, _listener) = mpsc::channel();
    let batches = BatchSource::new(&config).unwrap();
    let here = compute(&config, &batches).unwrap();
    let mut part = Run::new(&config, &cut, Existing::Nothing, batches, here, sender).unwrap();
    for _ in 0..7 {
        part.advance().unwrap();
    }
    let checkpoint = fs::read(cut.join(crate::checkpoint::FILE)).unwrap();
    for _ in 0..4 {
        part.advance().unwrap();
    }
    drop(part);
    fs::write(cut.join(crate::checkpoint::FILE), checkpoint).unwrap();

    let mut messages = Vec::new();
    let resumed = train(&config, &cut, true, &mut |p| messages.extend(p.message.clone())).unwrap();
    assert_eq!(messages, ["resuming after step 7"]);
    assert_eq!((resumed.model, resumed.best), (expected.model, expected.best));
    assert_eq!(metrics(&whole), metrics(&cut));
    let model = |d: &Path| float_model::load(&d.join("model.safetensors")).unwrap();
    assert_eq!(model(&whole), model(&cut));

    // A finished run has nothing left to do, and says the same again.
    let again = run(&config, &cut, true).unwrap();
    assert_eq!((again.steps, again.best), (12, expected.best));
}

#[test]
fn checkpoints_come_back_to_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    let shape = Shape {
        cell: Cell::Gru,
        input: 1,
        hidden: 3,
        outputs: 2,
        layers: 2,
    };
    let mut state = State::new(Parameters::initial(shape, 3));
    assert_eq!(State::load(dir.path(), shape).unwrap(), None);
    state.save(dir.path()).unwrap();
    assert_eq!(State::load(dir.path(), shape).unwrap().as_ref(), Some(&state));
    state
        .adam
        .update(&mut state.parameters.values.clone(), &state.parameters.values, 0.1);
    state.seconds = 0.1 + 0.2;
    state.sums.loss = 1.0 / 3.0;
    state.best = Some(Best {
        step: 4,
        evaluation: Evaluation {
            metric: Metric::Mse(1e-3 / 7.0),
            updates_mean: 12.1,
            loss: 0.3,
            budget: 0.012,
            solved: Some(true),
        },
        values: state.parameters.values.clone(),
        mean: state.adam.mean.clone(),
        square: state.adam.square.clone(),
    });
    state.guard.returns = 3;
    state.save(dir.path()).unwrap();
    assert_eq!(State::load(dir.path(), shape).unwrap(), Some(state));

    let wider = Shape { hidden: 4, ..shape };
    assert!(State::load(dir.path(), wider).unwrap_err().to_string().contains("size"));
    let path = dir.path().join(crate::checkpoint::FILE);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert!(State::load(dir.path(), shape).is_err());
}

#[test]
fn folders_and_configurations_are_guarded() {
    let dir = tempfile::tempdir().unwrap();
    let short = TrainConfig { steps: 2, ..tiny() };
    run(&short, dir.path(), false).unwrap();
    assert!(matches!(run(&short, dir.path(), false), Err(Error::RunExists { .. })));
    let other = TrainConfig {
        hidden: 5,
        ..short.clone()
    };
    let text = run(&other, dir.path(), true).unwrap_err().to_string();
    assert!(
        text.contains("config.toml: hidden:") && text.contains('4') && text.contains('5'),
        "{text}"
    );
    let other = TrainConfig {
        data: DataSource::Frequency { sample_period_s: 0.01 },
        ..short.clone()
    };
    let text = run(&other, dir.path(), true).unwrap_err().to_string();
    assert!(text.contains("data.sample_period_s"), "{text}");
    let other = TrainConfig {
        stop_metric: Some(0.9),
        ..short.clone()
    };
    assert!(
        run(&other, dir.path(), true)
            .unwrap_err()
            .to_string()
            .contains("stop_metric")
    );
    let longer = TrainConfig { steps: 3, ..short };
    assert_eq!(run(&longer, dir.path(), true).unwrap().steps, 3);
}

#[test]
fn one_process_at_a_time_trains_in_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let held = run_folder::hold(dir.path()).unwrap();
    let error = run(&tiny(), dir.path(), true).unwrap_err().to_string();
    assert!(error.contains("another process"), "{error}");
    drop(held);
    run(&tiny(), dir.path(), false).unwrap();
}

#[test]
fn bad_options_are_named() {
    let says = |change: &dyn Fn(&mut TrainConfig), field: &str| {
        let mut config = tiny();
        change(&mut config);
        let error = config.validate().unwrap_err();
        assert!(error.is_usage() && error.to_string().starts_with(field), "{error}");
    };
    says(&|c| c.lambda = -1.0, "lambda");
    says(&|c| c.lambda = f64::NAN, "lambda");
    says(&|c| c.decision_clip = Some(0.0), "decision_clip");
    says(&|c| c.input_weight_limit = Some(-1.0), "input_weight_limit");
    says(&|c| c.input_weight_limit = Some(f32::NAN), "input_weight_limit");
    let ungated = |c: &mut TrainConfig| {
        c.cell = Cell::Lstm;
        c.dials = Some("-1:1:3".parse().unwrap());
    };
    says(&ungated, "dials");
    says(&|c| c.hidden = 0, "hidden");
    says(&|c| c.layers = 0, "layers");
    says(&|c| c.batch = 0, "batch");
    says(&|c| c.steps = 0, "steps");
    says(&|c| c.eval_every = 0, "eval_every");
    says(&|c| c.threads = 0, "threads");
    says(&|c| c.learning_rate = 0.0, "learning_rate");
    says(&|c| c.seed = u64::MAX, "seed");
    says(&|c| c.stop_updates = Some(-1.0), "stop_updates");
    says(&|c| c.p_skip = Some(0.5), "p_skip");
    says(&|c| (c.cell, c.p_skip) = (Cell::Lstm, Some(1.0)), "p_skip");
    says(&|c| c.dropout = -0.1, "dropout");
    says(&|c| c.data = DataSource::Adding { length: 1 }, "length");
    for period in [0.0, -1.0, f64::NAN, 0.1, 1e-12] {
        says(
            &|c| {
                c.data = DataSource::Frequency {
                    sample_period_s: period,
                }
            },
            "sample_period_s",
        );
    }
    says(&|c| c.data = DataSource::Dataset(Default::default()), "train_x");
    assert!(tiny().data.evaluation(0, 1).is_err());
}

#[test]
fn a_diverging_run_names_the_step() {
    let dir = tempfile::tempdir().unwrap();
    for (eval_every, at) in [(1, 1), (1000, 2)] {
        let out = dir.path().join(eval_every.to_string());
        let config = TrainConfig {
            learning_rate: 1e39,
            eval_every,
            ..tiny()
        };
        // The first step makes every parameter infinite.
        match run(&config, &out, false) {
            Err(e @ Error::Diverged { step, loss, .. }) => {
                assert!(step == at && !loss.is_finite());
                assert!(e.to_string().contains("loss: NaN"), "{e}");
            }
            other => panic!("{:?}", other.map(|r| r.best)),
        }
    }
}

#[test]
fn adding_trains_a_regressor() {
    let dir = tempfile::tempdir().unwrap();
    let config = TrainConfig {
        cell: Cell::Lstm,
        data: DataSource::Adding { length: 6 },
        ..tiny()
    };
    let report = run(&config, dir.path(), false).unwrap();
    assert!(matches!(report.best.metric, Metric::Mse(v) if v < 1.0));
    assert_eq!(report.best.updates_mean, 6.0);
    assert_eq!(report.model.outputs, 1);
}

#[test]
fn an_observer_that_panics_ends_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let config = TrainConfig {
        steps: 1 << 40,
        ..tiny()
    };
    let result = std::panic::catch_unwind(|| train(&config, dir.path(), false, &mut |_| panic!("enough")));
    assert!(result.is_err());
    assert!(dir.path().join(crate::checkpoint::FILE).is_file());
}

#[test]
fn long_sequences_leave_most_of_the_stack() {
    let (length, layers) = (1500, 2);
    let shape = Shape {
        cell: Cell::SkipLstm,
        input: 2,
        hidden: 1,
        outputs: 1,
        layers,
    };
    let work = move || {
        let parameters = Parameters::initial(shape, 1);
        let (x, y) = crate::tasks::adding(length, 1, 1, crate::philox::Purpose::Training, 0);
        let config = DataSource::Adding { length }.default_config();
        let batch = Batch::new((x, y), &config, 0);
        let cost = UpdateCost {
            budget: config.budget,
            lambda: config.lambda,
            decision_clip: config.decision_clip,
        };
        crate::gradient::by_candle(&shape, &parameters.values, &batch, cost, &candle_core::Device::Cpu)
            .unwrap()
            .loss
    };
    let quarter = length * layers * crate::gradient::STACK_BYTES_PER_STEP / 4;
    let thread = std::thread::Builder::new().stack_size(quarter).spawn(work).unwrap();
    assert!(thread.join().unwrap().is_finite());
}

/// Sampled updates, dropout, a target of updates and the random baseline train alike in both engines.
#[test]
fn every_kind_of_run_trains() {
    let dir = tempfile::tempdir().unwrap();
    type Change = fn(&mut TrainConfig);
    let kinds: [(&str, Change); 5] = [
        ("bernoulli", |c| c.binarize = Binarize::Bernoulli),
        ("dropout", |c| c.dropout = 0.2),
        ("l2", |c| c.budget = crate::Budget::L2(3.0)),
        ("limited", |c| c.input_weight_limit = Some(0.2)),
        ("random", |c| (c.cell, c.p_skip) = (Cell::Gru, Some(0.5))),
    ];
    for (name, change) in kinds {
        let mut config = TrainConfig { steps: 4, ..tiny() };
        change(&mut config);
        let report = run(&config, &dir.path().join(name), false).unwrap();
        let candle = TrainConfig {
            engine: Engine::Candle,
            ..config
        };
        let same = run(&candle, &dir.path().join(format!("{name}-candle")), false).unwrap();
        assert!((report.best.loss - same.best.loss).abs() < 1e-4, "{name}");
        assert_eq!(report.best.updates_mean, same.best.updates_mean, "{name}");
        if name == "limited" {
            let model = float_model::load(&dir.path().join(name).join("model.safetensors")).unwrap();
            let largest = |w: &[f32]| w.iter().fold(0.0, |m: f32, w| m.max(w.abs()));
            assert_eq!(largest(&model.layers[0].weight_ih), 0.2);
            assert!(largest(&model.layers[0].weight_hh) > 0.2);
        }
        if name == "random" {
            assert!(
                (report.best.updates_mean - 2.5).abs() < 0.1,
                "{}",
                report.best.updates_mean
            );
        }
    }
}

/// Independent labels at every step: whether the sample is positive, and whether the one before was. Learned to a mean
/// average precision near 1, and the model file says what it is.
#[test]
fn labels_at_every_step_are_learned() {
    let dir = tempfile::tempdir().unwrap();
    let (count, length) = (60, 8);
    let mut random = crate::philox::Stream::new(5, crate::philox::Purpose::Training, 0, 0);
    let values: Vec<f32> = (0..count * length).map(|_| random.normal() as f32).collect();
    let positive = |k: usize| f32::from(u8::from(values[k] > 0.0));
    let before = |k: usize| if k.is_multiple_of(length) { 0.0 } else { positive(k - 1) };
    let answers = Targets::Multilabel {
        values: (0..count * length).flat_map(|k| [positive(k), before(k)]).collect(),
        outputs: 2,
    };
    let y = Targets::PerStep {
        answers: Box::new(answers),
        length,
    };
    let x = Sequences::new("x", values.clone(), count, length, 1).unwrap();
    let (train_x, train_y) = (dir.path().join("x.npy"), dir.path().join("y.npy"));
    dataset::save_sequences(&train_x, &x).unwrap();
    dataset::save_targets(&train_y, &y).unwrap();
    let files = crate::DatasetConfig {
        train_x,
        train_y,
        ..Default::default()
    };
    let config = TrainConfig {
        cell: Cell::SkipLstm,
        hidden: 8,
        lambda: 0.0,
        steps: 200,
        batch: 32,
        eval_every: 50,
        threads: 2,
        learning_rate: 2e-2,
        ..DataSource::Dataset(files).default_config()
    };
    let report = run(&config, &dir.path().join("run"), false).unwrap();
    let d = &report.model.description;
    assert_eq!(
        (d.objective, d.output_at),
        (float_model::Objective::Multilabel, float_model::OutputAt::Step)
    );
    assert!(
        matches!(report.best.metric, Metric::MeanAveragePrecision(v) if v > 0.95),
        "{:?}",
        report.best
    );
    let again = run(&config, &dir.path().join("run"), true).unwrap();
    assert_eq!(
        again.best, report.best,
        "the kind of the metric comes back from the checkpoint"
    );
}

#[test]
fn a_folder_says_what_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let config = tiny();
    let look = |config: &TrainConfig| run_folder::existing(config, dir.path());
    assert_eq!(look(&config).unwrap(), Existing::Nothing);
    config.save(dir.path()).unwrap();
    assert_eq!(
        look(&config).unwrap(),
        Existing::Unfinished {
            threads: 2,
            device: Device::Cpu
        }
    );
    run(&config, dir.path(), true).unwrap();
    let finished = |config: &TrainConfig| matches!(look(config).unwrap(), Existing::Finished { .. });
    let settling = TrainConfig {
        settle_steps: Some(7),
        threads: 1,
        ..config.clone()
    };
    assert!(finished(&config) && finished(&settling));
    let longer = TrainConfig {
        steps: 13,
        ..config.clone()
    };
    assert!(!finished(&longer));
    let other = TrainConfig { seed: 2, ..config };
    assert!(look(&other).unwrap_err().to_string().contains("seed"));
}
