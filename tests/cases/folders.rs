//! Folders of recordings: what their names and their files say.

use crate::common::{Folder, fails, json, skiprnn};
use float_model::{Sequences, Targets};
use serde_json::{Value, json as value};
use std::fs;

pub(super) const TINY: &str = "--cell gru --hidden 4 --batch 8 --steps 4 --eval-every 2 --threads 1";

impl Folder {
    /// Writes a file, with the folders above it.
    pub(super) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// Writes recordings of two channels, one a name, of unequal values.
    pub(super) fn recordings(&self, names: &[&str]) {
        for (n, name) in names.iter().enumerate() {
            self.write(name, samples("ax,ay", n));
        }
    }
}

/// Twelve samples of recording `n` under a header of two channels.
pub(super) fn samples(header: &str, n: usize) -> String {
    let line = |t: usize| format!("{},{}\n", (t * (n + 2)) % 7, ((n + t * t) % 5) as f32 / 2.0);
    format!("{header}\n{}", (0..12).map(line).collect::<String>())
}

pub(super) fn describe(f: &Folder, name: &str) -> Value {
    json(&format!("data describe {}", f.at(name)))
}

/// Groups of all parts, sorted.
pub(super) fn groups(described: &Value) -> Vec<String> {
    let parts = described["parts"].as_array().unwrap();
    let all = parts.iter().flat_map(|p| p["groups"].as_array().unwrap());
    let mut groups: Vec<String> = all.map(|g| g.as_str().unwrap().to_owned()).collect();
    groups.sort();
    groups
}

/// Sequences of all parts.
pub(super) fn count(described: &Value) -> u64 {
    let parts = described["parts"].as_array().unwrap();
    parts.iter().map(|p| p["sequences"].as_u64().unwrap()).sum()
}

pub(super) fn text(described: &Value, field: &str) -> String {
    let texts = described[field].as_array().unwrap().iter();
    texts
        .map(|t| t.as_str().map_or_else(|| t.to_string(), str::to_owned) + "\n")
        .collect()
}

pub(super) fn text_has(described: &Value, field: &str, needle: &str) -> bool {
    text(described, field).contains(needle)
}

#[test]
fn d15_long_form_with_other_names_begins_anew_at_changes() {
    let f = Folder::new();
    let mut lines = String::from("user,activity,time_ms,ax\n");
    for user in ["anna", "bo", "cy"] {
        for (k, activity) in ["walk", "sit"].iter().enumerate() {
            (0..20).for_each(|t| lines += &format!("{user},{activity},{},{}\n", t * 20 + k * 400, (t * (k + 1)) % 5));
        }
    }
    f.write("all.csv", lines);
    let d = describe(&f, "all.csv");
    assert_eq!((count(&d), groups(&d).len()), (6, 3));
    assert_eq!(d["class_names"], value!(["sit", "walk"]));
    assert!(
        text_has(&d, "readings", "6 in") && text_has(&d, "readings", "change of the group"),
        "{d}"
    );
}

