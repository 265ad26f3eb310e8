//! The images of the Raspberry Pi Pico 2, as `skiprnn flash` would write them, on a model of the RP2350.

use crate::{
    assert_sound,
    common::{Folder, fails, held_out, json},
    faulty_images::replayed,
    sensors::{assert_as_simulated, run},
};
use board_host::{
    Load, boards,
    on_board::{BoardOptions, Classification, Faults, HeldBus, HeldSda, Part, Time, Wire, replay},
};
use dataset::save_sequences;
use host_train::Sequences;

const BOARD: &str = "rp2350-pico2";
const MODEL: &str = "activity-accelerometer";

fn program(name: &'static str) -> BoardOptions {
    BoardOptions::new(boards::find(BOARD).unwrap(), name)
}

/// `classify-lis3dh` with something wrong, for this many sequences.
fn with(part: Part, sequences: usize) -> Classification {
    let options = BoardOptions {
        part,
        seconds: Some(2.0 + 2.56 * (sequences + 1) as f64),
        ..program("classify-lis3dh")
    };
    run(&options, &held_out::blob(MODEL), MODEL, sequences)
}

fn faulty(faults: Faults) -> Part {
    Part {
        faults,
        ..Part::default()
    }
}

/// The board rests without its sensor, and nothing resets it.
fn assert_refused(what: &str, run: &Classification) {
    let refused = run.refused.as_deref().unwrap_or_default();
    assert!(
        refused.contains("no decisions without the sensor"),
        "{what}: {:?}",
        run.observed.log
    );
    assert_eq!(run.observed.resets, 0, "{what}");
}

#[test]
fn every_model_replays_as_the_simulator_does() {
    const SEQUENCES: usize = 10;
    for name in held_out::names() {
        let blob = held_out::blob(&name);
        let model = blob.model();
        let (length, inputs) = (model.sequence_length() as usize, model.inputs());
        let counts = held_out::held_out(&name, &model, SEQUENCES);
        let load = Load::new(blob.bytes(), &counts, (SEQUENCES, length, inputs));
        let replay = replay(&program("replay"), &load).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(
            replay.records == held_out::simulated(&model, &counts),
            "{name}: schedules, logits or states differ"
        );
        assert_eq!((replay.late_updates, replay.observed.resets), (0, 0), "{name}");
        assert_sound(&name, &replay.observed);
    }
}

#[test]
fn an_lis3dh_decides_as_the_simulator_does() {
    let blob = held_out::blob(MODEL);
    for rate_error_ppm in [0, -100_000, 100_000] {
        let options = BoardOptions {
            part: Part {
                rate_error_ppm,
                ..Part::default()
            },
            ..program("classify-lis3dh")
        };
        let what = format!("clock off by {rate_error_ppm} ppm");
        let run = run(&options, &blob, MODEL, 12);
        assert_eq!((run.outcomes.len(), run.refused.as_deref()), (12, None), "{what}");
        assert_as_simulated(&blob, &run);
        assert_sound(&what, &run.observed);
        let used = run.observed.per_sample().unwrap();
        println!("{what}: {used:?} (simulated)");
        // The core sleeps while the bus works, but for what the driver computes at 12 MHz meanwhile.
        assert!(used.asleep_at_bus_us > 0.3 * used.bus_us, "{what}: {used:?}");
    }
}

#[test]
fn ten_minutes_lose_nothing_and_break_no_rule() {
    const SEQUENCES: usize = 240;
    let blob = held_out::blob(MODEL);
    let run = run(&program("classify-lis3dh"), &blob, MODEL, SEQUENCES);
    assert!(run.observed.time > Time::from_s(600), "{:?}", run.observed.time);
    assert_eq!((run.outcomes.len(), run.observed.resets), (SEQUENCES, 0));
    assert_as_simulated(&blob, &run);
    assert_sound("ten minutes", &run.observed);
}

#[test]
fn a_sensor_that_is_missing_or_too_late_is_refused() {
    let late = |ms| Faults {
        late: Time::from_ms(ms),
        ..Faults::default()
    };
    let absent = Faults {
        absent: true,
        ..Faults::default()
    };
    let missing = with(faulty(absent), 2);
    assert_refused("missing", &missing);
    assert_sound("missing", &missing.observed);
    let run = with(faulty(late(160)), 2);
    assert_eq!((run.refused.as_deref(), run.decisions().count() >= 2), (None, true));
    assert_sound("late", &run.observed);
    assert_refused("later than three tries", &with(faulty(late(1_500)), 2));
}

