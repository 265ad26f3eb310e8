//! `skiprnn boards` and `skiprnn flash`, up to the commands of probe-rs.

mod common;

use common::{Folder, fails, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn model(name: &str) -> String {
    root()
        .join("models")
        .join(name)
        .join("model.srnn")
        .display()
        .to_string()
}

#[test]
fn every_board_has_a_folder_and_every_program_a_source() {
    let boards = json("boards");
    assert_eq!(boards["emulated"].as_array().unwrap().len(), 5);
    let sensors = boards["sensors"].as_array().unwrap();
    assert!(sensors.len() >= 4, "{sensors:?}");
    for sensor in sensors {
        let driver = format!("firmware/app/src/sensor/{}.rs", sensor["name"].as_str().unwrap());
        assert!(root().join(&driver).is_file(), "{sensor}: {driver}");
    }
    let boards = boards["boards"].as_array().unwrap();
    assert_eq!(boards.len(), 4);
    for board in boards {
        let folder = root().join("firmware/boards").join(board["name"].as_str().unwrap());
        assert!(folder.join("README.md").is_file(), "{board}");
        for program in board["programs"].as_array().unwrap() {
            let source = format!("src/bin/{}.rs", program.as_str().unwrap());
            assert!(folder.join(&source).is_file(), "{board}: {source}");
        }
        assert_eq!(board["hardware"], false);
        let tested = board["tested"].as_str().unwrap();
        assert!(tested.ends_with("; hardware: no"), "{board}");
        let on_virtual_board = board["ran_on"].as_array().unwrap().contains(&"virtual board".into());
        assert_eq!(
            tested.starts_with("run on the virtual board"),
            on_virtual_board,
            "{board}"
        );
    }
}

#[test]
fn wrong_usage_is_named() {
    let blob = model("frequency");
    fails(
        &format!("flash {blob} --board arduino"),
        2,
        &["--board", "arduino", "nrf52840-dk"],
    );
    fails(
        &format!("flash {blob} --board nrf52840-dk --app paint"),
        2,
        &["--app", "paint", "replay"],
    );
    fails(
        &format!("flash {blob} --board nrf52840-dk --app classify"),
        2,
        &["--app", "no sensor of 1 channels"],
    );
    let six = model("activity");
    fails(
        &format!("flash {six} --board nrf52840-dk --app classify-lis3dh"),
        2,
        &["--app", "activity/model.srnn has 6", "classify-lis3dh reads 3"],
    );
    fails("flash nowhere.srnn --board nrf52840-dk", 1, &["nowhere.srnn"]);
}

#[test]
fn model_and_sequences_go_to_the_sections_that_the_image_names() {
    let folder = Folder::new();
    let blob = model("frequency");
    let line = format!(
        "flash {blob} --board nrf52840-dk --app replay --task frequency --n 10 --dry-run --out {}",
        folder.at("out")
    );
    let value = json(&line);
    assert_eq!(value["flashed"], false);
    let sections = value["sections"].as_array().unwrap();
    assert_eq!(
        (&sections[0]["name"], &sections[0]["address"]),
        (&"blob".into(), &0x1_0000.into())
    );
    assert_eq!(sections[1]["address"], 0x3_0000);
    // A header of 52 bytes, then the blob as it is; a header of 32, then 10 sequences.
    let written = std::fs::read(folder.path("out").join("blob.bin")).unwrap();
    assert_eq!(written[12..52], [0; 40]);
    assert_eq!(written[52..], std::fs::read(&blob).unwrap());
    let samples = std::fs::read(folder.path("out").join("sequences.bin")).unwrap().len() - 32;
    assert_eq!(samples % 20, 0, "{samples}");
    let commands: Vec<&str> = value["commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c.as_str().unwrap())
        .collect();
    assert_eq!(commands.len(), 3);
    assert!(
        commands[0].starts_with("probe-rs download --chip nRF52840_xxAA --binary-format bin --base-address 0x10000 ")
    );
    assert!(commands[2].starts_with("probe-rs run --chip nRF52840_xxAA "));

    // Without probe-rs: what to install, and nothing on standard output.
    let image = value["image"].as_str().unwrap();
    assert!(Path::new(image).is_file());
    let out = Command::new(env!("CARGO_BIN_EXE_skiprnn"))
        .args(["flash", &blob, "--board", "nrf52840-dk", "--firmware", image])
        .args(["--task", "frequency", "--n", "1"])
        .env("PATH", "")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("cargo install probe-rs-tools"), "{stderr}");
    assert!(out.stdout.is_empty());

    // The same image for another board: both names, before anything is written.
    fails(
        &format!(
            "flash {blob} --board stm32l4-iot01a --firmware {image} --out {}",
            folder.at("none")
        ),
        1,
        &[image, "an image of nrf52840-dk, not of stm32l4-iot01a"],
    );
    assert!(!folder.path("none").exists());

    // More sequences than the flash holds: both numbers.
    fails(
        &format!("flash {blob} --board nrf52840-dk --firmware {image} --task frequency --n 100000 --dry-run"),
        1,
        &["sequences:", "the board holds 851936", "lower --n"],
    );
}

#[test]
fn dial_cap_and_budget_go_into_the_header() {
    let folder = Folder::new();
    let blob = model("frequency");
    // Any image of the board says where its sections lie.
    let line = format!(
        "flash {blob} --board nrf52840-dk --task frequency --n 2 --dry-run --out {}",
        folder.at("out")
    );
    let header = |options: &str| {
        let value = json(&format!("{line} {options}"));
        let written = std::fs::read(folder.path("out").join("blob.bin")).unwrap();
        let word = |at: usize| i32::from_le_bytes(written[at..at + 4].try_into().unwrap());
        let words = [12, 16, 20, 24, 28, 32, 40, 44, 48].map(word);
        (value["settings"].clone(), words)
    };
    let (settings, words) = header("--dial -0.5 --cap 7");
    assert_eq!(words, [-32768, 7, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!((&settings["dial"], &settings["cap"]), (&(-0.5).into(), &7.into()));

    let (settings, words) = header("--budget-uj-per-hour 900000 --sensor none --horizon 9");
    let budget = &settings["budget"];
    let nj = |key: &str| (budget[key].as_f64().unwrap() * 1e3).round() as i32;
    assert_eq!(words, [0, 0, 900_000, nj("base_uj"), nj("update_uj"), 9, 0, 0, 0]);
    assert!(words[3] > 0 && words[4] > 0, "{words:?}");
    assert!(budget["off_from_samples"].is_null());
    assert_eq!(
        (&budget["board"], &budget["label"]),
        (&"nrf52840".into(), &"predicted".into())
    );

    let analyser =
        format!("flash {blob} --board nrf52840-dk --app measure-dense --budget-uj-per-hour 900000 --sensor none");
    fails(&analyser, 2, &["measure-dense", "replay or classify"]);
}

/// A program in place of probe-rs that says what it was given, on standard output.
#[cfg(unix)]
fn echoing_probe_rs(folder: &Folder) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.path("bin").join("probe-rs");
    std::fs::create_dir(folder.path("bin")).unwrap();
    std::fs::write(&path, "#!/bin/sh\necho \"given: $*\"\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder.at("bin")
}

#[cfg(unix)]
#[test]
fn what_probe_rs_says_does_not_mix_with_the_json() {
    let folder = Folder::new();
    let path = echoing_probe_rs(&folder);
    let blob = model("frequency");
    let line = format!("flash {blob} --board nrf52840-dk --task frequency --n 2");
    let image = json(&format!("{line} --dry-run --out {}", folder.at("out")))["image"].clone();
    let flash = |options: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_skiprnn"))
            .args(line.split(' '))
            .args(["--probe", "1366:1051", "--firmware", image.as_str().unwrap()])
            .args(["--out", &folder.at("out")])
            .args(options)
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        (
            String::from_utf8(out.stdout).unwrap(),
            String::from_utf8(out.stderr).unwrap(),
        )
    };
    let (stdout, stderr) = flash(&["--json"]);
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(value["flashed"], true);
    assert_eq!(stderr.matches("given: ").count(), 3, "{stderr}");
    assert!(
        stderr.contains("given: run --chip nRF52840_xxAA --probe 1366:1051 "),
        "{stderr}"
    );

    let (stdout, _) = flash(&[]);
    assert_eq!(stdout.matches("given: ").count(), 3, "{stdout}");
    // The result stands before the image's log.
    assert!(
        stdout.find("replay on nrf52840-dk") < stdout.find("given: run"),
        "{stdout}"
    );
}

/// The sensor's driver is known from the program, so that nobody has to name its mode.
#[test]
fn a_budget_is_priced_by_the_driver_that_is_flashed() {
    let f = Folder::new();
    let blob = model("activity-accelerometer");
    let line = format!(
        "flash {} --board nrf52840-dk --app classify-lis3dh --dry-run --out {} --budget-uj-per-hour 900000",
        blob,
        f.at("sections")
    );
    let priced = json(&line)["settings"]["budget"].clone();
    assert_eq!(priced["sensor"], "lis3dh-driver");
    // The sensor is switched in pauses, which have prices of their own.
    let written = std::fs::read(f.path("sections").join("blob.bin")).unwrap();
    let word = |at: usize| u32::from_le_bytes(written[at..at + 4].try_into().unwrap());
    let nj = |key: &str| (priced[key].as_f64().unwrap() * 1e3).round() as u32;
    assert_eq!([40, 44].map(word), [nj("switch_uj"), nj("on_uj")]);
    assert_eq!(priced["off_from_samples"], word(48));
    assert!(word(40) > 0 && word(44) > 0 && word(48) > 0);
    assert_eq!(json(&format!("{line} --sensor lis3dh"))["settings"]["budget"], priced);
    let generic = json(&format!("{line} --sensor lis3dh-low-power"))["settings"]["budget"].clone();
    assert_eq!(generic["sensor"], "lis3dh-low-power");
    assert_ne!(generic["switch_uj"], priced["switch_uj"]);
}
