//! Arrays: .npy and .npz files, their axes, types and answers.

use crate::common::{Folder, fails, json, skiprnn};
use std::path::Path;

/// A `.npy` file of version 1.0.
fn npy(descr: &str, is_fortran: bool, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let axes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let order = if is_fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({axes}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn f32s(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// Sample t of channel i in sequence n: the first channel tells the class n % 2 by its sign.
fn sample(n: usize, t: usize, i: usize) -> f32 {
    let sign = if n.is_multiple_of(2) { -1.0 } else { 1.0 };
    if i == 0 {
        sign * (1.0 + t as f32 / 8.0)
    } else {
        (n + 3 * t + i) as f32 / 16.0
    }
}

/// Forty sequences of 12 samples and 3 channels, (N, T, I).
fn x() -> Vec<u8> {
    let all = (0..40).flat_map(|n| (0..12).flat_map(move |t| (0..3).map(move |i| sample(n, t, i))));
    npy("<f4", false, &[40, 12, 3], &f32s(all))
}

fn y() -> Vec<u8> {
    npy("|u1", false, &[40], &[0, 1].repeat(20))
}

fn write(folder: &Folder, name: &str, bytes: &[u8]) {
    std::fs::write(folder.path(name), bytes).expect("writable");
}

/// What `data describe` says of the folder.
fn described(folder: &Folder, options: &str) -> serde_json::Value {
    json(&format!("data describe {}{options}", folder.at("")))
}

fn train(folder: &Folder, options: &str) -> String {
    format!(
        "train dataset --data {}{options} --hidden 4 --steps 2 --eval-every 2 --batch 8 --threads 1 --out {}",
        folder.at(""),
        folder.at("run")
    )
}

/// The list under a key, as one text.
fn lines(summary: &serde_json::Value, key: &str) -> String {
    summary[key].to_string()
}

#[test]
fn a06_channels_first_is_asked_for_and_read() {
    let folder = Folder::new();
    let first = (0..40).flat_map(|n| (0..3).flat_map(move |i| (0..12).map(move |t| sample(n, t, i))));
    write(&folder, "x.npy", &npy("<f4", false, &[40, 3, 12], &f32s(first)));
    write(&folder, "y.npy", &y());
    let summary = described(&folder, "");
    let doubts = lines(&summary, "doubts");
    assert!(
        doubts.contains("are the channels first") && doubts.contains("--axes channels-first"),
        "{doubts}"
    );
    fails(
        &train(&folder, ""),
        1,
        &["x.npy", "channels first", "--axes channels-first"],
    );

    let right = described(&folder, " --axes channels-first");
    assert_eq!(
        (
            right["doubts"].as_array().unwrap().len(),
            right["channels"].as_array().unwrap().len()
        ),
        (0, 3)
    );
    assert_eq!(right["parts"][0]["length_most"], 12);
    json(&train(&folder, " --axes channels-first"));
    // The same as the array in the other order.
    write(&folder, "x.npy", &x());
    let plain = described(&folder, "");
    assert_eq!(plain["channels"], right["channels"]);
    assert_eq!(plain["doubts"].as_array().unwrap().len(), 0);

    let one = (0..40).flat_map(|n| (0..12).map(move |t| sample(n, t, 0)));
    write(&folder, "x.npy", &npy("<f4", false, &[40, 1, 12], &f32s(one)));
    fails(
        &train(&folder, ""),
        1,
        &["1 sample of 12 channels", "--axes channels-first"],
    );
    let right = described(&folder, " --axes channels-first");
    assert_eq!(
        (
            right["channels"].as_array().unwrap().len(),
            &right["parts"][0]["length_most"]
        ),
        (1, &12.into())
    );
}

#[test]
fn a08_whole_numbers_and_single_ones_are_asked_whether_they_are_classes() {
    let folder = Folder::new();
    write(&folder, "x.npy", &x());
    write(
        &folder,
        "y.npy",
        &npy(
            "<f8",
            false,
            &[40],
            &[0f64, 1.0]
                .repeat(20)
                .into_iter()
                .flat_map(f64::to_le_bytes)
                .collect::<Vec<_>>(),
        ),
    );
    let doubts = lines(&described(&folder, ""), "doubts");
    assert!(
        doubts.contains("whole numbers 0 to 1") && doubts.contains("--loss ce"),
        "{doubts}"
    );
    fails(
        &train(&folder, ""),
        1,
        &["y.npy", "are they classes?", "--loss ce", "--loss mse"],
    );
    assert_eq!(json(&train(&folder, " --loss ce"))["metric_name"], "accuracy");
    std::fs::remove_dir_all(folder.path("run")).unwrap();
    assert_eq!(json(&train(&folder, " --loss mse"))["metric_name"], "mse");

    let rows: Vec<u8> = (0..40)
        .flat_map(|n| [u8::from(n % 2 == 0), u8::from(n % 2 == 1)])
        .collect();
    for (descr, bytes, other) in [
        ("|u1", rows.clone(), "--loss bce"),
        ("<f4", f32s(rows.iter().map(|v| f32::from(*v))), "--loss mse"),
    ] {
        write(&folder, "y.npy", &npy(descr, false, &[40, 2], &bytes));
        fails(&train(&folder, ""), 1, &["single 1", "one-hot", "--loss ce", other]);
        std::fs::remove_dir_all(folder.path("run")).ok();
        assert_eq!(json(&train(&folder, " --loss ce"))["metric_name"], "accuracy");
    }
    // (N, 1) integers are class labels.
    write(
        &folder,
        "y.npy",
        &npy(
            "<i8",
            false,
            &[40, 1],
            &[0i64, 1]
                .repeat(20)
                .into_iter()
                .flat_map(i64::to_le_bytes)
                .collect::<Vec<_>>(),
        ),
    );
    let summary = described(&folder, "");
    assert_eq!(
        (&summary["objective"], &summary["outputs"]),
        (&"classification".into(), &2.into())
    );
    assert_eq!(summary["doubts"].as_array().unwrap().len(), 0);
}

/// Better than a refusal: the long file costs what it holds, not the number of files times its length.
#[cfg(target_os = "linux")]
#[test]
fn b03_one_long_file_among_small_ones_costs_nothing_but_itself() {
    let folder = Folder::new();
    let mut labels = String::from("file,label\n");
    for n in 0..300 {
        let lines = if n == 150 { 300_000 } else { 100 };
        let text: String = (0..lines).map(|t| format!("{},{}\n", n % 2, t % 7)).collect();
        write(&folder, &format!("{n}.csv"), text.as_bytes());
        labels += &format!("{n}.csv,{}\n", n % 2);
    }
    write(&folder, "labels.csv", labels.as_bytes());
    // Padded, the values alone would take 720 MB.
    let line = format!(
        "ulimit -v 400000 && exec {} data describe {} --window 50:50 --json",
        env!("CARGO_BIN_EXE_skiprnn"),
        folder.at("")
    );
    let out = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let windows: u64 = summary["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["sequences"].as_u64().unwrap())
        .sum();
    assert_eq!(windows, 299 * 2 + 6000);
}

/// Better than a message: the parts are pieces of the recording, with gaps between them, and a warning says so.
#[test]
fn d02_one_long_recording_is_split_by_time_with_gaps() {
    let folder = Folder::new();
    let text: String = (0..4000)
        .map(|t| {
            format!(
                "{},{}\n",
                (t as f32 * 0.3).sin(),
                if t / 200 % 2 == 0 { "walk" } else { "sit" }
            )
        })
        .collect();
    write(&folder, "s0.csv", format!("ax,label\n{text}").as_bytes());
    write(&folder, "labels.csv", b"file,group\ns0.csv,1\ns1.csv,1\n");
    // Of several recordings of one group it is the groups that are too few.
    write(&folder, "s1.csv", format!("ax,label\n{text}").as_bytes());
    let refusal = ["groups: 1 in all", "remove the groups"];
    fails(&train(&folder, " --window 100:50"), 1, &refusal);
    let summary = described(&folder, " --window 100:50");
    assert_eq!(summary["parts"].as_array().unwrap().len(), 1, "{summary}");
    assert!(
        refusal.iter().all(|word| lines(&summary, "warnings").contains(word)),
        "{summary}"
    );
    std::fs::remove_file(folder.path("s1.csv")).unwrap();
    write(&folder, "labels.csv", b"file\ns0.csv\n");
    let summary = described(&folder, " --window 100:50 --test-share 0.2");
    let warnings = lines(&summary, "warnings");
    assert!(
        warnings.contains("resemble each other") && warnings.contains("cut it into several files"),
        "{warnings}"
    );
    let parts = summary["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 3);
    let count = |k: usize| parts[k]["sequences"].as_u64().unwrap();
    assert!(count(0) > 20 && count(1) > 5 && count(2) > 5, "{parts:?}");
    assert!(
        count(0) + count(1) + count(2) < 79,
        "windows in the gaps belong to no part"
    );
    json(&train(&folder, " --window 100:50"));
}

#[test]
fn d14_half_precision_and_e08_integers_and_fortran_order_are_read() {
    let folder = Folder::new();
    write(&folder, "y.npy", &y());
    write(&folder, "x.npy", &x());
    let plain = described(&folder, "");
    // The values of `sample` are multiples of 1/16 below 8, which half precision holds exactly.
    let all = || (0..40).flat_map(|n| (0..12).flat_map(move |t| (0..3).map(move |i| sample(n, t, i))));
    let half = |v: f32| -> u16 {
        let bits = v.to_bits();
        match v {
            0.0 => 0,
            _ => ((bits >> 16 & 0x8000) | ((bits >> 23 & 0xff).wrapping_sub(112) << 10) | (bits >> 13 & 0x3ff)) as u16,
        }
    };
    let halves: Vec<u8> = all().flat_map(|v| half(v).to_le_bytes()).collect();
    write(&folder, "x.npy", &npy("<f2", false, &[40, 12, 3], &halves));
    assert_eq!(described(&folder, "")["channels"], plain["channels"]);
    let doubles: Vec<u8> = all().flat_map(|v| f64::from(v).to_be_bytes()).collect();
    write(&folder, "x.npy", &npy(">f8", false, &[40, 12, 3], &doubles));
    assert_eq!(described(&folder, "")["channels"], plain["channels"]);
    let fortran = (0..3).flat_map(|i| (0..12).flat_map(move |t| (0..40).map(move |n| sample(n, t, i))));
    write(&folder, "x.npy", &npy("<f4", true, &[40, 12, 3], &f32s(fortran)));
    assert_eq!(described(&folder, "")["channels"], plain["channels"]);
    json(&train(&folder, ""));

    let counts: Vec<u8> = all().flat_map(|v| ((v * 1000.0) as i16).to_be_bytes()).collect();
    write(&folder, "x.npy", &npy(">i2", false, &[40, 12, 3], &counts));
    let summary = described(&folder, "");
    assert_eq!(summary["channels"][0]["most"], 2375.0);
    let warnings = lines(&summary, "warnings");
    assert!(
        warnings.contains("whole numbers") && warnings.contains("unit"),
        "{warnings}"
    );
}

#[test]
fn e08_words_are_class_names_and_object_arrays_name_the_way_out() {
    let folder = Folder::new();
    write(&folder, "x.npy", &x());
    let words = ["walk", "sit"].repeat(20);
    let unicode: Vec<u8> = words
        .iter()
        .flat_map(|w| (0..4).flat_map(|k| w.chars().nth(k).map_or(0, u32::from).to_le_bytes()))
        .collect();
    let plain: Vec<u8> = words.iter().flat_map(|w| format!("{w:\0<5}").into_bytes()).collect();
    for (descr, bytes) in [("<U4", unicode), ("|S5", plain)] {
        write(&folder, "y.npy", &npy(descr, false, &[40], &bytes));
        let summary = described(&folder, "");
        assert_eq!(summary["class_names"], serde_json::json!(["sit", "walk"]), "{descr}");
        assert_eq!(summary["parts"][0]["class_counts"].as_array().unwrap().len(), 2);
    }
    json(&train(&folder, ""));
    write(&folder, "x.npy", &npy("|O", false, &[40], &[0; 400]));
    fails(
        &format!("data describe {}", folder.at("")),
        1,
        &["x.npy", "object", "lengths.npy", "numpy.save"],
    );
}

/// CRC-32 of ISO 3309, which a zip archive needs.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 }
        })
    })
}