#[test]
fn a_bus_that_hangs_is_refused_and_a_part_that_holds_it_is_freed() {
    let held = |wire, from| Part {
        held: Some(HeldBus {
            wire,
            from,
            until: Time::NEVER,
        }),
        ..Part::default()
    };
    for wire in [Wire::Sda, Wire::Scl] {
        let run = with(held(wire, Time::ZERO), 2);
        assert_refused(&format!("{wire:?} low"), &run);
        assert_eq!(run.outcomes.len(), 0, "{wire:?}");
        let run = with(held(wire, Time::from_s(6)), 8);
        assert!(run.decisions().count() >= 1, "{wire:?}: {:?}", run.observed.log);
        assert_refused(&format!("{wire:?} low from 6 s on"), &run);
    }
    let part = HeldSda {
        from: Time::ZERO,
        pulses: 5,
    };
    let run = with(
        faulty(Faults {
            held: Some(part),
            ..Faults::default()
        }),
        2,
    );
    let freed = |line: &str| line.contains("bus: a part held SDA, freed by");
    assert!(
        run.observed.lines().iter().any(|line| freed(line)),
        "{:?}",
        run.observed.log
    );
    assert!(run.decisions().count() >= 2, "{:?}", run.observed.log);
}

#[test]
fn an_image_that_is_watched_keeps_every_clock_on_in_its_sleep_and_is_found() {
    let watched = boards::build_to_be(&boards::find(BOARD).unwrap(), true, "replay").unwrap();
    let observed = replayed(BOARD, watched, None);
    let rules: Vec<_> = observed.findings.iter().map(|found| found.first.rule).collect();
    assert_eq!(rules, ["deep-sleep-debug"; 2], "{:?}", observed.findings);
}

/// The words with which an IMAGE_DEF block begins, in an ELF.
const BLOCK: [u8; 8] = [0xd3, 0xde, 0xff, 0xff, 0x42, 0x01, 0x21, 0x10];

#[test]
fn an_image_without_a_sound_image_def_does_not_boot() {
    let f = Folder::new();
    let built = boards::build_to_be(&boards::find(BOARD).unwrap(), false, "replay").unwrap();
    let elf = std::fs::read(built).unwrap();
    let at = elf.windows(8).position(|words| words == BLOCK).unwrap();
    for (byte, value, why) in [
        (0, 0, "no IMAGE_DEF block"),
        (7, 0x00, "IMAGE_TYPE is 0x0021"),
        (8, 0x00, "type 0x00, which is not modelled"),
        (16, 0x00, "the block at 0x1000"),
    ] {
        let mut damaged = elf.clone();
        damaged[at + byte] = value;
        std::fs::write(f.path("image"), damaged).unwrap();
        fails(
            &format!(
                "emulate {} --board {BOARD} --task frequency --n 1 --firmware {}",
                held_out::file("frequency-five").display(),
                f.at("image")
            ),
            1,
            &[BOARD, why],
        );
    }
}

/// A recording (N, 128, 3) of slow waves.
fn waves(f: &Folder, count: usize) -> String {
    let wave = |k: usize| ((k / 3) as f32 * 0.05 + (k % 3) as f32).sin();
    let values = (0..count * 128 * 3).map(wave).collect();
    save_sequences(&f.path("x.npy"), &Sequences::new("x", values, count, 128, 3).unwrap()).unwrap();
    f.at("x.npy")
}

#[test]
fn the_commands_classify_and_collect_there() {
    let f = Folder::new();
    let x = waves(&f, 3);
    let value = json(&format!(
        "emulate {} --board {BOARD} --app classify --sensor lis3dh --x {x}",
        held_out::file(MODEL).display()
    ));
    assert_eq!((&value["board"], &value["label"]), (&BOARD.into(), &"simulated".into()));
    assert_eq!(value["identical_to_simulator"], true, "{value}");
    assert_eq!(value["findings"].as_array().unwrap().len(), 0, "{value}");
    let value = json(&format!(
        "emulate {} --board {BOARD} --app classify --x {x} --budget-uj-per-hour 15000000",
        held_out::file(MODEL).display()
    ));
    let budget = &value["settings"]["budget"];
    assert_eq!(
        (&budget["board"], &budget["sensor"]),
        (&"rp2350".into(), &"lis3dh-driver".into())
    );
    assert_eq!(value["identical_to_simulator"], true, "{value}");
    let value = json(&format!(
        "collect --board {BOARD} --sensor lis3dh --with virtual-board --x {x} --out {} --label walking",
        f.at("recordings")
    ));
    assert_eq!(
        (&value["samples"], &value["losses"]["lost"], &value["ending"]),
        (&384.into(), &0.into(), &"complete".into()),
        "{value}"
    );
}
