//! Every kind of bad input: a message that names file, field and fix; exit code 1 or 2; no panic; nothing half
//! written.

mod common;
use common::{Folder, fails, json, tiny_run};
use host_train::{Sequences, Targets};

#[test]
fn wrong_options() {
    let f = Folder::new();
    let out = f.at("run");
    let train = |more: &str| format!("train frequency --steps 2 {more} --out {out}");
    fails(&train("--lambda -1"), 2, &["lambda", "-1"]);
    fails(&train("--lambda nan"), 2, &["lambda"]);
    fails(&train("--hidden 0"), 2, &["hidden"]);
    fails(&train("--layers 0"), 2, &["layers"]);
    fails(&train("--batch 0"), 2, &["batch"]);
    fails(&train("--cell rnn"), 2, &["rnn", "skip-lstm"]);
    fails(&train("--sample-period-s 0"), 2, &["--sample-period-s"]);
    fails(&train("--device tpu"), 2, &["--device", "cuda:N"]);
    #[cfg(not(feature = "cuda"))]
    fails(
        &train("--device cuda"),
        2,
        &["cuda:0", "--features cuda", "docs/cuda.md"],
    );
    fails(&format!("train adding --length 1 --out {out}"), 2, &["length"]);
    fails(&format!("train dataset --out {out}"), 2, &["--train-x"]);
    fails("train juggling --out x", 2, &["juggling"]);
    fails("frobnicate", 2, &["frobnicate"]);
    assert!(
        f.names().is_empty(),
        "a refused run leaves nothing behind: {:?}",
        f.names()
    );
}

#[test]
fn missing_and_damaged_models() {
    let f = Folder::new();
    fails(&format!("eval {}", f.at("nowhere")), 1, &["nowhere", "No such file"]);
    fails(
        &format!("quantize {} --out {}", f.at("nowhere"), f.at("m.srnn")),
        1,
        &["nowhere"],
    );

    let run = f.at("run");
    tiny_run("frequency", "skip-lstm", &run);
    let model = f.path("run").join("model.safetensors");
    let good = std::fs::read(&model).unwrap();
    let eval = format!("eval {run} --n 5");
    let quantize = format!("quantize {run} --out {}", f.at("m.srnn"));
    std::fs::write(&model, &good[..good.len() / 2]).unwrap();
    fails(&eval, 1, &["model.safetensors", "truncated"]);
    fails(&quantize, 1, &["model.safetensors", "truncated"]);

    let mut nan = good.clone();
    let end = nan.len();
    nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&model, nan).unwrap();
    fails(&eval, 1, &["model.safetensors", "NaN"]);
    fails(&quantize, 1, &["model.safetensors", "NaN"]);

    std::fs::write(&model, &good).unwrap();
    std::fs::write(f.path("run").join("config.toml"), "cell = 3").unwrap();
    fails(&eval, 1, &["config.toml"]);
    assert!(!f.names().contains(&"m.srnn".to_owned()));

    // A lone model has no calibration data of its own: the message says what to give.
    let lone = f.at("lone.safetensors");
    std::fs::write(&lone, &good).unwrap();
    fails(&format!("quantize {lone} --out {}", f.at("m.srnn")), 2, &["--calib-x"]);
    fails(&format!("eval {lone}"), 2, &["--x"]);
}

#[test]
fn damaged_blobs() {
    let f = Folder::new();
    let (run, blob) = (f.at("run"), f.at("m.srnn"));
    tiny_run("frequency", "skip-gru", &run);
    json(&format!("quantize {run} --out {blob}"));
    let good = std::fs::read(&blob).unwrap();
    let commands = [
        format!("inspect {blob}"),
        format!("simulate {blob} --task frequency --n 3"),
        format!("emulate {blob} --task frequency --n 3"),
        format!("energy predict {blob} --board nrf52840"),
    ];
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 0x10;
    for (bytes, needle) in [
        (flipped, "crc"),
        (good[..good.len() - 5].to_vec(), "truncated"),
        (b"SRNN".to_vec(), "truncated"),
        (
            b"not a blob, but long enough to hold a header of fifty-six bytes".to_vec(),
            "magic",
        ),
    ] {
        std::fs::write(&blob, bytes).unwrap();
        for command in &commands {
            fails(command, 1, &["m.srnn", needle]);
        }
    }
    std::fs::remove_file(&blob).unwrap();
    for command in &commands {
        fails(command, 1, &["m.srnn", "No such file"]);
    }
}