/// 8-bit silence would be one class; this is a tone of its own for every name.
fn wav(f: &Folder, name: &str, n: usize) {
    let data: Vec<u8> = (0..1600)
        .flat_map(|t| (((t * (n + 1)) % 200) as i16 * 80).to_le_bytes())
        .collect();
    let mut bytes = Vec::from(*b"RIFF");
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    for v in [16u32, 0x0001_0001, 8000, 16_000, 0x0010_0002] {
        bytes.extend(v.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    f.write(name, bytes);
}

#[test]
fn e03_a_folder_is_a_class_and_speakers_stay_in_one_part() {
    let f = Folder::new();
    for n in 0..4 {
        wav(&f, &format!("d/yes/{n}_nohash_0.wav"), n);
        wav(&f, &format!("d/no/{n}_nohash_0.wav"), n + 7);
    }
    wav(&f, "d/_background_noise_/noise.wav", 3);
    f.write("d/testing_list.txt", "yes/0_nohash_0.wav\n");
    f.write("d/README.md", "words\n");
    let d = describe(&f, "d");
    assert_eq!((&d["class_names"], count(&d)), (&value!(["no", "yes"]), 8));
    assert_eq!(groups(&d), ["0", "1", "2", "3"], "one part each");
    assert!(text_has(&d, "readings", "2 folders of level 1 (no, yes)"), "{d}");
    assert!(
        text_has(&d, "warnings", "_background_noise_") && text_has(&d, "warnings", "text files"),
        "{d}"
    );
    assert_eq!(d["doubts"], value!([]));
}

#[test]
fn e03_folders_of_classes_and_of_persons_are_told_apart() {
    let f = Folder::new();
    let both = ["walk", "sit"].map(|c| ["s01", "s02", "s03"].map(|s| (c, s)));
    for (n, (class, subject)) in both.into_iter().flatten().enumerate() {
        f.write(&format!("a/{class}/{subject}/1.csv"), samples("ax,ay", n));
        f.write(
            &format!("b/Subject {}/{class}/1.csv", &subject[1..]),
            samples("ax,ay", n),
        );
        f.write(&format!("c/{class}/{n}.csv"), samples("ax,ay", n));
        f.write(&format!("t/train/{class}/{n}.csv"), samples("ax,ay", n));
        f.write(&format!("t/test/{class}/{n}.csv"), samples("ax,ay", n + 9));
        f.write(
            &format!("n/{}/{class}/{subject}.csv", ["anna", "bo", "cy"][n % 3]),
            samples("ax,ay", n),
        );
    }
    for (name, expected) in [
        ("a", vec!["s01", "s02", "s03"]),
        ("b", vec!["Subject 01", "Subject 02", "Subject 03"]),
        ("c", vec![]),
    ] {
        let d = describe(&f, name);
        assert_eq!((&d["class_names"], count(&d)), (&value!(["sit", "walk"]), 6), "{name}");
        assert_eq!(
            (groups(&d), &d["doubts"]),
            (expected.into_iter().map(str::to_owned).collect(), &value!([])),
            "{name}"
        );
    }
    f.write("t/val/walk/1.csv", samples("ax,ay", 3));
    let d = describe(&f, "t");
    assert!(text_has(&d, "warnings", "val: not read"), "{d}");
    assert_eq!(
        (d["parts"][2]["part"].as_str(), d["parts"][2]["sequences"].as_u64()),
        (Some("test"), Some(6))
    );
    // Names that no rule knows are a doubt, which training asks about.
    let d = describe(&f, "n");
    assert!(
        d["doubts"][0]["option"]
            .as_str()
            .unwrap()
            .contains("--label-from folder:2"),
        "{d}"
    );
    let (data, out) = (f.at("n"), f.at("run"));
    fails(
        &format!("train dataset --data {data} {TINY} --out {out}"),
        1,
        &["--label-from folder:2"],
    );
    let d = json(&format!(
        "data describe {data} --label-from folder:2 --group-from folder:1"
    ));
    assert_eq!(
        (&d["class_names"], groups(&d).len(), &d["doubts"]),
        (&value!(["sit", "walk"]), 3, &value!([]))
    );
    fails(
        &format!("data describe {data} --label-from folder:5"),
        2,
        &["--label-from: is folder:5", "2 folders"],
    );
    fails(
        &format!("data describe {data} --label-from somewhere"),
        2,
        &["folder[:N]"],
    );
}

#[test]
fn e03_names_of_files_are_the_last_resort_and_a_doubt() {
    let f = Folder::new();
    let names = [
        "s01_walking_1.csv",
        "s02_walking_1.csv",
        "s01_sitting_1.csv",
        "s02_sitting_2.csv",
    ];
    f.recordings(&names.map(|n| ["d/", n].concat()).each_ref().map(String::as_str));
    let d = describe(&f, "d");
    assert_eq!(
        (&d["class_names"], groups(&d)),
        (&value!(["sitting", "walking"]), vec!["s01".into(), "s02".into()])
    );
    assert_eq!(d["doubts"][0]["option"], "--label-from file-name:2");
    let d = json(&format!(
        "data describe {} --label-from file-name:2 --group-from none",
        f.at("d")
    ));
    assert_eq!((&d["doubts"], groups(&d).len()), (&value!([]), 0));
    f.recordings(&["e/1.csv", "e/2.csv", "e/3.csv"]);
    fails(
        &format!("data describe {}", f.at("e")),
        1,
        &["neither labels.csv nor a folder for each class", "--label-from"],
    );
}

#[test]
fn e04_arrays_are_found_by_their_usual_names() {
    let f = Folder::new();
    let x = |n: usize| Sequences::new("x", (0..n * 12).map(|k| ((k * k) % 17) as f32).collect(), n, 6, 2).unwrap();
    let y = |n: usize| Targets::Labels((0..n as u32).map(|k| k % 2).collect());
    let pairs = [
        ("X.npy", "Y.npy"),
        ("x.npy", "labels.npy"),
        ("data.npy", "labels.npy"),
        ("UCIActivity_X.npy", "UCIActivity_y.npy"),
    ];
    for (k, (a, b)) in pairs.iter().enumerate() {
        fs::create_dir(f.path(&k.to_string())).unwrap();
        dataset::save_sequences(&f.path(&format!("{k}/x.npy")), &x(8)).unwrap();
        fs::rename(f.path(&format!("{k}/x.npy")), f.path(&format!("{k}/{a}"))).unwrap();
        dataset::save_targets(&f.path(&format!("{k}/{b}")), &y(8)).unwrap();
        assert_eq!(count(&describe(&f, &k.to_string())), 8, "{a} {b}");
    }
    for (k, start) in ["X_train", "x_train", "train_X", "trainX", "XTrain", "train-x"]
        .iter()
        .enumerate()
    {
        let d = format!("p{k}");
        fs::create_dir(f.path(&d)).unwrap();
        for (part, test, n) in [("train", "train", 8), ("train", "test", 4)] {
            let name = start
                .replace(part, test)
                .replace("Train", if test == "test" { "Test" } else { "Train" });
            dataset::save_sequences(&f.path(&format!("{d}/x.npy")), &x(n)).unwrap();
            fs::rename(f.path(&format!("{d}/x.npy")), f.path(&format!("{d}/{name}.npy"))).unwrap();
            let answers = name.replace(['x', 'X'], "y");
            dataset::save_targets(&f.path(&format!("{d}/{answers}.npy")), &y(n)).unwrap();
        }
        let found = describe(&f, &d);
        assert_eq!(
            (count(&found), found["parts"][2]["sequences"].as_u64()),
            (12, Some(4)),
            "{start}"
        );
    }
    // As text.
    for n in ["train", "test"] {
        let line = |k: usize| {
            (0..9)
                .map(|t| format!("  {:.7e}", (k * t) as f32 / 3.0))
                .collect::<String>()
                + "\n"
        };
        f.write(&format!("text/X_{n}.txt"), (0..8).map(line).collect::<String>());
        f.write(&format!("text/y_{n}.txt"), "1\n2\n1\n2\n1\n2\n1\n2\n");
        f.write(
            &format!("csv/X_{n}.csv"),
            (0..8)
                .map(|k| line(k).trim().replace("  ", ",") + "\n")
                .collect::<String>(),
        );
        f.write(
            &format!("csv/y_{n}.csv"),
            "activity\nwalk\nsit\nwalk\nsit\nwalk\nsit\nwalk\nsit\n",
        );
    }
    for (name, classes) in [("text", value!(["1", "2"])), ("csv", value!(["sit", "walk"]))] {
        let d = describe(&f, name);
        assert_eq!((count(&d), &d["class_names"]), (16, &classes));
        assert!(text_has(&d, "readings", "9 samples of one channel"), "{d}");
    }
}

#[test]
fn e08_numbers_from_one_on_are_classes_with_their_own_names() {
    let f = Folder::new();
    let names: Vec<String> = (0..18).map(|n| format!("d/{n}.csv")).collect();
    f.recordings(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let rows = |label: &dyn Fn(usize) -> String| (0..18).map(|n| format!("{n}.csv,{}\n", label(n))).collect::<String>();
    f.write("d/labels.csv", rows(&|n| (n % 9 + 1).to_string()));
    let d = describe(&f, "d");
    assert_eq!((d["outputs"].as_u64(), &d["class_names"][8]), (Some(9), &value!("9")));
    let line = format!("data describe {}", f.at("d"));
    f.write("d/labels.csv", rows(&|n| ["sit", "walk", "run"][n % 3].to_owned()));
    assert_eq!(describe(&f, "d")["class_names"], value!(["run", "sit", "walk"]));
    fails(
        &format!("{line} --class-names sit,walk"),
        1,
        &["unknown class 'run'; expected one of sit, walk"],
    );
    // Numbers with a point are asked about, and the loss settles it.
    f.write("d/labels.csv", rows(&|n| format!("{}.0", n % 3)));
    let d = describe(&f, "d");
    assert!(d["doubts"][0]["option"].as_str().unwrap().contains("--loss ce"), "{d}");
    let (data, out) = (f.at("d"), f.at("run"));
    fails(
        &format!("train dataset --data {data} {TINY} --out {out}"),
        1,
        &["whole numbers 0 to 2", "--loss ce"],
    );
    let run = json(&format!("train dataset --data {data} {TINY} --loss ce --out {out}"));
    assert_eq!(run["metric_name"], "accuracy");
    // A word with a control character is refused, and printed escaped.
    f.write("d/labels.csv", rows(&|n| ["sit", "wa\u{7}lk"][n % 2].to_owned()));
    fails(&line, 1, &["control character", "wa\\u{7}lk"]);
}

#[test]
fn e10_hidden_files_and_notes_are_passed_over() {
    let f = Folder::new();
    for class in ["walk", "sit"] {
        (0..3).for_each(|n| f.write(&format!("d/{class}/{n}.csv"), samples("ax,ay", n)));
        f.write(
            &format!("d/{class}/._0.csv"),
            b"\0\x05\x16\x07\0\x02\0\0Mac OS X        ",
        );
        f.write(&format!("d/{class}/Thumbs.db"), "x");
    }
    for name in [
        ".DS_Store",
        "README.csv",
        "LICENSE.txt",
        "__MACOSX/walk/._1.csv",
        "desktop.ini",
    ] {
        f.write(&format!("d/{name}"), "x");
    }
    let d = describe(&f, "d");
    assert_eq!(count(&d), 6);
    assert!(text_has(&d, "warnings", "2 hidden files"), "{d}");
    f.recordings(&["l/a.csv", "l/b.csv"]);
    f.write("l/._a.csv", "x");
    f.write("l/labels.csv", "a.csv,1\nb.csv,0\n");
    assert_eq!(count(&describe(&f, "l")), 2);
}

#[test]
fn columns_in_another_order_are_sorted_and_an_odd_file_is_named() {
    let f = Folder::new();
    for n in 0..4 {
        f.write(&format!("d/walk/{n}.csv"), samples("ax,ay", n));
        f.write(&format!("d/sit/{n}.csv"), samples("ax,ay", n + 5));
    }
    f.write("d/people.csv", "name,age\nanna,54\nbo,31\n");
    let (before, odd) = (describe(&f, "d"), f.path("d/sit/3.csv"));
    assert!(text_has(&before, "readings", "left out: people.csv"), "{before}");
    let swapped: Vec<String> = samples("ax,ay", 8)
        .lines()
        .map(|l| l.split(',').rev().collect::<Vec<_>>().join(","))
        .collect();
    fs::write(&odd, swapped.join("\n")).unwrap();
    let after = describe(&f, "d");
    assert_eq!((&after["channels"], count(&after)), (&before["channels"], 8));
    assert!(
        text_has(&after, "warnings", "1 files with columns in another order"),
        "{after}"
    );
    fs::write(&odd, samples("ax,az", 8)).unwrap();
    fails(
        &format!("data describe {}", f.at("d")),
        1,
        &["sit/3.csv: columns: ax, az", "ax, ay"],
    );
}

/// Recordings as a smartwatch makes them: folders of persons, whole milliseconds with doubles, a class at each sample.
fn watch(f: &Folder, root: &str) {
    for subject in 1..7 {
        for execution in 1..4 {
            let mut text = String::from("x_acc,y_acc,timestamp,label\n");
            let mut time = 1_657_534_412_342u64 + execution * 100_000;
            for t in 0..90 + 10 * execution {
                // Nine or ten milliseconds, and every fourth sample twice.
                time += [9, 10, 9, 10, 10, 0][(t % 6) as usize];
                let class = ["SEATED", "WALKING", "TURNING"][(t / 40).min(2) as usize];
                text += &format!("{}.25,{},{time},{class}\n", (t * subject) % 11, t % 5);
            }
            f.write(
                &format!("{root}/s{subject:02}/s{subject:02}_{execution:02}_sw.csv"),
                text,
            );
        }
    }
    f.write(
        &format!("{root}/subjects_info.csv"),
        "subject_id,age,gender,executions\ns01,54,M,3\ns02,31,F,3\n",
    );
}

#[test]
fn folders_of_persons_with_a_class_at_each_sample_go_the_whole_road() {
    let f = Folder::new();
    watch(&f, "tug");
    let (data, run) = (f.at("tug"), f.at("run"));
    // Without windows and without an option: lengths differ, and everything is shown.
    let d = describe(&f, "tug");
    assert_eq!(
        (count(&d), groups(&d).len(), d["every_step"].as_bool()),
        (18, 6, Some(true))
    );
    assert_eq!(d["class_names"], value!(["SEATED", "TURNING", "WALKING"]));
    let rate = 1.0 / d["sample_period_s"].as_f64().unwrap();
    assert!((95.0..135.0).contains(&rate), "{rate}");
    assert!(
        text_has(&d, "readings", "6 folders of level 1") && text_has(&d, "readings", "subjects_info.csv"),
        "{d}"
    );
    assert_eq!(d["doubts"], value!([]));
    fails(
        &format!("train dataset --data {data} {TINY} --out {run}"),
        1,
        &["--window LENGTH:STRIDE"],
    );
    let window = "--window 32:16";
    let d = json(&format!("data describe {data} {window}"));
    assert_eq!(
        (groups(&d).len(), d["every_step"].as_bool()),
        (6, Some(false)),
        "no person is in two parts"
    );
    json(&format!("train dataset --data {data} {window} {TINY} --out {run}"));
    let eval = json(&format!("eval {run}"));
    assert!(eval["metric"].as_f64().is_some(), "{eval}");
    let out = skiprnn(["eval", &run]);
    assert!(
        String::from_utf8_lossy(&out.stdout).contains("validation part"),
        "{}",
        String::from_utf8_lossy(&out.stdout)
    );
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_end() {
    let f = Folder::new();
    f.recordings(&["d/walk/1.csv", "d/walk/2.csv", "d/sit/1.csv", "d/sit/2.csv"]);
    std::os::unix::fs::symlink(f.path("d"), f.path("d/walk/round")).unwrap();
    let d = describe(&f, "d");
    assert_eq!(count(&d), 4);
    assert!(text_has(&d, "warnings", "links to folders"), "{d}");
}

#[test]
fn a_recording_with_other_columns_is_refused_and_not_left_out() {
    let f = Folder::new();
    f.recordings(&["d/sit/0.csv", "d/sit/1.csv", "d/walk/0.csv", "d/walk/1.csv"]);
    f.write("d/walk/2.csv", samples("accx,accy", 3));
    let line = format!("data describe {}", f.at("d"));
    fails(
        &line,
        1,
        &["walk/2.csv", "columns: accx, accy", "has ax, ay", "make them alike"],
    );
    // Beside the folders too, where it has a time.
    fs::remove_file(f.path("d/walk/2.csv")).unwrap();
    f.write("d/more.csv", "time,accx\n0,1\n0.1,2\n");
    fails(&line, 1, &["more.csv", "columns"]);
    f.write("d/more.csv", "subject,age\nanna,30\n");
    assert!(text_has(&describe(&f, "d"), "readings", "more.csv"));
    // At the top, beside the recordings, a table of people stays one.
    for n in 0..3 {
        f.write(&format!("flat/{n}.csv"), format!("ax,label\n{n},a\n1,a\n2,b\n3,b\n"));
    }
    f.write("flat/people.csv", "subject,age\nanna,30\n");
    assert!(text_has(&describe(&f, "flat"), "readings", "people.csv"));
    f.write("flat/people.csv", "t_ms,age\n0,30\n");
    fails(
        &format!("data describe {}", f.at("flat")),
        1,
        &["people.csv", "columns"],
    );
    // Units in the names are no other columns.
    f.write("u/sit/0.csv", samples("ax (g),ay (g)", 0));
    f.write("u/sit/1.csv", samples("ax (mg),ay (mg)", 1));
    f.write("u/walk/0.csv", samples("ax (g),ay (g)", 2));
    f.write("u/walk/1.csv", samples("ax (mg),ay (mg)", 3));
    let described = describe(&f, "u");
    assert_eq!(
        (count(&described), &described["channels"][0]["unit"]),
        (4, &value!("g"))
    );
}

#[test]
fn a_clock_that_was_set_back_is_refused_even_by_little() {
    let f = Folder::new();
    f.recordings(&["d/sit/0.csv", "d/walk/0.csv"]);
    let file = |back: f64| {
        let line = |t: usize| format!("{:.3},{t}\n", t as f64 * 0.01 - if t < 25 { 0.0 } else { back });
        format!("time,ax\n{}", (0..50).map(line).collect::<String>())
    };
    for (back, place) in [(0.2, "line 27"), (3.0, "made up")] {
        f.write("e/sit/0.csv", file(0.0));
        f.write("e/walk/0.csv", file(back));
        fails(&format!("data describe {}", f.at("e")), 1, &["walk/0.csv", place]);
    }
}
