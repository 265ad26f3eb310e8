//! The whole road with a tiny model: every command, and what each hands to the next.

mod common;
use common::{Folder, json, tiny_run};
use serde_json::Value;

/// Whether the object has all of these keys.
fn has(value: &Value, keys: &str) {
    for key in keys.split(' ') {
        assert!(value.get(key).is_some(), "no '{key}' in {value}");
    }
}

const EVAL_KEYS: &str = "task cell hidden layers lambda seed steps metric_name metric solved updates_mean updates_share \
                         sequence_length macs_per_sequence seconds";

#[test]
fn every_cell_walks_the_whole_road() {
    for (task, cell) in [
        ("frequency", "skip-lstm"),
        ("frequency", "gru"),
        ("adding", "skip-gru"),
        ("adding", "lstm"),
    ] {
        let f = Folder::new();
        let (run, blob) = (f.at("run"), f.at("m.srnn"));
        let trained = tiny_run(task, cell, &run);
        has(&trained, EVAL_KEYS);
        assert_eq!(
            (trained["task"].as_str(), trained["cell"].as_str()),
            (Some(task), Some(cell))
        );
        for file in ["config.toml", "metrics.csv", "model.safetensors"] {
            assert!(f.path("run").join(file).exists(), "{file}");
        }

        let eval = json(&format!("eval {run} --n 60 --schedules"));
        has(&eval, EVAL_KEYS);
        has(&eval, "sequences decisions outputs schedules");
        assert_eq!(eval["sequences"], 60);
        assert_eq!(eval["outputs"].as_array().map(Vec::len), Some(60));

        // The adding task has no sample period of its own; energy needs one.
        let quantized = json(&format!("quantize {run} --out {blob} --sample-period-s 1e-3"));
        has(
            &quantized,
            "blob_bytes weights_bits kernel sequences metric_float metric_fixed updates_float updates_fixed same_decision \
             same_schedule arith_same_decision arith_same_schedule arith_max_abs_h_error",
        );
        assert_eq!(
            quantized["blob_bytes"].as_u64(),
            Some(std::fs::metadata(f.path("m.srnn")).unwrap().len())
        );
        assert!(quantized["arith_same_decision"].as_f64() >= Some(0.98), "{quantized}");

        let simulated = json(&format!("simulate {blob} --task {task} --n 60 --schedules"));
        has(&simulated, "sequences metric updates_mean decisions outputs schedules");
        let emulated = json(&format!("emulate {blob} --task {task} --n 60 --schedules"));
        has(&emulated, "identical_to_simulator instructions_per_update machine");
        assert_eq!(emulated["identical_to_simulator"], true);
        assert!(emulated["instructions_per_update"].as_f64() > Some(500.0));
        for key in ["metric", "updates_mean", "decisions", "outputs", "schedules"] {
            assert_eq!(emulated[key], simulated[key], "{cell}: {key}");
        }
        for schedule in simulated["schedules"].as_array().unwrap() {
            let samples: Vec<u64> = schedule
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_u64().unwrap())
                .collect();
            assert_eq!(samples[0], 0, "sample 0 is always used");
            assert!(samples.windows(2).all(|w| w[0] < w[1]));
            let length = eval["sequence_length"].as_u64().unwrap();
            assert!(samples.iter().all(|t| *t < length));
            if !cell.starts_with("skip") {
                assert_eq!(samples.len() as u64, length, "a model without a gate uses every sample");
            }
        }

        let inspected = json(&format!("inspect {blob}"));
        assert_eq!(inspected["blob_bytes"], quantized["blob_bytes"]);
        let energy = json(&format!("energy predict {blob} --board nrf52840 --sensor none"));
        has(&energy, "board sensor uj_per_sequence dense_uj_per_sequence label");
        assert_eq!(energy["label"], "predicted");
        for part in ["uj_per_sequence", "dense_uj_per_sequence"] {
            let of = |key| energy[part][key].as_f64().unwrap();
            assert!(0.0 < of("low") && of("low") <= of("mid") && of("mid") <= of("high"));
        }
    }
}

#[test]
fn files_and_generators_are_the_same_data() {
    let f = Folder::new();
    let (run, blob, x, y) = (f.at("run"), f.at("m.srnn"), f.at("x.npy"), f.at("y.npy"));
    tiny_run("frequency", "skip-gru", &run);
    json(&format!("data frequency --n 40 --seed 9 --out-x {x} --out-y {y}"));
    json(&format!(
        "quantize {run} --out {blob} --calib-x {x} --calib-y {y} --weights 16"
    ));
    for command in [
        format!("eval {run}"),
        format!("simulate {blob}"),
        format!("emulate {blob}"),
    ] {
        let task = if command.starts_with("eval") {
            ""
        } else {
            " --task frequency"
        };
        let generated = json(&format!("{command}{task} --n 40 --seed 9 --schedules"));
        let read = json(&format!("{command} --x {x} --y {y} --schedules"));
        for key in [
            "sequences",
            "metric",
            "updates_mean",
            "decisions",
            "outputs",
            "schedules",
        ] {
            assert_eq!(generated[key], read[key], "{command}: {key}");
        }
        let unlabelled = json(&format!("{command} --x {x} --n 7"));
        assert_eq!(
            (&unlabelled["metric"], unlabelled["sequences"].as_u64()),
            (&Value::Null, Some(7))
        );
    }
}

