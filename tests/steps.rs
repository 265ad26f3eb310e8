//! Models that answer at every step, and baselines that skip at random, through the commands.

mod common;
use common::{Folder, fails, json};
use host_train::{Sequences, Targets};

const COUNT: usize = 40;
const LENGTH: usize = 10;

/// Two labels at every step: is the sample positive, and was the one before?
fn write_dataset(f: &Folder) {
    let values: Vec<f32> = (0..COUNT * LENGTH).map(|k| (k as f32 * 1.7).sin()).collect();
    let positive = |k: usize| f32::from(u8::from(values[k] > 0.0));
    let before = |k: usize| if k.is_multiple_of(LENGTH) { 0.0 } else { positive(k - 1) };
    let answers = Targets::Multilabel {
        values: (0..COUNT * LENGTH).flat_map(|k| [positive(k), before(k)]).collect(),
        outputs: 2,
    };
    let y = Targets::PerStep {
        answers: Box::new(answers),
        length: LENGTH,
    };
    dataset::save_targets(&f.path("y.npy"), &y).unwrap();
    let x = Sequences::new("x", values, COUNT, LENGTH, 1).unwrap();
    dataset::save_sequences(&f.path("x.npy"), &x).unwrap();
}

#[test]
fn an_output_at_every_step_walks_the_road() {
    let f = Folder::new();
    write_dataset(&f);
    let (x, y, run, blob) = (f.at("x.npy"), f.at("y.npy"), f.at("run"), f.at("m.srnn"));
    let trained = json(&format!(
        "train dataset --cell skip-gru --hidden 8 --lambda 1e-3 --steps 60 --eval-every 20 --batch 16 --threads 1 \
         --learning-rate 2e-2 --sample-period-s 0.01 --train-x {x} --train-y {y} --test-x {x} --test-y {y} --out {run}"
    ));
    assert_eq!(trained["metric_name"], "map");
    let outputs = f.at("outputs.npy");
    let eval = json(&format!("eval {run}"));
    assert_eq!(eval["metric_name"], "map");
    assert!(eval["metric"].as_f64() > Some(0.5));
    json(&format!("eval {run} --outputs {outputs}"));
    let saved = dataset::load_sequences(&f.path("outputs.npy")).unwrap();
    assert_eq!((saved.count, saved.length, saved.channels), (COUNT, LENGTH, 2));

    let quantized = json(&format!("quantize {run} --out {blob} --weights 16"));
    assert!(quantized["same_decision"].as_f64() > Some(0.95), "{quantized}");
    let simulated = json(&format!("simulate {blob} --x {x} --y {y} --schedules"));
    let difference = simulated["metric"].as_f64().unwrap() - eval["metric"].as_f64().unwrap();
    assert!(difference.abs() < 0.02, "{simulated}");
    // While samples are skipped, the last output stands.
    let rows = |key: &str| simulated[key][0].as_array().unwrap().clone();
    let (outputs, decisions, schedule) = (rows("outputs"), rows("decisions"), rows("schedules"));
    assert_eq!((outputs.len(), decisions.len()), (LENGTH, LENGTH));
    for t in 1..LENGTH {
        if !schedule.iter().any(|u| u.as_u64() == Some(t as u64)) {
            assert_eq!(outputs[t], outputs[t - 1]);
        }
    }
    let energy = json(&format!("energy predict {blob} --board nrf52840 --sensor none"));
    assert!(energy["uj_per_sequence"]["mid"].as_f64() > Some(0.0));
    assert_eq!(json(&format!("inspect {blob}"))["output_at"], "step");
    // The board's answers at every step are the simulator's, also where it skips.
    let emulated = json(&format!("emulate {blob} --x {x} --y {y} --schedules"));
    assert_eq!(emulated["identical_to_simulator"], true);
    for key in ["metric", "outputs", "decisions", "schedules"] {
        assert_eq!(emulated[key], simulated[key], "{key}");
    }
}

#[test]
fn answers_that_a_loss_cannot_take_are_refused() {
    let f = Folder::new();
    write_dataset(&f);
    let (x, y, run) = (f.at("x.npy"), f.at("y.npy"), f.at("run"));
    let train = format!("train dataset --train-x {x} --train-y {y} --out {run}");
    fails(&format!("{train} --loss ce"), 1, &["y.npy", "loss", "class labels"]);
    fails(&format!("{train} --loss mae"), 2, &["ce, bce or mse"]);
    fails(&format!("train adding --loss ce --out {run}"), 2, &["--loss", "mse"]);
}

#[test]
fn a_random_baseline_is_evaluated_as_it_was_trained() {
    let f = Folder::new();
    let run = f.at("run");
    json(&format!(
        "train adding --cell lstm --p-skip 0.5 --hidden 4 --steps 2 --eval-every 2 --batch 8 --threads 1 --out {run}"
    ));
    let eval = |seed: u64| json(&format!("eval {run} --n 400 --schedules --seed {seed}"));
    let first = eval(3);
    let used = first["updates_mean"].as_f64().unwrap();
    assert!((used - 25.0).abs() < 1.0, "{used} of 50 samples");
    assert_eq!(first["schedules"], eval(3)["schedules"]);
    assert_ne!(first["schedules"], eval(4)["schedules"]);
    let quantized = json(&format!(
        "quantize {run} --out {} --sample-period-s 1e-2",
        f.at("m.srnn")
    ));
    assert!(quantized["notes"].to_string().contains("at random"), "{quantized}");
}
