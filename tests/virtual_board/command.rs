//! `skiprnn emulate --board`, as a user types it.

use crate::common::{Folder, fails, held_out, json, skiprnn};
use dataset::save_sequences;
use host_train::Sequences;

/// Slow waves, (N, 128, channels).
pub fn recording(folder: &Folder, count: usize, channels: usize) -> String {
    let x = folder.path("x.npy");
    let wave = |k: usize| ((k / channels) as f32 * 0.05 + (k % channels) as f32).sin();
    let values = (0..count * 128 * channels).map(wave).collect();
    save_sequences(&x, &Sequences::new("x", values, count, 128, channels).unwrap()).unwrap();
    x.display().to_string()
}

pub fn model(name: &str) -> String {
    held_out::file(name).display().to_string()
}

#[test]
fn a_boards_own_image_classifies() {
    let f = Folder::new();
    let (blob, x) = (model("activity-accelerometer"), recording(&f, 3, 3));
    let line = format!("emulate {blob} --board nrf52840-dk --app classify --sensor lis3dh --x {x}");
    let value = json(&line);
    assert_eq!(value["board"], "nrf52840-dk");
    assert_eq!(value["label"], "simulated");
    assert_eq!(value["identical_to_simulator"], true);
    assert_eq!(value["decided"].as_array().unwrap().len(), 3);
    assert_eq!(value["findings"].as_array().unwrap().len(), 0);
    assert_eq!(value["per_sample"]["transfers"].as_f64().unwrap().round(), 3.0);
    let out = skiprnn(line.split(' ').chain(["--log"]));
    let (text, log) = (
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr),
    );
    assert!(text.contains("no rule of silicon broken"), "{text}");
    assert!(text.contains("3 decisions, 0 sequences lost"), "{text}");
    assert!(log.contains("image machine=nrf52840-dk"), "{log}");
}

#[test]
fn a_boards_own_image_replays() {
    let value = json(&format!(
        "emulate {} --board nrf52840-dk --task frequency --n 3",
        model("frequency-five")
    ));
    assert_eq!(value["identical_to_simulator"], true);
    assert_eq!(value["sequences"], 3);
    assert!(value["cycles_per_update"].as_f64().unwrap() > 1000.0);
}

#[test]
fn another_boards_image_replays_and_breaks_no_rule() {
    let f = Folder::new();
    let (blob, x) = (model("activity-accelerometer"), recording(&f, 2, 3));
    for board in ["stm32l4-iot01a", "stm32u5-nucleo", "rp2350-pico2"] {
        let value = json(&format!("emulate {blob} --board {board} --x {x}"));
        assert_eq!(value["identical_to_simulator"], true, "{board}");
        assert_eq!(value["findings"].as_array().unwrap().len(), 0, "{board}");
    }
}

#[test]
fn a_budget_on_a_board_has_its_drivers_prices() {
    let f = Folder::new();
    let (blob, x) = (model("activity-accelerometer"), recording(&f, 3, 3));
    let value = json(&format!(
        "emulate {blob} --board nrf52840-dk --app classify --x {x} --budget-uj-per-hour 900000"
    ));
    assert_eq!(value["settings"]["budget"]["sensor"], "lis3dh-driver");
    assert_eq!(value["settings"]["budget"]["board"], "nrf52840");
    assert_eq!(value["identical_to_simulator"], true);
}

#[test]
fn what_does_not_go_together_is_named() {
    let f = Folder::new();
    let (blob, x) = (model("activity-accelerometer"), recording(&f, 1, 3));
    let line = |more: &str| format!("emulate {blob} --x {x} {more}");
    let board = "--board nrf52840-dk --app classify";
    fails(
        &line(&format!("{board} --machine mps2-an386")),
        2,
        &["--machine", "nrf52840-dk runs its own image"],
    );
    fails(
        &line(&format!("{board} --with qemu")),
        2,
        &["--with", "QEMU has no model of a real board"],
    );
    fails(&line("--seconds 5"), 2, &["--seconds", "--board"]);
    fails(&line("--board nrf52840-dk --app measure"), 2, &["--app measure"]);
    fails(&line(&format!("{board} --sensor lsm6ds")), 2, &["--sensor", "channels"]);
    fails(
        &line(&format!("{board} --sensor bma400")),
        2,
        &["--sensor", "classify-lis3dh"],
    );
    fails(
        &line("--board nrf52840-dk --sensor lis3dh"),
        2,
        &["--sensor", "replay reads none"],
    );
    fails(&line("--board nrf52840-dk --seconds 0"), 2, &["--seconds"]);
    fails(&line("--board nrf52840"), 2, &["--budget-uj-per-hour"]);
}

/// The board itself refuses a model that was made for a faster sensor or another unit, and the command says why.
#[test]
fn a_model_of_another_rate_or_unit_ends_in_the_boards_error_state() {
    let f = Folder::new();
    let x = recording(&f, 40, 3);
    let run = held_out::file("activity-accelerometer").with_file_name("");
    for (options, why) in [
        ("--sample-period-s 0.0025", "samples a second"),
        (
            "--sample-period-s 0.02 --channel-names x,y,z --channel-units g,g,rad/s",
            "the model's unit is not the sensor's",
        ),
    ] {
        let blob = f.at("other.srnn");
        json(&format!(
            "quantize {} --calib-x {x} --full-scale 4,4,4 {options} --out {blob}",
            run.display()
        ));
        let line = format!("emulate {blob} --board nrf52840-dk --app classify --sensor lis3dh --x {x} --n 1");
        let out = skiprnn(line.split(' '));
        let stderr = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.contains("error state") && stderr.contains(why),
            "{options}: {stderr}"
        );
    }
}