#[test]
fn outputs_go_to_a_file_on_request() {
    let f = Folder::new();
    let (run, outputs) = (f.at("run"), f.at("o.npy"));
    tiny_run("adding", "skip-lstm", &run);
    let listed = json(&format!("eval {run} --n 30"));
    let written = json(&format!("eval {run} --n 30 --outputs {outputs}"));
    assert_eq!(written["outputs"].as_str(), Some(outputs.as_str()));
    let read = dataset::load_targets(&f.path("o.npy")).unwrap();
    let host_train::Targets::Values { values, outputs: 1 } = read else {
        panic!("{read:?}")
    };
    let expected: Vec<f32> = listed["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o[0].as_f64().unwrap() as f32)
        .collect();
    assert_eq!(values, expected);
    assert_eq!(
        listed["decisions"][0], listed["outputs"][0][0],
        "a regression decides its real output"
    );
}

/// Recordings of one's own: two classes of two channels, as .npy and as a folder of CSV files.
fn write_dataset(f: &Folder) -> (String, String) {
    let (n, t) = (48, 20);
    let mut values = Vec::new();
    let mut labels = Vec::new();
    let folder = f.path("recordings");
    std::fs::create_dir(&folder).unwrap();
    let mut index = String::from("file,label\n");
    for k in 0..n {
        let class = k % 2;
        labels.push(class as u32);
        let mut csv = String::from("left,right\n");
        for s in 0..t {
            let left = ((s + k) as f32 * if class == 0 { 0.3 } else { 0.9 }).sin() * 3.0;
            let right = 10.0 + class as f32 + (s * k % 5) as f32 * 0.1;
            values.extend([left, right]);
            csv.push_str(&format!("{left},{right}\n"));
        }
        std::fs::write(folder.join(format!("{k:02}.csv")), csv).unwrap();
        index.push_str(&format!("{k:02}.csv,{}\n", ["slow", "fast"][class]));
    }
    std::fs::write(folder.join("labels.csv"), index).unwrap();
    let x = host_train::Sequences::new("x", values, n, t, 2).unwrap();
    dataset::save_sequences(&f.path("x.npy"), &x).unwrap();
    dataset::save_targets(&f.path("y.npy"), &host_train::Targets::Labels(labels)).unwrap();
    (f.at("x.npy"), f.at("y.npy"))
}

#[test]
fn recordings_of_ones_own() {
    let f = Folder::new();
    let (x, y) = write_dataset(&f);
    let small = "--cell skip-gru --hidden 5 --steps 3 --eval-every 1 --batch 8 --threads 1 --sample-period-s 0.02";
    let (from_npy, from_csv) = (f.at("npy"), f.at("csv"));
    json(&format!(
        "train dataset --train-x {x} --train-y {y} --test-x {x} --test-y {y} --channel-names left,right --channel-units g,degC \
         --full-scale 4,16 {small} --out {from_npy}"
    ));
    let folder = f.at("recordings");
    json(&format!(
        "train dataset --train-x {folder} --test-x {folder} {small} --out {from_csv}"
    ));
    for (run, names) in [(&from_npy, ["left", "right"]), (&from_csv, ["left", "right"])] {
        let blob = format!("{run}.srnn");
        let eval = json(&format!("eval {run}"));
        assert_eq!(
            (eval["sequences"].as_u64(), eval["task"].as_str()),
            (Some(48), Some("dataset"))
        );
        let few = json(&format!("quantize {run} --out {blob} --curve-sequences 10"));
        let all = json(&format!("quantize {run} --out {blob}"));
        // A third of the 48 sequences validate; the others were learned from, and have updates too.
        let curve = |report: &serde_json::Value| (report["sequences"].as_u64(), report["curve_sequences"].as_u64());
        assert_eq!((curve(&few), curve(&all)), ((Some(16), Some(10)), (Some(16), Some(48))));
        let inspected = json(&format!("inspect {blob}"));
        for (channel, name) in inspected["channels"].as_array().unwrap().iter().zip(names) {
            assert_eq!(channel["name"], name);
        }
        if run == &from_npy {
            assert_eq!(inspected["channels"][1]["unit"], "degC");
            assert_eq!(inspected["channels"][1]["full_scale"], 16.0);
        } else {
            assert_eq!(inspected["class_names"].as_array().map(Vec::len), Some(2));
        }
        let emulated = json(&format!("emulate {blob} --x {x} --y {y}"));
        assert_eq!(
            (
                emulated["identical_to_simulator"].as_bool(),
                emulated["sequences"].as_u64()
            ),
            (Some(true), Some(48))
        );
    }
}

#[test]
fn an_interrupted_run_resumes() {
    let f = Folder::new();
    let run = f.at("run");
    // A schedule that ends at the last step would make more steps another run.
    let how = "train adding --hidden 4 --eval-every 2 --batch 8 --threads 1 --learning-rate-schedule constant";
    let line = format!("{how} --out {run}");
    json(&format!("{line} --steps 4"));
    common::fails(&format!("{line} --steps 8"), 1, &["already holds a run"]);
    let resumed = json(&format!("{line} --steps 8 --resume"));
    assert_eq!(resumed["steps"], 8);
    let once = f.at("once");
    json(&format!("{how} --steps 8 --out {once}"));
    let model = |name: &str| float_model::load(&f.path(name).join("model.safetensors")).unwrap();
    assert_eq!(model("run"), model("once"));
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_skiprnn"))
        .args(["energy", "boards"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closes the pipe before anything is written to it.
    drop(child.stdout.take());
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}
