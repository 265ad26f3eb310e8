//! Sets of recordings as they are published, and as other programs export them.

use super::folders::{count, describe, groups, text_has};
use crate::common::{Folder, fails, skiprnn};
use serde_json::{Value, json as value};
use std::fs;

#[test]
fn d15_wisdm_is_read_as_it_is_published() {
    let f = Folder::new();
    let mut text = String::new();
    for user in 1..5 {
        for (k, activity) in ["Walking", "Jogging"].iter().enumerate() {
            for t in 0..30u64 {
                // A pause of the clock in the middle, two records in one line, and a comma before the end.
                let time = 49_105_962_326_000 + t * 50_000_000 + if t >= 15 { 60_000_000_000 } else { 0 };
                let end = ["\n", "", ",;\n"][(t % 3) as usize];
                let end = if end == ",;\n" {
                    ",;\n"
                } else if end.is_empty() {
                    ";"
                } else {
                    ";\n"
                };
                text += &format!("{user},{activity},{time},{}.5,{k},9.8{end}", t % 4);
            }
            text += "\n";
        }
    }
    text += "4,Walking,0,0,0,3.21;\n11,Walking,1867172313000,4.4,4.4,;\n";
    f.write("raw/WISDM_ar_v1.1_raw.txt", &text);
    f.write("raw/WISDM_ar_v1.1_raw_about.txt", "About the set: 36 people\n");
    let d = describe(&f, "raw");
    assert!(text_has(&d, "warnings", "raw_about.txt"), "{d}");
    assert_eq!((d["format"].as_str(), count(&d)), (Some("WISDM text"), 16));
    assert_eq!(d["class_names"], value!(["Jogging", "Walking"]));
    assert_eq!(groups(&d), ["1", "2", "3", "4"]);
    assert!((d["sample_period_s"].as_f64().unwrap() - 0.05).abs() < 1e-6, "{d}");
    assert!(text_has(&d, "warnings", "2 records that lack a value or a time"), "{d}");
    assert!(text_has(&d, "readings", "jump of the clock"));
    assert_eq!(d["channels"][2]["unit"], "g", "as in other tables");
    // As CSV, with and without the header of its copies.
    let lines: Vec<String> = text
        .split([';', '\n'])
        .filter(|l| l.matches(',').count() == 5)
        .map(str::to_owned)
        .collect();
    for header in ["", "user,activity,timestamp,x-axis,y-axis,z-axis\n"] {
        f.write("all.csv", format!("{header}{}\n", lines.join("\n")));
        assert_eq!(count(&describe(&f, "all.csv")), 16, "{header}");
    }
}

#[test]
fn e07_uci_har_is_read_as_it_is_published() {
    let f = Folder::new();
    f.write(
        "UCI HAR Dataset/activity_labels.txt",
        "1 WALKING\n2 SITTING\n3 LAYING\n",
    );
    f.write("UCI HAR Dataset/README.txt", "about the set\n");
    f.write("UCI HAR Dataset/features.txt", "1 tBodyAcc-mean()-X\n");
    for (part, n) in [("train", 12), ("test", 6)] {
        let at = |name: &str| format!("UCI HAR Dataset/{part}/{name}_{part}.txt");
        for (k, channel) in ["total_acc_x", "total_acc_y", "body_gyro_x"].iter().enumerate() {
            let line = |n: usize| {
                (0..16)
                    .map(|t| format!(" {:15.7e}", ((n + 1) * (t + k)) as f32 / 50.0))
                    .collect::<String>()
                    + "\n"
            };
            f.write(
                &at(&format!("Inertial Signals/{channel}")),
                (0..n).map(line).collect::<String>(),
            );
        }
        f.write(&at("X"), (0..n).map(|n| format!("  {n}.0  2.5\n")).collect::<String>());
        f.write(&at("y"), (0..n).map(|n| format!("{}\n", n % 3 + 1)).collect::<String>());
        let first = if part == "train" { 1 } else { 9 };
        f.write(
            &at("subject"),
            (0..n).map(|n| format!("{}\n", first + n / 2)).collect::<String>(),
        );
    }
    let data = f.path("UCI HAR Dataset");
    let described = |data: &std::path::Path| -> Value {
        let out = skiprnn([
            std::ffi::OsStr::new("data"),
            "describe".as_ref(),
            data.as_os_str(),
            "--json".as_ref(),
        ]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).unwrap()
    };
    let d = described(&data);
    assert_eq!((d["format"].as_str(), count(&d)), (Some("UCI HAR text files"), 18));
    assert_eq!(
        d["class_names"],
        value!(["WALKING", "SITTING", "LAYING"]),
        "in the order of their numbers"
    );
    assert_eq!((d["sample_period_s"].as_f64(), groups(&d).len()), (Some(0.02), 9));
    let channel = |k: usize| {
        (
            d["channels"][k]["name"].as_str().unwrap(),
            d["channels"][k]["unit"].as_str().unwrap(),
        )
    };
    assert_eq!(
        [channel(0), channel(2)],
        [("body_gyro_x", "rad/s"), ("total_acc_y", "g")]
    );
    assert_eq!(
        described(data.parent().unwrap())["format"],
        d["format"],
        "the folder around it"
    );
    let gyro = data.join("train/Inertial Signals/body_gyro_x_train.txt");
    fs::write(&gyro, "1 2 3\n1 2\n").unwrap();
    let out = skiprnn([std::ffi::OsStr::new("data"), "describe".as_ref(), data.as_os_str()]);
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(
        said.contains("body_gyro_x_train.txt: line 2: 2 numbers, the first line has 3"),
        "{said}"
    );
}

