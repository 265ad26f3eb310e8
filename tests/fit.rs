//! `fit`: from recordings to a blob in one command, killed and continued, and what it refuses.

mod common;
use common::{Folder, fails, json, skiprnn};
use host_train::{Sequences, Targets};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

const LENGTH: usize = 24;
const CLASSES: &str = "rest,shake";

/// Sequences of an accelerometer in g: at rest, or shaken at some time within.
fn sequences(count: usize, from: usize) -> (Sequences, Targets) {
    let value = |k: usize| {
        let (n, t, axis) = (from + k / 3 / LENGTH, k / 3 % LENGTH, k % 3);
        let noise = ((k + 7 * from) as f32 * 12.9898).sin() * 0.05;
        let shaken = n % 2 == 1 && t >= 4 + n % 7;
        let wave = if shaken {
            (t as f32 * 1.9 + axis as f32).sin()
        } else {
            0.0
        };
        noise + wave + if axis == 2 { 1.0 } else { 0.0 }
    };
    let values = (0..count * LENGTH * 3).map(value).collect();
    let labels = (0..count).map(|n| ((from + n) % 2) as u32).collect();
    (
        Sequences::new("x", values, count, LENGTH, 3).unwrap(),
        Targets::Labels(labels),
    )
}

/// What a board has to know of the channels.
const CHANNELS: &str = "sample_period_s = 0.02\nclass_names = [\"rest\", \"shake\"]\n\
    [[channel]]\nname = \"acceleration x\"\nunit = \"g\"\n[[channel]]\nname = \"acceleration y\"\nunit = \"g\"\n\
    [[channel]]\nname = \"acceleration z\"\nunit = \"g\"\n";

/// A folder of `people` persons, or of nobody known; with a test part of its own where it is asked for.
fn recordings(f: &Folder, name: &str, people: usize, own_test: bool) -> String {
    let folder = f.path(name);
    fs::create_dir_all(&folder).unwrap();
    let count = 160;
    let parts: &[(&str, usize)] = if own_test {
        &[("train_", 0), ("test_", 1000)]
    } else {
        &[("", 0)]
    };
    for (part, from) in parts {
        let (x, y) = sequences(count, *from);
        dataset::save_sequences(&folder.join(format!("{part}x.npy")), &x).unwrap();
        dataset::save_targets(&folder.join(format!("{part}y.npy")), &y).unwrap();
    }
    if people > 0 {
        let whose = (0..count).map(|n| (n * people / count) as u32).collect();
        dataset::save_targets(&folder.join("groups.npy"), &Targets::Labels(whose)).unwrap();
    }
    fs::write(folder.join("channels.toml"), CHANNELS).unwrap();
    f.at(name)
}

fn line(data: &str, out: &str, more: &str) -> String {
    format!("fit {data} --board nrf52840-dk --sensor lis3dh --steps 60 --threads 2 --out {out}{more}")
}

fn number(value: &Value, path: &str) -> f64 {
    value
        .pointer(path)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("no {path} in {value}"))
}

fn stored(f: &Folder, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(f.path(name)).unwrap()).unwrap()
}

#[test]
fn its_model_does_on_the_test_part_what_it_says_by_the_other_commands_too() {
    let f = Folder::new();
    let data = recordings(&f, "data", 0, true);
    let said = json(&line(&data, &f.at("fit"), ""));
    assert_eq!(stored(&f, "fit/fit.json"), said);
    let (blob, dial) = (f.at("fit/model.srnn"), number(&said, "/choice/validation/dial"));
    let test = format!("--x {data}/test_x.npy --y {data}/test_y.npy --dial {dial}");
    let simulated = json(&format!("simulate {blob} {test}"));
    assert_eq!(
        number(&simulated, "/metric"),
        number(&said, "/choice/test/figures/accuracy")
    );
    assert_eq!(
        number(&simulated, "/updates_mean"),
        number(&said, "/choice/test/figures/samples")
    );
    let predicted = json(&format!(
        "energy predict {blob} --board nrf52840-dk --sensor lis3dh {test}"
    ));
    assert_eq!(
        number(&predicted, "/uj_per_sequence/mid"),
        number(&said, "/choice/test/uj_per_sequence/mid")
    );
    let flash = said["choice"]["flash"].as_str().unwrap();
    assert!(
        flash.starts_with(&format!(
            "skiprnn flash {blob} --board nrf52840-dk --app classify-lis3dh"
        )),
        "{flash}"
    );
    let report = fs::read_to_string(f.path("fit/report.html")).unwrap();
    for part in [
        "Accuracy against energy",
        "Beside what else one would take",
        "Samples used",
        "By class (test part)",
        "<td>shake</td>",
        "If the choice is wrong",
        "CR2032 coin cell",
        "convolutional network with 16 filters",
        "LIS2DUX12",
    ] {
        assert!(report.contains(part), "{part}");
    }
    assert!(!report.contains("<script") && !report.contains("href=") && !report.contains("src="));
}

