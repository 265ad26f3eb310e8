//! `sweep`: killed and started again, as an array job, and its table.

mod common;
use common::{Folder, fails, json, runs, skiprnn};
use host_train::{Sequences, Targets};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Sixty sequences of 12 samples at 50 Hz, whose class is the sign of the first sample.
fn write_dataset(f: &Folder) -> String {
    let (count, length) = (60, 12);
    let value = |k: usize| match (k % length, k / length % 2) {
        (0, 0) => 1.0,
        (0, _) => -1.0,
        _ => (k as f32 * 1.3).sin() * 0.1,
    };
    let x = Sequences::new("x", (0..count * length).map(value).collect(), count, length, 1).unwrap();
    let y = Targets::Labels((0..count as u32).map(|n| n % 2).collect());
    fs::create_dir_all(f.path("data")).unwrap();
    for part in ["train", "test"] {
        dataset::save_sequences(&f.path("data").join(format!("{part}_x.npy")), &x).unwrap();
        dataset::save_targets(&f.path("data").join(format!("{part}_y.npy")), &y).unwrap();
    }
    f.at("data")
}

const SETTINGS: [&str; 3] = ["skip-gru-4-0e0", "skip-gru-4-1e-2", "gru-4"];

fn line(data: &str, out: &str) -> String {
    format!(
        "sweep dataset --data {data} --sample-period-s 0.02 --cells skip-gru,gru --hidden 4 --lambdas 0,1e-2 --seeds 1,2 --steps 900 \
         --batch 16 --eval-every 150 --checkpoint-seconds 0.02 --jobs 2 --threads 1 --out {out}"
    )
}

fn folders(out: &Path) -> Vec<PathBuf> {
    let seeds = |setting: &&str| [1, 2].map(|seed| out.join(setting).join(format!("seed-{seed}")));
    SETTINGS.iter().flat_map(seeds).collect()
}

#[test]
fn killed_half_way_it_resumes_and_repeats_nothing() {
    let f = Folder::new();
    let data = write_dataset(&f);
    let killed = folders(&f.path("killed"));
    let (done, kills) = runs::killed(&line(&data, &f.at("killed")), &killed, &[400, 700, 300, 900], |_| ());
    assert!(kills >= 1, "the command was over before it could be killed");
    let table = json(&line(&data, &f.at("killed")));
    for (folder, summary) in &done {
        assert_eq!(runs::finished(&killed).get(folder), Some(summary));
    }
    json(&line(&data, &f.at("whole")));
    runs::assert_same_models(&killed, &folders(&f.path("whole")));
    let settings = table["settings"].as_array().unwrap();
    assert_eq!(settings.len(), SETTINGS.len(), "a cell without a gate is trained once");
    for (setting, name) in settings.iter().zip(SETTINGS) {
        assert_eq!(
            (setting["setting"].as_str(), setting["finished"].as_u64()),
            (Some(name), Some(2))
        );
    }
}