#[test]
fn data_that_do_not_fit() {
    let f = Folder::new();
    let (run, blob) = (f.at("run"), f.at("m.srnn"));
    tiny_run("frequency", "skip-gru", &run);
    json(&format!("quantize {run} --out {blob}"));
    let write = |name: &str, n: usize, t: usize, i: usize| {
        let x = Sequences::new("x", vec![0.25; n * t * i], n, t, i).unwrap();
        dataset::save_sequences(&f.path(name), &x).unwrap();
        f.at(name)
    };
    let wide = write("wide.npy", 4, 100, 2);
    let short = write("short.npy", 4, 50, 1);
    let right = write("right.npy", 4, 100, 1);
    for command in [format!("simulate {blob}"), format!("emulate {blob}")] {
        fails(&format!("{command} --x {wide}"), 1, &["wide.npy", "channels"]);
        fails(&format!("{command} --x {short}"), 1, &["short.npy", "length"]);
        fails(&command, 2, &["--task", "--x"]);
        fails(&format!("{command} --y {right}"), 2, &["--x"]);
        fails(&format!("{command} --task frequency --n 0"), 2, &["--n"]);
        fails(&format!("{command} --task adding --n 3"), 2, &["--task", "channels"]);
    }
    fails(&format!("eval {run} --x {wide}"), 1, &["channels"]);
    fails(
        &format!("quantize {run} --out {blob} --calib-x {wide}"),
        1,
        &["channels"],
    );
    fails(&format!("simulate {blob} --x {}", f.at("none.npy")), 1, &["none.npy"]);

    let labels = f.path("y.npy");
    dataset::save_targets(&labels, &Targets::Labels(vec![0, 1])).unwrap();
    fails(
        &format!("simulate {blob} --x {right} --y {}", f.at("y.npy")),
        1,
        &["y.npy", "2 answers"],
    );
    dataset::save_targets(&labels, &Targets::Labels(vec![0, 1, 1, 7])).unwrap();
    fails(
        &format!("simulate {blob} --x {right} --y {}", f.at("y.npy")),
        1,
        &["7", "out of range"],
    );
    dataset::save_targets(
        &labels,
        &Targets::Values {
            values: vec![0.5; 4],
            outputs: 1,
        },
    )
    .unwrap();
    fails(&format!("eval {run} --x {right} --y {}", f.at("y.npy")), 1, &["labels"]);

    fails(
        &format!("energy predict {blob} --board toaster"),
        2,
        &["--board", "toaster"],
    );
    fails(
        &format!("energy predict {blob} --board nrf52840 --sensor nose"),
        2,
        &["--sensor", "nose"],
    );
    fails(
        &format!("emulate {blob} --task frequency --machine pdp11"),
        2,
        &["pdp11", "mps2-an386"],
    );
    fails(
        &format!("emulate {blob} --task frequency --firmware {}", f.at("no.elf")),
        1,
        &["no.elf"],
    );
}

#[test]
fn nan_truncation_and_shapes_in_files() {
    let f = Folder::new();
    let run = f.at("run");
    let (x, y) = (f.path("x.npy"), f.path("y.npy"));
    let train = format!(
        "train dataset --train-x {} --train-y {} --hidden 3 --steps 1 --out {run}",
        f.at("x.npy"),
        f.at("y.npy")
    );
    let good = Sequences::new("x", (0..400).map(|k| (k as f32).sin()).collect(), 20, 10, 2).unwrap();
    let labels: Vec<u32> = (0..20).map(|k| k % 2).collect();
    dataset::save_sequences(&x, &good).unwrap();
    dataset::save_targets(&y, &Targets::Labels(labels.clone())).unwrap();
    let bytes = std::fs::read(&x).unwrap();

    fails(&train.replace("x.npy", "none.npy"), 1, &["none.npy"]);
    std::fs::write(&x, &bytes[..bytes.len() - 40]).unwrap();
    fails(&train, 1, &["x.npy"]);
    std::fs::write(&x, b"no array").unwrap();
    fails(&train, 1, &["x.npy"]);
    for bad in [f32::NAN, f32::INFINITY] {
        let mut broken = bytes.clone();
        let at = bytes.len() - 4;
        broken[at..].copy_from_slice(&bad.to_le_bytes());
        std::fs::write(&x, broken).unwrap();
        fails(&train, 1, &["x.npy", "sequence 19, sample 9, channel 1"]);
    }
    std::fs::write(&x, &bytes).unwrap();
    dataset::save_targets(&y, &Targets::Labels(labels[..13].to_vec())).unwrap();
    fails(&train, 1, &["y.npy"]);
    dataset::save_targets(&y, &Targets::Labels(vec![1; 20])).unwrap();
    fails(&train, 1, &["class"]);
    assert!(!f.path("run").join("model.safetensors").exists());
}
