//! `train --from` and `--distill` as a user meets them: a model of another program becomes a skipping one, is adapted, and is refused
//! where it does not fit.

mod common;

use candle_core::{Device, Tensor};
use common::{Folder, fails, json, skiprnn};
use std::{
    collections::HashMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// Samples of a sequence.
const LENGTH: usize = 40;

/// One CSV file: `people` persons, without a column for them where there is one alone, with eight recordings of each class: waves with a
/// phase of their own about a level that tells the class by its name.
fn write_recordings(path: &Path, classes: &[&str], channels: &str, people: usize) {
    let subject = if people > 1 { "subject," } else { "" };
    let mut text = format!("sequence,{subject}label,time_ms,{channels}\n");
    let mut sequence = 0;
    for person in 0..people {
        let who = if people > 1 {
            format!("p{person},")
        } else {
            String::new()
        };
        for class in classes {
            let level = ["slow", "middle", "fast"].iter().position(|c| c == class).unwrap_or(0) as f32 - 1.0;
            for turn in 0..8 {
                let phase = (person * 37 + turn * 11) as f32 * 0.7;
                for t in 0..LENGTH {
                    let angle = t as f32 * 0.4 + phase;
                    let (a, b) = (level + 0.3 * angle.sin(), 0.3 * angle.cos() - level);
                    text += &format!("{sequence},{who}{class},{},{a},{b}\n", t * 20);
                }
                sequence += 1;
            }
        }
    }
    fs::write(path, text).unwrap();
}

const SMALL: &str = "--batch 32 --eval-every 40 --threads 1 --learning-rate 1e-2 --rotate 0";

/// Trains a dense GRU, and writes its weights as PyTorch would: names of modules before the tensors, no cell, no classes, no initial
/// state.
fn dense_state_dict(f: &Folder, data: &str) -> String {
    let run = f.at("dense");
    json(&format!(
        "train dataset --data {data} --cell gru --hidden 10 --steps 80 {SMALL} --out {run}"
    ));
    let model = float_model::load(&f.path("dense/model.safetensors")).unwrap();
    let (rows, layer) = (3 * model.hidden, &model.layers[0]);
    let device = &Device::Cpu;
    let matrix = |values: &[f32], rows: usize| Tensor::from_slice(values, (rows, values.len() / rows), device).unwrap();
    let vector = |values: &[f32]| Tensor::from_slice(values, values.len(), device).unwrap();
    let tensors = HashMap::from([
        ("gru.weight_ih_l0", matrix(&layer.weight_ih, rows)),
        ("gru.weight_hh_l0", matrix(&layer.weight_hh, rows)),
        ("gru.bias_ih_l0", vector(&layer.bias_ih)),
        ("gru.bias_hh_l0", vector(&layer.bias_hh)),
        ("fc.weight", matrix(&model.head.weight, model.outputs)),
        ("fc.bias", vector(&model.head.bias)),
        ("input.mean", vector(&model.input_mean)),
        ("input.std", vector(&model.input_std)),
    ]);
    let path = f.path("dense.safetensors");
    candle_core::safetensors::save(&tensors, &path).unwrap();
    path.display().to_string()
}

fn training(run: &Path) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(run.join("training.json")).unwrap()).unwrap()
}

#[test]
fn a_dense_network_of_another_program_becomes_a_skipping_one() {
    let f = Folder::new();
    write_recordings(&f.path("data.csv"), &["slow", "middle", "fast"], "ax,ay", 8);
    let data = f.at("data.csv");
    let dense = dense_state_dict(&f, &data);
    let line = format!("train dataset --data {data} --from {dense} --lambda 5e-3 --steps 80 {SMALL}");
    let taught = json(&format!("{line} --distill --start-every 4 --out {}", f.at("taught")));
    assert_eq!(
        (taught["cell"].as_str(), taught["hidden"].as_u64()),
        (Some("skip-gru"), Some(10))
    );
    let summary = training(&f.path("taught"));
    let own = summary["from"]["validation"]["metric"].as_f64().unwrap();
    assert!(own > 0.9, "the dense network knows the task: {own}");
    let (kept, updates) = (
        taught["metric"].as_f64().unwrap(),
        taught["updates_mean"].as_f64().unwrap(),
    );
    assert!(kept >= own - 0.05, "{own} became {kept}");
    assert!(
        updates < 0.5 * LENGTH as f64,
        "the gate uses {updates} of {LENGTH} samples"
    );
    let notes = summary["from"]["notes"].to_string();
    for said in [
        "they are taken as fast, middle, slow",
        "a skip gate is added, which starts with one sample in 4",
    ] {
        assert!(notes.contains(said), "{notes}");
    }
    let config = fs::read_to_string(f.path("taught/config.toml")).unwrap();
    assert!(
        config.contains("[from.distill]\ntemperature = 2.0\nweight = 0.7"),
        "{config}"
    );
    let model = float_model::load(&f.path("taught/model.safetensors")).unwrap();
    let source = float_model::load(Path::new(&dense)).unwrap();
    assert_eq!(model.input_mean, source.input_mean);
    json(&format!("eval {}", f.at("taught")));
}

