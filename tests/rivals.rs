//! `baselines`, of which `rivals` is the old name: killed and started again, its tables, and what it refuses.

mod common;
use common::{Folder, fails, json, runs, skiprnn};
use host_train::{Sequences, Targets};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Eighty sequences of 12 samples at 50 Hz, whose class is the sign of samples 5 to 7.
fn write_dataset(f: &Folder, name: &str) -> String {
    let (count, length) = (80, 12);
    let value = |k: usize| {
        let noise = (k as f32 * 1.3).sin() * 0.2;
        match (k % length, k / length % 2) {
            (5..=7, 0) => noise + 1.0,
            (5..=7, _) => noise - 1.0,
            _ => noise,
        }
    };
    let x = Sequences::new("x", (0..count * length).map(value).collect(), count, length, 1).unwrap();
    let y = Targets::Labels((0..count as u32).map(|n| n % 2).collect());
    fs::create_dir_all(f.path(name)).unwrap();
    for part in ["train", "test"] {
        dataset::save_sequences(&f.path(name).join(format!("{part}_x.npy")), &x).unwrap();
        dataset::save_targets(&f.path(name).join(format!("{part}_y.npy")), &y).unwrap();
    }
    f.at(name)
}

const TRAINING: &str = "--sample-period-s 0.02 --hidden 4 --steps 120 --batch 16 --eval-every 40 --learning-rate 1e-2 --dropout 0.1 --threads 1";

/// Skip runs of two λ and two seeds, a plain run, and a model with a dial.
fn skip_runs(f: &Folder) -> String {
    let (data, out) = (write_dataset(f, "data"), f.at("runs/sweep"));
    json(&format!(
        "sweep dataset --data {data} {TRAINING} --cells skip-gru,gru --lambdas 0,1e-2 --seeds 1,2 --out {out}"
    ));
    let dial = f.at("runs/dial");
    json(&format!(
        "train dataset --data {data} {TRAINING} --cell skip-gru --lambda 1e-3 --dials -2:2:3 --seed 1 --out {dial}"
    ));
    f.at("runs")
}

fn line(runs: &str, out: &str) -> String {
    format!(
        "baselines {runs} --every 2,4 --confidences 0.7,0.9 --filters 4 --board nrf52840,stm32l476 --sensor lis3dh --jobs 2 --out {out} \
         --checkpoint-seconds 0.02"
    )
}

/// Every baseline from both seeds.
fn folders(out: &Path) -> Vec<PathBuf> {
    let names = [
        "gru-4",
        "gru-4-every-2",
        "gru-4-every-4",
        "gru-4-random-0.5",
        "gru-4-random-0.75",
        "gru-4-early-exit",
        "cnn-4",
    ];
    let seeds = |name: &&str| [1, 2].map(|seed| out.join(name).join(format!("seed-{seed}")));
    names.iter().flat_map(seeds).collect()
}

