//! `skiprnn emulate --app classify` and `--app measure`, as a user types them.

mod common;

use common::{Folder, fails, json, skiprnn};
use host_train::dataset::save_sequences;
use std::path::Path;

const SEQUENCES: usize = 6;

fn model(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("models").join(name).join("model.srnn").display().to_string()
}

/// A recording of slow waves, (N, 128, 6).
fn recording(folder: &Folder) -> String {
    let x = folder.at("x.npy");
    let wave = |k: usize| ((k / 6) as f32 * 0.05 + (k % 6) as f32).sin();
    let values = (0..SEQUENCES * 128 * 6).map(wave).collect();
    let sequences = host_train::Sequences::new("x", values, SEQUENCES, 128, 6).unwrap();
    save_sequences(Path::new(&x), &sequences).unwrap();
    x
}

#[test]
fn decisions_are_the_simulators_at_the_simulators_times() {
    let f = Folder::new();
    let (blob, x) = (model("activity"), recording(&f));
    let simulated = json(&format!("simulate {blob} --x {x} --schedules"));
    let line = format!("emulate {blob} --app classify --x {x}");
    let emulated = json(&line);
    assert_eq!(emulated["identical_to_simulator"], true);
    for key in ["sequences", "updates_mean", "decisions", "outputs"] {
        assert_eq!(emulated[key], simulated[key], "{key}");
    }
    let decided = emulated["decided"].as_array().unwrap();
    assert_eq!(decided.len(), SEQUENCES);
    let mut early = 0;
    for (index, decision) in decided.iter().enumerate() {
        let schedule = simulated["schedules"][index].as_array().unwrap();
        // The decision stands after the last update.
        assert_eq!(&decision["sample"], schedule.last().unwrap(), "sequence {index}");
        assert_eq!(decision["updates"].as_u64(), Some(schedule.len() as u64));
        assert_eq!(decision["class"], simulated["decisions"][index]);
        let time = decision["sample"].as_u64().unwrap() as f64 * 0.02;
        assert!((decision["time_s"].as_f64().unwrap() - time).abs() < 1e-9);
        early += usize::from(decision["sample"].as_u64() < Some(127));
    }
    assert!(early > 0, "no decision is early");

    // For people: a line for each decision, before the summary.
    let out = skiprnn(line.split(' '));
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{text}");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("sequence ")).collect();
    assert_eq!(lines.len(), SEQUENCES, "{text}");
    let first = format!("at sample {} of 128", decided[0]["sample"]);
    assert!(
        lines[0].starts_with("sequence 0: ") && lines[0].contains(&first),
        "{text}"
    );
    assert!(lines[0].contains(decided[0]["class_name"].as_str().unwrap()), "{text}");
    assert!(
        text.contains("identical to the simulator (decisions, times, outputs); 0 lost"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_played_is_named() {
    let f = Folder::new();
    let (blob, x) = (model("activity"), recording(&f));
    fails(
        &format!("emulate {blob} --app classify --x {x} --schedules"),
        2,
        &["--schedules", "--app replay"],
    );
    let short = f.at("short.npy");
    let sequences = host_train::Sequences::new("x", vec![0.0; 100 * 6], 1, 100, 6).unwrap();
    save_sequences(Path::new(&short), &sequences).unwrap();
    fails(
        &format!("emulate {blob} --app classify --x {short}"),
        1,
        &["sequences of 100 samples", "128"],
    );
    fails(
        &format!("emulate {blob} --app paint --x {x}"),
        2,
        &["paint", "classify"],
    );
}

#[test]
fn three_ways_in_one_table() {
    let f = Folder::new();
    let (blob, x) = (model("activity"), recording(&f));
    let value = json(&format!("emulate {blob} --app measure --x {x}"));
    let ways = value["ways"].as_array().unwrap();
    let of = |key: &str| ways.iter().map(|way| way[key].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(of("updates")[0], SEQUENCES as u64 * 128);
    let awake = of("instructions_awake");
    assert!(awake[0] > awake[1] && awake[1] > awake[2], "{awake:?}");
    fails(
        &format!("emulate {blob} --app measure --machine microbit --x {x}"),
        1,
        &["microbit has no room", "another machine"],
    );
}

#[test]
fn a_model_is_given_the_full_scales_of_a_sensor() {
    let f = Folder::new();
    let (run, x, own) = (
        model("activity").replace("/model.srnn", ""),
        recording(&f),
        f.at("m.srnn"),
    );
    // ±4 g and 2000 degrees a second of an LSM6DS part.
    let scales = "4,4,4,40.0337,40.0337,40.0337";
    json(&format!(
        "quantize {run} --calib-x {x} --full-scale {scales} --out {own}"
    ));
    let channels = json(&format!("inspect {own}"))["channels"].as_array().unwrap().clone();
    let set: Vec<f64> = channels.iter().map(|c| c["full_scale"].as_f64().unwrap()).collect();
    assert_eq!(set.len(), 6);
    for (set, wanted) in set.iter().zip(scales.split(',')) {
        assert!((set - wanted.parse::<f64>().unwrap()).abs() < 1e-4, "{channels:?}");
    }
    assert_eq!(channels[3]["unit"], "rad/s");
    fails(
        &format!("quantize {run} --calib-x {x} --full-scale 4,4 --out {own}"),
        2,
        &["--full-scale", "--channel-names"],
    );
}
