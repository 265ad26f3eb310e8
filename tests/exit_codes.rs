//! The same mistake has the same exit code in every command, and its message names the option as it was typed.

mod common;
use common::{Folder, fails};

/// A model of 100 samples with one channel.
const BLOB: &str = "models/frequency/model.srnn";
/// Its run folder.
const RUN: &str = "models/frequency";
/// A model with six channels.
const ACTIVITY: &str = "models/activity/model.srnn";

/// Wrong usage: nothing ran, and another command line is needed.
const WRONG_USAGE: i32 = 2;
/// A file is missing or wrong, or something did not work.
const FAILED: i32 = 1;

#[test]
fn an_unknown_board_is_wrong_usage() {
    for command in [
        format!("flash {BLOB} --board toaster"),
        format!("energy predict {BLOB} --board toaster"),
        format!("energy front {BLOB} --board toaster"),
        "energy break-even --board toaster".into(),
        format!("simulate {BLOB} --task frequency --n 2 --board toaster"),
        format!("simulate {BLOB} --task frequency --n 2 --board toaster --sensor none --budget-uj-per-hour 100000"),
        format!("emulate {BLOB} --task frequency --n 2 --board toaster"),
    ] {
        fails(&command, WRONG_USAGE, &["--board", "toaster", "nrf52840"]);
    }
    fails("energy boards toaster", WRONG_USAGE, &["toaster", "nrf52840"]);
}

#[test]
fn an_unknown_sensor_is_wrong_usage() {
    for command in [
        format!("energy predict {BLOB} --board nrf52840 --sensor nose"),
        "energy break-even --board nrf52840 --sensor nose".into(),
        format!("energy front {BLOB} --board nrf52840 --sensor nose"),
        format!("simulate {BLOB} --task frequency --n 2 --board nrf52840 --sensor nose --budget-uj-per-hour 100000"),
        format!("emulate {BLOB} --task frequency --n 2 --board nrf52840 --sensor nose --budget-uj-per-hour 100000"),
        format!("flash {BLOB} --board nrf52840-dk --task frequency --sensor nose --budget-uj-per-hour 100000"),
    ] {
        fails(&command, WRONG_USAGE, &["--sensor", "nose", "lis3dh"]);
    }
}

#[test]
fn a_missing_file_is_a_failure() {
    let f = Folder::new();
    let (nowhere, out) = (f.at("nowhere"), f.at("out"));
    for command in [
        format!("eval {nowhere}"),
        format!("quantize {nowhere} --out {out}"),
        format!("import {nowhere} --out {out}"),
        format!("compare {nowhere} {BLOB} --svg {out}"),
        format!("plot {nowhere}"),
        format!("inspect {nowhere}"),
        format!("simulate {nowhere} --task frequency"),
        format!("emulate {nowhere} --task frequency"),
        format!("leak {nowhere} --task frequency"),
        format!("flash {nowhere} --board nrf52840-dk --dry-run"),
        format!("energy predict {nowhere} --board nrf52840"),
        format!("energy predict {BLOB} --board {nowhere}.toml"),
        format!("energy front {nowhere} --board nrf52840"),
        format!("energy cycles {nowhere} --task frequency"),
        format!("energy measure {nowhere}"),
        format!("simulate {BLOB} --x {nowhere}"),
        format!("emulate {BLOB} --board nrf52840-dk --x {nowhere} --power-trace {out}.csv"),
        format!("emulate {BLOB} --board nrf52840-dk --x {nowhere} --power-svg {out}.svg"),
        format!("energy predict {BLOB} --board nrf52840 --calibration {nowhere}"),
        format!("energy predict {BLOB} --board nrf52840 --cycles {nowhere}"),
        format!("train dataset --data {nowhere} --out {out}"),
        format!("train dataset --train-x {nowhere} --train-y {nowhere} --out {out}"),
        format!("data describe {nowhere}"),
        format!("sweep frequency --list {nowhere} --out {out}"),
    ] {
        fails(&command, FAILED, &["nowhere", "No such file"]);
    }
}

