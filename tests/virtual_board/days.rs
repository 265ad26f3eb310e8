//! Ten minutes of board time: nothing is lost, and the grid holds across the wrap of the counter.

use crate::{
    assert_sound,
    common::held_out,
    program,
    sensors::{assert_as_simulated, run},
};
use board_host::on_board::{Classification, Outcome, Time};
use quantize::Blob;

/// Sequences of 2.56 s: 614 s. RTC1, of 24 bits, wraps after 512 s.
const SEQUENCES: usize = 240;

/// The wake-up that began each sample's read, and the sample's place on the grid, in samples since the first one.
fn wakes(run: &Classification, length: u64) -> Vec<(Time, u64)> {
    let observed = &run.observed;
    let mut wakes = Vec::new();
    for (index, (outcome, delivered)) in run.outcomes.iter().enumerate() {
        let Outcome::Decided(decision) = outcome else {
            panic!("sequence {index} was lost: {outcome:?}");
        };
        let last = delivered.last().unwrap();
        let read = observed
            .transfers
            .iter()
            .find(|transfer| transfer.to == last.at)
            .unwrap();
        let behind = observed.sleeps.partition_point(|(_, end)| *end <= read.from);
        wakes.push((observed.sleeps[behind - 1].1, index as u64 * length + decision.sample));
    }
    wakes
}

/// The most by which a sample was woken for earlier or later than the first one, on its grid, in seconds.
pub fn off_grid_s(run: &Classification, blob: &Blob) -> f64 {
    // The last sample of each sequence, from the first sequence's on.
    let wakes = wakes(run, blob.model().sequence_length().into());
    let period_s = blob.model().sample_period_ns() as f64 * 1e-9;
    let (start, origin) = wakes[0];
    let off = wakes
        .iter()
        .map(|(at, sample)| at.as_s() - start.as_s() - (sample - origin) as f64 * period_s);
    off.fold(0.0, |most: f64, off| most.max(off.abs()))
}

fn check(name: &'static str, model: &str) {
    let blob = held_out::blob(model);
    let run = run(&program(name), &blob, model, SEQUENCES);
    assert!(run.observed.time > Time::from_s(600), "{:?}", run.observed.time);
    assert_eq!(run.outcomes.len(), SEQUENCES);
    assert_as_simulated(&blob, &run);
    assert_sound(name, &run.observed);
    assert_eq!(run.observed.resets, 1);
    let most = off_grid_s(&run, &blob);
    // A sample falls due at a whole tick, the first one too; 2 us for what the core did before it looked at the clock.
    assert!(
        most < 1.0 / 32_768.0 + 2e-6,
        "{name}: {:.1} us off the grid",
        most * 1e6
    );
    println!(
        "{name}: {:.0} s, {} samples, at most {:.1} us off the grid, {:?} (simulated)",
        run.observed.time.as_s(),
        run.observed.delivered.len(),
        most * 1e6,
        run.observed.per_sample().unwrap()
    );
}

#[test]
fn ten_minutes_with_an_lis3dh() {
    check("classify-lis3dh", "activity-accelerometer");
}

#[test]
fn ten_minutes_with_an_lsm6ds() {
    check("classify-lsm6ds", "activity");
}