/// An archive of files that are not packed.
fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let start = bytes.len() as u32;
        let mut about = [20u16, 0, 0, 0, 0].map(u16::to_le_bytes).concat();
        for n in [crc32(content), content.len() as u32, content.len() as u32] {
            about.extend(n.to_le_bytes());
        }
        about.extend((name.len() as u16).to_le_bytes());
        about.extend([0; 2]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&about);
        bytes.extend(name.as_bytes());
        bytes.extend(content);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&about);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, size, count) = (bytes.len() as u32, directory.len() as u32, files.len() as u16);
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].map(u16::to_le_bytes).concat());
    bytes.extend([size, at].map(u32::to_le_bytes).concat());
    bytes.extend([0; 2]);
    bytes
}

#[test]
fn e04_archives_by_the_names_that_people_give_and_with_both_parts() {
    let folder = Folder::new();
    let archive = |names: [&str; 4]| {
        let arrays = [x(), y(), x(), y()];
        let files: Vec<(String, Vec<u8>)> = names.iter().map(|n| format!("{n}.npy")).zip(arrays).collect();
        let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(n, a)| (n.as_str(), a.clone())).collect();
        zip(&files)
    };
    for names in [
        ["X_train", "y_train", "X_test", "y_test"],
        ["train_x", "train_y", "test_x", "test_y"],
        ["xTrain", "yTrain", "xTest", "yTest"],
        ["train_data", "train_labels", "test_data", "test_labels"],
        ["X", "Y", "X_test", "Y_test"],
    ] {
        write(&folder, "data.npz", &archive(names));
        let summary = json(&format!("data describe {}", folder.at("data.npz")));
        let parts: Vec<&str> = summary["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["part"].as_str().unwrap())
            .collect();
        assert_eq!(parts, ["training", "validation", "test"], "{names:?}");
        assert_eq!(summary["parts"][2]["sequences"], 40);
    }
    let run = folder.at("run");
    json(&format!(
        "train dataset --data {} --hidden 4 --steps 2 --eval-every 2 --batch 8 --threads 1 --out {run}",
        folder.at("data.npz")
    ));
    assert_eq!(json(&format!("eval {run}"))["sequences"], 40);
    write(
        &folder,
        "data.npz",
        &zip(&[("X.npy", x()), ("y.npy", y()), ("fold.npy", y())]),
    );
    let warnings = lines(&json(&format!("data describe {}", folder.at("data.npz"))), "warnings");
    assert!(warnings.contains("not read: fold"), "{warnings}");
    write(&folder, "data.npz", &zip(&[("signals.npy", x())]));
    fails(
        &format!("data describe {}", folder.at("data.npz")),
        1,
        &["data.npz", "no such array, but signals", "save x="],
    );
}

