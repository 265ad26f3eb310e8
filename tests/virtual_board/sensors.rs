//! `classify` with a recording as the sensor decides as the simulator does on the samples that the sensor delivered.

use crate::{assert_sound, common::held_out, program};
use board_host::on_board::{BoardOptions, Classification, Outcome, Part, Recorded, classify};
use quantize::{Blob, Simulator};

/// Runs a classification with held-out sequences as the sensor.
pub fn run(options: &BoardOptions, blob: &Blob, name: &str, sequences: usize) -> Classification {
    let model = blob.model();
    let counts = held_out::held_out(name, &model, sequences);
    let channels: Vec<(&str, f32)> = model.channels().map(|c| (c.unit, c.full_scale)).collect();
    let recorded = Recorded {
        counts: &counts,
        shape: (sequences, model.sequence_length() as usize, model.inputs()),
        channels: &channels,
        period_ns: model.sample_period_ns(),
    };
    classify(options, blob.bytes(), &recorded, &mut |_| ()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Holds every decision to the simulator's on a sequence that has the delivered samples where the board used them. The
/// schedule is the simulator's own: a board that used other samples than the simulator asks for leaves zeros there.
pub fn assert_as_simulated(blob: &Blob, run: &Classification) {
    let model = blob.model();
    let (length, inputs) = (model.sequence_length() as usize, model.inputs());
    let simulator = Simulator::new(&model).unwrap();
    let period_ps = u128::from(model.sample_period_ns()) * 1000;
    for (index, (outcome, delivered)) in run.outcomes.iter().enumerate() {
        let Outcome::Decided(decision) = outcome else {
            panic!("sequence {index} was lost: {outcome:?}");
        };
        let first = delivered.first().unwrap().at;
        let mut counts = vec![0; length * inputs];
        let mut used = Vec::new();
        for sample in delivered {
            // Where on the grid it stands, to the nearest sample.
            let at = (u128::from(sample.at.since(first).ps()) + period_ps / 2) / period_ps;
            let at = usize::try_from(at).unwrap();
            counts[at * inputs..(at + 1) * inputs].copy_from_slice(&sample.counts());
            used.push(at as u32);
        }
        let expected = simulator.run(&counts);
        assert_eq!(expected.updates, used, "sequence {index}: schedule");
        assert_eq!(
            (
                expected.decision,
                &expected.logits,
                expected.updates.last().map(|k| u64::from(*k))
            ),
            (decision.class, &decision.logits, Some(decision.sample)),
            "sequence {index}"
        );
    }
}

/// A sensor's program with parts whose clock is exact, slow and fast, and with a part that settles as slowly as allowed.
fn check(name: &'static str, model: &str) {
    let blob = held_out::blob(model);
    for (rate_error_ppm, slow) in [(0, false), (-100_000, false), (100_000, false), (0, true)] {
        let options = BoardOptions {
            part: Part {
                rate_error_ppm,
                slow,
                ..Part::default()
            },
            ..program(name)
        };
        let what = format!("{name}, clock off by {rate_error_ppm} ppm, slow {slow}");
        let run = run(&options, &blob, model, 12);
        assert_eq!((run.outcomes.len(), run.refused.as_deref()), (12, None), "{what}");
        assert_as_simulated(&blob, &run);
        assert_sound(&what, &run.observed);
        let used = run.observed.per_sample().unwrap();
        println!("{what}: {used:?} (simulated)");
    }
}

#[test]
fn an_lis3dh_decides_as_the_simulator_does() {
    check("classify-lis3dh", "activity-accelerometer");
}

#[test]
fn an_lsm6ds_decides_as_the_simulator_does() {
    check("classify-lsm6ds", "activity");
}

#[test]
fn the_samples_are_those_of_the_recording() {
    let blob = held_out::blob("activity");
    let (sequences, inputs) = (4, blob.model().inputs());
    let run = run(&program("classify-lsm6ds"), &blob, "activity", sequences);
    let counts = held_out::held_out("activity", &blob.model(), sequences);
    let length = blob.model().sequence_length() as usize;
    for (index, (outcome, delivered)) in run.outcomes.iter().enumerate() {
        let Outcome::Decided(decision) = outcome else {
            panic!("{outcome:?}");
        };
        let at = (index * length + decision.sample as usize) * inputs;
        let last = delivered.last().unwrap().counts();
        for (channel, (got, expected)) in last.iter().zip(&counts[at..at + inputs]).enumerate() {
            // Its ranges are the model's full scales: nothing but rounding comes between.
            assert!(
                got.abs_diff(*expected) <= 1,
                "sequence {index}, channel {channel}: {got}, not {expected}"
            );
        }
    }
}