#[test]
fn the_table_has_fronts_and_energies() {
    let f = Folder::new();
    let data = write_dataset(&f);
    let out = f.at("sweep");
    let command = line(&data, &out).replace("--steps 900", "--steps 200");
    let plain = json(&command);
    assert_eq!(
        (plain["judged_on"].as_str(), plain["metric_name"].as_str()),
        (Some("the test part"), Some("accuracy"))
    );
    assert!(plain["settings"][0]["uj_per_sequence"].is_null());
    let table = json(&format!("{command} --report --board nrf52840 --sensor lis3dh"));
    let settings = table["settings"].as_array().unwrap();
    let of = |s: &Value, key: &str| s[key].as_f64().unwrap();
    let dense = settings.iter().find(|s| s["setting"] == "gru-4").unwrap();
    assert_eq!(of(dense, "updates_mean"), 12.0);
    for s in settings {
        let (low, high) = (of(&s["uj_per_sequence"], "low"), of(&s["uj_per_sequence"], "high"));
        assert!(0.0 < low && low < high, "{s}");
        assert!(of(s, "updates_mean") <= 12.0 && of(s, "macs_per_sequence") <= of(dense, "macs_per_sequence") + 48.0);
    }
    assert!(settings.iter().any(|s| s["on_updates_front"] == true));
    assert!(settings.iter().any(|s| s["on_energy_front"] == true));
    let text = fs::read_to_string(f.path("sweep/SWEEP.md")).unwrap();
    for part in [
        "| gru-4 | 2 of 2 |",
        "predicted, not measured, for nrf52840",
        "front-energy.svg",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let csv = fs::read_to_string(f.path("sweep/sweep.csv")).unwrap();
    let columns: Vec<usize> = csv.lines().map(|l| l.split(',').count()).collect();
    assert!(columns.len() == 7 && columns.iter().all(|n| *n == columns[0]), "{csv}");
    let csv = fs::read_to_string(f.path("sweep/front.csv")).unwrap();
    let columns: Vec<usize> = csv.lines().map(|l| l.split(',').count()).collect();
    assert!(columns.len() == 4 && columns.iter().all(|n| *n == columns[0]), "{csv}");
    let svg = fs::read_to_string(f.path("sweep/front-updates.svg")).unwrap();
    assert_eq!(svg.matches("<circle").count(), 3);
}

#[test]
fn an_array_job_does_what_the_command_would() {
    let f = Folder::new();
    let data = write_dataset(&f);
    let (out, script) = (f.at("sweep"), f.at("sweep.sh"));
    fs::write(f.path("runs.csv"), "cell, lambda ,seed\nskip-gru,1e-2,1\ngru,0,1\n").unwrap();
    let command = format!(
        "sweep dataset --data {data} --list {} --hidden 4 --steps 40 --batch 16 --eval-every 20 --threads 1 --out {out}",
        f.at("runs.csv")
    );
    assert_eq!(json(&format!("{command} --slurm {script}"))["tasks"], 2);
    let text = fs::read_to_string(&script).unwrap();
    assert!(text.contains("#SBATCH --array=0,1\n"), "{text}");
    // Each task as Slurm would run it.
    for task in ["0", "1"] {
        let status = Command::new("bash")
            .arg(&script)
            .env("SLURM_ARRAY_TASK_ID", task)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{text}");
    }
    let table = json(&format!("{command} --report"));
    let finished: Vec<u64> = table["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["finished"].as_u64().unwrap())
        .collect();
    assert_eq!(finished, [1, 1]);
    fails(&format!("{command} --slurm {script}"), 2, &["--slurm", "finished"]);
    fails(&format!("{command} --job 2"), 2, &["--job", "0 to 1"]);
}

#[test]
fn bad_sweeps_are_refused() {
    let f = Folder::new();
    let data = write_dataset(&f);
    let command = format!("sweep dataset --data {data} --hidden 4 --steps 2 --out {}", f.at("out"));
    fails(&format!("{command} --jobs 0"), 2, &["--jobs"]);
    fails(&format!("{command} --lambdas 1e-3,-1"), 2, &["lambda"]);
    fails(&format!("{command} --board none-such"), 2, &["--board", "none-such"]);
    let list = f.at("runs.csv");
    fs::write(&list, "cell,speed\ngru,3\n").unwrap();
    fails(
        &format!("{command} --list {list}"),
        2,
        &["runs.csv", "line 1", "'speed' is no column"],
    );
    fs::write(&list, "cell,seed\ngru,one\n").unwrap();
    fails(
        &format!("{command} --list {list}"),
        2,
        &["runs.csv", "line 2", "'one' is no seed"],
    );
    fs::write(&list, "cell,seed\n").unwrap();
    fails(&format!("{command} --list {list}"), 2, &["runs.csv", "none"]);
    assert!(!f.path("out").join("sweep.csv").exists());
    assert!(skiprnn(["sweep", "--help"]).status.success());
}

#[test]
fn damaged_runs_are_told_and_the_others_go_on() {
    let f = Folder::new();
    let data = write_dataset(&f);
    let command = format!(
        "sweep dataset --data {data} --sample-period-s 0.02 --cells gru --hidden 4 --seeds 1,2 --steps 2 --batch 16 --eval-every 2 \
         --jobs 1 --threads 1 --out {}",
        f.at("sweep")
    );
    json(&command);
    let seed = |n: u32| f.path(&format!("sweep/gru-4/seed-{n}"));
    let run = |more: &str| {
        let out = skiprnn(format!("{command}{more} --json").split(' '));
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(1), "{said}");
        (serde_json::from_slice::<Value>(&out.stdout).unwrap(), said)
    };
    for (name, contents) in [
        ("model.safetensors", ""),
        ("training.json", "{"),
        ("config.toml", "cell = 3"),
    ] {
        let path = seed(1).join(name);
        let good = fs::read(&path).unwrap();
        fs::write(&path, contents).unwrap();
        // The other run is trained again.
        fs::remove_dir_all(seed(2)).unwrap();
        let (table, said) = run("");
        assert!(said.contains(name) && said.contains("gru-4 1"), "{said}");
        assert!(seed(2).join("training.json").exists(), "{said}");
        assert_eq!(table["settings"][0]["finished"], 1, "{table}");
        let (table, said) = run(" --report-only");
        assert!(said.contains("1 runs cannot be used") && said.contains(name), "{said}");
        assert!(table["damaged"][0].as_str().unwrap().contains(name), "{table}");
        let report = fs::read_to_string(f.path("sweep/SWEEP.md")).unwrap();
        assert!(
            report.contains("Left out: gru-4 1: ") && report.contains(name),
            "{report}"
        );
        fs::write(&path, good).unwrap();
    }
    json(&command);
}