#[test]
fn e10_what_is_no_finite_number_is_named() {
    let folder = Folder::new();
    write(&folder, "y.npy", &y());
    for (value, word) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        let mut values: Vec<f32> = vec![0.5; 40 * 12 * 3];
        values[(7 * 12 + 4) * 3 + 2] = value;
        write(&folder, "x.npy", &npy("<f4", false, &[40, 12, 3], &f32s(values)));
        fails(
            &format!("data describe {}", folder.at("")),
            1,
            &[
                "x.npy",
                "sequence 7, sample 4, channel 2",
                word,
                "remove or interpolate",
            ],
        );
    }
}

#[test]
fn labels_from_one_are_classes_of_that_name() {
    let folder = Folder::new();
    write(&folder, "x.npy", &x());
    let labels: Vec<u8> = (0..40).map(|n| 1 + n % 9).collect();
    write(&folder, "y.npy", &npy("|u1", false, &[40], &labels));
    let summary = described(&folder, " --test-share 0.3");
    let names: Vec<String> = (1..10).map(|n| n.to_string()).collect();
    assert_eq!(
        (&summary["outputs"], &summary["class_names"]),
        (&9.into(), &serde_json::json!(names))
    );
    // A test part that lacks some of them counts by the same names.
    let test = Folder::new();
    write(&test, "train_x.npy", &x());
    write(&test, "train_y.npy", &npy("|u1", false, &[40], &labels));
    write(&test, "test_x.npy", &x());
    write(&test, "test_y.npy", &npy("|u1", false, &[40], &[4; 40]));
    let summary = described(&test, "");
    assert_eq!(
        summary["parts"][2]["class_counts"],
        serde_json::json!([0, 0, 0, 40, 0, 0, 0, 0, 0])
    );
    // Labels that begin at 0, and names that are given, mean what they meant.
    write(&folder, "y.npy", &y());
    assert_eq!(described(&folder, "")["outputs"], 2);
    write(&folder, "y.npy", &npy("|u1", false, &[40], &[1, 2].repeat(20)));
    let named = described(&folder, " --class-names none,low,high");
    assert_eq!(named["parts"][0]["class_counts"][0], 0);
}

