//! `quantize` and what shows its result: options, fallbacks, bad input, `compare`, `inspect`, the dial.

mod common;

use common::{Folder, fails, json, tiny_run};
use float_model::Sequences;
use serde_json::Value;
use std::path::Path;

/// Changes a run's model file.
fn edit(run: &Path, change: impl FnOnce(&mut float_model::FloatModel)) {
    let path = run.join("model.safetensors");
    let mut model = float_model::load(&path).expect("a model");
    change(&mut model);
    float_model::save(&model, &path).expect("saved");
}

fn notes(report: &Value) -> String {
    report["notes"].to_string()
}

#[test]
fn options_decide_what_is_open() {
    let f = Folder::new();
    let (run, blob) = (f.at("run"), f.at("m.srnn"));
    tiny_run("adding", "skip-gru", &run);
    let quantize = |more: &str| json(format!("quantize {run} --out {blob} {more}").trim_end());
    let is = |more: &str, kernel: &str, inputs: u64| {
        let report = quantize(more);
        assert_eq!(report["kernel"], kernel, "{more}");
        assert_eq!(report["input_weights_bits"], inputs, "{more}");
        let described = json(&format!("inspect {blob}"));
        assert!(
            described["kernel"].as_str().expect("a name").starts_with(kernel),
            "{more}"
        );
        assert_eq!(described["layers"][0]["weight_ih"]["bits"], inputs, "{more}");
        report
    };
    is("--optimize accuracy", "block-i16-a16", 16);
    is("--optimize speed --input-weights 8", "byte-plane-i8", 8);
    is("--kernel block --weights 8 --input-weights 16", "block-i8-a16", 16);
    is("--weights 16", "block-i16-a16", 16);
    let size = quantize("--optimize size");
    assert_eq!(size["weights_bits"], 8);
    assert!(size["blob_bytes"].as_u64() <= quantize("--optimize accuracy")["blob_bytes"].as_u64());
    assert_eq!(quantize("--calibration 8")["sequences"], 2000);
    fails(
        &format!("quantize {run} --out {blob} --weights 16 --kernel byte-plane"),
        2,
        &["--kernel"],
    );
    fails(
        &format!("quantize {run} --out {blob} --percentile 0"),
        2,
        &["--percentile"],
    );
    fails(
        &format!("quantize {run} --out {blob} --calibration 0"),
        2,
        &["--calibration"],
    );
    fails(
        &format!("quantize {run} --out {blob} --curve-sequences 0"),
        2,
        &["--curve-sequences"],
    );
    fails(
        &format!("quantize {run} --out {blob} --full-scale 2"),
        2,
        &["--full-scale", "1 given", "2 channels"],
    );
    fails(
        &format!("quantize {run} --out {blob} --channel-units g --full-scale 2"),
        2,
        &["--channel-units", "--channel-names"],
    );
    fails(
        &format!("quantize {run} --out {blob} --calib-y y.npy"),
        2,
        &["--calib-x"],
    );
}

#[test]
fn what_has_no_integers_is_refused_or_replaced_and_named() {
    let f = Folder::new();
    let (run, blob) = (f.at("run"), f.at("m.srnn"));
    tiny_run("adding", "skip-lstm", &run);
    let quantize = format!("quantize {run} --out {blob}");

    // A row too heavy for i8: 16 bits take it.
    edit(&f.path("run"), |m| m.layers[0].weight_hh[0] = 100.0);
    let report = json(&quantize);
    assert_eq!(report["kernel"], "block-i16-a16");
    assert!(notes(&report).contains("row 0"), "{}", notes(&report));
    fails(&format!("{quantize} --weights 8"), 1, &["row 0"]);

    edit(&f.path("run"), |m| m.layers[0].weight_hh[0] = 1e9);
    std::fs::remove_file(&blob).expect("written before");
    fails(&quantize, 1, &["row 0", "clip, retrain"]);

    let model = f.path("run").join("model.safetensors");
    let mut bytes = std::fs::read(&model).expect("a model");
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    std::fs::write(&model, bytes).expect("written");
    fails(&quantize, 1, &["model.safetensors", "inf"]);
    assert_eq!(f.names(), ["run"], "nothing is half written");
}

#[test]
fn calibration_data_are_checked() {
    let f = Folder::new();
    let (run, blob, x_file) = (f.at("run"), f.at("m.srnn"), f.at("x.npy"));
    tiny_run("adding", "skip-gru", &run);
    let save = |count: usize, length: usize, channels: usize, value: &dyn Fn(usize) -> f32| {
        let x = Sequences {
            values: (0..count * length * channels).map(value).collect(),
            count,
            length,
            channels,
            lengths: Vec::new(),
        };
        dataset::save_sequences(Path::new(&x_file), &x).expect("saved");
    };
    let quantize = format!("quantize {run} --out {blob} --calib-x {x_file}");
    save(0, 50, 2, &|_| 0.0);
    fails(&quantize, 1, &["x.npy", "empty"]);
    save(3, 50, 1, &|k| k as f32);
    fails(&quantize, 1, &["channels"]);
    save(3, 40, 2, &|k| (k % 7) as f32);
    fails(&quantize, 1, &["length", "50"]);
    save(3, 50, 2, &|k| if k % 2 == 0 { 0.25 } else { (k % 5) as f32 });
    let report = json(&quantize);
    assert!(notes(&report).contains("channel 0 never changes"), "{}", notes(&report));
    assert_eq!(report["metric_fixed"], Value::Null, "no answers were given");
}