/// A recording in the data acquisition format.
fn acquisition(n: usize) -> Value {
    let sample = |t: usize| value!([(t * (n + 1)) % 7, (t % 3) as f32 / 2.0]);
    value!({
        "protected": {"ver": "v1", "alg": "HS256"}, "signature": "00",
        "payload": {
            "device_type": "X", "interval_ms": 10,
            "sensors": [{"name": "accX", "units": "m/s2"}, {"name": "accY", "units": "m/s2"}],
            "values": (0..20).map(sample).collect::<Vec<_>>(),
        }
    })
}

#[test]
fn e07_edge_impulse_exports_are_read_with_their_list() {
    let f = Folder::new();
    let mut files = Vec::new();
    for (part, n) in [("training", 6), ("testing", 2)] {
        for k in 0..n {
            let label = ["up-down", "idle"][k % 2];
            let path = format!("{part}/{label}.{k}x7.json");
            f.write(&format!("d/{path}"), acquisition(k).to_string());
            files.push(value!({"path": path, "category": part, "label": {"type": "label", "label": label}}));
        }
    }
    f.write("d/info.labels", value!({"version": 1, "files": files}).to_string());
    let d = describe(&f, "d");
    assert_eq!((d["class_names"].clone(), count(&d)), (value!(["idle", "up-down"]), 8));
    assert_eq!(
        (d["parts"][2]["sequences"].as_u64(), d["sample_period_s"].as_f64()),
        (Some(2), Some(0.01))
    );
    assert_eq!(
        (d["channels"][0]["name"].as_str(), &d["doubts"]),
        (Some("accX"), &value!([]))
    );
    // Stretches with classes of their own; a file that the list lacks is told.
    let spans = value!({"type": "multi-label", "labels": [
        {"label": "idle", "startIndex": 0, "endIndex": 9}, {"label": "up-down", "startIndex": 10, "endIndex": 19}]});
    let list: Vec<Value> = (0..3)
        .map(|k| value!({"path": format!("{k}.json"), "category": "training", "label": spans}))
        .collect();
    (0..4).for_each(|k| f.write(&format!("m/{k}.json"), acquisition(k).to_string()));
    f.write("m/info.labels", value!({"version": 1, "files": list}).to_string());
    let d = describe(&f, "m");
    assert_eq!((d["every_step"].as_bool(), count(&d)), (Some(true), 3));
    assert!(
        text_has(&d, "warnings", "1 files that info.labels does not name"),
        "{d}"
    );
    f.write("m/info.labels", value!({"version": 7, "files": []}).to_string());
    fails(
        &format!("data describe {}", f.at("m")),
        1,
        &["info.labels: version: is 7"],
    );
    f.write(
        "m/info.labels",
        value!({"version": 1, "files": [{"path": "../x.json"}]}).to_string(),
    );
    fails(&format!("data describe {}", f.at("m")), 1, &["no such file"]);
}

#[test]
fn e07_times_of_edge_impulse_tables_are_milliseconds() {
    let f = Folder::new();
    let mut files = Vec::new();
    for n in 0..4usize {
        let line = |t: usize| format!("{},{},1.5\n", t * 16, (t * (n + 1)) % 7);
        f.write(
            &format!("d/{n}.csv"),
            format!("timestamp,accX,accY\n{}", (0..30).map(line).collect::<String>()),
        );
        let label = ["a", "b"][n % 2];
        files.push(
            value!({"path": format!("{n}.csv"), "category": "training", "label": {"type": "label", "label": label}}),
        );
    }
    f.write("d/info.labels", value!({"version": 1, "files": files}).to_string());
    let d = describe(&f, "d");
    assert!((d["sample_period_s"].as_f64().unwrap() - 0.016).abs() < 1e-9, "{d}");
    assert_eq!(d["doubts"], value!([]), "the format says the unit");
}
