//! Recordings of other formats, from files to a trained model, through the commands.

mod common;
use common::{Folder, fails, json};
use host_train::{Sequences, Targets};
use std::{fs, path::Path};

/// `n` images of 4x4 with their labels: class 0 is dark, class 1 bright.
fn write_digits(dir: &Path, start: &str, n: usize) {
    fs::create_dir_all(dir).unwrap();
    let head = |dims: &[u32]| -> Vec<u8> {
        let sizes = dims.iter().flat_map(|d| d.to_be_bytes());
        [0, 0, 8, dims.len() as u8].into_iter().chain(sizes).collect()
    };
    let mut images = head(&[n as u32, 4, 4]);
    images.extend((0..n * 16).map(|k| (k % 16 * 3 + k / 16 % 2 * 200) as u8));
    let mut labels = head(&[n as u32]);
    labels.extend((0..n).map(|k| (k % 2) as u8));
    fs::write(dir.join(format!("{start}-images-idx3-ubyte")), images).unwrap();
    fs::write(dir.join(format!("{start}-labels-idx1-ubyte")), labels).unwrap();
}

#[test]
fn digits_are_trained_judged_and_drawn() {
    let f = Folder::new();
    write_digits(&f.path("digits"), "t10k", 100);
    let (data, run) = (f.at("digits"), f.at("run"));
    let small = "--cell skip-gru --hidden 6 --lambda 1e-3 --batch 16 --steps 100 --eval-every 50 --learning-rate 2e-2 --threads 1";
    json(&format!("train mnist --data {data} {small} --out {run}"));
    let eval = json(&format!("eval {run}"));
    assert_eq!(
        (eval["task"].as_str(), eval["sequence_length"].as_u64()),
        (Some("mnist"), Some(16))
    );
    assert_eq!(
        (eval["sequences"].as_u64(), eval["metric"].as_f64()),
        (Some(10), Some(1.0))
    );
    let drawn = json(&format!("plot {run} --n 5"));
    let svg = fs::read_to_string(drawn["digits"].as_str().unwrap()).unwrap();
    assert_eq!(svg.matches("read as").count(), 5);
    assert!(svg.contains("#d1342f"), "pixel 0 is always used");
    let pooled = json(&format!(
        "train mnist --data {data} --pool 2 {small} --out {}",
        f.at("pooled")
    ));
    assert_eq!(pooled["sequence_length"], 4);
    fails(
        &format!("train mnist {small} --out {}", f.at("x")),
        2,
        &["--data", "idx3"],
    );
    fails(
        &format!("train mnist --data {data} --pool 3 {small} --out {}", f.at("x")),
        2,
        &["pool", "divisor"],
    );
    fails(
        &format!("train adding --pool 2 {small} --out {}", f.at("x")),
        2,
        &["--pool"],
    );
}

/// Nine subjects with two long recordings each, in one CSV file; the class of a sample is the sign of its signal.
fn write_long(path: &Path) {
    let mut text = String::from("sequence,subject,label,time_ms,ax\n");
    for recording in 0..18 {
        for t in 0..60 + recording {
            let high = (t / 20 + recording) % 2;
            let value = if high == 1 { 1.0 } else { -1.0 } + 0.1 * ((t * recording) as f32).sin();
            text += &format!(
                "{recording},s{},{},{},{value}\n",
                recording / 2,
                ["low", "high"][high],
                t * 20
            );
        }
    }
    fs::write(path, text).unwrap();
}

