//! A run that is killed at random instants ends with the bits of one that was left alone.

use host_train::{
    DataSource, TrainConfig,
    philox::{Purpose, Stream},
    train,
};
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Where the child trains; set for the child only.
const FOLDER: &str = "SKIPRNN_TEST_FOLDER";
const KILLS: usize = 10;

fn config() -> TrainConfig {
    TrainConfig {
        hidden: 8,
        steps: 6000,
        batch: 16,
        eval_every: 150,
        checkpoint_seconds: 0.01,
        threads: 2,
        ..DataSource::Frequency { sample_period_s: 0.01 }.default_config()
    }
}

/// What the child process runs.
#[test]
#[ignore = "run by the other test, in a process of its own"]
fn child() {
    let folder = std::env::var_os(FOLDER).expect("the parent names a folder");
    train(&config(), Path::new(&folder), true, &mut |_| ()).unwrap();
}

fn start(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// `metrics.csv` without the seconds, which differ from run to run.
fn metrics(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("metrics.csv")).unwrap();
    let without_seconds = |row: &str| {
        let mut cells: Vec<&str> = row.split(',').collect();
        cells.remove(1);
        cells.join(",")
    };
    text.lines().map(without_seconds).collect()
}

#[test]
fn killed_at_ten_random_instants() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, killed) = (dir.path().join("whole"), dir.path().join("killed"));
    let mut random = Stream::new(u64::from(std::process::id()), Purpose::Training, 0, 0);
    for n in 0..KILLS {
        let mut child = start(&killed);
        std::thread::sleep(Duration::from_secs_f64(random.between(0.0, 0.25)));
        assert!(
            child.try_wait().unwrap().is_none(),
            "kill {n}: the run was over already"
        );
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
    }
    assert!(start(&killed).wait().unwrap().success());
    assert!(start(&whole).wait().unwrap().success());
    let model = |folder: &Path| float_model::load(&folder.join("model.safetensors")).unwrap();
    assert_eq!(model(&killed), model(&whole));
    assert_eq!(metrics(&killed), metrics(&whole));
    let weights = |folder: &Path| {
        // The tensors follow the header; the header holds the training time, which differs.
        let bytes = fs::read(folder.join("checkpoint.safetensors")).unwrap();
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        bytes[8 + header..].to_vec()
    };
    assert!(weights(&killed) == weights(&whole), "the last states differ");
}
