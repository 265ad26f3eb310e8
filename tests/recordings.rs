//! Recordings of other formats, from files to a trained model, through the commands.

mod common;
use common::{Folder, fails, json};
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