#[test]
fn d17_many_absent_classes_and_silent_channels_are_one_line_each() {
    let folder = Folder::new();
    let labels: Vec<u8> = (0..500u16).flat_map(|n| (n % 400).to_le_bytes()).collect();
    let values = (0..500 * 4).flat_map(|k| (0..16).map(move |i| if i == 0 { k as f32 } else { 0.0 }));
    // As many samples as channels, so that nothing else is in doubt.
    let values: Vec<f32> = values.collect::<Vec<_>>().repeat(4);
    write(&folder, "x.npy", &npy("<f4", false, &[500, 16, 16], &f32s(values)));
    write(&folder, "y.npy", &npy("<u2", false, &[500], &labels));
    let summary = described(&folder, "");
    let warnings: Vec<&str> = summary["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w.as_str().unwrap())
        .collect();
    let absent = warnings
        .iter()
        .find(|w| w.contains("validation part has no sequence of"))
        .unwrap();
    assert!(
        absent.len() < 120 && absent.contains("of 400 classes") && absent.ends_with("more"),
        "{absent}"
    );
    let constant: Vec<&&str> = warnings.iter().filter(|w| w.contains("constant")).collect();
    assert!(
        constant.len() == 1 && constant[0].contains("channels 1, 2, 3"),
        "{constant:?}"
    );

    write(&folder, "x.npy", &x());
    write(&folder, "y.npy", &npy("|u1", false, &[40], &[1; 40]));
    let warnings = lines(&described(&folder, ""), "warnings");
    assert!(warnings.contains("at least two classes"), "{warnings}");
}

#[test]
fn a_small_validation_part_says_how_little_it_decides() {
    let folder = Folder::new();
    write(&folder, "x.npy", &x());
    write(&folder, "y.npy", &y());
    let summary = described(&folder, "");
    // A third of a small set: 13 of 40.
    assert_eq!(
        (&summary["parts"][0]["sequences"], &summary["parts"][1]["sequences"]),
        (&27.into(), &13.into())
    );
    let error = summary["parts"][1]["accuracy_error"].as_f64().unwrap();
    assert!((error - 0.1387).abs() < 1e-4, "{error}");
    let warnings = lines(&summary, "warnings");
    assert!(
        warnings.contains("has 13 sequences: an accuracy on them is uncertain by about ±0.14"),
        "{warnings}"
    );
    let out = skiprnn(train(&folder, "").split(' '));
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(said.contains("uncertain by about"), "{said}");
}

/// Headers that state more than the file holds, or that a parser would choke on, are refused before anything is allocated.
#[test]
fn headers_that_promise_too_much_are_refused() {
    let folder = Folder::new();
    let refused = |bytes: &[u8], needles: &[&str]| {
        write(&folder, "x.npy", bytes);
        assert!(Path::new(&folder.at("x.npy")).exists());
        fails(&format!("data describe {}", folder.at("x.npy")), 1, needles);
    };
    refused(
        &npy("<f4", false, &[1 << 40, 128, 6], &[0; 64]),
        &["x.npy", "truncated"],
    );
    refused(
        &npy("<f4", false, &[1 << 62, 1 << 62], &[0; 64]),
        &["x.npy", "too large"],
    );
    let text = |text: &str| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    };
    refused(&text(&"[".repeat(50_000)), &["x.npy", "brackets"]);
    refused(
        &text("{'descr': '<f4', 'fortran_order': False, 'shape': (0xffffffffffffffff, 0xff), }"),
        &["x.npy", "header"],
    );
    let mut long = b"\x93NUMPY\x02\x00".to_vec();
    long.extend(u32::MAX.to_le_bytes());
    refused(&long, &["x.npy", "64 KiB"]);
}