#[test]
fn a_candidate_is_chosen_by_its_target_and_another_target_trains_nothing() {
    let f = Folder::new();
    let data = recordings(&f, "data", 6, false);
    let out = f.at("fit");
    let first = json(&line(&data, &out, ""));
    assert_eq!(first["target"]["kind"], "knee");
    let groups = first["data"]["groups"].as_object().unwrap();
    assert!(
        ["training", "validation", "test"]
            .iter()
            .all(|part| !groups[*part].as_array().unwrap().is_empty()),
        "{groups:?}"
    );
    let candidates = first["candidates"].as_array().unwrap();
    let of = |c: &Value| (number(c, "/uj_per_hour"), number(c, "/accuracy"));
    let (dearest, _) = candidates
        .iter()
        .map(of)
        .fold((0.0f64, 0.0f64), |a, b| (a.0.max(b.0), a.1.max(b.1)));
    let trained = fs::read_dir(f.path("fit/runs")).unwrap().count();
    let model = f.path("fit/runs/skip-gru-32/seed-1/training.json");
    let before = fs::read(&model).unwrap();
    let budget = (dearest / 2.0).round();
    let second = json(&line(&data, &out, &format!(" --resume --budget-uj-per-hour {budget}")));
    let within: Vec<f64> = candidates
        .iter()
        .map(of)
        .filter(|(uj, _)| *uj <= budget)
        .map(|(_, a)| a)
        .collect();
    let best = within.iter().copied().fold(0.0, f64::max);
    assert_eq!(number(&second, "/choice/validation/accuracy"), best);
    assert!(number(&second, "/choice/validation/uj_per_hour") <= 1.1 * budget);
    assert_eq!(second["candidates"], first["candidates"]);
    assert_eq!(
        (
            fs::read(&model).unwrap(),
            fs::read_dir(f.path("fit/runs")).unwrap().count()
        ),
        (before, trained)
    );
    // A share that no model reaches: everything is written, and the command says how far it came.
    let said = skiprnn(line(&data, &out, " --resume --accuracy 0.99999").split(' '));
    let stderr = String::from_utf8_lossy(&said.stderr);
    let third = stored(&f, "fit/fit.json");
    match third["target"]["reached"].as_bool().unwrap() {
        true => assert!(said.status.success(), "{stderr}"),
        false => {
            assert_eq!(said.status.code(), Some(1), "{stderr}");
            assert!(
                stderr.contains("the most accurate model has") && stderr.contains("too little"),
                "{stderr}"
            );
        }
    }
}

/// Starts a command and kills it as soon as a file is there; whether it was still at work then.
fn killed_at(line: &str, file: &Path) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_skiprnn"))
        .args(line.split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !file.exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let at_work = child.try_wait().unwrap().is_none();
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    at_work
}

#[test]
fn killed_it_continues_and_ends_with_the_same_model_and_figures() {
    let f = Folder::new();
    let data = recordings(&f, "data", 4, false);
    let (killed, whole) = (f.at("killed"), f.at("whole"));
    let longer = |out: &str, more: &str| line(&data, out, more).replace("--steps 60", "--steps 300");
    json(&longer(&whole, ""));
    let file = |name: &str| f.path("killed/runs").join(name);
    let in_first = file("skip-gru-32/seed-1/checkpoint.safetensors");
    assert!(
        killed_at(&longer(&killed, ""), &in_first),
        "it was over before it could be killed"
    );
    let after_some = file("gru-32-every-2/seed-1/training.json");
    assert!(
        killed_at(&longer(&killed, " --resume"), &after_some),
        "it was over before it could be killed"
    );
    let finished = fs::read(&after_some).unwrap();
    json(&longer(&killed, " --resume"));
    assert_eq!(
        fs::read(&after_some).unwrap(),
        finished,
        "a finished training was touched"
    );
    let text = |name: &str| fs::read_to_string(f.path(name)).unwrap();
    assert_eq!(text("killed/fit.json").replace(&killed, &whole), text("whole/fit.json"));
    assert_eq!(
        text("killed/report.html").replace(&killed, &whole),
        text("whole/report.html")
    );
    assert!(fs::read(f.path("killed/model.srnn")).unwrap() == fs::read(f.path("whole/model.srnn")).unwrap());
}