#[test]
fn long_recordings_become_windows_of_subjects() {
    let f = Folder::new();
    write_long(&f.path("all.csv"));
    let (data, svg) = (f.at("all.csv"), f.at("data.svg"));
    let how = "--window 20 --test-share 0.25";
    let described = json(&format!("data describe {data} {how} --svg {svg}"));
    assert_eq!(
        (described["sample_period_s"].as_f64(), described["format"].as_str()),
        (Some(0.02), Some("CSV in long form"))
    );
    assert_eq!(described["class_names"], serde_json::json!(["high", "low"]));
    let parts = described["parts"].as_array().unwrap();
    let groups: Vec<&str> = parts
        .iter()
        .flat_map(|p| p["groups"].as_array().unwrap())
        .map(|g| g.as_str().unwrap())
        .collect();
    let distinct: std::collections::BTreeSet<&str> = groups.iter().copied().collect();
    assert_eq!(
        (parts.len(), groups.len(), distinct.len()),
        (3, 9, 9),
        "every subject is in one part"
    );
    let drawn = fs::read_to_string(&svg).unwrap();
    assert!(
        drawn.contains("Sequences of each class") && drawn.matches("<svg").count() == drawn.matches("</svg>").count()
    );

    let run = f.at("run");
    json(&format!(
        "train dataset --data {data} {how} --cell gru --hidden 6 --batch 16 --steps 60 --eval-every 30 --learning-rate 2e-2 --threads 1 --out {run}"
    ));
    let eval = json(&format!("eval {run}"));
    assert_eq!(eval["sequence_length"], 20);
    assert!(eval["metric"].as_f64() > Some(0.8), "{eval}");
    // Other files are read as the training set was.
    let again = json(&format!("eval {run} --x {data}"));
    assert!(again["sequences"].as_u64() > eval["sequences"].as_u64());
}

#[test]
fn unequal_lengths_train_and_are_judged() {
    let f = Folder::new();
    let dir = f.path("rec");
    fs::create_dir_all(&dir).unwrap();
    let mut labels = String::from("file,label\n");
    for n in 0..60 {
        let rows: Vec<String> = (0..5 + n % 7)
            .map(|t| format!("{}", if t == 1 { n % 2 * 2 - 1 } else { 0 }))
            .collect();
        fs::write(dir.join(format!("{n}.csv")), format!("a\n{}\n", rows.join("\n"))).unwrap();
        labels += &format!("{n}.csv,{}\n", ["no", "yes"][n as usize % 2]);
    }
    fs::write(dir.join("labels.csv"), labels).unwrap();
    let (data, run) = (f.at("rec"), f.at("run"));
    let trained = json(&format!(
        "train dataset --data {data} --test-share 0.2 --cell skip-lstm --hidden 6 --batch 16 --steps 150 --eval-every 50 \
         --learning-rate 2e-2 --threads 1 --out {run}"
    ));
    assert_eq!(trained["sequence_length"], 0, "variable");
    let eval = json(&format!("eval {run}"));
    assert_eq!(eval["metric"], 1.0);
    let mean = eval["samples_mean"].as_f64().unwrap();
    assert!((5.0..12.0).contains(&mean) && eval["updates_mean"].as_f64() <= Some(mean));
    fails(
        &format!("quantize {run} --max-skip 10 --out {}", f.at("m.srnn")),
        1,
        &["lengths", "unequal length"],
    );
    fails(&format!("data describe {}", f.at("nowhere")), 1, &["nowhere"]);
    fails(
        &format!("data describe {data} --window 99"),
        1,
        &["length", "longest recording has 11"],
    );
    fails(&format!("data describe {data} --window x:3"), 2, &["LENGTH"]);
    fails(&format!("data describe {data} --audio mp3"), 2, &["log-mel"]);
}