#[test]
fn an_unknown_value_is_wrong_usage_and_said_once() {
    let f = Folder::new();
    let out = f.at("out");
    for (command, option) in [
        (
            format!("train frequency --budget-loss frobnicate --out {out}"),
            "--budget-loss",
        ),
        (
            format!("train frequency --budget frobnicate --out {out}"),
            "--budget-loss",
        ),
        (format!("train frequency --loss frobnicate --out {out}"), "--loss"),
        (format!("train frequency --device frobnicate --out {out}"), "--device"),
        (format!("train frequency --cell frobnicate --out {out}"), "--cell"),
        (
            format!("train frequency --dial-range frobnicate --out {out}"),
            "--dial-range",
        ),
        (
            format!("train frequency --binarize frobnicate --out {out}"),
            "--binarize",
        ),
        (
            format!("train frequency --rollback frobnicate --out {out}"),
            "--rollback",
        ),
        (
            format!("train frequency --lambda-schedule frobnicate --out {out}"),
            "--lambda-schedule",
        ),
        (format!("train dataset --audio frobnicate --out {out}"), "--audio"),
        (
            format!("train dataset --output-at frobnicate --out {out}"),
            "--output-at",
        ),
        (
            format!("quantize {RUN} --optimize frobnicate --out {out}"),
            "--optimize",
        ),
        (format!("quantize {RUN} --kernel frobnicate --out {out}"), "--kernel"),
        (
            format!("quantize {RUN} --objective frobnicate --out {out}"),
            "--objective",
        ),
        (format!("emulate {BLOB} --machine frobnicate"), "--machine"),
        (format!("emulate {BLOB} --with frobnicate"), "--with"),
        (format!("emulate {BLOB} --app frobnicate"), "--app"),
        (format!("energy cycles {BLOB} --machine frobnicate"), "--machine"),
        (format!("simulate {BLOB} --task frobnicate"), "--task"),
        (format!("leak {BLOB} --task frobnicate"), "--task"),
        ("energy measure x --format frobnicate".into(), "--format"),
        (
            format!("energy record --port x --voltage 3 --seconds 1 --mode frobnicate --out {out}"),
            "--mode",
        ),
    ] {
        fails(&command, WRONG_USAGE, &[option, "frobnicate"]);
        let said = common::skiprnn(command.split(' ')).stderr;
        let said = String::from_utf8_lossy(&said).into_owned();
        assert_eq!(said.matches("frobnicate").count(), 1, "{said}");
    }
    assert!(f.names().is_empty(), "{:?}", f.names());
}

#[test]
fn a_blob_that_is_none_is_a_failure() {
    let f = Folder::new();
    let blob = f.at("m.srnn");
    std::fs::write(f.path("m.srnn"), [b'x'; 100]).unwrap();
    for command in [
        format!("inspect {blob}"),
        format!("simulate {blob} --task frequency"),
        format!("emulate {blob} --task frequency"),
        format!(
            "emulate {blob} --board rp2350-pico2 --task frequency --power-trace {}",
            f.at("t.ppk2")
        ),
        format!(
            "emulate {blob} --board rp2350-pico2 --task frequency --power-svg {}",
            f.at("w.svg")
        ),
        format!("leak {blob} --task frequency"),
        format!("flash {blob} --board nrf52840-dk --dry-run"),
        format!("compare {RUN} {blob} --svg {}", f.at("c.svg")),
        format!("energy predict {blob} --board nrf52840"),
        format!("energy front {blob} --board nrf52840"),
        format!("energy break-even {blob} --board nrf52840"),
        format!("energy cycles {blob} --task frequency"),
    ] {
        fails(&command, FAILED, &["m.srnn", "magic"]);
    }
}

