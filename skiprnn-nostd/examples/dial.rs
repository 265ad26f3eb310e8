//! Looks up a dial for a budget that is given as updates per sequence, and sets it. `stream.rs` leaves that to a controller
//! with a budget in units of energy.
#![cfg_attr(target_os = "none", no_std, no_main)]

mod board;

use fixed::types::I16F16;
use skiprnn_nostd::{Model, Network, Sequence, network};

network!(mod activity, "activity.srnn");

/// The largest dial of the blob's curve that makes at most this many updates per sequence on average.
fn dial_for(model: &Model<'_>, updates_mean: f32) -> Option<I16F16> {
    let within = model.dial_curve().filter(|point| point.updates_mean <= updates_mean);
    within.map(|point| point.dial).max()
}

/// Returns the updates that one sequence takes at the dial for each of three budgets.
fn run() -> Option<[u32; 3]> {
    let mut network = activity::network().ok()?;
    let model = network.model().clone();
    let mut updates = [0; 3];
    for (updates, budget) in updates.iter_mut().zip([16.0, 48.0, 128.0]) {
        // A budget below the whole curve: the lowest dial, and a cap for what is left.
        let lowest = model.dial_curve().next()?.dial;
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
