//! ST's boards with the sensor that their programs know: decisions, ten minutes, and what is wrong on the bus.

use crate::{
    common::{Folder, held_out, json},
    days::off_grid_s,
    sensors::{assert_as_simulated, run},
};
use board_host::{
    boards,
    on_board::{BoardOptions, Classification, Faults, HeldBus, HeldSda, Observed, Outcome, Part, Time, Wire},
};
use dataset::save_sequences;
use host_train::Sequences;

/// A board, its program and the model that this classifies with.
#[derive(Clone, Copy)]
struct Bench {
    board: &'static str,
    program: &'static str,
    model: &'static str,
}

const BENCHES: [Bench; 2] = [
    Bench {
        board: "stm32l4-iot01a",
        program: "classify-lsm6ds",
        model: "activity",
    },
    Bench {
        board: "stm32u5-nucleo",
        program: "classify-lis3dh",
        model: "activity-accelerometer",
    },
];

/// The state in which a board rests without its sensor.
const REFUSED: &str = "no decisions without the sensor";
/// How long the crystal takes to start, before which nothing is logged.
const STARTS_S: f64 = 2.0;

impl Bench {
    fn options(self, part: Part) -> BoardOptions {
        BoardOptions {
            part,
            ..BoardOptions::new(boards::find(self.board).unwrap(), self.program)
        }
    }

    /// Classifies so many sequences with a part in order.
    fn whole(self, part: Part, sequences: usize) -> Classification {
        run(&self.options(part), &held_out::blob(self.model), self.model, sequences)
    }

    /// The same for the time that so many sequences take, whatever becomes of them.
    fn run(self, part: Part, sequences: usize) -> Classification {
        let options = BoardOptions {
            seconds: Some(STARTS_S + 2.0 + 2.56 * (sequences + 1) as f64),
            ..self.options(part)
        };
        run(&options, &held_out::blob(self.model), self.model, sequences)
    }

    /// The board has come to its stated error state so long after its clock has started, and rests: nothing resets it.
    fn assert_refused(self, what: &str, run: &Classification, within_s: f64) {
        let what = format!("{}, {what}", self.board);
        let refused = run.refused.as_deref();
        let refused = refused.unwrap_or_else(|| panic!("{what}: {:?}", run.observed.log));
        assert!(refused.contains(REFUSED), "{what}: {refused}");
        let last = run.observed.log.last().unwrap();
        assert!(last.at.as_s() < STARTS_S + within_s, "{what}: {last:?}");
        assert_eq!(run.observed.resets, 0, "{what}");
    }
}

fn faulty(faults: Faults) -> Part {
    Part {
        faults,
        ..Part::default()
    }
}

fn says(run: &Classification, words: &str) -> bool {
    run.observed.log.iter().any(|line| line.text.contains(words))
}

/// No rule of silicon was broken, and the rules were there to be broken.
fn assert_sound(what: &str, observed: &Observed) {
    for rule in [
        "bus-pins",
        "spin",
        "repeated-sample",
        "unsettled-sample",
        "deep-sleep-debug",
    ] {
        assert!(observed.rules.contains(&rule), "{what}: {rule}");
    }
    let findings: Vec<String> = observed.findings.iter().map(|found| found.first.to_string()).collect();
    assert!(findings.is_empty(), "{what}: {findings:#?}");
}

#[test]
fn an_st_board_decides_as_the_simulator_does_on_what_its_sensor_delivers() {
    for bench in BENCHES {
        for (rate_error_ppm, slow) in [(0, false), (-100_000, false), (100_000, true)] {
            let part = Part {
                rate_error_ppm,
                slow,
                ..Part::default()
            };
            let what = format!("{}, clock off by {rate_error_ppm} ppm, slow {slow}", bench.board);
            let run = bench.whole(part, 6);
            assert_eq!((run.outcomes.len(), run.refused.as_deref()), (6, None), "{what}");
            assert_as_simulated(&held_out::blob(bench.model), &run);
            assert_sound(&what, &run.observed);
            let used = run.observed.per_sample().unwrap();
            println!("{what}: {used:?} (simulated)");
        }
    }
}

