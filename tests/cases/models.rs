//! Models of other programs, and whose class names count.

use crate::common::{Folder, fails, json, skiprnn};
use float_model::{Channel, FloatModel};
use serde_json::{Map, Value};
use std::{fmt::Write, fs, path::Path};

/// Classes in the order of a model's outputs, and the value of channel `level` that is each one's.
const CLASSES: [(&str, f32); 4] = [("run", -3.0), ("sit", -1.0), ("stand", 1.0), ("walk", 3.0)];

/// Samples of a recording.
const LENGTH: usize = 6;

/// A tensor: name, shape, values.
type Tensor = (String, Vec<usize>, Vec<f32>);

fn tensor(name: &str, shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let values = (0..count).map(|k| (k as f32 * 0.7).sin() * 0.5).collect();
    (name.into(), shape.into(), values)
}

/// Writes a safetensors file of f32 tensors.
fn write_tensors(path: &Path, tensors: &[Tensor], metadata: &[(&str, &str)]) {
    let (mut header, mut data) = (Map::new(), Vec::new());
    if !metadata.is_empty() {
        let entries = metadata.iter().map(|(k, v)| ((*k).to_owned(), Value::from(*v)));
        header.insert("__metadata__".into(), Value::Object(entries.collect()));
    }
    for (name, shape, values) in tensors {
        let start = data.len();
        data.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        let entry = serde_json::json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, data.len()] });
        header.insert(name.clone(), entry);
    }
    let header = Value::Object(header).to_string();
    let length = (header.len() as u64).to_le_bytes();
    fs::write(path, [&length[..], header.as_bytes(), &data].concat()).unwrap();
}

/// `nn.LSTM(3, 8)` and `nn.Linear(8, 3)` as a state dict names their tensors.
fn lstm(layers: &str, head: &str) -> Vec<Tensor> {
    let name = |part: &str| format!("{layers}{part}_l0");
    vec![
        tensor(&name("weight_ih"), &[32, 3]),
        tensor(&name("weight_hh"), &[32, 8]),
        tensor(&name("bias_ih"), &[32]),
        tensor(&name("bias_hh"), &[32]),
        tensor(&format!("{head}.weight"), &[3, 8]),
        tensor(&format!("{head}.bias"), &[3]),
    ]
}

/// A folder with `x.npy` (10, 6, 3) and `y.npy`, and lines that run a model on them.
struct Arrays(Folder);

impl Arrays {
    fn new() -> Self {
        let f = Folder::new();
        let values = (0..10 * LENGTH * 3).map(|k| (k as f32 * 0.3).sin()).collect();
        let x = host_train::Sequences::new("x", values, 10, LENGTH, 3).unwrap();
        dataset::save_sequences(&f.path("x.npy"), &x).unwrap();
        let y = host_train::Targets::Labels((0..10).map(|k| k % 3).collect());
        dataset::save_targets(&f.path("y.npy"), &y).unwrap();
        Arrays(f)
    }

    fn model(&self, tensors: &[Tensor], metadata: &[(&str, &str)]) {
        write_tensors(&self.0.path("m.safetensors"), tensors, metadata);
    }

    fn eval(&self) -> String {
        let f = &self.0;
        format!(
            "eval {} --x {} --y {}",
            f.at("m.safetensors"),
            f.at("x.npy"),
            f.at("y.npy")
        )
    }

    fn quantize(&self) -> String {
        let f = &self.0;
        let data = format!("--calib-x {} --calib-y {}", f.at("x.npy"), f.at("y.npy"));
        format!(
            "quantize {} --out {} {data} --length {LENGTH}",
            f.at("m.safetensors"),
            f.at("m.srnn")
        )
    }
}

