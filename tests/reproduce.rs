//! `reproduce` that is killed, started again, and given runs of `train`.

mod common;
use common::{Folder, fails, json, runs};
use std::{
    fs,
    path::{Path, PathBuf},
};

const ROWS: [&str; 2] = ["lstm-p0.5", "skip-gru-1e-5"];
const RUNS: usize = 2;
const LOOK_EVERY: u64 = 200;

fn line(out: &str) -> String {
    format!(
        "reproduce adding --rows {} --runs {RUNS} --hidden 4 --steps 1200 --batch 8 --eval-every {LOOK_EVERY} --checkpoint-seconds 0.02 \
         --settle-steps 0 --jobs 2 --out {out}",
        ROWS.join(",")
    )
}

fn folders(out: &Path) -> Vec<PathBuf> {
    ROWS.iter()
        .flat_map(|row| (1..=RUNS).map(move |seed| out.join("adding").join(row).join(format!("seed-{seed}"))))
        .collect()
}

/// The last step in every run's `metrics.csv`.
fn last_looks(out: &Path) -> Vec<u64> {
    let last = |folder: PathBuf| -> Option<u64> {
        let text = fs::read_to_string(folder.join("metrics.csv")).ok()?;
        text.lines().last()?.split(',').next()?.parse().ok()
    };
    folders(out).into_iter().map(|f| last(f).unwrap_or(0)).collect()
}

#[test]
fn killed_and_started_again_it_loses_nothing() {
    let f = Folder::new();
    let out = f.path("killed");
    let killed = folders(&out);
    // Looking at the validation data takes longer than a checkpoint interval, so one follows every look.
    let look = |reached: &[u64]| {
        for (checkpoint, look) in reached.iter().zip(last_looks(&out)) {
            assert!(
                checkpoint + LOOK_EVERY >= look,
                "{checkpoint}, but the run was at {look}"
            );
        }
    };
    let pauses_ms = [300, 700, 150, 900, 400, 600, 500, 800];
    let (done, kills) = runs::killed(&line(&f.at("killed")), &killed, &pauses_ms, look);
    assert!(kills >= 2, "the command was over before it could be killed");
    let report = json(&line(&f.at("killed")));
    for (folder, summary) in &done {
        assert_eq!(runs::finished(&killed).get(folder), Some(summary));
    }
    json(&line(&f.at("whole")));
    runs::assert_same_models(&killed, &folders(&f.path("whole")));
    for (row, name) in report["rows"].as_array().unwrap().iter().zip(ROWS) {
        assert_eq!((row["row"].as_str(), row["finished"].as_u64()), (Some(name), Some(2)));
        assert!(row["updates_mean"].as_f64() > Some(0.0));
    }
    let text = fs::read_to_string(out.join("RESULTS.md")).unwrap();
    for part in ["| lstm-p0.5 | 2 of 2 |", "| lstm | 0 of 2 |", "not run", "4 units"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    for figure in [
        "adding.csv",
        "adding-skip-gru-1e-5-curves.svg",
        "adding-lstm-p0.5-samples.svg",
    ] {
        assert!(out.join("results").join(figure).exists(), "{figure}");
    }
}

#[test]
fn a_run_of_train_counts_where_it_is_the_rows() {
    let f = Folder::new();
    let out = f.at("out");
    let small = "--hidden 4 --steps 4 --batch 8 --eval-every 2";
    let command = format!("reproduce adding --rows skip-lstm-1e-5 --runs 1 {small} --out {out}");
    let begun = json(&format!("{command} --report"));
    assert_eq!(begun["rows"][0]["finished"], 0);
    json(&format!(
        "train adding --cell skip-lstm --lambda 1e-5 {small} --threads 2 --out {out}/adding/skip-lstm-1e-5/seed-1"
    ));
    let before = finished_summary(&f);
    let adopted = json(&command);
    assert_eq!(adopted["rows"][0]["finished"], 1);
    assert_eq!(finished_summary(&f), before, "it was not trained again");

    // Another configuration is not taken for the row's.
    let other = command.replace("--hidden 4", "--hidden 5");
    fails(&other, 1, &["config.toml", "hidden", "away"]);
    fails(
        &format!("reproduce adding --rows lstn --out {out}"),
        2,
        &["--rows", "lstn", "skip-gru-1e-5"],
    );
    fails(&format!("reproduce adding --runs 0 --out {out}"), 2, &["--runs"]);
}

fn finished_summary(f: &Folder) -> Vec<u8> {
    fs::read(f.path("out").join("adding/skip-lstm-1e-5/seed-1/training.json")).unwrap()
}

/// Sixty digits of 28x28 pixels with their labels, as IDX files.
fn digits(folder: &Path) {
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, 60, 0, 0, 0, 28, 0, 0, 0, 28];
    images.extend((0..60 * 784).map(|k: usize| (k * 37 % 251) as u8));
    let mut labels = vec![0, 0, 8, 1, 0, 0, 0, 60];
    labels.extend((0..60).map(|k| k % 10));
    fs::write(folder.join("train-images-idx3-ubyte"), images).unwrap();
    fs::write(folder.join("train-labels-idx1-ubyte"), labels).unwrap();
}

#[test]
fn mnist_is_judged_on_its_test_digits() {
    let f = Folder::new();
    fails("reproduce mnist", 2, &["--data"]);
    digits(&f.path(""));
    let line = format!(
        "reproduce mnist --data {} --pool 4 --rows skip-gru --runs 1 --hidden 4 --steps 3 --batch 8 --eval-every 3 --out {}",
        f.at(""),
        f.at("runs")
    );
    let report = json(&line);
    let row = &report["rows"][0];
    assert_eq!(
        (row["finished"].as_u64(), row["paper"]["accuracy_mean"].as_f64()),
        (Some(1), Some(0.976))
    );
    let run = f.at("runs/mnist/skip-gru-1e-4/seed-1");
    let tested = json(&format!("eval {run}"));
    assert_eq!(tested["sequences"], 6);
    for (ours, of_eval) in [("metric_mean", "metric"), ("updates_mean", "updates_mean")] {
        assert_eq!(row[ours].as_f64(), tested[of_eval].as_f64(), "{ours}");
    }
    let text = fs::read_to_string(f.path("runs/RESULTS.md")).unwrap();
    assert!(
        text.contains("## Mnist") && text.contains("0.976 ± 0.003") && text.contains("## Adding"),
        "{text}"
    );
    assert!(f.path("runs/results/mnist-skip-gru-1e-4-digits.svg").is_file());
}
