//! Commands that train many runs, killed and started again.

use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// The `training.json` of every finished run.
pub type Finished = BTreeMap<PathBuf, Vec<u8>>;

/// Those of the runs in these folders.
pub fn finished(folders: &[PathBuf]) -> Finished {
    let read = |folder: &PathBuf| {
        let text = fs::read(folder.join("training.json")).ok()?;
        Some((folder.clone(), text))
    };
    folders.iter().filter_map(read).collect()
}

/// The step of every run's checkpoint, 0 where there is none.
fn checkpoints(folders: &[PathBuf]) -> Vec<u64> {
    let step = |folder: &PathBuf| -> Option<u64> {
        let bytes = fs::read(folder.join("checkpoint.safetensors")).ok()?;
        let length = u64::from_le_bytes(bytes[..8].try_into().ok()?) as usize;
        let header: Value = serde_json::from_slice(&bytes[8..8 + length]).ok()?;
        header["__metadata__"]["step"].as_str()?.parse().ok()
    };
    folders.iter().map(|f| step(f).unwrap_or(0)).collect()
}

/// Starts a command again and again and kills it after each of these pauses, in milliseconds. No finished run is touched,
/// no checkpoint goes back, and `look` is shown the checkpoints after every kill. Returns what is finished, and how often the
/// command was still at work when it was killed.
pub fn killed(line: &str, folders: &[PathBuf], pauses_ms: &[u64], look: impl Fn(&[u64])) -> (Finished, usize) {
    let (mut done, mut steps, mut kills) = (Finished::new(), vec![0; folders.len()], 0);
    for pause_ms in pauses_ms {
        let mut child = Command::new(env!("CARGO_BIN_EXE_skiprnn"))
            .args(line.split(' '))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(*pause_ms));
        kills += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        let now = finished(folders);
        for (folder, summary) in &done {
            assert_eq!(now.get(folder), Some(summary), "a finished run was touched");
        }
        let reached = checkpoints(folders);
        assert!(
            reached.iter().zip(&steps).all(|(a, b)| a >= b),
            "{steps:?}, then {reached:?}"
        );
        look(&reached);
        (done, steps) = (now, reached);
    }
    (done, kills)
}

/// Asserts that the runs of one list ended with the models of the other, to the bit.
pub fn assert_same_models(left: &[PathBuf], right: &[PathBuf]) {
    assert_eq!(left.len(), right.len());
    for (a, b) in left.iter().zip(right) {
        let bytes = |folder: &Path| fs::read(folder.join("model.safetensors")).unwrap();
        assert!(bytes(a) == bytes(b), "{}", a.display());
    }
}
