//! Classifies one recorded sequence, reading only the samples that the network asks for.
#![cfg_attr(target_os = "none", no_std, no_main)]

mod board;

use skiprnn_nostd::{Instance, Model, Network, Sequence, include_blob};

/// Six activities from an accelerometer at the waist, 50 Hz, 128 samples of three channels.
static BLOB: &[u8] = include_blob!("activity.srnn");

/// A walk of 1.5 steps a second, in the sensor's counts: a triangle wave around gravity.
fn recorded(sample: u64) -> [i16; 3] {
    let phase = (sample * 983) % 32_768;
    let wave = (phase.min(32_768 - phase) as i16 - 8192) / 8;
    [8192 + wave, wave / 2, -wave / 4]
}

/// Returns (class, updates).
fn run() -> Option<(usize, u32)> {
    let model = Model::parse(BLOB).ok()?;
    let network = Instance::<32, 1, 3>::new(model).ok()?;
    let mut sequence = Sequence::new(network);
    while let Some(sample) = sequence.due() {
        sequence.step(&recorded(sample)).ok()?;
    }
    let mut logits = [0; 6];
    sequence.outputs(&mut logits).ok()?;
    Some((sequence.network().decide(&logits), sequence.timeline().updates()))
}

#[cfg(not(target_os = "none"))]
fn main() {
    let (class, updates) = run().expect("the blob is sound and fits");
    println!("class {class}, from {updates} of 128 samples");
}

// On a chip: kept in the image, started by nobody.
#[cfg(target_os = "none")]
#[used]
static KEPT: fn() -> Option<(usize, u32)> = run;
