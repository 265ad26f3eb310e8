//! How fast a virtual board runs: instructions of its core in a second, and its time against real time.
//!
//! One core of the host. `replay` with an update at every sample is all arithmetic; `classify` is a board in use, which
//! sleeps most of the time. The images are built before the clock starts. Prints the median of the rounds; `cargo bench
//! --bench virtual_board -- 9` runs 9 of them.

use board_host::{
    Load, Machine, Options, Program,
    boards::{build, find},
    firmware::Warnings,
    measure::{self, Mode},
    on_board::{BoardOptions, Recorded, classify},
    program_image,
};
use quantize::Blob;
use std::{path::Path, time::Instant};

/// Rounds without an argument.
const ROUNDS: usize = 5;
/// Sequences of 2.56 s: ten minutes of board time.
const SEQUENCES: usize = 235;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Counts (N, T, I) of slow waves.
fn waves(sequences: usize, length: usize, inputs: usize) -> Vec<i16> {
    let wave = |k: usize| ((k / inputs) as f64 * 0.05 + (k % inputs) as f64).sin() * 8000.0;
    (0..sequences * length * inputs).map(|k| wave(k) as i16).collect()
}

/// Millions of instructions in a second, dense on an emulated Cortex-M4.
fn dense(blob: &Blob) -> f64 {
    let model = blob.model();
    let (n, t, i) = (200, model.sequence_length() as usize, model.inputs());
    let options = Options {
        firmware: Some(program_image(Machine::default(), Program::Measure(Mode::Dense)).expect("the image is built")),
        ..Options::default()
    };
    let counts = waves(n, t, i);
    let started = Instant::now();
    let window =
        measure::run(Mode::Dense, &Load::new(blob.bytes(), &counts, (n, t, i)), &options).expect("the image runs");
    window.instructions_awake as f64 * 1e-6 / started.elapsed().as_secs_f64()
}

/// Board time against real time, an LIS3DH on a virtual nRF52840-DK.
fn in_use(blob: &Blob) -> f64 {
    let model = blob.model();
    let board = find("nrf52840-dk").expect("the board is known");
    let program = "classify-lis3dh";
    let options = BoardOptions {
        firmware: Some(build(&board, program, Warnings::Ignored).expect("the image is built")),
        ..BoardOptions::new(board, program)
    };
    let channels: Vec<(&str, f32)> = model.channels().map(|c| (c.unit, c.full_scale)).collect();
    let (t, i) = (model.sequence_length() as usize, model.inputs());
    let counts = waves(SEQUENCES, t, i);
    let recorded = Recorded {
        counts: &counts,
        shape: (SEQUENCES, t, i),
        channels: &channels,
        period_ns: model.sample_period_ns(),
    };
    let started = Instant::now();
    let run = classify(&options, blob.bytes(), &recorded, &mut |_| ()).expect("the image runs");
    run.observed.time.as_s() / started.elapsed().as_secs_f64()
}

fn main() {
    let rounds = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(ROUNDS);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/activity-accelerometer/model.srnn");
    let blob = Blob::read(&file).expect("the model is there");
    let of = |measure: fn(&Blob) -> f64| median((0..rounds).map(|_| measure(&blob)).collect());
    println!("dense replay, mps2-an386: {:.0} M instructions/s (measured)", of(dense));
    println!(
        "classify-lis3dh, nrf52840-dk: {:.0} times board time (measured)",
        of(in_use)
    );
}
