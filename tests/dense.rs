//! Networks without a skip gate as streams, as a user runs them: an answer at every step, state over windows, the same bits on
//! every board.

mod common;

use common::{Folder, fails, json, skiprnn};
use dataset::{save_sequences, save_targets};
use host_train::{Sequences, Targets};
use serde_json::Value;

const COUNT: usize = 6;
const LENGTH: usize = 24;
const CHANNELS: usize = 3;

/// A slow tilt on three channels, in g.
fn tilt(k: usize) -> f32 {
    let (sample, channel) = (k / CHANNELS, k % CHANNELS);
    0.8 * (sample as f32 * 0.23 + channel as f32 * 2.1).sin()
}

/// Writes `count` sequences of `length` samples; the answer at every step is whether the first channel is positive.
fn recording(f: &Folder, name: &str, (count, length): (usize, usize), steps: bool) -> [String; 2] {
    std::fs::create_dir_all(f.path(name)).unwrap();
    let values: Vec<f32> = (0..count * length * CHANNELS).map(tilt).collect();
    let positive: Vec<u32> = values.chunks_exact(CHANNELS).map(|x| u32::from(x[0] > 0.0)).collect();
    let y = match steps {
        true => Targets::PerStep {
            answers: Box::new(Targets::Labels(positive)),
            length,
        },
        false => Targets::Labels(positive.chunks_exact(length).map(|window| window[length - 1]).collect()),
    };
    let [x_file, y_file] = ["x.npy", "y.npy"].map(|file| format!("{name}/{file}"));
    save_sequences(
        &f.path(&x_file),
        &Sequences::new("x", values, count, length, CHANNELS).unwrap(),
    )
    .unwrap();
    save_targets(&f.path(&y_file), &y).unwrap();
    [f.at(&x_file), f.at(&y_file)]
}

/// Trains a few steps on a recording; `quantize` are further options of that command. Returns the blob.
fn model(f: &Folder, cell: &str, [x, y]: &[String; 2], quantize: &str) -> String {
    let (run, blob) = (
        f.at(&format!("{cell}{quantize}-run").replace(' ', "")),
        f.at(&format!("{cell}.srnn")),
    );
    json(&format!(
        "train dataset --cell {cell} --hidden 8 --steps 4 --eval-every 4 --batch 4 --threads 1 --learning-rate 2e-2 \
         --sample-period-s 0.02 --train-x {x} --train-y {y} --test-x {x} --test-y {y} --out {run}"
    ));
    json(&format!(
        "quantize {run} --out {blob} --channel-names ax,ay,az --channel-units g,g,g --full-scale 4,4,4{quantize}"
    ));
    blob
}

/// The same figures and outputs.
fn same(emulated: &Value, simulated: &Value, what: &str) {
    assert_eq!(emulated["identical_to_simulator"], true, "{what}");
    for key in ["sequences", "metric", "updates_mean", "decisions", "outputs"] {
        assert_eq!(emulated[key], simulated[key], "{what}: {key}");
    }
}

#[test]
fn a_dense_network_answers_at_every_step_with_the_same_bits_everywhere() {
    let f = Folder::new();
    let data = recording(&f, "steps", (COUNT, LENGTH), true);
    let [x, y] = &data;
    for cell in ["lstm", "gru"] {
        let blob = model(&f, cell, &data, "");
        for (options, answers) in [
            ("", LENGTH),
            (" --keep-state", LENGTH),
            (" --keep-state --answer-every 7", 4),
        ] {
            let given = format!("{blob} --x {x} --y {y}{options}");
            let simulated = json(&format!("simulate {given}"));
            let outputs = simulated["outputs"][0].as_array().unwrap();
            assert_eq!(outputs.len(), answers, "{cell}{options}");
            for on in [
                "--machine mps2-an386",
                "--machine microbit",
                "--app classify",
                "--app classify --machine microbit",
            ] {
                same(
                    &json(&format!("emulate {given} {on}")),
                    &simulated,
                    &format!("{cell}{options} {on}"),
                );
            }
            let board = json(&format!("emulate {given} --board nrf52840-dk"));
            same(&board, &simulated, &format!("{cell}{options} nrf52840-dk"));
        }
    }
}

#[test]
fn a_state_that_is_kept_makes_one_stream_of_the_windows() {
    let f = Folder::new();
    let data = recording(&f, "steps", (COUNT, LENGTH), true);
    let whole = recording(&f, "whole", (1, COUNT * LENGTH), true);
    // A model that never skips runs on a stream of any length, and needs no bound on what it skips.
    let blob = model(&f, "gru", &data, " --length 0");
    let outputs = |[x, y]: &[String; 2], options: &str| {
        let outputs = json(&format!("simulate {blob} --x {x} --y {y}{options}"))["outputs"].clone();
        let sequences = outputs.as_array().unwrap().clone();
        sequences
            .iter()
            .flat_map(|s| s.as_array().unwrap().clone())
            .collect::<Vec<Value>>()
    };
    let stream = outputs(&whole, "");
    assert_eq!(stream.len(), COUNT * LENGTH);
    assert_eq!(outputs(&data, " --keep-state"), stream);
    assert_ne!(outputs(&data, ""), stream);
    // Every 12th answer is that of every 12th step.
    let twelfth: Vec<Value> = stream.iter().skip(11).step_by(12).cloned().collect();
    assert_eq!(outputs(&data, " --keep-state --answer-every 12"), twelfth);
}

