//! What is wrong on the bus, in the image or in the model ends as the board's README says.

use crate::{assert_sound, common::held_out, program, sensors::run};
use board_host::{
    Error, Load, Machine, Program,
    on_board::{BoardOptions, Classification, Faults, HeldBus, HeldSda, Part, Time, Wire, replay},
    program_image,
};

/// The state in which the board rests without its sensor.
const REFUSED: &str = "no decisions without the sensor";

/// An LIS3DH with a fault, for this many sequences.
fn with(part: Part, sequences: usize) -> Classification {
    let options = BoardOptions {
        part,
        seconds: Some(2.0 + 2.56 * (sequences + 1) as f64),
        ..program("classify-lis3dh")
    };
    run(
        &options,
        &held_out::blob("activity-accelerometer"),
        "activity-accelerometer",
        sequences,
    )
}

fn faulty(faults: Faults) -> Part {
    Part {
        faults,
        ..Part::default()
    }
}

fn held(wire: Wire, from: Time) -> Part {
    Part {
        held: Some(HeldBus {
            wire,
            from,
            until: Time::NEVER,
        }),
        ..Part::default()
    }
}

fn says(run: &Classification, words: &str) -> bool {
    run.observed.log.iter().any(|line| line.text.contains(words))
}

/// The board has come to its stated error state, within this many seconds.
fn assert_refused(what: &str, run: &Classification, within_s: f64) {
    let refused = run
        .refused
        .as_deref()
        .unwrap_or_else(|| panic!("{what}: {:?}", run.observed.log));
    assert!(refused.contains(REFUSED), "{what}: {refused}");
    let last = run.observed.log.last().unwrap();
    assert!(last.at.as_s() < within_s, "{what}: {last:?}");
    // It rests: nothing resets it.
    assert_eq!(run.observed.resets, 1, "{what}");
}

#[test]
fn a_broken_crystal_is_named_within_two_seconds_and_not_waited_for_awake() {
    let run = with(
        Part {
            dead_crystal: true,
            ..Part::default()
        },
        1,
    );
    let refused = run
        .refused
        .as_deref()
        .unwrap_or_else(|| panic!("{:?}", run.observed.log));
    assert!(refused.contains("crystal of 32.768 kHz did not start"), "{refused}");
    assert!(run.observed.log.last().unwrap().at.as_s() < 2.0);
    assert_sound("a broken crystal", &run.observed);
}

#[test]
fn a_missing_sensor_is_refused() {
    let run = with(
        faulty(Faults {
            absent: true,
            ..Faults::default()
        }),
        2,
    );
    assert_refused("missing", &run, 0.6);
    assert!(says(&run, "sensor: not found"), "{:?}", run.observed.log);
    assert_eq!(run.outcomes.len(), 0);
    assert_sound("missing", &run.observed);
}

#[test]
fn a_sensor_that_boots_later_than_the_board_is_found() {
    let late = |ms| {
        with(
            faulty(Faults {
                late: Time::from_ms(ms),
                ..Faults::default()
            }),
            2,
        )
    };
    let run = late(300);
    assert_eq!((run.refused.as_deref(), run.decisions().count() >= 2), (None, true));
    assert_sound("late", &run.observed);
    assert_refused("later than three tries", &late(1_000), 0.6);
}

#[test]
fn a_bus_that_hangs_from_the_start_is_refused() {
    for wire in [Wire::Sda, Wire::Scl] {
        let run = with(held(wire, Time::ZERO), 2);
        assert_refused(&format!("{wire:?} low"), &run, 0.8);
        assert_eq!(run.outcomes.len(), 0, "{wire:?}");
    }
}

#[test]
fn a_part_that_holds_the_bus_after_a_reset_is_freed() {
    let run = with(
        faulty(Faults {
            held: Some(HeldSda {
                from: Time::ZERO,
                pulses: 5,
            }),
            ..Faults::default()
        }),
        2,
    );
    assert!(says(&run, "bus: a part held SDA, freed by"), "{:?}", run.observed.log);
    assert!(run.decisions().count() >= 2, "{:?}", run.observed.log);
}

#[test]
fn a_bus_that_begins_to_hang_costs_its_sequences_and_ends_in_the_error_state() {
    for wire in [Wire::Sda, Wire::Scl] {
        let run = with(held(wire, Time::from_s(6)), 8);
        // Before: decisions. Then three lost sequences in a row, the last of which ends the application.
        assert!(run.decisions().count() >= 1, "{wire:?}: {:?}", run.observed.log);
        assert_eq!(run.lost().count(), 2, "{wire:?}: {:?}", run.observed.log);
        assert_refused(&format!("{wire:?} low from 6 s on"), &run, 16.0);
    }
}

#[test]
fn one_refused_transfer_costs_at_most_its_sequence() {
    let run = with(
        faulty(Faults {
            deaf_in: 40,
            ..Faults::default()
        }),
        6,
    );
    assert_eq!(run.refused, None);
    assert!(run.lost().count() <= 1, "{:?}", run.observed.log);
    assert!(run.decisions().count() >= 4, "{:?}", run.observed.log);
    assert!(run.observed.transfers.iter().any(|transfer| transfer.refused));
}

#[test]
fn a_model_of_another_sensor_is_refused_by_the_board() {
    let blob = held_out::blob("activity");
    let options = BoardOptions {
        seconds: Some(3.0),
        ..program("classify-lis3dh")
    };
    let run = run(&options, &blob, "activity", 1);
    let refused = run.refused.unwrap();
    assert!(refused.contains(REFUSED) && refused.contains("channels"), "{refused}");
}

#[test]
fn an_image_of_another_machine_is_refused_by_name() {
    let options = BoardOptions {
        firmware: Some(program_image(Machine::default(), Program::Replay).unwrap()),
        ..program("replay")
    };
    let error = replay(&options, &Load::new(b"", &[0], (1, 1, 1)))
        .unwrap_err()
        .to_string();
    assert!(error.contains("an image of mps2-an386, not of nrf52840-dk"), "{error}");
}

#[test]
fn a_blob_that_is_none_is_refused_by_the_board() {
    match replay(&program("replay"), &Load::new(b"no blob", &[0; 6], (1, 2, 3))) {
        Err(Error::Refused(_)) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_that_takes_too_long_is_ended() {
    let options = BoardOptions {
        timeout_s: 0,
        seconds: Some(1e9),
        ..program("classify-lis3dh")
    };
    let blob = held_out::blob("activity-accelerometer");
    let model = blob.model();
    let channels: Vec<(&str, f32)> = model.channels().map(|c| (c.unit, c.full_scale)).collect();
    let recorded = board_host::on_board::Recorded {
        counts: &[0; 3],
        shape: (1, 1, 3),
        channels: &channels,
        period_ns: model.sample_period_ns(),
    };
    match board_host::on_board::classify(&options, blob.bytes(), &recorded, &mut |_| ()) {
        Err(Error::Timeout { seconds: 0, .. }) => {}
        other => panic!("{other:?}"),
    }
}