#[test]
fn killed_it_resumes_and_its_tables_say_what_the_models_do() {
    let f = Folder::new();
    let runs = skip_runs(&f);
    let rivals = folders(&f.path("rivals"));
    let (done, kills) = runs::killed(&line(&runs, &f.at("rivals")), &rivals, &[300, 500], |_| ());
    assert!(kills >= 1, "the command was over before it could be killed");
    let table = json(&line(&runs, &f.at("rivals")));
    let all = runs::finished(&rivals);
    assert_eq!(all.len(), rivals.len());
    for (folder, summary) in &done {
        assert_eq!(all.get(folder), Some(summary), "a finished run was touched");
    }
    let again = json(&line(&runs, &f.at("rivals")));
    assert_eq!(again, table, "nothing is left to do, and nothing changes");
    assert_eq!(runs::finished(&rivals), all);

    let methods = table["methods"].as_array().unwrap();
    let of = |name: &str| {
        let found = methods.iter().find(|m| m["name"] == name);
        found.unwrap_or_else(|| panic!("{name}: {methods:#?}"))
    };
    let number = |m: &Value, key: &str| m[key].as_f64().unwrap_or_else(|| panic!("{key}: {m}"));
    for (name, samples) in [
        ("gru-4", 12.0),
        ("gru-4-every-2", 6.0),
        ("gru-4-every-4", 3.0),
        ("cnn-4", 12.0),
    ] {
        assert_eq!(number(of(name), "samples_mean"), samples, "{name}");
    }
    let random = number(of("gru-4-random-0.75"), "samples_mean");
    assert!((2.0..4.0).contains(&random), "{random}");
    let (soon, late) = (of("gru-4-early-exit-0.7"), of("gru-4-early-exit-0.9"));
    assert!(number(soon, "samples_mean") <= number(late, "samples_mean"));
    assert!(number(late, "samples_mean") <= 12.0);
    // 3 gates of 4 units by 1 + 4, and 2 outputs of 4.
    assert_eq!(number(of("gru-4"), "macs_per_sequence"), 12.0 * 60.0 + 8.0);
    // 6 places of 4 filters of 5, 3 and then 2 places of 4 filters of 5 by 4, 2 outputs of 4.
    assert_eq!(number(of("cnn-4"), "macs_per_sequence"), 6.0 * 20.0 + 5.0 * 80.0 + 8.0);
    assert_eq!(methods.iter().filter(|m| m["method"] == "dial").count(), 5);
    for m in methods {
        assert_eq!(m["uj_per_sequence"].as_array().map(Vec::len), Some(2));
        for uj in m["uj_per_sequence"].as_array().unwrap() {
            assert!(0.0 < number(uj, "low") && number(uj, "low") < number(uj, "high"), "{m}");
        }
    }
    let uj = |name: &str| number(&of(name)["uj_per_sequence"][0], "mid");
    assert!(uj("gru-4-every-4") < uj("gru-4-every-2") && uj("gru-4-every-2") < uj("gru-4"));

    // Anyone can count the accuracy again.
    let csv = fs::read_to_string(f.path("rivals/test/gru-4/seed-1.csv")).unwrap();
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|l| l.split(',').collect()).collect();
    assert_eq!(rows.len(), 80);
    let right = |seed: usize| {
        let csv = fs::read_to_string(f.path(&format!("rivals/test/gru-4/seed-{seed}.csv"))).unwrap();
        let rows: Vec<Vec<String>> = csv
            .lines()
            .skip(1)
            .map(|l| l.split(',').map(str::to_owned).collect())
            .collect();
        rows.iter().filter(|r| r[1] == r[2]).count() as f64 / 80.0
    };
    assert!((number(of("gru-4"), "accuracy") - (right(1) + right(2)) / 2.0).abs() < 1e-12);

    // Each skip model is compared where a baseline has as many samples.
    for c in table["skip_against_rivals"].as_array().unwrap() {
        let (low, high, difference) = (number(c, "low"), number(c, "high"), number(c, "difference"));
        assert!(low <= difference + 1e-9 && difference <= high + 1e-9, "{c}");
        assert_eq!(c["win"].as_bool(), Some(low > 0.0));
    }
    let text = fs::read_to_string(f.path("rivals/rivals.md")).unwrap();
    for part in [
        "| gru-4-every-2 |",
        "predicted, not measured",
        "rivals-nrf52840.svg",
        "dropout = 0.1",
        "2 runs without a gate",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains(&runs), "the tables name no place of this machine");
    for file in ["rivals.csv", "comparisons.csv"] {
        let csv = fs::read_to_string(f.path("rivals").join(file)).unwrap();
        let columns: Vec<usize> = csv.lines().map(|l| l.split(',').count()).collect();
        assert!(columns.len() > 4 && columns.iter().all(|n| *n == columns[0]), "{csv}");
    }
    for file in ["rivals.svg", "rivals-stm32l476.svg"] {
        let svg = fs::read_to_string(f.path("rivals").join(file)).unwrap();
        assert_eq!(svg.matches("<circle").count(), methods.len(), "{file}");
    }

    // Another cell beside those there, and what is refused.
    let more = |words: &str| format!("{} {words}", line(&runs, &f.at("rivals")));
    fails(&more("--cells skip-lstm --report"), 2, &["--cells", "has a gate"]);
    let report = json(&more("--cells lstm --report"));
    let notes = report["notes"].to_string();
    assert!(notes.contains("lstm-4-every-2, seed 2: not started"), "{notes}");
}

#[test]
fn bad_baselines_are_refused() {
    let f = Folder::new();
    let data = write_dataset(&f, "data");
    let train = |data: &str, more: &str, out: &str| {
        let training = TRAINING
            .replace("--steps 120", "--steps 4")
            .replace("--eval-every 40", "--eval-every 2");
        json(&format!("train dataset --data {data} {training} {more} --out {out}"))
    };
    let (a, plain) = (f.at("a"), f.at("plain"));
    train(&data, "--cell skip-gru --lambda 0", &a);
    train(&data, "--cell gru", &plain);
    let line = |runs: &str, more: &str| {
        format!("rivals {runs} --out {} {more}", f.at("out"))
            .trim_end()
            .to_owned()
    };
    fails(&line(&f.at("nowhere"), ""), 2, &["nowhere", "no such folder"]);
    fails(&line(&plain, ""), 2, &["plain", "no finished run of a skip cell"]);
    fails(&line(&a, "--every 0"), 2, &["--every", "K is 0"]);
    fails(&line(&a, "--every 2,12"), 2, &["--every", "K is 12", "12 samples"]);
    fails(&line(&a, "--p-skips 1.5"), 2, &["--p-skips", "1.5"]);
    fails(&line(&a, "--filters 0"), 2, &["filters"]);
    fails(&line(&a, "--board none-such"), 2, &["--board", "none-such"]);
    fails(&line(&a, "--sensor lis3dh"), 2, &["--boards"]);
    // Another dataset, other options, another task.
    let other = write_dataset(&f, "other");
    train(&other, "--cell skip-gru --lambda 0", &f.at("b"));
    fails(
        &line(&format!("{a} {}", f.at("b")), ""),
        2,
        &["data.t", "another dataset"],
    );
    train(&data, "--cell skip-gru --lambda 0 --layers 2", &f.at("c"));
    let two = format!("{a} {}", f.at("c"));
    fails(&line(&two, ""), 2, &["layers", "--recipe"]);
    let table = json(&line(&two, &format!("--recipe {a} --report --every 2")));
    assert!(table["methods"].as_array().is_some_and(|m| m.len() > 2));
    json(&format!(
        "train adding --cell skip-gru --hidden 4 --steps 2 --eval-every 1 --batch 4 --out {}",
        f.at("adding")
    ));
    fails(&line(&f.at("adding"), ""), 2, &["adding", "train dataset"]);
    assert!(skiprnn(["rivals", "--help"]).status.success());
}