#[test]
fn an_option_that_does_not_fit_the_model_is_wrong_usage() {
    for (command, option) in [
        (format!("simulate {BLOB} --task adding --n 2"), "--task"),
        (format!("emulate {BLOB} --task adding --n 2"), "--task"),
        (format!("leak {BLOB} --task adding --n 2"), "--task"),
        (
            format!("energy predict {BLOB} --board nrf52840 --task adding"),
            "--task",
        ),
        (format!("energy front {BLOB} --board nrf52840 --task adding"), "--task"),
        (format!("energy cycles {BLOB} --task adding"), "--task"),
        (
            format!("flash {BLOB} --board nrf52840-dk --task adding --dry-run --firmware Cargo.toml"),
            "Cargo.toml",
        ),
        (
            format!("flash {ACTIVITY} --board nrf52840-dk --app classify-lis3dh --dry-run"),
            "--app",
        ),
        (
            format!("energy predict {BLOB} --board nrf52840 --updates-mean 101"),
            "--updates-mean",
        ),
        (
            format!("simulate {BLOB} --task frequency --n 2 --board nrf52840 --sensor none --budget-uj-per-hour 1"),
            "--budget-uj-per-hour",
        ),
        (
            format!("emulate {BLOB} --task frequency --n 2 --board nrf52840 --sensor none --budget-uj-per-hour 1"),
            "--budget-uj-per-hour",
        ),
    ] {
        let code = if option == "Cargo.toml" { FAILED } else { WRONG_USAGE };
        fails(&command, code, &[option]);
    }
}

#[test]
fn a_number_out_of_range_is_named_by_its_option() {
    let f = Folder::new();
    let out = f.at("out");
    for (task, options, says) in [
        ("frequency", "--start-every 0", "--start-every: "),
        ("frequency", "--cell gru --p-skip 2", "--p-skip: "),
        ("frequency", "--lambda -1", "--lambda: "),
        ("frequency", "--learning-rate 0", "--learning-rate: "),
        ("frequency", "--eval-every 0", "--eval-every: "),
        ("frequency", "--decision-clip 0", "--decision-clip: "),
        ("frequency", "--input-weight-limit 0", "--input-weight-limit: "),
        ("frequency", "--sample-period-s 0", "--sample-period-s: "),
        ("frequency", "--noise 1", "--noise: "),
        ("frequency", "--rotate 1", "--rotate: "),
        ("frequency", "--cell lstm --dial-range -1:1:2", "--dial-range: "),
        ("frequency", "--cell lstm --dials -1:1:2", "--dials: "),
        ("adding", "--length 1", "--length: "),
    ] {
        fails(&format!("train {task} {options} --out {out}"), WRONG_USAGE, &[says]);
        fails(&format!("sweep {task} {options} --out {out}"), WRONG_USAGE, &[says]);
    }
    fails(
        "data adding --length 1 --out-x x.npy --out-y y.npy",
        WRONG_USAGE,
        &["--length: "],
    );
    fails(
        "data frequency --n 0 --out-x x.npy --out-y y.npy",
        WRONG_USAGE,
        &["--n: "],
    );
    assert!(f.names().is_empty(), "{:?}", f.names());
}

#[test]
fn a_bad_field_of_a_runs_configuration_is_named_with_its_file() {
    let f = Folder::new();
    for file in ["model.safetensors", "config.toml"] {
        std::fs::copy(format!("{RUN}/{file}"), f.path(file)).unwrap();
    }
    let config = std::fs::read_to_string(f.path("config.toml")).unwrap();
    let bad = config.replacen("learning_rate = ", "learning_rate = -", 1);
    assert_ne!(config, bad);
    std::fs::write(f.path("config.toml"), bad).unwrap();
    let run = f.path("").display().to_string();
    for command in [
        format!("eval {run} --n 2"),
        format!("quantize {run} --out {}", f.at("m.srnn")),
        format!("compare {run} {BLOB} --svg {}", f.at("c.svg")),
        format!("plot {run}"),
        format!("fidelity {run}"),
    ] {
        fails(&command, FAILED, &["config.toml: learning_rate: "]);
    }
}
