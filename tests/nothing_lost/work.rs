//! Commands that take a while, on data and with settings that make it a short one, and what they leave.

use crate::common::{Folder, json};
use float_model::{Sequences, Targets};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_skiprnn");

/// Options of every training.
const TRAINING: &str = "--sample-period-s 0.02 --hidden 4 --batch 16 --learning-rate 1e-2 --threads 1";

/// Runs the program by a shell, in which it is `"$0" "$@"`.
pub fn by_shell(script: &str, line: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", script, PROGRAM]).args(line.split(' '));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A training and a test part of sixty sequences of 12 samples at 50 Hz, whose class is the sign of samples 5 to 7. Returns the
/// folder.
pub fn write_data(f: &Folder) -> String {
    let (count, length) = (60, 12);
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
    for part in ["train", "test"] {
        dataset::save_sequences(&f.path("data").join(format!("{part}_x.npy")), &x).unwrap();
        dataset::save_targets(&f.path("data").join(format!("{part}_y.npy")), &y).unwrap();
    }
    f.at("data")
}

/// A command that takes a while.
pub struct Work {
    /// The command line, but for `--out`.
    line: String,
    /// Whether a run is continued by `--resume` alone.
    by_resume: bool,
    /// The file that it writes into its folder, where `--out` names a file.
    file: Option<&'static str>,
    /// Its data, and runs that it reads.
    _inputs: Folder,
}

impl Work {
    fn of(line: impl FnOnce(&str, &Folder) -> String) -> Work {
        let inputs = Folder::new();
        let data = write_data(&inputs);
        Work {
            line: line(&data, &inputs),
            by_resume: false,
            file: None,
            _inputs: inputs,
        }
    }

    pub fn train() -> Work {
        let line = |data: &str, _: &Folder| {
            format!("train dataset --data {data} {TRAINING} --cell skip-gru --steps 3000 --eval-every 20")
        };
        Work {
            by_resume: true,
            ..Work::of(line)
        }
    }

    pub fn sweep() -> Work {
        Work::of(|data, _| {
            format!(
                "sweep dataset --data {data} {TRAINING} --cells skip-gru,gru --lambdas 0,1e-2 --steps 500 --eval-every 50 \
                 --checkpoint-seconds 0.02 --jobs 2"
            )
        })
    }

    pub fn reproduce() -> Work {
        Work::of(|_, _| {
            "reproduce adding --rows skip-gru-1e-5 --runs 2 --hidden 4 --steps 60 --batch 8 --eval-every 30 --checkpoint-seconds 0.02 \
             --settle-steps 0 --jobs 2"
                .into()
        })
    }

    pub fn baselines() -> Work {
        Work::of(|data, inputs| {
            let runs = inputs.at("runs");
            json(&format!(
                "sweep dataset --data {data} {TRAINING} --cells skip-gru --lambdas 1e-2 --steps 200 --eval-every 50 --out {runs}"
            ));
            format!("baselines {runs} --fixed-rates 2 --confidences 0.9 --filters 4 --jobs 2 --checkpoint-seconds 0.02")
        })
    }

    pub fn finetune() -> Work {
        let line = |data: &str, inputs: &Folder| {
            let run = inputs.at("run");
            json(&format!(
                "train dataset --data {data} {TRAINING} --cell skip-gru --steps 200 --eval-every 50 --out {run}"
            ));
            format!(
                "quantize {run} --finetune --finetune-steps 40 --calib-x {data}/train_x.npy --calib-y {data}/train_y.npy"
            )
        };
        Work {
            file: Some("m.srnn"),
            ..Work::of(line)
        }
    }

    pub fn demo() -> Work {
        Work::of(|_, _| "demo --quick --steps 2".into())
    }

    /// The line that begins or continues the work in `out`.
    pub fn line(&self, out: &Path) -> String {
        let begun = self.by_resume && out.join("config.toml").exists();
        let resume = if begun { " --resume" } else { "" };
        let out = self.file.map_or_else(|| out.to_path_buf(), |file| out.join(file));
        format!("{}{resume} --out {}", self.line, out.display())
    }

    /// Starts or continues the work.
    pub fn command(&self, out: &Path) -> Command {
        by_shell("exec \"$0\" \"$@\"", &self.line(out))
    }
}

/// All files of a file or a folder.
pub fn files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return if path.exists() { vec![path.into()] } else { Vec::new() };
    }
    let entries = fs::read_dir(path).unwrap();
    entries.flat_map(|entry| files(&entry.unwrap().path())).collect()
}

/// Nothing, to compare lists of files with.
pub const NO_FILES: [&Path; 0] = [];

/// Those that no command may leave behind.
pub fn partial(path: &Path) -> Vec<PathBuf> {
    let mut found = files(path);
    found.retain(|file| file.extension().is_some_and(|end| end == "partial"));
    found
}

/// What the work gave, without the seconds that it took.
pub fn result(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let content = |path: PathBuf| {
        let bytes = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let kept = match name {
            "metrics.csv" => without_seconds(&bytes),
            "training.json" | "summary.json" => {
                let mut value = serde_json::from_slice(&bytes).unwrap();
                forget_seconds(&mut value);
                value.to_string().into_bytes()
            }
            "checkpoint.safetensors" => {
                // The tensors follow the header, which holds the training time.
                let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
                bytes[8 + header..].to_vec()
            }
            "model.safetensors" => bytes,
            _ if name.ends_with(".srnn") => bytes,
            _ => return None,
        };
        let place = path.strip_prefix(out).unwrap().to_path_buf();
        Some((place, kept))
    };
    files(out).into_iter().filter_map(content).collect()
}

/// `metrics.csv` without the seconds.
fn without_seconds(table: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(table).unwrap();
    let row = |row: &str| {
        let mut cells: Vec<&str> = row.split(',').collect();
        cells.remove(1);
        cells.join(",") + "\n"
    };
    text.lines().map(row).collect::<String>().into_bytes()
}

fn forget_seconds(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.remove("seconds");
            object.values_mut().for_each(forget_seconds);
        }
        Value::Array(list) => list.iter_mut().for_each(forget_seconds),
        _ => {}
    }
}