fn notes(value: &Value) -> String {
    let notes = value["notes"].as_array().expect("notes");
    notes.iter().map(|n| n.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a04_tensors_that_a_model_has_no_use_for_are_refused_by_name() {
    let a = Arrays::new();
    let mut tensors = lstm("", "head");
    tensors.push(tensor("weight_ih_l0_reverse", &[32, 3]));
    tensors.push(tensor("bn.weight", &[3]));
    tensors.push(tensor("bn.running_mean", &[3]));
    tensors.push(tensor("conv.weight", &[3, 3, 5]));
    a.model(&tensors, &[]);
    let said = [
        "weight_ih_l0_reverse: not used here; bidirectional",
        "bn.running_mean, bn.weight: not used here; normalisation",
        "conv.weight: not used here; convolutions",
    ];
    fails(&a.eval(), 1, &said);
    fails(&a.quantize(), 1, &said);
    assert!(!a.0.path("m.srnn").exists());
}

#[test]
fn d03_a_format_of_a_tensor_library_is_no_format_of_a_model() {
    let a = Arrays::new();
    a.model(&lstm("", "head"), &[("format", "pt")]);
    assert_eq!(json(&a.eval())["sequences"], 10);
    a.model(&lstm("", "head"), &[("format", "skiprnn-9")]);
    fails(&a.eval(), 1, &["metadata format", "skiprnn-9", "newer program"]);
}

#[test]
fn d09_a_head_of_two_directions_names_the_reverse_direction() {
    let a = Arrays::new();
    let mut tensors = lstm("lstm.", "fc");
    tensors.retain(|t| t.0 != "fc.weight");
    tensors.push(tensor("fc.weight", &[3, 16]));
    tensors.push(tensor("lstm.weight_hh_l0_reverse", &[32, 8]));
    a.model(&tensors, &[]);
    fails(
        &a.eval(),
        1,
        &[
            "fc.weight: has shape (3, 16), twice the 8 units",
            "lstm.weight_hh_l0_reverse: not used here",
        ],
    );
}

#[test]
fn d16_e11_files_of_other_programs_are_named_with_what_to_do() {
    let a = Arrays::new();
    let zip = |name: &str| [b"PK\x03\x04\x14\x00\x00\x00".as_slice(), name.as_bytes()].concat();
    let cases: [(Vec<u8>, &[&str]); 8] = [
        (
            zip("archive/data.pkl"),
            &["no whole zip archive", "save or copy it again"],
        ),
        (
            b"\x80\x02}q\x00.".to_vec(),
            &["pickle", "before version 1.6", "torch.save"],
        ),
        (b"\x89HDF\r\n\x1a\n\0\0\0\0".to_vec(), &["no whole HDF5 file"]),
        (zip("model.weights.h5"), &["no whole zip archive"]),
        (b"\x08\x08\x12\x07pytorch".to_vec(), &["ONNX model without a graph"]),
        (b"\x20\0\0\0TFL3\0\0\0\0".to_vec(), &["TensorFlow Lite"]),
        (
            b"version https://git-lfs.github.com/spec/v1\n".to_vec(),
            &["git lfs pull"],
        ),
        (b"<!doctype html>\n<html>".to_vec(), &["web page"]),
    ];
    for (bytes, needles) in cases {
        fs::write(a.0.path("m.safetensors"), bytes).unwrap();
        fails(&a.eval(), 1, &[&["m.safetensors: is "], needles].concat());
    }
    // What takes a blob says so of a folder and of a float model, and the other way round.
    fails(
        &format!("simulate {} --x {}", a.0.at(""), a.0.at("x.npy")),
        1,
        &["is a folder", "blob"],
    );
    let m = a.0.at("m.safetensors");
    fails(
        &format!("simulate {m} --x {}", a.0.at("x.npy")),
        1,
        &["is a float model", "skiprnn quantize"],
    );
    fails(
        &format!("eval {}", a.0.at("")),
        1,
        &["no model.safetensors in this folder"],
    );
    fs::write(a.0.path("m.safetensors"), b"SRNN\x01\0\0\0\0\0\0\0").unwrap();
    fails(&a.eval(), 1, &["is a blob"]);
}

#[test]
fn e01_state_dicts_are_read_as_people_save_them() {
    let a = Arrays::new();
    a.model(&lstm("module.lstm.", "module.fc"), &[("format", "pt")]);
    let named = json(&a.eval());
    for part in [
        "recurrent layers are module.lstm",
        "the head is module.fc",
        "h0, c0: not in the file",
        "input.mean",
    ] {
        assert!(notes(&named).contains(part), "{part}: {}", notes(&named));
    }
    a.model(&lstm("", "head"), &[]);
    assert_eq!(json(&a.eval())["outputs"], named["outputs"], "the names change nothing");
    let quantized = json(&a.quantize());
    assert!(
        notes(&quantized).contains("h0, c0: not in the file"),
        "{}",
        notes(&quantized)
    );

    let mut bare = lstm("rnn.", "classifier.1");
    bare.retain(|t| !t.0.contains("rnn.bias"));
    a.model(&bare, &[]);
    assert!(notes(&json(&a.eval())).contains("bias=False"));
    let cell: Vec<Tensor> = lstm("cell.", "out")
        .into_iter()
        .map(|(name, shape, values)| (name.replace("_l0", ""), shape, values))
        .collect();
    a.model(&cell, &[]);
    assert_eq!(json(&a.eval())["outputs"], named["outputs"]);
    let mut projected = lstm("lstm.", "fc");
    projected.push(tensor("lstm.weight_hr_l0", &[2, 8]));
    projected.push(tensor("aux.weight", &[2, 8]));
    a.model(&projected, &[]);
    fails(
        &a.eval(),
        1,
        &[
            "lstm.weight_hr_l0: not used here; proj_size",
            "aux.weight",
            "one linear layer",
        ],
    );
}

#[test]
fn a_shape_without_values_is_refused_before_anything_is_allocated() {
    let a = Arrays::new();
    for huge in [1usize << 33, 1 << 62] {
        let mut tensors = lstm("", "head");
        tensors[0] = ("weight_ih_l0".into(), vec![0, huge], Vec::new());
        a.model(&tensors, &[]);
        fails(&a.eval(), 1, &["weight_ih_l0: has shape (0, ", "no values"]);
    }
}

/// A recording of a class: columns in this order, a time column of this period first where it is known.
fn recording(columns: &[&str], period_s: Option<f64>, level: f32) -> String {
    let mut text = String::new();
    let time = period_s.map(|_| "time").into_iter();
    text += &time.chain(columns.iter().copied()).collect::<Vec<_>>().join(",");
    for t in 0..LENGTH {
        let time = period_s.map(|p| format!("{:.4}", p * t as f64)).into_iter();
        let value = |name: &&str| match *name {
            "level" => (level + 0.1 * (t % 2) as f32).to_string(),
            _ => (0.5 - 0.1 * t as f32).to_string(),
        };
        write!(
            text,
            "\n{}",
            time.chain(columns.iter().map(value)).collect::<Vec<_>>().join(",")
        )
        .unwrap();
    }
    text + "\n"
}

/// A folder with recordings of these classes, by their words.
fn folder(path: &Path, classes: &[(&str, f32)], each: usize, columns: &[&str], period_s: Option<f64>) {
    fs::create_dir_all(path).unwrap();
    let mut labels = String::from("file,label\n");
    for k in 0..classes.len() * each {
        let (word, level) = classes[k % classes.len()];
        fs::write(path.join(format!("s{k}.csv")), recording(columns, period_s, level)).unwrap();
        writeln!(labels, "s{k}.csv,{word}").unwrap();
    }
    fs::write(path.join("labels.csv"), labels).unwrap();
}

/// A model that is always right: but for small weights everywhere, h of its first unit is tanh(level / 2), and the head takes the nearest of the classes' h.
fn nearest(mut model: FloatModel) -> FloatModel {
    let layer = &mut model.layers[0];
    for weights in [
        &mut layer.weight_ih,
        &mut layer.weight_hh,
        &mut layer.bias_ih,
        &mut layer.bias_hh,
    ] {
        weights
            .iter_mut()
            .enumerate()
            .for_each(|(k, w)| *w = [0.02, -0.03][k % 2]);
    }
    layer.h0.fill(0.0);
    layer.weight_ih[2 * 2 * 2] = 0.5; // gate n, unit 0, channel level
    layer.bias_ih[2..4].fill(-6.0); // gate z: h' = n
    model.head.weight.fill(0.0);
    for (k, (_, level)) in CLASSES.iter().enumerate() {
        let h = (level / 2.0).tanh();
        model.head.weight[2 * k] = 2.0 * h;
        model.head.bias[k] = -h * h;
    }
    model.input_mean.fill(0.0);
    model.input_std.fill(1.0);
    let gate = model.gate.as_mut().unwrap();
    gate.weight.fill(0.0);
    gate.bias = 0.5;
    model.description.channels = ["level", "other"]
        .map(|name| Channel {
            name: name.into(),
            unit: "g".into(),
            full_scale: 8.0,
        })
        .into();
    model
}

/// A run of four classes whose test folder holds two of them, and its blob.
struct FourClasses {
    f: Folder,
    run: String,
    blob: String,
    test: String,
}

impl FourClasses {
    fn new() -> Self {
        let f = Folder::new();
        let (train, test, run, blob) = (f.at("train"), f.at("test"), f.at("run"), f.at("m.srnn"));
        folder(Path::new(&train), &CLASSES, 6, &["level", "other"], Some(0.02));
        folder(
            Path::new(&test),
            &[CLASSES[1], CLASSES[3]],
            3,
            &["level", "other"],
            Some(0.02),
        );
        json(&format!(
            "train dataset --train-x {train} --test-x {test} --cell skip-gru --hidden 2 --steps 2 --eval-every 1 --batch 4 \
             --threads 1 --out {run}"
        ));
        let file = f.path("run").join("model.safetensors");
        float_model::save(&nearest(float_model::load(&file).unwrap()), &file).unwrap();
        json(&format!("quantize {run} --out {blob}"));
        FourClasses { f, run, blob, test }
    }
}

#[test]
fn a_models_own_class_names_count_in_every_command() {
    let m = FourClasses::new();
    let (run, blob, test) = (&m.run, &m.blob, &m.test);
    let metric = |line: &str| json(line)["metric"].as_f64().unwrap();
    assert_eq!(metric(&format!("eval {run}")), 1.0);
    assert_eq!(metric(&format!("eval {run} --x {test}")), 1.0);
    assert_eq!(metric(&format!("eval {run}/model.safetensors --x {test}")), 1.0);
    assert_eq!(metric(&format!("simulate {blob} --x {test}")), 1.0);
    assert_eq!(metric(&format!("emulate {blob} --x {test}")), 1.0);
    assert_eq!(metric(&format!("simulate {blob} --data-of {run}")), 1.0);
    let predicted = json(&format!(
        "energy predict {blob} --x {test} --board nrf52840 --sensor none"
    ));
    assert_eq!(predicted["metric"], 1.0);
    let of_run = format!("energy predict {blob} --board nrf52840 --sensor none --data-of");
    assert_eq!(json(&format!("{of_run} {run}"))["metric"], 1.0);
    fails(&format!("{of_run} {}", m.f.at("nowhere")), 1, &["nowhere"]);
    let front = format!("energy front {blob} --board nrf52840 --sensor none --data-of");
    assert_eq!(json(&format!("{front} {run}"))["points"][0]["metric"], 1.0);
    fails(&format!("{front} {}", m.f.at("nowhere")), 1, &["nowhere"]);
    // Given files are not called held out: they may be those of the training.
    let said = skiprnn(format!("eval {run} --x {test}").split(' ')).stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(
        said.contains(&format!("sequences of {test}")) && !said.contains("held-out"),
        "{said}"
    );
    let fidelity = json(&format!("fidelity {run} --integer-format block-i16-a16"));
    let row = &fidelity["rows"][0];
    assert_eq!(
        (row["metric_float"].as_f64(), row["metric_fixed"].as_f64()),
        (Some(1.0), Some(1.0))
    );
    let rivals = json(&format!("rivals {run} --out {} --report-only", m.f.at("rivals")));
    assert_eq!(rivals["methods"][0]["accuracy"].as_f64(), Some(1.0), "{rivals}");

    let other = m.f.path("other");
    folder(
        &other,
        &[("sit", -1.0), ("swim", 3.0)],
        2,
        &["level", "other"],
        Some(0.02),
    );
    let x = other.display();
    for line in [
        format!("eval {run} --x {x}"),
        format!("eval {run}/model.safetensors --x {x}"),
        format!("simulate {blob} --x {x}"),
        format!("emulate {blob} --x {x}"),
        format!("leak {blob} --x {x}"),
        format!("compare {run} {blob} --x {x} --svg {}", m.f.at("c.svg")),
        format!("quantize {run} --calib-x {x} --out {}", m.f.at("n.srnn")),
    ] {
        fails(&line, 1, &["s1.csv", "'swim'", "run, sit, stand, walk"]);
    }
}

#[test]
fn indices_of_classes_stay_indices_for_a_model_without_names() {
    let a = Arrays::new();
    a.model(&lstm("", "head"), &[]);
    let decided = json(&a.eval());
    let decided: Vec<u64> = decided["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d.as_u64().unwrap())
        .collect();
    // Labels that are right, of classes 1 and 2 alone, are not taken for classes 0 and 1.
    let right: Vec<u32> = decided.iter().map(|d| *d as u32).collect();
    let later: Vec<usize> = (0..right.len()).filter(|n| right[*n] > 0).collect();
    let f = &a.0;
    let x = dataset::load_sequences(&f.path("x.npy")).unwrap();
    let y = host_train::Targets::Labels(later.iter().map(|n| right[*n]).collect());
    fs::create_dir(f.path("later")).unwrap();
    dataset::save_sequences(&f.path("later").join("x.npy"), &x.select(later.iter().copied())).unwrap();
    dataset::save_targets(&f.path("later").join("y.npy"), &y).unwrap();
    let (x, y) = (f.at("later/x.npy"), f.at("later/y.npy"));
    let line = format!("eval {} --x {x} --y {y}", f.at("m.safetensors"));
    assert!(!later.is_empty());
    assert_eq!(json(&line)["metric"], 1.0);
}

#[test]
fn named_columns_go_into_the_models_order_and_units() {
    let m = FourClasses::new();
    let lines = |x: &str| {
        [
            format!("eval {} --x {x}", m.run),
            format!("eval {}/model.safetensors --x {x}", m.run),
            format!("simulate {} --x {x}", m.blob),
        ]
    };
    let swapped = m.f.path("swapped");
    folder(&swapped, &[CLASSES[0], CLASSES[2]], 2, &["other", "level"], Some(0.02));
    for line in lines(&m.f.at("swapped")) {
        let value = json(&line);
        assert_eq!(value["metric"], 1.0, "{line}");
        assert!(
            notes(&value).contains("other, level were put into the model's order"),
            "{line}"
        );
    }
    folder(
        &m.f.path("more"),
        &CLASSES,
        1,
        &["level", "sample_no", "other"],
        Some(0.02),
    );
    folder(&m.f.path("fewer"), &CLASSES, 1, &["level"], Some(0.02));
    for (name, needle) in [
        ("more", "channels: with sample_no"),
        ("fewer", "channels: without other"),
    ] {
        for line in lines(&m.f.at(name)) {
            fails(&line, 1, &[name, needle, "level, other"]);
        }
    }
    // Units, where both name them.
    let milli: Vec<(&str, f32)> = CLASSES.iter().map(|(word, level)| (*word, 1000.0 * level)).collect();
    folder(&m.f.path("mg"), &milli, 1, &["level", "other"], Some(0.02));
    let toml = |unit: &str| {
        let channel = |name: &str| format!("[[channel]]\nname = \"{name}\"\nunit = \"{unit}\"\n");
        fs::write(
            m.f.path("mg").join("channels.toml"),
            channel("level") + &channel("other"),
        )
        .unwrap();
    };
    toml("mg");
    for line in lines(&m.f.at("mg")) {
        let value = json(&line);
        assert_eq!(value["metric"], 1.0, "{line}");
        assert!(notes(&value).contains("mg was converted to g"), "{line}");
    }
    toml("rad/s");
    for line in lines(&m.f.at("mg")) {
        fails(&line, 1, &["unit of level: rad/s, and the model takes g"]);
    }
}

#[test]
fn a_rate_that_is_not_the_models_is_refused() {
    let m = FourClasses::new();
    folder(&m.f.path("slow"), &CLASSES, 1, &["level", "other"], Some(0.03));
    folder(&m.f.path("near"), &CLASSES, 1, &["level", "other"], Some(0.0201));
    folder(&m.f.path("unknown"), &CLASSES, 1, &["level", "other"], None);
    let simulate = |name: &str| format!("simulate {} --x {}", m.blob, m.f.at(name));
    fails(
        &simulate("slow"),
        1,
        &["slow", "33.3333 Hz", "50.0000 Hz", "at the model's rate"],
    );
    fails(
        &format!("eval {} --x {}", m.run, m.f.at("slow")),
        1,
        &["33.3333 Hz", "50.0000 Hz"],
    );
    fails(
        &format!("emulate {} --x {}", m.blob, m.f.at("slow")),
        1,
        &["33.3333 Hz"],
    );
    for name in ["near", "unknown"] {
        assert_eq!(json(&simulate(name))["metric"], 1.0, "{name}");
    }
    folder(&m.f.path("fast"), &CLASSES, 1, &["level", "other"], Some(0.01));
    fails(&simulate("fast"), 1, &["100.0000 Hz", "give --every 2"]);
    // With the option the rate fits, and the length is told.
    fails(&(simulate("fast") + " --every 2"), 1, &["sequences of 3 samples"]);
}

#[test]
fn an_unknown_time_between_samples_is_no_millisecond() {
    let a = Arrays::new();
    a.model(&lstm("", "head"), &[]);
    json(&a.quantize());
    let (blob, x) = (a.0.at("m.srnn"), a.0.at("x.npy"));
    for line in [
        format!("emulate {blob} --x {x}"),
        format!("energy predict {blob} --x {x} --board nrf52840 --sensor none"),
    ] {
        fails(&line, 1, &["m.srnn", "no time between samples", "--sample-period-s"]);
    }
    let odd = json(&(a.quantize() + " --sample-period-s 16"));
    assert!(
        notes(&odd).contains("every 16 s") && notes(&odd).contains("milliseconds"),
        "{}",
        notes(&odd)
    );
}

#[test]
fn a10_samples_beyond_the_full_scale_are_counted() {
    let m = FourClasses::new();
    let milli: Vec<(&str, f32)> = CLASSES.iter().map(|(word, level)| (*word, 1000.0 * level)).collect();
    folder(&m.f.path("mg"), &milli, 1, &["level", "other"], Some(0.02));
    let x = m.f.at("mg");
    let told = "50 % of the samples lie beyond the full scale of ±8 g, where the board clips them: is the data in mg?";
    for line in [
        format!("eval {} --x {x}", m.run),
        format!("simulate {} --x {x}", m.blob),
        format!("emulate {} --x {x}", m.blob),
        format!("quantize {} --calib-x {x} --out {}", m.run, m.f.at("n.srnn")),
    ] {
        assert!(notes(&json(&line)).contains(told), "{line}");
        let out = skiprnn(line.split(' '));
        assert!(String::from_utf8_lossy(&out.stdout).contains(told), "{line}");
    }
}

#[test]
fn d12_e12_quantizing_unequal_lengths_says_the_real_reason_at_once() {
    let f = Folder::new();
    fs::create_dir(f.path("d")).unwrap();
    let mut labels = String::from("file,label\n");
    for k in 0..12 {
        let rows: String = (0..4 + k % 3).map(|t| format!("{},{}\n", t % 2, k % 2)).collect();
        fs::write(f.path("d").join(format!("s{k}.csv")), format!("a,b\n{rows}")).unwrap();
        writeln!(labels, "s{k}.csv,{}", k % 2).unwrap();
    }
    fs::write(f.path("d").join("labels.csv"), labels).unwrap();
    let run = f.at("run");
    json(&format!(
        "train dataset --data {} --hidden 2 --steps 1 --eval-every 1 --batch 4 --threads 1 --out {run}",
        f.at("d")
    ));
    fails(
        &format!("quantize {run} --out {}", f.at("m.srnn")),
        1,
        &["unequal length", "--window", "--calib-x"],
    );
}

#[test]
fn what_is_missing_is_named_by_its_option() {
    let f = Folder::new();
    let card = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/activity");
    fails(
        &format!("quantize {} --out {}", card.display(), f.at("m.srnn")),
        1,
        &["give --calib-x", "har: cannot be accessed"],
    );
    let a = Arrays::new();
    a.model(&lstm("", "head"), &[]);
    let x = a.0.at("x.npy");
    let out = skiprnn(format!("eval {} --x {x}", a.0.at("m.safetensors")).split(' '));
    assert!(String::from_utf8_lossy(&out.stdout).contains("no labels: give --y"));
}