#[test]
fn ten_minutes_on_an_st_board_lose_nothing() {
    const SEQUENCES: usize = 236;
    for bench in BENCHES {
        let run = bench.whole(Part::default(), SEQUENCES);
        assert!(run.observed.time > Time::from_s(600), "{:?}", run.observed.time);
        assert_eq!(
            (run.outcomes.len(), run.observed.resets),
            (SEQUENCES, 0),
            "{}",
            bench.board
        );
        let blob = held_out::blob(bench.model);
        assert_as_simulated(&blob, &run);
        assert_sound(bench.board, &run.observed);
        // A whole tick of the 32 kHz crystal, and what the core does before it begins to read.
        let off_s = off_grid_s(&run, &blob);
        println!(
            "{}: at most {:.1} us off the grid (simulated)",
            bench.board,
            off_s * 1e6
        );
        assert!(
            off_s < 1.0 / 32_768.0 + 20e-6,
            "{}: {:.1} us off the grid",
            bench.board,
            off_s * 1e6
        );
    }
}

#[test]
fn a_sensor_that_is_missing_or_late_is_refused_or_found() {
    for bench in BENCHES {
        let absent = bench.run(
            faulty(Faults {
                absent: true,
                ..Faults::default()
            }),
            1,
        );
        bench.assert_refused("missing", &absent, 0.6);
        assert!(says(&absent, "sensor: not found"), "{:?}", absent.observed.log);
        assert_sound(bench.board, &absent.observed);
        let late = |ms| {
            bench.run(
                faulty(Faults {
                    late: Time::from_ms(ms),
                    ..Faults::default()
                }),
                2,
            )
        };
        let run = late(2_050);
        assert_eq!(
            (run.refused.as_deref(), run.decisions().count() >= 2),
            (None, true),
            "{}",
            bench.board
        );
        bench.assert_refused("later than three tries", &late(3_500), 0.6);
    }
}

#[test]
fn a_bus_that_hangs_ends_in_the_boards_error_state() {
    let held = |wire, from| Part {
        held: Some(HeldBus {
            wire,
            from,
            until: Time::NEVER,
        }),
        ..Part::default()
    };
    for bench in BENCHES {
        for wire in [Wire::Sda, Wire::Scl] {
            let run = bench.run(held(wire, Time::ZERO), 1);
            bench.assert_refused(&format!("{wire:?} low"), &run, 0.8);
            assert_eq!(run.outcomes.len(), 0, "{wire:?}");
            let run = bench.run(held(wire, Time::from_s(8)), 8);
            // Before: decisions. Then three lost sequences in a row, the last of which ends the application.
            assert!(run.decisions().count() >= 1, "{wire:?}: {:?}", run.observed.log);
            assert_eq!(run.lost().count(), 2, "{wire:?}: {:?}", run.observed.log);
            bench.assert_refused(&format!("{wire:?} low from 8 s on"), &run, 16.0);
        }
    }
}

#[test]
fn a_bus_that_a_part_holds_is_freed_and_a_refused_transfer_costs_one_sequence() {
    for bench in BENCHES {
        let run = bench.run(
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
        let run = bench.run(
            faulty(Faults {
                deaf_in: 40,
                ..Faults::default()
            }),
            5,
        );
        assert!(run.observed.transfers.iter().any(|transfer| transfer.refused));
        assert_eq!(
            (run.refused.as_deref(), run.lost().count() <= 1),
            (None, true),
            "{}",
            bench.board
        );
        let decided = |(outcome, _): &&(Outcome, _)| matches!(outcome, Outcome::Decided(_));
        assert!(
            run.outcomes.iter().filter(decided).count() >= 4,
            "{:?}",
            run.observed.log
        );
    }
}

#[test]
fn an_st_board_records_what_its_sensor_plays() {
    for (board, sensor, channels) in [("stm32l4-iot01a", "lsm6ds", 6), ("stm32u5-nucleo", "lis3dh", 3)] {
        let f = Folder::new();
        let wave = |k: usize| ((k / channels) as f32 * 0.05 + (k % channels) as f32).sin();
        let values = (0..256 * channels).map(wave).collect();
        let x = f.path("x.npy");
        save_sequences(&x, &Sequences::new("x", values, 1, 256, channels).unwrap()).unwrap();
        let value = json(&format!(
            "collect --board {board} --sensor {sensor} --with virtual-board --x {} --label walking --out {}",
            x.display(),
            f.at("recordings")
        ));
        assert_eq!(
            (&value["samples"], &value["losses"]["lost"], &value["ending"]),
            (&256.into(), &0.into(), &"complete".into()),
            "{board}: {value}"
        );
        assert!(
            f.path("recordings").join("walking-001.csv").is_file(),
            "{board}: {value}"
        );
    }
}