#[test]
fn a_model_is_adapted_to_one_person_and_learns_a_new_class() {
    let f = Folder::new();
    write_recordings(&f.path("all.csv"), &["slow", "fast"], "ax,ay", 8);
    let (all, base) = (f.at("all.csv"), f.at("base"));
    json(&format!(
        "train dataset --data {all} --cell skip-gru --hidden 8 --steps 20 {SMALL} --out {base}"
    ));
    // One person, who never moves slowly; the columns lie the other way round.
    write_recordings(&f.path("one.csv"), &["fast", "middle"], "ay,ax", 1);
    let line = format!(
        "train dataset --data {} --from {base} --steps 20 {SMALL}",
        f.at("one.csv")
    );
    json(&format!("{line} --distill --out {}", f.at("adapted")));
    let model = float_model::load(&f.path("adapted/model.safetensors")).unwrap();
    assert_eq!(model.description.class_names, ["fast", "middle", "slow"]);
    let notes = training(&f.path("adapted"))["from"]["notes"].to_string();
    for said in [
        "the recordings' order: ay, ax",
        "new to the model: middle",
        "recordings lack are kept: slow",
    ] {
        assert!(notes.contains(said), "{notes}");
    }
    // The old recordings are still read by the names of classes and channels.
    let eval = json(&format!("eval {} --x {all}", f.at("adapted")));
    assert_eq!(eval["sequences"], 128);
}

#[test]
fn a_killed_run_with_a_teacher_ends_with_the_same_bits() {
    let f = Folder::new();
    write_recordings(&f.path("data.csv"), &["slow", "fast"], "ax,ay", 6);
    let (data, base) = (f.at("data.csv"), f.at("base"));
    json(&format!(
        "train dataset --data {data} --cell gru --hidden 6 --steps 10 {SMALL} --out {base}"
    ));
    let line = |out: &str| {
        format!(
            "train dataset --data {data} --from {base} --distill --noise 0.1 --steps 200 {SMALL} --out {}",
            f.at(out)
        )
    };
    json(&line("whole"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_skiprnn"))
        .args(line("cut").split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let checkpoint = f.path("cut/checkpoint.safetensors");
    while !checkpoint.exists() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    json(&format!("{} --resume", line("cut")));
    let model = |run: &str| fs::read(f.path(run).join("model.safetensors")).unwrap();
    assert!(model("whole") == model("cut"));

    // Another model in its place is noticed.
    json(&format!(
        "train dataset --data {data} --cell gru --hidden 6 --steps 11 {SMALL} --out {}",
        f.at("other")
    ));
    fs::copy(f.path("other/model.safetensors"), f.path("base/model.safetensors")).unwrap();
    fails(
        &format!("{} --resume", line("cut")),
        1,
        &["the run started from another model", "train in a new folder"],
    );
}

#[test]
fn models_that_do_not_fit_are_refused_by_option_and_name() {
    let f = Folder::new();
    write_recordings(&f.path("data.csv"), &["slow", "fast"], "ax,ay", 6);
    write_recordings(&f.path("gyro.csv"), &["slow", "fast"], "gx,gy", 6);
    write_recordings(&f.path("other.csv"), &["up", "down"], "ax,ay", 6);
    let (data, base, out) = (f.at("data.csv"), f.at("base"), f.at("out"));
    json(&format!(
        "train dataset --data {data} --cell skip-gru --hidden 6 --steps 4 {SMALL} --out {base}"
    ));
    let line = format!("train dataset --data {data} --steps 4 {SMALL} --out {out}");
    let cases: [(String, &[&str]); 9] = [
        (format!("{line} --distill"), &["--from"]),
        (format!("{line} --from {base} --temperature 3"), &["--distill"]),
        (
            format!("{line} --from {base} --distill --temperature 0"),
            &["--temperature", "divides the logits"],
        ),
        (
            format!("{line} --from {base} --distill --distill-weight 1.5"),
            &["--distill-weight", "at most 1"],
        ),
        (
            format!("{line} --from {base} --hidden 7"),
            &["--hidden", "is 7", "6 units", "leave it out"],
        ),
        (
            format!("{line} --from {base} --layers 2"),
            &["--layers", "is 2", "1 layers"],
        ),
        (
            format!("{line} --from {base} --cell lstm"),
            &["--cell", "is a skip-gru; give gru or skip-gru"],
        ),
        (
            format!("{line} --from {base} --start-every 4"),
            &["--start-every", "has a skip gate"],
        ),
        (
            format!(
                "train dataset --data {} --steps 4 {SMALL} --from {base} --distill --out {out}",
                f.at("other.csv")
            ),
            &["--distill", "none of the classes"],
        ),
    ];
    for (line, needles) in &cases {
        fails(line, 2, needles);
    }
    fails(
        &format!(
            "train dataset --data {} --steps 4 {SMALL} --from {base} --out {out}",
            f.at("gyro.csv")
        ),
        1,
        &["channels", "gx, gy", "ax, ay"],
    );
    fails(&format!("{line} --from {}", f.at("nothing")), 1, &["nothing"]);
    assert!(!f.path("out").exists(), "a refused run leaves no folder");
    let help = String::from_utf8(skiprnn(["train", "--help"]).stdout).unwrap();
    assert!(help.contains("--from <MODEL>") && help.contains("--distill-weight <SHARE>"));
}
