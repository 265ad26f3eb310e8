//! Classifies one recorded sequence, reading only the samples that the network asks for.
#![cfg_attr(target_os = "none", no_std, no_main)]

mod board;

use skiprnn_nostd::{Sequence, network};

network!(
    /// Six activities from an accelerometer at the waist, 50 Hz, 128 samples of three channels.
    mod activity,
    "activity.srnn"
);

/// A walk of 1.5 steps a second, in the sensor's counts: a triangle wave around gravity.
fn recorded(sample: u64) -> activity::Sample {
    let phase = (sample * 983) % 32_768;
    let wave = (phase.min(32_768 - phase) as i16 - 8192) / 8;
    [8192 + wave, wave / 2, -wave / 4]
}

/// Returns (class, updates).
fn run() -> Option<(usize, u32)> {
    let mut sequence = Sequence::new(activity::network().ok()?);
    while let Some(sample) = sequence.due() {
        sequence.step(&recorded(sample)).ok()?;
    }
    let class = sequence.decision(&mut activity::Logits::default()).ok()?;
    Some((class, sequence.timeline().updates()))
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