#[test]
fn a_real_boards_image_streams_from_its_sensor() {
    let f = Folder::new();
    let data = recording(&f, "steps", (COUNT, LENGTH), true);
    let [x, _] = &data;
    for (cell, quantize, options) in [
        ("lstm", "", "--keep-state"),
        ("gru", "", "--answer-every 10"),
        ("gru", " --length 0", "--answer-every 3 --seconds 3"),
    ] {
        let blob = model(&f, cell, &data, quantize);
        let line = format!("emulate {blob} --board nrf52840-dk --app classify --sensor lis3dh --x {x} {options}");
        let played = json(&line);
        assert_eq!(played["identical_to_simulator"], true, "{line}");
        assert_eq!(played["findings"].as_array().map(Vec::len), Some(0), "{line}");
        let answers = played["answered"].as_array().unwrap();
        let samples: Vec<u64> = answers.iter().map(|a| a["sample"].as_u64().unwrap()).collect();
        let (decided, lost) = (&played["decided"], &played["lost"]);
        assert_eq!(lost.as_array().map(Vec::len), Some(0), "{line}");
        match quantize {
            "" => {
                assert_eq!(decided.as_array().map(Vec::len), Some(COUNT), "{line}");
                let step = if cell == "lstm" { 1 } else { 10 };
                let within: Vec<u64> = (1..=LENGTH as u64)
                    .filter(|k| k % step == 0 && *k < LENGTH as u64)
                    .collect();
                let expected: Vec<u64> = (0..COUNT).flat_map(|_| within.iter().map(|k| k - 1)).collect();
                assert_eq!(samples, expected, "{line}");
            }
            // Without an end: the state is never reset, and there is no decision but answers.
            _ => {
                assert_eq!(decided.as_array().map(Vec::len), Some(0), "{line}");
                assert!(
                    samples.len() > 30 && samples.iter().zip(1..).all(|(sample, k)| *sample == 3 * k - 1),
                    "{line}"
                );
            }
        }
    }
}

#[test]
fn a_network_of_windows_answers_within_them_too() {
    let f = Folder::new();
    let data = recording(&f, "ends", (COUNT, LENGTH), false);
    let [x, y] = &data;
    let blob = model(&f, "gru", &data, "");
    let at_end = json(&format!("simulate {blob} --x {x} --y {y}"));
    let within = json(&format!("simulate {blob} --x {x} --y {y} --answer-every 8"));
    // The answers of the data are those at the ends.
    assert_eq!(at_end["metric"], within["metric"]);
    for (end, rows) in at_end["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .zip(within["outputs"].as_array().unwrap())
    {
        assert_eq!(rows.as_array().map(Vec::len), Some(LENGTH / 8));
        assert_eq!(rows.as_array().unwrap().last(), Some(end));
    }
    let emulated = json(&format!(
        "emulate {blob} --app classify --x {x} --y {y} --answer-every 8"
    ));
    same(&emulated, &within, "classify");
    assert_eq!(
        emulated["answered"].as_array().map(Vec::len),
        Some(COUNT * (LENGTH / 8 - 1))
    );

    let out = skiprnn(format!("emulate {blob} --app classify --x {x} --answer-every 8").split(' '));
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        text.contains("sequence 0: class ") && text.contains(" after sample 7 (0.1400 s)"),
        "{text}"
    );
}

#[test]
fn what_a_stream_lacks_and_what_a_dense_model_has_no_use_for_is_named() {
    let f = Folder::new();
    let data = recording(&f, "ends", (COUNT, LENGTH), false);
    let [x, _] = &data;
    let blob = model(&f, "gru", &data, " --length 0");
    fails(
        &format!("emulate {blob} --app classify --x {x}"),
        2,
        &["--answer-every", "endless"],
    );
    fails(
        &format!("simulate {blob} --x {x} --dial 1"),
        2,
        &["--dial", "no skip gate"],
    );
    fails(
        &format!("simulate {blob} --x {x} --answer-every 0"),
        2,
        &["--answer-every"],
    );
    fails(
        &format!("emulate {blob} --app measure --x {x} --keep-state"),
        2,
        &["--keep-state", "replay or classify"],
    );
    // A gate without a bound might sleep through an endless stream.
    let skipping = f.at("skipping");
    let [x, y] = &data;
    json(&format!(
        "train dataset --cell skip-gru --hidden 4 --steps 2 --eval-every 2 --batch 4 --threads 1 --sample-period-s 0.02 \
         --train-x {x} --train-y {y} --test-x {x} --test-y {y} --out {skipping}"
    ));
    fails(
        &format!("quantize {skipping} --out {} --length 0 --calib-x {x}", f.at("s.srnn")),
        1,
        &["--max-skip"],
    );
}