#[test]
fn every_third_sample_of_a_run_is_every_third_everywhere() {
    let f = Folder::new();
    write_long(&f.path("all.csv"));
    let (data, run, blob) = (f.at("all.csv"), f.at("run"), f.at("m.srnn"));
    let how = "--window 20 --test-share 0.25";
    let small = "--cell skip-gru --hidden 6 --lambda 1e-4 --batch 16 --steps 60 --eval-every 30 --learning-rate 2e-2 --threads 1";
    let trained = json(&format!(
        "train dataset --data {data} {how} {small} --every 3 --out {run}"
    ));
    assert_eq!(trained["sequence_length"], 7, "samples 0, 3, ..., 18 of 20");
    let config = fs::read_to_string(f.path("run").join("config.toml")).unwrap();
    assert!(config.contains("every = 3\n"), "{config}");
    let eval = json(&format!("eval {run}"));
    assert_eq!(
        (eval["sequence_length"].as_u64(), eval["samples_mean"].as_f64()),
        (Some(7), Some(7.0))
    );
    assert!(eval["metric"].as_f64() > Some(0.8), "{eval}");
    // Files at the full rate are seen in the same way.
    assert_eq!(json(&format!("eval {run} --x {data}"))["sequence_length"], 7);
    json(&format!("quantize {run} --out {blob}"));
    let inspected = json(&format!("inspect {blob}"));
    assert_eq!(inspected["sequence_length"], 7);
    let period = inspected["sample_period_s"].as_f64().unwrap();
    assert!((period - 0.06).abs() < 1e-9, "{period}");
    let x = Sequences::new("x", (0..40).map(|k| (k as f32).sin()).collect(), 2, 20, 1).unwrap();
    dataset::save_sequences(&f.path("x.npy"), &x).unwrap();
    let simulate = |every: &str| format!("simulate {blob} --x {}{every}", f.at("x.npy"));
    let (fixed, float) = (
        json(&simulate(" --every 3")),
        json(&format!("eval {run} --x {}", f.at("x.npy"))),
    );
    assert_eq!(fixed["decisions"].as_array().map(Vec::len), Some(2));
    assert_eq!(fixed["sequences"], float["sequences"]);
    fails(&simulate(""), 1, &["20"]);

    let train = |more: &str| format!("train dataset --data {data} {how} {small} {more} --out {}", f.at("x"));
    fails(&train("--every 0"), 2, &["every", "is 0"]);
    fails(&train("--every 20"), 1, &["all.csv", "every", "is 20"]);
    fails(&train("--every three"), 2, &["--every"]);
    fails(&format!("train adding --every 2 --out {}", f.at("x")), 2, &["--every"]);
    fails(&format!("eval {run} --x {data} --every 2"), 2, &["--every", "own is 3"]);
    fails(&format!("eval {run} --every 3"), 2, &["--x"]);
    // Another K is another run.
    let resumed = format!("train dataset --data {data} {how} {small} --every 2 --resume --out {run}");
    fails(&resumed, 1, &["every"]);
}

#[test]
fn every_kth_of_unequal_lengths_and_answers_at_every_step() {
    let f = Folder::new();
    // The sign of sample 4 is the class; what lies between is noise.
    let lengths: Vec<u32> = (0..60).map(|n| 5 + n % 7).collect();
    let value = |k: usize| match k % 11 {
        4 => (k / 11 % 2) as f32 * 2.0 - 1.0,
        _ => (k as f32 * 1.7).sin() * 0.1,
    };
    let x = Sequences::ragged("x", (0..60 * 11).map(value).collect(), (60, 11, 1), lengths).unwrap();
    dataset::save_sequences(&f.path("x.npy"), &x).unwrap();
    dataset::save_targets(&f.path("y.npy"), &Targets::Labels((0..60).map(|n| n % 2).collect())).unwrap();
    let small = format!(
        "train dataset --train-x {} --train-y {} --test-share 0.2 --cell gru --hidden 6 --batch 16 --steps 150 --eval-every 50 \
         --learning-rate 2e-2 --threads 1",
        f.at("x.npy"),
        f.at("y.npy")
    );
    json(&format!("{small} --every 4 --out {}", f.at("run")));
    let eval = json(&format!("eval {}", f.at("run")));
    assert_eq!(eval["metric"], 1.0);
    let mean = eval["samples_mean"].as_f64().unwrap();
    assert!((2.0..3.0).contains(&mean), "2 samples of 5 to 8, 3 of 9 to 11: {mean}");
    fails(
        &format!("{small} --output-at step --out {}", f.at("steps")),
        1,
        &["answers_at_steps", "equal length"],
    );
    let cut = small.replace("--cell gru", "--cell gru --window 5 --output-at step");
    json(&format!("{cut} --out {}", f.at("steps")));
    let eval = json(&format!("eval {}", f.at("steps")));
    let metric = eval["metric"].as_f64().unwrap();
    assert!(
        (0.5..1.0).contains(&metric),
        "known at the last of 5 samples only: {metric}"
    );
}

/// Forty windows of 40 samples of an accelerometer, in one CSV file; what lies on z tells the two classes.
fn write_accelerometer(path: &Path, names: [&str; 3]) {
    let mut text = format!("sequence,label,time_ms,{}\n", names.join(","));
    for n in 0..40 {
        for t in 0..40 {
            let noise = 0.1 * ((t * 7 + n * 13) as f32).sin();
            let z = if n % 2 == 0 { 1.0 } else { -1.0 };
            text += &format!("{n},{},{},{noise},{},{z}\n", ["up", "down"][n % 2], t * 20, -noise);
        }
    }
    fs::write(path, text).unwrap();
}