#[test]
fn what_is_missing_is_told_in_numbers_before_anything_is_trained() {
    let f = Folder::new();
    let data = recordings(&f, "data", 6, false);
    let out = f.at("fit");
    let with = |data: &str, more: &str| line(data, &out, more);
    fails(
        &with(&recordings(&f, "two", 2, false), ""),
        1,
        &["groups: 2 (", "3 are the least", "record 1 more"],
    );
    fails(
        &with(&data, " --budget-uj-per-hour 10"),
        2,
        &["--budget-uj-per-hour: 10 uJ an hour", "the least possible is "],
    );
    fails(
        &with(&data, " --battery-mah 1 --days 100000"),
        2,
        &["--days: ", "1 mAh at 3 V", "the least possible is "],
    );
    fails(&with(&data, " --accuracy 90"), 2, &["--accuracy: is 90; give a share"]);
    fails(&with(&data, " --days 3"), 2, &["--battery-mah"]);
    fails(
        &with(&data, " --every 2"),
        2,
        &["--every: fixed rates are compared anyway"],
    );
    fails(&with(&data, " --minutes 0"), 2, &["--minutes: is 0"]);
    fails(&with(&data, " --resume"), 2, &["--resume: ", "holds no fit"]);
    let board = |name: &str| with(&data, "").replace("--board nrf52840-dk", &format!("--board {name}"));
    fails(&board("toaster"), 2, &["--board: ", "toaster"]);
    let sensor = |name: &str| with(&data, "").replace("--sensor lis3dh", &format!("--sensor {name}"));
    fails(&sensor("nose"), 2, &["--sensor: ", "nose"]);
    fails(
        &sensor("mp34dt06j"),
        2,
        &["--sensor: the sensor mp34dt06j gives 1 channels, the model reads 3"],
    );
    let one = PathBuf::from(recordings(&f, "one", 6, false));
    dataset::save_targets(&one.join("y.npy"), &Targets::Labels(vec![1; 160])).unwrap();
    fails(&with(&f.at("one"), ""), 1, &["1 class", "at least 2"]);
    let bare = PathBuf::from(recordings(&f, "bare", 6, false));
    fs::remove_file(bare.join("channels.toml")).unwrap();
    fails(&with(&f.at("bare"), ""), 2, &["--sample-period-s: missing"]);
    let period = " --sample-period-s 0.02";
    fails(
        &with(&f.at("bare"), period),
        2,
        &["--channel-units: missing for 3 of 3 channels"],
    );
    assert!(!f.path("fit").exists(), "nothing was begun");
    fs::create_dir(f.path("fit")).unwrap();
    fs::write(f.path("fit/plan.json"), "{}").unwrap();
    fails(&with(&data, ""), 2, &["holds a fit; continue it with --resume"]);
    fails(&with(&data, " --resume"), 1, &["plan.json: missing field"]);
}

#[test]
fn minutes_become_steps_once_and_stay_so() {
    let f = Folder::new();
    let data = recordings(&f, "data", 4, false);
    let timed = |minutes: &str| line(&data, &f.at("fit"), minutes).replace(" --steps 60", "");
    // Less than any machine needs: every training has the least number of steps, and it is said.
    let said = json(&timed(" --minutes 0.0001"));
    let steps: Vec<u64> = said["trainings"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|t| t["steps"].as_u64())
        .collect();
    assert!(steps.len() >= 5 && steps.iter().all(|n| *n == 100), "{steps:?}");
    let notes = said["notes"].to_string();
    assert!(
        notes.contains("the time is short: full trainings of the first"),
        "{notes}"
    );
    assert!(!f.path("fit/speed").exists());
    fails(
        &timed(" --resume --minutes 5"),
        2,
        &["--minutes: the fit in ", "was begun with 0.0001; give that"],
    );
    assert_eq!(json(&timed(" --resume --minutes 0.0001")), said);
}

/// Long recordings with a class at every sample, one of each person, as CSV files.
fn continuous(f: &Folder) -> String {
    for person in 0..6 {
        let folder = f.path("long").join(format!("p{person}"));
        fs::create_dir_all(&folder).unwrap();
        let (x, _) = sequences(60, 100 * person);
        let mut text = String::from("time (s),acceleration x (g),acceleration y (g),acceleration z (g),label\n");
        for (t, sample) in x.values.chunks_exact(3).take(60 * LENGTH - 10 * person).enumerate() {
            let class = CLASSES.split(',').nth(t / LENGTH % 2).unwrap();
            text += &format!(
                "{:.2},{},{},{},{class}\n",
                t as f64 * 0.02,
                sample[0],
                sample[1],
                sample[2]
            );
        }
        fs::write(folder.join("recording.csv"), text).unwrap();
    }
    f.at("long")
}

#[test]
fn long_recordings_are_cut_into_windows_and_it_is_said() {
    let f = Folder::new();
    let said = json(&line(&continuous(&f), &f.at("fit"), ""));
    // 1.28 s at 50 Hz.
    assert_eq!(
        (&said["data"]["window"]["length"], &said["data"]["window"]["stride"]),
        (&64.into(), &32.into())
    );
    let notes: Vec<&str> = said["notes"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(Value::as_str)
        .collect();
    assert!(
        notes
            .iter()
            .any(|n| n.contains("windows of 1.280 s (64 samples, one every 32)")),
        "{notes:?}"
    );
    assert!(
        !said["choice"]["test"]["figures"]["groups"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}
