//! `skiprnn emulate --app classify` and `--app measure`, as a user types them.

mod common;

use common::{Folder, fails, json, skiprnn};
use dataset::save_sequences;
use std::path::Path;

const SEQUENCES: usize = 6;

fn model(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("models").join(name).join("model.srnn").display().to_string()
}

/// A recording of slow waves, (N, 128, 6).
fn recording(folder: &Folder, count: usize) -> String {
    let x = folder.at("x.npy");
    let wave = |k: usize| ((k / 6) as f32 * 0.05 + (k % 6) as f32).sin();
    let values = (0..count * 128 * 6).map(wave).collect();
    let sequences = host_train::Sequences::new("x", values, count, 128, 6).unwrap();
    save_sequences(Path::new(&x), &sequences).unwrap();
    x
}

#[test]
fn decisions_are_the_simulators_at_the_simulators_times() {
    let f = Folder::new();
    let (blob, x) = (model("activity"), recording(&f, SEQUENCES));
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
fn dial_and_cap_reach_the_board() {
    let f = Folder::new();
    let (blob, x) = (model("activity"), recording(&f, SEQUENCES));
    let plain = json(&format!("simulate {blob} --x {x}"));
    for (app, machine, dial, cap) in [
        ("replay", "microbit", "1.5", 100),
        ("replay", "mps2-an386", "-1.25", 5),
        ("classify", "mps2-an386", "1.5", 20),
    ] {
        let settings = format!("--x {x} --dial {dial} --cap {cap}");
        let simulated = json(&format!("simulate {blob} {settings}"));
        let emulated = json(&format!("emulate {blob} --app {app} --machine {machine} {settings}"));
        assert_eq!(emulated["identical_to_simulator"], true, "{app} {machine}");
        for key in ["sequences", "updates_mean", "decisions", "outputs"] {
            assert_eq!(emulated[key], simulated[key], "{app} {machine}: {key}");
        }
        assert_ne!(emulated["updates_mean"], plain["updates_mean"], "{app} {machine}");
        assert_eq!(emulated["settings"]["dial"], dial.parse::<f64>().unwrap());
        assert_eq!(emulated["settings"]["cap"], cap);
        assert!(emulated["settings"]["budget"].is_null());
    }
}

/// By the prices of the plan, so that nothing here depends on time.
#[test]
fn a_board_keeps_to_its_budget() {
    let f = Folder::new();
    let (blob, x) = (model("activity"), recording(&f, 240));
    let parts = "--board nrf52840 --sensor lis3dh-driver";
    let prices = json(&format!("energy predict {blob} {parts}"))["prices"].clone();
    let price = |of: &str| prices[of]["mid"].as_f64().unwrap();
    // This sensor is switched off even from one sample to the next.
    assert_eq!(prices["off_from_samples"], 1);
    let (base, update) = (price("base_uj"), price("update_uj") + price("switch_uj"));
    // 28 updates in each 2.56 s, and half the energy.
    let allowance = ((base + 28.0 * update) * 3600.0 / 2.56).round();
    let run = |allowance: f64, app: &str| {
        let options = format!("--x {x} {parts} --budget-uj-per-hour {allowance} --horizon 20");
        let value = json(&format!("emulate {blob} --app {app} {options}"));
        assert_eq!(value["identical_to_simulator"], true, "{allowance}");
        assert_eq!(
            json(&format!("simulate {blob} {options}"))["settings"],
            value["settings"]
        );
        let budget = value["settings"]["budget"].clone();
        assert_eq!(budget["label"], "predicted");
        let booked = budget["booked_uj_per_hour"].as_f64().unwrap();
        assert!((booked / allowance - 1.0).abs() < 0.03, "{booked} of {allowance}");
        let updates = value["updates_mean"].as_f64().unwrap();
        // The prices went over in whole nanojoules.
        let expected = (base + updates * update) * 3600.0 / 2.56;
        assert!((booked / expected - 1.0).abs() < 1e-4, "{booked} is not {expected}");
        (updates, budget["dial_settled"].as_f64().unwrap())
    };
    let (whole, half) = (run(allowance, "classify"), run((allowance / 2.0).round(), "classify"));
    assert_eq!(run(allowance, "replay"), whole);
    let expected = (allowance / 2.0 * 2.56 / 3600.0 - base) / update / 28.0;
    assert!(
        (half.0 / whole.0 / expected - 1.0).abs() < 0.05,
        "{} of {}",
        half.0,
        whole.0
    );
    assert!(
        half.1 < whole.1,
        "the dial is not lower for less: {} and {}",
        half.1,
        whole.1
    );
}

#[test]
fn a_budget_that_cannot_be_kept_is_named() {
    let f = Folder::new();
    let (blob, x) = (model("activity"), recording(&f, SEQUENCES));
    let line = format!("emulate {blob} --app classify --x {x}");
    let parts = "--board nrf52840 --sensor lis3dh";
    fails(
        &format!("{line} --budget-uj-per-hour 200000 --board nrf52840"),
        2,
        &["--budget-uj-per-hour", "give --sensor"],
    );
    fails(
        &format!("{line} --budget-uj-per-hour 200000 --sensor none"),
        2,
        &["give --board and --sensor"],
    );
    fails(
        &format!("{line} --budget-uj-per-hour 20000 {parts}"),
        2,
        &["20000 uJ", "the least possible is 4", "(predicted)"],
    );
    fails(
        &format!("{line} --budget-uj-per-hour 200000 {parts} --dial 1"),
        2,
        &["--dial"],
    );
    fails(
        &format!("{line} --budget-uj-per-hour 200000 --board nrf52840 --sensor nowhere"),
        2,
        &["--sensor", "nowhere", "lis3dh"],
    );
    fails(&format!("{line} --dial nan"), 2, &["--dial", "give a number"]);
    fails(&format!("{line} --instructions 7000"), 2, &["--budget-uj-per-hour"]);
    let measure = line.replace("classify", "measure");
    fails(
        &format!("{measure} --budget-uj-per-hour 200000 {parts}"),
        2,
        &["measure", "--app replay or classify"],
    );
}

#[test]
fn what_cannot_be_played_is_named() {
    let f = Folder::new();
    let (blob, x) = (model("activity"), recording(&f, SEQUENCES));
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
    let (blob, x) = (model("activity"), recording(&f, SEQUENCES));
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
        recording(&f, SEQUENCES),
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
        &["--full-scale", "2 given", "6 channels"],
    );
}