#[test]
fn options_that_are_not_given_are_chosen_by_the_data_and_said() {
    let f = Folder::new();
    write_accelerometer(&f.path("all.csv"), ["x_acc", "y_acc", "z_acc"]);
    write_accelerometer(&f.path("unnamed.csv"), ["a", "b", "c"]);
    let train = |data: &str, more: &str, run: &str| {
        format!("train dataset --data {} --threads 1 {more} --out {run}", f.at(data))
    };
    let chosen = |given: &serde_json::Value| -> Vec<(String, String)> {
        let word = |choice: &serde_json::Value, key: &str| choice[key].as_str().unwrap().to_owned();
        let all = given["chosen"].as_array().unwrap().iter();
        all.map(|choice| {
            assert!(word(choice, "why").len() > 10, "{choice}");
            (word(choice, "option"), word(choice, "value"))
        })
        .collect()
    };
    let of = |all: &[(String, String)], option: &str| all.iter().find(|(o, _)| o == option).map(|(_, v)| v.clone());

    // Only the number of steps is given: the rest follows from 40 samples of one sensor.
    let run = f.at("run");
    let trained = json(&train("all.csv", "--steps 3", &run));
    assert_eq!(
        (trained["cell"].as_str(), trained["hidden"].as_u64()),
        (Some("skip-gru"), Some(32))
    );
    let all = chosen(&trained);
    assert_eq!(of(&all, "--start-every").as_deref(), Some("5"), "{all:?}");
    assert_eq!(of(&all, "--rotate").as_deref(), Some("30"), "{all:?}");
    assert_eq!(of(&all, "--steps"), None, "that was given: {all:?}");
    let config = host_train::TrainConfig::load(&f.path("run")).unwrap();
    assert_eq!(
        (config.start_every, config.augment.rotate, config.steps),
        (Some(5), 30.0, 3)
    );
    let written = fs::read_to_string(f.path("run").join("training.json")).unwrap();
    assert_eq!(chosen(&serde_json::from_str(&written).unwrap()), all);
    // What was chosen, given as options, is the same run.
    let same = f.at("same");
    let given: Vec<String> = all.iter().map(|(option, value)| format!("{option} {value}")).collect();
    let again = json(&train("all.csv", &format!("--steps 3 {}", given.join(" ")), &same));
    assert!(chosen(&again).is_empty(), "{again}");
    let model = |run: &str| fs::read(f.path(run).join("model.safetensors")).unwrap();
    assert!(model("run") == model("same"), "another model");

    // An option replaces its own part alone.
    let own = f.at("own");
    let all = chosen(&json(&train("all.csv", "--steps 3 --rotate 0 --start-every 2", &own)));
    assert_eq!(
        (of(&all, "--rotate"), of(&all, "--start-every")),
        (None, None),
        "{all:?}"
    );
    assert!(of(&all, "--lambda").is_some());
    let config = host_train::TrainConfig::load(&f.path("own")).unwrap();
    assert_eq!((config.start_every, config.augment.rotate), (Some(2), 0.0));

    // Channels that are not named as axes are not turned, and people read why.
    let out = common::skiprnn(train("unnamed.csv", "--steps 3", &f.at("plain")).split_whitespace());
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(out.status.success() && said.contains("chosen by the data"), "{said}");
    assert!(
        said.contains("--rotate 0") && said.contains("--channel-names"),
        "{said}"
    );
    // A cell without a gate has nothing to start.
    let all = chosen(&json(&train("all.csv", "--steps 3 --cell gru", &f.at("dense"))));
    assert_eq!(
        (of(&all, "--start-every"), of(&all, "--lambda")),
        (None, None),
        "{all:?}"
    );
    // A sweep chooses alike, for cells with a gate and without.
    let data = f.at("all.csv");
    let swept = format!(
        "sweep dataset --data {data} --cells skip-gru,gru --hidden 4 --steps 3 --threads 1 --out {}",
        f.at("sweep")
    );
    json(&swept);
    let config = host_train::TrainConfig::load(&f.path("sweep/skip-gru-4-2e-3/seed-1")).unwrap();
    assert_eq!((config.start_every, config.augment.rotate), (Some(5), 30.0));
    assert_eq!(
        host_train::TrainConfig::load(&f.path("sweep/gru-4/seed-1"))
            .unwrap()
            .start_every,
        None
    );
}