#[test]
fn compare_draws_and_lists() {
    let f = Folder::new();
    let (run, blob, svg) = (f.at("run"), f.at("m.srnn"), f.at("compare.svg"));
    for cell in ["skip-lstm", "skip-gru"] {
        let run = format!("{run}-{cell}");
        tiny_run("frequency", cell, &run);
        json(&format!("quantize {run} --out {blob}"));
        let value = json(&format!("compare {run} {blob} --out {svg} --n 40 --sequence 3"));
        assert_eq!((&value["sequences"], &value["sequence"]), (&40.into(), &3.into()));
        let partings = value["partings"].as_array().expect("a list");
        let same = value["same_schedule"].as_f64().expect("a share");
        assert!((same - (1.0 - partings.len() as f64 / 40.0)).abs() < 1e-9);
        for p in partings {
            assert_ne!(p["next_float"], p["next_fixed"]);
        }
        let picture = std::fs::read_to_string(&svg).expect("the picture");
        assert!(picture.contains("Δũ") && picture.contains("h of units"));
        assert_eq!(picture.contains("c of units"), cell == "skip-lstm");
    }
    let other = f.at("other");
    tiny_run("adding", "skip-gru", &other);
    fails(&format!("compare {other} {blob}"), 1, &["inputs", "made from this run"]);
    fails(
        &format!("compare {run}-skip-gru {blob} --n 5 --sequence 5"),
        2,
        &["--sequence"],
    );
}

#[test]
fn inspect_shows_ranges_proofs_and_costs() {
    let blob = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/frequency/model.srnn");
    let value = json(&format!("inspect {}", blob.display()));
    assert_eq!(value["ranges"]["c"], 64.0);
    let layer = &value["layers"][0];
    let share = layer["share_of_accumulator"].as_f64().expect("a share");
    assert!(share > 0.0 && share <= 1.0);
    assert_eq!(layer["weight_hh"]["count"], 4 * 110 * 110);
    assert_eq!(layer["weight_ih"]["count"], 4 * 110);
    assert!(layer["weight_hh"]["at_limit"].as_u64() < Some(4 * 110 * 11));
    let f = Folder::new();
    json(&format!("inspect {} --curve {}", blob.display(), f.at("curve.svg")));
    let picture = std::fs::read_to_string(f.path("curve.svg")).expect("the picture");
    // Nine points of updates and of accuracy.
    assert_eq!(picture.matches("<circle").count(), 18);
    let m4 = &value["instructions_per_update_predicted"]["cortex-m4"];
    assert!(m4["low"].as_f64() < m4["mid"].as_f64() && m4["mid"].as_f64() < m4["high"].as_f64());
}

#[test]
fn fine_tuning_loses_nothing() {
    let f = Folder::new();
    let (run, blob) = (f.at("run"), f.at("m.srnn"));
    tiny_run("adding", "skip-gru", &run);
    let before = json(&format!("quantize {run} --out {blob}"));
    let after = json(&format!("quantize {run} --out {blob} --finetune --finetune-steps 16"));
    let figures = [
        "same_decision",
        "same_schedule",
        "arith_same_decision",
        "arith_same_schedule",
    ];
    for figure in figures {
        assert!(after[figure].as_f64() >= before[figure].as_f64(), "{figure}: {after}");
    }
    let error = "arith_max_abs_h_error";
    assert!(after[error].as_f64() <= before[error].as_f64(), "{after}");
    let mse = |report: &Value, key: &str| report[key].as_f64().expect("a mean squared error");
    let most = mse(&before, "metric_fixed").max(1.01 * mse(&before, "metric_float"));
    assert!(mse(&after, "metric_fixed") <= most, "{after}");
    fails(
        &format!("quantize {run} --out {blob} --finetune --finetune-steps 0"),
        2,
        &["--finetune-steps"],
    );
}

#[test]
fn the_dial_does_what_the_blob_says() {
    let blob = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/frequency/model.srnn");
    let blob = blob.display();
    let curve = json(&format!("inspect {blob}"))["dial_curve"].clone();
    let points: Vec<(f64, f64)> = curve
        .as_array()
        .expect("a curve")
        .iter()
        .map(|p| {
            (
                p["dial"].as_f64().expect("a dial"),
                p["updates_mean"].as_f64().expect("updates"),
            )
        })
        .collect();
    assert!(
        points.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1),
        "{points:?}"
    );
    let (first, last) = (points[0].1, points[points.len() - 1].1);
    assert!(last >= 2.0 * first, "{points:?}");
    for (dial, stored) in points {
        let fresh = json(&format!("simulate {blob} --task frequency --n 2000 --dial {dial}"));
        let fresh = fresh["updates_mean"].as_f64().expect("updates");
        assert!(
            (fresh / stored - 1.0).abs() <= 0.05,
            "dial {dial}: {fresh}, stored {stored}"
        );
    }
}
