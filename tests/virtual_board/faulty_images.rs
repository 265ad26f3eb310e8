//! Images with known faults (`virtual-board/tests/fixtures/images`): each fault is found by the name of its rule.

use crate::{common::held_out, program};
use board_host::{
    Load, boards,
    on_board::{BoardOptions, Input, Observed, OldHeader, Part, Recorded, observe, replay},
};
use std::path::{Path, PathBuf};

fn images() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("virtual-board/tests/fixtures/images")
}

fn image(name: &str) -> Option<PathBuf> {
    Some(images().join(format!("nrf52840-{name}.elf")))
}

/// Runs an old image of a sensor's program for ten seconds.
fn classified(name: &'static str, model: &str, slow: bool) -> Observed {
    let blob = held_out::blob(model);
    let model_of = blob.model();
    let counts = held_out::held_out(model, &model_of, 4);
    let channels: Vec<(&str, f32)> = model_of.channels().map(|c| (c.unit, c.full_scale)).collect();
    let recorded = Recorded {
        counts: &counts,
        shape: (4, model_of.sequence_length() as usize, model_of.inputs()),
        channels: &channels,
        period_ns: model_of.sample_period_ns(),
    };
    let options = BoardOptions {
        firmware: image(name),
        old_header: Some(OldHeader::Two),
        seconds: Some(10.0),
        part: Part {
            slow,
            ..Part::default()
        },
        ..program(name)
    };
    observe(&options, blob.bytes(), &Input::Played(&recorded), &mut |_| false).unwrap()
}

fn assert_found(observed: &Observed, finding: &str, rule: &str) {
    assert!(
        observed.broken(rule) > 0,
        "{finding}: {rule} found nothing: {:#?}",
        observed.findings
    );
    let found = observed.findings.iter().find(|found| found.first.rule == rule).unwrap();
    println!("{finding}: {} times {}", found.count, found.first);
}

#[test]
fn f1_a_stack_that_overflows() {
    let blob = held_out::blob("activity-accelerometer");
    let model = blob.model();
    let counts = held_out::held_out("activity-accelerometer", &model, 2);
    let shape = (2, model.sequence_length() as usize, model.inputs());
    let options = BoardOptions {
        firmware: image("replay"),
        old_header: Some(OldHeader::Two),
        seconds: Some(10.0),
        ..program("replay")
    };
    let observed = observe(&options, blob.bytes(), &Input::Sequences(&counts, shape), &mut |line| {
        line.text.starts_with("parked")
    })
    .unwrap();
    assert_found(&observed, "F1", "stack-depth");
    let log = observed.lines();
    assert!(
        log.iter().any(|line| line.starts_with("fault stack overflow")),
        "{log:?}"
    );
    assert!(
        log.iter().any(|line| line.starts_with("parked: stack overflow")),
        "{log:?}"
    );
    assert!(observed.time.as_s() < 2.0);
}

#[test]
fn f4_f6_f9_f21_of_the_lis3dh() {
    let observed = classified("classify-lis3dh", "activity-accelerometer", false);
    for (finding, rule) in [
        ("F4", "pull-against-level"),
        ("F6", "spin"),
        ("F9", "early-look"),
        ("F21", "watchdog-first"),
    ] {
        assert_found(&observed, finding, rule);
    }
    let before = observed.per_sample().unwrap();
    println!("classify-lis3dh as it was: {before:?} (simulated)");
    assert!(before.transfers > 6.0, "{before:?}");
}

#[test]
fn f15_a_gyroscope_that_has_not_settled() {
    let observed = classified("classify-lsm6ds", "activity", true);
    assert_found(&observed, "F15", "unsettled-sample");
    println!(
        "classify-lsm6ds as it was: {:?} (simulated)",
        observed.per_sample().unwrap()
    );
}

/// Two sequences on a board, by this image of `replay`.
pub fn replayed(board: &str, firmware: PathBuf, old_header: Option<OldHeader>) -> Observed {
    let blob = held_out::blob("frequency-five");
    let model = blob.model();
    let counts = held_out::held_out("frequency-five", &model, 2);
    let load = Load::new(
        blob.bytes(),
        &counts,
        (2, model.sequence_length() as usize, model.inputs()),
    );
    let options = BoardOptions {
        firmware: Some(firmware),
        old_header,
        ..BoardOptions::new(boards::find(board).unwrap(), "replay")
    };
    replay(&options, &load).unwrap().observed
}

/// The bits that keep a debugger connected stay set: an image of today that is to be watched, in the place of one that is not.
#[test]
fn f7_an_st_board_that_keeps_its_clocks_on_in_stop_for_a_debugger() {
    for board in ["stm32l4-iot01a", "stm32u5-nucleo"] {
        let watched = boards::build_to_be(&boards::find(board).unwrap(), true, "replay").unwrap();
        let observed = replayed(board, watched, None);
        assert_found(&observed, "F7", "deep-sleep-debug");
        assert!(
            observed
                .findings
                .iter()
                .all(|found| found.first.rule == "deep-sleep-debug"),
            "{board}"
        );
    }
}

#[test]
fn f11_an_stm32u5_that_stops_with_what_nobody_needs() {
    let observed = replayed(
        "stm32u5-nucleo",
        images().join("stm32u5-costly-stop.elf"),
        Some(OldHeader::Three),
    );
    assert_found(&observed, "F11", "costly-stop");
    for word in ["REGSEL", "ICACHE", "SRAM3", "AVM1EN", "HSI48ON"] {
        let named = observed.findings.iter().any(|found| found.first.what.contains(word));
        assert!(named, "{word}: {:#?}", observed.findings);
    }
}

#[test]
fn no_image_names_a_folder_of_the_machine_that_built_it() {
    let mut looked_at = 0;
    for entry in std::fs::read_dir(images()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for folder in ["/.cargo/", "/home/", "/root/", "/Users/"] {
            let named = bytes.windows(folder.len()).any(|window| window == folder.as_bytes());
            assert!(!named, "{}: {folder}", path.display());
        }
        looked_at += 1;
    }
    assert!(looked_at > 6);
}
