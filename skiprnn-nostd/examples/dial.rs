//! Looks a dial up for an energy budget, given as updates per sequence, and turns it.
#![cfg_attr(target_os = "none", no_std, no_main)]

mod board;

use fixed::types::I16F16;
use skiprnn_nostd::{Instance, Model, Network, Sequence, include_blob};

static BLOB: &[u8] = include_blob!("activity.srnn");

/// The largest dial of the blob's curve that keeps to so many updates per sequence on average.
fn dial_for(model: &Model<'_>, updates_mean: f32) -> Option<I16F16> {
    let within = model.dial_curve().filter(|(_, updates, _)| *updates <= updates_mean);
    within.map(|(dial, ..)| dial).max()
}

/// Returns the updates that one sequence takes at the dial for each of three budgets.
fn run() -> Option<[u32; 3]> {
    let model = Model::parse(BLOB).ok()?;
    let mut network = Instance::<32, 1, 3>::new(model.clone()).ok()?;
    let mut updates = [0; 3];
    for (updates, budget) in updates.iter_mut().zip([16.0, 48.0, 128.0]) {
        // A budget below the whole curve: the lowest dial, and a cap for what is left.
        let lowest = model.dial_curve().next()?.0;
        network.set_dial(dial_for(&model, budget).unwrap_or(lowest));
        let cap = core::num::NonZeroU32::new(budget as u32);
        let mut sequence = Sequence::new(&mut network).with_cap(cap);
        sequence.restart().ok()?;
        while let Some(sample) = sequence.due() {
            let tilt = (sample as i16 % 25) * 300;
            sequence.step(&[8192 - tilt, tilt, tilt / 2]).ok()?;
        }
        *updates = sequence.timeline().updates();
    }
    Some(updates)
}

#[cfg(not(target_os = "none"))]
fn main() {
    let [low, middle, high] = run().expect("the blob is sound and fits");
    println!("updates for a budget of 16: {low}, of 48: {middle}, of 128: {high}");
}

// On a chip: kept in the image, started by nobody.
#[cfg(target_os = "none")]
#[used]
static KEPT: fn() -> Option<[u32; 3]> = run;
